"""How alike things are that are described by vectors: features, stimuli, answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def alike_pairs(vectors: ArrayLike, cosine: float) -> int:
    """How many pairs of vectors have a larger cosine than this; a vector of length zero is like no other.

    Shapes: (n, d).
    """
    rows = np.asarray(vectors, dtype=float)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
    return int(np.triu(unit @ unit.T > cosine, k=1).sum())


def mean_cosine(vectors: ArrayLike) -> float:
    """The mean absolute value of the cosine, over all pairs: 1 if all are one vector or its negative.

    Of random vectors about sqrt(2 / (pi d)). Shapes: (n, d). Raises ValueError for fewer than two vectors, or
    one of length zero.
    """
    rows = np.asarray(vectors, dtype=float)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    if rows.ndim != 2 or len(rows) < 2 or not lengths.all():
        raise ValueError(f"cosines are of two vectors or more, (n, d), none of length zero; got {rows.shape}")
    unit = rows / lengths
    return float(np.abs(unit @ unit.T)[np.triu_indices(len(rows), 1)].mean())
