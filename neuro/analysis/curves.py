"""What every measure on a response curve needs: its checks, its silent units, its range above a level.

Responses come first, shape (..., n), then the n values of the condition they were recorded at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Relative deviations that are rounding errors (of float32 responses too), not a tuning.
ROUNDING = 1e-6


def checked(responses: ArrayLike) -> Floats:
    """Responses (..., n) as float64; ValueError if they are scalar, empty, not finite or negative."""
    curves = np.asarray(responses, dtype=np.float64)
    if curves.ndim == 0 or curves.size == 0:
        raise ValueError(f"responses must be (..., n) with n at least 1; got shape {curves.shape}")
    if not np.isfinite(curves).all():
        raise ValueError("responses must be finite; they hold NaN or infinity")
    if curves.min() < 0:
        raise ValueError(
            f"responses must not be negative; the lowest is {curves.min():g}: rectify them first"
        )
    return curves


def checked_curves(responses: ArrayLike, condition: ArrayLike, name: str) -> tuple[Floats, Floats]:
    """Responses (..., n) and their condition (n,), as float64 and in rising order.

    Raises ValueError, which calls the condition by its plural `name`, if the two do not fit.
    """
    curves, values = checked(responses), np.asarray(condition, dtype=np.float64)
    if values.ndim != 1 or curves.shape[-1] != len(values):
        raise ValueError(
            f"responses must be (..., n) for {name} (n,); got {curves.shape} for {name} {values.shape}"
        )
    if len(values) < 2:
        raise ValueError(f"a curve needs at least two {name}; got {len(values)}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite; they hold NaN or infinity")
    order = np.argsort(values, kind="stable")
    return curves[..., order], values[order]


def silent(responses: ArrayLike) -> NDArray[np.bool_]:
    """True for each unit that answers none of the stimuli; its measures are NaN.

    Shapes: (..., n) -> (...).
    """
    return np.asarray((checked(responses) == 0).all(axis=-1))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Any:
    """numerator / denominator, and NaN, without a warning, where the denominator is zero."""
    over, under = np.broadcast_arrays(np.asarray(numerator), np.asarray(denominator))
    undefined = np.full(over.shape, np.nan, np.result_type(over, np.float64))
    return np.divide(over, under, out=undefined, where=under != 0)


def at(curves: Floats, index: NDArray[np.intp]) -> Floats:
    """One value of each curve. Shapes: (..., n), (...) -> (...)."""
    return np.take_along_axis(curves, index[..., None], axis=-1)[..., 0]


def range_above(
    curves: Floats, positions: Floats, peak: NDArray[np.intp], level: float = 0.5
) -> tuple[Floats, Floats]:
    """Where each curve first falls to `level` of its peak, below and above the peak, linearly interpolated.

    NaN at an end that is not reached, and for a silent unit.

    Shapes: curves (..., n), rising positions (n,), index of the peak (...) -> two arrays (...).
    Raises ValueError if the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level:g}")
    last, criterion = curves.shape[-1] - 1, level * at(curves, peak)
    low = _first_fall(curves[..., ::-1], -positions[::-1], last - peak, criterion)
    return -low, _first_fall(curves, positions, peak, criterion)


def _first_fall(curves: Floats, positions: Floats, peak: NDArray[np.intp], to: Floats) -> Floats:
    fallen = (np.arange(len(positions)) > peak[..., None]) & (curves <= to[..., None])
    after = np.maximum(fallen.argmax(axis=-1), 1)
    before = after - 1
    step = ratio(at(curves, before) - to, at(curves, before) - at(curves, after))
    crossing = positions[before] + step * (positions[after] - positions[before])
    return np.where(fallen.any(axis=-1), crossing, np.nan)
