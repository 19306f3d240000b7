"""The course of a training, of a log written by hand."""

import numpy as np

from neuro.learning.presentations import Presentations

NONE = np.array([], dtype=int)


def course(presentation, plane):
    """Of five presentations; where the seed cells lay does not matter here."""
    seeds = np.array(presentation, dtype=int), np.array(plane, dtype=int)
    return Presentations(np.arange(5), NONE, NONE, *seeds, *2 * [np.zeros(len(plane), dtype=int)])


def test_planes_are_counted_from_when_they_first_learn():
    own = course([0, 0, 2, 3, 3], [4, 1, 4, 2, 1])
    assert own.planes_so_far.tolist() == [2, 2, 2, 3, 3]
    assert own.reinforced.tolist() == [2, 0, 1, 2, 0]


def test_the_first_seeds_are_one_of_each_plane_in_order_of_the_planes():
    own = course([0, 0, 2, 3, 3], [4, 1, 4, 2, 1])
    assert own.first_seeds.tolist() == [1, 3, 0]
    assert own.plane[own.first_seeds].tolist() == [1, 2, 4]


def test_seeds_at_once_are_those_of_one_plane_at_one_presentation():
    assert course([0, 0, 2, 3, 3], [4, 1, 4, 2, 1]).seeds_at_once == 1
    assert course([0, 0, 2, 2, 2], [4, 1, 4, 4, 1]).seeds_at_once == 2


def test_a_layer_that_never_learned_has_no_seeds():
    own = course([], [])
    assert own.planes_so_far.tolist() == [0] * 5
    assert (len(own.first_seeds), own.seeds_at_once) == (0, 0)
