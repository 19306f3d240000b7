"""A neuron whose multiplications became convolutions over time (Homma, Atlas & Marks 1988).

Source: NIPS 1987, "An artificial neural network for spatio-temporal bipolar patterns: application to phoneme
classification" (published 1988; reported). The formal neuron multiplies each input by a weight; here the
weight is a transfer function, and the product a convolution:

    formal    y = f( sum_i w_i x_i - theta )
    dynamic   y(t) = f( sum_i (w_i * x_i)(t) - theta ),   (w * x)(t) = sum_tau w(tau) x(t - tau)

Differs from the paper:
- time is in steps, and the transfer functions are finite: one weight for each delay;
- Hebb's rule and the delta rule, generalised to weights with delays, are given by where they end:
  `matched_filters` and `separating_filters`.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DynamicNeurons(nn.Module):
    """Neurons that answer at every moment to what their inputs were, up to `delays` - 1 steps ago.

    With one delay they are formal neurons, moment by moment. Before the first step the inputs were silent.
    Shapes: (B, 1, inputs, T) -> (B, neurons, 1, T); weight (neurons, inputs, delays), theta (neurons,).
    Raises ValueError for another number of inputs.
    """

    def __init__(self, inputs: int, delays: int, neurons: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(neurons, inputs, delays))
        self.theta = nn.Parameter(torch.zeros(neurons))

    def forward(self, x: Tensor) -> Tensor:
        _, inputs, delays = self.weight.shape
        if x.ndim != 4 or x.shape[1:3] != (1, inputs):
            raise ValueError(f"DynamicNeurons takes (B, 1, {inputs}, T); got {tuple(x.shape)}")
        # torch's convolution does not turn the kernel round: we do.
        past = F.pad(x[:, 0], (delays - 1, 0))
        return F.conv1d(past, self.weight.flip(2), -self.theta)[:, :, None]


class Bipolar(nn.Module):
    """What enters is from -1 to 1, and silence, a light of 0.5, is zero. Any shape -> the same."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x - 1


class Loudest(nn.Module):
    """The largest answer of each neuron at any moment. Shapes: (B, K, 1, T) -> (B, K)."""

    def forward(self, y: Tensor) -> Tensor:
        return y.amax((2, 3))


def homma_atlas_marks(weight: Tensor) -> nn.Sequential:
    """Dynamic neurons with these transfer functions (neurons, inputs, delays); the largest answer of each.

    f is left out, as it changes no order. The chain is bipolar, neurons, decision.
    Shapes: (B, 1, inputs, T) -> (B, neurons). Raises ValueError for weights of another shape.
    """
    if weight.ndim != 3:
        raise ValueError(f"transfer functions are (neurons, inputs, delays); got {tuple(weight.shape)}")
    neurons = DynamicNeurons(weight.shape[1], weight.shape[2], weight.shape[0])
    neurons.weight.data = weight.clone().float()
    return nn.Sequential(OrderedDict(bipolar=Bipolar(), neurons=neurons, decision=Loudest()))


def matched_filters(patterns: Tensor) -> Tensor:
    """Hebb's rule, generalised: each neuron keeps its pattern, turned round in time, as transfer functions.

        w_ki(tau) = p_ki(T - 1 - tau) / |p_k|^2

    so that its answer to its own pattern is 1 as the pattern ends. Shapes: (K, inputs, T) -> the same.
    Raises ValueError for a silent pattern.
    """
    energy = _energy(patterns)
    return (patterns / energy[:, None, None]).flip(2)


def separating_filters(patterns: Tensor) -> Tensor:
    """Where the delta rule ends that starts from zero: the pseudo-inverse of the patterns.

        as pattern j ends, neuron k answers 1 if j = k and 0 otherwise

    exactly so if no pattern is a sum of others, and of all such transfer functions the least.
    Shapes: (K, inputs, T) -> the same. Raises ValueError for a silent pattern.
    """
    _energy(patterns)
    inverse: Tensor = torch.linalg.pinv(patterns.flatten(1).double())
    return inverse.T.reshape(patterns.shape).to(patterns.dtype).flip(2)


def _energy(patterns: Tensor) -> Tensor:
    if patterns.ndim != 3 or not patterns.any(2).any(1).all():
        raise ValueError(f"patterns are (K, inputs, T), none of them silent; got {tuple(patterns.shape)}")
    return patterns.square().sum((1, 2))
