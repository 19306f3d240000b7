"""Where x, y and the orientations point."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuro.geometry import along_and_across, equally_spaced_orientations, pixel_grid, pixels


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
