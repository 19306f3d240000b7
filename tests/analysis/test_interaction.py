import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro.analysis import confusion_index, cross_orientation_suppression, max_index, superadditivity

rates = st.floats(0.01, 100)


def test_a_mask_that_does_nothing_silences_or_helps():
    assert cross_orientation_suppression([4, 4, 4, 4], [4, 1, 0, 6]) == pytest.approx([0, 0.75, 1, -0.5])


@given(contrast=rates, mask=rates, half=rates)
def test_a_divisive_pool_suppresses_as_its_equation_says(contrast, mask, half):
    # R = c / (h + c), and with the mask in the pool c / (h + c + m): 1 - R(p+m)/R(p) = m / (h + c + m).
    alone, both = contrast / (half + contrast), contrast / (half + contrast + mask)
    expected = mask / (half + contrast + mask)
    assert cross_orientation_suppression(alone, both) == pytest.approx(expected, abs=1e-9)


@given(one=rates, other=rates, gain=st.floats(0.1, 10))
def test_a_maximum_reads_0_a_sum_1_and_a_squared_sum_more(one, other, gain):
    assert max_index(gain * max(one, other), gain * one, gain * other) == pytest.approx(0)
    assert max_index(gain * one + gain * other, gain * one, gain * other) == pytest.approx(1)
    # An energy model on two equal drives: (1 + 1)^2 against 1 and 1 is (4 - 1) / (2 - 1).
    assert max_index(4 * gain, gain, gain) == pytest.approx(3)


@given(together=rates, one=rates, other=rates)
def test_the_order_of_the_two_stimuli_does_not_matter(together, one, other):
    assert max_index(together, one, other) == max_index(together, other, one)


@given(part=rates, k=st.integers(1, 9))
def test_of_k_equal_spots_a_sum_reads_1_its_square_k_and_the_maximum_1_over_k(part, k):
    alone = np.full(k, part)
    assert superadditivity(alone.sum(), alone) == pytest.approx(1)
    assert superadditivity(alone.sum() ** 2, alone**2) == pytest.approx(k)
    assert superadditivity(alone.max(), alone) == pytest.approx(1 / k)


def test_a_row_that_drives_half_as_well_as_the_slit_is_confused_by_half():
    assert confusion_index([2, 0], [4, 4]) == pytest.approx([0.5, 0])


def test_where_there_is_nothing_to_compare_with_there_is_no_index():
    assert np.isnan(cross_orientation_suppression([0, 2], [1, 1])).tolist() == [True, False]
    assert np.isnan(max_index([3, 3], [0, 1], [3, 2])).tolist() == [True, False]
    assert np.isnan(superadditivity([1, 1], [[0, 0], [0, 1]])).tolist() == [True, False]
    assert np.isnan(confusion_index(1, 0))


def test_units_keep_their_shape():
    cells = np.ones((2, 3))
    assert cross_orientation_suppression(cells, cells).shape == (2, 3)
    assert max_index(cells, cells, cells).shape == (2, 3)
    assert superadditivity(cells, np.ones((2, 3, 4))) == pytest.approx(np.full((2, 3), 0.25))


@pytest.mark.parametrize("index", [cross_orientation_suppression, confusion_index])
@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1, 2], [1, 2, 3], r"must have one shape; got \{'\w+': \(2,\), '\w+': \(3,\)\}"),
        ([1, np.nan], [1, 2], "responses must be finite"),
        ([1, 2], [1, -2], "responses must not be negative; the lowest is -2"),
        ([], [], "n at least 1; got shape"),
    ],
)
def test_responses_that_cannot_be_compared_are_refused(index, first, second, message):
    with pytest.raises(ValueError, match=message):
        index(first, second)


def test_the_spots_alone_must_be_those_of_the_same_units():
    with pytest.raises(ValueError, match="must have one shape; got"):
        superadditivity([1, 2], [1, 2])
    with pytest.raises(ValueError, match="must have one shape; got"):
        max_index([1, 2], [1, 2], [1])
