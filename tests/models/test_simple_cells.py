"""Simple cells: the wiring against sums by hand, its phases against their symmetries, Gabors on paper."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from neuro.analysis.tuning import half_width
from neuro.geometry import along_and_across, pixel_grid
from neuro.models.hubel_wiesel import wired_cells
from neuro.models.simple_cells import (
    FLANK,
    PHASES,
    GaborCells,
    SimpleCells,
    aligned_centres,
    scattered_centres,
)
from neuro.recording import record
from neuro.stimuli import slits, spots

DEGREES = st.floats(0, 360, exclude_max=True).map(lambda degrees: round(degrees, 3))


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def wired(*phases, pixels_per_degree=8.0):
    """The fields of horizontal cells of these phases: (phases, 2, size, size)."""
    return SimpleCells(aligned_centres(), 1, 0.0, pixels_per_degree, phases).weights


def test_the_centres_of_a_row_are_evenly_spaced_about_the_middle():
    assert aligned_centres(3, 0.5).tolist() == [[-0.5, 0], [0, 0], [0.5, 0]]


def test_scattered_centres_lie_in_the_square_of_the_row_and_come_from_the_generator():
    places = scattered_centres(torch.Generator().manual_seed(0), count=200, spacing=0.02)
    assert places.shape == (200, 2)
    assert places.abs().max() <= 199 * 0.02 / 2
    assert places[:, 1].std() > 0.5
    assert torch.equal(places, scattered_centres(torch.Generator().manual_seed(0), 200, 0.02))
    assert not torch.equal(places, scattered_centres(torch.Generator().manual_seed(1), 200, 0.02))


def test_the_weights_of_a_simple_cell_sum_to_one_from_either_sign_and_are_never_negative():
    weights = wired_cells().simple.weights
    assert weights.shape[:2] == (8 * len(PHASES), 2)
    torch.testing.assert_close(weights.sum((2, 3)), torch.ones(32, 2))
    assert (weights >= 0).all()


def test_half_a_turn_of_phase_exchanges_the_on_and_the_off_subregions():
    by_phase = wired_cells().simple.weights.unflatten(0, (8, 4))
    torch.testing.assert_close(by_phase[:, 2:], by_phase[:, :2].flip(2))


def test_turning_a_field_by_90_degrees_turns_its_picture():
    fields = wired_cells().simple.weights
    torch.testing.assert_close(fields[16:], fields[:16].rot90(1, (2, 3)), atol=1e-6, rtol=0)


def test_the_bright_bar_of_a_simple_cell_lies_along_its_row_of_on_centres():
    on, off = wired_cells().simple.weights[0]
    middle = on.shape[-1] // 2
    rows = torch.arange(on.shape[-1]) - middle
    assert float((on.sum(1) * rows**2).sum()) < 0.5  # within half a pixel of the axis
    # The OFF flanks run 1.1 degrees, 4.4 pixels, from it on either side.
    assert float((off.sum(1) * rows.abs()).sum()) == pytest.approx(4.4, abs=0.1)


def test_the_subregions_of_an_edge_cell_mirror_each_other_one_flank_apart():
    on, off = wired_cells().simple.weights[1]
    torch.testing.assert_close(on, off.flipud(), atol=1e-6, rtol=0)
    rows = torch.arange(on.shape[-1]) - on.shape[-1] // 2
    distance = float(((off.sum(1) - on.sum(1)) * rows).sum())  # rows count downwards: ON lies above
    assert distance == pytest.approx(4.4, abs=0.1)


def test_simple_cells_sum_what_they_are_wired_to_and_subtract_their_threshold():
    cells = SimpleCells(aligned_centres(3), 2, threshold=0.3, pixels_per_degree=2.0)
    lgn = noise(2, 2, 15, 15)
    received = F.conv2d(lgn, cells.weights, padding=cells.weights.shape[-1] // 2)
    torch.testing.assert_close(cells(lgn), (received - 0.3).clamp(min=0), atol=1e-6, rtol=0)


@settings(max_examples=25, deadline=None)
@given(DEGREES)
def test_at_any_phase_the_opposite_one_exchanges_the_sheets_and_the_mirror_image_is_its_negative(phase):
    field, opposite, mirrored = wired(phase, (phase + 180) % 360, -phase % 360)
    assert (field >= 0).all()
    torch.testing.assert_close(field.sum((1, 2)), torch.ones(2))
    torch.testing.assert_close(opposite, field.flip(0), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(mirrored, field.flip(1), atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("phase", [0, 45, 90, 180, 270, 359])
def test_a_small_change_of_phase_is_a_small_change_of_the_field(phase):
    before, after = wired(phase, phase + 0.01)
    torch.testing.assert_close(before, after, atol=1e-4, rtol=0)


def test_between_bar_and_edge_the_field_slides_across_and_one_flank_takes_over():
    # At 45 degrees the bright bar has moved a quarter of FLANK to its left; the dark flanks, FLANK to either
    # side of it, weigh 3/4 and 1/4: their mean is 3/4 * -3/4 + 1/4 * 5/4 = -1/4 of FLANK.
    on, off = wired(45.0)[0]
    _, y = pixel_grid(on.shape[-1], 8.0)
    # A place between pixels, here 1/8 degree apart, is shared by its neighbours to within a tenth of one.
    assert float((on * y).sum()) == pytest.approx(FLANK / 4, abs=0.1 / 8)
    assert float((off * y).sum()) == pytest.approx(-FLANK / 4, abs=0.1 / 8)
    assert float(off[y < 0].sum()) == pytest.approx(0.75, abs=0.01)


def test_without_a_threshold_spots_map_the_subregions_and_with_it_they_are_too_weak():
    places = np.array([0.0, FLANK, -FLANK, 3.0])  # across a horizontal bright bar
    bright = spots(y=places, diameter=1.0)
    dark = spots(y=places, diameter=1.0, polarity=-1)
    model = wired_cells(orientations=1, threshold=0.0)
    on, off = (record(model, shown, ["simple"], [[0, 32, 32]])["simple"].ravel() for shown in (bright, dark))
    assert on[0] > 0.02
    assert (on[1:] < 0.1 * on[0]).all()
    assert (off[1:3] > 0.01).all()
    assert off[3] < 0.01 * off[1]
    assert off[0] < 0.25 * off[1]  # ON cells of the row that have the spot in their surround
    assert not record(wired_cells(orientations=1), bright, ["simple"])["simple"].any()


def test_orientation_tuning_sharpens_as_the_row_of_centres_lengthens():
    orientations = np.arange(0, 180, 5.0)
    shown = slits(orientations, length=12, width=1)
    widths = []
    for count in (1, 2, 3, 5, 7):
        model = wired_cells(1, aligned_centres(count), threshold=0.0)
        widths.append(
            float(half_width(record(model, shown, ["simple"], [[0, 32, 32]])["simple"].ravel(), orientations))
        )
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 5
    assert widths[-1] < widths[1] / 2


def test_the_measured_bandwidth_of_a_gabor_cell_is_the_one_on_paper():
    # The transfer function is a Gaussian of sd 1 / (2 pi sd_across) about f: with n = sd_across f and
    # a = sqrt(2 ln 2) / 2 pi, half height is at f (1 +- a / n), log2((n + a) / (n - a)) octaves apart.
    frequency, sd = 1.0, 0.7
    even, odd = GaborCells(1, frequency, sd, 0.7, 16.0, phases=(0, 90)).weights.double()[:, 0]
    frequencies = torch.linspace(0.3, 2, 341, dtype=torch.float64)
    _, across = along_and_across(*pixel_grid(even.shape[-1], 16.0), torch.tensor(0.0))
    wave = torch.polar(torch.ones(1, dtype=torch.float64), 2 * math.pi * frequencies[:, None, None] * across)
    amplitude = ((even * wave.real).sum((1, 2)) ** 2 + (odd * wave.imag).sum((1, 2)) ** 2).sqrt()
    above = frequencies[amplitude > amplitude.max() / 2]
    n, a = sd * frequency, math.sqrt(2 * math.log(2)) / (2 * math.pi)
    measured = math.log2(float(above[-1] / above[0]))
    assert measured == pytest.approx(math.log2((n + a) / (n - a)), abs=0.02)


def test_a_gabor_cell_of_any_phase_is_the_negative_of_the_opposite_one():
    cells = GaborCells(2, 0.45, 0.6, 1.5, 4.0, phases=(30, 120, 210, 300)).weights.unflatten(0, (2, 4))
    torch.testing.assert_close(cells[:, 0] / cells[:, 0].abs().sum(), -cells[:, 2] / cells[:, 2].abs().sum())
    assert cells.shape[:2] == (2, 4)


def test_the_positive_weights_of_a_gabor_cell_sum_to_one():
    weights = GaborCells(8, 0.45, 0.6, 1.5, 4.0).weights
    torch.testing.assert_close(weights.clamp(min=0).sum((1, 2, 3)), torch.ones(32))
