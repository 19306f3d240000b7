"""Which cell stands for which stimulus: the one that answers most, and whether it is that stimulus's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import checked, silent


def winner(responses: ArrayLike) -> NDArray[np.int64]:
    """The number of the cell that answers most, the first of equals; -1 if none of the n cells answers.

    Shapes: (..., n) -> (...). Raises ValueError for NaN or negative responses.
    """
    return np.where(silent(responses), -1, checked(responses).argmax(axis=-1))


def same_winner(one: ArrayLike, other: ArrayLike) -> NDArray[np.bool_]:
    """True where one cell won both times; a silent layer has no winner (-1), and so never the same."""
    here, there = np.asarray(one), np.asarray(other)
    return np.asarray((here == there) & (here >= 0))


def unshared(winners: ArrayLike) -> NDArray[np.int64]:
    """The winners of several stimuli, with -1 (none) for each cell that wins more than one. (n,) -> (n,)."""
    cells = np.asarray(winners)
    return np.where((cells[:, None] == cells).sum(axis=1) == 1, cells, -1)


def one_to_one(responses: ArrayLike) -> NDArray[np.bool_]:
    """True for each stimulus that a single cell answers, which answers no other stimulus.

    Shapes: (stimuli, cells) -> (stimuli,). Raises ValueError for NaN or negative responses.
    """
    answering = checked(responses) > 0
    loyal = answering & (answering.sum(axis=0) == 1)
    return np.asarray((answering.sum(axis=1) == 1) & loyal.any(axis=1))
