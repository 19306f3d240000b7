import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from neuro.analysis import fit_von_mises

FIELDS = ["preferred", "kappa", "amplitude", "baseline", "half_width", "r2"]
TEN_DEGREES = np.arange(0, 180, 10.0)


def cosine(orientations, preferred, depth):
    return 1 + depth * np.cos(2 * np.deg2rad(orientations - preferred))


def von_mises(orientations, preferred, kappa):
    return np.exp(kappa * (np.cos(2 * np.deg2rad(orientations - preferred)) - 1))


@settings(max_examples=30, deadline=None)
@given(
    preferred=st.floats(0, 179),
    kappa=st.floats(0.1, 30),
    amplitude=st.floats(0.5, 50),
    baseline=st.floats(0, 50),
)
def test_the_fit_recovers_a_von_mises_curve_on_a_floor(preferred, kappa, amplitude, baseline):
    trough = np.exp(-2 * kappa)
    curve = baseline + amplitude * (von_mises(TEN_DEGREES, preferred, kappa) - trough) / (1 - trough)
    fit = fit_von_mises(curve, TEN_DEGREES)
    assert (fit.preferred - preferred + 90) % 180 == pytest.approx(90, abs=1e-2)
    assert fit.kappa == pytest.approx(kappa, rel=1e-3)
    assert fit.amplitude == pytest.approx(amplitude, rel=1e-3)
    assert fit.baseline == pytest.approx(baseline, abs=1e-3 * amplitude)
    halfway = (1 + trough) / 2
    assert fit.half_width == pytest.approx(np.rad2deg(np.arccos(1 + np.log(halfway) / kappa)) / 2, rel=1e-3)
    assert fit.r2 == pytest.approx(1)
    assert fit.curve(TEN_DEGREES) == pytest.approx(curve, abs=1e-3 * amplitude)


def test_the_fit_to_a_cosine_is_45_degrees_wide_from_its_trough():
    fit = fit_von_mises(np.stack([cosine(TEN_DEGREES, 20, d) for d in (0.05, 0.5, 1)]), TEN_DEGREES)
    assert fit.half_width == pytest.approx(np.full(3, 45), abs=0.05)
    assert fit.preferred == pytest.approx(np.full(3, 20))
    assert fit.baseline == pytest.approx(np.array([0.95, 0.5, 0]), abs=1e-3)


def test_no_other_von_mises_curve_is_nearer_to_noisy_responses():
    generator = np.random.default_rng(3)
    noisy = generator.poisson(5 + 20 * von_mises(TEN_DEGREES, generator.uniform(0, 180, (6, 1)), 2))
    fit = fit_von_mises(noisy, TEN_DEGREES)
    error = ((fit.curve(TEN_DEGREES) - noisy) ** 2).sum(axis=1)
    assert fit.r2 == pytest.approx(1 - error / (18 * noisy.var(axis=1)))
    for one in range(6):

        def missed(p, target=noisy[one]):
            return p[3] + p[2] * von_mises(TEN_DEGREES, p[0], np.exp(p[1])) - target

        start = [fit.preferred[one], np.log(fit.kappa[one]), fit.amplitude[one], fit.baseline[one]]
        # scipy's fit, free to let the baseline fall below zero, finds nothing better above it.
        free = least_squares(missed, start)
        assert free.x[3] + free.x[2] * np.exp(-2 * np.exp(free.x[1])) > 0
        assert error[one] == pytest.approx(2 * free.cost, rel=1e-6)


def test_curves_that_determine_no_fit_give_nan_and_do_not_disturb_their_neighbour():
    curves = np.stack([np.zeros(18), np.ones(18), np.eye(18)[4], von_mises(TEN_DEGREES, 50, 2)])
    fit = fit_von_mises(curves, TEN_DEGREES)
    for field in FIELDS:
        assert np.isnan(getattr(fit, field)).tolist() == [True, True, True, False]


def test_fits_of_many_units_are_each_unit_alone():
    curves = np.random.default_rng(1).random((2, 2, 18))
    together = fit_von_mises(curves, TEN_DEGREES)
    for field in FIELDS:
        alone = [[getattr(fit_von_mises(curve, TEN_DEGREES), field) for curve in row] for row in curves]
        assert getattr(together, field) == pytest.approx(np.array(alone), rel=1e-6, nan_ok=True)


def test_a_fit_to_three_orientations_is_refused():
    with pytest.raises(ValueError, match="needs four different orientations; got"):
        fit_von_mises([1, 2, 3, 1], [0, 60, 120, 180])
