"""S-cells, which learn one feature a plane and find it anywhere; and the fixed first stages of later nets.

Symbols as in neocognitron.py. One network, three notations of what divides an S-cell's answer:

    1980     2r/(1+r) b v,   delta b = q/2 v(seed)
    later    r/(1+r) b v,    delta b = q v(seed)               half the factor, twice the b
    ~2003    theta b v,      theta = r/(1+r), r = theta/(1-theta)                  (reported)

SLayer is written as in 1980; `selectivity(theta)` is its r in the third. Taking the factor of one notation
and the reinforcement of another doubles or halves all inhibition without any error to be seen.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid
from neuro.models.receptive_fields import difference_of_gaussians, fall_off


class SLayer(nn.Module):
    """Planes of S-cells; all cells of a plane share one set of weights.

        u_S = r max(0, (1 + sum a u_C) / (1 + 2r/(1+r) b v) - 1)        eqs. 1, 2
        v   = sqrt(sum c u_C^2),   sum c = 1 over places and planes      eqs. 3, 9
        c   = gamma^(|v|^power), |v| the distance from the centre        (not printed)

    A plane that learned one pattern answers what makes a c-weighted cosine of more than theta = r/(1+r) with
    it. Dual thresholds: `r_learning`, if given, is the selectivity inside learning_thresholds().

    Backpropagation asks two things more. The root's slope, infinite at zero, is taken as zero there (the
    slope of v in any one u_C is never more than sqrt(c), so nothing jumps far). And b is kept from falling
    below zero, where inhibition would excite, by `constrain` after each step.

    Shapes: (B, C, H, W) -> (B, K, H', W'). Raises ValueError unless r is above zero and finite; and for
    an input that is smaller than the window or has other planes than the weights.
    """

    def __init__(
        self,
        channels: int,
        planes: int,
        window: int,
        padding: int = 0,
        r: float = 1.5,
        gamma: float = 0.8,
        power: float = 1.0,
        r_learning: float | None = None,
    ) -> None:
        super().__init__()
        for given in (r, r if r_learning is None else r_learning):
            if not 0 < given < math.inf:
                raise ValueError(f"the selectivity r of S-cells must be above zero and finite; got {given}")
        self.r, self.r_learning, self.padding = r, r_learning, padding
        self.a = nn.Parameter(torch.zeros(planes, channels, window, window))
        self.b = nn.Parameter(torch.zeros(planes))
        self.c: Tensor
        self.register_buffer("c", _v_weights(channels, window, gamma, power))

    @property
    def theta(self) -> float:
        """The cosine from which on a plane that learned one pattern answers: r / (1 + r)."""
        return self.r / (1 + self.r)

    def inhibition(self, u_c: Tensor) -> Tensor:
        """The V-cells: root of the weighted mean square of what is seen. (B, C, H, W) -> (B, 1, H', W')."""
        # c is the same in front of every plane (eq. 9): squares may be added up before they are weighed.
        squares = (u_c**2).sum(1, keepdim=True)
        return root(F.conv2d(squares, self.c[:, :1], padding=self.padding))

    def forward(self, u_c: Tensor) -> Tensor:
        refuse_small(u_c, "S-cells see", self.a.shape[1], self.a.shape[2], self.padding)
        # Planes last in memory, for all layers from here on: convolutions need not rearrange what they see.
        u_c = u_c.to(memory_format=torch.channels_last)
        return self.answer(F.conv2d(u_c, self.a, padding=self.padding), self.inhibition(u_c))

    def answer(self, excitation: Tensor, v: Tensor) -> Tensor:
        """Eq. 1, of the sum of a u_C, which is overwritten, and of v. Shapes: (B, K, H, W), (B, 1, H, W)."""
        # Planes last in memory, as forward() leaves the excitation: mixed layouts take three times as long.
        inhibition = (v.movedim(1, -1) * (2 * self.r / (1 + self.r) * self.b)).movedim(-1, 1)
        # In place, since memory is what takes the time; what backpropagation needs is kept by div_ itself.
        return excitation.add_(1).div_(inhibition.add_(1)).sub_(1).mul_(self.r).relu_()

    @torch.no_grad()
    def matched_inhibition(self) -> Tensor:
        """The b at which a is answered fully, whatever was averaged into it (~2003, reported). Shapes: (K,).

            b = sqrt(sum a^2 / c),   halved for the notation of 1980

        After one reinforcement that is b as it is; after several, eq. 8 gives more.
        """
        return root((self.a**2 / self.c).sum((1, 2, 3))) / 2

    @torch.no_grad()
    def constrain(self) -> None:
        """Inhibition cannot turn into excitation: b >= 0."""
        self.b.clamp_(min=0)


class ReluLayer(nn.Sequential):
    """S-cells with a ReLU in place of eqs. 1 to 3, as the lecture decks propose: nothing inhibits them.

        u_S = max(0, sum a u_C)

    With positive weights a cell answers whatever is light, most to what is lightest: alike and strong are not
    told apart. The usual remedy is a fixed `length` for the weights of each plane, sqrt(sum a^2), to which
    `constrain` brings them after each step of learning; None leaves them as they grow.

    `a` and `b` are what SLayer has under these names; b comes from the bias, which begins at zero and which
    only backpropagation changes. Weights begin at zero. Shapes and errors as of SLayer.
    """

    filters: nn.Conv2d
    relu: nn.ReLU

    def __init__(
        self, channels: int, planes: int, window: int, padding: int = 0, length: float | None = None
    ) -> None:
        if length is not None and not length > 0:
            raise ValueError(f"the length of a plane's weights is above zero, or None; got {length}")
        filters = nn.Conv2d(channels, planes, window, padding=padding)
        super().__init__(OrderedDict(filters=filters, relu=nn.ReLU()))
        self.padding, self.length = padding, length
        nn.init.zeros_(self.filters.weight)
        nn.init.zeros_(self.bias)

    @property
    def a(self) -> Tensor:
        return self.filters.weight

    @property
    def b(self) -> Tensor:
        return -self.bias

    @property
    def bias(self) -> Tensor:
        assert self.filters.bias is not None
        return self.filters.bias

    def forward(self, u_c: Tensor) -> Tensor:
        refuse_small(u_c, "S-cells see", self.a.shape[1], self.a.shape[2], self.padding)
        answer: Tensor = self.relu(self.filters(u_c))
        return answer

    @torch.no_grad()
    def constrain(self) -> None:
        """The weights of each plane have their length again, if one is given; those that are zero stay so."""
        if self.length is not None:
            self.a.copy_(self.length * F.normalize(self.a.flatten(1)).view_as(self.a))


def selectivity(theta: float) -> float:
    """The r of S-cells that answer from this cosine on: r = theta / (1 - theta).

    Raises ValueError unless 0 < theta < 1.
    """
    if not 0 < theta < 1:
        raise ValueError(f"theta is a cosine between 0 and 1; got {theta}")
    return theta / (1 - theta)


@contextmanager
def learning_thresholds(model: nn.Module) -> Iterator[None]:
    """Inside, every S-layer that has an `r_learning` answers with it; outside, with its r again.

    Dual thresholds: a higher one while learning makes planes specialise, a lower one while recognising makes
    them tolerant (abstract of a conference paper of 1997; the condition of use of the nets after it).
    """
    layers = [layer for layer in model.modules() if isinstance(layer, SLayer)]
    recognition = [layer.r for layer in layers]
    try:
        for layer in layers:
            layer.r = layer.r if layer.r_learning is None else layer.r_learning
        yield
    finally:
        for layer, r in zip(layers, recognition, strict=True):
            layer.r = r


class ContrastLayer(nn.Module):
    """Contrast in place of light, before any edges (reported of 2003): plane 0 lighter, plane 1 darker.

        u_G = max(0, +-sum_v g(v) u_0(n + v)),   g = Gaussian(centre) - Gaussian(surround), sds in pixels

    What lies beyond the rim is taken to look like the rim, so that uniform light gives exactly zero.
    Shapes: (B, 1, H, W) -> (B, 2, H, W). Raises ValueError for another number of channels.
    """

    def __init__(self, centre: float = 0.7, surround: float = 1.4, window: int = 7) -> None:
        super().__init__()
        self.g: Tensor
        field = difference_of_gaussians(centre, surround, window, 1.0)
        self.register_buffer("g", torch.stack([field, -field])[:, None].float())

    def forward(self, u_0: Tensor) -> Tensor:
        refuse_small(u_0, "contrast cells see", 1, 1, 0)
        light = u_0 - u_0[..., :1, :1]  # uniform light is zero before anything can be rounded
        return F.relu(F.conv2d(F.pad(light, (self.g.shape[-1] // 2,) * 4, mode="replicate"), self.g))


class EdgeLayer(nn.Module):
    """A first stage that does not learn: S-cells for edges of `planes` orientations, 0 up to 360 degrees.

        u_S = r max(0, (1 + gain sum c x u_G) / (1 + theta gain v) - 1),   r = theta / (1 - theta)

    It is the S-cell of SLayer after one reinforcement by an ideal edge x, of v(x) = 1, and gain = q: for
    contrasts above 1/gain it answers (cosine - theta) / (1 - theta), weaker ones less. An edge of orientation
    0 is level with the light above; orientations turn counter-clockwise, light to the left.

        x = exp(-along^2 / 2 sd_along^2) |across| exp(-across^2 / 2 sd_across^2)
            lighter plane where across > 0, darker plane where across < 0; sds in cells, the form is ours

    Shapes: (B, 2, H, W), as from ContrastLayer -> (B, planes, H', W'). Raises ValueError for other planes.
    """

    def __init__(
        self,
        planes: int = 16,
        window: int = 7,
        padding: int = 3,
        theta: float = 0.55,
        gain: float = 30.0,
        gamma: float = 0.9,
        sd_along: float = 2.0,
        sd_across: float = 1.0,
    ) -> None:
        super().__init__()
        self.r, self.padding, self.gain = selectivity(theta), padding, gain
        self.a: Tensor
        self.c: Tensor
        self.register_buffer("c", _v_weights(2, window, gamma, 1.0))
        x = _edges(planes, window, sd_along, sd_across)
        x = x / (self.c * x**2).sum((1, 2, 3), keepdim=True).sqrt()
        self.register_buffer("a", self.c * x)

    def forward(self, u_g: Tensor) -> Tensor:
        refuse_small(u_g, "edge cells see", 2, self.a.shape[-1], self.padding)
        excitation = self.gain * F.conv2d(u_g, self.a, padding=self.padding)
        v = root(F.conv2d(u_g**2, self.c, padding=self.padding))
        inhibition = self.r / (1 + self.r) * self.gain * v
        return self.r * F.relu((1 + excitation) / (1 + inhibition) - 1)


def _edges(planes: int, window: int, sd_along: float, sd_across: float) -> Tensor:
    """An ideal edge as the contrast layer shows it, at each orientation. Shapes: (planes, 2, w, w)."""
    orientation = 360 * torch.arange(planes, dtype=torch.float64)[:, None, None] / planes
    along, across = along_and_across(*pixel_grid(window, 1.0), orientation)
    profile = across * torch.exp(-(along**2) / (2 * sd_along**2) - across**2 / (2 * sd_across**2))
    return F.relu(torch.stack([profile, -profile], dim=1)).float()


def _v_weights(channels: int, window: int, gamma: float, power: float) -> Tensor:
    """c, summing to one over places and planes (eq. 9). Shapes: (1, channels, window, window)."""
    weights = fall_off(gamma, window, power)
    return (weights / weights.sum() / channels).float().repeat(1, channels, 1, 1)


def refuse_small(planes: Tensor, who: str, number: int, window: int, padding: int) -> None:
    """Raise ValueError if these are not (B, C, H, W), so many planes, and as large as a window needs."""
    least = max(1, window - 2 * padding)
    if planes.ndim != 4:
        raise ValueError(f"these {who} images of shape (B, {number}, H, W); got {tuple(planes.shape)}")
    if planes.shape[1] != number or min(planes.shape[2:]) < least:
        found = f"{planes.shape[1]} of {planes.shape[2]} x {planes.shape[3]}"
        raise ValueError(f"these {who} {number} planes of at least {least} x {least} cells; got {found}")


def root(square: Tensor) -> Tensor:
    """sqrt(max(0, x)), its slope at zero taken as zero instead of infinite."""
    return F.relu(square).sqrt()  # relu's slope at zero is zero, whatever comes
    # back from the root (NaN, which torch's anomaly detection reports)
