"""Length, size, contrast and masks, shown to cells made to a known measure."""

import numpy as np
import pytest
import torch

from neuro.analysis import naka_rushton
from neuro.geometry import pixel_grid
from neuro.physiology import (
    best_grating,
    contrast_answers,
    contrast_response,
    cross_orientation,
    length_tuning,
    size_tuning,
    spike_statistics,
    width_over_contrast,
)

SIZES = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 8.0)
LENGTHS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)


def stopped(ahead, behind):
    """A horizontal field 3 degrees long, 1 cycle/degree; beyond it, as far as 1.5 degrees, inhibition."""
    x, y = pixel_grid(40, 5.0)
    along = 1.0 * (x.abs() < 1.5) - ahead * ((x > 1.5) & (x < 3)) - behind * ((x < -1.5) & (x > -3))
    wave = torch.cos(2 * torch.pi * y) * torch.exp(-(y**2) / 0.5)
    wave = wave - wave[:, :1].mean()
    return along * wave / (wave**2).sum() * 10


def test_end_stopping_is_the_share_that_the_ends_take(lab):
    fields = [stopped(0, 0), stopped(0.5, 0.5), stopped(1, 0), stopped(0, 1)]
    found = length_tuning(lab.electrode_in(fields, frequencies=[1.0], diameter=3.0), LENGTHS)
    # A slit of 3 degrees fills the field; each end then takes 1.5 degrees times its inhibition.
    assert found["preferred_length"][1:] == pytest.approx([3, 3, 3])
    assert found["summation_length"] == pytest.approx([3, 3, 3, 3])
    assert found["end_stopping"] == pytest.approx([0, 0.5, 0.5, 0.5], abs=0.04)
    assert found["end_stopping_ahead"] == pytest.approx([0, 0.25, 0.5, 0], abs=0.04)
    assert found["end_stopping_behind"] == pytest.approx([0, 0.25, 0, 0.5], abs=0.04)


def test_a_field_without_surround_is_summed_over_its_own_size(lab):
    fields = [lab.gabor(0.0, along=0.5), lab.gabor(0.0, along=1.2)]
    found = size_tuning(lab.electrode_in(fields, frequencies=[1.0]), SIZES)
    assert found["surround_suppression"] == pytest.approx([0, 0], abs=0.02)
    # The smallest disc tested that holds 95 per cent of the integral of envelope times grating squared.
    x, y = np.meshgrid(*[np.linspace(-4, 4, 801)] * 2)
    for along, measured in zip((0.5, 1.2), found["summation_diameter"], strict=True):
        share = np.exp(-(x**2) / (2 * along**2) - y**2 / 0.5) * np.cos(2 * np.pi * y) ** 2
        within = [share[np.hypot(x, y) < size / 2].sum() / share.sum() for size in SIZES]
        assert measured == SIZES[np.argmax(np.array(within) >= 0.95)]


def test_a_slit_or_a_disc_larger_than_the_models_field_is_refused(lab):
    electrode = lab.electrode_in([lab.gabor()])
    with pytest.raises(ValueError, match="a slit of 9 degrees does not fit the model's field of 8"):
        length_tuning(electrode, (1.0, 9.0))
    with pytest.raises(ValueError, match=r"a disc of 8\.5 degrees does not fit"):
        size_tuning(electrode, (1.0, 8.5))
    with pytest.raises(ValueError, match=r"a grating of 8\.1 degrees does not fit"):
        lab.electrode_in([lab.gabor()], diameter=8.1)


def test_the_fitted_contrast_response_is_the_cells_own(lab):
    unit = lab.electrode_in(
        lab.pair, lambda sums: naka_rushton_of(lab.energy(sums)), frequencies=[1.0], diameter=8.0
    )
    found = contrast_response(unit)
    assert found["c50"] == pytest.approx(0.25, rel=0.05)
    assert found["contrast_exponent"] == pytest.approx(2, rel=0.03)
    expected = naka_rushton([0.5, 1.0], 1, 0.25, 2)
    assert contrast_answers(unit, (0.5, 1.0))[0] == pytest.approx(expected, rel=0.03)


def naka_rushton_of(energy):
    """Energy is the square of contrast: its share of itself and of 0.25 squared."""
    return energy / (energy + 0.25**2)


def test_a_line_through_zero_does_not_saturate(lab):
    found = contrast_response(lab.electrode_in([lab.gabor()]))
    assert np.isnan(found["c50"])
    assert found["reason"].tolist() == ["no saturating curve fits"]


def test_a_linear_cell_keeps_its_width_and_a_threshold_narrows_it_at_low_contrast(lab):
    linear = width_over_contrast(lab.electrode_in([lab.gabor()]))
    iceberg = width_over_contrast(lab.electrode_in([lab.gabor()], lambda sums: (sums - 0.15).relu()))
    assert linear["contrast_invariance"] == pytest.approx(1, abs=1e-3)
    assert iceberg["contrast_invariance"] < 0.9


def test_a_cell_silent_at_low_contrast_says_so(lab):
    found = width_over_contrast(lab.electrode_in([lab.gabor()], lambda sums: (sums - 0.3).relu()))
    assert found["reason"].tolist() == ["silent at low contrast"]


def test_an_orthogonal_mask_does_nothing_to_a_linear_cell_and_suppresses_one_with_a_pool(lab):
    def pooled(sums):
        total = (sums**2).sum(1, keepdim=True)
        return lab.energy(sums)[:, :1] / (0.01 + total)

    plain = lab.electrode_in([lab.gabor()], frequencies=[1.0])
    fields = lab.pair + [lab.gabor(135.0, phase) for phase in (0.0, 90.0)]
    divided = lab.electrode_in(fields, pooled, frequencies=[1.0])
    assert cross_orientation(plain)["cross_orientation_suppression"] == pytest.approx(0, abs=0.01)
    assert cross_orientation(plain)["mask_alone"] < 0.01
    # Energies 0.25 each: 0.25 / 0.26 alone, 0.25 / 0.51 with the mask.
    expected = 1 - (0.25 / 0.51) / (0.25 / 0.26)
    assert cross_orientation(divided)["cross_orientation_suppression"] == pytest.approx(expected, abs=0.02)


def test_poisson_spikes_vary_as_much_as_their_mean_and_gain_noise_adds_to_it(lab):
    electrode = lab.electrode_in([lab.gabor()] * 40)
    poisson, noisy = spike_statistics(electrode), spike_statistics(electrode, gain_variance=0.02)
    # 40 cells of 50 trials: the mean Fano factor is known to sqrt(2 / 49 / 40) = 0.03.
    assert poisson["fano_factor"].mean() == pytest.approx(1, abs=0.1)
    assert poisson["variance_mean_slope"].mean() == pytest.approx(1, abs=0.1)
    assert noisy["fano_factor"].mean() == pytest.approx(1 + 0.02 * 33.8, abs=0.2)
    # The first of 33.8 spikes a second comes after 29.6 ms on average, read in the middle of its bin.
    assert poisson["first_spike_latency"].mean() == pytest.approx(1000 / 33.8, abs=2)


def test_a_grating_is_drawn_for_each_unit_at_its_own_optimum(lab):
    fields = [lab.gabor(30.0), lab.gabor(120.0)]
    assert best_grating(lab.electrode_in(fields))["orientations"].tolist() == [30, 120]
