"""Receptive fields that are not in the middle are found, and stimuli shown there."""

import numpy as np
import pytest
import torch
from torch import nn

from neuro.physiology import (
    average_fields,
    insert,
    orientation_tuning,
    phase_modulation,
    places,
    receptive_field,
    reverse_correlation,
)

STEP = 8 / 9 / 2  # degrees: half of the spacing of the map


def test_the_field_is_found_where_it_is(lab):
    electrode = insert(lab.model_of([lab.gabor(x=1.5, y=-1.0)]), "cells", **lab.screen)
    found = receptive_field(electrode)
    assert found["x"] == pytest.approx(1.5, abs=0.1)
    assert found["y"] == pytest.approx(-1, abs=0.1)
    assert [each.item() for each in places(electrode).values()] == pytest.approx([1.5, -1], abs=STEP)
    assert orientation_tuning(electrode)["preferred_orientation"] == pytest.approx(45, abs=1)


def test_the_cells_of_a_plane_lie_where_their_windows_lie():
    # A window of 5 pixels, in steps of 5: the cell at row 1, column 6 looks at pixels 5-9 and 30-34.
    torch.manual_seed(0)
    layer = nn.Conv2d(1, 1, 5, stride=5, bias=False)
    layer.weight.data = torch.tensor([-1.0, 1, 1, 1, -1]).expand(1, 1, 5, 5)
    electrode = insert(nn.Sequential(layer), "0", [(0, 1, 6), (0, 4, 3)], size=40, field=8.0)
    found = receptive_field(electrode)
    assert found["x"] == pytest.approx((np.array([32, 17]) - 19.5) / 5, abs=0.25)
    assert found["y"] == pytest.approx((19.5 - np.array([7, 22])) / 5, abs=0.25)


def test_a_larger_field_measures_larger(lab):
    fields = [lab.gabor(along=0.5), lab.gabor(along=1.2)]
    short, long = receptive_field(insert(lab.model_of(fields), "cells", **lab.screen))["field_length"]
    assert long > 1.2 * short


def test_a_cell_that_no_slit_moves_has_no_field(lab):
    model = lab.model_of([lab.gabor()] * 2, lambda sums: sums * 0 + sums.new_tensor([0.0, 1.0]))
    found = receptive_field(insert(model, "cells", **lab.screen))
    assert np.isnan(found["x"]).all()
    assert set(found["reason"]) == {"no slit changes its answer"}


def test_the_average_of_noise_is_the_field_and_the_gabor_function_fitted_to_it_is_its(lab):
    electrode = lab.electrode_in([lab.gabor(0.0, 90.0, along=0.8)], frequencies=[1.0], diameter=8.0)
    found = reverse_correlation(electrode, frames=4000)
    checks = average_fields(electrode, 4000)[0]
    # Checks of one pixel: the field itself, up to a factor, in a window of 11 x 11 pixels off by half a one.
    field = lab.gabor(0.0, 90.0, along=0.8)
    likeness = max(
        np.corrcoef(checks.ravel(), field[r : r + 11, c : c + 11].numpy().ravel())[0, 1]
        for r in (14, 15)
        for c in (14, 15)
    )
    assert likeness > 0.95
    assert (found["n_x"], found["n_y"]) == (pytest.approx(0.5, abs=0.12), pytest.approx(0.8, abs=0.2))
    assert abs(np.cos(np.deg2rad(found["gabor_phase"]))) < 0.3  # odd
    assert found["sta_strength"] > 10


def test_noise_is_correlated_where_the_cell_looks(lab):
    electrode = lab.electrode_in(
        [lab.gabor(x=-1.0, y=2.0)] * 2, centres=[(-1, 2), (-1, -2)], frequencies=[1.0], diameter=4.0
    )
    # The strength is the largest weight: some 4 errors if it is chance.
    here, elsewhere = reverse_correlation(electrode)["sta_strength"]
    assert here > 8 > 5 > elsewhere


def test_covariance_tells_an_energy_cell_from_a_simple_one(lab):
    options = {"frequencies": [1.0], "diameter": 8.0}
    energy = reverse_correlation(lab.electrode_in(lab.pair, lab.energy, **options))
    # A simple cell's variance falls along its own field, by up to 1 - pi / 2, and rises along no axis.
    simple = reverse_correlation(lab.electrode_in([lab.gabor()], **options), frames=6000)
    assert energy["stc_strength"] > 1.5 > 1.2 > simple["stc_strength"]
    assert energy["sta_strength"] < 5 < simple["sta_strength"]


def test_a_cell_that_answers_all_noise_alike_has_no_average(lab):
    electrode = lab.electrode_in([lab.gabor()] * 2, lambda sums: sums * 0 + sums.new_tensor([0.0, 1.0]))
    found = reverse_correlation(electrode, frames=200)
    assert found["reason"].tolist() == ["silent to noise", "answers all noise alike"]
    assert np.isnan(found["sta_strength"]).all()


def test_the_preferred_phase_is_that_at_the_cells_own_place(lab):
    here = lab.electrode_in([lab.gabor(x=1.0, y=-0.5, phase=90.0)], centres=(1, -0.5))
    # The grating's phase at the centre is the one of the field: cos(u + 90) is matched by itself.
    assert phase_modulation(here)["preferred_phase"] == pytest.approx(90, abs=3)
