"""Contrast response: the hyperbolic ratio of Naka & Rushton, fitted to many units at once.

    R = r_max c^n / (c^n + c50^n) + baseline        (Albrecht & Hamilton 1982)

Contrasts are Michelson, 0 to 1; a fit is the same, c50 scaled, for per cent. Reported for V1: n about 2.4,
c50 about 0.33 (Sclar, Maunsell & Lennie 1990). The response always rises: cells that answer less at high
contrast (supersaturation, Peirce 2007) are fitted badly, and r2 tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from neuro.analysis.curves import Floats, checked_curves
from neuro.analysis.fitting import Shape, least_squares

# A fit beyond these is not determined by the curve: c50 as a share of the lowest and of the highest contrast
# tested, above 0; and the exponent.
C50_ENDS, N_ENDS = (0.1, 10.0), (0.1, 20.0)


@dataclass(frozen=True, eq=False)
class NakaRushton:
    """The fitted hyperbolic ratios, one a unit; arrays (...). r_max and baseline are as the responses.

    r_max     the response, above the baseline, that ever higher contrast would approach
    c50       the contrast that brings half of r_max, in the units of the contrasts
    n         the exponent
    baseline  the response at contrast 0
    r2        the share of the variance of the responses that is explained
    """

    r_max: Floats
    c50: Floats
    n: Floats
    baseline: Floats
    r2: Floats

    def curve(self, contrasts: ArrayLike) -> Floats:
        """The fitted responses. Shapes: (m,) -> (..., m)."""
        values = (value[..., None] for value in (self.r_max, self.c50, self.n, self.baseline))
        return naka_rushton(contrasts, *values)


def naka_rushton(
    c: ArrayLike, r_max: ArrayLike, c50: ArrayLike, n: ArrayLike, baseline: ArrayLike = 0.0
) -> Floats:
    """The response r_max c^n / (c^n + c50^n) + baseline to each contrast; all broadcast.

    Raises ValueError for a contrast below 0, and for c50 or n not above 0; NaN goes through.
    """
    contrast, half, exponent = (np.asarray(value, dtype=np.float64) for value in (c, c50, n))
    if (contrast < 0).any():
        raise ValueError(f"contrasts must not be negative; the lowest is {np.nanmin(contrast):g}")
    if (half <= 0).any() or (exponent <= 0).any():
        raise ValueError(f"c50 and n must be above 0; got {np.nanmin(half):g} and {np.nanmin(exponent):g}")
    share = _share(contrast)(np.log(half), np.log(exponent))
    return np.asarray(np.asarray(r_max) * share + np.asarray(baseline))


def fit_naka_rushton(responses: ArrayLike, contrasts: ArrayLike) -> NakaRushton:
    """The least-squares hyperbolic ratio, r_max and baseline not below zero, of every unit at once.

    All of a unit's values are NaN where its curve does not determine them: flat or falling; c50 below a tenth
    of the lowest contrast (saturated at all) or above ten times the highest (a power of contrast: it does not
    saturate at all); n below 0.1 or above 20 (a step between two contrasts); a fit that does not settle.

    Shapes: (..., n), (n,) -> arrays (...). Raises ValueError for NaN or negative responses, shapes that do
    not fit, a negative contrast and fewer than four different ones.
    """
    curves, levels = checked_curves(responses, contrasts, "contrasts")
    if levels[0] < 0:
        raise ValueError(f"contrasts must not be negative; the lowest is {levels[0]:g}")
    if len(np.unique(levels)) < 4:
        raise ValueError(f"a fit of four values needs four different contrasts; got {levels.tolist()}")
    tested = levels[levels > 0]
    ends = np.log([[C50_ENDS[0] * tested[0], N_ENDS[0]], [C50_ENDS[1] * tested[-1], N_ENDS[1]]])
    grid = np.linspace(np.log(tested[0]), np.log(2 * tested[-1]), 24), np.log(np.geomspace(0.3, 10, 12))
    log_c50, log_n, r_max, baseline, r2 = np.moveaxis(
        least_squares(curves, _share(levels), grid, ends), -1, 0
    )
    return NakaRushton(r_max, np.exp(log_c50), np.exp(log_n), baseline, r2)


def _share(contrasts: Floats) -> Shape:
    """c^n / (c^n + c50^n) over log c50 and log n; as 1 / (1 + (c50 / c)^n) no power of it overflows."""
    with np.errstate(divide="ignore"):
        log_contrast = np.log(contrasts)  # -inf for contrast 0, whose share is 0
    return lambda log_c50, log_n: np.asarray(expit(np.exp(log_n) * (log_contrast - log_c50)))
