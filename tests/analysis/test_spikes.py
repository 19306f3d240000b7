import numpy as np
import pytest

from neuro.analysis import (
    fano_factor,
    first_spike_latency,
    poisson_spikes,
    rate_from_response,
    reliability,
    variance_mean_slope,
)


def spikes(rates, dt=1.0, trials=2, seed=0, **gain):
    return poisson_spikes(rates, dt, trials, np.random.default_rng(seed), **gain)


def test_the_mean_count_is_the_rate_times_the_time():
    rates = np.array([[5.0], [40.0], [100.0]]) * np.ones(500)
    counts = spikes(rates, dt=2.0, trials=400).sum(axis=-1)
    # 400 trials of rate * 1 s: the standard error of the mean is sqrt(rate / 400); five of them.
    assert (np.abs(counts.mean(axis=0) - rates[:, 0]) < 5 * np.sqrt(rates[:, 0] / 400)).all()


def test_a_poisson_cell_has_fano_factor_one_at_any_rate():
    counts = spikes(np.array([2.0, 20.0, 200.0])[:, None] * np.ones(1000), trials=2000).sum(axis=-1)
    # The standard error of a Fano factor is about sqrt(2 / (trials - 1)) = 0.03; five of them.
    assert fano_factor(counts) == pytest.approx(np.ones(3), abs=0.16)


@pytest.mark.parametrize("variance", [0.05, 0.2])
def test_gain_noise_raises_the_fano_factor_by_its_variance_times_the_mean_count(variance):
    means, trials = np.array([2.0, 10.0, 40.0]), 20_000
    counts = spikes(means[:, None] * np.ones(10), dt=100.0, trials=trials, gain_variance=variance).sum(
        axis=-1
    )
    assert counts.mean(axis=0) == pytest.approx(means, rel=0.02)
    # Of gamma counts of so small a variance the standard error of a Fano factor is a little above that of
    # Gaussian ones, sqrt(2 / trials) = 0.01 of it; five of them, and the mean's.
    assert fano_factor(counts) == pytest.approx(1 + variance * means, rel=0.06)


def test_the_gain_is_one_for_a_train_and_another_for_the_next():
    # Of 1000 counts a bin the Poisson noise is 3 %, that of the gain 50 %.
    counts = spikes(np.full((2, 4), 1e6), trials=200, gain_variance=0.25)
    within, between = counts.std(axis=-1) / counts.mean(axis=-1), counts[:, 0, 0] / counts[:, 1, 0]
    assert within.max() < 0.15
    assert np.std(np.log(between)) > 0.5


def test_without_gain_noise_a_seed_draws_the_train_it_always_drew():
    rates = np.full((3, 50), 60.0)
    expected = np.random.default_rng(7).poisson(rates / 1000, size=(4, 3, 50))
    assert (spikes(rates, trials=4, seed=7) == expected).all()
    assert (spikes(rates, trials=4, seed=7, gain_variance=0.0) == expected).all()


def test_the_variance_grows_with_the_mean_by_the_slope():
    # Means 2 and 6, variances 2 and 8 (with n - 1): 10 / 8.
    assert variance_mean_slope([[1, 4], [3, 8]]) == pytest.approx(10 / 8)


def test_a_poisson_cell_has_slope_one_and_a_silent_one_none():
    rates = np.stack([np.linspace(0, 40, 8), np.zeros(8)])
    counts = spikes(rates, dt=1000.0, trials=1000)
    # A sum of eight variances of about equal size: below sqrt(2 / 1000) = 0.045 for each; five of 0.02.
    assert variance_mean_slope(counts) == pytest.approx([1, np.nan], abs=0.1, nan_ok=True)


def test_the_slope_is_not_biased_by_few_trials():
    # Two trials, 4000 cells: the mean slope is 1 within five of its standard errors, sqrt(2 / 5 / 4000).
    counts = spikes(np.full((4000, 5), 20.0), dt=1000.0, trials=2)
    assert variance_mean_slope(counts).mean() == pytest.approx(1, abs=0.05)


def test_the_latency_is_the_middle_of_the_first_bin_with_a_spike():
    trains = [[0, 0, 2, 1], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert first_spike_latency(trains, dt=2.0) == pytest.approx([5, 1, np.nan], nan_ok=True)


def test_a_poisson_cell_fires_first_after_one_over_its_rate():
    trains = spikes(np.full(2000, 20.0), trials=4000)
    # Exponential with mean 50 ms: a standard error of 50 / sqrt(4000) = 0.8 ms; five of them.
    assert first_spike_latency(trains, dt=1.0).mean() == pytest.approx(50, abs=4)


def test_reliability_is_the_mean_correlation_of_the_pairs_of_trials():
    responses = np.random.default_rng(0).random((5, 3, 12))
    upper = np.triu_indices(5, 1)
    expected = [np.corrcoef(responses[:, unit])[upper].mean() for unit in range(3)]
    assert reliability(responses) == pytest.approx(expected)


def test_reliability_is_the_share_of_the_variance_that_repeats():
    generator = np.random.default_rng(1)
    signal, noise = generator.random(4000), generator.random((6, 4000))
    # Signal of weight 2 and noise of weight 1, alike distributed: 4 / (4 + 1).
    assert reliability(2 * signal + noise) == pytest.approx(0.8, abs=0.02)


def test_trials_that_repeat_are_reliable_and_trials_without_a_spike_tell_nothing():
    train = np.array([0, 3, 1, 0])
    assert reliability([train, train, 2 * train + 1]) == pytest.approx(1)
    # Of three pairs one correlates, by 1; the others hold the silent trial.
    assert reliability([train, train, 0 * train]) == pytest.approx(1 / 3)
    assert np.isnan(reliability([0 * train, 0 * train]))
    assert np.isnan(reliability(np.full((3, 7), 0.1)))


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
        (lambda: spikes([1.0], gain_variance=-1), "gain_variance must be 0 or more, and finite; got -1"),
        (lambda: spikes([1.0], gain_variance=np.nan), "gain_variance must be 0 or more, and finite; got nan"),
        (lambda: variance_mean_slope([1, 2]), r"a variance needs \(trials, \.\.\., n\); got \(2,\)"),
        (lambda: variance_mean_slope([[1, 2]]), "a variance needs at least two trials; got 1"),
        (lambda: first_spike_latency([0, 1], 0), "dt must be above 0 ms; got 0"),
        (lambda: first_spike_latency([0, -1], 1), "must not be negative"),
        (lambda: first_spike_latency([], 1), "n at least 1"),
        (lambda: reliability([[1, 2]]), "a correlation of trials needs at least two trials; got 1"),
        (lambda: reliability([[1], [2]]), "at least two bins or stimuli; got 1"),
        (lambda: reliability([[1, np.nan], [2, 3]]), "must be finite"),
        (lambda: fano_factor([3]), "at least two trials; got 1"),
        (lambda: fano_factor([3, -1]), "must not be negative"),
        (lambda: rate_from_response([1], -1, 2), "spontaneous and gain must not be negative; got -1 and 2"),
        (lambda: rate_from_response([-1], 1, 2), "must not be negative; the lowest is -1"),
    ],
)
def test_rates_and_counts_that_make_no_sense_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
