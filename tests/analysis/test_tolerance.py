import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro.analysis import invariance_index, mean_at, position_tolerance, tolerance_is_clipped

OFFSETS = np.arange(-2, 2.01, 0.25)


def triangle(offsets, centre, half):
    return np.maximum(0, 1 - np.abs(offsets - centre) / (2 * half))


def test_the_tolerance_of_a_triangle_is_half_of_its_base():
    assert position_tolerance(triangle(OFFSETS, 0.25, 0.6), OFFSETS) == pytest.approx(1.2)


def test_the_tolerance_of_a_gaussian_is_its_full_width_at_half_height():
    fine = np.arange(-3, 3, 0.01)
    width = position_tolerance(np.exp(-(fine**2) / (2 * 0.5**2)), fine)
    assert width == pytest.approx(2 * 0.5 * np.sqrt(2 * np.log(2)), abs=1e-4)


def test_a_narrow_answer_is_as_wide_as_the_step_that_tested_it():
    # 1 at one offset and 0 at its neighbours: half is reached midway to either.
    assert position_tolerance(np.eye(17)[8], OFFSETS) == pytest.approx(0.25)


def test_only_the_range_that_holds_the_peak_is_counted():
    # Peak 4 at 1; 2 is reached at 0.5 and at 1.5. The second hump at 3 is another range.
    assert position_tolerance([0, 4, 0, 3, 0], [0, 1, 2, 3, 4]) == pytest.approx(1)


def test_the_range_ends_where_half_is_reached_not_only_passed():
    assert position_tolerance([1, 2, 1, 1, 1], [0, 1, 2, 3, 4]) == pytest.approx(2)


def test_a_range_cut_off_by_the_last_offset_is_clipped_there_and_says_so():
    curves = [[0, 0, 2, 2, 2], [2, 2, 2, 2, 2], [2, 0, 0, 0, 0], [0, 0, 2, 0, 0], [0, 0, 0, 0, 0]]
    offsets = [0, 1, 2, 3, 4]
    assert position_tolerance(curves, offsets) == pytest.approx([2.5, 4, 0.5, 1, np.nan], nan_ok=True)
    assert tolerance_is_clipped(curves, offsets).tolist() == [True, True, True, False, False]


@given(shift=st.floats(-5, 5), scale=st.floats(0.1, 10), gain=st.floats(0.01, 100))
def test_tolerance_scales_with_the_offsets_and_minds_neither_their_origin_nor_the_gain(shift, scale, gain):
    curves = np.random.default_rng(2).random((4, 17))
    width = position_tolerance(gain * curves, scale * OFFSETS + shift)
    assert width == pytest.approx(scale * position_tolerance(curves, OFFSETS))


def test_many_units_in_any_order_of_offsets_are_each_unit_alone():
    generator = np.random.default_rng(3)
    curves, order = generator.random((2, 3, 17)), generator.permutation(17)
    alone = [[position_tolerance(curve, OFFSETS) for curve in row] for row in curves]
    assert position_tolerance(curves[..., order], OFFSETS[order]) == pytest.approx(np.array(alone))


def test_the_invariance_index_is_one_for_an_answer_everywhere_and_1_over_n_for_an_answer_once():
    curves = [[3, 3, 3, 3], [0, 0, 5, 0], [4, 2, 1, 1], [0, 0, 0, 0]]
    assert invariance_index(curves) == pytest.approx([1, 0.25, 0.5, np.nan], nan_ok=True)


@pytest.mark.parametrize("measure", [position_tolerance, tolerance_is_clipped])
@pytest.mark.parametrize(
    ("responses", "offsets", "message"),
    [
        ([1, np.nan], [0, 1], "responses must be finite"),
        ([1, -2], [0, 1], "responses must not be negative; the lowest is -2"),
        ([1, 2, 3], [0, 1], r"for offsets \(n,\); got \(3,\) for offsets \(2,\)"),
        ([1], [0], "at least two offsets; got 1"),
        ([1, 2, 1], [0, 1, 1], "offsets must differ from each other"),
        ([1, 2], [0, np.nan], "offsets must be finite"),
    ],
)
def test_positions_that_cannot_be_measured_are_refused(measure, responses, offsets, message):
    with pytest.raises(ValueError, match=message):
        measure(responses, offsets)


def test_an_invariance_of_negative_responses_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        invariance_index([1, -1])


def test_a_mean_at_each_amount_is_over_the_values_of_that_amount():
    assert mean_at([2, 0, 2, 1], [True, False, False, True]).tolist() == [0, 1, 0.5]
    with pytest.raises(ValueError, match=r"must both be \(n,\); got \(2,\) and \(3,\)"):
        mean_at([1, 2], [1, 2, 3])
