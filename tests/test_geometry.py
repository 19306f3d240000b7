"""Where x, y and the orientations point."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuro.geometry import along_and_across, equally_spaced_orientations, pixel_grid, pixels, resolved


def test_x_grows_to_the_right_and_y_upwards_from_the_centre():
    x, y = pixel_grid(3, pixels_per_degree=2.0)
    assert x.tolist() == [[-0.5, 0, 0.5]] * 3
    assert y.tolist() == [[0.5] * 3, [0.0] * 3, [-0.5] * 3]


def test_an_even_number_of_pixels_has_its_centre_between_four_of_them():
    x, y = pixel_grid(4, pixels_per_degree=1.0)
    assert x[0].tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert y[:, 0].tolist() == [1.5, 0.5, -0.5, -1.5]


@pytest.mark.parametrize(
    ("orientation", "along", "across"),
    [(0, 3, 4), (90, 4, -3), (180, -3, -4), (45, 7 / 2**0.5, 1 / 2**0.5)],
)
def test_the_point_3_4_lies_along_and_to_the_left_of_a_bar(orientation, along, across):
    three, four = torch.tensor(3.0, dtype=torch.float64), torch.tensor(4.0, dtype=torch.float64)
    found = along_and_across(three, four, torch.tensor(orientation))
    assert [float(value) for value in found] == pytest.approx([along, across])


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-360, 360))
def test_a_rotation_of_the_axes_keeps_distances(x, y, orientation):
    x, y = torch.tensor([x, y], dtype=torch.float64)
    along, across = along_and_across(x, y, torch.tensor(orientation))
    assert float(torch.hypot(along, across)) == pytest.approx(float(torch.hypot(x, y)), abs=1e-12)


def test_many_orientations_are_broadcast_against_the_pixels():
    x, y = pixel_grid(5, 1.0)
    along, across = along_and_across(x, y, torch.tensor([0.0, 90.0])[:, None, None])
    assert along.shape == across.shape == (2, 5, 5)
    torch.testing.assert_close(along[1], y)
    torch.testing.assert_close(across[1], -x)


def test_four_orientations_are_45_degrees_apart_and_180_is_not_one_of_them():
    assert equally_spaced_orientations(4) == [0, 45, 90, 135]


@given(st.floats(0, 20), st.floats(0.5, 10))
def test_the_pixels_of_a_length_cover_it_are_odd_and_not_wasteful(degrees, pixels_per_degree):
    n = pixels(degrees, pixels_per_degree)
    assert n % 2 == 1
    assert degrees * pixels_per_degree <= n <= degrees * pixels_per_degree + 3


# Any two of size, field and pixels per degree.


@given(st.integers(1, 500), st.floats(0.5, 60))
def test_any_two_of_pixels_degrees_and_pixels_per_degree_give_the_third(size, scale):
    field = size / scale
    assert resolved(size=size, pixels_per_degree=scale) == (size, scale)
    assert resolved(size=size, field=field) == (size, pytest.approx(scale))
    assert resolved(field=field, pixels_per_degree=scale) == (size, scale)
    assert resolved(size, field, scale) == (size, scale)


@given(st.integers(1, 500), st.floats(0.5, 60), st.integers(1, 5), st.sampled_from([-1, 1]))
def test_three_that_disagree_are_refused(size, scale, pixels_more, sign):
    other = size + sign * pixels_more
    with pytest.raises(ValueError, match=f"are {size} pixels, not {other}" if other > 0 else "above zero"):
        resolved(other, size / scale, scale)


def test_what_is_missing_is_65_pixels_of_a_quarter_degree():
    assert resolved() == (65, 4.0)
    assert resolved(size=32) == (32, 4.0)
    assert resolved(field=8.0) == (32, 4.0)
    assert resolved(pixels_per_degree=2.0) == (65, 2.0)


def test_a_field_is_covered_to_the_nearest_pixel():
    assert resolved(field=10.1, pixels_per_degree=4) == (40, 4.0)
    assert resolved(40, 10.1, 4) == (40, 4.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 0}, "size must be a number above zero; got 0"),
        ({"size": 6.5}, "size is a whole number of pixels; got 6.5"),
        ({"field": -1.0}, "field must be a number above zero; got -1.0"),
        ({"pixels_per_degree": float("nan")}, "pixels_per_degree must be a number above zero; got nan"),
        ({"field": float("inf")}, "field must be a number above zero; got inf"),
        ({"field": 0.1}, "0.1 degrees at 4 pixels per degree are less than one pixel"),
    ],
)
def test_a_screen_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        resolved(**given)
