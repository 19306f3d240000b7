"""Divisive normalisation: a cell's drive over that of the pool it lives in; saturation without a pool.

    normalised   r = d^n / (sigma^n + pool^n),   pool = mean of d over orientations, phases and near places
    saturating   r = d^n / (sigma^n + d^n)

(Heeger 1992; Carandini, Heeger & Movshon 1997: the pool explains what a static nonlinearity cannot.) When
drive and pool grow with contrast, d = D c and pool = P c, the answer is the hyperbolic ratio of Albrecht &
Hamilton 1982 (reported): r = (D/P)^n c^n / (c50^n + c^n), c50 = sigma / P, for every stimulus and so at
every orientation.

Differs from the paper:
- the pool is the mean drive raised to the power n; Heeger sums squared drives over more frequencies and
  places;
- Carandini, Heeger & Movshon 1997 let the pool change a membrane's conductance, so that time constants
  shorten with contrast; ours is at rest, and instantaneous;
- the pool of each place is a square with equal weights, and leaves nothing out, the cell itself included.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class DivisiveNormalisation(nn.Module):
    """Drive over that of a pool: all planes, within `radius` cells up, down and to either side.

        r = d^n / (sigma^n + pool^n),   pool = mean of d over planes and places

    `semi_saturation` (sigma, above zero) in units of the drive: the pool's drive at which its answer is half.
    A drive of zero gives zero; no drive gives anything but finite numbers. At the rim the pool is the mean of
    what there is. Shapes: (B, K, H, W) -> (B, K, H, W); the drive is never negative.
    Raises ValueError for a semi-saturation, exponent or radius that is out of range.
    """

    def __init__(self, semi_saturation: float, exponent: float, radius: int) -> None:
        super().__init__()
        _check(semi_saturation, exponent)
        if radius < 0:
            raise ValueError(f"the pool's radius is a number of cells, 0 or more; got {radius}")
        self.semi_saturation, self.exponent, self.radius = semi_saturation, exponent, radius

    def forward(self, drive: Tensor) -> Tensor:
        side = 2 * self.radius + 1
        mean = drive.mean(1, keepdim=True)
        pool = F.avg_pool2d(mean, side, stride=1, padding=self.radius, count_include_pad=False)
        return _ratio(drive, pool, self.semi_saturation, self.exponent)


class Saturation(nn.Module):
    """The control: each cell saturates by its own drive, whatever its neighbours do.

        r = d^n / (sigma^n + d^n)

    Shapes: any -> the same. Raises ValueError for a semi-saturation or exponent that is out of range.
    """

    def __init__(self, semi_saturation: float, exponent: float) -> None:
        super().__init__()
        _check(semi_saturation, exponent)
        self.semi_saturation, self.exponent = semi_saturation, exponent

    def forward(self, drive: Tensor) -> Tensor:
        return _ratio(drive, drive, self.semi_saturation, self.exponent)


def _check(semi_saturation: float, exponent: float) -> None:
    if not (semi_saturation > 0 and exponent > 0):
        raise ValueError(
            f"semi-saturation and exponent must be above zero; got {semi_saturation} and {exponent}"
        )


def _ratio(drive: Tensor, pool: Tensor, sigma: float, n: float) -> Tensor:
    """d^n / (sigma^n + pool^n), all counted in the larger of sigma and pool so that no power overflows."""
    unit = pool.clamp(min=sigma)
    return (drive / unit) ** n / ((sigma / unit) ** n + (pool / unit) ** n)
