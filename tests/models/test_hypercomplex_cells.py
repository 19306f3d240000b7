"""Hypercomplex cells, against the subtraction by hand and what end-stopping is."""

import numpy as np
import pytest
import torch

from neuro.models.hubel_wiesel import energy_complex, hubel_wiesel, hypercomplex, sum_complex
from neuro.models.hypercomplex_cells import HypercomplexCells
from neuro.recording import record
from neuro.stimuli import slits


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def shifted(plane, down, right):
    """What lies `down` rows and `right` columns from each cell; nothing beyond the rim."""
    out = torch.zeros_like(plane)
    height, width = plane.shape
    for i, j in np.ndindex(height, width):
        if 0 <= i + down < height and 0 <= j + right < width:
            out[i, j] = plane[i + down, j + right]
    return out


def test_a_hypercomplex_cell_is_a_complex_cell_less_those_beyond_its_ends():
    complex_ = noise(1, 4, 9, 10)
    answer = HypercomplexCells(4, distance=1.5, strength=0.7, pixels_per_degree=2.0)(complex_)
    assert answer.shape == (1, 12, 9, 10)
    # 3 cells along 0, 45, 90 and 135 degrees; 3 cos 45 = 2.1, the nearest cell 2 away.
    for orientation, (down, right) in enumerate([(0, 3), (-2, 2), (-3, 0), (-2, -2)]):
        c = complex_[0, orientation]
        ahead, behind = shifted(c, down, right), shifted(c, -down, -right)
        for stopped, inhibition in enumerate([ahead + behind, ahead, behind]):
            expected = (c - 0.7 * inhibition).clamp(min=0)
            torch.testing.assert_close(answer[0, 3 * orientation + stopped], expected)


def test_without_inhibition_all_three_are_the_complex_cell():
    complex_ = noise(2, 2, 3, 8, 8)  # of movies as of stills
    answer = HypercomplexCells(3, 1.0, 0.0, 4.0)(complex_)
    assert torch.equal(answer, complex_.repeat_interleave(3, dim=-3))


def test_a_cell_stopped_at_one_end_heeds_only_what_lies_beyond_that_end():
    along = torch.zeros(1, 1, 1, 21)
    along[..., 10:] = 1  # a horizontal line from the middle to the right
    both, ahead, behind = HypercomplexCells(1, 4.0, 1.0, 1.0)(along)[0, :, 0, 10]
    assert both == 0
    assert ahead == 0
    assert behind == 1


@pytest.mark.parametrize("cortex", [hubel_wiesel, sum_complex, energy_complex])
def test_the_line_longer_than_the_field_silences_a_stopped_cell_and_not_its_complex_cell(cortex):
    lengths = np.array([0.5, 1, 2, 3, 4, 5, 6, 8, 12])
    recording = record(hypercomplex(cortex()), slits(0, length=lengths), units="centre")
    complex_ = recording["complex"][:, 0, 0, 0]
    two_sided, ahead, behind = recording["hypercomplex"][:, :3, 0, 0].T
    assert complex_[-1] > 0.9 * complex_.max()
    for stopped in (two_sided, ahead, behind):
        assert stopped.max() > 0.25 * complex_.max()
        assert 2 <= lengths[stopped.argmax()] <= 6
        assert stopped[-1] < 0.35 * stopped.max()
    np.testing.assert_allclose(ahead, behind, atol=1e-5)
    assert (two_sided <= ahead + 1e-6).all()


def test_partial_inhibition_stops_a_cell_in_part():
    shown = slits(0, length=[4, 12])
    answers = record(hypercomplex(strength=0.3), shown, ["complex", "hypercomplex"], "centre")
    short, long = answers["hypercomplex"][:, 1, 0, 0] / answers["complex"][:, 0, 0, 0]
    assert short == pytest.approx(1)  # nothing beyond its ends
    assert long == pytest.approx(0.7, abs=0.01)  # as much there as at the centre


def test_a_picture_turned_by_90_degrees_turns_the_answers():
    picture, model = noise(1, 1, 41, 41), hypercomplex()
    planes = model(picture).unflatten(1, (8, 3))
    turned = model(picture.rot90(1, (2, 3))).unflatten(1, (8, 3))
    expected = planes.roll(4, 1).rot90(1, (3, 4))
    torch.testing.assert_close(turned[:, 4:], expected[:, 4:], atol=1e-5, rtol=0)
    # Past 180 degrees the end that was ahead is the one behind.
    torch.testing.assert_close(turned[:, :4], expected[:, :4, [0, 2, 1]], atol=1e-5, rtol=0)
