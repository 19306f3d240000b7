"""A neuron scanned over the field is the convolution."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from neuro.models.initial import randomised
from neuro.models.neocognitron import SLayer, Stage, modern_neocognitron, neocognitron
from neuro.physiology import scanned
from neuro.stimuli import Stimuli


@pytest.mark.parametrize("build", [neocognitron, modern_neocognitron])
def test_one_neuron_scanned_over_the_field_is_the_convolution(build):
    net = build([Stage(planes=3, s_window=3, s_padding=2), Stage(planes=4, s_padding=1)])
    generator = torch.Generator().manual_seed(0)
    randomised(net, generator)
    for layer in (each for each in net if isinstance(each, SLayer)):
        layer.b.data += 0.1  # so that inhibition is scanned too
    for name in ("US1", "US2"):
        scan = scanned(net, name, Stimuli(torch.rand(2, 1, 12, 12, generator=generator)))
        assert scan.off_by(scan.in_turn) < 1e-12  # double precision
        assert scan.off_by(scan.turned) > 1e-3


def test_a_neuron_turned_is_the_convolution_with_turned_weights():
    image, filters = torch.rand(1, 1, 6, 6), nn.Conv2d(1, 2, 3, padding=1)
    scan = scanned(nn.Sequential(OrderedDict(conv=filters)), "conv", Stimuli(image))
    turned = nn.functional.conv2d(image, filters.weight.flip(2, 3), filters.bias, padding=1)
    assert scan.turned == pytest.approx(turned.detach().flatten(2).mT.numpy(), abs=1e-6)
