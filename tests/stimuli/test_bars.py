"""Slits carry the same light wherever they lie; edges have a light side; two bars are two slits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from neuro.geometry import pixel_grid
from neuro.stimuli import EDGE, edges, slits, two_bars
from neuro.stimuli.drawing import CHUNK
from tests.stimuli.light import ON_BLACK, SCREEN, light_and_centroid, turned

orientations = st.floats(0, 180, exclude_max=True)
places = st.floats(-1.5, 1.5)
exact = {"atol": 1e-6, "rtol": 0}


# One pixel is half a degree here; the longest slit, at its farthest place, still lies within the field.
@settings(max_examples=150, deadline=None)
@given(orientations, places, places, st.floats(0.5, 3), st.floats(0.5, 8))
def test_the_light_of_a_slit_is_its_length_times_its_width_at_any_orientation_and_sub_pixel_place(
    orientation, x, y, width, length
):
    light, centroid = light_and_centroid(slits(orientation, length, width, x=x, y=y, **ON_BLACK))
    assert light[0] == pytest.approx(length * width, rel=1e-3)
    assert centroid[0] == pytest.approx([x, y], abs=2e-3)


@settings(max_examples=20, deadline=None)
@given(places, places, st.floats(1, 3))
def test_turning_a_slit_of_a_pixel_or_more_changes_its_light_by_less_than_a_thousandth(x, y, pixels_wide):
    every = slits(np.arange(0, 180, 7.5), 6, pixels_wide * 0.5, x=x, y=y, **ON_BLACK)
    light, _ = light_and_centroid(every)
    assert light.max() / light.min() < 1.001


@settings(max_examples=60, deadline=None)
@given(orientations, st.floats(-2.5, 2.5), st.floats(0.5, 3))
def test_an_offset_moves_a_slit_by_exactly_as_much_to_the_left_of_its_direction(orientation, offset, width):
    _, centroid = light_and_centroid(slits(orientation, 6, width, offset, **ON_BLACK))
    angle = np.deg2rad(orientation)
    left = np.array([-np.sin(angle), np.cos(angle)])
    assert centroid[0] == pytest.approx(offset * left, abs=1e-3)


def test_a_horizontal_slit_moves_up_and_a_vertical_one_to_the_left():
    _, centroid = light_and_centroid(slits([0, 90], 4, 1, 1.5, background=0.0))
    assert centroid == pytest.approx(np.array([[0, 1.5], [-1.5, 0]]), abs=1e-3)


def test_the_profile_across_a_slit_is_the_integral_of_a_gaussian_over_its_width():
    profile = slits(0, 50, 1.25, 0.1, background=0.0).images[0, 0, :, 32].numpy()
    y = pixel_grid(65, 4.0)[1][:, 32].numpy()
    blur = EDGE / 4
    expected = norm.cdf((y - 0.1 + 0.625) / blur) - norm.cdf((y - 0.1 - 0.625) / blur)
    assert profile == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(orientations, st.sampled_from([32, 33]))
def test_a_centred_slit_turned_by_180_degrees_is_itself(orientation, size):
    slit = slits(orientation, size=size, pixels_per_degree=2.0).images
    torch.testing.assert_close(slit, turned(slit, 2), **exact)
    torch.testing.assert_close(
        slits(orientation + 180, size=size, pixels_per_degree=2.0).images, slit, **exact
    )


@settings(max_examples=30, deadline=None)
@given(orientations, st.integers(1, 3), st.sampled_from([32, 33]))
def test_turning_a_centred_slit_by_quarters_of_a_turn_turns_the_picture(orientation, quarters, size):
    slit = slits([orientation, orientation + 90 * quarters], size=size, pixels_per_degree=2.0).images
    torch.testing.assert_close(slit[1], turned(slit[0], quarters), **exact)


def test_orientation_runs_counter_clockwise():
    image = slits(45, length=10, width=3, size=11, pixels_per_degree=1).images[0, 0]
    assert image[3, 7] > 0.95  # two degrees above and to the right of the centre
    assert image[3, 3] < 0.55


def test_a_dark_slit_mirrors_the_bright_one_about_the_background():
    bright, dark = slits(20, width=3, polarity=[1, -1], contrast=0.6).images
    torch.testing.assert_close(bright - 0.5, 0.5 - dark)
    assert float(bright.max()) == pytest.approx(0.8, abs=1e-3)


def test_full_contrast_reaches_black_and_white_from_any_background():
    bright, dark = slits(0, width=3, polarity=[1, -1], background=0.2).images
    assert float(bright.max()) == pytest.approx(1)
    assert float(dark.min()) == pytest.approx(0, abs=1e-6)


def test_a_field_twice_as_fine_shows_the_same_light():
    coarse, fine = (slits(33, size=s, pixels_per_degree=p, background=0.0) for s, p in ((65, 4), (129, 8)))
    assert light_and_centroid(coarse)[0] == pytest.approx(light_and_centroid(fine)[0], rel=1e-3)


def test_of_a_slit_longer_than_the_field_the_part_within_it_is_shown():
    light, _ = light_and_centroid(slits(0, length=100, width=2, **ON_BLACK))
    assert light[0] == pytest.approx(16.5 * 2, rel=1e-3)


def test_many_slits_drawn_at_once_are_those_drawn_one_by_one():
    many = slits(np.linspace(0, 180, 40), offset=np.linspace(-3, 3, 40), size=257, pixels_per_degree=16.0)
    assert CHUNK < 40 * 257**2  # so they are drawn in more than one chunk
    for i in (0, 14, 15, 16, 39):
        one = slits(
            many.condition("orientation")[i],
            offset=many.condition("offset")[i],
            size=257,
            pixels_per_degree=16,
        )
        assert torch.equal(one.images[0], many.images[i])


# Edges.


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 360, exclude_max=True), st.floats(-3, 3), st.floats(0, 1))
def test_an_edge_turned_half_about_is_its_negative_with_the_offset_reversed(orientation, offset, contrast):
    edge, back = edges([orientation, orientation + 180], [offset, -offset], contrast, **SCREEN).images
    torch.testing.assert_close(edge + back, torch.ones_like(edge), **exact)


def test_the_orientation_of_an_edge_runs_modulo_360_and_its_left_is_light():
    shown = edges([0, 90, 180, 270, 360, -90], **SCREEN)
    assert shown.condition("orientation").tolist() == [0, 90, 180, 270, 0, 270]
    up, left, down, right, again, _ = shown.images[:, 0]
    assert (float(up[0, 16]), float(up[-1, 16])) == pytest.approx((1, 0), abs=1e-6)
    assert (float(left[16, 0]), float(left[16, -1])) == pytest.approx((1, 0), abs=1e-6)
    torch.testing.assert_close(again, up, **exact)
    for quarters, edge in enumerate((up, left, down, right)):
        torch.testing.assert_close(edge, turned(up, quarters), **exact)


def test_the_profile_across_an_edge_is_a_cumulative_gaussian_about_mean_grey():
    profile = edges(0, 0.3, 0.4, y=1.0).images[0, 0, :, 7].numpy()
    y = pixel_grid(65, 4.0)[1][:, 7].numpy()
    assert profile == pytest.approx(0.3 + 0.4 * norm.cdf((y - 1.3) / (EDGE / 4)), abs=1e-6)


# Two bars.


@settings(max_examples=30, deadline=None)
@given(orientations, st.floats(-2, 0), st.floats(0.5, 2), st.sampled_from([-1, 1]), st.sampled_from([-1, 1]))
def test_two_bars_are_the_two_slits_added(orientation, offset, apart, polarity, other_polarity):
    width = 0.5
    both = two_bars(orientation, offset, offset + apart, 6, width, polarity, other_polarity, 0.8, **SCREEN)
    one = slits(orientation, 6, width, offset, polarity, 0.8, **SCREEN)
    other = slits(orientation, 6, width, offset + apart, other_polarity, 0.8, **SCREEN)
    torch.testing.assert_close(both.images - 0.5, one.images + other.images - 1, **exact)


def test_two_bars_that_touch_are_one_bar_of_twice_the_width():
    both = two_bars(25, -0.5, 0.5, width=1)
    torch.testing.assert_close(both.images, slits(25, width=2).images, **exact)


def test_bars_that_overlap_are_refused():
    with pytest.raises(ValueError, match=r"bars 2 degrees wide overlap at 1.5 degrees from each other"):
        two_bars([0, 90], offset=[-2, 0], other_offset=1.5, width=2)
