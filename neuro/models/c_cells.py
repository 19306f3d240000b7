"""C-cells, which tolerate: each answers what its S-plane found anywhere in its window. None learn.

Symbols as in neocognitron.py. None of these layers cares how many planes there are, except JoinedCLayer and
LabelledCLayer, whose planes have a meaning: S-planes may grow below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.models.receptive_fields import fall_off, gaussian
from neuro.models.s_cells import refuse_small, root

Border = Literal["zeros", "replicate", "circular"]


class CLayer(nn.Module):
    """Planes of C-cells, each fed by its own S-plane (1980).

        u_C = psi((1 + sum d u_S) / (1 + v_S) - 1),   psi(x) = max(0, x) / (alpha + max(0, x))      eqs. 4, 5
        v_S = mean over planes of sum d u_S                                                         eq. 6
        d   = d_scale delta^(|v|^power), |v| the distance from the centre                        (not printed)

    Shapes: (B, K, H, W) -> (B, K, H', W'). Raises ValueError unless alpha > 0: psi(0) would be 0 / 0.
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
        power: float = 1.0,
    ) -> None:
        super().__init__()
        if not alpha > 0:
            raise ValueError(f"the saturation alpha of C-cells must be above zero; got {alpha}")
        self.padding, self.step, self.alpha = padding, step, alpha
        self.d: Tensor
        weights = d_scale * fall_off(delta, window, power)
        self.register_buffer("d", weights.float().repeat(planes, 1, 1, 1))

    def forward(self, u_s: Tensor) -> Tensor:
        planes = u_s.shape[1]  # all rows of d are equal, so it serves planes that have grown as well
        refuse_small(u_s, "C-cells pool", planes, self.d.shape[-1], self.padding)
        d = self.d[:1].expand(planes, -1, -1, -1)
        pooled = F.conv2d(u_s, d, stride=self.step, padding=self.padding, groups=planes)
        v = pooled.mean(1, keepdim=True)
        # In place where backpropagation allows it: memory is what takes the time.
        drive = (pooled.add_(1) / (1 + v)).sub_(1).relu_()
        return drive / (self.alpha + drive)


class JoinedCLayer(nn.Module):
    """C-planes each fed by one or more S-planes, joined because they are variants of one feature (1988).

        u_C(k) = psi(sum over joined S-planes of sum d u_S),   psi(x) = x / (1 + x)      (reported)

    `joined[s]` is the C-plane that S-plane s feeds; an S-plane feeds one C-plane. No inhibition between
    planes, unlike 1980. Shapes: (B, len(joined), H, W) -> (B, max(joined) + 1, H', W').
    Raises ValueError if a C-plane has no S-plane, and without any.
    """

    def __init__(
        self, joined: Sequence[int], window: int, padding: int, step: int, delta: float, d_scale: float
    ) -> None:
        super().__init__()
        if not joined:
            raise ValueError("joined names the C-plane of each S-plane; got none")
        planes = max(joined) + 1
        if missing := sorted(set(range(planes)) - set(joined)):
            raise ValueError(f"C-planes are counted from 0 without a gap; none of {joined} is {missing[0]}")
        self.padding, self.step = padding, step
        self.join: Tensor
        self.d: Tensor
        self.register_buffer("join", F.one_hot(torch.tensor(joined), planes).T[:, :, None, None].float())
        self.register_buffer("d", (d_scale * fall_off(delta, window)).float().repeat(planes, 1, 1, 1))

    def forward(self, u_s: Tensor) -> Tensor:
        refuse_small(u_s, "C-cells join", self.join.shape[1], self.d.shape[-1], self.padding)
        joined = F.conv2d(u_s, self.join)  # first: sums over planes and over places may change order
        drive = F.conv2d(joined, self.d, stride=self.step, padding=self.padding, groups=len(self.d))
        return drive / (1 + drive)


class SurroundCLayer(nn.Module):
    """C-cells with an inhibitory surround and the saturation of a square root.

        u_C = psi(sum d u_S),   psi(x) = sqrt(max(0, x))
        d   = Gaussian(centre) - inhibition * Gaussian(surround), sds in cells, each Gaussian summing to one

    The surround is reported of 2003, the root of 2010; both are in abstracts, without sizes or forms: these
    are ours. Two features side by side are told from one that is long, and faint answers count.
    Shapes: (B, K, H, W) -> (B, K, H', W'). Raises ValueError unless 0 <= inhibition < 1.
    """

    def __init__(
        self,
        window: int,
        padding: int,
        step: int,
        centre: float = 1.0,
        surround: float = 2.0,
        inhibition: float = 0.3,
    ) -> None:
        super().__init__()
        if not 0 <= inhibition < 1:
            raise ValueError(f"a surround as strong as its centre silences it: 0 to 1; got {inhibition}")
        self.padding, self.step = padding, step
        self.d: Tensor
        weights = gaussian(centre, window, 1.0) - inhibition * gaussian(surround, window, 1.0)
        self.register_buffer("d", weights.float()[None, None])

    def forward(self, u_s: Tensor) -> Tensor:
        refuse_small(u_s, "C-cells pool", u_s.shape[1], self.d.shape[-1], self.padding)
        d = self.d.expand(u_s.shape[1], -1, -1, -1)
        return root(F.conv2d(u_s, d, stride=self.step, padding=self.padding, groups=len(d)))


class LabelledCLayer(nn.Module):
    """The top of the later nets: S-planes carry labels, and the strongest cell of any place names the class.

        u_C(class) = max over S-planes k of this label, over places n, of u_S(k, n)

    `labels[k]` is the class of S-plane k, or -1 as long as it has none. A class without planes answers zero,
    as does an image in front of which every S-cell is silent: it is then undecided, not class 0.
    Shapes: (B, K, H, W) -> (B, classes). Raises ValueError unless there is one label for each plane.
    """

    def __init__(self, labels: Sequence[int], classes: int) -> None:
        super().__init__()
        given = torch.tensor(labels, dtype=torch.int64)
        if len(given) and not -1 <= int(given.min()) <= int(given.max()) < classes:
            raise ValueError(f"labels run from 0 to {classes - 1}, or are -1 for none; got {list(labels)}")
        self.classes = classes
        self.labels: Tensor
        self.register_buffer("labels", given)

    def forward(self, u_s: Tensor) -> Tensor:
        if len(self.labels) != u_s.shape[1]:
            raise ValueError(f"{len(self.labels)} labels for {u_s.shape[1]} planes; each plane needs one")
        strongest = u_s.amax((2, 3))
        # One class more gathers the planes without a label, and is then dropped.
        into = torch.where(self.labels < 0, self.classes, self.labels).expand(strongest.shape)
        answer = strongest.new_zeros(len(strongest), self.classes + 1)
        return answer.scatter_reduce(1, into, strongest, "amax")[:, :-1]


class MaxLayer(nn.Module):
    """The C-layer's modern replacement: the largest answer in the same window. Shapes as in CLayer."""

    def __init__(self, window: int, padding: int, step: int) -> None:
        super().__init__()
        self.window, self.padding, self.step = window, padding, step

    def forward(self, u_s: Tensor) -> Tensor:
        # Padded by hand: max_pool2d allows no padding beyond half of the window.
        return F.max_pool2d(F.pad(u_s, (self.padding,) * 4), self.window, self.step)


class Rim(nn.Module):
    """What the next layer finds beyond the border, `padding` cells wide: the rim again, or the other side.

    Shapes: (B, C, H, W) -> (B, C, H + 2 padding, W + 2 padding).
    """

    def __init__(self, padding: int, border: Border) -> None:
        super().__init__()
        if border not in ("replicate", "circular"):
            raise ValueError(f"border is 'zeros', 'replicate' or 'circular'; got {border!r}")
        self.padding, self.border = padding, border

    def forward(self, plane: Tensor) -> Tensor:
        return F.pad(plane, (self.padding,) * 4, mode=self.border)
