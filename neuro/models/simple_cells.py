"""Simple cells: a row of concentric cells wired together, and beside it the idealisation, a Gabor function.

    wired    s = max(0, sum_n w_n lgn(x_n) - threshold)
    Gabor    s = max(0, sum gabor * L)

Differs from the paper:
- Hubel & Wiesel 1962 (reported, fig. 19) draw a row of ON centres and print neither numbers nor a formula;
  sizes, spacings and threshold are ours, chosen to suit the 1 by 8 degree slit of 1959;
- a simple cell draws on exact places; in the cat the match is statistical (Alonso, Usrey & Reid 2001: 33 % of
  overlapping pairs are connected);
- subregions have equal total weight, and no inhibitory neuron stands between LGN and simple cell. So the
  threshold alone makes the tuning: fixed for a slit, it lets a grating of full contrast, which drives more
  LGN cells at once, through at every orientation (half-width 90 degrees), where the cat's width is constant;
- the Gabor function (Marcelja 1980, Jones & Palmer 1987, reported) may have any number of subregions; ours
  has three.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import along_and_across, equally_spaced_orientations, pixel_grid, pixels
from neuro.models.receptive_fields import correlate, correlate_with_the_rim_repeated, gabor

FLANK = 1.1  # degrees from an ON subregion to the OFF subregion beside it: one centre width
THRESHOLD = 0.08  # contrast of light; the best slit of full contrast brings 0.19
PHASES = (0, 90, 180, 270)  # bright bar, edge, dark bar, opposite edge


def aligned_centres(count: int = 5, spacing: float = 0.8) -> Tensor:
    """Places of the LGN centres that make one subregion, in a row: (count, 2), along and across, degrees."""
    along = (torch.arange(count, dtype=torch.float64) - (count - 1) / 2) * spacing
    return torch.stack([along, torch.zeros_like(along)], dim=1)


def scattered_centres(generator: torch.Generator, count: int = 5, spacing: float = 0.8) -> Tensor:
    """The control: as many centres strewn over a square as long as the row: (count, 2), degrees."""
    side = (count - 1) * spacing
    return (torch.rand(count, 2, generator=generator, dtype=torch.float64) - 0.5) * side


class SimpleCells(nn.Module):
    """Simple cells wired from LGN centres: ON and OFF subregions side by side, summed, with a threshold.

        s = max(0, sum_n w_n lgn(x_n) - threshold)

    All connections are excitatory; antagonism between subregions comes from the LGN cells of the other sign
    falling silent. `phases` in degrees: 0 a bright bar, 90 an edge with the light on the bar's left, 180 a
    dark bar, 270 the opposite edge, and all between. The planes are ordered by orientation, then by phase.
    The default threshold keeps spots of one degree silent; with threshold 0 they map the subregions.

    Shapes: (B, 2, H, W) -> (B, orientations * phases, H, W).
    """

    def __init__(
        self,
        centres: Tensor,
        orientations: int,
        threshold: float,
        pixels_per_degree: float,
        phases: Sequence[float] = PHASES,
    ) -> None:
        super().__init__()
        self.threshold, self.phases, self.pixels_per_degree = threshold, tuple(phases), pixels_per_degree
        furthest = max(abs(shift) for phase in phases for _, shift, _ in _subregions(phase))
        size = pixels(2 * (float(centres.abs().max()) + furthest + 0.5), pixels_per_degree)
        fields = [
            _wired_field(centres, orientation, phase, size, pixels_per_degree)
            for orientation in equally_spaced_orientations(orientations)
            for phase in phases
        ]
        self.weights: Tensor
        self.register_buffer("weights", torch.stack(fields).float())

    def forward(self, lgn: Tensor) -> Tensor:
        return F.relu(correlate(lgn, self.weights) - self.threshold)


def _subregions(phase: float) -> list[tuple[int, float, float]]:
    """The subregions of a field as (sheet, shift across in degrees, share of the sheet's weight).

    Sheet 0 is ON, sheet 1 OFF. An even field (0, 180) has one subregion flanked by two of the other sign,
    half the weight each; an odd one (90, 270) has two side by side. Between them the field slides across by
    FLANK for every 180 degrees, and the flank that slides out gives its share to the one that slides in.
    """
    from_bright = (phase + 90) % 360 - 90  # -90 up to 270
    middle, shift = (0, from_bright / 180) if from_bright <= 90 else (1, from_bright / 180 - 1)
    shares = [(middle, shift * FLANK, 1.0)]
    shares += [(1 - middle, (shift - 1) * FLANK, 0.5 + shift), (1 - middle, (shift + 1) * FLANK, 0.5 - shift)]
    return [subregion for subregion in shares if subregion[2] > 0]


def _wired_field(
    centres: Tensor, orientation: float, phase: float, size: int, pixels_per_degree: float
) -> Tensor:
    """Weights on the ON and OFF sheets, (2, size, size): the ON weights sum to one, the OFF weights too."""
    x, y = pixel_grid(size, pixels_per_degree)
    along, across = along_and_across(x, y, torch.tensor(orientation))
    sd = 0.5 / pixels_per_degree  # a place between pixels is shared among the nearest cells
    field = []
    for wanted in (0, 1):
        subregions = [(shift, share) for sheet, shift, share in _subregions(phase) if sheet == wanted]
        at = torch.cat([centres + torch.tensor([0.0, shift]) for shift, _ in subregions])
        shares = torch.tensor([share for _, share in subregions]).repeat_interleave(len(centres))
        distance = (along[..., None] - at[:, 0]) ** 2 + (across[..., None] - at[:, 1]) ** 2
        weights = (shares * torch.exp(-distance / (2 * sd**2))).sum(-1)
        field.append(weights / weights.sum())
    return torch.stack(field)


class GaborCells(nn.Module):
    """The idealisation beside the wiring: simple cells as rectified Gabor functions of the light itself.

        s = max(0, sum gabor * L),   the positive weights of a field summing to one

    `phases` as in `gabor`: 90 is an edge with the light on the bar's right.
    Shapes: (B, 1, H, W) -> (B, orientations * phases, H, W); planes ordered as in SimpleCells.
    """

    def __init__(
        self,
        orientations: int,
        spatial_frequency: float,
        sd_across: float,
        sd_along: float,
        pixels_per_degree: float,
        phases: Sequence[float] = PHASES,
    ) -> None:
        super().__init__()
        self.phases, self.pixels_per_degree = tuple(phases), pixels_per_degree
        size = pixels(6 * max(sd_across, sd_along), pixels_per_degree)
        shape = (spatial_frequency, sd_across, sd_along, size, pixels_per_degree)
        angles = equally_spaced_orientations(orientations)
        fields = torch.stack([gabor(angle, phase, *shape) for angle in angles for phase in phases])
        self.weights: Tensor
        self.register_buffer(
            "weights", (fields / fields.clamp(min=0).sum((1, 2), keepdim=True))[:, None].float()
        )

    def forward(self, light: Tensor) -> Tensor:
        return F.relu(correlate_with_the_rim_repeated(light, self.weights))
