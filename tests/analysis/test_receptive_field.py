import numpy as np
import pytest

from neuro.analysis import (
    covariance_axes,
    field_centre,
    field_spread,
    overlap_index,
    spike_triggered_average,
    spike_triggered_covariance,
)

N, P = 20_000, 25
REVERSE_CORRELATIONS = [
    spike_triggered_average,
    spike_triggered_covariance,
    lambda r, s: covariance_axes(r, s, np.random.default_rng(0)),
]


def noise(seed=0, n=N):
    return np.random.default_rng(seed).normal(size=(n, 5, 5))


def quadrature_pair():
    """Two orthogonal filters of length one, 5x5."""
    x, y = np.meshgrid(np.arange(-2, 3), np.arange(2, -3, -1))
    envelope = np.exp(-(x**2 + y**2) / 4)
    even, odd = envelope * np.cos(1.5 * x), envelope * np.sin(1.5 * x)
    return np.stack([f / np.linalg.norm(f) for f in (even, odd)])  # one is even in x, the other odd


def drive(stimuli, filters):
    return np.tensordot(stimuli, filters, axes=([1, 2], [1, 2]))


def test_the_average_of_two_stimuli_is_weighted_by_their_responses():
    # (1 * s0 + 3 * s1) / 4
    assert spike_triggered_average([1, 3], [[4.0, 0.0], [0.0, 8.0]]).tolist() == [1, 6]


def test_stimuli_without_a_response_do_not_enter_the_average():
    stimuli = np.random.default_rng(0).normal(size=(6, 2, 3))
    padded = np.concatenate([np.full((4, 2, 3), 99.0), stimuli])
    responses = np.arange(1, 7)
    kept = spike_triggered_average(np.concatenate([np.zeros(4), responses]), padded)
    assert kept == pytest.approx(spike_triggered_average(responses, stimuli))


def test_the_average_of_a_rectified_linear_unit_is_its_filter_times_root_half_pi():
    stimuli, filters = noise(), quadrature_pair()
    averages = spike_triggered_average(np.maximum(drive(stimuli, filters), 0).T, stimuli)
    # E[x max(0, x)] / E[max(0, x)] = (1/2) / (1/sqrt(2 pi)). Across the filter an entry has the variance
    # E[r^2] / (n E[r]^2) = pi / n; along it, less. Five standard errors.
    assert averages == pytest.approx(np.sqrt(np.pi / 2) * filters, abs=5 * np.sqrt(np.pi / N))


def test_the_covariance_is_that_of_numpy_with_the_responses_as_frequencies():
    generator = np.random.default_rng(1)
    stimuli, counts = generator.normal(size=(30, 2, 3)) + 0.5, generator.integers(0, 4, (2, 30))
    expected = [np.cov(stimuli.reshape(30, 6), rowvar=False, ddof=0, fweights=c) for c in counts]
    assert spike_triggered_covariance(counts, stimuli) == pytest.approx(np.array(expected))


def test_many_units_in_small_blocks_are_each_unit_alone(monkeypatch):
    generator = np.random.default_rng(2)
    stimuli, rates = generator.normal(size=(40, 3)), generator.random((2, 5, 40))
    alone = np.array([[spike_triggered_covariance(r, stimuli) for r in row] for row in rates])
    monkeypatch.setattr("neuro.analysis.receptive_field.AT_ONCE", 2 * stimuli.size)
    assert spike_triggered_covariance(rates, stimuli) == pytest.approx(alone)


def test_the_axes_of_an_energy_unit_span_its_quadrature_pair():
    stimuli, filters = noise(), quadrature_pair()
    found = covariance_axes(
        (drive(stimuli, filters) ** 2).sum(axis=1), stimuli, np.random.default_rng(1), shuffles=40
    )
    # With r = a^2 + b^2: E[a^2 r] / E[r] = (3 + 1) / 2, one more than a^2 alone; nothing across the pair.
    # The standard error of the first, sqrt(E[r^2 a^4] / E[r]^2 / n), is below sqrt(50 / n).
    assert found.differences[:2] == pytest.approx([1, 1], abs=5 * np.sqrt(50 / N))
    # An entry between the pair and another axis has variance E[r^2 a^2] / E[r]^2 / n = 24 / 4 / n, and tilts
    # the axis by that over the gap of 1: squared, and summed over the P - 2 others, 3 times what is expected.
    inside = np.linalg.norm(np.tensordot(found.axes[:2], filters, axes=([1, 2], [1, 2])), axis=1) ** 2
    assert (inside > 1 - 3 * (P - 2) * 6 / N).all()
    assert found.beyond_chance.tolist() == [True] * 2 + [False] * (P - 2)


def test_a_rectified_linear_unit_has_less_variance_along_its_filter_only():
    stimuli, filters = noise(3), quadrature_pair()
    found = covariance_axes(
        np.maximum(drive(stimuli, filters)[:, 0], 0), stimuli, np.random.default_rng(1), shuffles=40
    )
    # Along it E[x^2 r] / E[r] - STA^2 - 1 = 2 - pi / 2 - 1.
    assert found.differences[-1] == pytest.approx(1 - np.pi / 2, abs=0.05)
    assert abs((found.axes[-1] * filters[0]).sum()) > 0.98
    assert found.beyond_chance.tolist() == [False] * (P - 1) + [True]


def test_responses_that_ignore_the_stimuli_have_an_axis_beyond_chance_about_once_in_twenty():
    generator = np.random.default_rng(4)
    stimuli = generator.normal(size=(500, 4))
    found = covariance_axes(generator.poisson(1.0, (200, 500)), stimuli, generator)
    # 200 units at 5 %, 10 expected with a standard error of 3; the quantiles of 100 shuffles scatter too.
    assert found.beyond_chance.any(axis=-1).sum() < 26
    assert (found.low < found.high).all()


def test_the_axes_are_in_order_and_of_length_one():
    generator = np.random.default_rng(5)
    stimuli, rates = generator.normal(size=(60, 2, 2)), generator.random((3, 60))
    found = covariance_axes(rates, stimuli, generator, shuffles=2)
    assert (np.diff(found.differences) <= 0).all()
    axes = found.axes.reshape(3, 4, 4)
    assert axes @ axes.swapaxes(1, 2) == pytest.approx(np.broadcast_to(np.eye(4), (3, 4, 4)), abs=1e-12)
    own = np.cov(stimuli.reshape(60, 4), rowvar=False, ddof=0)
    rebuilt = axes.swapaxes(1, 2) @ (found.differences[..., None] * axes) + own
    assert rebuilt == pytest.approx(spike_triggered_covariance(rates, stimuli))


def test_a_silent_unit_has_no_average_no_covariance_and_no_axes():
    stimuli, rates = noise(n=40), np.stack([np.zeros(40), np.arange(40.0)])
    for measure in REVERSE_CORRELATIONS[:2]:
        first, second = measure(rates, stimuli)
        assert np.isnan(first).all()
        assert np.isfinite(second).all()
    found = covariance_axes(rates, stimuli, np.random.default_rng(0), shuffles=3)
    for values in (found.differences, found.axes, found.low, found.high):
        assert np.isnan(values[0]).all()
        assert np.isfinite(values[1]).all()
    assert not found.beyond_chance[0].any()


@pytest.mark.parametrize("measure", REVERSE_CORRELATIONS)
@pytest.mark.parametrize(
    ("responses", "stimuli", "message"),
    [
        ([1, 2, 3], np.ones((2, 4)), r"for stimuli \(n, \*pixels\); got \(3,\) for \(2, 4\)"),
        ([1, 2], [1.0, 2.0], r"got \(2,\) for \(2,\)"),
        ([1, -2], np.ones((2, 4)), "responses must not be negative; the lowest is -2"),
        ([1, np.nan], np.ones((2, 4)), "responses must be finite"),
        ([1, 2], [[1.0], [np.nan]], "stimuli must be finite"),
        ([], np.ones((0, 4)), "n at least 1"),
    ],
)
def test_stimuli_and_responses_that_cannot_be_paired_are_refused(measure, responses, stimuli, message):
    with pytest.raises(ValueError, match=message):
        measure(responses, stimuli)


def test_axes_without_a_shuffle_are_refused():
    with pytest.raises(ValueError, match="shuffles must be at least 1; got 0"):
        covariance_axes([1, 2], np.eye(2), np.random.default_rng(0), shuffles=0)


def test_the_overlap_is_the_shared_part_of_the_smaller_area():
    # Above half of the peak: 4 places and 2, of which one is shared.
    on, off = [0, 4, 3, 2, 2, 0, 0], [0, 0, 0.9, 0, 2, 1, 0]
    assert overlap_index(on, off) == pytest.approx(1 / 2)
    # At 40 % of the peak the OFF map has the third place too: 2 of 3.
    assert overlap_index(on, off, level=0.4) == pytest.approx(2 / 3)


def test_subregions_side_by_side_do_not_overlap_and_one_within_another_does_wholly():
    x = np.linspace(-2, 2, 81)
    wave = np.exp(-(x**2)) * np.sin(3 * x)
    simple = overlap_index(np.maximum(wave, 0), np.maximum(-wave, 0))
    assert simple == 0
    assert overlap_index(np.exp(-(x**2)), 5 * np.exp(-((x - 0.2) ** 2) * 9)) == 1


def test_a_cell_of_one_contrast_has_no_overlap_index():
    assert np.isnan(overlap_index([[0, 0], [1, 0], [1, 0]], [[1, 0], [0, 0], [1, 1]])).tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: overlap_index([1, 2], [1, 2, 3]), r"must have one shape; got \(2,\) and \(3,\)"),
        (lambda: overlap_index([1], [1], level=0), "level must be above 0 and at most 1; got 0"),
        (lambda: overlap_index([-1], [1]), "must not be negative"),
        (lambda: field_centre([1, 2], [0, 1, 2], [0, 1, 2]), r"got \(2,\) for \(3,\) and \(3,\)"),
        (lambda: field_centre([1, 2], [0, 1], [0]), r"got \(2,\) for \(2,\) and \(1,\)"),
        (lambda: field_centre([1, 2], [0, np.nan], [0, 1]), "places must be finite"),
        (lambda: field_centre([1, np.inf], [0, 1], [0, 1]), "responses must be finite"),
    ],
)
def test_maps_that_cannot_be_measured_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_centre_is_the_mean_place_weighted_by_the_responses_above_5_per_cent():
    # 100 and 50 count, 5 does not: (100 * 1 + 50 * 4) / 150 = 2.
    x, y = field_centre([100, 50, 5, 0], [1, 4, 100, 9], [0, 3, 100, 9])
    assert (x, y) == (pytest.approx(2), pytest.approx(1))


def test_a_gaussian_field_is_centred_on_its_peak_and_a_silent_one_nowhere():
    axis = np.linspace(-3, 3, 61)
    at_x, at_y = np.meshgrid(axis, -axis)
    bump = np.exp(-((at_x - 0.5) ** 2 + (at_y + 0.3) ** 2) / (2 * 0.4**2))
    x, y = field_centre(np.stack([bump, 0 * bump]), at_x, at_y)
    # Symmetric about its peak but for the pixels of the grid, a tenth of a degree apart.
    assert x == pytest.approx([0.5, np.nan], abs=1e-3, nan_ok=True)
    assert y == pytest.approx([-0.3, np.nan], abs=1e-3, nan_ok=True)


def test_a_field_of_one_pixel_has_no_spread_and_one_of_equal_weights_a_spread_of_one():
    pixel, window = np.zeros((7, 5)), np.full((7, 5), -0.3)
    pixel[1, 4] = 2.0
    np.testing.assert_allclose(field_spread([pixel, window]), [0, 1])
    assert np.isnan(field_spread(np.zeros((7, 5))))


def test_the_spread_of_two_pixels_is_half_their_distance_over_that_of_the_window():
    field = np.zeros((4, 4))
    field[0, 0], field[0, 3] = 1.0, -1.0  # variance 1.5^2; that of 0, 1, 2, 3 is 1.25, in rows and in columns
    np.testing.assert_allclose(field_spread(field), 1.5 / np.sqrt(2.5))


@pytest.mark.parametrize("fields", [np.ones((1, 1)), np.ones(4), np.full((3, 3), np.nan)])
def test_the_spread_of_what_is_no_field_is_refused(fields):
    with pytest.raises(ValueError, match=r"fields must be finite, \(..., H, W\) of two pixels or more"):
        field_spread(fields)
