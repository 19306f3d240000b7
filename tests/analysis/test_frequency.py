import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro.analysis import bandwidth_octaves, is_low_pass, preferred_frequency, schiller_bandwidth

MEASURES = [preferred_frequency, bandwidth_octaves, schiller_bandwidth]
# Steps of 1/64 octave: linear interpolation is good to a few parts in 10^4 of an octave.
FINE = 2 ** np.arange(-4, 5, 1 / 64)
# The 22 frequencies the field's benchmark shows, 0.39 to 14.7 cycles/degree.
COARSE = np.geomspace(0.39, 14.7, 22)


def gabor(frequencies, best, cycles):
    """Amplitude of a Gabor's answer; `cycles` n = spread * frequency."""
    spread = cycles / best
    return np.exp(-2 * np.pi**2 * spread**2 * (np.asarray(frequencies) - best) ** 2)


def log_gaussian(frequencies, best, octaves):
    return np.exp(-(np.log2(np.asarray(frequencies) / best) ** 2) / (2 * octaves**2))


@pytest.mark.parametrize("cycles", [0.25, 0.4, 0.6, 1.0])
def test_the_bandwidth_of_a_gabor_has_its_closed_form(cycles):
    a = np.sqrt(2 * np.log(2)) / (2 * np.pi)
    expected = np.log2((cycles + a) / (cycles - a))
    assert bandwidth_octaves(gabor(FINE, 2, cycles), FINE) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("cycles", [0.25, 0.4, 1.0])
def test_schillers_bandwidth_of_a_gabor_is_the_ratio_of_its_ends_at_root_half(cycles):
    a = np.sqrt(np.log(2)) / (2 * np.pi)  # exp(-2 pi^2 a^2) = 1/sqrt(2)
    expected = 100 * (cycles - a) / (cycles + a)
    assert schiller_bandwidth(gabor(FINE, 2, cycles), FINE) == pytest.approx(expected, abs=0.1)


def test_a_gaussian_over_octaves_is_as_wide_as_a_gaussian():
    curve = log_gaussian(FINE, 1.3, 0.5)
    assert bandwidth_octaves(curve, FINE) == pytest.approx(2 * 0.5 * np.sqrt(2 * np.log(2)), abs=2e-3)
    assert schiller_bandwidth(curve, FINE) == pytest.approx(100 / 2 ** np.sqrt(np.log(2)), abs=0.1)


def test_a_triangle_over_octaves_is_measured_exactly():
    # Peak 4 at 2; 2 is reached at 1 below and half-way, over octaves, between 2 and 8 above.
    assert bandwidth_octaves([0, 2, 4, 0], [0.5, 1, 2, 8]) == pytest.approx(2)
    assert preferred_frequency([0, 2, 4, 0], [0.5, 1, 2, 8]) == pytest.approx(2)


def test_a_low_pass_curve_is_flagged_and_has_no_bandwidth():
    low_pass, band_pass, high_pass = np.exp(-FINE / 2), gabor(FINE, 2, 0.5), 1 - np.exp(-FINE)
    curves = np.stack([low_pass, band_pass, high_pass, np.zeros_like(FINE)])
    assert is_low_pass(curves, FINE).tolist() == [True, False, False, False]
    assert np.isnan(bandwidth_octaves(curves, FINE)).tolist() == [True, False, True, True]
    assert np.isnan(schiller_bandwidth(curves, FINE)).tolist() == [True, False, True, True]
    assert preferred_frequency(curves, FINE) == pytest.approx([FINE[0], 2, FINE[-1], np.nan], nan_ok=True)


def test_the_lowest_of_equally_good_frequencies_is_preferred():
    assert preferred_frequency([1, 3, 3, 1], [1, 2, 4, 8]) == pytest.approx(2)


@given(shift=st.floats(-3, 3), gain=st.floats(1e-3, 1e3), octaves=st.floats(0.3, 1))
def test_finer_gratings_shift_the_preference_and_neither_they_nor_the_gain_change_the_width(
    shift, gain, octaves
):
    curve = log_gaussian(COARSE, 2.4, octaves)
    finer = 2**shift * COARSE
    assert preferred_frequency(gain * curve, finer) == pytest.approx(
        2**shift * preferred_frequency(curve, COARSE)
    )
    assert bandwidth_octaves(gain * curve, finer) == pytest.approx(bandwidth_octaves(curve, COARSE))
    assert schiller_bandwidth(gain * curve, finer) == pytest.approx(schiller_bandwidth(curve, COARSE))


@pytest.mark.parametrize("measure", [*MEASURES, is_low_pass])
def test_many_units_in_any_order_of_frequencies_are_each_unit_alone(measure):
    generator = np.random.default_rng(1)
    curves, order = generator.random((2, 3, 22)), generator.permutation(22)
    alone = np.array([[measure(curve, COARSE) for curve in row] for row in curves])
    assert measure(curves[..., order], COARSE[order]) == pytest.approx(alone, nan_ok=True)


@pytest.mark.parametrize("measure", [*MEASURES, is_low_pass])
@pytest.mark.parametrize(
    ("responses", "frequencies", "message"),
    [
        ([1, 2], [0, 1], "frequencies must be above 0 cycles/degree; the lowest is 0"),
        ([1, 2, 3], [1, 2, 2], "frequencies must differ from each other"),
        ([1, 2, 3], [1, 2], r"for frequencies \(n,\); got \(3,\)"),
        ([1], [1], "at least two frequencies; got 1"),
        ([1, np.nan], [1, 2], "responses must be finite"),
        ([1, -2], [1, 2], "responses must not be negative"),
    ],
)
def test_curves_that_cannot_be_measured_are_refused(measure, responses, frequencies, message):
    with pytest.raises(ValueError, match=message):
        measure(responses, frequencies)
