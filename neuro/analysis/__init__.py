"""Measures on plain arrays; they do not know what was measured, so recorded biological data pass too."""

from neuro.analysis.coding import one_to_one, same_winner, unshared, winner
from neuro.analysis.curves import silent
from neuro.analysis.embedding import ClusterScores, cluster_scores, pca, trustworthiness, tsne
from neuro.analysis.paired import PairedDifference, paired_difference
from neuro.analysis.readout import NearestNeighbours, Readout, features, knn, readout
from neuro.analysis.similarity import alike_pairs
from neuro.analysis.spikes import fano_factor, poisson_spikes, rate_from_response
from neuro.analysis.tolerance import (
    invariance_index,
    mean_at,
    position_tolerance,
    tolerance_is_clipped,
)
from neuro.analysis.tuning import (
    circular_variance,
    half_width,
    orientation_selectivity_index,
    preferred_orientation,
)

__all__ = [
    "ClusterScores",
    "NearestNeighbours",
    "PairedDifference",
    "Readout",
    "alike_pairs",
    "circular_variance",
    "cluster_scores",
    "fano_factor",
    "features",
    "half_width",
    "invariance_index",
    "knn",
    "mean_at",
    "one_to_one",
    "orientation_selectivity_index",
    "paired_difference",
    "pca",
    "poisson_spikes",
    "position_tolerance",
    "preferred_orientation",
    "rate_from_response",
    "readout",
    "same_winner",
    "silent",
    "tolerance_is_clipped",
    "trustworthiness",
    "tsne",
    "unshared",
    "winner",
]
