"""Receptive fields from responses to noise and spots: reverse correlation, the place and overlap of maps.

Responses come first, (..., n), then the n stimuli or the places they were shown at. Responses are rates or
counts above the spontaneous ones: none may be negative. A silent unit gives NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats, checked, ratio

AT_ONCE = 2**24  # numbers held while the covariances of a few units are computed: 128 MB


def spike_triggered_average(responses: ArrayLike, stimuli: ArrayLike) -> Floats:
    """The mean stimulus that made each unit respond, every stimulus weighted by its response.

        STA = sum r s / sum r

    Nothing is subtracted: give stimuli as contrasts about the grey, or the grey is part of the average. To
    Gaussian white noise of variance v, a unit r = max(0, g.s) with |g| = 1 has STA = sqrt(pi v / 2) g.

    Shapes: (..., n), (n, *pixels) -> (..., *pixels). Raises ValueError for negative or non-finite
    responses, stimuli that are not finite or not n.
    """
    rates, seen = _checked_pairs(responses, stimuli)
    averages = _weights(rates) @ seen.reshape(len(seen), -1)
    return np.asarray(averages.reshape(*rates.shape[:-1], *seen.shape[1:]))


def spike_triggered_covariance(responses: ArrayLike, stimuli: ArrayLike) -> Floats:
    """The covariance of the stimuli about each unit's STA, every stimulus weighted by its response.

        STC = sum r (s - STA)(s - STA)^T / sum r

    About the STA, which is subtracted, not projected out; P, the number of pixels, should be well below n.

    Shapes: (..., n), (n, *pixels) -> (..., P, P). Raises ValueError as `spike_triggered_average`.
    """
    rates, seen = _checked_pairs(responses, stimuli)
    return _covariances(_weights(rates), seen.reshape(len(seen), -1))


@dataclass(frozen=True)
class CovarianceAxes:
    """The axes of stimulus space along which a unit's STC differs from the covariance of the stimuli.

    Shapes: `differences` (..., P), the eigenvalues of STC - covariance, from the largest down; `axes`
    (..., P, *pixels) of length one, in their order, each up to its sign; `low` and `high` (...), what chance
    leaves the eigenvalues between.
    """

    differences: Floats
    axes: Floats
    low: Floats
    high: Floats

    @property
    def beyond_chance(self) -> NDArray[np.bool_]:
        """True for an axis that raises the response (above `high`) or lowers it (below `low`). (..., P)."""
        above, below = self.differences > self.high[..., None], self.differences < self.low[..., None]
        return np.asarray(above | below)


def covariance_axes(
    responses: ArrayLike, stimuli: ArrayLike, generator: np.random.Generator, shuffles: int = 100
) -> CovarianceAxes:
    """Eigenvalues and axes of STC - covariance of the stimuli, and the eigenvalues that chance gives.

    For the chance level the responses are shifted round by a random number of stimuli, which keeps their
    sizes and their order in time, and the eigenvalues taken again: `low` is the 2.5 % quantile of the
    smallest, `high` the 97.5 % quantile of the largest. A unit that the stimuli do not drive has any
    eigenvalue outside once in twenty times. To Gaussian white noise of variance 1 an energy unit
    (g.s)^2 + (h.s)^2 has differences 1, 1, 0, 0, ..., its first two axes spanning g and h; a unit
    max(0, g.s) has 0, ..., 0, 1 - pi/2, the last axis being g.

    Shapes: (..., n), (n, *pixels). Raises ValueError as `spike_triggered_average`, and for fewer than one
    shuffle. Takes shuffles + 1 times as long as the covariance.
    """
    rates, seen = _checked_pairs(responses, stimuli)
    if shuffles < 1:
        raise ValueError(f"shuffles must be at least 1; got {shuffles}")
    points = seen.reshape(len(seen), -1)
    weights, own = _weights(rates), np.atleast_2d(np.cov(points, rowvar=False, ddof=0))
    answers = np.asarray(rates.any(axis=-1))
    weights = np.where(answers[..., None], weights, 1 / len(seen))  # eigenvalues of NaN are an error
    values, vectors = np.linalg.eigh(_covariances(weights, points) - own)
    shifts = generator.integers(1, max(len(seen), 2), size=shuffles)
    chance = np.stack(
        [np.linalg.eigvalsh(_covariances(np.roll(weights, k, axis=-1), points) - own) for k in shifts]
    )
    axes = np.swapaxes(vectors[..., ::-1], -1, -2).reshape(*values.shape, *seen.shape[1:])
    return CovarianceAxes(
        np.where(answers[..., None], values[..., ::-1], np.nan),
        np.where(answers.reshape(*answers.shape, *[1] * seen.ndim), axes, np.nan),
        np.where(answers, np.quantile(chance[..., 0], 0.025, axis=0), np.nan),
        np.where(answers, np.quantile(chance[..., -1], 0.975, axis=0), np.nan),
    )


def overlap_index(on: ArrayLike, off: ArrayLike, level: float = 0.5) -> Floats:
    """How far the places lit and darkened to effect are the same: 0 for apart, 1 for one within the other.

        area where both maps reach `level` of their own peak / the smaller of the two areas

    Kagan, Gur & Snodderly 2002 find an overlap index of bars' fields bimodal, simple cells <= 0.3 and complex
    >= 0.5. That one is in terms of widths along a line; this one, for maps, is our own, so their two limits
    are a guide. Subtract a spontaneous floor first. NaN for a unit silent to light or to dark.

    Shapes: (..., n), (..., n), or maps (..., H, W) with their pixels in one last axis -> (...). Raises
    ValueError for negative or non-finite maps, maps of two shapes, and a level not between 0 and 1.
    """
    light, dark = checked(on), checked(off)
    if light.shape != dark.shape:
        raise ValueError(f"the two maps must have one shape; got {light.shape} and {dark.shape}")
    if not 0 < level <= 1:
        raise ValueError(f"level must be above 0 and at most 1; got {level:g}")
    lit, darkened = (m >= level * m.max(axis=-1, keepdims=True) for m in (light, dark))
    smaller = np.minimum(lit.sum(axis=-1), darkened.sum(axis=-1))
    answers = light.any(axis=-1) & dark.any(axis=-1)
    return np.where(answers, (lit & darkened).sum(axis=-1) / smaller, np.nan)


def field_centre(maps: ArrayLike, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Where a receptive field is: the centroid of what exceeds 5 % of the largest response of the map.

    Each such place weighs by its response. NaN for a silent unit.

    Shapes: (..., *places), x and y (*places) in degrees -> x (...) and y (...), in degrees. So spots shown at
    n places, (n,), and images (H, W) both do. Raises ValueError for negative or non-finite maps, and places
    that do not fit.
    """
    rates, at_x, at_y = checked_map(maps, x, y)
    strong = np.where(rates > 0.05 * rates.max(axis=-1, keepdims=True), rates, 0.0)
    total = strong.sum(axis=-1)
    return np.asarray(ratio(strong @ at_x, total)), np.asarray(ratio(strong @ at_y, total))


def field_spread(fields: ArrayLike) -> Floats:
    """How widely the weights of a field lie over its window: 0 in one pixel, 1 evenly over all of it.

        sqrt(sum w^2 |x - centroid|^2 / sum w^2), over the same of a window of equal weights

    Above 1 if they lie at the rim. NaN for a field of zeros. Shapes: (..., H, W) -> (...). Raises ValueError
    for fields that are not finite or have a single pixel.
    """
    maps = np.asarray(fields, dtype=np.float64)
    if maps.ndim < 2 or maps.shape[-2] * maps.shape[-1] < 2 or not np.isfinite(maps).all():
        raise ValueError(f"fields must be finite, (..., H, W) of two pixels or more; got shape {maps.shape}")
    squares = maps**2
    share = np.asarray(ratio(squares, squares.sum(axis=(-2, -1), keepdims=True)))
    along = [np.arange(length) - (length - 1) / 2 for length in maps.shape[-2:]]
    sides = share.sum(axis=-1), share.sum(axis=-2)
    variance = sum(of @ at**2 - (of @ at) ** 2 for of, at in zip(sides, along, strict=True))
    return np.asarray(np.sqrt(np.maximum(variance, 0) / sum(at.var() for at in along)))


def checked_map(maps: ArrayLike, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Maps (..., *places) and their places as (..., n), (n,), (n,); ValueError if they do not fit."""
    rates = checked(maps)
    at_x, at_y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    axes = at_x.ndim
    if axes == 0 or at_x.shape != at_y.shape or rates.shape[rates.ndim - axes :] != at_x.shape:
        raise ValueError(
            f"maps must be (..., *places) for x and y (*places);"
            f" got {rates.shape} for {at_x.shape} and {at_y.shape}"
        )
    if not (np.isfinite(at_x) & np.isfinite(at_y)).all():
        raise ValueError("places must be finite; they hold NaN or infinity")
    return rates.reshape(*rates.shape[: rates.ndim - axes], -1), at_x.ravel(), at_y.ravel()


def _checked_pairs(responses: ArrayLike, stimuli: ArrayLike) -> tuple[Floats, Floats]:
    rates, seen = checked(responses), np.asarray(stimuli, dtype=np.float64)
    if seen.ndim < 2 or rates.shape[-1] != len(seen):
        raise ValueError(
            f"responses must be (..., n) for stimuli (n, *pixels); got {rates.shape} for {seen.shape}"
        )
    if not np.isfinite(seen).all():
        raise ValueError("stimuli must be finite; they hold NaN or infinity")
    return rates, seen


def _weights(rates: Floats) -> Floats:
    """Each stimulus's share of the response; NaN for a silent unit."""
    return np.asarray(ratio(rates, rates.sum(axis=-1, keepdims=True)))


def _covariances(weights: Floats, points: Floats) -> Floats:
    """Weighted covariances. Shapes: (..., n), (n, P) -> (..., P, P)."""
    (n, p), units = points.shape, weights.reshape(-1, weights.shape[-1])
    centred = points - points.mean(axis=0)  # a common grey would cost digits
    few = max(1, AT_ONCE // (n * p))
    blocks = [units[i : i + few] for i in range(0, len(units), few)]
    squares = np.concatenate([(w[:, None, :] * centred.T) @ centred for w in blocks])
    means = units @ centred
    covariances = squares - means[:, :, None] * means[:, None, :]
    return np.asarray(covariances.reshape(*weights.shape[:-1], p, p))
