"""Gratings repeat, turn and are bounded as their formula says; plaids are gratings added."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.geometry import along_and_across, pixel_grid
from neuro.stimuli import gratings, plaids, spots
from tests.stimuli.light import SCALE, SCREEN, SIZE, turned

orientations = st.floats(0, 180, exclude_max=True)
exact = {"atol": 1e-6, "rtol": 0}


@settings(max_examples=40, deadline=None)
@given(orientations, st.floats(0, 1), st.floats(0, 360), st.floats(0, 1), st.floats(-3, 3), st.floats(-3, 3))
def test_a_grating_is_its_formula(orientation, frequency, phase, contrast, x, y):
    grid_x, grid_y = pixel_grid(SIZE, SCALE)
    _, across = along_and_across(grid_x - x, grid_y - y, torch.tensor(orientation, dtype=torch.float64))
    expected = 0.5 + 0.5 * contrast * np.cos(2 * np.pi * frequency * across.numpy() + np.deg2rad(phase))
    image = gratings(orientation, frequency, phase, contrast, x=x, y=y, **SCREEN).images[0, 0]
    assert image.numpy() == pytest.approx(expected, abs=1e-6)


def test_a_grating_of_half_a_cycle_per_degree_repeats_every_two_degrees():
    horizontal, vertical = gratings([0, 90], 0.5, pixels_per_degree=4).images[:, 0]
    torch.testing.assert_close(horizontal[8:], horizontal[:-8])
    torch.testing.assert_close(horizontal[4:] - 0.5, 0.5 - horizontal[:-4])
    torch.testing.assert_close(horizontal, horizontal[:, :1].expand(-1, 65))
    torch.testing.assert_close(vertical, turned(horizontal))


@settings(max_examples=30, deadline=None)
@given(orientations, st.floats(0.1, 1), st.sampled_from([None, 6.0]), st.sampled_from([32, 33]))
def test_an_even_grating_turned_by_180_degrees_is_itself(orientation, frequency, diameter, size):
    image = gratings(orientation, frequency, diameter=diameter, size=size, pixels_per_degree=2.0).images
    torch.testing.assert_close(image, turned(image, 2), **exact)


@settings(max_examples=30, deadline=None)
@given(orientations, st.floats(0.1, 1), st.integers(1, 3), st.sampled_from([None, 6.0]))
def test_turning_an_even_grating_by_quarters_of_a_turn_turns_the_picture(
    orientation, frequency, quarters, diameter
):
    images = gratings(
        [orientation, orientation + 90 * quarters], frequency, diameter=diameter, **SCREEN
    ).images
    torch.testing.assert_close(images[1], turned(images[0], quarters), **exact)


def test_half_a_turn_of_phase_exchanges_light_and_dark():
    images = gratings(30, phase=[10, 190], contrast=0.4).images
    torch.testing.assert_close(images[0] - 0.5, 0.5 - images[1])


def test_a_quarter_turn_of_phase_moves_a_grating_a_quarter_period_to_the_right_of_its_direction():
    images = gratings(0, 0.5, phase=[0, 90], pixels_per_degree=4).images[:, 0]
    torch.testing.assert_close(images[1, 2:], images[0, :-2])  # two of eight pixels down


def test_contrast_is_michelson():
    image = gratings(0, 0.5, contrast=0.3).images
    assert float((image.max() - image.min()) / (image.max() + image.min())) == pytest.approx(0.3)


@pytest.mark.parametrize("frequency", [2.1, -2.1])
def test_a_grating_above_nyquist_is_refused(frequency):
    for show in (lambda f: gratings(0, f), lambda f: plaids(0, 90, spatial_frequency=f)):
        with pytest.raises(ValueError, match=r"above Nyquist: 4 pixels per degree carry at most 2"):
            show([0.5, frequency])
        show(2.0)


def test_nyquist_follows_the_pixels_per_degree_that_size_and_field_make():
    gratings(0, 3.9, size=64, field=8.0)
    with pytest.raises(ValueError, match=r"4.1 cycles/degree is above Nyquist: 8 pixels per degree"):
        gratings(0, 4.1, size=64, field=8.0)


# Windows.


def test_within_its_window_a_grating_is_the_whole_one_and_outside_it_is_grey():
    whole, window = gratings(20, phase=40).images[0, 0], gratings(20, phase=40, diameter=8).images[0, 0]
    distance = torch.hypot(*pixel_grid(65, 4.0))
    inside, outside = distance < 4 - 0.8, distance > 4 + 0.8  # 0.8 degrees: more than four blurs
    torch.testing.assert_close(window[inside], whole[inside], atol=1e-5, rtol=0)
    torch.testing.assert_close(window[outside], torch.full_like(window[outside], 0.5), atol=1e-5, rtol=0)


def test_a_window_about_a_grating_without_frequency_is_a_spot():
    shown = gratings(0, 0.0, contrast=0.6, diameter=3, x=1, y=-2)
    torch.testing.assert_close(shown.images, spots(1, -2, 3, contrast=0.6).images)


def test_a_patch_moved_by_whole_pixels_is_the_moved_picture():
    patch, moved = gratings(33, diameter=5, phase=70, x=[0, 1], y=[0, -2]).images[:, 0]
    torch.testing.assert_close(moved, patch.roll((8, 4), (0, 1)), atol=1e-6, rtol=0)


# Plaids.


@settings(max_examples=30, deadline=None)
@given(orientations, orientations, st.floats(0, 1), st.floats(0, 360), st.sampled_from([None, 5.0]))
def test_a_plaid_is_its_two_gratings_added(orientation, mask_orientation, share, phase, diameter):
    plaid = plaids(orientation, mask_orientation, share, 1 - share, 0.7, 20, phase, diameter, **SCREEN)
    one = gratings(orientation, 0.7, 20, share, diameter, **SCREEN)
    mask = gratings(mask_orientation, 0.7, phase, 1 - share, diameter, **SCREEN)
    torch.testing.assert_close(plaid.images - 0.5, one.images + mask.images - 1, **exact)


def test_a_plaid_whose_mask_has_no_contrast_is_a_grating():
    torch.testing.assert_close(plaids(30, 120, 0.5, 0).images, gratings(30, contrast=0.5).images)


def test_contrasts_that_add_up_to_more_than_one_are_refused():
    with pytest.raises(ValueError, match=r"contrast and mask_contrast together reach 1.1"):
        plaids(0, 90, [0.2, 0.6], 0.5)
