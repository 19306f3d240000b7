"""Which classes are taken for which, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro.analysis import confusions, mixed_up


def test_each_mistake_is_counted_in_the_row_of_what_was_shown():
    counts = confusions([0, 0, 0, 1, 2, 2], [0, 1, 1, 1, 0, 2], 3)
    np.testing.assert_array_equal(counts, [[1, 2, 0], [0, 1, 0], [1, 0, 1]])


def test_mixed_up_are_those_of_two_classes_that_were_taken_for_the_other():
    # Of class 0 two of three were taken for 1, of class 1 none: 2 of 4. Of 0 and 2 one of 5.
    share = mixed_up([[1, 2, 0], [0, 1, 0], [1, 0, 1]])
    np.testing.assert_allclose(share, [[0, 50, 20], [50, 0, 0], [20, 0, 0]])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_mixing_up_is_mutual_and_never_more_than_all(pairs):
    share = mixed_up(np.stack([confusions(*np.transpose(pairs), 4), np.eye(4)]))
    np.testing.assert_array_equal(share, share.swapaxes(1, 2))
    assert share.min() >= 0
    assert share.max() <= 100
    assert (share[1] == 0).all()


@pytest.mark.parametrize("taken", [[0, 3], [0, -1], [0]])
def test_a_class_that_there_is_not_is_refused(taken):
    with pytest.raises(ValueError, match="two arrays \\(n,\\) of 0 to 2"):
        confusions([0, 1], taken, 3)
