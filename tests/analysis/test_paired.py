import numpy as np
import pytest
from scipy import stats

from neuro.analysis import paired_difference, paired_spread, spread


def test_five_pairs_by_hand():
    # Differences 1..5: mean 3, sd sqrt(2.5); t(0.975, 4) = 2.776 from the table.
    found = paired_difference([11, 22, 33, 44, 55], [10, 20, 30, 40, 50])
    assert found.mean == 3
    assert found.high - found.mean == pytest.approx(2.776 * np.sqrt(2.5 / 5), rel=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_the_interval_ends_where_students_test_changes_its_mind():
    generator = np.random.default_rng(0)
    one, other = generator.normal(0.3, 1, 8), generator.normal(0, 1, 8)
    low = paired_difference(one, other).low
    assert stats.ttest_rel(one - low, other).pvalue == pytest.approx(0.05)


def test_what_both_members_of_a_pair_share_drops_out():
    shared = np.array([0.0, 4.0, -2.0, 8.0])
    one, other = np.array([1.0, 2.0, 0.0, 1.0]), np.zeros(4)
    assert paired_difference(one + shared, other + shared) == paired_difference(one, other)


def test_equal_differences_leave_no_doubt_and_one_pair_leaves_all():
    same = paired_difference([2, 3, 4], [1, 2, 3])
    assert (same.mean, same.low, same.high) == (1, 1, 1)
    alone = paired_difference([2], [1])
    assert alone.mean == 1
    assert np.isnan([alone.low, alone.high]).all()


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ([1, 2], [1], r"of one length, n at least 1; got \(2,\), \(1,\)"),
        ([], [], "n at least 1"),
        ([[1, 2]], [[1, 2]], "two arrays"),
        ([1, np.nan], [1, 2], "must be finite"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(one, other, message):
    with pytest.raises(ValueError, match=message):
        paired_difference(one, other)


def bootstrap():
    return np.random.default_rng(0)


def test_the_spread_of_pairs_is_that_of_their_differences():
    one, other = [11, 22, 33, 44, 55], [10, 20, 30, 40, 50]
    found = paired_spread(one, other, bootstrap())
    assert (found.n, found.mean) == (5, 3)
    assert found.sd == pytest.approx(np.sqrt(2.5))
    known = paired_difference(one, other)
    assert (found.low, found.high) == (known.low, known.high)
    assert found == spread([1, 2, 3, 4, 5], bootstrap())


def test_the_bootstrap_draws_means_of_as_many_runs_with_replacement():
    # Of two runs 0 and 1 the mean is 0 or 1 in a quarter of the draws each: both lie within the middle 95 %.
    found = spread([0, 1], bootstrap())
    assert (found.bootstrap_low, found.bootstrap_high) == (0, 1)
    # Of many runs it is normal with sd / sqrt(n), and 1.96 of these to either side; the resamples scatter.
    runs = np.random.default_rng(1).normal(size=400)
    reach = 1.96 * runs.std() / 20
    assert spread(runs, bootstrap()).bootstrap_high - runs.mean() == pytest.approx(reach, rel=0.05)


def test_of_few_runs_the_bootstrap_is_narrower_than_students_interval():
    found = spread([1, 2, 3, 4, 5], bootstrap())
    assert found.low < found.bootstrap_low < found.mean < found.bootstrap_high < found.high


def test_equal_runs_have_no_spread_and_one_run_has_no_interval():
    same = spread([0.1] * 7, bootstrap())
    ends = [same.low, same.high, same.bootstrap_low, same.bootstrap_high]
    assert ends == pytest.approx([0.1] * 4)
    alone = spread([0.4], bootstrap())
    assert (alone.n, alone.mean) == (1, 0.4)
    assert np.isnan([alone.sd, alone.low, alone.high, alone.bootstrap_low, alone.bootstrap_high]).all()


@pytest.mark.parametrize("runs", [[], [[1.0]], [1.0, np.nan]])
def test_runs_that_are_no_runs_are_refused(runs):
    with pytest.raises(ValueError, match=r"runs must be \(n,\), n at least 1, and finite"):
        spread(runs, bootstrap())
