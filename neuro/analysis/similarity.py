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
