"""The shared readouts: the same question, which class was shown, asked of any features.

The training part fits, the validation part chooses the one setting, the test part is scored once.
Scikit-learn is imported where it is used: it takes most of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

# From almost no penalty to one that outweighs a few thousand standardised features; the strongest first,
# so that it wins a tie on the validation part.
ALPHAS = tuple(10.0**power for power in range(5, -3, -1))
NEIGHBOURS = (1, 3, 5)

Part = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Readout:
    """What the linear readout scored on the test part.

    alpha              chosen on the validation part
    predictions        the class given to each test stimulus, (B,)
    n_features         features that were read
    n_labels           labelled training stimuli
    silent_fraction    the part of the features that are zero for every training stimulus
    """

    accuracy: float
    alpha: float
    predictions: NDArray[Any]
    n_features: int
    n_labels: int
    silent_fraction: float


@dataclass(frozen=True, eq=False)
class NearestNeighbours:
    """What the nearest neighbours scored on the test part; k was chosen on the validation part."""

    accuracy: float
    k: int
    predictions: NDArray[Any]
    n_features: int
    n_labels: int


def features(responses: ArrayLike) -> NDArray[Any]:
    """The responses to each stimulus as one row. Shapes: (B, K, H, W) -> (B, K*H*W)."""
    rows = np.asarray(responses)
    if rows.ndim < 2 or rows.size == 0:
        raise ValueError(f"responses must be (B, ...) and not empty; got shape {rows.shape}")
    return rows.reshape(len(rows), -1)


def readout(
    train: ArrayLike,
    train_labels: ArrayLike,
    validation: ArrayLike,
    validation_labels: ArrayLike,
    test: ArrayLike,
    test_labels: ArrayLike,
    *,
    ids: Sequence[ArrayLike] | None = None,
) -> Readout:
    """A linear readout: ridge regression to targets of +1 for the class shown and -1 for the others.

        minimise |X W - Y|^2 + alpha |W|^2,   class = the column of X W that is largest

    X is standardised by the mean and spread of the training part (a feature that is constant there is
    only centred, and gets no weight). Alpha is chosen on the validation part from ALPHAS.

    Shapes: features (B, F), labels (B,), and `ids`, if given, one (B,) for each of the three parts.
    Raises ValueError if shapes do not fit, features are not finite, there is one class only, or an id is
    in two parts.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    parts = _parts((train, validation, test), (train_labels, validation_labels, test_labels), ids)
    rows = parts[0][0]
    scaler = StandardScaler().fit(rows)
    standardised = [(scaler.transform(x), y) for x, y in parts]
    alpha, predictions, accuracy = _score(RidgeClassifier, ALPHAS, standardised)
    return Readout(
        accuracy, alpha, predictions, rows.shape[1], len(rows), float((rows == 0).all(axis=0).mean())
    )


def knn(
    train: ArrayLike,
    train_labels: ArrayLike,
    validation: ArrayLike,
    validation_labels: ArrayLike,
    test: ArrayLike,
    test_labels: ArrayLike,
    *,
    neighbours: Sequence[int] = NEIGHBOURS,
    metric: str = "euclidean",
    ids: Sequence[ArrayLike] | None = None,
) -> NearestNeighbours:
    """The majority label of the nearest training stimuli; nothing is fitted, features are taken as they are.

    How many neighbours is chosen on the validation part, the fewest on a tie; `neighbours=(1,)` fixes it.
    `metric` is "euclidean" or "cosine".

    Shapes and errors as for `readout`; ValueError also if there are fewer training stimuli than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier

    parts = _parts((train, validation, test), (train_labels, validation_labels, test_labels), ids)
    n_train = len(parts[0][0])
    if not neighbours or min(neighbours) < 1 or max(neighbours) > n_train:
        raise ValueError(f"neighbours must be from 1 to the {n_train} training stimuli; got {neighbours}")

    def nearest(k: int) -> Any:
        return KNeighborsClassifier(k, algorithm="brute", metric=metric)

    k, predictions, accuracy = _score(nearest, sorted(neighbours), parts)
    return NearestNeighbours(accuracy, k, predictions, parts[0][0].shape[1], n_train)


def _score(
    classifier: Callable[[Any], Any], settings: Sequence[Any], parts: list[Part]
) -> tuple[Any, NDArray[Any], float]:
    """The first setting that does best on the validation part; its predictions and accuracy on test."""
    (train, train_labels), validation, (test, test_labels) = parts
    with threadpool_limits(1):  # sums that do not depend on the number of threads
        fitted = [classifier(setting).fit(train, train_labels) for setting in settings]
        best = int(np.argmax([each.score(*validation) for each in fitted]))
        predictions = np.asarray(fitted[best].predict(test))
    return settings[best], predictions, float((predictions == test_labels).mean())


def _parts(
    rows: Sequence[ArrayLike], labels: Sequence[ArrayLike], ids: Sequence[ArrayLike] | None
) -> list[Part]:
    names = ("train", "validation", "test")
    parts = [(np.asarray(x, dtype=np.float64), np.asarray(y)) for x, y in zip(rows, labels, strict=True)]
    width = parts[0][0].shape[-1:]
    for name, (x, y) in zip(names, parts, strict=True):
        if x.ndim != 2 or x.size == 0 or x.shape[1:] != width or y.shape != x.shape[:1]:
            raise ValueError(
                f"{name} must be features (B, F), F as in train, and labels (B,); got {x.shape} and {y.shape}"
            )
        if not np.isfinite(x).all():
            raise ValueError(f"{name} features must be finite; they hold NaN or infinity")
    if len(np.unique(parts[0][1])) < 2:
        raise ValueError(f"train must hold at least two classes; it has {np.unique(parts[0][1]).tolist()}")
    if ids is not None:
        _refuse_overlap(dict(zip(names, ids, strict=True)), [len(x) for x, _ in parts])
    return parts


def _refuse_overlap(ids: dict[str, ArrayLike], lengths: list[int]) -> None:
    for (name, values), length in zip(ids.items(), lengths, strict=True):
        if np.shape(values) != (length,):
            raise ValueError(f"ids of {name} must be ({length},); got {np.shape(values)}")
    for one, other in combinations(ids, 2):
        shared = np.intersect1d(ids[one], ids[other])
        if len(shared):
            raise ValueError(
                f"{one} and {other} share {len(shared)} stimuli, the first with id {shared[0]!r}"
            )
