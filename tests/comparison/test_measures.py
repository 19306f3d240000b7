import copy

import numpy as np
import pytest
import torch

from neuro.analysis import norm_spread
from neuro.comparison import Search, one_of
from neuro.comparison.measures import (
    Columns,
    mean_known,
    measure_activity,
    measure_likeness,
    measure_weights,
    outnumbered,
    samples_seen,
)
from neuro.comparison.search import taught_with
from neuro.learning import Backpropagation, Untrained, WinnerTakeAll
from neuro.learning.learner import with_history
from neuro.models.initial import randomised
from tests.comparison.small import Scaled, Silencing, chain, parts


def own():
    generator = torch.Generator().manual_seed(0)
    return parts(generator), chain(generator)


def test_of_the_weights_those_of_the_decision_layer_are_left_out():
    stimuli, before = own()
    after, _ = taught_with(Search(Backpropagation, labels="all layers"), before, stimuli)
    after = randomised(copy.deepcopy(after), torch.Generator().manual_seed(1))
    columns = Columns()
    measure_weights(columns, one_of(Untrained(), norm=(1e9, 2.0)), before, after)
    rows = after.US1.a.detach().flatten(1).numpy()
    assert columns.values["spread of norms"] == pytest.approx(norm_spread(rows), rel=1e-5)
    assert columns.values["norm reached (share)"] == 0
    moved = (after.US1.a - before.US1.a).norm() / before.US1.a.norm()
    assert columns.values["distance from start"] == pytest.approx(float(moved.detach()), rel=1e-5)


def test_a_rule_that_aims_at_no_norm_reaches_none():
    columns, (_, before) = Columns(), own()
    measure_weights(columns, one_of(Untrained()), before, before)
    assert columns.blanks == {"norm reached (share)": "the rule aims at no norm"}


def test_planes_are_dead_that_answer_nothing_and_unchanged_that_never_won():
    stimuli, before = own()
    columns = Columns()
    model = with_history(Silencing(3).fit(before, stimuli.train, None), {"US1 wins": [5.0, 0.0, 0.0, 0.0]})
    measure_activity(columns, model, stimuli)
    assert columns.values["dead (share)"] == 0.75
    assert columns.values["never changed (share)"] == 0.75
    assert columns.values["winner entropy"] == 0  # one plane is left to win
    assert columns.values["population sparseness"] >= 0.75


def test_where_a_rule_says_what_it_changed_its_count_of_strongest_answers_does_not_matter():
    stimuli, before = own()
    columns = Columns()
    told = {"US1 changed": [0.25, 0.5], "UC1 changed": [1.0, 1.0], "US1 wins": [0.0, 0.0, 0.0, 1.0]}
    measure_activity(columns, with_history(before, told), stimuli)
    assert columns.values["never changed (share)"] == (0.5 + 0) / 2


def test_layers_with_fewer_patches_than_units_are_named():
    _, model = own()
    told = {f"{layer} lengths": [1.0, 1.0, 1.0] for layer in ("few", "enough")}
    told |= {"few patches": [2.0], "enough patches": [3.0]}
    assert outnumbered(with_history(model, told)) == ["few: few has 3 units and saw 2 patches"]


def test_a_silent_layer_has_blanks_with_that_reason():
    stimuli, before = own()
    columns = Columns()
    measure_activity(columns, Silencing().fit(before, stimuli.train, None), stimuli)
    assert columns.values["dead (share)"] == 1
    assert {columns.blanks[name] for name in ("selectivity", "winner entropy", "lifetime sparseness")} == {
        "the layer that is read is silent"
    }


def test_likeness_is_never_given_by_one_measure_alone():
    columns, rows = Columns(), np.random.default_rng(0).normal(size=(9, 2, 2, 2))
    measure_likeness(columns, "itself", rows, rows)
    measure_likeness(columns, "twin", rows, None)
    assert columns.values["CKA to itself"] == pytest.approx(1)
    assert columns.values["RSA to itself"] == pytest.approx(1)
    reason = "twin is not in this comparison, or failed"
    assert columns.blanks == {"CKA to twin": reason, "RSA to twin": reason}


def test_stimuli_seen_are_counted_from_what_the_rule_says():
    _, model = own()
    assert samples_seen(Untrained(), model, 10) == 0
    assert samples_seen(WinnerTakeAll(presentations=3), model, 10) == 30
    assert (
        samples_seen(Backpropagation(epochs=9), with_history(model, {"training loss": [1.0, 0.5]}), 10) == 20
    )
    assert samples_seen(Scaled(), with_history(model, {"samples seen": [10.0, 25.0]}), 10) == 25
    assert samples_seen(Scaled(), with_history(model, {}), 10) is None


def test_the_mean_is_of_what_is_known():
    assert mean_known([1.0, np.nan, 3.0]) == 2
    assert np.isnan(mean_known([np.nan]))
    assert np.isnan(mean_known([]))
