"""Concentric cells: the retina's ganglion cells and those of the LGN, with fields that are round.

    on = max(0, DoG * L),   off = max(0, -DoG * L)

Differs from the paper:
- Kuffler 1953 and Hubel & Wiesel 1961 print maps and no formula; the difference of Gaussians is Rodieck's,
  1965 (all reported), its widths ours;
- centre and surround are of equal volume, so that diffuse light gives nothing; in the cat it gives little;
- retina and LGN are one sheet, with a cell at every pixel and fields of one size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.geometry import pixels
from neuro.models.receptive_fields import correlate_with_the_rim_repeated, difference_of_gaussians

CENTRE, SURROUND = 0.3, 0.6  # degrees, sd; the centre of the field is then 1.1 degrees wide


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
        return F.relu(correlate_with_the_rim_repeated(light, self.field))
