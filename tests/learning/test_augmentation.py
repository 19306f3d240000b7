"""Images changed at random: each amount alone is the distortion it is named for."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.distortions import shifted
from neuro.learning.augmentation import AS_TAUGHT, Jitter, transformed
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


def changed(images, move=(0, 0), turn=0.0, shrink=1.0, lean=0.0, widen=1.0):
    """Each image changed by the same amounts."""
    n = len(images)
    amounts = (torch.full((n,), float(amount)) for amount in (turn, shrink, lean, widen))
    return transformed(images, torch.tensor([move]).expand(n, 2), *amounts)


def evenness(values):
    """The largest distance of n values' cumulative share from that of a line from -1 to 1, times sqrt(n)."""
    steps = np.arange(len(values)) / len(values)
    return np.abs((np.sort(values) + 1) / 2 - steps).max() * math.sqrt(len(values))


def test_turning_by_a_right_angle_is_that_of_torch():
    images = torch.rand(3, 2, 9, 9)
    torch.testing.assert_close(
        changed(images, turn=math.pi / 2), torch.rot90(images, 1, (2, 3)), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        changed(images, turn=math.pi), torch.rot90(images, 2, (2, 3)), atol=1e-5, rtol=0
    )


def test_in_an_image_wider_than_high_turning_keeps_the_distance_and_shearing_the_angle():
    wide = torch.nn.functional.pad(spots(1, x=0, y=8), (20, 20))
    for turn in (0.5, math.pi / 2, -2.0):
        (x,), (y,) = centres(changed(wide, turn=turn)[..., 20:-20])
        assert math.hypot(x, y) == pytest.approx(8, abs=0.05)
        assert math.atan2(-x, y) == pytest.approx(turn, abs=0.01)  # counter-clockwise, from straight up
    (x,), (y,) = centres(changed(wide, lean=0.35)[..., 20:-20])
    assert abs(x) / y == pytest.approx(math.tan(0.35), abs=0.01)


def test_a_flip_puts_left_for_right_and_a_second_one_puts_them_back():
    images = torch.rand(5, 1, 8, 8)
    once = Jitter(flip=1)(images)
    torch.testing.assert_close(once, images.flip(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(Jitter(flip=1)(once), images, atol=1e-5, rtol=0)


def test_images_are_flipped_as_often_as_is_said():
    torch.manual_seed(0)
    images = torch.arange(4.0).expand(2000, 1, 4, 4)
    flipped = (Jitter(flip=0.25)(images) - images.flip(3)).abs().amax((1, 2, 3)) < 1e-5
    assert flipped.float().mean().item() == pytest.approx(0.25, abs=0.04)  # 4 s.d. of 2,000 draws


def test_the_logarithms_of_sizes_and_of_stretches_are_even():
    torch.manual_seed(0)
    sizes = centres(Jitter(scale=1.6)(spots(1000, x=4)))[0] / 4
    wide, high = centres(Jitter(stretch=1.3)(spots(1000, x=4, y=4, sd=1.5))) / 4
    # Kolmogorov's 99.9 % bound, for 1,000 values known to about 0.01.
    assert evenness(np.log(sizes) / math.log(1.6)) < 1.95
    assert evenness(np.log(wide) / math.log(1.3)) < 1.95
    np.testing.assert_allclose(wide * high, 1, atol=0.02)  # the wider, the lower


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_only_resizing_changes_how_much_light_there_is(turn):
    spot = spots(1, size=65, x=3, y=2)
    light = spot.sum().item()  # known to 0.5 % between pixels
    for amounts in ({"lean": 0.35}, {"widen": 1.3}, {"widen": -1.3}, {"turn": 2.0}, {"move": (3, -2)}):
        assert changed(spot, **({"turn": turn} | amounts)).sum().item() == pytest.approx(light, rel=5e-3)
    assert changed(spot, turn=turn, shrink=0.8).sum().item() == pytest.approx(light / 0.8**2, rel=5e-3)


def test_a_full_turn_points_evenly_to_all_sides():
    torch.manual_seed(0)
    x, y = centres(Jitter(turn=180)(spots(1000)))
    assert evenness(np.arctan2(y, x) / math.pi) < 1.95


def test_what_is_not_asked_for_leaves_the_other_amounts_as_they_are_drawn():
    images = spots(6, x=3)
    drawn = []
    for jitter in (Jitter(1, 10, 1.2, 10), Jitter(1, 10, 1.2, 10, stretch=1 + 1e-7, flip=1e-9)):
        torch.manual_seed(3)
        drawn.append(jitter(images))
    torch.testing.assert_close(*drawn, atol=1e-5, rtol=0)


def test_the_list_of_the_decks_is_as_they_print_it():
    assert (AS_TAUGHT.turn, AS_TAUGHT.shift, AS_TAUGHT.scale) == (180, 10, 1.6)  # to either side
    assert (AS_TAUGHT.flip, AS_TAUGHT.shear, AS_TAUGHT.stretch) == (0.5, 20, 1.3)


@pytest.mark.parametrize(
    "amounts",
    [
        *({"shift": -1}, {"turn": -1.0}, {"scale": 0.9}, {"shear": 90.0}),
        *({"stretch": 0.9}, {"flip": -0.1}, {"flip": 1.1}, {"shift": 1.5}, {"turn": math.nan}),
    ],
)
def test_amounts_that_make_no_sense_are_refused(amounts):
    with pytest.raises(
        ValueError, match="amounts are zero or more, scale and stretch 1 or more, shear below"
    ):
        Jitter(**amounts)
