"""Concentric cells, against their convolution and the integrals of a difference of Gaussians."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neuro.models.lgn import CENTRE, SURROUND, ConcentricCells
from neuro.stimuli import full_field, spots


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def concentric():
    return ConcentricCells(CENTRE, SURROUND, 4.0)


def test_concentric_cells_are_a_rectified_convolution_of_light_that_goes_on_beyond_the_rim():
    cells, light = concentric(), noise(2, 1, 25, 30)
    margin = cells.field.shape[-1] // 2
    received = F.conv2d(F.pad(light, (margin,) * 4, mode="replicate"), cells.field)
    torch.testing.assert_close(cells(light), received.clamp(min=0), atol=1e-6, rtol=0)


def test_exchanging_light_and_dark_exchanges_on_and_off():
    light = noise(1, 1, 20, 20)
    answer, exchanged = concentric()(light), concentric()(1 - light)
    torch.testing.assert_close(exchanged, answer.flip(1), atol=1e-6, rtol=0)


def test_a_bright_spot_drives_the_on_cell_at_its_centre_and_a_dark_spot_the_off_cell():
    on, off = concentric()(spots(diameter=1.0, polarity=[1, -1]).images)[:, :, 32, 32]
    assert on[0] > 0.1
    assert on[1] == 0
    assert off[0] == 0
    assert off[1] > 0.1


@pytest.mark.parametrize("luminance", [0.0, 0.3, 1.0])
def test_on_and_off_cells_are_silent_in_diffuse_light_in_every_corner_and_along_the_rim(luminance):
    on, off = concentric()(full_field(luminance, size=23).images)[0]
    for plane in (on, off):
        assert torch.equal(plane, torch.zeros(23, 23))
    # Not so at the rim of a picture that is not uniform: the cells there are not dead.
    assert concentric()(noise(1, 1, 23, 23))[0, :, 0].any()


def test_summation_over_the_size_of_a_spot_is_the_integral_of_the_field_and_peaks_at_the_centre():
    # The integral of a round Gaussian over a disc of radius R is 1 - exp(-R^2 / 2 sd^2).
    diameters = np.arange(0.25, 5, 0.25)
    light = spots(diameter=diameters, size=193, pixels_per_degree=32.0).images
    contrast = float(light.max() - 0.5)
    answers = ConcentricCells(CENTRE, SURROUND, 32.0)(light)[:, :, 96, 96].numpy()
    within = [1 - np.exp(-((diameters / 2) ** 2) / (2 * sd**2)) for sd in (CENTRE, SURROUND)]
    # The field is cut at three sd of its surround, beyond which lies 1 % of it.
    np.testing.assert_allclose(answers[:, 0], contrast * (within[0] - within[1]), atol=0.007)
    assert not answers[:, 1].any()
    # The peak is where the field changes sign: at R^2 = 2 ln(s^2 / c^2) / (1 / c^2 - 1 / s^2).
    crossing = math.sqrt(2 * math.log((SURROUND / CENTRE) ** 2) / (CENTRE**-2 - SURROUND**-2))
    assert diameters[answers[:, 0].argmax()] == pytest.approx(2 * crossing, abs=0.125)
    assert answers[-1, 0] < 0.05 * answers[:, 0].max()
