import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from neuro.analysis import (
    dissimilarity,
    linear_cka,
    norm_spread,
    norms_reached,
    representational_similarity,
    selectivity_index,
    winner_entropy,
)

SEEDS = st.integers(0, 2**32 - 1)


def test_selectivity_by_hand():
    # Three classes. Unit 0: means 4, 1, 1 -> 3/5. Unit 1: one class only. Unit 2: all alike. Unit 3: silent.
    rates = [[5, 2, 1, 0], [3, 2, 1, 0], [1, 0, 1, 0], [1, 0, 1, 0]]
    found = selectivity_index(rates, ["a", "a", "b", "c"])
    assert found[:3].tolist() == pytest.approx([3 / 5, 1, 0])
    assert np.isnan(found[3])


@given(SEEDS)
def test_selectivity_lies_between_none_and_one_and_knows_no_gain(seed):
    generator = np.random.default_rng(seed)
    rates, labels = generator.random((12, 4)) + 1e-3, np.resize([0, 1, 2], 12)
    index = selectivity_index(rates, labels)
    assert ((index >= 0) & (index <= 1)).all()
    assert selectivity_index(rates * [1, 10, 0.1, 3], labels) == pytest.approx(index)


def test_winners_are_as_even_as_their_entropy():
    assert winner_entropy(np.eye(4)) == pytest.approx(1)
    assert winner_entropy([[1, 0], [2, 1], [3, 0]]) == 0
    # Shares 3/4 and 1/4 of two units, in bits; the stimulus nobody answers is left out.
    bits = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert winner_entropy([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0]]) == pytest.approx(bits)
    assert np.isnan(winner_entropy(np.zeros((3, 2))))


def test_norms_reached_are_those_within_five_percent():
    weights = [[1.04, 0.0], [0.0, 0.94], [0.6, 0.8], [0.0, 0.0]]
    assert norms_reached(weights) == 0.5
    assert norms_reached(np.array(weights) * 3, norm=3) == 0.5
    # |w|_3 of (1, 1) is 2^(1/3), its Euclidean norm the root of 2.
    assert norms_reached([[1, 1]], norm=2 ** (1 / 3), power=3) == 1
    assert norms_reached([[1, 1]], norm=2 ** (1 / 3)) == 0


def test_the_spread_of_norms_is_that_of_their_lengths():
    assert norm_spread([[3, 4], [5, 0]]) == 0
    assert norm_spread([[1.0, 0], [0, 3]]) == pytest.approx(0.5)  # mean 2, standard deviation 1
    assert np.isnan(norm_spread(np.zeros((2, 2))))


@given(SEEDS)
def test_cka_is_blind_to_rotation_scale_and_offset(seed):
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(12, 4))
    turn = np.linalg.qr(generator.normal(size=(4, 4)))[0]
    assert linear_cka(rows, 3 * rows @ turn + 5) == pytest.approx(1)
    other = generator.normal(size=(12, 6))
    assert linear_cka(rows, other) == pytest.approx(linear_cka(other, rows))
    assert 0 <= linear_cka(rows, other) <= 1


def test_cka_is_the_published_quotient():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(9, 3)), generator.normal(size=(9, 20))
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    quotient = np.linalg.norm(b.T @ a) ** 2 / (np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b))
    assert linear_cka(x, y) == pytest.approx(quotient)


def test_representations_that_share_no_direction_have_no_cka():
    one = np.array([[1.0], [-1], [1], [-1]])
    assert linear_cka(one, [[1.0], [1], [-1], [-1]]) == pytest.approx(0)
    assert np.isnan(linear_cka(one, np.ones((4, 2))))


def test_stimuli_are_unlike_by_one_minus_their_correlation():
    rows = np.random.default_rng(1).normal(size=(6, 5))
    assert dissimilarity(rows) == pytest.approx(pdist(rows, "correlation"))
    assert np.isnan(dissimilarity([[1.0, 2], [3, 3]])).all()


def test_similarity_of_representations_is_the_rank_correlation_of_their_distances():
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(8, 5)), generator.normal(size=(8, 7))
    expected = spearmanr(pdist(x, "correlation"), pdist(y, "correlation")).statistic
    assert representational_similarity(x, y) == pytest.approx(expected)
    assert representational_similarity(x, 2 * x + 1) == pytest.approx(1)


def test_pairs_with_a_silent_stimulus_are_left_out():
    x = np.random.default_rng(3).normal(size=(7, 5))
    silent = x.copy()
    silent[0] = 0
    assert representational_similarity(silent, x) == pytest.approx(1)
    assert np.isnan(representational_similarity(np.zeros((4, 3)), x[:4]))


@pytest.mark.parametrize(
    ("measure", "given", "message"),
    [
        (selectivity_index, (np.ones((3, 2)), [0, 1]), r"labels must be \(3,\)"),
        (selectivity_index, (np.ones((2, 2)), [1, 1]), "at least two classes; there is"),
        (selectivity_index, (-np.ones((2, 2)), [0, 1]), "must not be negative"),
        (selectivity_index, (np.ones((2, 2, 1, 1)), [0, 1]), r"responses must be \(n stimuli, units\)"),
        (winner_entropy, (np.ones((2, 1)),), "winners need at least two units; got 1"),
        (norms_reached, (np.ones(3),), r"weights must be \(units, ...\), finite and not empty"),
        (norm_spread, ([[np.nan]],), "finite and not empty"),
        (linear_cka, (np.ones((2, 2)), np.ones((3, 2))), r"of the same n stimuli; got \(2, 2\) and \(3, 2\)"),
        (linear_cka, ([[np.inf]], [[1]]), "representations must be finite"),
    ],
)
def test_what_cannot_be_measured_is_refused(measure, given, message):
    with pytest.raises(ValueError, match=message):
        measure(*given)
