import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import erf

from neuro.analysis import preferred_size, summation_field, suppression_index, surround_size

MEASURES = [preferred_size, suppression_index, summation_field, surround_size]
SIZES = np.arange(0, 8.01, 0.05)


def difference_of_integrals(sizes, centre, surround, strength):
    """Two concentric mechanisms of Gaussian profile that sum over the length of a bar."""
    return erf(sizes / centre) - strength * erf(sizes / surround)


def test_a_curve_by_hand():
    curve, sizes = [0, 4, 9.6, 10, 6, 4.2, 4.1, 4], [0, 1, 2, 3, 4, 5, 6, 7]
    assert preferred_size(curve, sizes) == 3
    assert suppression_index(curve, sizes) == pytest.approx(0.6)
    assert summation_field(curve, sizes) == 2  # 9.6 is above 95 % of 10
    assert surround_size(curve, sizes) == 5  # 4.2 is 4 + 5 %


def test_summation_alone_gives_no_surround_and_the_size_at_95_per_cent():
    curve = erf(SIZES)
    assert suppression_index(curve, SIZES) == 0
    assert np.isnan(surround_size(curve, SIZES))
    # erf(x) = 0.95 at x = 1.386, and the next size tested is 1.40.
    assert summation_field(curve, SIZES) == pytest.approx(1.40)


def test_centre_and_surround_of_an_end_stopped_cell_are_those_of_its_closed_form():
    curve = difference_of_integrals(SIZES, 1, 3, 0.5)
    # The slopes exp(-x^2) and 1/6 exp(-x^2/9) are equal at x^2 = 9/8 ln 6.
    best = np.sqrt(9 / 8 * np.log(6))
    assert preferred_size(curve, SIZES) == pytest.approx(best, abs=0.05)
    largest = difference_of_integrals(best, 1, 3, 0.5)
    assert suppression_index(curve, SIZES) == pytest.approx(1 - 0.5 / largest, abs=1e-3)
    # Beyond 3 the centre is full to 2e-5: 1 - erf(x/3)/2 = 1.05/2 at erf(x/3) = 0.95, x = 3 * 1.386 = 4.158.
    assert surround_size(curve, SIZES) == pytest.approx(4.20)


def test_complete_suppression_is_one_and_ends_where_the_answer_ends():
    curve, sizes = [1, 3, 2, 0, 0], [1, 2, 3, 4, 5]
    assert suppression_index(curve, sizes) == 1
    assert surround_size(curve, sizes) == 4


def test_a_largest_response_within_5_per_cent_of_the_plateau_is_no_suppression():
    assert np.isnan(surround_size([1, 10.4, 10], [1, 2, 3]))
    assert surround_size([1, 10.6, 10], [1, 2, 3]) == 3


def test_the_smallest_of_equally_good_sizes_is_preferred():
    assert preferred_size([0, 5, 5, 5], [1, 2, 3, 4]) == 2


curves = arrays(float, st.integers(2, 12), elements=st.integers(0, 100).map(float))


@given(curve=curves, gain=st.sampled_from([0.25, 4.0]), scale=st.sampled_from([0.5, 8.0]))
def test_sizes_scale_with_the_stimulus_and_nothing_depends_on_the_gain(curve, gain, scale):
    sizes = 1.0 + np.arange(len(curve))
    for measure in (preferred_size, summation_field, surround_size):
        assert measure(gain * curve, scale * sizes) == pytest.approx(
            scale * measure(curve, sizes), nan_ok=True
        )
    assert suppression_index(gain * curve, scale * sizes) == pytest.approx(
        suppression_index(curve, sizes), nan_ok=True
    )


@given(curve=curves.filter(np.any))
def test_the_summation_field_lies_within_the_preferred_size_and_the_surround_beyond(curve):
    sizes = np.arange(len(curve))
    assert summation_field(curve, sizes) <= preferred_size(curve, sizes)
    assert not surround_size(curve, sizes) <= preferred_size(curve, sizes)
    assert 0 <= suppression_index(curve, sizes) <= 1


@pytest.mark.parametrize("measure", MEASURES)
def test_many_units_in_any_order_of_sizes_are_each_unit_alone_and_a_silent_one_is_nan(measure):
    generator = np.random.default_rng(2)
    responses, order = generator.random((2, 3, 9)), generator.permutation(9)
    responses[1, 1] = 0
    alone = np.array([[measure(curve, np.arange(9)) for curve in row] for row in responses])
    assert np.isnan(alone[1, 1])
    assert measure(responses[..., order], order) == pytest.approx(alone, nan_ok=True)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("responses", "sizes", "message"),
    [
        ([1, 2], [-1, 1], "sizes must not be negative; the lowest is -1"),
        ([1, 2, 3], [1, 2, 2], "sizes must differ from each other"),
        ([1, 2, 3], [1, 2], r"for sizes \(n,\); got \(3,\)"),
        ([1], [1], "at least two sizes; got 1"),
        ([1, np.inf], [1, 2], "responses must be finite"),
        ([1, -2], [1, 2], "responses must not be negative"),
    ],
)
def test_curves_that_cannot_be_measured_are_refused(measure, responses, sizes, message):
    with pytest.raises(ValueError, match=message):
        measure(responses, sizes)
