import numpy as np
import pytest
import torch

from neuro.analysis import PairedDifference, features, readout
from neuro.comparison import (
    CANDIDATES,
    LAYER,
    STRENGTH,
    above_zero,
    accuracies,
    bench,
    chosen,
    retina,
    stages,
    trained,
)
from neuro.experiment import Settings
from neuro.learning import Backpropagation, Untrained, history_of
from neuro.models.neocognitron import FUKUSHIMA_1980
from neuro.recording import record

FEW = Backpropagation(learning_rate=1e-2, epochs=20)


@pytest.fixture(scope="module")
def small():
    return bench(Settings(), 3, (2, 3), 15)


def test_every_rule_that_has_settings_has_as_many_candidates():
    assert {len(rules) for name, rules in CANDIDATES.items() if name != "untrained"} == {3}


def test_the_stages_are_those_of_1980_but_for_their_planes():
    first, second = stages((2, 3))
    assert (first.planes, second.planes) == (2, 3)
    assert (first.r, second.r) == (FUKUSHIMA_1980[0].r, FUKUSHIMA_1980[1].r)


def test_one_seed_gives_one_bench_and_the_same_stimuli_at_every_width(small):
    again, wider = bench(Settings(), 3, (2, 3), 15), bench(Settings(), 3, (4, 5), 15)
    assert torch.equal(small.initial.US1.a, again.initial.US1.a)
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(small, part).images, getattr(wider, part).images)
    other = bench(Settings(), 4, (2, 3), 15)
    assert not torch.equal(small.initial.US1.a, other.initial.US1.a)
    assert set(small.test.condition("id")) != set(other.test.condition("id"))


def test_the_parts_share_no_stimulus_and_few_are_labelled(small):
    ids = [set(part.condition("id")) for part in (small.train, small.validation, small.test)]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert np.bincount(small.train.labels).tolist() == [15] * 10


def test_initial_weights_are_weak_positive_and_without_inhibition(small):
    layer = small.initial.US1.requires_grad_(False)
    assert float(layer.a.min()) >= 0
    assert (layer.a <= STRENGTH * layer.c).all()
    assert not layer.b.any()


def test_only_backpropagation_has_a_decision_layer_and_all_begin_alike(small):
    taught = trained(FEW, small, None)
    alone = trained(Untrained(), small, None)
    assert [name for name, _ in taught.named_children()] == ["US1", "UC1", "US2", "UC2", "decision"]
    assert torch.equal(alone.US1.a, small.initial.US1.a)
    assert taught.decision.linear.weight.any()
    assert len(history_of(taught)["training loss"]) <= 20


def test_the_candidate_that_reads_best_on_the_validation_part_is_chosen(small):
    rules = (Backpropagation(learning_rate=1e-9, epochs=1), Backpropagation(learning_rate=1e-2, epochs=20))
    scores = [accuracies(trained(rule, small, None), small, LAYER, [small.validation])[0] for rule in rules]
    assert scores[0] != scores[1]
    number, chain = chosen(rules, small, None)
    assert number == int(np.argmax(scores))
    assert accuracies(chain, small, LAYER, [small.validation])[0] == max(scores)
    assert chosen((rules[0], rules[0]), small, None)[0] == 0


def test_stimuli_shown_together_are_scored_as_they_would_be_alone(small):
    both = accuracies(retina(), small, "pixels", [small.test, small.validation])
    parts = [
        (features(record(retina(), part)["pixels"]), part.labels)
        for part in (small.train, small.validation, small.test)
    ]
    alone = readout(*(array for part in parts for array in part))
    assert both[0] == alone.accuracy
    assert both[1] == accuracies(retina(), small, "pixels", [small.validation])[0]


@pytest.mark.parametrize(
    ("low", "again", "verdict"),
    [(0.5, -1.0, "holds"), (-0.5, -1.0, "fails"), (0.5, 0.1, "fails"), (np.nan, np.nan, "not checked")],
)
def test_a_difference_is_above_zero_if_its_interval_is_and_that_of_the_control_is_not(low, again, verdict):
    found, control = PairedDifference(1.0, low, 2.0), PairedDifference(0.0, again, 1.0)
    claim = above_zero("a > b", "a paper", "above", found, "c - b", control)
    assert claim.verdict == verdict
    assert claim.measured == (None if np.isnan(low) else low)
