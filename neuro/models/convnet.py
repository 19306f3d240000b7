"""Convolutional networks trained by backpropagation, and the plain network they are held against.

The nets as published are here too, each from the module of its paper: `homma`, `lecun_1989`, `lenet5`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro.models.counting import Wiring, layer_sizes, parameter_count, totals, wiring
from neuro.models.feature_maps import (
    FeatureMaps,
    LocalFields,
    Retina,
    ScaledTanh,
    Subsampling,
    Triangle,
)
from neuro.models.homma import DynamicNeurons, homma_atlas_marks, matched_filters, separating_filters
from neuro.models.lecun_1989 import lecun_1989, lecun_1989_nips, net_1, net_2, net_3, net_4, net_5
from neuro.models.lenet5 import RadialOutput, lenet5

__all__ = [
    "DynamicNeurons",
    "FeatureMaps",
    "GainAndBias",
    "LocalFields",
    "RadialOutput",
    "Retina",
    "ScaledTanh",
    "Subsampling",
    "Triangle",
    "Wiring",
    "dense_features",
    "equal_mlp",
    "feature_chain",
    "homma_atlas_marks",
    "layer_sizes",
    "lecun_1989",
    "lecun_1989_nips",
    "ledger",
    "lenet5",
    "lenet5_as_taught",
    "matched_filters",
    "mlp",
    "net_1",
    "net_2",
    "net_3",
    "net_4",
    "net_5",
    "parameter_count",
    "separating_filters",
    "small_convnet",
    "totals",
    "triangle_chain",
    "wiring",
]


Normalisation = Callable[[int], nn.Module]  # of so many maps


class GainAndBias(nn.Module):
    """What batch normalisation learns, without the normalisation: a gain and a bias for each map.

        y_k = g_k u_k + b_k,   at first u_k

    nn.BatchNorm2d first brings each map to mean 0 and variance 1 over the batch (Ioffe & Szegedy 2015,
    reported). Shapes: (B, maps, H, W) -> the same.
    """

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, u: Tensor) -> Tensor:
        return u * self.gain + self.bias


def _convolution(
    inputs: int, maps: int, window: int, padding: int = 0, normalisation: Normalisation | None = None
) -> nn.Sequential:
    """A layer of shared filters and its rectification; recorded together, as one layer of cells."""
    between = {} if normalisation is None else {"normalised": normalisation(maps)}
    filters = nn.Conv2d(inputs, maps, window, padding=padding)
    return nn.Sequential(OrderedDict(filters=filters, **between, relu=nn.ReLU()))


def _dense(inputs: int, units: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(linear=nn.Linear(inputs, units), relu=nn.ReLU()))


def lenet5_as_taught(classes: int = 10) -> nn.Sequential:
    """LeNet-5 as the lecture decks teach it: 32x32 input, 61,706 parameters.

    The chain conv1 6@28x28, pool1, conv2 16@10x10, pool2, full1 120, full2 84, decision 10.
    Shapes: (B, 1, 32, 32) -> (B, classes), before the softmax.

    Differs from the paper (LeCun et al. 1998, Proc. IEEE 86:2278-2324):
    - the second convolution sees all six maps (the paper's table leaves 60 of 96 connections);
    - maximum pooling without parameters (the paper: a trainable mean), ReLU (a scaled tanh), and a linear
      decision layer (distances to fixed bitmaps). The paper's net has 60,000 trainable parameters.
    """
    return nn.Sequential(
        OrderedDict(
            conv1=_convolution(1, 6, 5),
            pool1=nn.MaxPool2d(2),
            conv2=_convolution(6, 16, 5),
            pool2=nn.MaxPool2d(2),
            flat=nn.Flatten(),
            full1=_dense(16 * 5 * 5, 120),
            full2=_dense(120, 84),
            decision=nn.Linear(84, classes),
        )
    )


def small_convnet(
    maps: int = 8, size: int = 16, classes: int = 10, normalisation: Normalisation | None = None
) -> nn.Sequential:
    """Two 5x5 convolutions pooled by maxima, and the decision: conv1, pool1, conv2, pool2, decision.

    The second convolution has twice the maps of the first. `normalisation`, nn.BatchNorm2d say, stands
    between filters and rectification. Of a side that 4 does not divide, the last cells go unseen.
    Shapes: (B, 1, size, size) -> (B, classes). Raises ValueError if the pools leave no cell.
    """
    if size < 4:
        raise ValueError(f"two pools of 2 by 2 need 4 pixels a side or more; got {size}")
    return nn.Sequential(
        OrderedDict(
            conv1=_convolution(1, maps, 5, 2, normalisation),
            pool1=nn.MaxPool2d(2),
            conv2=_convolution(maps, 2 * maps, 5, 2, normalisation),
            pool2=nn.MaxPool2d(2),
            flat=nn.Flatten(),
            decision=nn.Linear(2 * maps * (size // 4) ** 2, classes),
        )
    )


def feature_chain(
    planes: Sequence[int] = (48,), window: int = 5, pool: int = 2, channels: int = 1, padding: int = 0
) -> nn.Sequential:
    """Features without a decision, for rules that are compared: conv1, pool1, and so on, one stage for each
    number of planes; shared filters, rectified, then the maximum of each block of pool x pool.

    Initial weights, and biases of zero: `initial.randomised`.
    Shapes: (B, channels, H, W) -> (B, planes[-1], h, w).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (below, maps) in enumerate(pairwise((channels, *planes)), 1):
        layers[f"conv{number}"] = _convolution(below, maps, window, padding)
        layers[f"pool{number}"] = nn.MaxPool2d(pool)
    return nn.Sequential(layers)


def triangle_chain(
    planes: Sequence[int] = (24, 512), window: int = 5, channels: int = 1, sds: float = 1.0
) -> nn.Sequential:
    """Features without a decision that read whole sets of digits: conv1, pool1, and so on.

    Each stage is shared filters, Triangle and maxima of blocks of 2 x 2; the last has means of 4 x 4 instead,
    every second cell. Initial weights: `initial.randomised`.
    Shapes: (B, channels, H, W) -> (B, planes[-1], h, w), (B, 512, 3, 3) for 28 x 28 pixels.
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (below, maps) in enumerate(pairwise((channels, *planes)), 1):
        filters = nn.Conv2d(below, maps, window)
        layers[f"conv{number}"] = nn.Sequential(OrderedDict(filters=filters, triangle=Triangle(sds)))
        layers[f"pool{number}"] = nn.MaxPool2d(2) if number < len(planes) else nn.AvgPool2d(4, 2)
    return nn.Sequential(layers)


def dense_features(units: int = 500, inputs: int = 784) -> nn.Sequential:
    """feature_chain() without windows: every unit sees the whole image; flat, dense1, rectified.

    Initial weights, and biases of zero: `initial.randomised`.
    Shapes: (B, C, H, W), of C H W inputs -> (B, units).
    """
    return nn.Sequential(OrderedDict(flat=nn.Flatten(), dense1=_dense(inputs, units)))


def mlp(hidden: int, size: int = 16, classes: int = 10) -> nn.Sequential:
    """One hidden layer that sees every pixel: hidden, decision. (B, 1, size, size) -> (B, classes)."""
    return nn.Sequential(
        OrderedDict(flat=nn.Flatten(), hidden=_dense(size**2, hidden), decision=nn.Linear(hidden, classes))
    )


def equal_mlp(convnet: nn.Module, size: int = 16, classes: int = 10) -> nn.Sequential:
    """The mlp() whose hidden units give it, as nearly as one unit can, the parameters of the convnet."""
    return mlp(round((parameter_count(convnet) - classes) / (size**2 + 1 + classes)), size, classes)


def ledger(published: nn.Sequential, taught: nn.Sequential) -> dict[str, int]:
    """Parameters that LeNet-5 as taught has more than as published, of each layer that differs.

    Layers are paired in order and named as published; the retina and the flattening have no pair. Raises
    ValueError for chains whose layers cannot be paired.
    """
    more = {}
    layers = [
        [(name, layer) for name, layer in net.named_children() if name not in ("retina", "flat")]
        for net in (published, taught)
    ]
    if len(layers[0]) != len(layers[1]):
        one, other = (", ".join(name for name, _ in part) for part in layers)
        raise ValueError(f"layers are paired in order; got {one} and {other}")
    for (name, one), (_, other) in zip(*layers, strict=True):
        more[name] = parameter_count(other) - parameter_count(one)
    return {name: count for name, count in more.items() if count}
