import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from neuro.analysis import fit_naka_rushton, naka_rushton

NINE = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.7, 1.0])
FIELDS = ["r_max", "c50", "n", "baseline", "r2"]


def published(c, r_max, c50, n, baseline):
    return r_max * c**n / (c**n + c50**n) + baseline


def test_the_hyperbolic_ratio_is_the_published_one():
    assert naka_rushton(NINE, 30, 0.3, 2.4, 2) == pytest.approx(published(NINE, 30, 0.3, 2.4, 2))
    assert naka_rushton(0, 30, 0.3, 2.4, 2) == 2
    assert naka_rushton(0.3, 30, 0.3, 2.4, 2) == pytest.approx(17)
    assert naka_rushton(NINE, [[1], [2]], 0.3, [[2], [3]]).shape == (2, 9)


def test_a_contrast_in_per_cent_to_a_high_power_does_not_overflow():
    assert naka_rushton([1e-3, 1e5], 5, 10, 200) == pytest.approx([0, 5])


@settings(max_examples=30, deadline=None)
@given(
    r_max=st.floats(1, 200),
    c50=st.floats(0.05, 0.8),
    n=st.floats(0.8, 5),
    baseline=st.floats(0, 20),
)
def test_the_fit_recovers_the_parameters(r_max, c50, n, baseline):
    fit = fit_naka_rushton(published(NINE, r_max, c50, n, baseline), NINE)
    assert fit.r_max == pytest.approx(r_max, rel=1e-4)
    assert fit.c50 == pytest.approx(c50, rel=1e-4)
    assert fit.n == pytest.approx(n, rel=1e-4)
    assert fit.baseline == pytest.approx(baseline, abs=1e-4 * r_max)
    assert fit.r2 == pytest.approx(1)


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(1e-3, 1e3), scale=st.sampled_from([0.25, 1, 100]))
def test_the_gain_scales_the_responses_and_per_cent_scale_the_contrast_and_nothing_else(gain, scale):
    noisy = np.array([2, 1, 2, 5, 9, 14, 22, 21, 25.0])
    fit, scaled = fit_naka_rushton(noisy, NINE), fit_naka_rushton(gain * noisy, scale * NINE)
    assert scaled.r_max == pytest.approx(gain * fit.r_max, rel=1e-4)
    assert scaled.baseline == pytest.approx(gain * fit.baseline, rel=1e-4)
    assert scaled.c50 == pytest.approx(scale * fit.c50, rel=1e-4)
    assert scaled.n == pytest.approx(fit.n, rel=1e-4)


def test_no_other_hyperbolic_ratio_is_nearer_to_noisy_responses():
    generator = np.random.default_rng(0)
    r_max, c50, n = (generator.uniform(*ends, (8, 1)) for ends in ((30, 90), (0.1, 0.4), (1.5, 3)))
    noisy = generator.poisson(published(NINE, r_max, c50, n, 4) * 10) / 10
    fit = fit_naka_rushton(noisy, NINE)
    error = ((fit.curve(NINE) - noisy) ** 2).sum(axis=1)
    assert fit.r2 == pytest.approx(1 - error / (9 * noisy.var(axis=1)))
    for one in range(8):
        started = [r_max[one, 0], c50[one, 0], n[one, 0], 4]
        found = least_squares(
            lambda p, target=noisy[one]: published(NINE, *p) - target,
            started,
            bounds=([0, 1e-3, 0.1, 0], [1e3, 10, 20, 50]),
        )
        assert error[one] <= 2 * found.cost * (1 + 1e-6)


def test_a_baseline_that_would_fall_below_zero_is_zero():
    steep = np.maximum(published(NINE, 10, 0.1, 1, 0) - 2, 0)
    fit = fit_naka_rushton(steep, NINE)
    assert fit.baseline == 0
    assert np.isfinite([fit.r_max, fit.c50, fit.n]).all()


def test_a_curve_from_contrast_zero_is_fitted_too():
    contrasts = np.array([0, *NINE])
    fit = fit_naka_rushton(published(contrasts, 20, 0.2, 2, 3), contrasts)
    assert [fit.r_max, fit.c50, fit.n, fit.baseline] == pytest.approx([20, 0.2, 2, 3], rel=1e-4)


@pytest.mark.parametrize(
    "curve",
    [np.zeros(9), np.full(9, 3.0), NINE, NINE**2, 1 - NINE / 2, (NINE > 0.1) * 5.0],
    ids=["silent", "flat", "linear", "squaring", "falling", "a step"],
)
def test_a_curve_that_does_not_determine_the_parameters_gives_nan_and_leaves_its_neighbour(curve):
    good = published(NINE, 20, 0.2, 2, 3)
    fit = fit_naka_rushton([curve, good], NINE)
    for field in FIELDS:
        assert np.isnan(getattr(fit, field)).tolist() == [True, False]
    assert np.isnan(fit.curve(NINE)[0]).all()
    assert fit.curve(NINE)[1] == pytest.approx(good)


def test_many_units_in_any_order_of_contrasts_are_each_unit_alone():
    generator = np.random.default_rng(1)
    order = generator.permutation(9)
    curves = np.sort(generator.random((2, 2, 9)), axis=-1)
    together = fit_naka_rushton(curves[..., order], NINE[order])
    for field in FIELDS:
        alone = [[getattr(fit_naka_rushton(curve, NINE), field) for curve in row] for row in curves]
        assert getattr(together, field) == pytest.approx(np.array(alone), rel=1e-5, nan_ok=True)


@pytest.mark.slow
def test_a_thousand_noisy_curves_are_fitted_within_a_second_of_the_processor():
    generator = np.random.default_rng(2)
    r_max, c50, n = (generator.uniform(*ends, (1000, 1)) for ends in ((30, 90), (0.05, 0.6), (1, 4)))
    curves = generator.poisson(published(NINE, r_max, c50, n, 4))
    fit_naka_rushton(curves[:2], NINE)
    begun = time.process_time()
    fit = fit_naka_rushton(curves, NINE)
    assert time.process_time() - begun < 1
    assert np.nanmedian(fit.c50 / c50[:, 0]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("responses", "contrasts", "message"),
    [
        ([1, 2, 3, 4], [-1, 0, 1, 2], "contrasts must not be negative; the lowest is -1"),
        ([1, 2, 3, 4], [0.1, 0.1, 0.5, 1], "needs four different contrasts; got"),
        ([1, 2, 3], [0.1, 0.5], r"for contrasts \(n,\); got \(3,\)"),
        ([1, np.nan, 2, 3], NINE[:4], "responses must be finite"),
        ([1, -2, 2, 3], NINE[:4], "responses must not be negative; the lowest is -2"),
        ([], [], "n at least 1; got shape"),
    ],
)
def test_curves_that_cannot_be_fitted_are_refused(responses, contrasts, message):
    with pytest.raises(ValueError, match=message):
        fit_naka_rushton(responses, contrasts)


def test_a_hyperbolic_ratio_without_meaning_is_refused():
    with pytest.raises(ValueError, match="contrasts must not be negative; the lowest is -0"):
        naka_rushton([-0.1, 1], 1, 0.3, 2)
    with pytest.raises(ValueError, match="c50 and n must be above 0; got 0 and 2"):
        naka_rushton([0.1, 1], 1, 0, 2)
