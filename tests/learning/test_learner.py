"""What every rule has in common: history, refusals and the report of planes that stay out."""

import logging

import pytest
import torch
from torch import nn

from neuro.learning import Backpropagation, Imprinting, Untrained, WinnerTakeAll, history_of
from neuro.learning.learner import refuse_labels, report, report_silence, s_layers, unreported, with_history
from neuro.models.convnet import small_convnet
from neuro.models.neocognitron import fukushima_1980
from neuro.stimuli import Stimuli


def test_a_model_that_was_never_trained_has_no_history():
    assert history_of(nn.Sequential()) == {}


def test_a_history_is_carried_by_the_model_and_is_no_weight():
    model = with_history(nn.Sequential(nn.Linear(2, 2)), {"loss": [2.0, 1.0]})
    assert history_of(model) == {"loss": [2.0, 1.0]}
    assert list(model.state_dict()) == ["0.weight", "0.bias"]


def test_the_plastic_layers_are_the_s_layers_in_order():
    assert list(s_layers(fukushima_1980())) == ["US1", "US2", "US3"]


def test_a_model_without_s_layers_is_refused_with_the_layers_it_has():
    with pytest.raises(ValueError, match=r"the model has conv1, pool1, .*, decision, none of them an SLayer"):
        s_layers(small_convnet())
    with pytest.raises(ValueError, match="the model has no named layers"):
        s_layers(nn.Sequential())


def test_an_unsupervised_rule_is_handed_stimuli_and_no_labels():
    images = torch.zeros(2, 1, 4, 4)
    refuse_labels(Stimuli(images, {"id": [0, 1]}), "Hebb")
    with pytest.raises(
        ValueError, match=r"Hebb learns without a teacher; hand it stimuli.without\('label'\)"
    ):
        refuse_labels(Stimuli(images, {"label": [0, 1]}), "Hebb")
    with pytest.raises(ValueError, match="Hebb was given no stimuli"):
        refuse_labels(Stimuli(images[:0]), "Hebb")


def test_planes_that_answer_nothing_are_reported(caplog):
    conv = nn.Conv2d(1, 3, 1)
    conv.weight.data = torch.tensor([1.0, -1.0, 0.0]).reshape(3, 1, 1, 1)
    conv.bias.data.zero_()
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        images = torch.rand(4, 1, 3, 3)
        images[0] = 0  # a plane that is silent to one image is not silent
        report_silence(nn.Sequential(conv, nn.ReLU(), nn.Flatten()), images)
    assert caplog.messages == ["0: 1 of 3 planes answer nothing: 2", "1: 2 of 3 planes answer nothing: 1, 2"]


def test_nothing_is_reported_when_no_plane_stays_out_and_a_long_list_is_cut(caplog):
    report("US1", [], 24, "never won")
    assert caplog.messages == []
    report("US1", range(10), 24, "never won")
    assert caplog.messages == ["US1: 10 of 24 planes never won: 0, 1, 2, 3, 4, 5, 6, 7, ..."]


def test_a_sweep_may_count_silent_planes_itself_and_reports_go_on_after_it(caplog):
    with unreported():
        report("US1", [0], 24, "never won")
    with pytest.raises(KeyError), unreported():
        raise KeyError
    assert caplog.messages == []
    report("US1", [1], 24, "never won")
    assert caplog.messages == ["US1: 1 of 24 planes never won: 1"]


def test_the_settings_of_a_rule_can_be_read_from_its_repr():
    for rule in (Backpropagation(epochs=3), Imprinting(q=(2.0,)), Untrained(), WinnerTakeAll(columns=(3,))):
        assert eval(repr(rule)) == rule
