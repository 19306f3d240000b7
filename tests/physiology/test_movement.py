"""Movies shown to a cell that compares two moments."""

import numpy as np
import pytest
import torch
from torch import nn

from neuro.physiology import (
    bar_direction,
    direction_tuning,
    examine,
    insert,
    orientation_tuning,
    phase_modulation,
)


class Reichardt(nn.Module):
    """The odd field now and the even field a quarter of a cycle ago; one plane one way, one each way.

    A grating that drifts along u is cos(u - wt): the even sum is cos wt, the odd one sin wt, and so is the
    even one a quarter of a cycle later. The other way the two cancel.
    """

    sees_movies, dt = True, 12.5

    def __init__(self, even, odd):
        super().__init__()
        self.fields = torch.stack([even.flatten(), odd.flatten()], 1).float()
        self.cells = nn.Identity()

    def forward(self, movie):
        even, odd = ((2 * movie.flatten(2) - 1) @ self.fields).unbind(-1)
        delayed = torch.cat([even[:, :1].expand(-1, 5), even[:, :-5]], 1)
        return self.cells(torch.stack([odd + delayed, delayed], 2).relu())


@pytest.fixture(scope="module")
def moved(request):
    """One cell that prefers movement towards 120 degrees, and its even half, which has no preference."""
    lab = request.getfixturevalue("lab")
    # sin(u) is a cosine of phase -90 degrees.
    model = Reichardt(lab.gabor(30.0), lab.gabor(30.0, -90.0))
    return insert(model, "cells", centres=(0, 0), frequencies=[1.0], **lab.screen)


def test_a_cell_that_cancels_one_way_is_wholly_direction_selective(moved):
    found = direction_tuning(moved)
    assert found["preferred_direction"][0] == pytest.approx(120, abs=1)
    assert found["direction_selectivity_index"] == pytest.approx([1, 0], abs=0.02)
    assert found["global_direction_selectivity"][1] == pytest.approx(0, abs=0.01)


def test_a_bar_moves_the_cell_the_way_a_grating_does(moved):
    index = bar_direction(moved)["bar_direction_selectivity"]
    assert index[0] > 0.3
    assert index[1] == pytest.approx(0, abs=0.02)


def test_drifting_gratings_give_the_orientation_and_f1_over_f0_of_the_frames(moved):
    assert orientation_tuning(moved)["preferred_orientation"] == pytest.approx([30, 30], abs=1)
    assert phase_modulation(moved)["f1_f0"] == pytest.approx([np.pi / 2] * 2, rel=0.02)


def test_a_model_that_sees_stills_has_no_direction(lab):
    for protocol in (direction_tuning, bar_direction):
        with pytest.raises(ValueError, match="one still after the other"):
            protocol(lab.electrode_in([lab.gabor()]))


def test_every_protocol_can_be_run_on_movies(lab):
    model = Reichardt(lab.gabor(30.0), lab.gabor(30.0, -90.0))
    table = examine(
        model,
        "cells",
        centres=(0, 0),
        frequencies=[0.5, 1.0],
        orientations=np.arange(0, 360, 30),
        **lab.screen,
    )
    assert "x" not in table.columns  # the centres were given
    assert table["direction_selectivity_index"][0] > 0.9
    assert table["preferred_orientation"] == pytest.approx([30, 30], abs=1)
