"""Gratings shown to Gabor and energy cells, whose answers have closed forms."""

import numpy as np
import pytest
from scipy.optimize import brentq

from neuro.physiology import (
    counterphase,
    grating_answers,
    orientation_tuning,
    phase_modulation,
    spatial_frequency_tuning,
)

FREQUENCY, ACROSS, ALONG = 1.0, 0.5, 0.8  # cycles/degree and degrees: the Gabor field of the lab


def drive(frequency, turned):
    """The amplitude of a Gabor field's sum over a grating, by its Fourier transform; turned in radians."""
    along, across = frequency * np.sin(turned), frequency * np.cos(turned)
    there = np.exp(-2 * np.pi**2 * (ALONG**2 * along**2 + ACROSS**2 * (across - FREQUENCY) ** 2))
    mirrored = np.exp(-2 * np.pi**2 * (ALONG**2 * along**2 + ACROSS**2 * (across + FREQUENCY) ** 2))
    return there + mirrored


def test_a_simple_cell_prefers_the_orientation_and_frequency_of_its_field(simple):
    found = orientation_tuning(simple) | spatial_frequency_tuning(simple)
    assert found["preferred_orientation"] == pytest.approx(45, abs=0.1)
    # Within a step of the frequencies tested, 7 per cent.
    assert found["preferred_frequency"] == pytest.approx(FREQUENCY, rel=0.08)


def test_the_half_width_is_that_of_the_fields_fourier_transform(simple):
    best = grating_answers(simple).spatial_frequency[0]
    half = brentq(lambda turned: drive(best, turned) - drive(best, 0) / 2, 0, np.pi / 2)
    # Linear interpolation between steps of 5 degrees, and the pixels.
    assert orientation_tuning(simple)["half_width"] == pytest.approx(np.rad2deg(half), abs=0.5)


def test_the_bandwidth_is_that_of_a_gabor_function(simple):
    n, a = ACROSS * FREQUENCY, np.sqrt(2 * np.log(2)) / (2 * np.pi)
    expected = np.log2((n + a) / (n - a))
    assert spatial_frequency_tuning(simple)["bandwidth_octaves"] == pytest.approx(expected, abs=0.05)


def test_f1_over_f0_of_a_half_rectified_sinusoid_is_half_pi(simple):
    found = phase_modulation(simple)
    # 16 phases: the mean of a half-rectified cosine is known to about 1 per cent.
    assert found["f1_f0"] == pytest.approx(np.pi / 2, rel=0.02)
    assert found["preferred_phase"] % 360 == pytest.approx(0, abs=0.5)


def test_what_a_cell_answers_to_grey_does_not_count_as_its_mean(lab):
    resting = lab.electrode_in([lab.gabor()], lambda sums: sums.relu() + 1, phases=16)
    assert phase_modulation(resting)["f1_f0"] == pytest.approx(np.pi / 2, rel=0.02)


def test_an_energy_cell_does_not_follow_the_phase(complex_cell):
    found = phase_modulation(complex_cell)
    assert found["f1_f0"] < 0.02
    assert orientation_tuning(complex_cell)["preferred_orientation"] == pytest.approx(45, abs=0.5)


def test_squaring_narrows_the_tuning(lab):
    linear, squared = (
        lab.electrode_in([lab.gabor()]),
        lab.electrode_in([lab.gabor()], lambda sums: sums.relu() ** 2),
    )
    first, second = (orientation_tuning(each) for each in (linear, squared))
    assert second["half_width"] < first["half_width"]
    assert second["circular_variance"] < first["circular_variance"]


def test_reversal_has_a_null_for_a_simple_cell_and_doubles_the_frequency_of_a_complex_one(
    simple, complex_cell
):
    # A phase of 90 degrees is among those shown; an energy cell answers cos^2: a mean and a second harmonic.
    assert counterphase(simple)["null_index"] > 0.95
    assert counterphase(simple)["frequency_doubling"] < 0.35  # F1 is 1/2, F2 is 2/(3 pi): 0.30
    assert counterphase(complex_cell)["null_index"] < 0.05
    assert counterphase(complex_cell)["frequency_doubling"] == pytest.approx(1, abs=0.01)


def test_a_flat_cell_prefers_nothing_and_a_dead_one_is_silent(lab):
    electrode = lab.electrode_in([lab.gabor()] * 3, lambda sums: sums * 0 + sums.new_tensor([0.5, 0, -1]))
    found = orientation_tuning(electrode)
    assert found["circular_variance"][0] == pytest.approx(1)
    assert found["reason"].tolist() == ["no orientation is preferred", "silent", "silent"]
    assert phase_modulation(electrode)["reason"][0] == "not above its spontaneous answer"
    assert np.isnan(found["circular_variance"][1:]).all()  # below zero counts as none


def test_a_low_pass_cell_has_no_bandwidth(lab):
    blob = lab.gabor() * 0
    blob[17:23, 17:23] = 1 / 36
    found = spatial_frequency_tuning(lab.electrode_in([blob]))
    assert found["low_pass"].tolist() == [True]
    assert np.isnan(found["bandwidth_octaves"]).all()
    assert found["reason"].tolist() == ["low pass"]


def test_all_phases_of_an_energy_pair_are_one_cell(lab):
    # Any rotation of the quadrature pair has the same energy.
    turned = [lab.gabor(phase=30.0), lab.gabor(phase=120.0)]
    one, other = (
        grating_answers(lab.electrode_in(each, lab.energy)).responses for each in (lab.pair, turned)
    )
    assert one == pytest.approx(other, abs=0.03)


def test_an_answer_that_rounding_alone_lifts_above_the_grey_has_no_f1_f0(lab):
    electrode = lab.electrode_in([1e-6 * lab.gabor()], lambda sums: 1 + sums)
    found = phase_modulation(electrode)
    assert np.isnan([found["f1_f0"][0], found["f2_f0"][0]]).all()
    assert found["reason"][0] == "not above its spontaneous answer"
