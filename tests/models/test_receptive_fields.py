"""Receptive fields as formulas, against sums and closed forms."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from neuro.models.receptive_fields import (
    correlate,
    correlate_within,
    difference_of_gaussians,
    fall_off,
    gabor,
    gaussian,
)


def test_a_gaussian_sums_to_one_and_has_its_standard_deviation():
    weights = gaussian(0.5, size=41, pixels_per_degree=4.0)
    x = (torch.arange(41, dtype=torch.float64) - 20) / 4
    assert float(weights.sum()) == pytest.approx(1)
    assert float((weights.sum(0) * x**2).sum()) == pytest.approx(0.25)
    assert float((weights.sum(1) * x**2).sum()) == pytest.approx(0.25)


def test_a_difference_of_gaussians_is_balanced_and_brightest_at_its_centre():
    field = difference_of_gaussians(0.3, 0.6, 21, 4.0)
    assert float(field.sum()) == pytest.approx(0, abs=1e-15)
    assert int(field.argmax()) == 21 * 10 + 10
    assert field[10, 14] < 0  # one degree off, in the surround
    torch.testing.assert_close(field, field.rot90())


def test_a_difference_of_gaussians_changes_sign_where_its_gaussians_cross():
    # exp(-r^2 / 2c^2) / c^2 = exp(-r^2 / 2s^2) / s^2 at r^2 = 2 ln(s^2/c^2) / (1/c^2 - 1/s^2)
    crossing = math.sqrt(2 * math.log(4) / (1 / 0.3**2 - 1 / 0.6**2))
    row = difference_of_gaussians(0.3, 0.6, 401, 100.0)[200, 200:]
    assert int((row > 0).sum()) / 100 == pytest.approx(crossing, abs=0.01)


@pytest.mark.parametrize("surround", [0.3, 0.2])
def test_a_surround_within_its_centre_is_refused(surround):
    with pytest.raises(ValueError, match=r"the surround must be wider than the centre; got 0.3"):
        difference_of_gaussians(0.3, surround, 9, 4.0)


@pytest.mark.parametrize("phase", [0, 60, 90, 180])
@pytest.mark.parametrize("orientation", [0, 22.5, 90])
def test_a_gabor_function_does_not_answer_uniform_light(orientation, phase):
    field = gabor(orientation, phase, 0.45, 0.6, 1.5, 41, 4.0)
    assert float(field.sum()) == pytest.approx(0, abs=1e-12)
    assert float(field.abs().max()) == pytest.approx(1)


def test_a_gabor_function_turns_with_its_orientation_and_flips_with_half_a_turn_of_phase():
    fields = {(o, p): gabor(o, p, 0.45, 0.6, 1.5, 41, 4.0) for o in (30, 120) for p in (45, 225)}
    torch.testing.assert_close(fields[120, 45], fields[30, 45].rot90())
    torch.testing.assert_close(fields[30, 225], -fields[30, 45])


def test_the_bars_of_a_gabor_function_lie_along_its_orientation():
    horizontal = gabor(0, 0, 0.45, 0.6, 1.5, 41, 4.0)
    assert horizontal[20, 26] > 0.3  # along the bar
    assert horizontal[25, 20] < -0.1  # beside it, 1.25 degrees: half a cycle


def test_weights_fall_off_as_a_power_of_the_distance():
    weights = fall_off(0.5, 5)
    assert float(weights[2, 2]) == 1
    assert float(weights[2, 3]) == 0.5
    assert float(weights[0, 2]) == 0.25
    assert float(weights[0, 0]) == pytest.approx(0.5**2.8284271)
    assert (fall_off(1.0, 4) == 1).all()
    # In a window of even size the centre is between the cells.
    assert float(fall_off(0.5, 2)[0, 0]) == pytest.approx(0.5**0.70710678)


odd = st.sampled_from([1, 3, 5, 9])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), odd, odd, st.integers(1, 3), st.integers(1, 3))
def test_the_fourier_transform_gives_the_sums_of_a_convolution(height, width, h, w, planes, sheets_below):
    generator = torch.Generator().manual_seed(height * width)
    sheets = torch.randn(2, sheets_below, height, width, generator=generator)
    fields = torch.randn(planes, sheets_below, h, w, generator=generator)
    expected = F.conv2d(sheets, fields, padding=(h // 2, w // 2))
    torch.testing.assert_close(correlate(sheets, fields), expected, atol=1e-4, rtol=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(9, 14), st.integers(9, 14), odd, odd, st.integers(1, 3), st.integers(1, 3))
def test_within_the_sheets_the_sums_are_those_of_a_convolution_without_padding(height, width, h, w, k, c):
    generator = torch.Generator().manual_seed(height * width)
    sheets = torch.randn(2, c, height, width, generator=generator)
    fields = torch.randn(k, c, h, w, generator=generator)
    expected = F.conv2d(sheets, fields)
    torch.testing.assert_close(correlate_within(sheets, fields), expected, atol=1e-4, rtol=1e-4)
