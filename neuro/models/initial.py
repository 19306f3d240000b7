"""Random initial weights for any model, from a generator that is passed in."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import nn

from neuro.models.feature_maps import FeatureMaps, LocalFields, Subsampling
from neuro.models.neocognitron import SLayer

Model = TypeVar("Model", bound=nn.Module)


def randomised(model: Model, generator: torch.Generator, strength: float = 1.0) -> Model:
    """The model with random weights in place of its initial ones (changed in place, and returned).

    S-layers: weak excitation by uniform noise z in [0, 1), and as in 1980 no inhibition at first,
        a = strength * c * z,   b = 0
    Convolutions and dense layers: normal with variance 2 / inputs, bias zero (He et al. 2015, reported).
    """
    for module in model.modules():
        if isinstance(module, SLayer):
            noise = torch.rand(module.a.shape, generator=generator).to(module.a.device)
            module.a.data = strength * module.c * noise
            module.b.data = torch.zeros_like(module.b)
        elif isinstance(module, nn.Conv2d | nn.Linear):
            sd = math.sqrt(2 / module.weight[0].numel())
            drawn = torch.randn(module.weight.shape, generator=generator)
            module.weight.data = drawn.to(module.weight.device) * sd
            if module.bias is not None:
                module.bias.data = torch.zeros_like(module.bias)
    return model


def uniform(model: Model, generator: torch.Generator, reach: float = 2.4, power: float = 1.0) -> Model:
    """The model with weights drawn evenly from -reach / F^power to reach / F^power, and biases of zero.

    F is the number of inputs of the cell. The 2.4 / F of 1989 is reported; others read 2.4 / sqrt(F), power
    0.5: with a reach of 2.449 what He et al. 2015 give rectified cells. Changed in place, and returned.
    """
    for module in model.modules():
        if isinstance(module, FeatureMaps | LocalFields | Subsampling):
            fan_in = module.fan_in()
        elif isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = torch.tensor(module.weight[0].numel())
        else:
            continue
        drawn = 2 * torch.rand(module.weight.shape, generator=generator) - 1
        module.weight.data = drawn.to(module.weight.device) * reach / fan_in**power
        if module.bias is not None:
            module.bias.data = torch.zeros_like(module.bias)
    return model
