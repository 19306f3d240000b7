"""The wiring of the visual cortex, against sums by hand and the symmetries it must have."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from neuro.models.hubel_wiesel import (
    CENTRE,
    PHASES,
    SURROUND,
    ComplexCells,
    ConcentricCells,
    GaborCells,
    SimpleCells,
    aligned_centres,
    gabor_cortex,
    hubel_wiesel,
    plane_of,
    scattered_centres,
)
from neuro.recording import record
from neuro.stimuli import full_field, slits, spots

STEP = 22.5
EIGHT = np.arange(8) * STEP
CORTICES = [hubel_wiesel, gabor_cortex]


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def concentric():
    return ConcentricCells(CENTRE, SURROUND, 4.0)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.integers(9, 40))
def test_diffuse_light_gives_exactly_nothing_anywhere_not_even_at_the_rim(luminance, size):
    light = full_field(luminance, size=size).images
    assert not concentric()(light).any()
    assert not GaborCells(2, 0.45, 0.6, 1.5, 4.0)(light).any()
    assert not hubel_wiesel(orientations=2)(light).any()


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
    weights = hubel_wiesel().simple.weights
    assert weights.shape[:2] == (8 * len(PHASES), 2)
    torch.testing.assert_close(weights.sum((2, 3)), torch.ones(32, 2))
    assert (weights >= 0).all()


def test_half_a_turn_of_phase_exchanges_the_on_and_the_off_subregions():
    by_phase = hubel_wiesel().simple.weights.unflatten(0, (8, 4))
    torch.testing.assert_close(by_phase[:, 2:], by_phase[:, :2].flip(2))


def test_turning_a_field_by_90_degrees_turns_its_picture():
    fields = hubel_wiesel().simple.weights
    torch.testing.assert_close(fields[16:], fields[:16].rot90(1, (2, 3)), atol=1e-6, rtol=0)


def test_the_bright_bar_of_a_simple_cell_lies_along_its_row_of_on_centres():
    on, off = hubel_wiesel().simple.weights[0]
    middle = on.shape[-1] // 2
    rows = torch.arange(on.shape[-1]) - middle
    assert float((on.sum(1) * rows**2).sum()) < 0.5  # within half a pixel of the axis
    # The OFF flanks run 1.1 degrees, 4.4 pixels, from it on either side.
    assert float((off.sum(1) * rows.abs()).sum()) == pytest.approx(4.4, abs=0.1)


def test_the_subregions_of_an_edge_cell_mirror_each_other_one_flank_apart():
    on, off = hubel_wiesel().simple.weights[1]
    torch.testing.assert_close(on, off.flipud(), atol=1e-6, rtol=0)
    rows = torch.arange(on.shape[-1]) - on.shape[-1] // 2
    distance = float(((off.sum(1) - on.sum(1)) * rows).sum())  # rows count downwards: ON lies above
    assert distance == pytest.approx(4.4, abs=0.1)


def test_simple_cells_sum_what_they_are_wired_to_and_subtract_their_threshold():
    cells = SimpleCells(aligned_centres(3), 2, threshold=0.3, pixels_per_degree=2.0)
    lgn = noise(2, 2, 15, 15)
    received = F.conv2d(lgn, cells.weights, padding=cells.weights.shape[-1] // 2)
    torch.testing.assert_close(cells(lgn), (received - 0.3).clamp(min=0), atol=1e-6, rtol=0)


@pytest.mark.parametrize("cortex", CORTICES)
def test_a_slit_turned_by_one_step_moves_the_preferred_plane_by_one(cortex):
    recording = record(cortex(), slits(EIGHT), units="centre")
    simple = recording["simple"].reshape(8, 8, 4)[:, :, 0]
    complex_ = recording["complex"].reshape(8, 8)
    assert simple.argmax(1).tolist() == complex_.argmax(1).tolist() == list(range(8))
    for orientation in EIGHT:
        assert plane_of(orientation) == int(orientation // STEP)


@pytest.mark.parametrize("cortex", CORTICES)
def test_turning_the_slit_by_90_degrees_moves_every_answer_by_four_planes(cortex):
    complex_ = record(cortex(), slits([10, 100]), ["complex"], "centre")["complex"][:, :, 0, 0]
    np.testing.assert_allclose(complex_[1], np.roll(complex_[0], 4), atol=1e-5)


@pytest.mark.parametrize("cortex", CORTICES)
def test_a_dark_slit_is_to_the_dark_bar_cell_what_a_bright_slit_is_to_the_bright_bar_cell(cortex):
    simple = record(cortex(), slits(45, polarity=[1, -1]), ["simple"], "centre")["simple"]
    bright, dark = simple.reshape(2, 8, 4)
    assert bright.max() > 0
    np.testing.assert_allclose(dark, np.roll(bright, 2, axis=1), atol=1e-5)


def test_a_complex_cell_takes_the_largest_answer_over_phases_and_places():
    simple, radius = noise(2, 3 * len(PHASES), 6, 7), 2
    expected = torch.zeros(2, 3, 6, 7)
    for b, o, row, column in np.ndindex(*expected.shape):
        expected[b, o, row, column] = max(
            simple[b, 4 * o + phase, i, j]
            for phase in range(4)
            for i in range(max(0, row - radius), min(6, row + radius + 1))
            for j in range(max(0, column - radius), min(7, column + radius + 1))
        )
    assert torch.equal(ComplexCells(radius)(simple), expected)


def test_a_complex_cell_of_radius_zero_only_pools_phases():
    simple = noise(1, 8, 5, 5)
    assert torch.equal(ComplexCells(0)(simple), simple.unflatten(1, (2, 4)).amax(2))


def test_the_chains_are_named_after_their_cells():
    assert list(dict(hubel_wiesel().named_children())) == ["lgn", "simple", "complex"]
    assert list(dict(gabor_cortex().named_children())) == ["simple", "complex"]
    answer = hubel_wiesel(orientations=6)(noise(2, 1, 33, 33))
    assert answer.shape == (2, 6, 33, 33)


def test_the_positive_weights_of_a_gabor_cell_sum_to_one():
    weights = gabor_cortex().simple.weights
    torch.testing.assert_close(weights.clamp(min=0).sum((1, 2, 3)), torch.ones(32))


def test_planes_are_counted_from_horizontal_modulo_180_degrees():
    assert [plane_of(o, orientations=6) for o in (0, 30, 150, 180, -30)] == [0, 1, 5, 0, 5]
