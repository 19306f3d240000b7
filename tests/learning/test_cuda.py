"""Every rule of the comparisons learns on a GPU what it learns on the CPU: one generator, the same draws."""

import pytest
import torch
from torch import nn

from neuro.comparison.rules import RULES
from neuro.learning import LastLayerOnly
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

LEARNERS = {name: search.settings["learner"][0] for name, search in RULES.items()}
LEARNERS["last layer only"] = LastLayerOnly(LEARNERS["backpropagation"].rule)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def told_errors(name):
    return name == "last layer only" or RULES[name].labels == "all layers"


def chain(name):
    """Two layers of convolutions, with a decision for rules that are told their errors."""
    model = feature_chain((6, 8))
    if told_errors(name):
        model.add_module("flat", nn.Flatten())
        model.add_module("decision", nn.Linear(8, 3))
    return randomised(model, seeded(1))


def stimuli(name):
    """Noise; with labels for the rules that are told their errors."""
    images = torch.rand(64, 1, 16, 16, generator=seeded(2))
    labels = {"label": torch.arange(64).numpy() % 3} if told_errors(name) else {}
    return Stimuli(images, conditions=labels)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", LEARNERS)
def test_a_rule_learns_on_the_gpu_what_it_learns_on_the_cpu(name):
    shown = stimuli(name)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # which rounds to three digits
        here = LEARNERS[name].fit(chain(name), shown, seeded())
        there = LEARNERS[name].fit(chain(name).cuda(), shown, seeded())
    assert all(parameter.is_cuda for parameter in there.parameters())
    # Sums are added in another order; and a weight that crosses zero has another sign: what begins 1e-7
    # apart ends up to 4e-3 apart by sign-symmetry.
    near = 1e-2 if told_errors(name) else 1e-4
    for key, weights in here.state_dict().items():
        torch.testing.assert_close(there.state_dict()[key].cpu(), weights, rtol=0, atol=near)
