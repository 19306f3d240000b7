"""Images changed at random: each amount alone is the distortion it is named for."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.distortions import shifted
from neuro.learning.augmentation import Jitter
from neuro.stimuli import Stimuli


def spots(n, size=33, x=8, y=0, sd=2.0):
    """One blurred spot, x pixels right of the centre and y up."""
    row, column = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    middle = size // 2
    spot = torch.exp(-((column - middle - x) ** 2 + (middle - row - y) ** 2) / (2 * sd**2))
    return spot.repeat(n, 1, 1, 1).float()


def centres(images):
    """Where the light is, in pixels right of the centre and up. Shapes: (2, B)."""
    light, middle = images[:, 0].double(), images.shape[-1] // 2
    places = torch.arange(images.shape[-1]) - middle
    total = light.sum((1, 2))
    return torch.stack(
        [(light.sum(1) * places).sum(1) / total, -(light.sum(2) * places).sum(1) / total]
    ).numpy()


def test_a_jitter_of_nothing_changes_nothing():
    images = torch.rand(4, 2, 7, 9)
    torch.testing.assert_close(Jitter()(images), images, atol=1e-5, rtol=0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3))
def test_shifts_are_whole_pixels_up_to_the_amount_to_all_sides(reach):
    images = torch.rand(1, 1, 9, 9)
    moves = [(x, y) for x in range(-reach, reach + 1) for y in range(-reach, reach + 1)]
    stimuli = Stimuli(images.repeat(len(moves), 1, 1, 1))
    possible = shifted(stimuli, *np.array(moves).T).images
    with torch.random.fork_rng():
        torch.manual_seed(0)
        moved = Jitter(reach)(images.repeat(600, 1, 1, 1))
    off = (moved[:, None] - possible).abs().flatten(2).amax(2)
    assert off.min(1).values.max() < 1e-5  # every one is one of these
    assert set(off.argmin(1).tolist()) == set(range(len(moves)))  # and all of these occur


def test_turning_keeps_the_distance_from_the_centre_and_turns_evenly_to_both_sides():
    torch.manual_seed(0)
    x, y = centres(Jitter(turn=30)(spots(500)))
    np.testing.assert_allclose(np.hypot(x, y), 8, atol=0.05)
    angles = np.degrees(np.arctan2(y, x))
    assert 28 < angles.max() < 30.5
    assert -30.5 < angles.min() < -28
    assert abs(angles.mean()) < 3  # 500 draws of s.d. 17


def test_resizing_moves_along_the_ray_by_factors_whose_logarithm_is_even():
    torch.manual_seed(0)
    x, y = centres(Jitter(scale=1.4)(spots(500, x=5)))
    np.testing.assert_allclose(y, 0, atol=0.01)
    logs = np.log(x / 5) / math.log(1.4)
    assert 0.95 < logs.max() < 1.05
    assert -1.05 < logs.min() < -0.95
    assert abs(logs.mean()) < 0.1


def test_shearing_moves_sideways_by_the_height():
    torch.manual_seed(0)
    x, y = centres(Jitter(shear=20)(spots(300, x=0, y=8)))
    np.testing.assert_allclose(y, 8, atol=0.05)
    lean = np.degrees(np.arctan2(np.abs(x), y))
    assert 19 < lean.max() < 20.5


def test_images_of_a_batch_are_changed_each_in_its_own_way():
    torch.manual_seed(0)
    changed = Jitter(turn=20)(spots(3))
    assert not torch.equal(changed[0], changed[1])


@pytest.mark.parametrize("amounts", [{"shift": -1}, {"turn": -1.0}, {"scale": 0.9}, {"shear": 90.0}])
def test_amounts_that_make_no_sense_are_refused(amounts):
    with pytest.raises(ValueError, match="amounts are zero or more, scale 1 or more, shear below 90"):
        Jitter(**amounts)
