"""The linear readout for more stimuli than fit into memory: the ridge from sums over batches.

    W = (X'X + alpha I)^-1 X'Y

X'X and X'Y are sums over stimuli, so no batch is needed twice: of 60,000 stimuli with 4,000 features what is
kept are 4,000 x 4,000 numbers, twice while the equations are solved. The readout is that of `linear`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyr, dsyrk
from threadpoolctl import threadpool_limits

from neuro.analysis.readout import ALPHAS, Part, Reader, checked_part, few_stimuli, known_ids

Floats = NDArray[np.float64]


@dataclass
class _Sums:
    """What the training part comes to, in float64. Features are counted from those of the first stimulus.

    Without that, the squares of a feature far from zero would swallow its spread, and a constant feature
    would not come out as exactly constant.
    """

    first: Floats
    squares: Floats  # the lower triangle of X'X, in the order of Fortran
    of_class: dict[Any, Floats] = field(default_factory=dict)
    counts: dict[Any, int] = field(default_factory=dict)
    sounding: Any = False

    def add(self, rows: Floats, labels: NDArray[Any]) -> None:
        self.sounding |= (rows != 0).any(axis=0)
        rows = rows - self.first
        self.squares = dsyrk(1.0, rows.T, 1.0, self.squares, lower=1, overwrite_c=1)
        for name in np.unique(labels).tolist():
            same = labels == name
            self.of_class[name] = self.of_class.get(name, 0.0) + rows[same].sum(axis=0)
            self.counts[name] = self.counts.get(name, 0) + int(same.sum())


def linear_of_batches(train: Iterable[Part], validation: Iterable[Part]) -> Reader:
    """The readout `linear`, from parts that come batch by batch; each is gone through once.

    Shapes: of every batch features (b, F), labels (b,), ids (b,) or None.
    Raises ValueError as `linear` does.
    """
    with threadpool_limits(1):
        sums, train_ids = _summed(train)
        classes = np.array(sorted(sums.counts))
        if len(classes) < 2:
            raise ValueError(f"train must hold at least two classes; it has {classes.tolist()}")
        centre, weights, intercept = _solved(sums, classes)
        right, ids, shown = np.zeros(len(ALPHAS)), [], 0
        for batch in validation:
            rows, labels, own = checked_part("validation", batch, len(centre))
            given = _read(rows - centre, weights, intercept, classes)
            right, shown = right + (given == labels).sum(axis=1), shown + len(labels)
            ids.append(own)
    if not shown:
        raise ValueError("no validation stimuli to choose alpha on")
    best, n = int(np.argmax(right)), sum(sums.counts.values())

    def predict(rows: Floats) -> NDArray[Any]:
        with threadpool_limits(1):
            return np.asarray(_read(rows - centre, weights[best : best + 1], intercept, classes)[0])

    about = (len(centre), n, float(1 - sums.sounding.mean()), float(right[best] / shown))
    known = known_ids(Part(None, None, train_ids), Part(None, None, _joined(ids)))
    return Reader(ALPHAS[best], *about, predict, known, few_stimuli(n, len(centre)))


def _summed(train: Iterable[Part]) -> tuple[_Sums, NDArray[Any] | None]:
    sums, ids = None, []
    for batch in train:
        rows, labels, own = checked_part("train", batch, None if sums is None else len(sums.first))
        if sums is None:
            sums = _Sums(rows[0].copy(), np.zeros((rows.shape[1],) * 2, order="F"))
        sums.add(rows, labels)
        ids.append(own)
    if sums is None:
        raise ValueError("no training stimuli to fit to")
    return sums, _joined(ids)


def _joined(ids: list[Any]) -> NDArray[Any] | None:
    return None if any(each is None for each in ids) else np.concatenate(ids)


def _solved(sums: _Sums, classes: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Centre (F,), weights of every alpha on what is only centred (A, F, classes), intercept (classes,)."""
    counts = np.array([sums.counts[name] for name in classes.tolist()])
    totals, n = np.stack([sums.of_class[name] for name in classes.tolist()], axis=1), counts.sum()
    mean = totals.sum(axis=1) / n
    gram = dsyr(-float(n), mean, lower=1, a=sums.squares, overwrite_a=1)
    variance, centre = np.maximum(gram.diagonal() / n, 0.0), sums.first + mean
    constant = variance <= (n * np.finfo(np.float64).eps * centre) ** 2
    scale = np.where(constant, np.inf, np.sqrt(np.where(constant, 1.0, variance)))
    gram /= scale
    gram /= scale[:, None]
    # Of targets +1 and -1 only the sum over the class counts, as that of centred features over all is zero.
    drive = 2 * (totals - mean[:, None] * counts) / scale[:, None]
    weights = np.empty((len(ALPHAS), *totals.shape))
    for alpha, found in zip(ALPHAS, weights, strict=True):
        system = gram.copy(order="F")
        np.einsum("ii->i", system)[:] += alpha
        factor = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        found[:] = cho_solve(factor, drive, check_finite=False) / scale[:, None]
    return centre, weights, 2 * counts / n - 1


def _read(centred: Floats, weights: Floats, intercept: Floats, classes: NDArray[Any]) -> NDArray[Any]:
    """The class given to each stimulus with each of the weights. Shapes: (b, F), (A, F, C) -> (A, b)."""
    return np.asarray(classes[(centred @ weights + intercept).argmax(axis=2)])
