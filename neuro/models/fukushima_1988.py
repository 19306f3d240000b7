"""The neocognitron with a teacher (Fukushima 1988, Neural Networks 1:119-130): four stages, joined planes.

Retina 19x19; S-planes 12, 38, 35, 11; C-planes 8, 19, 23, 10, each joining the S-planes that hold variants of
one feature. A teacher names for every S-plane its patterns and the place of the seed cell that learns them:
neuro.patterns_1988.lessons_1988(). The ten planes of UC4 are the digits; the strongest names the class.

    u_S = r max(0, (1 + sum a u_C) / (1 + r/(1+r) b v) - 1),   delta a = q c u_C,   delta b = q v

which in the notation of 1980, that of SLayer, is 2r/(1+r) b and q/2: the same network (see s_cells.py).

Reported only: of the paper itself the abstract was read. Sizes, windows, steps, r, gamma, delta, the sizes of
d and psi are from two public codes that agree, and stand for what the paper prints.

Differs from the paper:
- training patterns and joins are our own drawings (the paper's are pictures; other counts, same planes);
- |v| in c and d is Euclidean; a public code counts it along rows and columns;
- paddings follow from the sizes: 1, 2, 2, 0 before S-layers and 2, 5, 2, 0 before C-layers; beyond lie zeros.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from neuro.models.c_cells import JoinedCLayer
from neuro.models.s_cells import SLayer
from neuro.patterns_1988 import JOINED_1988, TOP_1988

Q_1988 = 1e5  # of every layer: one reinforcement saturates a plane, which then answers the cosine alone


@dataclass(frozen=True)
class _Stage:
    s_window: int
    s_padding: int
    r: float
    gamma: float
    c_window: int
    c_padding: int
    c_step: int
    delta: float
    d_scale: float


_STAGES = {
    "US1": _Stage(3, 1, 1.7, 0.9, 3, 2, 1, 0.9, 4.0),
    "US2": _Stage(5, 2, 4.0, 0.9, 7, 5, 2, 0.8, 4.0),
    "US3": _Stage(5, 2, 1.5, 0.9, 5, 2, 2, 0.7, 2.5),
    "US4": _Stage(5, 0, 1.0, 0.8, 3, 0, 1, 1.0, 1.0),
}


def fukushima_1988(top: Sequence[int] = TOP_1988) -> nn.Sequential:
    """The untaught net of 1988; every S-cell is silent until its plane is reinforced.

    `top[s]` is the digit of plane s of US4: eleven planes with two for the digit 4 as reported, or
    TOP_TWO_PER_CLASS. Teach it with lessons_1988 of the same `top`, layer by layer, q = Q_1988.

    Shapes: (B, 1, 19, 19) -> US1 12 x 19x19, UC1 8 x 21x21, US2 38 x 21x21, UC2 19 x 13x13, US3 35 x 13x13,
    UC3 23 x 7x7, US4 len(top) x 3x3, UC4 (B, 10, 1, 1). Images of another size make UC4 another size, or a
    ValueError where US4 has nothing left to look at.
    """
    chain: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 1
    for name, stage in _STAGES.items():
        joined = top if name == "US4" else JOINED_1988[name]
        chain[name] = SLayer(channels, len(joined), stage.s_window, stage.s_padding, stage.r, stage.gamma)
        chain[name.replace("S", "C")] = JoinedCLayer(
            joined, stage.c_window, stage.c_padding, stage.c_step, stage.delta, stage.d_scale
        )
        channels = max(joined) + 1
    return nn.Sequential(chain)
