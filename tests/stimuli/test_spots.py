"""Spots, rings, rows of spots and scattered ones: their light, their places; diffuse light."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.stimuli import EDGE, annuli, full_field, rows_of_spots, scrambled_spots, slits, spots
from tests.stimuli.light import ON_BLACK, SCALE, light_and_centroid, turned


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=40, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(1.5, 4))
def test_a_spot_lies_at_x_y_with_the_light_of_a_disc_with_a_blurred_rim(x, y, diameter):
    light, centroid = light_and_centroid(spots(x, y, diameter, **ON_BLACK))
    assert centroid[0] == pytest.approx([x, y], abs=5e-3)
    # The integral of 2 pi r Phi((R - r) / s) over r is pi (R^2 + s^2), but for tails beyond the centre.
    blur = EDGE / SCALE
    assert light[0] == pytest.approx(np.pi * (diameter**2 / 4 + blur**2), rel=5e-3)


def test_a_spot_turned_by_90_degrees_is_itself():
    image = spots(size=17).images
    torch.testing.assert_close(image, turned(image))


# Rings.


@settings(max_examples=30, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(2, 4), st.floats(0.5, 4))
def test_the_light_of_a_ring_is_its_area(x, y, inner, more):
    light, centroid = light_and_centroid(annuli(x, y, inner, inner + more, **ON_BLACK))
    assert light[0] == pytest.approx(np.pi / 4 * ((inner + more) ** 2 - inner**2), rel=5e-3)
    assert centroid[0] == pytest.approx([x, y], abs=1e-2)


def test_a_ring_and_the_spot_in_its_hole_are_the_whole_spot():
    ring, hole, whole = (
        annuli(1, 0, 2, 5, background=0.0),
        spots(1, 0, 2, background=0.0),
        spots(1, 0, 5, background=0.0),
    )
    torch.testing.assert_close(ring.images + hole.images, whole.images, atol=1e-6, rtol=0)


def test_a_ring_without_a_hole_is_a_spot():
    torch.testing.assert_close(annuli(inner=0, outer=3).images, spots(diameter=3).images)


def test_a_ring_whose_hole_is_as_wide_as_itself_is_refused():
    with pytest.raises(ValueError, match="inner, 3 degrees, must be below outer, 3 degrees"):
        annuli(inner=[1, 3], outer=3)


# Rows.


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("spacing", [1.0, 1.6])
def test_a_row_of_spots_has_the_light_of_as_many_single_spots(count, spacing):
    row = rows_of_spots([0, 27, 90], count, spacing, diameter=0.8, background=0.0)
    one = spots(diameter=0.8, background=0.0)
    assert light_and_centroid(row)[0] == pytest.approx(count * light_and_centroid(one)[0][0], rel=2e-3)


def test_a_row_of_spots_is_its_spots_put_together():
    row = rows_of_spots(90, 3, spacing=2.0, diameter=0.8, offset=1.0, x=0.5, y=-0.25, background=0.0)
    alone = spots(-0.5, [-2.25, -0.25, 1.75], 0.8, background=0.0)
    torch.testing.assert_close(row.images[0], alone.images.sum(0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("orientation", [0, 30, 90, 150])
def test_an_offset_moves_a_row_of_spots_to_the_left_of_its_direction(orientation):
    _, centroid = light_and_centroid(rows_of_spots(orientation, offset=1.5, background=0.0))
    angle = np.deg2rad(orientation)
    assert centroid[0] == pytest.approx(1.5 * np.array([-np.sin(angle), np.cos(angle)]), abs=5e-3)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 180, exclude_max=True))
def test_turning_a_row_of_spots_by_90_degrees_turns_the_picture(orientation):
    row = rows_of_spots([orientation, orientation + 90]).images
    torch.testing.assert_close(row[1], turned(row[0]), atol=1e-6, rtol=0)


def test_rows_of_different_counts_are_drawn_together_as_each_alone():
    together = rows_of_spots([0, 90, 30], [1, 2, 5])
    for i, (orientation, count) in enumerate([(0, 1), (90, 2), (30, 5)]):
        torch.testing.assert_close(together.images[i], rows_of_spots(orientation, count).images[0])
    assert together.condition("count").tolist() == [1, 2, 5]


def test_spots_that_overlap_are_refused():
    with pytest.raises(ValueError, match=r"spots 2.0 degrees wide overlap at a spacing of 1.6 degrees"):
        rows_of_spots(0, diameter=2.0)
    assert len(rows_of_spots(0, count=1, diameter=2.0)) == 1


# Scattered spots.


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 25), st.floats(1.0, 1.6), st.integers(0, 1000))
def test_scattered_spots_never_overlap_so_they_have_the_light_of_single_spots(count, diameter, seed):
    scattered = scrambled_spots(4, seeded(seed), count, 8.0, diameter, background=0.0)
    one = light_and_centroid(spots(diameter=diameter, background=0.0))[0][0]
    assert light_and_centroid(scattered)[0] == pytest.approx(np.full(4, count * one), rel=5e-3)


def test_scattered_spots_lie_within_their_square_in_other_places_each_time():
    shown = scrambled_spots(50, seeded(), 5, extent=4.0, diameter=1.0, x=2.0, background=0.0)
    lit = shown.images[:, 0] > 0.5
    rows, columns = np.nonzero(lit.any(0).numpy())
    # 0 to 4 degrees to the right of the centre, and 2 either side of its height.
    assert set(columns) <= set(range(32, 49))
    assert set(rows) <= set(range(24, 41))
    assert len({image.numpy().tobytes() for image in lit}) == 50


def test_one_seed_scatters_spots_in_one_way():
    assert torch.equal(scrambled_spots(3, seeded(7)).images, scrambled_spots(3, seeded(7)).images)


def test_more_spots_than_there_is_room_for_are_refused():
    with pytest.raises(ValueError, match=r"a square of 2 degrees holds 4 spots 0.8 degrees wide, not 5"):
        scrambled_spots(1, seeded(), 5, extent=2.0)


# Diffuse light.


def test_diffuse_light_is_the_same_everywhere():
    shown = full_field([0, 0.25, 1], size=7)
    assert shown.images.shape == (3, 1, 7, 7)
    for image, luminance in zip(shown.images, (0, 0.25, 1), strict=True):
        assert (image == luminance).all()


def test_a_spot_far_wider_than_the_field_is_diffuse_light():
    torch.testing.assert_close(spots(diameter=60).images, full_field(1.0).images)
    torch.testing.assert_close(slits(0, 60, 60, polarity=-1).images, full_field(0.0).images)
