import copy
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from neuro.learning import (
    Backpropagation,
    FeedbackAlignment,
    HardCompetitive,
    KrotovHopfield,
    LayerByLayer,
    Patches,
    PCATemplates,
    PlainHebb,
    Templates,
)
from neuro.learning.learner import with_history
from neuro.physiology import distance_from_start, learning_macs, plastic_weights
from neuro.physiology.costs import told_macs
from neuro.stimuli import Stimuli


def net():
    return nn.Sequential(OrderedDict(one=nn.Linear(4, 3, bias=False), relu=nn.ReLU(), two=nn.Linear(3, 2)))


@dataclass(frozen=True)
class Hebb:
    """Adds for so many rounds the product of outputs and inputs of the first layer."""

    rounds: int

    def fit(self, model, stimuli, generator):
        learned = copy.deepcopy(model)
        seen = stimuli.images.flatten(1)
        with torch.no_grad():
            for _ in range(self.rounds):
                learned.one.weight += (seen @ learned.one.weight.T).T @ seen
        return learned


def test_the_products_of_a_hebbian_step_are_counted():
    stimuli = Stimuli(torch.rand(7, 1, 2, 2, generator=torch.Generator().manual_seed(0)))
    # Forward and update: 4 x 3 each, for every stimulus and round.
    assert learning_macs(Hebb(1), net(), stimuli, torch.Generator()) == 24
    assert learning_macs(Hebb(5), net(), stimuli, torch.Generator()) == 120


def test_of_a_winner_alone_the_products_of_one_unit_are_counted():
    stimuli = Stimuli(torch.rand(7, 1, 2, 2, generator=torch.Generator().manual_seed(0)))
    model = nn.Sequential(OrderedDict(flat=nn.Flatten(), one=nn.Linear(4, 3)))
    # Forward, in learning and for the report of silent units: 4 x 3 each; the winner adds its 4 inputs.
    for rule, update in ((HardCompetitive(), 4), (KrotovHopfield(), 2 * 4), (PlainHebb(), 4 * 3)):
        learner = LayerByLayer(rule, patches=Patches("raw"))
        assert learning_macs(learner, model, stimuli, torch.Generator()) == 2 * 12 + update


def test_feedback_costs_its_own_products_and_not_those_that_measure_its_angles():
    images = torch.rand(7, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    stimuli = Stimuli(images, {"label": np.arange(7) % 2})
    model = nn.Sequential(OrderedDict(flat=nn.Flatten(), one=nn.Linear(4, 3), two=nn.Linear(3, 2)))
    descent = Backpropagation("sgd", batch_size=7, epochs=5, validation=0)
    back, feedback = (
        learning_macs(rule, model, stimuli, torch.Generator())
        for rule in (descent, FeedbackAlignment(descent))
    )
    # In every epoch the answers are made through B as well; silent cells are looked for in the net once more.
    assert feedback - back == 5 * 3 * 2 + (4 * 3 + 3 * 2)


def test_products_that_torch_does_not_see_are_added_as_the_rule_tells_them():
    stimuli = Stimuli(torch.rand(7, 1, 2, 2, generator=torch.Generator().manual_seed(0)))
    model = nn.Sequential(OrderedDict(flat=nn.Flatten(), one=nn.Linear(4, 3)))
    rule, generator = Templates(PCATemplates(), patches=Patches("raw")), torch.Generator()
    # torch: each stimulus once more through 4 x 3 weights, for the report of silent units.
    told = 7 * 4**2 + 5 * 4**3 // 3
    assert learning_macs(rule, model, stimuli, generator) == pytest.approx(12 + told / 7)
    trained = with_history(copy.deepcopy(model), {"one macs": [500.0, 200.0], "one change": [1.0]})
    assert told_macs(trained) == 700
    assert learning_macs(rule, model, stimuli, generator, (trained, 100)) == 12 + 7


def test_the_weights_that_can_learn_are_a_row_a_unit():
    assert {name: rows.shape for name, rows in plastic_weights(net()).items()} == {
        "one": (3, 4),
        "two": (2, 3),
    }


def test_distance_is_measured_in_lengths_of_the_initial_weights():
    before, after = net(), None
    after = copy.deepcopy(before)
    after.one.weight.data *= -2
    assert distance_from_start(before, after) == pytest.approx({"one": 3, "two": 0})
    before.two.weight.data.zero_()
    assert np.isnan(distance_from_start(before, after)["two"])


def test_a_decision_layer_that_was_added_is_left_out_and_one_that_grew_is_refused():
    before = net()
    after = nn.Sequential(
        OrderedDict([*copy.deepcopy(before).named_children(), ("decision", nn.Linear(2, 2))])
    )
    assert distance_from_start(before, after) == {"one": 0, "two": 0}
    after.one.weight = nn.Parameter(torch.zeros(5, 4))
    with pytest.raises(ValueError, match="layer 'one' has grown from 3 to 5 units"):
        distance_from_start(before, after)
