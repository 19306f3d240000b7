import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from neuro.analysis import f1_f0, f1_f0_by_chance, f2_f0, harmonic_amplitude, null_index, response_phase

# So fine that a sum over phases is the integral over the cycle to a few parts in 10^6.
FINE = np.arange(0, 360, 0.25)


def cosine(phases, shift=0.0):
    return np.cos(np.deg2rad(np.asarray(phases) - shift))


def simple(phases, shift=0.0, power=1):
    return np.maximum(cosine(phases, shift), 0) ** power


def ratio_by_integration(curve, harmonic):
    """F_k / F0 of a response to a phase in degrees, by quadrature."""
    points = [90, 180, 270]
    mean = quad(curve, 0, 360, points=points)[0] / 360
    along = quad(lambda p: curve(p) * np.cos(np.deg2rad(harmonic * p)), 0, 360, points=points)[0] / 180
    across = quad(lambda p: curve(p) * np.sin(np.deg2rad(harmonic * p)), 0, 360, points=points)[0] / 180
    return np.hypot(along, across) / mean


def test_a_half_rectified_sinusoid_has_f1_f0_of_half_pi_and_f2_f0_of_two_thirds():
    assert f1_f0(simple(FINE)) == pytest.approx(np.pi / 2, rel=1e-5)
    assert f2_f0(simple(FINE)) == pytest.approx(2 / 3, rel=1e-4)


@pytest.mark.parametrize(("power", "expected"), [(1, np.pi / 2), (2, 16 / (3 * np.pi)), (3, 9 * np.pi / 16)])
def test_powers_of_a_half_rectified_sinusoid_have_their_wallis_ratios(power, expected):
    assert ratio_by_integration(lambda p: simple(p, power=power), 1) == pytest.approx(expected)
    assert f1_f0(simple(FINE, power=power)) == pytest.approx(expected, rel=1e-5)


def test_an_answer_that_follows_the_magnitude_of_the_cosine_is_frequency_doubled():
    magnitude = np.abs(cosine(FINE))
    assert f1_f0(magnitude) == pytest.approx(0, abs=1e-12)
    assert f2_f0(magnitude) == pytest.approx(2 / 3, rel=1e-5)


@pytest.mark.parametrize("n", [3, 8, 12])
def test_a_quadrature_energy_model_is_not_modulated_at_any_number_of_phases(n):
    phases = 360 * np.arange(n) / n
    energy = cosine(phases) ** 2 + cosine(phases, 90) ** 2
    assert f1_f0(energy) == pytest.approx(0, abs=1e-12)
    assert np.isnan(response_phase(energy))


@pytest.mark.parametrize("pool", [np.sum, np.max])
def test_four_simple_cells_a_quarter_cycle_apart_answer_at_every_fourth_harmonic_only(pool):
    # |cos| + |sin|, or the larger of the two, repeats every 90 degrees; F4 is 2/15 of the mean.
    def curve(phases):
        return pool([simple(phases, shift) for shift in (0, 90, 180, 270)], axis=0)

    assert f1_f0(curve(FINE)) == pytest.approx(0, abs=1e-12)
    assert f2_f0(curve(FINE)) == pytest.approx(0, abs=1e-12)
    assert ratio_by_integration(curve, 4) == pytest.approx(2 / 15)
    assert harmonic_amplitude(curve(FINE), 4) / curve(FINE).mean() == pytest.approx(2 / 15, rel=1e-3)


def test_two_opposite_simple_cells_summed_are_the_magnitude_and_two_neighbours_are_still_simple():
    opposite = simple(FINE) + simple(FINE, 180)
    assert opposite == pytest.approx(np.abs(cosine(FINE)), abs=1e-12)
    # Phasors of length pi/4 at 0 and 90 degrees on twice the mean: pi/2 / sqrt(2).
    assert f1_f0(simple(FINE) + simple(FINE, 90)) == pytest.approx(np.pi / 2 / np.sqrt(2), rel=1e-5)


def test_an_answer_at_one_phase_only_has_the_largest_ratio_two():
    assert f1_f0(np.eye(8)) == pytest.approx(np.full(8, 2))
    assert response_phase(np.eye(8)) == pytest.approx(45 * np.arange(8))


@given(mean=st.floats(0.1, 50), depth=st.floats(0.01, 1), shift=st.floats(0, 359), n=st.integers(5, 40))
def test_a_sinusoid_on_a_mean_gives_its_amplitude_and_phase(mean, depth, shift, n):
    curve = mean * (1 + depth * cosine(360 * np.arange(n) / n, shift))
    assert f1_f0(curve) == pytest.approx(depth)
    assert harmonic_amplitude(curve) == pytest.approx(mean * depth)
    assert f2_f0(curve) == pytest.approx(0, abs=1e-9)
    assert (response_phase(curve) - shift + 180) % 360 == pytest.approx(180, abs=1e-6)


@given(steps=st.integers(0, 15), gain=st.floats(0.01, 100))
def test_shifting_the_grating_shifts_the_phase_and_nothing_else_and_the_gain_changes_nothing(steps, gain):
    phases = np.arange(0, 360, 22.5)
    curve, moved = simple(phases, 20), gain * simple(phases, 20 + 22.5 * steps)
    assert f1_f0(moved) == pytest.approx(f1_f0(curve))
    assert f2_f0(moved) == pytest.approx(f2_f0(curve))
    assert (response_phase(moved) - response_phase(curve) - 22.5 * steps + 180) % 360 == pytest.approx(180)


def test_the_spontaneous_rate_counts_for_the_mean_and_not_for_the_modulation():
    curves = np.stack([3 + simple(FINE), 5 + simple(FINE)])
    assert f1_f0(curves, [3, 5]) == pytest.approx(np.full(2, np.pi / 2), rel=1e-5)
    assert f1_f0(3 + simple(FINE)) == pytest.approx(0.5 / (3 + 1 / np.pi), rel=1e-5)


def test_a_unit_that_does_not_rise_above_its_spontaneous_rate_has_no_ratio():
    assert np.isnan(f1_f0(np.zeros((2, 8)))).all()
    assert np.isnan(f1_f0([1, 2, 1, 2], spontaneous=1.5))
    assert np.isnan(f1_f0(np.full(8, 0.3), spontaneous=0.3))
    assert np.isnan(response_phase(np.zeros(8)))
    assert harmonic_amplitude(np.zeros(8)) == 0


def test_an_unmodulated_poisson_cell_shows_the_ratio_of_chance():
    phases = np.random.default_rng(0).integers(0, 64, (4000, 30))
    counts = (phases[..., None] == np.arange(64)).sum(axis=1)
    # 4,000 ratios scatter by 0.52 of their mean (Rayleigh): 4 standard errors are 3.3 %.
    assert f1_f0(counts).mean() == pytest.approx(f1_f0_by_chance(30), rel=0.033)
    assert f1_f0_by_chance([np.pi, 0]) == pytest.approx([1, np.nan], nan_ok=True)


def test_a_linear_cell_has_a_null_phase_that_the_steps_may_miss_by_a_known_amount():
    phases = np.arange(0, 360, 45.0)
    assert null_index(np.abs(cosine(phases))) == pytest.approx(1)
    assert null_index(np.abs(cosine(phases, 22.5))) == pytest.approx(1 - np.tan(np.pi / 8))
    assert null_index(np.full(8, 0.4)) == 0
    assert np.isnan(null_index(np.zeros(8)))


@given(shift=st.floats(0, 360), half=st.integers(2, 20))
def test_a_linear_cell_never_reads_below_the_stated_null_index(shift, half):
    phases = 180 * np.arange(2 * half) / half
    assert null_index(np.abs(cosine(phases, shift))) >= 1 - np.tan(np.pi / (2 * half)) - 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: f1_f0([1, 2]), "harmonic 1 must be at least 1 and below half of the number of phases, 2"),
        (lambda: f2_f0([1, 2, 3, 4]), "harmonic 2 must be at least 1 and below half .* 4"),
        (lambda: harmonic_amplitude([1, 2, 3], 0), "harmonic 0 must be at least 1"),
        (lambda: f1_f0([1, np.nan, 1]), "responses must be finite"),
        (lambda: f1_f0([1, -1, 1]), "responses must not be negative; the lowest is -1"),
        (lambda: f1_f0([]), "n at least 1; got shape"),
        (lambda: f1_f0([1, 2, 3], -1), "spontaneous must be finite and not negative; got -1"),
        (lambda: f1_f0(np.ones((2, 4)), [1, 2, 3]), r"one rate or one a unit, \(2,\); got \(3,\)"),
        (lambda: null_index([1]), "at least two phases; got 1"),
        (lambda: f1_f0_by_chance([4, -1]), "spikes must be counts, none negative or NaN"),
    ],
)
def test_what_cannot_be_measured_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
