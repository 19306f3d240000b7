"""The chains of the visual cortex: their names, and the symmetries they must have."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from neuro.models import hubel_wiesel as address
from neuro.models.hubel_wiesel import (
    GaborCells,
    gabor_cortex,
    hubel_wiesel,
    hypercomplex,
    normalised_cortex,
    plane_of,
    saturating_cortex,
    sum_complex,
)
from neuro.recording import record
from neuro.stimuli import full_field, slits

STEP = 22.5
EIGHT = np.arange(8) * STEP
CORTICES = [hubel_wiesel, gabor_cortex]


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.integers(9, 40))
def test_diffuse_light_gives_exactly_nothing_anywhere_not_even_at_the_rim(luminance, size):
    light = full_field(luminance, size=size).images
    assert not GaborCells(2, 0.45, 0.6, 1.5, 4.0)(light).any()
    assert not hubel_wiesel(orientations=2)(light).any()


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


def test_the_chains_are_named_after_their_cells():
    assert list(dict(hubel_wiesel().named_children())) == ["lgn", "simple", "complex"]
    assert list(dict(gabor_cortex().named_children())) == ["simple", "complex"]
    answer = hubel_wiesel(orientations=6)(noise(2, 1, 33, 33))
    assert answer.shape == (2, 6, 33, 33)


def test_planes_are_counted_from_horizontal_modulo_180_degrees():
    assert [plane_of(o, orientations=6) for o in (0, 30, 150, 180, -30)] == [0, 1, 5, 0, 5]


@pytest.mark.parametrize(
    ("model", "layers"),
    [
        (hypercomplex, ["lgn", "simple", "complex", "hypercomplex"]),
        (normalised_cortex, ["simple", "normalised", "complex"]),
        (saturating_cortex, ["simple", "saturated", "complex"]),
    ],
)
def test_every_chain_answers_a_picture_in_planes_as_large_as_it(model, layers):
    chain = model()
    assert list(dict(chain.named_children())) == layers
    answer = chain(noise(2, 1, 21, 21))
    assert answer.shape == (2, 24 if layers[-1] == "hypercomplex" else 8, 21, 21)
    assert not chain(full_field(0.8, size=21).images).any()


def test_the_phases_of_a_chain_are_those_asked_for():
    model = hubel_wiesel(2, phases=(0, 45, 90, 135, 180, 225, 270, 315))
    assert record(model, slits(0), ["simple"], "centre")["simple"].shape == (1, 16, 1, 1)
    assert record(model, slits(0), ["complex"], "centre")["complex"].shape == (1, 2, 1, 1)


def test_a_chain_without_the_cells_it_needs_is_refused_with_those_it_has():
    with pytest.raises(
        ValueError, match="expected a chain with a layer 'simple' of SimpleCells or GaborCells; got 0"
    ):
        sum_complex(nn.Sequential(nn.ReLU()))
    with pytest.raises(ValueError, match="this chain has no layer 'complex'"):
        hypercomplex(address.gabor_cells())


def test_every_name_of_the_address_is_there():
    assert sorted(address.__all__) == sorted(set(address.__all__))
    assert all(hasattr(address, name) for name in address.__all__)
