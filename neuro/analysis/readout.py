"""The shared readouts: the same question, which class was shown, asked of any features.

The training part fits, the validation part chooses the one setting, the test part is scored once. Every
readout is a function of the first two parts that gives a Reader, which has not seen the third. The votes of
single cells are in majority.py, the ridge for more stimuli than fit into memory in ridge.py.
Scikit-learn is imported where it is used: it takes most of a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc
from threadpoolctl import threadpool_limits

# From almost no penalty to one that outweighs a few thousand standardised features; the strongest first,
# so that it wins a tie on the validation part.
ALPHAS = tuple(10.0**power for power in range(5, -3, -1))
PENALTIES = tuple(10.0**power for power in range(-4, 2))  # C of the logistic readout, the strongest first
STEPS = 300  # of the logistic readout
NEIGHBOURS = (1, 3, 5)


class Part(NamedTuple):
    """Some stimuli as a readout sees them. Shapes: rows (B, F), labels (B,), ids (B,) or None."""

    rows: Any
    labels: Any
    ids: Any = None


@dataclass(frozen=True, eq=False)
class Readout:
    """What a readout scored on the test part.

    setting              what the validation part chose: alpha, C, k; NaN where there is nothing to choose
    predictions          the class given to each test stimulus, (B,)
    n_features           features that were read
    n_labels             labelled training stimuli
    silent_fraction      the part of the features that are zero for every training stimulus
    validation_accuracy  what the chosen setting scored on the validation part
    remarks              what to know before the accuracy is believed: at chance, few stimuli, not converged
    """

    accuracy: float
    setting: float
    predictions: NDArray[Any]
    n_features: int
    n_labels: int
    silent_fraction: float
    validation_accuracy: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Reader:
    """A readout fitted to the training part and chosen on the validation part; fields as in Readout."""

    setting: float
    n_features: int
    n_labels: int
    silent_fraction: float
    validation_accuracy: float
    predict: Callable[[NDArray[Any]], NDArray[Any]] = field(repr=False)
    ids: dict[str, Any] = field(repr=False)
    remarks: tuple[str, ...] = ()

    def read(self, test: Iterable[Part]) -> Readout:
        """Scored once, on all batches of the test part together.

        Raises ValueError if features do not fit or are not finite, or if an id of the test part was seen
        before; where other parts had ids, the test part must have them.
        """
        batches = [self._predicted(batch) for batch in test]
        if not batches:
            raise ValueError("no test stimuli to read")
        predictions, labels, ids = (np.concatenate(each) for each in zip(*batches, strict=True))
        if self.ids:
            refuse_overlap({**self.ids, "test": ids})
        right = predictions == labels
        known = (self.setting, predictions, self.n_features, self.n_labels, self.silent_fraction)
        remarks = (*self.remarks, *at_chance(right, labels))
        return Readout(float(right.mean()), *known, self.validation_accuracy, remarks)

    def _predicted(self, batch: Part) -> tuple[NDArray[Any], ...]:
        rows, labels, ids = checked_part("test", batch, self.n_features)
        if self.ids and ids is None:
            raise ValueError("the test part has no ids; the training and the validation part have")
        return self.predict(rows), labels, np.empty(0) if ids is None else ids


Fit = Callable[[Part, Part], Reader]


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
    """The linear readout, `linear`, fitted, chosen and scored in one go.

    Shapes: features (B, F), labels (B,), and `ids`, if given, one (B,) for each of the three parts.
    Raises ValueError if shapes do not fit, features are not finite, there is one class only, or an id is
    in two parts.
    """
    own = [None] * 3 if ids is None else list(ids)
    fitted = linear(Part(train, train_labels, own[0]), Part(validation, validation_labels, own[1]))
    return fitted.read([Part(test, test_labels, own[2])])


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
) -> Readout:
    """The nearest neighbours, `nearest`, chosen and scored in one go; shapes and errors as for `readout`."""
    own = [None] * 3 if ids is None else list(ids)
    known = Part(train, train_labels, own[0]), Part(validation, validation_labels, own[1])
    return nearest(*known, neighbours=neighbours, metric=metric).read([Part(test, test_labels, own[2])])


def linear(train: Part, validation: Part) -> Reader:
    """A linear readout: ridge regression to targets of +1 for the class shown and -1 for the others.

        minimise |X W - Y|^2 + alpha |W|^2,   class = the column of X W that is largest

    X is standardised by the mean and spread of the training part (a feature that is constant there is
    only centred, and gets no weight). Alpha is chosen on the validation part from ALPHAS.
    """
    from sklearn.linear_model import RidgeClassifier

    return _standardised(RidgeClassifier, ALPHAS, train, validation)


def logistic(train: Part, validation: Part, *, steps: int = STEPS) -> Reader:
    """Multinomial logistic regression on the same standardised features.

        minimise sum over stimuli of -log p(class shown) + |W|^2 / (2 C),   p = softmax(X W + b)

    C is chosen on the validation part from PENALTIES. Where so many steps did not converge, it is remarked.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ConvergenceWarning)
        of = partial(LogisticRegression, max_iter=steps)
        fitted = _standardised(lambda c: of(C=c), PENALTIES, train, validation)
    if any(issubclass(each.category, ConvergenceWarning) for each in told):
        return replace(fitted, remarks=(*fitted.remarks, f"some C did not converge in {steps} steps"))
    return fitted


def nearest(
    train: Part, validation: Part, *, neighbours: Sequence[int] = NEIGHBOURS, metric: str = "euclidean"
) -> Reader:
    """The majority label of the nearest training stimuli; nothing is fitted, features are taken as they are.

    How many neighbours is chosen on the validation part, the fewest on a tie; `neighbours=(1,)` fixes it.
    `metric` is "euclidean" or "cosine". ValueError if there are fewer training stimuli than neighbours.
    """
    from sklearn.neighbors import KNeighborsClassifier

    train, validation = checked_parts(train, validation)
    n_train = len(train.rows)
    if not neighbours or min(neighbours) < 1 or max(neighbours) > n_train:
        raise ValueError(f"neighbours must be from 1 to the {n_train} training stimuli; got {neighbours}")

    def of(k: int) -> Any:
        return KNeighborsClassifier(k, algorithm="brute", metric=metric)

    return _chosen(of, sorted(neighbours), train, validation)


def _standardised(
    of: Callable[[Any], Any], settings: Sequence[float], train: Part, validation: Part
) -> Reader:
    from sklearn.preprocessing import StandardScaler

    parts = checked_parts(train, validation)
    scaler = StandardScaler().fit(parts[0].rows)
    scaled = [part._replace(rows=scaler.transform(part.rows)) for part in parts]
    fitted = _chosen(of, settings, scaled[0], scaled[1])
    return replace(
        fitted,
        silent_fraction=float((parts[0].rows == 0).all(axis=0).mean()),
        remarks=few_stimuli(*parts[0].rows.shape),
        predict=lambda rows: fitted.predict(scaler.transform(rows)),
    )


def _chosen(of: Callable[[Any], Any], settings: Sequence[Any], train: Part, validation: Part) -> Reader:
    """The first setting that does best on the validation part."""
    with threadpool_limits(1):  # sums that do not depend on the number of threads
        fitted = [of(setting).fit(train.rows, train.labels) for setting in settings]
        scores = [each.score(validation.rows, validation.labels) for each in fitted]
    best = int(np.argmax(scores))

    def predict(rows: NDArray[Any]) -> NDArray[Any]:
        with threadpool_limits(1):
            return np.asarray(fitted[best].predict(rows))

    silent = float((train.rows == 0).all(axis=0).mean())
    about = (train.rows.shape[1], len(train.rows), silent, float(scores[best]))
    return Reader(settings[best], *about, predict, known_ids(train, validation))


def at_chance(right: NDArray[np.bool_], labels: NDArray[Any]) -> tuple[str, ...]:
    """A remark if as many right as these are no surprise from one who always says the commonest class.

    P(X >= right) > 0.05,   X binomial of n stimuli and the share of the commonest class
    """
    share = np.unique(labels, return_counts=True)[1].max() / len(labels)
    if share < 1 and bdtrc(right.sum() - 1, len(labels), share) <= 0.05:
        return ()
    return (f"at chance: {right.mean():.3g} correct, where the commonest class is {share:.3g} of them",)


def few_stimuli(stimuli: int, n_features: int) -> tuple[str, ...]:
    """A remark if a readout has more features than stimuli to be fitted to."""
    return (f"fewer stimuli ({stimuli}) than features ({n_features})",) if stimuli < n_features else ()


def known_ids(train: Part, validation: Part) -> dict[str, Any]:
    """The ids of both parts, if they have any; ValueError if they share one, or only one part has them."""
    if train.ids is None and validation.ids is None:
        return {}
    if train.ids is None or validation.ids is None:
        raise ValueError("either both the training and the validation part have ids or none has")
    ids = {"train": train.ids, "validation": validation.ids}
    refuse_overlap(ids)
    return ids


def checked_parts(train: Part, validation: Part) -> tuple[Part, Part]:
    """Both parts as arrays; ValueError if they do not fit, hold one class only, or share an id."""
    first = checked_part("train", train)
    second = checked_part("validation", validation, first.rows.shape[1])
    if len(np.unique(first.labels)) < 2:
        raise ValueError(f"train must hold at least two classes; it has {np.unique(first.labels).tolist()}")
    known_ids(first, second)
    return first, second


def checked_part(name: str, part: Part, width: int | None = None) -> Part:
    """One part, or a batch of it, as arrays, its features float64; ValueError if they do not fit."""
    x, y = np.asarray(part.rows, dtype=np.float64), np.asarray(part.labels)
    if x.ndim != 2 or x.size == 0 or x.shape[1] != (width or x.shape[1]) or y.shape != x.shape[:1]:
        raise ValueError(
            f"{name} must be features (B, F), F as in train, and labels (B,); got {x.shape} and {y.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError(f"{name} features must be finite; they hold NaN or infinity")
    if part.ids is None:
        return Part(x, y)
    ids = np.asarray(part.ids)
    if ids.shape != y.shape:
        raise ValueError(f"ids of {name} must be ({len(x)},); got {ids.shape}")
    return Part(x, y, ids)


def refuse_overlap(ids: dict[str, Any]) -> None:
    """Raises ValueError, which names two parts and a stimulus, if a stimulus is in both."""
    for one, other in combinations(ids, 2):
        shared = np.intersect1d(ids[one], ids[other])
        if len(shared):
            raise ValueError(
                f"{one} and {other} share {len(shared)} stimuli, the first with id {shared.tolist()[0]!r}"
            )
