"""A layer of shared weights, and one neuron of it scanned over the field: the same sums."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from neuro.stimuli import Stimuli

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scan:
    """A layer's answers as one convolution, and those of a single neuron of each plane, patch after patch.

    convolution, in_turn  (B, places, K), in double precision
    turned                the same neurons, the weights turned by 180 degrees
    """

    convolution: Floats
    in_turn: Floats
    turned: Floats

    def off_by(self, answers: Floats) -> float:
        """The largest difference from the convolution, relative to its largest answer."""
        return float(np.abs(answers - self.convolution).max() / self.convolution.max())


@torch.no_grad()
def scanned(model: nn.Sequential, layer: str, stimuli: Stimuli) -> Scan:
    """The input of a layer of shared weights scanned with one neuron of each plane, in steps of one cell."""
    exact = copy.deepcopy(model).double().eval()
    number = [name for name, _ in exact.named_children()].index(layer)
    seen = exact[:number](stimuli.images.double())
    neurons = copy.deepcopy(exact[number])
    # The part that holds the weights itself, whatever stands around it.
    shared: Any = next(part for part in neurons.modules() if [*part.parameters(recurse=False)])
    window, padding = next(shared.parameters()).shape[-1], shared.padding
    shared.padding = 0  # a neuron sees its patch, and nothing beyond
    patches = F.unfold(seen, window, padding=padding).mT.reshape(-1, seen.shape[1], window, window)
    convolution, in_turn = exact[number](seen).flatten(2).mT, neurons(patches)
    turned = neurons(patches.flip(2, 3))
    in_turn, turned = in_turn.reshape(convolution.shape), turned.reshape(convolution.shape)
    return Scan(convolution.numpy(), in_turn.numpy(), turned.numpy())
