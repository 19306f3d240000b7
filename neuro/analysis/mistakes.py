"""Which classes are taken for which."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def confusions(labels: ArrayLike, taken_for: ArrayLike, classes: int) -> NDArray[np.int64]:
    """How often each class, a row, was taken for each, a column. Shapes: (n,), (n,) -> (classes, classes).

    Raises ValueError for a class that is not one of 0 to classes - 1.
    """
    shown, taken = np.asarray(labels), np.asarray(taken_for)
    if shown.shape != taken.shape or not np.isin([*shown, *taken], range(classes)).all():
        raise ValueError(f"labels and what they were taken for are two arrays (n,) of 0 to {classes - 1}")
    return np.bincount(classes * shown + taken, minlength=classes**2).reshape(classes, classes)


def mixed_up(counts: ArrayLike) -> NDArray[np.float64]:
    """Of the images of two classes, the percentage that was taken for the other of the two.

        100 (n_ij + n_ji) / (n_i + n_j),   and zero for i = j

    Shapes: `confusions`, (..., classes, classes) -> the same.
    """
    n = np.asarray(counts, dtype=np.float64)
    shown = n.sum(axis=-1)
    both = np.maximum(shown[..., :, None] + shown[..., None, :], 1)
    share: NDArray[np.float64] = 100 * (n + n.swapaxes(-1, -2)) / both * (1 - np.eye(n.shape[-1]))
    return share
