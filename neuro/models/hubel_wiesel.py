"""The cat's visual cortex after Hubel and Wiesel: LGN -> simple -> complex cells.

Concentric cells in a row make a simple cell; simple cells of one orientation at neighbouring places make a
complex cell (Hubel & Wiesel 1962, J. Physiol. 160:106-154, reported figs. 19 and 20).

    lgn      on = max(0, DoG * L),  off = max(0, -DoG * L)
    simple   s = max(0, sum w_on on + sum w_off off - threshold)
    complex  c = max of s over the phases of one orientation and over positions within a radius

Differs from the paper:
- every number here (sizes, spacings, threshold) is ours, chosen to suit the 1 by 8 degree slit of 1959; the
  papers print fields of many sizes and no model;
- the LGN sheet has a cell at every pixel and a simple cell draws on exact places; in the cat the match is
  statistical (Alonso, Usrey & Reid 2001: 33 % of overlapping pairs are connected);
- the complex cell takes the maximum, as the lecture decks put it; 1962 speaks of convergence only;
- rates are instantaneous and without noise; spikes are drawn afterwards from the recorded rate.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import along_and_across, equally_spaced_orientations, pixel_grid, pixels
from neuro.models.receptive_fields import correlate, difference_of_gaussians, gabor

CENTRE, SURROUND = 0.3, 0.6  # degrees, sd; the centre of the field is then 1.1 degrees wide
FLANK = 1.1  # degrees from an ON subregion to the OFF subregion beside it: one centre width
THRESHOLD = 0.08  # contrast of light; the best slit of full contrast brings 0.19
PHASES = (0, 90, 180, 270)  # bright bar, edge, dark bar, opposite edge


class ConcentricCells(nn.Module):
    """ON- and OFF-centre cells at every pixel of the retina: plane 0 is ON, plane 1 is OFF.

        on = max(0, DoG * L),   off = max(0, -DoG * L)

    Uniform light gives exactly zero, at the rim too: what lies beyond the rim is taken to look like the rim.

    Shapes: (B, 1, H, W) -> (B, 2, H, W). Units of the response: contrast of light.
    """

    def __init__(self, centre: float, surround: float, pixels_per_degree: float) -> None:
        super().__init__()
        size = pixels(6 * surround, pixels_per_degree)
        field = difference_of_gaussians(centre, surround, size, pixels_per_degree)
        self.field: Tensor
        self.register_buffer("field", torch.stack([field, -field])[:, None].float())

    def forward(self, light: Tensor) -> Tensor:
        return F.relu(_with_the_rim_repeated(light, self.field))


def _with_the_rim_repeated(light: Tensor, fields: Tensor) -> Tensor:
    """The fields' sums over light that goes on beyond the rim as it is at the rim.

    The light is counted from that of one pixel, so that uniform light is zero before anything can be rounded.
    """
    margin = fields.shape[-1] // 2
    contrast = light - light[..., :1, :1]
    everywhere = correlate(F.pad(contrast, (margin,) * 4, mode="replicate"), fields)
    return everywhere[..., margin:-margin, margin:-margin]


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

    All connections are excitatory; antagonism between subregions comes from the LGN cells of the other
    sign falling silent. The planes are ordered by orientation, then by phase (PHASES).

    Shapes: (B, 2, H, W) -> (B, orientations * 4, H, W).
    """

    def __init__(
        self, centres: Tensor, orientations: int, threshold: float, pixels_per_degree: float
    ) -> None:
        super().__init__()
        self.threshold = threshold
        self.weights: Tensor
        angles = equally_spaced_orientations(orientations)
        fields = [
            _wired_field(centres, angle, phase, pixels_per_degree) for angle in angles for phase in PHASES
        ]
        self.register_buffer("weights", torch.stack(fields).float())

    def forward(self, lgn: Tensor) -> Tensor:
        return F.relu(correlate(lgn, self.weights) - self.threshold)


def _wired_field(centres: Tensor, orientation: float, phase: int, pixels_per_degree: float) -> Tensor:
    """Weights on the ON and OFF sheets, (2, size, size): the ON weights sum to one, the OFF weights too.

    An even field has one subregion flanked by two of the other sign; an odd field has two side by side.
    """
    places = {0: ((0.0,), (-FLANK, FLANK)), 90: ((FLANK / 2,), (-FLANK / 2,))}
    on, off = places[phase % 180]
    sheets = (on, off) if phase < 180 else (off, on)
    reach = 2 * (float(centres.abs().max()) + FLANK + 0.5)
    x, y = pixel_grid(pixels(reach, pixels_per_degree), pixels_per_degree)
    along, across = along_and_across(x, y, torch.tensor(orientation))
    sd = 0.5 / pixels_per_degree  # a place between pixels is shared among the nearest cells
    field = []
    for subregions in sheets:
        at = torch.cat([centres + torch.tensor([0.0, shift]) for shift in subregions])
        distance = (along[..., None] - at[:, 0]) ** 2 + (across[..., None] - at[:, 1]) ** 2
        weights = torch.exp(-distance / (2 * sd**2)).sum(-1)
        field.append(weights / weights.sum())
    return torch.stack(field)


class GaborCells(nn.Module):
    """The idealisation beside the wiring: simple cells as rectified Gabor functions of the light itself.

        s = max(0, sum gabor * L),   the positive weights of a field summing to one

    Shapes: (B, 1, H, W) -> (B, orientations * 4, H, W); planes ordered as in SimpleCells.
    """

    def __init__(
        self,
        orientations: int,
        spatial_frequency: float,
        sd_across: float,
        sd_along: float,
        pixels_per_degree: float,
    ) -> None:
        super().__init__()
        size = pixels(6 * max(sd_across, sd_along), pixels_per_degree)
        shape = (spatial_frequency, sd_across, sd_along, size, pixels_per_degree)
        angles = equally_spaced_orientations(orientations)
        fields = torch.stack([gabor(angle, phase, *shape) for angle in angles for phase in PHASES])
        self.weights: Tensor
        self.register_buffer(
            "weights", (fields / fields.clamp(min=0).sum((1, 2), keepdim=True))[:, None].float()
        )

    def forward(self, light: Tensor) -> Tensor:
        return F.relu(_with_the_rim_repeated(light, self.weights))


class ComplexCells(nn.Module):
    """Complex cells: the largest answer among simple cells of one orientation, over phases and nearby places.

        c(o, n) = max over phases p and places |v| <= radius of s(o, p, n + v)

    The neighbourhood is a square of 2 * radius + 1 cells. Shapes: (B, O * 4, H, W) -> (B, O, H, W).
    """

    def __init__(self, radius: int) -> None:
        super().__init__()
        self.radius = radius

    def forward(self, simple: Tensor) -> Tensor:
        best_phase = simple.unflatten(1, (-1, len(PHASES))).amax(2)
        side, r = 2 * self.radius + 1, self.radius  # a square's maximum is that of its rows' maxima
        rows = F.max_pool2d(best_phase, (1, side), stride=1, padding=(0, r))
        return F.max_pool2d(rows, (side, 1), stride=1, padding=(r, 0))


def hubel_wiesel(
    orientations: int = 8,
    centres: Tensor | None = None,
    pooling_radius: float = 1.5,
    threshold: float = THRESHOLD,
    pixels_per_degree: float = 4.0,
) -> nn.Sequential:
    """The chain `lgn, simple, complex`; `centres` default to a row, aligned_centres().

    `pooling_radius` in degrees: the reach of a complex cell over simple cells; zero is the control.
    """
    centres = aligned_centres() if centres is None else centres
    return nn.Sequential(
        OrderedDict(
            lgn=ConcentricCells(CENTRE, SURROUND, pixels_per_degree),
            simple=SimpleCells(centres, orientations, threshold, pixels_per_degree),
            complex=ComplexCells(round(pooling_radius * pixels_per_degree)),
        )
    )


def gabor_cortex(
    orientations: int = 8,
    spatial_frequency: float = 0.45,
    sd_across: float = 0.6,
    sd_along: float = 1.5,
    pooling_radius: float = 1.5,
    pixels_per_degree: float = 4.0,
) -> nn.Sequential:
    """The chain `simple, complex` with Gabor functions (cycles/degree, degrees) in place of the wiring."""
    cells = GaborCells(orientations, spatial_frequency, sd_across, sd_along, pixels_per_degree)
    pool = ComplexCells(round(pooling_radius * pixels_per_degree))
    return nn.Sequential(OrderedDict(simple=cells, complex=pool))


def plane_of(orientation: float, orientations: int = 8) -> int:
    """The plane of complex cells that prefers this orientation; its simple cells begin at 4 times it."""
    return round(orientation / (180 / orientations)) % orientations
