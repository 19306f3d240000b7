import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neuro.analysis import bootstrap_interval, ks_distance, ks_to_histogram

FEW_VALUES = st.lists(st.integers(-4, 4), min_size=2, max_size=15)  # so that some are the same
EDGES = np.linspace(0, 1, 11)


@given(a=FEW_VALUES, b=FEW_VALUES)
def test_the_distance_is_the_statistic_of_kolmogorov_and_smirnov(a, b):
    assert ks_distance(a, b) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic)


def test_the_distance_is_a_distance():
    one, other = np.random.default_rng(0).normal(size=(2, 50))
    assert ks_distance(one, one[::-1]) == 0
    assert ks_distance(one, other) == ks_distance(other, one) > 0
    assert ks_distance([1, 2, 3], [4, 5]) == 1
    # Half of the first lies below all of the second.
    assert ks_distance([1, 2, 5, 6], [5, 6]) == 0.5


def test_the_distance_keeps_under_any_rising_transformation():
    one, other = np.random.default_rng(1).random((2, 40))
    assert ks_distance(np.exp(one), np.exp(other)) == ks_distance(one, other)


def test_the_distance_to_a_histogram_is_the_largest_gap_at_an_edge():
    # Shares below 1, 2: the sample 3/4, 1; the histogram 1/4, 1.
    assert ks_to_histogram([0.1, 0.5, 0.9, 1.5], [0, 1, 2], [1, 3]) == pytest.approx(0.5)


def test_a_sample_in_the_proportions_of_the_histogram_is_at_distance_zero():
    assert ks_to_histogram([0.2, 1.2, 1.3, 1.9], [0, 1, 2], [5, 15]) == 0


def test_a_value_on_an_edge_belongs_to_the_bin_above_it_and_on_the_last_to_the_last():
    assert ks_to_histogram([1.0, 2.0], [0, 1, 2], [0, 7]) == 0
    assert ks_to_histogram([0.0, 0.0], [0, 1, 2], [7, 0]) == 0


def test_values_beyond_the_histogram_count_as_distance():
    inside = [0.5, 1.5]
    assert ks_to_histogram([*inside, 9.0, np.inf], [0, 1, 2], [1, 1]) == pytest.approx(0.5)
    assert ks_to_histogram([*inside, -9.0, -1.0], [0, 1, 2], [1, 1]) == pytest.approx(0.5)


def test_the_distance_to_a_histogram_is_at_most_that_to_the_cells_in_it():
    generator = np.random.default_rng(2)
    for _ in range(20):
        sample, cells = generator.random(40), generator.beta(2, 3, 60)
        counts = np.histogram(cells, EDGES)[0]
        assert ks_to_histogram(sample, EDGES, counts) <= ks_distance(sample, cells) + 1e-12


def test_the_interval_holds_the_distance_between_two_known_distributions():
    # Uniform against density 2v: v - v^2 is largest, 1/4, at the edge 0.5. 95 % of 100 intervals, less five
    # standard errors of 2.2 %.
    generator = np.random.default_rng(3)
    chance = np.diff(EDGES**2)
    held = 0
    for _ in range(100):
        counts, sample = generator.multinomial(300, chance), generator.random(300)
        low, high = bootstrap_interval(sample, EDGES, counts, generator, resamples=200)
        held += low <= 0.25 <= high
    assert held >= 84


def test_the_interval_narrows_with_the_number_of_cells():
    generator = np.random.default_rng(4)
    widths = []
    for n in (100, 10_000):
        sample, counts = generator.random(n), np.round(n * np.diff(EDGES**2))
        low, high = bootstrap_interval(sample, EDGES, counts, generator)
        widths.append(high - low)
    # Ten times, as the root of the number; a quantile of 1000 resamples is good to about a tenth.
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.3)


def test_one_seed_draws_one_interval():
    sample, counts = np.linspace(0, 1, 30), np.arange(10)
    drawn = [bootstrap_interval(sample, EDGES, counts, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ks_distance([1, np.nan, np.nan], [1]),
            "a holds 2 NaN: count these units, then leave them out",
        ),
        (lambda: ks_distance([1], [np.nan]), "b holds 1 NaN"),
        (lambda: ks_distance([], [1]), r"a must be \(n,\) with n at least 1; got shape \(0,\)"),
        (lambda: ks_distance([1], [[1]]), r"b must be \(n,\)"),
        (lambda: ks_to_histogram([np.nan], [0, 1], [1]), "sample holds 1 NaN"),
        (
            lambda: ks_to_histogram([1], [0, 1], [1, 2]),
            r"edges \(k \+ 1,\) and counts \(k,\); got \(2,\), \(2,\)",
        ),
        (lambda: ks_to_histogram([1], [0, 2, 1], [1, 2]), "edges of a histogram must rise"),
        (lambda: ks_to_histogram([1], [0, 1, 2], [0, 0]), "counts must not be negative, nor all zero"),
        (lambda: ks_to_histogram([1], [0, 1, 2], [2, -1]), "counts must not be negative"),
        (
            lambda: bootstrap_interval([1], [0, 1], [1], np.random.default_rng(0), resamples=0),
            "resamples must be at least 1; got 0",
        ),
    ],
)
def test_samples_and_histograms_that_cannot_be_compared_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
