import numpy as np
import pytest

from neuro.analysis import fano_factor, poisson_spikes, rate_from_response


def spikes(rates, dt=1.0, trials=2, seed=0):
    return poisson_spikes(rates, dt, trials, np.random.default_rng(seed))


def test_the_mean_count_is_the_rate_times_the_time():
    rates = np.array([[5.0], [40.0], [100.0]]) * np.ones(500)
    counts = spikes(rates, dt=2.0, trials=400).sum(axis=-1)
    # 400 trials of rate * 1 s: the standard error of the mean is sqrt(rate / 400); five of them.
    assert (np.abs(counts.mean(axis=0) - rates[:, 0]) < 5 * np.sqrt(rates[:, 0] / 400)).all()


def test_a_poisson_cell_has_fano_factor_one_at_any_rate():
    counts = spikes(np.array([2.0, 20.0, 200.0])[:, None] * np.ones(1000), trials=2000).sum(axis=-1)
    # The standard error of a Fano factor is about sqrt(2 / (trials - 1)) = 0.03; five of them.
    assert fano_factor(counts) == pytest.approx(np.ones(3), abs=0.16)


def test_the_fano_factor_of_counts_1_3_5_is_four_thirds():
    # Mean 3, variance (4 + 0 + 4) / 2 = 4.
    assert fano_factor([1, 3, 5]) == pytest.approx(4 / 3)


def test_a_cell_that_never_fires_has_no_fano_factor():
    assert fano_factor([[0, 2], [0, 2]]) == pytest.approx([np.nan, 0], nan_ok=True)


def test_a_rate_of_zero_gives_no_spike_and_trials_come_first():
    drawn = spikes(np.zeros((3, 7)), trials=4)
    assert drawn.shape == (4, 3, 7)
    assert not drawn.any()


def test_one_seed_draws_one_train_of_spikes():
    rates = np.full(200, 50.0)
    assert (spikes(rates, seed=1) == spikes(rates, seed=1)).all()
    assert (spikes(rates, seed=1) != spikes(rates, seed=2)).any()


def test_a_rate_is_the_spontaneous_one_and_a_gain_times_the_response():
    assert rate_from_response([0, 0.5, 2], spontaneous=3, gain=10).tolist() == [3, 8, 23]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spikes([-1.0]), "must not be negative; the lowest is -1"),
        (lambda: spikes([np.nan]), "must be finite"),
        (lambda: spikes([1.0], dt=0), "dt must be above 0 ms; got 0"),
        (lambda: spikes([1.0], trials=0), "trials must be at least 1; got 0"),
        (lambda: fano_factor([3]), "at least two trials; got 1"),
        (lambda: fano_factor([3, -1]), "must not be negative"),
        (lambda: rate_from_response([1], -1, 2), "spontaneous and gain must not be negative; got -1 and 2"),
        (lambda: rate_from_response([-1], 1, 2), "must not be negative; the lowest is -1"),
    ],
)
def test_rates_and_counts_that_make_no_sense_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
