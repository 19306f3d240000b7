"""Features drawn in the plane, and what can be said of their clusters in numbers.

Clusters are measured in feature space as well as in the picture: t-SNE makes clusters look, and score,
better than they are, the more so the more points there are.

Everything here runs in one thread, so that one seed gives one picture. Scikit-learn is imported where it
is used: it takes most of a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from neuro.analysis.curves import Floats

COMPONENTS = 50  # Kobak & Berens 2019
PERPLEXITY = 30
NEIGHBOURS = 10


@dataclass(frozen=True)
class ClusterScores:
    """How well the classes hold together in a space; NaN without labels.

    purity       the part of a point's 10 nearest neighbours that share its class
    silhouette   of the classes, -1 to 1
    ari, nmi     of k-means with as many clusters as classes, against the classes
    """

    purity: float
    silhouette: float
    ari: float
    nmi: float


def pca(features: ArrayLike, n: int = COMPONENTS) -> Floats:
    """The first n principal components, or as many as there are; centred, not whitened.

    Shapes: (B, F) -> (B, min(n, B, F)). Raises ValueError if features are not (B, F), not finite, or all
    constant.
    """
    from sklearn.decomposition import PCA

    rows = _rows(features)
    with threadpool_limits(1):
        return np.asarray(PCA(min(n, *rows.shape), svd_solver="full").fit_transform(rows))


def tsne(features: ArrayLike, seed: int) -> Floats:
    """A map of the features' first 50 principal components, begun at the first two of them.

    t-SNE (van der Maaten & Hinton 2008), with that start after Kobak & Berens (2019).
    Perplexity 30, or a third of the points if that is less; learning rate, exaggeration and number of steps
    are scikit-learn's. From that start the map hardly depends on the seed.

    Shapes: (B, F) -> (B, 2). Raises ValueError as `pca`, and for fewer than 4 points or 2 features.
    """
    from sklearn import manifold

    rows = _rows(features)
    if len(rows) < 4 or rows.shape[1] < 2:
        raise ValueError(f"t-SNE needs at least 4 points of 2 features; got {rows.shape}")
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    with threadpool_limits(1):
        method = manifold.TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
        return np.asarray(method.fit_transform(pca(rows)), dtype=np.float64)


def trustworthiness(features: ArrayLike, embedding: ArrayLike) -> float:
    """1 if every one of a point's 10 neighbours in the picture is a neighbour in the features.

    Of few points, as many neighbours as are less than half of them. Shapes: (B, F), (B, 2). Raises
    ValueError if they do not fit, and for fewer than 3 points.
    """
    from sklearn import manifold

    rows, picture = _rows(features), _rows(embedding)
    if len(rows) != len(picture) or len(rows) < 3:
        shapes = f"{rows.shape} and {picture.shape}"
        raise ValueError(f"features (B, F) and embedding (B, 2) must fit, B at least 3; got {shapes}")
    near = min(NEIGHBOURS, (len(rows) - 1) // 2)
    with threadpool_limits(1):
        return float(manifold.trustworthiness(rows, picture, n_neighbors=near))


def cluster_scores(points: ArrayLike, labels: ArrayLike | None, seed: int) -> ClusterScores:
    """Scores of the classes in feature space or in a picture of it. The seed is that of k-means.

    Shapes: (B, F), (B,). Raises ValueError if they do not fit, for no more than ten points and for fewer
    than two classes.
    """
    from sklearn import cluster, metrics

    rows = _rows(points)
    if labels is None:
        return ClusterScores(*[np.nan] * 4)
    classes = np.asarray(labels)
    if classes.shape != (len(rows),):
        raise ValueError(f"points (B, F) and labels (B,) must fit; got {rows.shape} and {classes.shape}")
    if len(rows) <= NEIGHBOURS or len(np.unique(classes)) < 2:
        have = f"{len(rows)} points of {len(np.unique(classes))} classes"
        raise ValueError(f"scores need more than {NEIGHBOURS} points of at least 2 classes; got {have}")
    with threadpool_limits(1):
        found = cluster.KMeans(len(np.unique(classes)), n_init=10, random_state=seed).fit_predict(rows)
        return ClusterScores(
            _purity(rows, classes),
            float(metrics.silhouette_score(rows, classes)),
            float(metrics.adjusted_rand_score(classes, found)),
            float(metrics.normalized_mutual_info_score(classes, found)),
        )


def _purity(points: Floats, classes: NDArray[np.generic]) -> float:
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(points).kneighbors(return_distance=False)
    return float((classes[nearest] == classes[:, None]).mean())


def _rows(features: ArrayLike) -> Floats:
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"features must be (B, F) and not empty; got shape {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite; they hold NaN or infinity")
    if (rows == rows[0]).all():
        raise ValueError("every feature is the same for all stimuli, as in a silent layer: nothing to embed")
    return rows
