"""Parameters become conditions; those that cannot be shown are refused; any two of three sizes are enough."""

import numpy as np
import pytest
import torch

import neuro.stimuli
from neuro.stimuli import (
    annuli,
    dense_noise,
    edges,
    full_field,
    gratings,
    moving_bars,
    plaids,
    rows_of_spots,
    scrambled_spots,
    slits,
    sparse_noise,
    spots,
    two_bars,
)

DRAWN = [
    lambda **on: slits(0, **on),
    lambda **on: edges(0, **on),
    lambda **on: spots(**on),
    lambda **on: annuli(**on),
    lambda **on: rows_of_spots(0, **on),
    lambda **on: scrambled_spots(1, torch.Generator(), **on),
    lambda **on: two_bars(0, **on),
    lambda **on: gratings(0, **on),
    lambda **on: plaids(0, 90, **on),
    lambda **on: full_field(**on),
    lambda **on: sparse_noise(1, torch.Generator(), **on),
    lambda **on: dense_noise(1, torch.Generator(), **on),
    lambda **on: moving_bars(0, duration=10, **on),
]


@pytest.mark.parametrize("show", DRAWN)
def test_everything_is_shown_on_a_screen_given_by_any_two_of_three_numbers(show):
    for on in (
        {"size": 32, "field": 8},
        {"size": 32, "pixels_per_degree": 4},
        {"field": 8, "pixels_per_degree": 4},
    ):
        shown = show(**on)
        assert shown.images.shape[-2:] == (32, 32)
        assert shown.pixels_per_degree == 4
    assert show().images.shape[-1] == 65
    with pytest.raises(ValueError, match="8 degrees at 4 pixels per degree are 32 pixels, not 33"):
        show(size=33, field=8, pixels_per_degree=4)


def test_all_that_is_public_is_there():
    assert sorted(neuro.stimuli.__all__) == neuro.stimuli.__all__
    assert all(hasattr(neuro.stimuli, name) for name in neuro.stimuli.__all__)


def test_parameters_are_broadcast_and_become_the_conditions():
    shown = slits([0, 190, -10], width=0.5, offset=[1, 2, 3], y=1)
    assert len(shown) == 3
    assert shown.condition("orientation").tolist() == [0, 10, 170]
    assert shown.condition("offset").tolist() == [1, 2, 3]
    assert shown.condition("width").tolist() == [0.5] * 3
    assert shown.condition("y").tolist() == [1] * 3
    torch.testing.assert_close(shown[1].images, slits(10, width=0.5, offset=2, y=1).images)


@pytest.mark.parametrize(
    ("show", "message"),
    [
        (lambda: slits([0, 1], offset=[1, 2, 3]), r"of one length; got orientation \(2,\), offset \(3,\)"),
        (lambda: slits([0, np.nan]), "orientation must be a finite number or a list of them"),
        (lambda: slits([[0, 1]]), "orientation must be a finite number or a list of them"),
        (lambda: slits([]), r"orientation must be a finite number or a list of them; got \[\]"),
        (lambda: slits("upright"), "orientation must be a finite number or a list of them; got 'upright'"),
        (lambda: edges(np.inf), "orientation must be a finite number or a list of them"),
        (lambda: slits(0, x=np.nan), "x must be a finite number or a list of them"),
        (lambda: slits(0, contrast=1.1), "contrast lies between 0 and 1; got 1.1"),
        (lambda: gratings(0, contrast=-0.1), "contrast lies between 0 and 1; got -0.1"),
        (lambda: plaids(0, 90, mask_contrast=-0.1), "mask_contrast lies between 0 and 1; got -0.1"),
        (lambda: full_field(1.5), "luminance lies between 0 and 1; got 1.5"),
        (lambda: spots(background=1.5), "background lies between 0 and 1; got 1.5"),
        (lambda: slits(0, polarity=0), r"polarity is \+1 \(light\) or -1 \(dark\); got 0"),
        (lambda: spots(polarity=[1, 2]), r"polarity is \+1 \(light\) or -1 \(dark\)"),
        (lambda: two_bars(0, other_polarity=0), r"other_polarity is \+1 \(light\) or -1 \(dark\); got 0"),
        (lambda: slits(0, width=0), "width must be above zero; got 0"),
        (lambda: slits(0, length=-1), "length must be above zero; got -1"),
        (lambda: spots(diameter=[1, 0]), r"diameter must be above zero; got \[1, 0\]"),
        (lambda: gratings(0, diameter=0), "diameter must be above zero; got 0"),
        (lambda: annuli(inner=-1), "inner must not be below zero; got -1"),
        (lambda: rows_of_spots(0, count=2.5), "count is a whole number, one or more; got 2.5"),
        (lambda: rows_of_spots(0, count=0), "count is a whole number, one or more; got 0"),
        (lambda: scrambled_spots(0, torch.Generator()), r"repeat must be a finite number or a list of them"),
        (lambda: scrambled_spots(1, torch.Generator(), diameter=0), "diameter must be above zero; got 0"),
    ],
)
def test_parameters_that_cannot_be_shown_are_refused(show, message):
    with pytest.raises(ValueError, match=message):
        show()
