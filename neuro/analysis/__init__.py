"""Measures on plain arrays; they do not know what was measured, so recorded biological data pass too."""

from neuro.analysis.curves import silent
from neuro.analysis.embedding import ClusterScores, cluster_scores, pca, tsne
from neuro.analysis.readout import NearestNeighbours, Readout, features, knn, readout
from neuro.analysis.spikes import fano_factor, poisson_spikes, rate_from_response
from neuro.analysis.tolerance import invariance_index, position_tolerance, tolerance_is_clipped
from neuro.analysis.tuning import (
    circular_variance,
    half_width,
    orientation_selectivity_index,
    preferred_orientation,
)

__all__ = [
    "ClusterScores",
    "NearestNeighbours",
    "Readout",
    "circular_variance",
    "cluster_scores",
    "fano_factor",
    "features",
    "half_width",
    "invariance_index",
    "knn",
    "orientation_selectivity_index",
    "pca",
    "poisson_spikes",
    "position_tolerance",
    "preferred_orientation",
    "rate_from_response",
    "readout",
    "silent",
    "tolerance_is_clipped",
    "tsne",
]
