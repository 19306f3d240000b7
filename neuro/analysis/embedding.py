"""Features drawn in the plane, and what can be said of their clusters in numbers.

Clusters are measured in feature space as well as in the picture: t-SNE makes clusters look, and score,
better than they are, the more so the more points there are.

Everything here runs in one thread, so that one seed gives one picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from neuro.analysis.curves import Floats

COMPONENTS = 50  # Kobak & Berens 2019
PERPLEXITY = 30
NEIGHBOURS = 10


@dataclass(frozen=True)
class ClusterScores:
    """How well the classes hold together, in feature space (PCA to 50) and in the picture.

    trustworthiness    1 if every neighbour in the picture is a neighbour in the features (k = 10)
    purity             the part of a point's 10 nearest neighbours that share its class
    silhouette         of the classes, -1 to 1
    ari, nmi           of k-means with as many clusters as classes, against the classes
    """

    trustworthiness: float
    purity_features: float
    purity_picture: float
    silhouette_features: float
    silhouette_picture: float
    ari_features: float
    ari_picture: float
    nmi_features: float
    nmi_picture: float


def pca(features: ArrayLike, n: int = COMPONENTS) -> Floats:
    """The first n principal components, or as many as there are; centred, not whitened.

    Shapes: (B, F) -> (B, min(n, B, F)). Raises ValueError if features are not (B, F), not finite, or all
    constant.
    """
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
    rows = _rows(features)
    if len(rows) < 4 or rows.shape[1] < 2:
        raise ValueError(f"t-SNE needs at least 4 points of 2 features; got {rows.shape}")
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    with threadpool_limits(1):
        method = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
        return np.asarray(method.fit_transform(pca(rows)), dtype=np.float64)


def cluster_scores(features: ArrayLike, embedding: ArrayLike, labels: ArrayLike, seed: int) -> ClusterScores:
    """Scores of the classes in feature space and in a picture of it. The seed is that of k-means.

    Shapes: (B, F), (B, 2), (B,). Raises ValueError if they do not fit, for fewer than 21 points (ten
    neighbours must be less than half of them) and for fewer than two classes.
    """
    rows, picture, classes = _rows(features), _rows(embedding), np.asarray(labels)
    if not len(rows) == len(picture) == classes.size or classes.ndim != 1:
        shapes = f"{rows.shape}, {picture.shape} and {classes.shape}"
        raise ValueError(f"features (B, F), embedding (B, 2) and labels (B,) must fit; got {shapes}")
    if len(rows) <= 2 * NEIGHBOURS or len(np.unique(classes)) < 2:
        have = f"{len(rows)} points of {len(np.unique(classes))} classes"
        raise ValueError(f"scores need more than {2 * NEIGHBOURS} points of at least 2 classes; got {have}")
    with threadpool_limits(1):
        scores = {"trustworthiness": float(trustworthiness(rows, picture, n_neighbors=NEIGHBOURS))}
        for name, points in (("features", pca(rows)), ("picture", picture)):
            found = KMeans(len(np.unique(classes)), n_init=10, random_state=seed).fit_predict(points)
            scores[f"purity_{name}"] = _purity(points, classes)
            scores[f"silhouette_{name}"] = float(silhouette_score(points, classes))
            scores[f"ari_{name}"] = float(adjusted_rand_score(classes, found))
            scores[f"nmi_{name}"] = float(normalized_mutual_info_score(classes, found))
    return ClusterScores(**scores)


def _purity(points: Floats, classes: NDArray[np.generic]) -> float:
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
