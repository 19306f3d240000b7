"""Complex cells: three ways to pool simple cells of one orientation over phases and scattered places.

    sum      c = mean of s           convergence (Hubel & Wiesel 1962, reported)
    max      c = max of s            the largest afferent alone (Riesenhuber & Poggio 1999, reported)
    energy   c = mean of sum of s^2  squares over a quadrature pair (Adelson & Bergen 1985, reported)

Differs from the paper:
- Hubel & Wiesel speak of convergence only, without a rule or numbers; the reach of the pool is ours;
- every simple cell of a pool has the same say; in the cat the weights are unknown and surely unequal;
- the energy is not followed by a square root, so it grows as the square of contrast, and is the mean over
  places of the energies there; Adelson & Bergen take it at one place;
- nothing lies beyond the rim: pools are cut off there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def grid_of_places(radius: float = 1.5, spacing: float = 0.75) -> Tensor:
    """Places on a square grid within a disc about the pool's centre: (n, 2), x and y, degrees."""
    count = math.floor(radius / spacing + 1e-9)
    steps = torch.arange(-count, count + 1, dtype=torch.float64) * spacing
    places = torch.cartesian_prod(steps, steps)
    x, y = places.T
    within: Tensor = places[torch.hypot(x, y) <= radius + 1e-9]
    return within


def scattered_places(generator: torch.Generator, count: int = 25, radius: float = 1.5) -> Tensor:
    """Places strewn evenly over a disc about the pool's centre: (count, 2), x and y, degrees."""
    distance, turn = torch.rand(2, count, generator=generator, dtype=torch.float64)
    angle = 2 * math.pi * turn
    places: Tensor = radius * distance.sqrt()[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return places


def cells_at(places: Tensor, pixels_per_degree: float) -> list[tuple[int, int]]:
    """Places (n, 2), x and y in degrees, as the nearest cell's rows down and columns to the right.

    Raises ValueError for places of another shape, and for none.
    """
    if places.ndim != 2 or places.shape[1] != 2 or len(places) == 0:
        raise ValueError(
            f"places must be (n, 2), x and y in degrees, at least one; got {tuple(places.shape)}"
        )
    columns, rows = (places * torch.tensor([1.0, -1.0]) * pixels_per_degree).round().int().T.tolist()
    return list(zip(rows, columns, strict=True))


def seen_from(sheets: Tensor, shifts: list[tuple[int, int]]) -> Iterator[Tensor]:
    """For each shift (rows, columns), what every cell finds that far from it: out(n) = sheets(n + shift).

    Nothing lies beyond the rim. Shapes: (..., H, W) -> one such tensor a shift.
    """
    height, width = sheets.shape[-2:]
    reach = max(abs(step) for shift in shifts for step in shift)
    padded = F.pad(sheets, (reach,) * 4)
    for down, right in shifts:
        top, left = reach + down, reach + right
        yield padded[..., top : top + height, left : left + width]


class ComplexCells(nn.Module):
    """Complex cells: the largest answer among simple cells of one orientation, over phases and nearby places.

        c(o, n) = max over phases p and places |v| <= radius of s(o, p, n + v)

    The neighbourhood is a square of 2 * radius + 1 cells. Shapes: (B, O * phases, H, W) -> (B, O, H, W).
    """

    def __init__(self, radius: int, phases: int = 4) -> None:
        super().__init__()
        self.radius, self.phases = radius, phases

    def forward(self, simple: Tensor) -> Tensor:
        best_phase = simple.unflatten(1, (-1, self.phases)).amax(2)
        side, r = 2 * self.radius + 1, self.radius  # a square's maximum is that of its rows' maxima
        rows = F.max_pool2d(best_phase, (1, side), stride=1, padding=(0, r))
        return F.max_pool2d(rows, (side, 1), stride=1, padding=(r, 0))


class SumComplexCells(nn.Module):
    """Complex cells that add up their simple cells of one orientation.

        c(o, n) = mean over phases p and places v of s(o, p, n + v)

    Shapes: (..., O * phases, H, W) -> (..., O, H, W).
    """

    def __init__(self, places: Tensor, phases: int, pixels_per_degree: float) -> None:
        super().__init__()
        self.shifts, self.phases = cells_at(places, pixels_per_degree), phases

    def forward(self, simple: Tensor) -> Tensor:
        phases = simple.unflatten(-3, (-1, self.phases)).mean(-3)
        return reduce(torch.add, seen_from(phases, self.shifts)) / len(self.shifts)


class MaxComplexCells(nn.Module):
    """Complex cells that follow the strongest of their simple cells.

        c(o, n) = max over phases p and places v of s(o, p, n + v)

    Shapes: (..., O * phases, H, W) -> (..., O, H, W).
    """

    def __init__(self, places: Tensor, phases: int, pixels_per_degree: float) -> None:
        super().__init__()
        self.shifts, self.phases = cells_at(places, pixels_per_degree), phases

    def forward(self, simple: Tensor) -> Tensor:
        phases = simple.unflatten(-3, (-1, self.phases)).amax(-3)
        return reduce(torch.maximum, seen_from(phases, self.shifts))


class EnergyComplexCells(nn.Module):
    """Complex cells that sum the squares of a quadrature pair; of two opposite phases one is always silent.

        c(o, n) = mean over places v of sum over phases p of s(o, p, n + v)^2

    Shapes: (..., O * phases, H, W) -> (..., O, H, W).
    """

    def __init__(self, places: Tensor, phases: int, pixels_per_degree: float) -> None:
        super().__init__()
        self.shifts, self.phases = cells_at(places, pixels_per_degree), phases

    def forward(self, simple: Tensor) -> Tensor:
        energy = simple.unflatten(-3, (-1, self.phases)).square().sum(-3)
        return reduce(torch.add, seen_from(energy, self.shifts)) / len(self.shifts)
