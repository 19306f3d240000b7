"""Cells that see movies: fields oriented in space and time, and the motion energy of a pair of them.

    simple    s = max(0, +-A), max(0, +-B),   A = odd * fast + even * slow,   B = even * fast - odd * slow
    complex   c = A^2 + B^2 = sum of s^2 over the four phases

`even` and `odd` are Gabor functions a quarter of a cycle apart; `fast` and `slow` are causal filters of
time that are a quarter of a cycle apart at the preferred temporal frequency f0 (Adelson & Bergen 1985, J.
Opt. Soc. Am. A 2:284-299, reported). A grating of the preferred frequencies gives A and B of its contrast
when it moves one way; when it moves the other way the two halves of each cancel.

    f_n(t) = (k t)^n exp(-k t) (1 / n! - (k t)^2 / (n + 2)!)
    transfer  (1/k) (1 + iw)^-(n+1) (1 - (1 + iw)^-2),   w = 2 pi f / k

The two lobes of a filter have equal areas, so stillness gives nothing. Slow over fast is
(1 + iw)^(n_fast - n_slow): a quarter of a cycle late at w = tan(90 degrees / (n_slow - n_fast)), which sets
k from f0.

Differs from the paper:
- Adelson & Bergen take n = 3 and 5, for human vision; ours are 3 and 7, whose quarter cycle falls near the
  peak of both filters, and each filter is scaled to a gain of one at f0;
- they stop at energies, and at the difference of two opponent ones; our simple cells are the rectified
  halves, and our complex cells the energies, without opponency;
- Hubel & Wiesel 1959 and 1962 report direction preference without a mechanism (reported); this one is not
  theirs.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid, pixels
from neuro.models.complex_cells import EnergyComplexCells, grid_of_places
from neuro.models.receptive_fields import correlate_within, gabor

FAST, SLOW = 3, 7  # orders n of the two filters


class MovieCortex(nn.Sequential):
    """A chain of layers that sees whole movies (B, T, 1, H, W) of frames `dt` ms apart.

    `sees_movies` tells the electrode to hand it movies whole; its layers answer (B, T, K, H, W).
    """

    sees_movies = True

    def __init__(self, layers: OrderedDict[str, nn.Module], dt: float) -> None:
        super().__init__(layers)
        self.dt = dt


def biphasic(order: int, temporal_frequency: float, dt: float) -> Tensor:
    """The causal filter f_n of this order (FAST or SLOW) in steps of dt ms, its sum zero: (taps,).

        f_n(t) = (k t)^n exp(-k t) (1 / n! - (k t)^2 / (n + 2)!)

    Scaled to a gain of one at `temporal_frequency` (Hz), where SLOW lags FAST by a quarter of a cycle.
    Raises ValueError where frames of dt ms do not sample the filter: fewer than 6 in a cycle of f0.
    """
    if not (temporal_frequency > 0 and dt > 0 and temporal_frequency * dt <= 1000 / 6):
        raise ValueError(
            f"a temporal frequency of {temporal_frequency} Hz needs frames of at most a sixth of its cycle, "
            f"got dt = {dt} ms"
        )
    rate = 2 * math.pi * temporal_frequency / math.tan(math.pi / 2 / (SLOW - FAST))  # k, per second
    seconds = np.arange(0, 35 / rate, dt / 1000)  # beyond k t = 35 less than a millionth is left
    kt = rate * seconds
    response = kt**order * np.exp(-kt) * (1 / math.factorial(order) - kt**2 / math.factorial(order + 2))
    response -= np.abs(response) * response.sum() / np.abs(response).sum()
    gain = abs(response @ np.exp(-2j * math.pi * temporal_frequency * seconds))
    return torch.from_numpy(response / gain)


def quadrature_pair(
    direction: float,
    spatial_frequency: float,
    sd_across: float,
    sd_along: float,
    pixels_per_degree: float,
) -> Tensor:
    """An even and an odd Gabor function for bars that move this way: (2, size, size).

    Each answers a grating of its own orientation and frequency, in its own phase, with the grating's
    amplitude.
    """
    size = pixels(6 * max(sd_across, sd_along), pixels_per_degree)
    orientation = direction - 90
    _, across = along_and_across(*pixel_grid(size, pixels_per_degree), torch.tensor(orientation))
    pair = []
    for phase in (0.0, -90.0):
        field = gabor(orientation, phase, spatial_frequency, sd_across, sd_along, size, pixels_per_degree)
        wave = torch.cos(2 * math.pi * spatial_frequency * across + math.radians(phase))
        pair.append(field / (field * wave).sum())
    return torch.stack(pair)


class MovingSimpleCells(nn.Module):
    """Simple cells with a field in space and time, four phases each: max(0, A), (0, B), (0, -A), (0, -B).

        A(n, t), B(n, t) = sum over filters f, places v, delays u of field(f, v) f(u) L(n + v, t - u)

    Before its first frame a movie stood still, and beyond its rim it goes on as at the rim: a still movie
    gives exactly zero, and so does uniform light, flickering or not. Planes are ordered by direction, then
    by phase.

    Shapes: fields (directions, 2, 2, h, w): A and B, each for the fast and the slow filter; filters (2,
    taps); (B, T, 1, H, W) -> (B, T, directions * 4, H, W). Units of the response: contrast of light.
    """

    def __init__(self, fields: Tensor, filters: Tensor) -> None:
        super().__init__()
        self.fields: Tensor
        self.filters: Tensor
        self.register_buffer("fields", fields.flatten(0, 1).float())
        self.register_buffer("filters", filters.float())

    def forward(self, movie: Tensor) -> Tensor:
        if movie.ndim != 5 or movie.shape[2] != 1:
            raise ValueError(f"expected movies (B, T, 1, H, W); got {tuple(movie.shape)}")
        contrast = movie - movie[..., :1, :1]
        filtered = self._through_time((contrast - contrast[:, :1])[:, :, 0]).flatten(0, 1)
        margin = self.fields.shape[-1] // 2
        received = correlate_within(F.pad(filtered, (margin,) * 4, mode="replicate"), self.fields)
        pairs = received.unflatten(1, (-1, 2))
        rates: Tensor = F.relu(torch.cat([pairs, -pairs], 2)).flatten(1, 2).unflatten(0, movie.shape[:2])
        return rates

    def _through_time(self, movie: Tensor) -> Tensor:
        """The movie through each filter: (B, T, H, W) -> (B, T, 2, H, W). Before it there was nothing."""
        frames = movie.shape[1]
        time = torch.arange(frames, device=movie.device)
        delay = time[:, None] - time
        taps = F.pad(self.filters, (0, max(0, frames - self.filters.shape[1])))
        weights = taps[:, delay.clamp(min=0)] * (delay >= 0)
        return torch.einsum("fts,bshw->btfhw", weights, movie)


def moving_cortex(
    directions: int = 8,
    spatial_frequency: float = 0.45,
    temporal_frequency: float = 4.0,
    sd_across: float = 0.6,
    sd_along: float = 1.5,
    places: Tensor | None = None,
    dt: float = 10.0,
    pixels_per_degree: float = 4.0,
) -> MovieCortex:
    """The chain `simple, complex` that prefers motion in directions 0, 360/n, ... degrees.

    The preferred speed is `temporal_frequency` (Hz) over `spatial_frequency` (cycles/degree), 8.9
    degrees/s. `places` of the complex cells' pools default to a grid within 0.5 degrees.
    """
    pairs = [
        quadrature_pair(360 * i / directions, spatial_frequency, sd_across, sd_along, pixels_per_degree)
        for i in range(directions)
    ]
    fields = [torch.stack([torch.stack([odd, even]), torch.stack([even, -odd])]) for even, odd in pairs]
    return _cortex(torch.stack(fields), temporal_frequency, places, dt, pixels_per_degree)


def separable_cortex(
    directions: int = 8,
    spatial_frequency: float = 0.45,
    temporal_frequency: float = 4.0,
    sd_across: float = 0.6,
    sd_along: float = 1.5,
    places: Tensor | None = None,
    dt: float = 10.0,
    pixels_per_degree: float = 4.0,
) -> MovieCortex:
    """The control: the fields of moving_cortex through the fast filter alone; no direction is preferred.

    A = 2 odd * fast,   B = 2 even * fast
    """
    pairs = [
        quadrature_pair(360 * i / directions, spatial_frequency, sd_across, sd_along, pixels_per_degree)
        for i in range(directions)
    ]
    none = torch.zeros_like(pairs[0][0])
    fields = [
        torch.stack([torch.stack([2 * odd, none]), torch.stack([2 * even, none])]) for even, odd in pairs
    ]
    return _cortex(torch.stack(fields), temporal_frequency, places, dt, pixels_per_degree)


def _cortex(
    fields: Tensor, temporal_frequency: float, places: Tensor | None, dt: float, pixels_per_degree: float
) -> MovieCortex:
    filters = torch.stack([biphasic(order, temporal_frequency, dt) for order in (FAST, SLOW)])
    places = grid_of_places(0.5, 0.5) if places is None else places
    return MovieCortex(
        OrderedDict(
            simple=MovingSimpleCells(fields, filters),
            complex=EnergyComplexCells(places, 4, pixels_per_degree),
        ),
        dt,
    )
