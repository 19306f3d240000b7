"""Hypercomplex cells: complex cells stopped at one end or at both by complex cells beyond their ends.

    h = max(0, c(n) - k (c(n + d) + c(n - d)))      both ends;  one end: max(0, c(n) - k c(n + d))

d is a displacement along the orientation, and all complex cells of a sum share it (Hubel & Wiesel 1965,
J. Neurophysiol. 28:229-289, reported: a line longer than the field is answered less, or not at all).

Differs from the paper:
- the 1965 paper draws two schemes (excitation by complex cells with one inhibitory, or with many) and no
  formula; ours is the first, subtractive;
- strength and distance are ours; the paper prints examples, some stopped completely, others in part;
- later work finds end-stopping in simple cells too (reported); here only complex cells are stopped.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import equally_spaced_orientations
from neuro.models.complex_cells import cells_at, seen_from


class HypercomplexCells(nn.Module):
    """End-stopped cells: a complex cell less `strength` times those `distance` degrees beyond its ends.

        h = max(0, c(n) - k (c(n + d) + c(n - d))),   max(0, c(n) - k c(n + d)),   max(0, c(n) - k c(n - d))

    For each orientation three planes: stopped at both ends; at the end ahead (to the right, or above); at the
    other. Beyond the rim nothing inhibits. Shapes: (..., O, H, W) -> (..., O * 3, H, W).
    """

    def __init__(self, orientations: int, distance: float, strength: float, pixels_per_degree: float) -> None:
        super().__init__()
        angle = torch.deg2rad(torch.tensor(equally_spaced_orientations(orientations), dtype=torch.float64))
        ahead = distance * torch.stack([angle.cos(), angle.sin()], dim=1)
        self.ahead, self.behind = cells_at(ahead, pixels_per_degree), cells_at(-ahead, pixels_per_degree)
        self.strength = strength

    def forward(self, complex_: Tensor) -> Tensor:
        ahead, behind = _beside(complex_, self.ahead), _beside(complex_, self.behind)
        inhibition = torch.stack([ahead + behind, ahead, behind], dim=-3)
        return F.relu(complex_.unsqueeze(-3) - self.strength * inhibition).flatten(-4, -3)


def _beside(planes: Tensor, shifts: list[tuple[int, int]]) -> Tensor:
    """What the cells of each plane find at that plane's own shift: (..., O, H, W) -> the same."""
    seen = [next(seen_from(plane, [shift])) for plane, shift in zip(planes.unbind(-3), shifts, strict=True)]
    return torch.stack(seen, dim=-3)
