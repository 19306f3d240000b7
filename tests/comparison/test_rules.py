"""The rules that enter every comparison, and the stimuli they share."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from neuro.comparison import Design, compare, known_difference
from neuro.comparison.rules import (
    CONTROLS,
    LOCAL,
    RULES,
    TEMPLATES,
    TOLD_ERRORS,
    TRIALS,
    FromRandomDecision,
    OtherWeights,
    backpropagation_of,
    compared_parts,
    data_of,
    extreme,
)
from neuro.experiment import Settings
from neuro.learning import Untrained
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.models.neocognitron import supervised

QUICK = Settings("quick")


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def chain(generator):
    return randomised(feature_chain((3, 4), padding=2), generator)


@pytest.fixture(scope="module")
def design():
    return Design(chain, partial(compared_parts, QUICK, 5), 1, {}, (), (), counted_on=0)


def some(*names):
    return {name: RULES[name] for name in names}


def test_every_rule_is_of_one_family_and_says_where_it_is_from():
    assert sorted((*CONTROLS, *LOCAL, *TEMPLATES, *TOLD_ERRORS)) == sorted(RULES)
    assert all(search.source and search.locality and search.waits_for for search in RULES.values())


def test_every_rule_but_the_initial_weights_has_as_many_settings_as_there_are_trials():
    counts = {name: len(search.drawn(TRIALS, 0)) for name, search in RULES.items()}
    assert counts.pop("untrained") == 1
    assert set(counts.values()) == {TRIALS}


@pytest.mark.slow
def test_every_rule_reads_digits_and_only_those_told_their_errors_are_handed_labels(design):
    table = compare(RULES, design, [7])
    assert [row["status"] for row in table.rows] == ["ok"] * len(RULES)
    labels = {row["rule"]: row["labels used"] for row in table.rows}
    assert {name for name, used in labels.items() if used == "all layers"} == set(TOLD_ERRORS)


def test_columns_are_the_rows_without_what_no_two_runs_share(design):
    table = compare(some("untrained", "PCA"), design, [7])
    columns = table.columns()
    assert "seconds" not in columns
    assert columns["rule"].tolist() == [["untrained"], ["PCA"]]
    assert columns["accuracy"][:, 0].tolist() == [row["accuracy"] for row in table.rows]
    # Nothing is learned, so no norm is aimed at: a blank.
    assert math.isnan(columns["norm reached (share)"][0, 0])


def test_rules_told_their_errors_begin_with_one_decision_which_is_random():
    start = supervised(chain(seeded(0)), 10, 16)
    one, other = (FromRandomDecision(Untrained()).fit(start, None, seeded(seed)).decision for seed in (1, 1))
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert next(one.parameters()).std() > 0
    assert not any(parameter.any() for parameter in start.decision.parameters())


def test_other_weights_are_of_the_same_law_and_differ_from_draw_to_draw():
    start = randomised(feature_chain((400,)), seeded(0))
    draws = [OtherWeights(draw).fit(start, None, seeded(5)).conv1.filters.weight for draw in (0, 1)]
    assert not torch.equal(*draws)
    assert not torch.equal(draws[0], start.conv1.filters.weight)
    # Variance 2 / 25, from 10,000 numbers: a standard error of 1.4 %.
    assert [float(draw.detach().var()) for draw in draws] == pytest.approx([0.08, 0.08], rel=0.07)


@pytest.mark.parametrize(("labels", "epochs"), [(10, 100), (100, 25), (33, 50), (500, 25)])
def test_few_labels_are_shown_so_often_that_there_are_a_hundred_steps(labels, epochs):
    learners = backpropagation_of(labels).settings["learner"]
    assert {learner.rule.epochs for learner in learners} == {epochs}


def test_fewer_labels_are_a_part_of_more_and_leave_the_same_initial_weights():
    found = {}
    for n in (2, 5):
        generator = seeded(3)
        found[n] = compared_parts(QUICK, n, generator), chain(generator)
    (few, first), (many, second) = found[2], found[5]
    assert set(few.train.condition("id")) < set(many.train.condition("id"))
    assert np.bincount(few.train.labels).tolist() == [2] * 10
    assert few.test.images.shape[1:] == (1, 16, 16)
    assert all(map(torch.equal, first.parameters(), second.parameters()))


def test_the_data_of_a_comparison_are_those_of_every_seed():
    parts = partial(compared_parts, QUICK, 2)
    one, other = (data_of(parts, [seed]) for seed in (1, 2))
    assert data_of(parts, [1, 2]) == f"{one}+{other}"
    assert one != other


def test_the_extreme_is_of_what_is_known():
    ends = {"a": 1.0, "b": math.nan, "c": -2.0}
    assert (extreme(max, ends), extreme(min, ends)) == ((1.0, "a"), (-2.0, "c"))
    assert extreme(max, {"b": math.nan}) == (None, "nobody")


def test_a_difference_is_of_the_seeds_for_which_both_are_known():
    one, other = np.array([3.0, math.nan, 5.0, 7.0]), np.array([1.0, 1.0, math.nan, 3.0])
    found, nothing = known_difference(one, other), known_difference(one, np.full(4, math.nan))
    assert (found.n, found.mean, found.sd) == (2, 3, math.sqrt(2))
    assert 2 <= found.bootstrap_low < found.bootstrap_high <= 4  # means of two that are 2 or 4
    assert (nothing.n, math.isnan(nothing.mean)) == (0, True)
