"""Measures on plain arrays; they do not know what was measured, so recorded biological data pass too."""

from neuro.analysis.coding import one_to_one, same_winner, unshared, winner
from neuro.analysis.contrast import (
    NakaRushton,
    fit_naka_rushton,
    naka_rushton,
)
from neuro.analysis.curves import silent
from neuro.analysis.embedding import ClusterScores, cluster_scores, pca, trustworthiness, tsne
from neuro.analysis.field_fits import GaborFit, field_size, fit_gabor
from neuro.analysis.frequency import (
    bandwidth_octaves,
    is_low_pass,
    preferred_frequency,
    schiller_bandwidth,
)
from neuro.analysis.interaction import (
    confusion_index,
    cross_orientation_suppression,
    max_index,
    superadditivity,
)
from neuro.analysis.majority import cell_vote, winner_vote
from neuro.analysis.mistakes import confusions, mixed_up
from neuro.analysis.modulation import (
    f1_f0,
    f1_f0_by_chance,
    f2_f0,
    harmonic_amplitude,
    null_index,
    response_phase,
)
from neuro.analysis.paired import PairedDifference, Spread, paired_difference, paired_spread, spread
from neuro.analysis.population import bootstrap_interval, ks_distance, ks_to_histogram
from neuro.analysis.published import Histogram, JointHistogram
from neuro.analysis.readout import Part, Reader, Readout, features, knn, linear, logistic, nearest, readout
from neuro.analysis.receptive_field import (
    CovarianceAxes,
    covariance_axes,
    field_centre,
    field_spread,
    overlap_index,
    spike_triggered_average,
    spike_triggered_covariance,
)
from neuro.analysis.representation import (
    dissimilarity,
    linear_cka,
    norm_spread,
    norms_reached,
    representational_similarity,
    selectivity_index,
    winner_entropy,
)
from neuro.analysis.ridge import linear_of_batches
from neuro.analysis.similarity import alike_pairs, mean_cosine
from neuro.analysis.sparseness import lifetime_sparseness, population_sparseness
from neuro.analysis.spikes import (
    fano_factor,
    first_spike_latency,
    poisson_spikes,
    rate_from_response,
    reliability,
    variance_mean_slope,
)
from neuro.analysis.summation import (
    preferred_size,
    summation_field,
    suppression_index,
    surround_size,
)
from neuro.analysis.tolerance import (
    invariance_index,
    mean_at,
    position_tolerance,
    tolerance_is_clipped,
)
from neuro.analysis.tuning import (
    circular_variance,
    contrast_invariance,
    direction_selectivity_index,
    global_direction_selectivity,
    global_orientation_selectivity,
    half_width,
    hanning_smoothed,
    orientation_selectivity_index,
    orthogonal_ratio,
    preferred_direction,
    preferred_orientation,
)
from neuro.analysis.von_mises import VonMises, fit_von_mises

__all__ = [
    "ClusterScores",
    "CovarianceAxes",
    "GaborFit",
    "Histogram",
    "JointHistogram",
    "NakaRushton",
    "PairedDifference",
    "Part",
    "Reader",
    "Readout",
    "Spread",
    "VonMises",
    "alike_pairs",
    "bandwidth_octaves",
    "bootstrap_interval",
    "cell_vote",
    "circular_variance",
    "cluster_scores",
    "confusion_index",
    "confusions",
    "contrast_invariance",
    "covariance_axes",
    "cross_orientation_suppression",
    "direction_selectivity_index",
    "dissimilarity",
    "f1_f0",
    "f1_f0_by_chance",
    "f2_f0",
    "fano_factor",
    "features",
    "field_centre",
    "field_size",
    "field_spread",
    "first_spike_latency",
    "fit_gabor",
    "fit_naka_rushton",
    "fit_von_mises",
    "global_direction_selectivity",
    "global_orientation_selectivity",
    "half_width",
    "hanning_smoothed",
    "harmonic_amplitude",
    "invariance_index",
    "is_low_pass",
    "knn",
    "ks_distance",
    "ks_to_histogram",
    "lifetime_sparseness",
    "linear",
    "linear_cka",
    "linear_of_batches",
    "logistic",
    "max_index",
    "mean_at",
    "mean_cosine",
    "mixed_up",
    "naka_rushton",
    "nearest",
    "norm_spread",
    "norms_reached",
    "null_index",
    "one_to_one",
    "orientation_selectivity_index",
    "orthogonal_ratio",
    "overlap_index",
    "paired_difference",
    "paired_spread",
    "pca",
    "poisson_spikes",
    "population_sparseness",
    "position_tolerance",
    "preferred_direction",
    "preferred_frequency",
    "preferred_orientation",
    "preferred_size",
    "rate_from_response",
    "readout",
    "reliability",
    "representational_similarity",
    "response_phase",
    "same_winner",
    "schiller_bandwidth",
    "selectivity_index",
    "silent",
    "spike_triggered_average",
    "spike_triggered_covariance",
    "spread",
    "summation_field",
    "superadditivity",
    "suppression_index",
    "surround_size",
    "tolerance_is_clipped",
    "trustworthiness",
    "tsne",
    "unshared",
    "variance_mean_slope",
    "winner",
    "winner_entropy",
    "winner_vote",
]
