"""Slits, pairs of bars, spots and diffuse light shown to cells whose wiring is known."""

import numpy as np
import pytest
import torch

from neuro.physiology import (
    best_slit,
    clutter_tolerance,
    diffuse_light,
    on_and_off,
    position_tolerance_of_slits,
    scale_tolerance,
    slit_answers,
    spots_in_a_row,
    two_bar_test,
)


def places_apart(lab, orientation=0.0):
    """The same field at two places, two degrees apart across its orientation."""
    return [lab.gabor(orientation, y=-1.0), lab.gabor(orientation, y=1.0)]


@pytest.mark.parametrize(("phase", "polarity"), [(0.0, 1), (180.0, -1)])
def test_the_best_slit_lies_on_the_subregion_of_its_sign(lab, phase, polarity):
    slit = best_slit(lab.electrode_in([lab.gabor(phase=phase)]))
    assert (slit["polarity"], slit["shift"]) == (polarity, 0)


def test_an_odd_cell_answers_light_on_one_side_and_darkness_on_the_other(lab):
    found = position_tolerance_of_slits(lab.electrode_in([lab.gabor(phase=90.0)]))
    assert found["polarity_index"] == pytest.approx(0, abs=0.02)
    # An even cell's best answer to light is its centre, to darkness one of two flanks.
    assert position_tolerance_of_slits(lab.electrode_in([lab.gabor()]))["polarity_index"] > 0.1


def test_a_pool_of_places_tolerates_shifts_that_one_of_its_cells_does_not(lab):
    places = np.arange(-1.0, 1.1, 0.25)
    fields = [lab.gabor(0.0, phase, y=y) for y in places for phase in (0.0, 90.0)]
    pooled = lab.electrode_in(fields, lambda sums: lab.energy(sums).amax(1, keepdim=True))
    alone = position_tolerance_of_slits(lab.electrode_in([lab.gabor(0.0)]))
    wide = position_tolerance_of_slits(pooled)
    assert alone["tolerance_subregions"] < 1.5
    assert wide["position_tolerance"] > 2
    assert wide["shift_invariance"] > 2 * alone["shift_invariance"]


def test_two_bars_tell_a_sum_from_a_maximum(lab):
    electrode = lab.electrode_in(
        places_apart(lab),
        lambda sums: torch.stack([sums.relu().sum(1), sums.relu().amax(1)], 1),
        frequencies=[1.0],
    )
    assert two_bar_test(electrode)["max_index"] == pytest.approx([1, 0], abs=0.02)


def test_a_cell_with_one_place_has_no_max_index(lab):
    found = two_bar_test(lab.electrode_in([lab.gabor()], lambda sums: (sums - 0.1).relu()))
    assert found["reason"].tolist() == ["answers in one place only"]


def test_a_linear_cell_sums_its_spots_and_cannot_tell_them_from_a_slit_of_their_light(lab):
    found = spots_in_a_row(lab.electrode_in([lab.gabor()]))
    assert found["superadditivity"] == pytest.approx(1, abs=0.02)
    # Round spots keep to the middle of the subregion, where the field is largest: more than the slit.
    assert 1 < found["confusion_index"] < 2
    assert found["orthogonal_row"] < 0.5


def test_energy_is_superadditive(lab):
    # Four equal parts squared together are 4^2 = 16, one by one 4; these parts are not quite equal.
    assert 2 < spots_in_a_row(lab.electrode_in(lab.pair, lab.energy))["superadditivity"] <= 4


def test_a_template_with_a_threshold_is_silent_to_single_spots(lab):
    found = spots_in_a_row(lab.electrode_in([lab.gabor()], lambda sums: (sums - 0.15).relu()))
    assert np.isnan(found["superadditivity"])
    assert found["reason"].tolist() == ["silent to single spots"]


def test_balanced_fields_do_not_answer_diffuse_light_and_a_blob_does(lab):
    blob = lab.gabor() * 0
    blob[18:22, 18:22] = 1 / 16
    assert diffuse_light(lab.electrode_in([lab.gabor()]))["diffuse_ratio"] < 1e-4
    assert diffuse_light(lab.electrode_in([blob]))["diffuse_ratio"] == pytest.approx(1, abs=0.01)


def test_places_of_light_and_darkness_are_apart_for_a_simple_cell_and_the_same_for_a_complex_one(lab):
    assert on_and_off(lab.electrode_in([lab.gabor(phase=90.0)]))["overlap_index"] < 0.3
    assert on_and_off(lab.electrode_in(lab.pair, lab.energy))["overlap_index"] > 0.9


def test_a_cell_that_takes_no_light_is_named(lab):
    off_only = lab.electrode_in([_hole()])
    found = on_and_off(off_only)
    assert found["on_off_index"] == pytest.approx(-1)
    assert found["reason"].tolist() == ["silent to light or to dark spots"]


def _hole():
    field = torch.zeros(40, 40)
    field[18:22, 18:22] = -1 / 16
    return field


def test_tolerance_is_in_degrees(lab):
    found = position_tolerance_of_slits(lab.electrode_in([lab.gabor()], frequencies=[0.5]))
    # A subregion is half of a period of two degrees.
    assert found["position_tolerance"] == pytest.approx(found["tolerance_subregions"])


def test_tolerance_of_scale_is_in_octaves(lab):
    # Nearly alike: only so much more to the slit on the blob that this one is the best.
    all_alike = lab.electrode_in([-_hole()], lambda sums: (sums > 0.02) + 0.01 * sums, frequencies=[1.0])
    found = scale_tolerance(all_alike)
    assert found["scale_tolerance"] == pytest.approx(4)  # from a quarter to four times
    assert found["scale_invariance"] == pytest.approx(1, abs=0.01)
    assert 0.5 < scale_tolerance(lab.electrode_in([lab.gabor()]))["scale_tolerance"] < 4


def test_noise_is_as_often_added_as_taken_away_from_a_cell_above_its_threshold(lab):
    resting = lab.electrode_in([lab.gabor()], lambda sums: (sums + 0.5).relu(), frequencies=[1.0])
    (best,) = slit_answers(resting).best
    found = clutter_tolerance(resting, contrast=0.1)
    # The mean is over five noises.
    assert found["clutter_tolerance"] == pytest.approx(1, abs=0.05)
    assert found["noise_alone"] == pytest.approx(0.5 / best, abs=0.05)
    assert best > 0.7
