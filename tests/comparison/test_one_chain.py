import numpy as np
import pytest
import torch
from torch import nn

from neuro.analysis import PairedDifference, features, readout
from neuro.comparison.one_chain import (
    CANDIDATES,
    CONTROLS,
    STRENGTH,
    above_zero,
    accuracies,
    bench,
    chosen,
    disturbed,
    examined,
    last_features,
    last_layer,
    other_weights,
    own_features,
    pairs_of,
    prepared,
    reader_of,
    retina,
    stages,
    trained,
    unpooled,
    winning_planes,
)
from neuro.experiment import Settings, UserError
from neuro.learning import Backpropagation, Imprinting, Untrained, history_of
from neuro.learning.learner import with_history
from neuro.models.neocognitron import FUKUSHIMA_1980
from neuro.recording import record

QUICK = Settings(scale="quick")  # 5 labelled stimuli of each class
FEW = Backpropagation(learning_rate=1e-2, epochs=20)


@pytest.fixture(scope="module")
def small():
    return bench(QUICK, 3, (2, 3))


def test_every_rule_that_has_settings_has_as_many_candidates():
    assert {len(rules) for name, rules in CANDIDATES.items() if name != "untrained"} == {3}


def test_the_stages_are_those_of_1980_but_for_their_planes():
    first, second = stages((2, 3))
    assert (first.planes, second.planes) == (2, 3)
    assert (first.r, second.r) == (FUKUSHIMA_1980[0].r, FUKUSHIMA_1980[1].r)


def test_one_seed_gives_one_bench_and_the_same_stimuli_at_every_width(small):
    again, wider = bench(QUICK, 3, (2, 3)), bench(QUICK, 3, (4, 5))
    assert torch.equal(small.initial.US1.a, again.initial.US1.a)
    for part in ("train", "validation", "test"):
        assert torch.equal(getattr(small, part).images, getattr(wider, part).images)
    other = bench(QUICK, 4, (2, 3))
    assert not torch.equal(small.initial.US1.a, other.initial.US1.a)
    assert set(small.test.condition("id")) != set(other.test.condition("id"))


def test_the_parts_share_no_stimulus_and_few_are_labelled(small):
    ids = [set(part.condition("id")) for part in (small.train, small.validation, small.test)]
    assert len(set.union(*ids)) == sum(map(len, ids))
    assert np.bincount(small.train.labels).tolist() == [5] * 10


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
    rules = (Untrained(), Imprinting((1, 16)))
    scores = [reader_of(trained(rule, small, None), small).validation_accuracy for rule in rules]
    assert scores[0] != scores[1]
    for order in (rules, rules[::-1]):
        chain = chosen(order, small, None)
        assert reader_of(chain, small).validation_accuracy == max(scores)


def test_stimuli_shown_together_are_scored_as_they_would_be_alone(small):
    halves = small.test[:50], small.test[50:]
    both = accuracies(retina(), small, halves)
    parts = [
        (features(record(retina(), part)["pixels"]), part.labels)
        for part in (small.train, small.validation, small.test)
    ]
    alone = readout(*(array for part in parts for array in part))
    assert both @ [len(half) for half in halves] == pytest.approx(alone.accuracy * len(small.test))
    assert both[1] == accuracies(retina(), small, halves[1:])[0]


def test_what_a_readout_has_seen_it_is_not_scored_on(small):
    with pytest.raises(ValueError, match="validation and test share 60 stimuli"):
        accuracies(retina(), small, [small.validation])


@pytest.mark.parametrize(
    ("low", "again", "verdict"),
    [(0.5, -1.0, "holds"), (-0.5, -1.0, "fails"), (0.5, 0.1, "fails"), (np.nan, np.nan, "not checked")],
)
def test_a_difference_is_above_zero_if_its_interval_is_and_that_of_the_control_is_not(low, again, verdict):
    found, control = PairedDifference(1.0, low, 2.0), PairedDifference(0.0, again, 1.0)
    claim = above_zero("a > b", "a paper", "above", found, "c - b", control)
    assert claim.verdict == verdict
    assert claim.measured == (None if np.isnan(low) else low)
    assert ("undecided" in claim.note) == (low < 0)


def test_what_is_kept_is_counted_from_the_same_seed_at_rest():
    correct = {"a": np.array([[90.0, 50.0]]), "b": np.array([[80.0, 60.0]])}
    assert pairs_of(correct, ["a - b"])["a - b"] == (90.0, 80.0)
    assert pairs_of(correct, ["a - b"], 1, ", moved")["a - b, moved"] == (-40.0, -20.0)


def test_every_second_stimulus_moves_to_the_left(small):
    (moved,) = disturbed(small.test, [2], [], seed=0)
    assert moved.condition("shift_x")[:4].tolist() == [2, -2, 2, -2]


def test_without_pooling_the_chain_keeps_its_weights_and_its_places(small):
    points = unpooled(small)
    assert torch.equal(points.US2.a, small.initial.US2.a)
    assert points.UC1.d.shape[-1] == 1
    assert points(small.test.images).shape == small.initial(small.test.images).shape


def test_the_layer_below_the_decision_is_read(small):
    assert last_layer(small.initial) == last_layer(trained(FEW, small, None)) == "UC2"


def test_every_control_and_every_rule_can_be_prepared(small):
    read = {name: last_layer(prepared(name, QUICK, small)) for name in (*CONTROLS, "untrained", "imprinted")}
    assert read.pop("pixels") == "pixels"
    assert set(read.values()) == {"UC2"}


def test_other_weights_are_others_of_the_same_shape(small):
    others = other_weights(small)
    assert others.US1.a.shape == small.initial.US1.a.shape
    assert not torch.equal(others.US1.a, small.initial.US1.a)
    assert torch.equal(others.US1.a, other_weights(small).US1.a)


def test_of_the_pixels_all_are_features_and_none_is_a_silent_plane(small):
    shown = [small.test, small.test[:30]]
    assert np.array_equal(last_features(retina(), small.test), small.test.images.flatten(1))
    told = examined("pixels", QUICK, small, shown)
    assert told["correct (%)"] == pytest.approx(100 * accuracies(retina(), small, shown))
    assert told["silent planes (share)"].tolist() == [0]


def test_the_planes_that_won_are_those_with_any_win():
    chain = with_history(retina(), {"US1 wins": [3.0, 0.0, 1.0, 0.0], "US1 silent columns": [0.5]})
    assert winning_planes(chain) == {"US1": 0.5}
    assert winning_planes(retina()) == {}


def own_net():
    return nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 3))


def test_the_users_net_sees_images_of_32_pixels_and_one_that_cannot_is_refused(small):
    settings = Settings(model=f"{__name__}:own_net")
    assert own_features(settings, small.test[:4]).shape == (4, 3)
    with pytest.raises(UserError, match=r"does not take \(B, 1, 28, 28\)"):
        own_features(settings, small.test[:4], size=28)
