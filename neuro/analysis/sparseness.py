"""Sparseness: whether a unit answers few of the stimuli, and a stimulus few of the units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats, checked, ratio


def lifetime_sparseness(responses: ArrayLike) -> Floats:
    """0 for a unit that answers all n stimuli alike, 1 for one that answers a single one of them.

        (1 - mean(r)^2 / mean(r^2)) / (1 - 1/n)        (Vinje & Gallant 2000, reported)

    NaN for a silent unit. The index does not depend on the unit's gain, but any floor lowers it: subtract
    the spontaneous rate first where it is not part of the answer.

    Shapes: (..., n) -> (...). Raises ValueError for negative or non-finite responses and fewer than two
    stimuli.
    """
    return _sparseness(checked(responses), "stimuli")


def population_sparseness(responses: ArrayLike) -> Floats:
    """The same index across the units of a population, for each stimulus: 1 where a single unit answers.

    Units differ in gain, and the unit with the largest weighs most: normalise them first if it should not.
    NaN for a stimulus that no unit answers.

    Shapes: (..., units, n stimuli) -> (..., n). Raises ValueError for negative or non-finite responses,
    responses without an axis of units and fewer than two units.
    """
    rates = checked(responses)
    if rates.ndim < 2:
        raise ValueError(f"responses must be (..., units, n stimuli); got shape {rates.shape}")
    return _sparseness(np.moveaxis(rates, -2, -1), "units")


def _sparseness(rates: Floats, name: str) -> Floats:
    """Across the last axis, whose entries are called `name`."""
    n = rates.shape[-1]
    if n < 2:
        raise ValueError(f"sparseness needs at least two {name}; got {n}")
    scaled = ratio(rates, rates.max(axis=-1, keepdims=True))  # tiny rates would vanish when squared
    return np.asarray(
        np.clip((1 - scaled.mean(axis=-1) ** 2 / (scaled**2).mean(axis=-1)) / (1 - 1 / n), 0, 1)
    )
