"""A teacher's lessons against the closed form of a plane reinforced by named patterns."""

import logging
import math

import numpy as np
import pytest
import torch

from neuro.learning import SupervisedSeedCells, history_of, presentations
from neuro.models.neocognitron import Stage, fukushima_1988, neocognitron
from neuro.patterns_1988 import digits_1988, lessons_1988
from neuro.stimuli import Stimuli

TWO = (
    Stage(planes=3, s_window=3, s_padding=1, r=1.7, initial=0.01, c_window=3, c_padding=1, c_step=1),
    Stage(planes=2, s_window=3, s_padding=1, initial=0.01, c_window=2, c_padding=0),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def lessons(layer=("US1", "US1", "US1"), plane=(0, 2, 0), row=(4, 2, 3), column=(3, 5, 3)):
    images = torch.rand(len(plane), 1, 8, 8, generator=seeded())
    return Stimuli(images, {"layer": np.array(layer), "plane": plane, "row": row, "column": column})


def test_a_plane_holds_the_sum_of_the_patterns_it_was_taught_and_b_the_sum_of_their_norms():
    shown = lessons()
    taught = SupervisedSeedCells(q=4.0).fit(neocognitron(TWO), shown, seeded())
    c = taught.US1.c[0].numpy()
    patches = [
        shown.images[n, :, row - 1 : row + 2, column - 1 : column + 2].numpy()
        for n, row, column in ((0, 4, 3), (1, 2, 5), (2, 3, 3))
    ]
    v = [np.sqrt((c * patch**2).sum()) for patch in patches]
    np.testing.assert_allclose(taught.US1.a[0].detach(), 4 * c * (patches[0] + patches[2]), rtol=1e-5)
    np.testing.assert_allclose(taught.US1.a[2].detach(), 4 * c * patches[1], rtol=1e-5)
    np.testing.assert_allclose(taught.US1.b.detach(), [2 * (v[0] + v[2]), 0, 2 * v[1]], rtol=1e-5)


def test_a_plane_taught_one_pattern_answers_it_in_full_wherever_it_stands():
    shown = lessons(("US1",), (1,), (4,), (4,))
    taught = SupervisedSeedCells().fit(neocognitron(TWO), shown, seeded())
    moved = torch.roll(shown.images, (1, -2), (2, 3))
    # Saturated, the answer to the pattern itself is (1 - theta) / (1 - theta) = 1.
    torch.testing.assert_close(taught.US1(shown.images)[0, 1, 4, 4], torch.tensor(1.0), rtol=1e-3, atol=0)
    torch.testing.assert_close(taught.US1(moved)[0, 1, 5, 2], taught.US1(shown.images)[0, 1, 4, 4])


def test_an_upper_layer_is_taught_by_what_the_taught_layers_below_show_it():
    shown = lessons(("US1", "US2", "US1"), (0, 1, 2), (4, 5, 3), (3, 2, 3))
    both = SupervisedSeedCells().fit(neocognitron(TWO), shown, seeded())
    first = SupervisedSeedCells().fit(neocognitron(TWO), shown[[0, 2]], seeded())
    assert torch.equal(both.US1.a, first.US1.a)
    with torch.no_grad():
        seen = first[:2](shown.images[[1]])[0, :, 4:7, 1:4]
    torch.testing.assert_close(both.US2.a[1].detach(), 1e5 * both.US2.c[0] * seen)


def test_order_and_chance_play_no_part():
    shown = lessons(("US1", "US2", "US1"), (0, 1, 2), (4, 5, 3), (3, 2, 3))
    rule = SupervisedSeedCells()
    one, other = rule.fit(neocognitron(TWO), shown, seeded(0)), rule.fit(neocognitron(TWO), shown, seeded(1))
    turned = rule.fit(neocognitron(TWO), shown[[2, 1, 0]], seeded())
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
        torch.testing.assert_close(value, turned.state_dict()[name])


def test_a_layer_without_lessons_stays_and_a_plane_without_one_is_cleared_and_reported(caplog):
    model = neocognitron(TWO)
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        taught = SupervisedSeedCells().fit(model, lessons(), seeded())
    assert torch.equal(taught.US2.a, model.US2.a)
    assert not taught.US1.a[1].any()
    assert caplog.messages == ["US1: 1 of 3 planes had no lesson that their seed cell sees: 1"]
    assert "US2 image" not in history_of(taught)
    assert presentations(taught, "US1").seeds(0).tolist() == [[0, 4, 3], [2, 3, 3]]
    assert model.US1.a[1].any()  # the original is as it was


def test_lessons_that_make_no_sense_are_refused():
    rule, model = SupervisedSeedCells(), neocognitron(TWO)
    with pytest.raises(KeyError, match="row"):
        rule.fit(model, lessons().without("row"), seeded())
    with pytest.raises(ValueError, match=r"lessons for \['US7'\], but the S-layers are US1, US2"):
        rule.fit(model, lessons(("US1", "US7", "US1")), seeded())
    for cell in ({"plane": (0, 3, 0)}, {"row": (0, 0, 8)}, {"column": (0, -1, 0)}):
        with pytest.raises(ValueError, match="US1 has 3 planes of 8 x 8 cells; a lesson names plane"):
            rule.fit(model, lessons(**cell), seeded())
    for q in (0, math.inf):
        with pytest.raises(ValueError, match=f"q must be above zero and finite; got {q}"):
            SupervisedSeedCells(q=q)


def test_the_net_of_1988_names_the_digits_it_was_taught():
    taught = SupervisedSeedCells().fit(fukushima_1988(), lessons_1988(), seeded())
    digits = digits_1988()
    with torch.no_grad():
        assert torch.equal(taught(digits.images).flatten(1).argmax(1), digits.labels)
