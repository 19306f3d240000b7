import copy
import runpy
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from torch import nn

from neuro.experiment import Settings, fit_cached, found_cached
from neuro.experiment.cache import seconds_of
from neuro.learning import Backpropagation, LayerByLayer, history_of
from neuro.learning.learner import with_history
from neuro.stimuli import Stimuli

RULE = Backpropagation(epochs=2)


def net(seed=0, slope=0.1):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(9, 4), nn.BatchNorm1d(4), nn.LeakyReLU(slope), nn.Linear(4, 2)
    )


def stimuli(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Stimuli(torch.rand(40, 1, 3, 3, generator=generator), {"label": np.arange(40) % 2})


def state(model):
    return {name: value.tolist() for name, value in model.state_dict().items()}


def test_the_cache_returns_what_training_would(tmp_path):
    model = net()
    before = state(model)
    trained = fit_cached(RULE, model, stimuli(), 3, None)
    first = fit_cached(RULE, model, stimuli(), 3, tmp_path)
    again = fit_cached(RULE, model, stimuli(), 3, tmp_path)
    assert state(trained) == state(first) == state(again) != before == state(model)
    assert history_of(trained) == history_of(first) == history_of(again)
    assert len(history_of(again)["training loss"]) == 2
    assert again.training == trained.training
    assert all(p.requires_grad for p in again.parameters())
    assert len(list(tmp_path.iterdir())) == 1


def test_the_seconds_of_training_are_kept_with_the_net(tmp_path):
    assert seconds_of(net()) is None
    assert seconds_of(fit_cached(RULE, net(), stimuli(), 3, None)) > 0
    first = seconds_of(fit_cached(RULE, net(), stimuli(), 3, tmp_path))
    assert seconds_of(fit_cached(RULE, net(), stimuli(), 3, tmp_path)) == first > 0


@dataclass(frozen=True)
class Grow:
    """Doubles the planes of a layer, and notes that it was called."""

    calls: list = field(default_factory=list, repr=False)
    settings: tuple = ()

    def fit(self, model, stimuli, generator):
        self.calls.append(1)
        grown = copy.deepcopy(model)
        layer = next(layer for layer in grown if isinstance(layer, nn.Linear))
        layer.weight = nn.Parameter(torch.rand(8, 9, generator=generator), requires_grad=False)
        return with_history(grown, {"planes": [4.0, 8.0]})


def test_planes_that_grew_are_restored(tmp_path):
    rule, model = Grow(), nn.Sequential(nn.Linear(9, 4))
    trained = fit_cached(rule, model, stimuli(), 0, tmp_path)
    restored = fit_cached(rule, model, stimuli(), 0, tmp_path)
    assert rule.calls == [1]
    assert restored[0].weight.shape == (8, 9)
    assert state(restored) == state(trained)
    assert restored.history == {"planes": [4.0, 8.0]}
    assert model[0].weight.shape == (4, 9)


def test_what_a_trained_net_follows_from_is_its_key(tmp_path):
    rule = Grow()
    runs = [
        (rule, net(), stimuli(), 0),
        (Grow(rule.calls, (1,)), net(), stimuli(), 0),
        (rule, net(1), stimuli(), 0),
    ]
    runs += [(rule, net(slope=0.2), stimuli(), 0), (rule, net(), stimuli(1), 0), (rule, net(), stimuli(), 1)]
    runs += [(rule, net(), stimuli().without("label"), 0)]
    for run in runs:
        fit_cached(*run, tmp_path)
    assert len(rule.calls) == len(runs)
    fit_cached(Grow(rule.calls), net(), stimuli(), 0, tmp_path)  # all equal to the first, none the same
    assert len(rule.calls) == len(runs)


def test_a_setting_that_no_repr_shows_is_part_of_the_key(tmp_path):
    rule, model = Grow(), net()
    fit_cached(rule, model, stimuli(), 0, tmp_path)
    model[3].threshold = 0.7
    fit_cached(rule, model, stimuli(), 0, tmp_path)
    assert len(rule.calls) == 2


def test_the_code_of_an_update_that_a_learner_is_handed_is_part_of_the_key(tmp_path):
    for change in ("0 * weights", "0 * weights", "1 + 0 * weights"):
        (tmp_path / "own.py").write_text(f"def update(weights, inputs, outputs):\n    return {change}\n")
        own = runpy.run_path(str(tmp_path / "own.py"))
        fit_cached(LayerByLayer(own["update"]), net(), stimuli().without("label"), 0, tmp_path / "nets")
    assert len(list((tmp_path / "nets").iterdir())) == 2


def test_a_rule_whose_repr_is_cut_short_is_refused(tmp_path):
    with pytest.raises(ValueError, match="the repr of Grow leaves something out"):
        fit_cached(Grow(settings=(np.zeros(5000),)), net(), stimuli(), 0, tmp_path)


@pytest.mark.parametrize("damage", [lambda b: b[:-30], lambda b: b"", lambda b: b[:80] + b"?" + b[81:]])
def test_a_damaged_file_is_refused_by_name(tmp_path, damage):
    fit_cached(RULE, net(), stimuli(), 0, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path.name} is damaged \(.*\); delete it and run again"):
        fit_cached(RULE, net(), stimuli(), 0, tmp_path)


def test_the_file_of_another_model_is_refused(tmp_path):
    fit_cached(RULE, net(), stimuli(), 0, tmp_path)
    (path,) = tmp_path.iterdir()
    other = tmp_path / "other"
    fit_cached(Grow(), nn.Sequential(nn.Linear(9, 4)), stimuli(), 0, other)
    next(other.iterdir()).replace(path)
    with pytest.raises(ValueError, match="is damaged"):
        fit_cached(RULE, net(), stimuli(), 0, tmp_path)


def test_a_training_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyError, match="label"):
        fit_cached(RULE, net(), stimuli().without("label"), 0, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_what_a_script_found_is_found_once(tmp_path):
    asked = []

    def powers(settings, number):
        asked.append(number)
        return {"square": number**2, "row": np.arange(number), "name": "two"}

    settings = Settings(cache=tmp_path)
    first, again = (found_cached(powers, settings, 2) for _ in range(2))
    assert asked == [2]
    assert {key: value.tolist() for key, value in first.items()} == {
        "square": 4,
        "row": [0, 1],
        "name": "two",
    }
    assert all((first[key] == again[key]).all() for key in first)
    for other, number in ((settings, 3), (Settings("full", cache=tmp_path), 2), (Settings(), 2)):
        found_cached(powers, other, number)
    assert asked == [2, 3, 2, 2]
    assert len(list(tmp_path.iterdir())) == 3  # without a cache nothing is written
