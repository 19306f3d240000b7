"""The neocognitron (Fukushima 1980, Biol. Cybern. 36:193-202): S-cells that learn, C-cells that tolerate.

Symbols: a excitatory and b inhibitory weights of the S-cells, r their selectivity; c the fixed weights of the
V-cells; d the fixed weights of the C-cells, alpha their saturation; u_C the layer before, v the V-cell.

A model is the chain US1, UC1, US2, UC2, ...; S-layers hold the only parameters, so whatever trains the model,
Hebb's rule or backpropagation, leaves the C-cells as they are. The layers are in s_cells.py and c_cells.py;
later nets in fukushima_1988.py and handwritten.py. All are to be had from here.

Differs from the paper (each item is a choice where the paper prints nothing; most are parameters, with the
reason of the default):
- shapes of c and d: the paper says only "monotonically decreasing" in |v|. c = gamma^(|v|^power) and
  d = d_scale * delta^(|v|^power), with `power` 1, an exponential, as public codes of the nets of 1982 and
  1988 have it; 2 would be a Gaussian;
- gamma, delta and `d_scale`, the size of d: no values are printed. Those of FUKUSHIMA_1980 come from a search
  made for this project, by one-to-one coding of five digits;
- initial a: `initial` times `weak_orientation_preference`; the paper names what it depends on and prints no
  function. `initial` comes from the same search: above 0.001 in US2 and US3, planes that have learned nothing
  answer everything;
- the 16 -> 10 and 8 -> 6 grids: `c_step` 2 and `c_padding` 4 take every second place whose window touches the
  S-plane, which with `s_padding` 2, 1, 0 gives all printed sizes; it is asymmetric by half a cell;
- the border: `border` "zeros", nothing lies beyond it. "replicate" repeats the rim; "circular" joins opposite
  rims, which makes S-layers indifferent to any shift and is meant as a control;
- the range of the shifts and the order of the patterns: not the net's, but parameters of who presents them:
  `reach` of preparations.shifted_at_random, and the generator handed to the rule;
- psi is zero for every x <= 0; as printed, phi[x / (alpha + x)], it would answer again below -alpha;
- windows are squares, as the printed synapse counts (25, 600) say; the figures draw ellipses.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from neuro.geometry import along_and_across, pixel_grid
from neuro.models.c_cells import (
    Border,
    CLayer,
    JoinedCLayer,
    LabelledCLayer,
    MaxLayer,
    Rim,
    SurroundCLayer,
)
from neuro.models.fukushima_1988 import fukushima_1988
from neuro.models.handwritten import handwritten
from neuro.models.s_cells import ContrastLayer, EdgeLayer, ReluLayer, SLayer, learning_thresholds, selectivity

__all__ = [
    "CLayer",
    "ContrastLayer",
    "EdgeLayer",
    "FUKUSHIMA_1980",
    "JoinedCLayer",
    "LabelledCLayer",
    "MaxLayer",
    "ReluLayer",
    "Rim",
    "SLayer",
    "Stage",
    "SurroundCLayer",
    "fukushima_1980",
    "fukushima_1988",
    "handwritten",
    "learning_thresholds",
    "modern_neocognitron",
    "neocognitron",
    "selectivity",
    "supervised",
    "weak_orientation_preference",
]


SCells = TypeVar("SCells", SLayer, ReluLayer)


@dataclass(frozen=True)
class Stage:
    """One S-layer with its C-layer. Windows, paddings and steps in cells.

    Source of the defaults: the printed second stage of 1980 and, for gamma, delta, d_scale, power, border and
    `initial`, the choices named in this module's docstring. `r_learning` is the selectivity while learning,
    see learning_thresholds(); None, as in 1980, for the same one. Raises ValueError for impossible sizes, for
    c or d that grow with |v|, and for weights below zero.
    """

    planes: int = 24
    s_window: int = 5
    s_padding: int = 0
    r: float = 1.5
    gamma: float = 0.8
    initial: float = 0.0002
    c_window: int = 5
    c_padding: int = 4
    c_step: int = 2
    delta: float = 0.5
    d_scale: float = 0.3
    alpha: float = 0.5
    power: float = 1.0
    border: Border = "zeros"
    r_learning: float | None = None

    def __post_init__(self) -> None:
        if min(self.planes, self.s_window, self.c_window, self.c_step) < 1:
            raise ValueError(f"planes, windows and steps are 1 or more; got {self}")
        if min(self.s_padding, self.c_padding) < 0:
            raise ValueError(f"paddings are 0 or more; got {self}")
        if not (0 < self.gamma <= 1 and 0 < self.delta <= 1 and self.power > 0):
            raise ValueError(f"c and d do not grow: gamma and delta above 0, to 1, power above 0; got {self}")
        if not (0 < self.d_scale < math.inf and 0 <= self.initial < math.inf):
            raise ValueError(f"d_scale is above zero, and no initial weight below it; got {self}")


FUKUSHIMA_1980 = (
    Stage(s_padding=2, r=4.0, gamma=0.3, initial=0.0022, delta=0.9, d_scale=2.0),
    Stage(s_padding=1, r=1.5, gamma=0.8, delta=0.5, d_scale=0.3),
    Stage(s_padding=0, r=1.5, gamma=0.5, c_window=2, c_padding=0, c_step=1, delta=1.0, d_scale=1.0),
)


def neocognitron(stages: Sequence[Stage], channels: int = 1) -> nn.Sequential:
    """A chain US1, UC1, US2, UC2, ... of any number of stages, its S-cells weakly tuned to orientations.

    With a `border` other than "zeros" a layer rim_US1, rim_UC1, ... stands before each that is padded.
    """

    def s_cells(stage: Stage, channels: int, padding: int) -> SLayer:
        layer = SLayer(
            channels,
            stage.planes,
            stage.s_window,
            padding,
            stage.r,
            stage.gamma,
            stage.power,
            stage.r_learning,
        )
        return _weakly_tuned(layer, stage)

    def c_cells(stage: Stage, padding: int) -> CLayer:
        step, shape = stage.c_step, (stage.delta, stage.d_scale, stage.alpha, stage.power)
        return CLayer(stage.planes, stage.c_window, padding, step, *shape)

    return _chain(stages, channels, s_cells, c_cells)


def fukushima_1980() -> nn.Sequential:
    """The net of 1980: retina 16x16, US1 16x16, UC1 10x10, US2 8x8, UC2 6x6, US3 2x2, UC3 1x1; 24 planes.

    Larger images give larger planes; those of less than 13 pixels leave US3 or UC3 nothing: ValueError.
    Every choice that is not printed can be changed: `neocognitron([replace(FUKUSHIMA_1980[0], ...), ...])`.
    """
    return neocognitron(FUKUSHIMA_1980)


def modern_neocognitron(
    stages: Sequence[Stage], channels: int = 1, length: float | None = None
) -> nn.Sequential:
    """The same chain, windows, names and initial weights, with ReluLayer and MaxLayer for S- and C-cells.

    The lecture decks' proposal. `length` is that of the weights of a plane, see ReluLayer. For
    backpropagation seed the weights with randomised().
    """

    def s_cells(stage: Stage, channels: int, padding: int) -> ReluLayer:
        layer = ReluLayer(channels, stage.planes, stage.s_window, padding, length)
        return _weakly_tuned(layer, stage)

    def c_cells(stage: Stage, padding: int) -> MaxLayer:
        return MaxLayer(stage.c_window, padding, stage.c_step)

    return _chain(stages, channels, s_cells, c_cells)


def _weakly_tuned(layer: SCells, stage: Stage) -> SCells:
    layer.a.data = stage.initial * weak_orientation_preference(*layer.a.shape[:3])
    layer.constrain()
    return layer


def _chain(
    stages: Sequence[Stage],
    channels: int,
    s_cells: Callable[[Stage, int, int], nn.Module],
    c_cells: Callable[[Stage, int], nn.Module],
) -> nn.Sequential:
    """The layers of all stages, named; a padded one has its padding done by a Rim if it is not of zeros."""
    if not stages:
        raise ValueError("a neocognitron has at least one stage; got none")
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    for number, stage in enumerate(stages, start=1):
        paddings = []
        for name, padding in ((f"US{number}", stage.s_padding), (f"UC{number}", stage.c_padding)):
            rim = padding > 0 and stage.border != "zeros"
            if rim:
                chain[f"rim_{name}"] = Rim(padding, stage.border)
            paddings.append(0 if rim else padding)
            chain[name] = nn.Identity()  # keeps the place
        chain[f"US{number}"] = s_cells(stage, channels, paddings[0])
        chain[f"UC{number}"] = c_cells(stage, paddings[1])
        channels = stage.planes
    return nn.Sequential(chain)


def supervised(model: nn.Sequential, classes: int, size: int, channels: int = 1) -> nn.Sequential:
    """The chain with a decision layer behind its last C-layer, for images of `size` pixels.

    The layers are the same objects, not copies. The decision layer begins at zero: no class is preferred.
    """
    with torch.no_grad():
        features = model(torch.zeros(1, channels, size, size)).numel()
    linear = nn.Linear(features, classes)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    decision = nn.Sequential(OrderedDict(flat=nn.Flatten(), linear=linear))
    return nn.Sequential(OrderedDict([*model.named_children(), ("decision", decision)]))


def weak_orientation_preference(planes: int, channels: int, window: int) -> Tensor:
    """Initial excitation of S-cells: a ridge through the window, at an orientation that turns with the plane.

        a(k', v, k) = exp(-across^2 / 2) * (1 - |k/K - k'/K'|),   across at orientation 180 k/K

    Without randomness and a function of v, k/K and |k/K - k'/K'|, as the paper says; the shape is ours.
    Shapes: (K, K', window, window).
    """
    plane = torch.arange(planes, dtype=torch.float64) / planes
    before = torch.arange(channels, dtype=torch.float64) / channels
    x, y = pixel_grid(window, 1.0)
    _, across = along_and_across(x, y, 180 * plane[:, None, None])
    ridge = torch.exp(-(across**2) / 2)
    kinship = 1 - (plane[:, None] - before).abs() if channels > 1 else torch.ones(planes, 1)
    return (kinship[:, :, None, None] * ridge[:, None]).float()
