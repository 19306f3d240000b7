import numpy as np
import pytest

from neuro.analysis import Histogram, JointHistogram, ks_to_histogram, published

HISTOGRAMS = {name: value for name, value in vars(published).items() if isinstance(value, Histogram)}
BY_MODULATION = [value for value in vars(published).values() if isinstance(value, published.ByModulation)]
# The numbers of cells the sources state, less those they say are beyond the bins.
CELLS = {
    "MACAQUE_CIRCULAR_VARIANCE": 308,
    "MACAQUE_F1_F0": 308,
    "MACAQUE_HALF_BANDWIDTH": 308 - 8,
    "BRAIN_SCORE_CIRCULAR_VARIANCE": 304,
    "BRAIN_SCORE_F1_F0": 304,
    "BRAIN_SCORE_HALF_BANDWIDTH": 304 - 6,
    "SIMPLE_FOVEAL_FREQUENCY": 148,
    "COMPLEX_FOVEAL_FREQUENCY": 84,
    "SIMPLE_PARAFOVEAL_FREQUENCY": 78,
    "COMPLEX_PARAFOVEAL_FREQUENCY": 53,
    "PEAK_FREQUENCY": 363,
    "PREFERRED_ORIENTATION": 385,
    "FOVEAL_PREFERRED_ORIENTATION": 246,
    "SIMPLE_FREQUENCY_BANDWIDTH": 30,
    "COMPLEX_FREQUENCY_BANDWIDTH": 43,
    "SUPPRESSION_INDEX": 190,
    "SUMMATION_FIELD": 148,
    "SURROUND_DIAMETER": 148,
}


def share_below(histogram, value):
    """Of its cells, at an edge of its bins."""
    (edge,) = np.flatnonzero(np.isclose(histogram.edges, value))
    return sum(histogram.counts[:edge]) / histogram.n


def test_the_counts_of_each_histogram_add_up_to_the_cells_stated():
    assert {name: histogram.n for name, histogram in HISTOGRAMS.items()} == CELLS
    assert published.SUBREGIONS.n == 79


@pytest.mark.parametrize("name", [name for name, h in HISTOGRAMS.items() if h.median is not None])
def test_the_median_stated_lies_in_the_bin_that_half_of_the_cells_reach(name):
    histogram = HISTOGRAMS[name]
    below = np.cumsum((0, *histogram.counts)) / histogram.n
    # The share below the median is at most a half at its bin's lower edge and at least a half at its upper.
    low = np.searchsorted(histogram.edges, histogram.median, side="right") - 1
    assert below[low] <= 0.5 <= below[low + 1] or below[low] == 0.5


def test_the_medians_of_the_subregions_lie_in_the_bins_that_half_of_the_cells_reach():
    counts, edges = np.array(published.SUBREGIONS.counts), published.SUBREGIONS.edges
    for axis, median in zip((1, 0), published.SUBREGIONS.medians, strict=True):
        below = np.cumsum([0, *counts.sum(axis=axis)]) / 79
        bin_of_it = np.searchsorted(edges, median) - 1
        assert below[bin_of_it] <= 0.5 <= below[bin_of_it + 1]


def test_the_macaque_cells_divide_at_f1_f0_one_into_124_simple_and_184_complex():
    assert share_below(published.MACAQUE_F1_F0, 1.0) == 184 / 308
    assert (published.SIMPLE_CELLS, published.COMPLEX_CELLS, published.CELLS) == (124, 184, 308)


def test_half_of_the_macaque_cells_have_a_circular_variance_below_0_6():
    assert share_below(published.MACAQUE_CIRCULAR_VARIANCE, 0.6) == pytest.approx(0.497, abs=5e-4)


def test_the_cells_that_never_fall_to_the_criterion_are_those_missing_from_the_bins():
    assert published.NEVER_FALLING[0] * published.CELLS == pytest.approx(308 - 300, abs=0.05 * 3.08)
    # 3 of 124 and 5 of 184.
    assert published.NEVER_FALLING[1:] == pytest.approx((3 / 124, 5 / 184), abs=5e-4)


@pytest.mark.parametrize("measure", BY_MODULATION, ids=lambda measure: measure.measure)
def test_quartiles_are_in_order_and_the_median_of_all_is_between_those_of_the_classes(measure):
    medians = (measure.simple.median, measure.complex.median)
    assert min(medians) <= measure.every.median <= max(medians)
    for quartiles in (measure.every, measure.simple, measure.complex):
        if quartiles.low is not None:
            assert quartiles.low < quartiles.median < quartiles.high


def test_the_mean_circular_variance_of_all_is_that_of_the_classes_together():
    cv = published.CIRCULAR_VARIANCE
    assert (124 * cv.simple.mean + 184 * cv.complex.mean) / 308 == pytest.approx(cv.every.mean, abs=1e-3)
    # And that of the histogram, each cell in the middle of its bin, to a fraction of the bin's 0.1.
    histogram = published.MACAQUE_CIRCULAR_VARIANCE
    middles = np.add(histogram.edges[1:], histogram.edges[:-1]) / 2
    assert np.average(middles, weights=histogram.counts) == pytest.approx(cv.every.mean, abs=0.01)


def test_the_histograms_and_the_quartiles_state_the_same_medians():
    assert published.MACAQUE_CIRCULAR_VARIANCE.median == published.CIRCULAR_VARIANCE.every.median
    assert published.MACAQUE_HALF_BANDWIDTH.median == published.HALF_BANDWIDTH.every.median
    assert published.MACAQUE_F1_F0.median == published.F1_F0.every.median


def test_brain_score_and_the_whole_data_base_agree_where_their_edges_do():
    # They differ in 4 of 308 cells.
    for whole, good, value in (
        (published.MACAQUE_F1_F0, published.BRAIN_SCORE_F1_F0, 1.0),
        (published.MACAQUE_CIRCULAR_VARIANCE, published.BRAIN_SCORE_CIRCULAR_VARIANCE, 0.0),
        (published.MACAQUE_CIRCULAR_VARIANCE, published.BRAIN_SCORE_CIRCULAR_VARIANCE, 1.0),
    ):
        assert share_below(whole, value) == pytest.approx(share_below(good, value), abs=4 / 304)


def test_148_of_the_190_cells_are_suppressed_by_a_tenth_and_have_a_surround():
    # The first bin, 66 cells below 0.2, holds the 42 below 0.1.
    assert published.SUPPRESSION_INDEX.counts[0] >= 190 - published.SURROUND_DIAMETER.n == 42


def test_schillers_median_bandwidths_in_octaves():
    # 0.89 and 1.23 octaves: log2(100 / 54) and log2(100 / 43), rounded.
    medians = [published.SIMPLE_FREQUENCY_BANDWIDTH.median, published.COMPLEX_FREQUENCY_BANDWIDTH.median]
    assert np.log2(100 / np.array(medians)) == pytest.approx([0.89, 1.23], abs=0.015)


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_a_histogram_names_its_source_and_is_at_distance_zero_from_cells_in_its_proportions(name):
    histogram = HISTOGRAMS[name]
    assert any(author in histogram.source for author in ("Ringach", "De Valois", "Schiller", "Cavanaugh"))
    middles = np.add(histogram.edges[1:], histogram.edges[:-1]) / 2
    cells = np.repeat(middles, histogram.counts)
    assert ks_to_histogram(cells, histogram.edges, histogram.counts) == pytest.approx(0)


@pytest.mark.parametrize("edges", [(0.0, 1.0), (0.0, 2.0, 1.0), (0.0, 1.0, 2.0, 3.0)])
def test_bins_that_are_none_are_refused(edges):
    with pytest.raises(ValueError, match="a histogram of 2 bins has 3 rising edges; got"):
        Histogram("measure", "deg", edges, (1, 2), "nobody")
    with pytest.raises(ValueError, match="a histogram of 2 bins has 3 rising edges; got"):
        JointHistogram("rows", "columns", edges, ((1, 2), (3, 4)), "nobody", (1.0, 1.0))
