"""The neocognitron (Fukushima 1980, Biol. Cybern. 36:193-202): S-cells that learn, C-cells that tolerate.

Symbols: a excitatory and b inhibitory weights of the S-cells, r their selectivity; c the fixed weights of the
V-cells; d the fixed weights of the C-cells, alpha their saturation; u_C the layer before, v the V-cell.

A model is the chain US1, UC1, US2, UC2, ...; S-layers hold the only parameters, so whatever trains the model,
Hebb's rule or backpropagation, leaves the C-cells as they are.

Differs from the paper (each item is a choice where the paper prints nothing, and an argument here):
- c = gamma^|v| and d = d_scale * delta^|v|; the paper says only "monotonically decreasing". The values of
  FUKUSHIMA_1980 come from a search made for this project, by one-to-one coding of five digits;
- initial a: `weak_orientation_preference`; the paper names what it depends on and prints no function;
- the 16 -> 10 and 8 -> 6 grids: a C-layer takes every second place whose window touches the S-plane, which
  gives the printed sizes and is asymmetric by half a cell; beyond the border lie zeros;
- psi is zero for every x <= 0; as printed, phi[x / (alpha + x)], it would answer again below -alpha;
- windows are squares, as the printed synapse counts (25, 600) say; the figures draw ellipses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid
from neuro.models.receptive_fields import fall_off


@dataclass(frozen=True)
class Stage:
    """One S-layer with its C-layer. Windows, paddings and steps in cells.

    Source of the defaults: the printed second stage of 1980 and, for gamma, delta, d_scale and
    `initial`, the choices named in this module's docstring.
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


FUKUSHIMA_1980 = (
    Stage(s_padding=2, r=4.0, gamma=0.3, initial=0.0022, delta=0.9, d_scale=2.0),
    Stage(s_padding=1, r=1.5, gamma=0.8, delta=0.5, d_scale=0.3),
    Stage(s_padding=0, r=1.5, gamma=0.5, c_window=2, c_padding=0, c_step=1, delta=1.0, d_scale=1.0),
)


class SLayer(nn.Module):
    """Planes of S-cells; all cells of a plane share one set of weights.

        u_S = r max(0, (1 + sum a u_C) / (1 + 2r/(1+r) b v) - 1)        eqs. 1, 2
        v   = sqrt(sum c u_C^2),   sum c = 1 over places and planes      eqs. 3, 9

    Backpropagation asks two things more. The root's slope, infinite at zero, is taken as zero there (the
    slope of v in any one u_C is never more than sqrt(c), so nothing jumps far). And b is kept from falling
    below zero, where inhibition would excite, by `constrain` after each step.

    Shapes: (B, C, H, W) -> (B, K, H', W'). Raises ValueError unless r > 0.
    """

    def __init__(
        self, channels: int, planes: int, window: int, padding: int = 0, r: float = 1.5, gamma: float = 0.8
    ) -> None:
        super().__init__()
        if r <= 0:
            raise ValueError(f"the selectivity r of S-cells must be above zero; got {r}")
        self.r, self.padding = r, padding
        self.a = nn.Parameter(torch.zeros(planes, channels, window, window))
        self.b = nn.Parameter(torch.zeros(planes))
        self.c: Tensor
        weights = fall_off(gamma, window)
        self.register_buffer("c", (weights / weights.sum() / channels).float().repeat(1, channels, 1, 1))

    def inhibition(self, u_c: Tensor) -> Tensor:
        """The V-cells: root of the weighted mean square of what is seen. (B, C, H, W) -> (B, 1, H', W')."""
        square = F.conv2d(u_c**2, self.c, padding=self.padding)
        positive = square > 0
        return torch.where(positive, torch.where(positive, square, 1.0).sqrt(), 0.0)

    def forward(self, u_c: Tensor) -> Tensor:
        excitation = F.conv2d(u_c, self.a, padding=self.padding)
        inhibition = 2 * self.r / (1 + self.r) * self.b[:, None, None] * self.inhibition(u_c)
        return self.r * F.relu((1 + excitation) / (1 + inhibition) - 1)

    @torch.no_grad()
    def constrain(self) -> None:
        """Inhibition cannot turn into excitation: b >= 0."""
        self.b.clamp_(min=0)


class CLayer(nn.Module):
    """Planes of C-cells, each fed by its own S-plane; nothing in them learns.

        u_C = psi((1 + sum d u_S) / (1 + v_S) - 1),   psi(x) = max(0, x) / (alpha + max(0, x))      eqs. 4, 5
        v_S = mean over planes of sum d u_S                                                         eq. 6

    Shapes: (B, K, H, W) -> (B, K, H', W').
    """

    def __init__(
        self,
        planes: int,
        window: int,
        padding: int,
        step: int,
        delta: float = 0.5,
        d_scale: float = 1.0,
        alpha: float = 0.5,
    ) -> None:
        super().__init__()
        self.padding, self.step, self.alpha = padding, step, alpha
        self.d: Tensor
        weights = d_scale * fall_off(delta, window)
        self.register_buffer("d", weights.float().repeat(planes, 1, 1, 1))

    def forward(self, u_s: Tensor) -> Tensor:
        pooled = F.conv2d(u_s, self.d, stride=self.step, padding=self.padding, groups=len(self.d))
        drive = F.relu((1 + pooled) / (1 + pooled.mean(1, keepdim=True)) - 1)
        return drive / (self.alpha + drive)


class MaxLayer(nn.Module):
    """The C-layer's modern replacement: the largest answer in the same window. Shapes as in CLayer."""

    def __init__(self, window: int, padding: int, step: int) -> None:
        super().__init__()
        self.window, self.padding, self.step = window, padding, step

    def forward(self, u_s: Tensor) -> Tensor:
        # Padded by hand: max_pool2d allows no padding beyond half of the window.
        return F.max_pool2d(F.pad(u_s, (self.padding,) * 4), self.window, self.step)


def neocognitron(stages: Sequence[Stage], channels: int = 1) -> nn.Sequential:
    """A chain US1, UC1, US2, UC2, ... of any number of stages, its S-cells weakly tuned to orientations."""
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    for number, stage in enumerate(stages, start=1):
        layer = SLayer(channels, stage.planes, stage.s_window, stage.s_padding, stage.r, stage.gamma)
        layer.a.data = stage.initial * weak_orientation_preference(*layer.a.shape[:3])
        chain[f"US{number}"] = layer
        chain[f"UC{number}"] = CLayer(
            stage.planes,
            stage.c_window,
            stage.c_padding,
            stage.c_step,
            stage.delta,
            stage.d_scale,
            stage.alpha,
        )
        channels = stage.planes
    return nn.Sequential(chain)


def fukushima_1980() -> nn.Sequential:
    """The net of 1980: retina 16x16, US1 16x16, UC1 10x10, US2 8x8, UC2 6x6, US3 2x2, UC3 1x1; 24 planes."""
    return neocognitron(FUKUSHIMA_1980)


def modern_neocognitron(stages: Sequence[Stage], channels: int = 1) -> nn.Sequential:
    """The same chain, windows and names with ReLU for the S-cells and a maximum for the C-cells.

    The lecture decks' proposal. Weights begin as torch begins a convolution; seed them with randomised().
    """
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    for number, stage in enumerate(stages, start=1):
        filters = nn.Conv2d(channels, stage.planes, stage.s_window, padding=stage.s_padding)
        chain[f"US{number}"] = nn.Sequential(OrderedDict(filters=filters, relu=nn.ReLU()))
        chain[f"UC{number}"] = MaxLayer(stage.c_window, stage.c_padding, stage.c_step)
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
