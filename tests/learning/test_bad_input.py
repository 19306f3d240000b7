"""What a net can not learn from is refused in words, or its result is known; one test for all rules."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from neuro.estimators import NeocognitronFeatures
from neuro.learning import (
    AddIfSilent,
    BatchedWinnerTakeAll,
    Imprinting,
    SupervisedSeedCells,
    WinnerKillLoser,
    WinnerTakeAll,
    fit_side_by_side,
    history_of,
)
from neuro.models.neocognitron import CLayer, Stage, fukushima_1980, modern_neocognitron, neocognitron
from neuro.stimuli import Stimuli

TWO = (
    Stage(planes=4, s_padding=2, r=4.0, initial=0.002, c_window=3, c_padding=1),
    Stage(planes=3, s_window=3, s_padding=1, initial=0.0002, c_window=2, c_padding=0),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@dataclass(frozen=True)
class SideBySide:
    """Two nets of one kind that learn side by side, as a rule for one."""

    def fit(self, model, stimuli, generator):
        rule = WinnerTakeAll(presentations=1)
        return fit_side_by_side([rule] * 2, [model] * 2, [stimuli] * 2, [generator, seeded(1)])[0]


@dataclass(frozen=True)
class Taught:
    """SupervisedSeedCells with a lesson in each image: plane 0 of US1, whose seed cell is at (5, 5)."""

    def fit(self, model, stimuli, generator):
        n = len(stimuli)
        lessons = {"layer": np.array(["US1"] * n), "plane": np.zeros(n, int)}
        lessons |= {"row": np.full(n, 5), "column": np.full(n, 5)}
        return SupervisedSeedCells().fit(model, Stimuli(stimuli.images, lessons), generator)


COMPETING = [WinnerTakeAll(presentations=1), BatchedWinnerTakeAll(), SideBySide()]
GROWING = [AddIfSilent(), WinnerKillLoser()]
EVERY = [*COMPETING, *GROWING, Imprinting(), Taught()]


def noise(n=3, channels=1, size=12):
    return Stimuli(torch.rand(n, channels, size, size, generator=seeded(9)))


def light(level, n=3):
    return Stimuli(torch.full((n, 1, 12, 12), level))


def of(rules):
    return pytest.mark.parametrize("rule", rules, ids=lambda rule: type(rule).__name__)


@of(EVERY)
def test_images_too_small_or_of_other_channels_are_refused_with_the_size_it_takes(rule):
    with pytest.raises(ValueError, match="C-cells pool 24 planes of at least 2 x 2 cells; got 24 of 1 x 1"):
        rule.fit(fukushima_1980(), noise(size=12), seeded())
    with pytest.raises(ValueError, match="S-cells see 1 planes of at least 1 x 1 cells; got 3 of 12 x 12"):
        rule.fit(neocognitron(TWO), noise(channels=3), seeded())


@of(EVERY)
def test_larger_images_are_learned_from_in_larger_planes(rule):
    trained = rule.fit(neocognitron(TWO[:1]), noise(size=20), seeded())
    assert trained.US1(noise(size=20).images).shape[2:] == (20, 20)
    assert (trained.US1.b > 0).any()


@of(EVERY)
def test_no_images_at_all_are_refused(rule):
    with pytest.raises(ValueError, match="was given no stimuli"):
        rule.fit(neocognitron(TWO), noise()[:0], seeded())


@of([*COMPETING, *GROWING, Imprinting()])
def test_of_black_images_it_is_said_that_nothing_is_seen(rule):
    with pytest.raises(ValueError, match=r"no plane of US1 ever won|nothing to (grow|imprint).* in US1"):
        rule.fit(neocognitron(TWO), light(0.0), seeded())


def test_lessons_in_black_images_leave_all_planes_silent_and_are_reported(caplog):
    trained = Taught().fit(neocognitron(TWO), light(0.0), seeded())
    assert caplog.messages == ["US1: 4 of 4 planes had no lesson that their seed cell sees: 0, 1, 2, 3"]
    assert not trained.US1.b.any()


@of(COMPETING)
@pytest.mark.parametrize("level", [0.5, 1.0])
def test_in_constant_images_there_is_nothing_but_their_border_and_its_plane_learns_it(rule, level, caplog):
    caplog.set_level(logging.ERROR)
    trained = rule.fit(neocognitron(TWO), light(level), seeded())
    wins = history_of(trained)["US1 wins"]
    assert sorted(wins)[:3] == [0, 0, 0]
    assert max(wins) == 3  # once for each image
    # The seed cell lies where all is light: a is q c times the level, b q / 2 times it, three times over.
    winner = wins.index(3)
    initial = neocognitron(TWO).US1.a[winner]
    learned = (trained.US1.a[winner] - initial)[0]
    seen = 3 * level * trained.US1.c[0, 0]
    assert ((learned - seen).abs() < 1e-6).logical_or(learned.abs() < 1e-6).all()


@of(GROWING)
def test_in_constant_images_no_second_layer_can_grow(rule):
    # All planes of US1 answer alike, and C-cells answer only what is more than the mean.
    with pytest.raises(ValueError, match="nothing to grow from in US2: its input is blank"):
        rule.fit(neocognitron(TWO), light(1.0), seeded())


def test_pixels_that_are_no_numbers_are_refused_before_any_rule():
    images = noise().images
    images[0, 0, 3, 3] = torch.nan
    with pytest.raises(ValueError, match="images hold NaN or infinite pixels"):
        Stimuli(images)


@of(EVERY)
def test_weights_that_are_no_numbers_are_refused(rule):
    model = neocognitron(TWO)
    model.US2.b.data[1] = torch.nan
    with pytest.raises(ValueError, match=r"the model's US2\.b holds NaN or infinity"):
        rule.fit(model, noise(), seeded())


@of(COMPETING)
@pytest.mark.parametrize("layer", ["US1", "US2"])
def test_a_net_that_has_gone_silent_is_refused_with_the_layer(rule, layer, caplog):
    caplog.set_level(logging.ERROR)
    model = neocognitron(TWO)
    model.get_submodule(layer).b.data.fill_(1e9)
    with pytest.raises(ValueError, match=f"no plane of {layer} ever won: all its columns were silent"):
        rule.fit(model, noise(), seeded())


def test_rules_that_begin_anew_do_not_mind_a_silent_net_and_imprinting_says_where_nothing_is_seen():
    model = neocognitron(TWO)
    model.US1.b.data.fill_(1e9)
    assert len(AddIfSilent().fit(model, noise(), seeded()).US1.b) > 0
    with pytest.raises(ValueError, match="nothing to imprint in US2"):
        Imprinting().fit(model, noise(), seeded())


@of(COMPETING)
def test_of_more_planes_than_patterns_those_left_over_are_reported_and_unchanged(rule, caplog):
    # With a column as large as the plane one pattern has one seed cell.
    model = neocognitron(TWO[:1])
    trained = rule.fit(model, noise(n=1, size=5), seeded())
    wins = history_of(trained)["US1 wins"]
    left_over = [k for k in range(4) if wins[k] == 0]
    assert len(left_over) == 3
    assert caplog.messages[0] == f"US1: 3 of 4 planes never won: {', '.join(map(str, left_over))}"
    assert torch.equal(trained.US1.a[left_over], model.US1.a[left_over])
    assert not trained.US1.b[left_over].any()


@of([*GROWING, Imprinting()])
def test_one_pattern_is_enough_for_the_rules_that_take_places_as_they_come(rule):
    trained = rule.fit(neocognitron(TWO[:1]), noise(n=1), seeded())
    assert len(trained.US1.b) > 0
    assert (trained.US1.b > 0).all()


@pytest.mark.parametrize("build", [neocognitron, modern_neocognitron])
def test_stages_that_cannot_be_are_refused(build: Callable):
    with pytest.raises(ValueError, match="at least one stage; got none"):
        build([])
    for wrong in ("planes", "s_window", "c_window", "c_step"):
        with pytest.raises(ValueError, match=r"planes, windows and steps are 1 or more; got Stage\("):
            build([Stage(**{wrong: 0})])
    for wrong in ("s_padding", "c_padding"):
        with pytest.raises(ValueError, match="paddings are 0 or more"):
            build([Stage(**{wrong: -1})])
    for name, number in (("gamma", 0.0), ("gamma", 2.0), ("delta", -1.0), ("delta", math.nan), ("power", 0)):
        with pytest.raises(ValueError, match="gamma and delta above 0, to 1, power above 0"):
            build([Stage(**{name: number})])
    for name, number in (("d_scale", 0.0), ("d_scale", math.inf), ("initial", -1.0), ("initial", math.nan)):
        with pytest.raises(ValueError, match="d_scale is above zero, and no initial weight below it"):
            build([Stage(**{name: number})])


@pytest.mark.parametrize("r", [0.0, -1.0, float("nan")])
def test_a_selectivity_of_zero_is_refused_by_whatever_builds_a_net(r):
    for build in (lambda: neocognitron([Stage(r=r)]), lambda: neocognitron([Stage(r_learning=r)])):
        with pytest.raises(ValueError, match="the selectivity r of S-cells must be above zero"):
            build()
    with pytest.raises(ValueError, match="the selectivity r of S-cells must be above zero"):
        NeocognitronFeatures(selectivity=(r, 1.5)).fit(noise().images[:, 0].numpy())


@pytest.mark.parametrize("alpha", [0.0, float("nan")])
def test_a_saturation_of_zero_is_refused(alpha):
    with pytest.raises(ValueError, match="the saturation alpha of C-cells must be above zero"):
        CLayer(2, 3, 1, 1, alpha=alpha)


@pytest.mark.parametrize(
    "rule", [WinnerTakeAll, BatchedWinnerTakeAll, AddIfSilent, WinnerKillLoser, Imprinting]
)
def test_a_q_that_reinforces_nothing_is_refused(rule):
    for q in ((), (0.0,), (1.0, -1.0), (1.0, float("nan")), (float("inf"),)):
        with pytest.raises(ValueError, match=r"q (must be )?above zero"):
            rule(q=q)


def test_features_of_more_planes_than_images_are_learned_and_the_planes_left_over_stay_silent(caplog):
    caplog.set_level(logging.ERROR)
    images = noise(n=1, size=16).images[:, 0].numpy()
    features = NeocognitronFeatures(planes=(24, 24), random_state=0).fit(images)
    assert features.transform(images).shape == (1, np.prod(features.planes_shape_))
    assert np.isfinite(features.transform(images)).all()
