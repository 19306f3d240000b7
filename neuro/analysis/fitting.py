"""Curves of two nonlinear parameters fitted to many units at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from neuro.analysis.curves import ROUNDING, Floats, ratio

# A fit: units at a time, rounds at most, and, in the parameters' own units, logarithms and radians, the step
# of its differences and the step at which it has settled.
BLOCK, ROUNDS, STEP, SETTLED = 512, 100, 1e-5, 1e-6

Shape = Callable[[Floats, Floats], Floats]
Units = NDArray[np.intp]
Scaling = Callable[[Floats, Floats], tuple[Floats, Floats]]


def least_squares(curves: Floats, shape: Shape, grid: tuple[Floats, Floats], ends: Floats) -> Floats:
    """The fits baseline + amplitude * shape(p, q), one a curve: p, q, amplitude, baseline and R^2, (..., 5).

    Variable projection (Golub & Pereyra 1973): for given p and q the amplitude and baseline, neither below
    zero, have a closed form, so that only p and q are searched: the best place of a grid, and from there
    Newton's method, all units in step. NaN for a curve that is flat or best left flat, whose p or q
    reaches one of its `ends`, (2, 2) lowest and highest, or is still moving after ROUNDS.

    Shapes: (..., n), with shape (..., 1), (..., 1) -> (..., n), to (..., 5).
    """
    flat = curves.reshape(-1, curves.shape[-1])
    peak = flat.max(axis=-1, keepdims=True)
    relative = ratio(flat, peak)
    varied = np.flatnonzero(relative.std(axis=-1) > ROUNDING)
    found = np.full((len(flat), 5), np.nan)
    for first in range(0, len(varied), BLOCK):
        block = varied[first : first + BLOCK]
        found[block] = _fit(relative[block], shape, grid, ends)
    found[:, 2:4] *= peak
    return found.reshape(*curves.shape[:-1], 5)


def _fit(curves: Floats, shape: Shape, grid: tuple[Floats, Floats], ends: Floats) -> Floats:
    start = _best_of(grid, curves, shape)
    fit = _fit_from(start, curves, shape, _on_baseline, ends)
    below = np.flatnonzero(fit[:, 3] < 0)
    if len(below):
        fit[below] = _fit_from(start[below], curves[below], shape, _from_zero, ends)
    inside = ((fit[:, :2] > ends[0] + SETTLED) & (fit[:, :2] < ends[1] - SETTLED)).all(axis=1)
    determined = inside & (fit[:, 2] > ROUNDING) & np.isfinite(fit[:, 4])
    return np.where(determined[:, None], fit, np.nan)


def _fit_from(start: Floats, curves: Floats, shape: Shape, scaled: Scaling, ends: Floats) -> Floats:
    """The fit near each start, (units, 2), with one way to scale; R^2 is NaN where it did not settle."""

    def parts(units: Units, place: Floats) -> tuple[Floats, Floats, Floats]:
        shapes = shape(place[:, :1], place[:, 1:])
        amplitude, baseline = scaled(curves[units], shapes)
        rest = curves[units] - baseline[:, None] - amplitude[:, None] * shapes
        return amplitude, baseline, np.asarray((rest**2).sum(axis=1))

    place, settled = _descended(lambda units, place: parts(units, place)[2], start, ends)
    amplitude, baseline, error = parts(np.arange(len(curves)), place)
    r2 = 1 - error / (curves.shape[1] * curves.var(axis=1))
    return np.column_stack([place, amplitude, baseline, np.where(settled, r2, np.nan)])


def _on_baseline(curves: Floats, shapes: Floats) -> tuple[Floats, Floats]:
    """The amplitude, not below zero, and baseline with which shapes come closest to curves; (...)."""
    spread = shapes - shapes.mean(axis=-1, keepdims=True)
    slope = ratio((spread * curves).sum(axis=-1), (spread**2).sum(axis=-1))
    amplitude = np.fmax(slope, 0)  # fmax, for a shape that is flat here has a slope of NaN
    return amplitude, curves.mean(axis=-1) - amplitude * shapes.mean(axis=-1)


def _from_zero(curves: Floats, shapes: Floats) -> tuple[Floats, Floats]:
    """The same without a baseline."""
    amplitude = np.fmax(ratio((shapes * curves).sum(axis=-1), (shapes**2).sum(axis=-1)), 0)
    return amplitude, np.zeros_like(amplitude)


def _best_of(grid: tuple[Floats, Floats], curves: Floats, shape: Shape) -> Floats:
    """The place on the grid, (units, 2), whose shape explains most of each curve, no baseline below zero."""
    places = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1).reshape(-1, 2)
    shapes = shape(places[:, :1], places[:, 1:])
    n, mean, level = shapes.shape[1], shapes.mean(axis=1), curves.mean(axis=1, keepdims=True)
    together, tiny = curves @ shapes.T, np.finfo(float).tiny
    variance, power = n * shapes.var(axis=1) + tiny, (shapes**2).sum(axis=1) + tiny
    tuned = np.maximum(together - n * level * mean, 0)
    on_baseline, from_zero = n * level**2 + tuned**2 / variance, together**2 / power
    explained = np.where(level * variance < tuned * mean, from_zero, on_baseline)
    return np.asarray(places[explained.argmax(axis=1)])


def _descended(
    error: Callable[[Units, Floats], Floats], start: Floats, ends: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where the error of each unit is least near its start, (units, 2), and whether it came to rest there."""
    going, place, settled = np.arange(len(start)), start.copy(), np.ones(len(start), dtype=bool)
    least, damping = error(going, place), np.full(len(start), 1e-3)
    for _ in range(ROUNDS):
        here, now = place[going], least[going]
        step = _newton_step(partial(error, going), here, now, damping[going])
        tried = np.clip(here + np.clip(step, -1, 1), *ends)
        there = error(going, tried)
        better = there < now
        place[going], least[going] = np.where(better[:, None], tried, here), np.where(better, there, now)
        damping[going] *= np.where(better, 0.1, 10)
        going = going[np.abs(tried - here).max(axis=1) >= SETTLED]
        if not len(going):
            break
    settled[going] = False
    return place, settled


def _newton_step(error: Callable[[Floats], Floats], here: Floats, now: Floats, damping: Floats) -> Floats:
    """- slope / curvature, from differences, (units, 2); negative curvatures turned round, all damped."""
    apart = STEP * np.eye(2)
    ahead, behind = (np.stack([error(here + way) for way in ways], axis=-1) for ways in (apart, -apart))
    across = error(here + STEP) + error(here - STEP) - (ahead + behind).sum(axis=1) + 2 * now
    curvature = np.empty((len(here), 2, 2))
    curvature[:, (0, 1), (0, 1)] = (ahead + behind - 2 * now[:, None]) / STEP**2
    curvature[:, (0, 1), (1, 0)] = across[:, None] / (2 * STEP**2)
    bends, axes = np.linalg.eigh(curvature)
    bends = np.abs(bends)
    bends += damping[:, None] * bends.max(axis=1, keepdims=True) + np.finfo(float).tiny
    slopes = ((ahead - behind) / (2 * STEP))[:, None] @ axes
    return np.asarray(-(slopes / bends[:, None] @ axes.swapaxes(1, 2))[:, 0])
