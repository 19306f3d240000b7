"""Orientation tuning as a von Mises curve on an untuned floor, fitted to many units at once.

r = baseline + amplitude (v(theta) - v(trough)) / (1 - v(trough)),   v = exp(kappa (cos 2(theta - mu) - 1))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats, checked_curves
from neuro.analysis.fitting import Shape, least_squares

# The log kappa of a von Mises curve that is a cosine to within a thousandth.
COSINE = np.log(1e-3)


@dataclass(frozen=True, eq=False)
class VonMises:
    """The fitted von Mises curves, one a unit; arrays (...).

    preferred    degrees, from 0 up to 180
    kappa        concentration; towards 0 the curve is a cosine
    amplitude    from the trough to the peak, as the responses
    baseline     the trough, 90 degrees from the preferred orientation: the untuned floor
    half_width   degrees, halfway from the trough (not from zero) to the peak: of the tuned part, at most 45;
                 1/2 arccos(1 + ln((1 + exp(-2 kappa)) / 2) / kappa)
    r2           the share of the variance of the responses that is explained
    """

    preferred: Floats
    kappa: Floats
    amplitude: Floats
    baseline: Floats
    half_width: Floats
    r2: Floats

    def curve(self, orientations: ArrayLike) -> Floats:
        """The fitted responses. Shapes: (n,) -> (..., n)."""
        shape = _von_mises(np.asarray(orientations, dtype=np.float64))
        fitted = shape(np.deg2rad(self.preferred)[..., None], np.log(self.kappa)[..., None])
        return self.baseline[..., None] + self.amplitude[..., None] * fitted


def fit_von_mises(responses: ArrayLike, orientations: ArrayLike) -> VonMises:
    """The least-squares von Mises curve on a baseline, neither below zero, of every unit at once.

        r = baseline + amplitude (v(theta) - v(trough)) / (1 - v(trough))
        v = exp(kappa (cos 2(theta - preferred) - 1)),   v(trough) = exp(-2 kappa)

    This is b + A v, A = amplitude / (1 - v(trough)), that does not fall below zero.

    All of a unit's values are NaN where its curve does not determine them: flat; so narrow that v falls below
    1 % within a step of the sampling; a fit that does not settle.

    Shapes: (..., n), (n,) -> arrays (...). Raises ValueError also for fewer than four different orientations.
    """
    curves, given = checked_curves(responses, orientations, "orientations")
    theta = np.unique(given % 180)
    if len(theta) < 4:
        raise ValueError(f"a fit of four values needs four different orientations; got {theta.tolist()}")
    widest = np.diff(theta, append=theta[0] + 180).max()
    sharpest = np.log(np.log(100) / (1 - np.cos(2 * np.deg2rad(min(widest, 90)))))
    starts = np.deg2rad(np.linspace(0, 180, 8 * len(theta), endpoint=False))
    ends = np.array([[-np.inf, -np.inf], [np.inf, sharpest]])
    found = least_squares(curves, _von_mises(given), (starts, np.linspace(np.log(0.1), sharpest, 16)), ends)
    radians, log_kappa, amplitude, baseline, r2 = np.moveaxis(found, -1, 0)
    preferred, kappa = np.rad2deg(radians) % 180, np.exp(np.maximum(log_kappa, COSINE))
    preferred = np.where(preferred == 180, 0, preferred)
    width = np.rad2deg(np.arccos(1 + np.log1p(np.expm1(-2 * kappa) / 2) / kappa)) / 2
    return VonMises(preferred, kappa, amplitude, baseline, width, r2)


def _von_mises(orientations: Floats) -> Shape:
    """(v(theta) - v(trough)) / (1 - v(trough)) over preferred, radians, and log kappa."""
    theta = np.deg2rad(orientations)

    def shape(preferred: Floats, log_kappa: Floats) -> Floats:
        kappa = np.exp(np.maximum(log_kappa, COSINE))
        cosine = np.cos(2 * (theta - preferred))
        return np.asarray(
            np.exp(kappa * (cosine - 1)) * np.expm1(-kappa * (1 + cosine)) / np.expm1(-2 * kappa)
        )

    return shape
