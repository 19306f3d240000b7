import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neuro.analysis import lifetime_sparseness, population_sparseness

SOME_RATES = arrays(np.float64, st.integers(2, 12), elements=st.integers(0, 999)).filter(np.any)


@pytest.mark.parametrize("n", [2, 5, 100])
def test_an_answer_to_one_stimulus_is_sparse_and_an_answer_to_all_alike_is_not(n):
    assert lifetime_sparseness(np.eye(n)) == pytest.approx(np.ones(n))
    assert lifetime_sparseness(np.full(n, 0.3)) == pytest.approx(0, abs=1e-12)


def test_equal_answers_to_k_of_n_stimuli_have_sparseness_n_less_k_over_n_less_1():
    # mean^2 / mean of squares = (k/n)^2 / (k/n): (1 - k/n) / (1 - 1/n) = (n - k) / (n - 1).
    for k in range(1, 10):
        assert lifetime_sparseness(np.arange(10) < k) == pytest.approx((10 - k) / 9)


def test_exponential_rates_have_sparseness_one_half():
    # Their mean of squares is twice the square of their mean; quantiles stand for the distribution.
    rates = -np.log1p(-(np.arange(20_000) + 0.5) / 20_000)
    assert lifetime_sparseness(rates) == pytest.approx(0.5, abs=1e-3)


@given(rates=SOME_RATES, gain=st.sampled_from([1e-200, 0.1, 7.0, 1e200]))
def test_sparseness_lies_between_0_and_1_whatever_the_gain_and_the_order(rates, gain):
    value = lifetime_sparseness(rates)
    assert 0 <= value <= 1
    assert lifetime_sparseness(gain * rates[::-1]) == pytest.approx(value, abs=1e-9)


def test_a_floor_lowers_sparseness():
    rates = np.array([0.0, 1, 5, 2])
    assert lifetime_sparseness(rates + 1) < lifetime_sparseness(rates)


def test_the_sparseness_of_a_population_is_across_its_units_for_each_stimulus():
    responses = np.random.default_rng(0).random((3, 6, 4))
    expected = [[lifetime_sparseness(responses[i, :, stimulus]) for stimulus in range(4)] for i in range(3)]
    assert population_sparseness(responses) == pytest.approx(np.array(expected))
    # One unit answers the first stimulus, both the second, none the third.
    assert population_sparseness([[1, 2, 0], [0, 2, 0]]) == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_a_silent_unit_has_no_sparseness_and_does_not_disturb_its_neighbour():
    assert lifetime_sparseness([[0, 0, 0], [0, 4, 0]]) == pytest.approx([np.nan, 1], nan_ok=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lifetime_sparseness([3]), "at least two stimuli; got 1"),
        (lambda: lifetime_sparseness([]), "n at least 1"),
        (lambda: lifetime_sparseness([1, -1]), "must not be negative"),
        (lambda: lifetime_sparseness([1, np.nan]), "must be finite"),
        (lambda: population_sparseness([1, 2]), r"must be \(\.\.\., units, n stimuli\); got shape \(2,\)"),
        (lambda: population_sparseness([[1, 2]]), "at least two units; got 1"),
    ],
)
def test_responses_that_cannot_be_sparse_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
