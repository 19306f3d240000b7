import numpy as np
import pytest
from scipy import stats

from neuro.analysis import paired_difference


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
