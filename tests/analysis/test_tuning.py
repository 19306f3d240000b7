import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import iv

from neuro.analysis import (
    circular_variance,
    contrast_invariance,
    direction_selectivity_index,
    global_direction_selectivity,
    global_orientation_selectivity,
    half_width,
    hanning_smoothed,
    orientation_selectivity_index,
    orthogonal_ratio,
    preferred_direction,
    preferred_orientation,
    silent,
)

SPREAD_EVENLY = [preferred_orientation, circular_variance, global_orientation_selectivity]
AT_THE_PEAK = [half_width, orientation_selectivity_index, orthogonal_ratio]
MEASURES = [*SPREAD_EVENLY, *AT_THE_PEAK]
OF_DIRECTION = [preferred_direction, global_direction_selectivity, direction_selectivity_index]
ROUND = np.arange(0, 360, 15.0)
ROOT_HALF = np.sqrt(0.5)
TEN_DEGREES = np.arange(0, 180, 10.0)
# Linear interpolation over steps of 0.25 degrees is good to a few thousandths of a degree.
FINE = np.arange(0, 180, 0.25)


def cosine(orientations, preferred, depth):
    return 1 + depth * np.cos(2 * np.deg2rad(orientations - preferred))


def von_mises(orientations, preferred, kappa):
    return np.exp(kappa * (np.cos(2 * np.deg2rad(orientations - preferred)) - 1))


def wrapped_gaussian(orientations, preferred, sigma):
    turns = 180 * np.arange(-5, 6)[:, None]
    return np.exp(-((orientations - preferred + turns) ** 2) / (2 * sigma**2)).sum(axis=0)


@pytest.mark.parametrize("preferred", [0, 10, 47.3, 90, 179])
def test_a_curve_prefers_the_orientation_it_is_symmetric_about(preferred):
    for curve in (cosine(TEN_DEGREES, preferred, 0.5), von_mises(TEN_DEGREES, preferred, 2)):
        assert preferred_orientation(curve, TEN_DEGREES) == pytest.approx(preferred)


def test_two_equal_responses_at_0_and_60_degrees_prefer_30():
    assert preferred_orientation([1, 1, 0], [0, 60, 120]) == pytest.approx(30)


def test_a_horizontal_preference_is_0_and_never_180():
    # exp(-2i * 1e-15) has an angle just below zero, whose remainder rounds to 180.
    tilted = cosine(TEN_DEGREES, -1e-15, 1.0)
    assert 0 <= preferred_orientation(tilted, TEN_DEGREES) < 180
    assert preferred_orientation([1, 1e-17, 0, 2e-17], [0, 45, 90, 135]) == 0


def test_a_flat_curve_prefers_nothing():
    assert np.isnan(preferred_orientation(np.full(18, 0.3, np.float32), TEN_DEGREES))


def test_a_flat_curve_has_circular_variance_one():
    assert circular_variance(np.full(18, 0.3), TEN_DEGREES) == pytest.approx(1)


def test_an_answer_to_one_orientation_only_has_circular_variance_zero():
    assert circular_variance(np.eye(18), TEN_DEGREES) == pytest.approx(np.zeros(18))


@pytest.mark.parametrize("depth", [0.1, 0.5, 1.0])
def test_the_circular_variance_of_a_cosine_is_one_less_half_its_depth(depth):
    assert circular_variance(cosine(TEN_DEGREES, 33, depth), TEN_DEGREES) == pytest.approx(1 - depth / 2)


@pytest.mark.parametrize("kappa", [0.5, 2.0, 6.0])
def test_the_circular_variance_of_a_von_mises_curve_is_one_less_a_ratio_of_bessel_functions(kappa):
    expected = 1 - iv(1, kappa) / iv(0, kappa)
    assert circular_variance(von_mises(FINE, 70, kappa), FINE) == pytest.approx(expected)


@pytest.mark.parametrize("sigma", [10.0, 25.0])
def test_the_circular_variance_of_a_wrapped_gaussian_is_that_of_its_spread(sigma):
    expected = 1 - np.exp(-2 * np.deg2rad(sigma) ** 2)
    assert circular_variance(wrapped_gaussian(FINE, 120, sigma), FINE) == pytest.approx(expected)


def test_directions_round_the_whole_circle_are_read_as_orientations():
    directions = np.arange(0, 360, 20.0)
    assert circular_variance(cosine(directions, 33, 0.5), directions) == pytest.approx(0.75)


@pytest.mark.parametrize("depth", [0.0, 0.4, 1.0])
def test_the_selectivity_index_of_a_cosine_is_its_depth(depth):
    assert orientation_selectivity_index(cosine(TEN_DEGREES, 40, depth), TEN_DEGREES) == pytest.approx(depth)


def test_the_selectivity_index_interpolates_an_orthogonal_that_was_not_tested():
    # Best 3 at 0; 90 lies midway between 60 and 120, so 1.5: (3 - 1.5) / (3 + 1.5).
    assert orientation_selectivity_index([3, 1, 2], [0, 60, 120]) == pytest.approx(1 / 3)
    # Best 3 at 120; 30 lies midway between 0 and 60, so 2: (3 - 2) / (3 + 2).
    assert orientation_selectivity_index([1, 3, 3.5], [0, 60, 120]) == pytest.approx((3.5 - 2) / (3.5 + 2))


@pytest.mark.parametrize("kappa", [0.5, 2.0, 6.0, 20.0])
@pytest.mark.parametrize("preferred", [0, 90, 175])
def test_the_half_width_of_a_von_mises_curve_has_its_closed_form(kappa, preferred):
    expected = np.rad2deg(np.arccos(1 - np.log(2) / kappa)) / 2
    assert half_width(von_mises(FINE, preferred, kappa), FINE) == pytest.approx(expected, abs=0.01)


def test_the_half_width_of_a_gaussian_is_sigma_root_2_ln_2():
    expected = 12 * np.sqrt(2 * np.log(2))
    assert half_width(wrapped_gaussian(FINE, 5, 12), FINE) == pytest.approx(expected, abs=0.01)


def test_the_half_width_of_a_full_cosine_is_45_degrees():
    assert half_width(cosine(np.arange(0, 180, 5.0), 20, 1), np.arange(0, 180, 5.0)) == pytest.approx(45)


def test_a_curve_that_never_falls_to_half_has_half_width_90():
    # 1 + a cos falls to half of its peak 1 + a only if a is at least 1/3.
    shallow, deep = cosine(FINE, 30, 0.32), cosine(FINE, 30, 0.34)
    assert half_width(shallow, FINE) == 90
    assert half_width(deep, FINE) < 90


def test_the_two_sides_of_a_lopsided_curve_are_averaged():
    # Peak 4 at 0. Upwards 4, 3, 1: 2 is reached at 15. Downwards 4, 0: 2 is reached at 10 * 1/2 = 5.
    curve = np.zeros(18)
    curve[:3] = 4, 3, 1
    assert half_width(curve, TEN_DEGREES) == pytest.approx((15 + 5) / 2)


def test_the_half_width_takes_orientations_at_uneven_steps():
    # Peak 2 at 90, falling to 0 at 60 and at 130: half at 75 and at 110.
    assert half_width([0, 0, 2, 0], [10, 60, 90, 130]) == pytest.approx((15 + 20) / 2)


@given(steps=st.integers(0, 17), preferred=st.floats(0, 179), kappa=st.floats(0.2, 8))
def test_rotating_the_stimulus_rotates_the_preference_and_nothing_else(steps, preferred, kappa):
    curve = von_mises(TEN_DEGREES, preferred, kappa)
    turned = np.roll(curve, steps)
    difference = preferred_orientation(turned, TEN_DEGREES) - preferred_orientation(curve, TEN_DEGREES)
    assert (difference - 10 * steps + 90) % 180 == pytest.approx(90)
    assert circular_variance(turned, TEN_DEGREES) == pytest.approx(circular_variance(curve, TEN_DEGREES))
    # Two samples may tie for the largest; the width, one continuous range, is the same from either.
    assert half_width(turned, TEN_DEGREES) == pytest.approx(half_width(curve, TEN_DEGREES))


@pytest.mark.parametrize("measure", MEASURES)
def test_no_measure_depends_on_the_gain_or_on_the_order_of_the_orientations(measure):
    generator = np.random.default_rng(0)
    curves, order = generator.random((5, 18)), generator.permutation(18)
    expected = measure(curves, TEN_DEGREES)
    assert measure(7 * curves, TEN_DEGREES) == pytest.approx(expected)
    assert measure(curves[:, order], TEN_DEGREES[order]) == pytest.approx(expected)
    assert measure(curves, TEN_DEGREES - 90) == pytest.approx(measure(curves, TEN_DEGREES + 90))


@pytest.mark.parametrize("measure", MEASURES)
def test_many_units_at_once_are_each_unit_alone(measure):
    curves = np.random.default_rng(1).random((3, 4, 18))
    alone = [[measure(curve, TEN_DEGREES) for curve in row] for row in curves]
    assert measure(curves, TEN_DEGREES) == pytest.approx(np.array(alone))


@pytest.mark.parametrize("measure", MEASURES)
def test_a_silent_unit_has_no_tuning_and_does_not_disturb_its_neighbour(measure):
    curves = np.stack([np.zeros(18), von_mises(TEN_DEGREES, 50, 2)])
    assert np.isnan(measure(curves, TEN_DEGREES)).tolist() == [True, False]
    assert silent(curves).tolist() == [True, False]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("responses", "orientations", "message"),
    [
        ([1, np.nan], [0, 90], "responses must be finite"),
        ([1, -2], [0, 90], "responses must not be negative; the lowest is -2"),
        ([1, 2, 3], [0, 90], r"responses must be \(\.\.\., n\) for orientations \(n,\); got \(3,\)"),
        ([[1, 2]], [[0, 90]], r"for orientations \(1, 2\)"),
        ([1], [0], "at least two orientations; got 1"),
        ([], [], "n at least 1; got shape"),
        (1.0, [0, 90], r"got shape \(\)"),
        ([1, 2], [0, np.inf], "orientations must be finite"),
    ],
)
def test_curves_that_cannot_be_measured_are_refused(measure, responses, orientations, message):
    with pytest.raises(ValueError, match=message):
        measure(responses, orientations)


@pytest.mark.parametrize("measure", SPREAD_EVENLY)
def test_orientations_that_favour_one_side_of_the_circle_are_refused(measure):
    with pytest.raises(ValueError, match="spread evenly round 180 degrees; got"):
        measure(np.ones(19), np.linspace(0, 180, 19))


@pytest.mark.parametrize("measure", AT_THE_PEAK)
def test_one_orientation_given_twice_is_refused(measure):
    with pytest.raises(ValueError, match="orientations must differ modulo 180; got"):
        measure([1, 2, 3], [0, 90, 180])


@pytest.mark.parametrize("depth", [0.0, 0.4, 1.0])
def test_the_orthogonal_ratio_of_a_cosine_is_its_trough_over_its_peak(depth):
    curve = cosine(TEN_DEGREES, 40, depth)
    assert orthogonal_ratio(curve, TEN_DEGREES) == pytest.approx((1 - depth) / (1 + depth))
    assert global_orientation_selectivity(curve, TEN_DEGREES) == pytest.approx(depth / 2)


@pytest.mark.parametrize("level", [0.2, 0.5, ROOT_HALF, 0.9])
def test_the_half_width_at_a_level_of_a_von_mises_curve_has_its_closed_form(level):
    expected = np.rad2deg(np.arccos(1 + np.log(level) / 3)) / 2
    assert half_width(von_mises(FINE, 100, 3), FINE, level) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("level", [0, 1, -0.5])
def test_a_level_that_is_no_share_of_the_peak_is_refused(level):
    with pytest.raises(ValueError, match="level must be between 0 and 1; got"):
        half_width([1, 2], [0, 90], level)


def motion(directions, preferred, kappa):
    return np.exp(kappa * (np.cos(np.deg2rad(directions - preferred)) - 1))


@pytest.mark.parametrize("kappa", [0.5, 2.0, 6.0])
def test_direction_selectivity_of_a_von_mises_curve_has_its_closed_forms(kappa):
    curve = motion(ROUND, 285, kappa)
    assert preferred_direction(curve, ROUND) == pytest.approx(285)
    # (1 - exp(-2 kappa)) / (1 + exp(-2 kappa)) = tanh kappa.
    assert direction_selectivity_index(curve, ROUND) == pytest.approx(np.tanh(kappa))
    assert global_direction_selectivity(curve, ROUND) == pytest.approx(iv(1, kappa) / iv(0, kappa), rel=1e-5)


def test_a_cell_that_answers_both_ways_alike_has_an_axis_and_no_direction():
    curve = von_mises(ROUND, 30, 2)
    assert np.isnan(preferred_direction(curve, ROUND))
    assert direction_selectivity_index(curve, ROUND) == pytest.approx(0)
    assert global_direction_selectivity(curve, ROUND) == pytest.approx(0, abs=1e-12)
    assert preferred_orientation(curve, ROUND) == pytest.approx(30)


def test_the_opposite_direction_is_interpolated_round_the_circle():
    # Best 3 at 240; 60 lies midway between 0 and 120, so 1.5.
    assert direction_selectivity_index([1, 2, 3], [0, 120, 240]) == pytest.approx(1 / 3)
    assert direction_selectivity_index([3, 1], [180, 0]) == pytest.approx(0.5)


@given(steps=st.integers(0, 23), preferred=st.floats(0, 359), gain=st.floats(0.01, 100))
def test_turning_the_motion_turns_the_preferred_direction_and_nothing_else(steps, preferred, gain):
    curve = motion(ROUND, preferred, 1.5)
    turned = gain * np.roll(curve, steps)
    difference = preferred_direction(turned, ROUND) - preferred_direction(curve, ROUND)
    assert (difference - 15 * steps + 180) % 360 == pytest.approx(180)
    for measure in (direction_selectivity_index, global_direction_selectivity):
        assert measure(turned, ROUND) == pytest.approx(measure(curve, ROUND))


@pytest.mark.parametrize("measure", OF_DIRECTION)
def test_a_unit_that_answers_no_direction_has_no_tuning_to_it(measure):
    curves = np.stack([np.zeros(24), motion(ROUND, 90, 2)])
    assert np.isnan(measure(curves, ROUND)).tolist() == [True, False]


@pytest.mark.parametrize("measure", OF_DIRECTION)
def test_directions_round_half_the_circle_only_are_refused(measure):
    message = "spread evenly round 360 degrees|go round 360 degrees; 190 of them are untested"
    with pytest.raises(ValueError, match=message):
        measure(np.ones(18), TEN_DEGREES)


def test_one_direction_given_twice_is_refused():
    with pytest.raises(ValueError, match="directions must differ modulo 360; got"):
        direction_selectivity_index([1, 2, 3], [0, 180, 360])


def test_at_steps_of_15_degrees_the_smoothing_weights_are_near_the_published_ones():
    weights = hanning_smoothed(np.eye(12)[3], np.arange(0, 180, 15))
    neighbour = (1 + np.cos(np.pi * 15 / 27)) / 2
    expected = np.array([0, 0, neighbour, 1, neighbour, 0, 0, 0, 0, 0, 0, 0])
    assert weights == pytest.approx(expected / expected.sum())
    assert neighbour == pytest.approx(0.4, abs=0.015)


@pytest.mark.parametrize(("kappa", "true", "published"), [(2, 17.1, 20), (6, 9.8, 14)])
def test_smoothing_widens_a_von_mises_curve_as_published(kappa, true, published):
    curve = von_mises(FINE, 90, kappa)
    assert half_width(curve, FINE, ROOT_HALF) == pytest.approx(true, abs=0.05)
    # The smoothed curve at every 0.25 degrees: 60 samplings at 15 degrees, each smoothed by itself. Published
    # is the first whole degree at which the curve is down.
    combs = np.stack([hanning_smoothed(curve[k::60], FINE[k::60]) for k in range(60)])
    assert np.ceil(half_width(combs.T.ravel(), FINE, ROOT_HALF)) == published


@given(
    steps=st.integers(0, 11),
    turn=st.sampled_from([180, 360]),
    order=st.permutations(range(12)),
    data=st.data(),
)
def test_smoothing_keeps_the_mean_and_turns_with_the_stimulus_on_either_circle(steps, turn, order, data):
    curve = np.array(data.draw(st.lists(st.floats(0, 100), min_size=12, max_size=12)))
    angles = turn * np.arange(12) / 12
    smoothed = hanning_smoothed(curve, angles, turn / 8)
    assert smoothed.mean() == pytest.approx(curve.mean())
    assert hanning_smoothed(np.roll(curve, steps), angles, turn / 8) == pytest.approx(
        np.roll(smoothed, steps)
    )
    assert hanning_smoothed(curve[order], angles[order], turn / 8) == pytest.approx(smoothed[order])


def test_smoothing_directions_leaves_opposite_ones_apart():
    smoothed = hanning_smoothed(np.eye(24)[0], ROUND)
    assert np.flatnonzero(smoothed).tolist() == [0, 1, 23]


@pytest.mark.parametrize("angles", [[0, 45, 90], [0, 10, 90, 135], np.linspace(0, 180, 7)])
def test_smoothing_refuses_what_does_not_go_round(angles):
    with pytest.raises(ValueError, match="go round 180 or 360 degrees at even steps; got"):
        hanning_smoothed(np.ones(len(angles)), angles)


@pytest.mark.parametrize("half", [0, -1, 46])
def test_smoothing_refuses_a_window_wider_than_the_circle(half):
    with pytest.raises(ValueError, match="half_width must be above 0 and at most 45 degrees; got"):
        hanning_smoothed(np.ones(18), TEN_DEGREES, half)


def test_a_tuning_that_scales_with_contrast_keeps_its_width_and_one_cut_by_a_threshold_widens():
    curve = von_mises(FINE, 60, 2)
    scaled = np.array([[0.2], [0.5], [1.0]]) * curve
    iceberg = np.maximum(scaled - 0.1, 0)
    # Half of (g - 0.1) above 0.1 is (g + 0.1) / 2 of the curve: levels 0.15 / 0.2 and 0.55 / 1.
    widths = [np.arccos(1 + np.log(level) / 2) for level in (0.75, 0.55)]
    measured = contrast_invariance(np.stack([scaled, iceberg]), FINE)
    assert measured == pytest.approx([1, widths[0] / widths[1]], rel=1e-3)


def test_a_unit_silent_at_low_contrast_has_no_contrast_invariance():
    assert np.isnan(contrast_invariance([[0, 0], [2, 0]], [0, 90]))
    with pytest.raises(ValueError, match="two contrasts or more; got"):
        contrast_invariance([1, 2], [0, 90])
