import numpy as np
import pytest

from neuro.analysis import alike_pairs, mean_cosine


def test_pairs_are_counted_by_the_angle_between_them_whatever_their_lengths():
    # At 0, 30, 60 and 180 degrees: two pairs 30 degrees apart, one of 60, three that are further apart.
    angles = np.radians([0, 30, 60, 180])
    vectors = np.array([1, 5, 0.1, 2])[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert [alike_pairs(vectors, np.cos(np.radians(angle))) for angle in (29, 31, 61)] == [0, 2, 3]


def test_nothing_is_like_no_other():
    assert alike_pairs([[0, 0], [0, 0], [1, 0]], 0) == 0
    assert alike_pairs(np.zeros((0, 3)), 0.9) == 0


def test_the_mean_cosine_is_that_of_all_pairs_whatever_their_sign():
    assert mean_cosine([[2, 0], [-1, 0], [0, 3]]) == pytest.approx(1 / 3)  # of three pairs one is parallel
    assert mean_cosine([[1, 0], [1, np.sqrt(3)]]) == pytest.approx(0.5)


@pytest.mark.parametrize("vectors", [[[1, 0]], [[1, 0], [0, 0]], [1, 2]])
def test_a_mean_cosine_of_what_has_none_is_refused(vectors):
    with pytest.raises(ValueError, match=r"of two vectors or more, \(n, d\), none of length zero"):
        mean_cosine(vectors)
