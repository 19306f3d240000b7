from functools import partial

import numpy as np
import pytest
import torch
from scipy.stats import loguniform

from neuro.analysis import linear
from neuro.comparison import Parts, Search, one_of, searched
from neuro.comparison.search import batches, draw_seed, taught_with, whole
from neuro.learning import Backpropagation, Untrained, WinnerTakeAll, history_of
from tests.comparison.small import Broken, Diverging, Scaled, bars, chain, parts


def own(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return parts(generator), chain(generator)


def test_as_many_settings_are_drawn_as_there_are_trials_and_the_same_again():
    search = Search(Scaled, {"gain": loguniform(1e-3, 1e3)})
    gains = [settings["gain"] for settings in search.drawn(20, seed=1)]
    assert len(set(gains)) == 20
    assert all(type(gain) is float and 1e-3 <= gain <= 1e3 for gain in gains)
    assert gains == [settings["gain"] for settings in search.drawn(20, seed=1)]
    assert gains != [settings["gain"] for settings in search.drawn(20, seed=2)]


def test_of_lists_no_setting_is_tried_twice_and_all_if_there_are_few():
    search = Search(Scaled, {"gain": [1.0, 2.0, 3.0, 4.0]})
    assert len({settings["gain"] for settings in search.drawn(3, seed=5)}) == 3
    assert {settings["gain"] for settings in search.drawn(9, seed=5)} == {1.0, 2.0, 3.0, 4.0}
    assert [each["learner"] for each in one_of(Scaled(), Broken()).drawn(2, seed=0)] == [Scaled(), Broken()]
    assert Search(Untrained).drawn(5, seed=0) == [{}]
    with pytest.raises(ValueError, match="one trial or more; got 0"):
        search.drawn(0, seed=0)


def test_every_rule_and_every_seed_draws_for_itself():
    assert len({draw_seed(name, seed) for name in ("hebb", "oja") for seed in (0, 1)}) == 4


def test_the_trial_that_reads_best_on_the_validation_part_is_chosen_and_all_are_kept():
    stimuli, initial = own()
    gains = (0.0, 1.0, 30.0)
    best, trials = searched("scaled", one_of(*map(Scaled, gains)), initial, stimuli, 3, 3, None)
    scores = [trial.validation for trial in trials]
    expected = []
    for gain in gains:
        model = Scaled(gain).fit(initial, stimuli.train.without("label"), None)
        reader = linear(*(whole(model, part) for part in (stimuli.train, stimuli.validation)))
        expected.append(reader.validation_accuracy)
    assert scores == expected
    assert [trial.settings for trial in trials] == [repr(Scaled(gain)) for gain in gains]
    assert best.learner == Scaled(gains[int(np.argmax(scores))])
    assert {(trial.rule, trial.seed, trial.failure) for trial in trials} == {("scaled", 3, "")}


def test_a_trial_that_fails_is_recorded_and_the_others_go_on():
    stimuli, initial = own()
    search = one_of(Diverging(), Diverging(silently=True), Broken(), Scaled())
    best, trials = searched("some", search, initial, stimuli, 0, 4, None)
    assert best.learner == Scaled()
    assert [trial.failure for trial in trials] == [
        "diverged: the loss is not finite in epoch 1",
        "diverged: the weights US1.a are not finite",
        "failed: ZeroDivisionError: a gain of nothing",
        "",
    ]
    assert np.isnan([trial.validation for trial in trials[:3]]).all()
    assert searched("none", one_of(Broken()), initial, stimuli, 0, 1, None)[0] is None


def test_settings_that_a_rule_refuses_fail_alone():
    stimuli, initial = own()
    search = Search(WinnerTakeAll, {"q": [(1,), (-1,)], "presentations": [1]})
    best, trials = searched("some", search, initial, stimuli, 0, 2, None)
    assert best.learner.q == (1,)
    (refused,) = (trial for trial in trials if trial.failure)
    assert refused.failure.startswith("failed: ValueError: q must be above zero")
    assert refused.settings == "{'presentations': 1, 'q': (-1,)}"


def test_only_a_supervised_rule_gets_labels_and_a_decision_layer():
    stimuli, initial = own()
    alone, shown = taught_with(Search(Scaled), initial, stimuli)
    assert alone is initial
    assert "label" not in shown.conditions
    taught, shown = taught_with(Search(Backpropagation, labels="all layers"), initial, stimuli)
    assert [name for name, _ in taught.named_children()] == ["US1", "UC1", "decision"]
    assert taught.decision.linear.out_features == 3
    assert shown is stimuli.train
    again, _ = taught_with(Search(Backpropagation, labels="all layers"), taught, stimuli)
    assert again is taught
    with pytest.raises(ValueError, match="labels are used in 'none' or 'all layers'; got 'readout'"):
        Search(Scaled, labels="readout")


def test_rules_without_labels_see_all_that_is_unlabelled_and_readouts_the_labelled_only():
    generator = torch.Generator().manual_seed(0)
    everything = bars(90, generator)
    few = Parts(
        everything.without("label"), everything[:45], bars(30, generator, 100), bars(30, generator, 200)
    )
    best, _ = searched("scaled", one_of(Scaled()), chain(generator), few, 0, 1, None)
    assert history_of(best.model)["shown"] == [90.0]
    assert best.reader.n_labels == 45


def test_batches_hold_what_the_layer_answers_in_order():
    stimuli, initial = own()
    with torch.no_grad():
        expected = initial(stimuli.test.images).flatten(1).numpy()
    assert np.array_equal(whole(initial, stimuli.test).rows, expected)
    assert [len(part.labels) for part in batches(initial, stimuli.test)] == [60]
    assert whole(initial, stimuli.test).ids.tolist() == list(range(200, 260))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"validation": 40}, "train and validation share 5 stimuli, the first with id 40"),
        ({"test": 44}, "train and test share 1 stimuli, the first with id 44"),
        ({"test": 129}, "validation and test share 1 stimuli, the first with id 129"),
        ({"unlabelled": 230}, "unlabelled and test share 30 stimuli, the first with id 230"),
        ({"unlabelled": 71}, "unlabelled and validation share 30 stimuli, the first with id 100"),
    ],
)
def test_a_stimulus_in_two_parts_is_refused(changed, message):
    generator = torch.Generator().manual_seed(0)
    first = {"unlabelled": 0, "train": 0, "validation": 100, "test": 200} | changed
    sizes = {"unlabelled": 60, "train": 45, "validation": 30, "test": 60}
    with pytest.raises(ValueError, match=message):
        Parts(**{name: bars(sizes[name], generator, first[name]) for name in first})


def test_parts_without_ids_or_labels_are_refused():
    stimuli, _ = own()
    changed = partial(Parts, stimuli.unlabelled, stimuli.train, stimuli.validation)
    with pytest.raises(KeyError, match="no condition 'id'"):
        changed(stimuli.test.without("id"))
    with pytest.raises(KeyError, match="no condition 'label'"):
        changed(stimuli.test.without("label"))
