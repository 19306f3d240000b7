"""Sizes of layers of windows, held against torch's and against a count of windows one by one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from neuro.models.windows import (
    block_multiplications,
    direct_multiplications,
    fitting_strides,
    fourier_multiplications,
    output_size,
    same_padding,
    times_used,
)

sizes, windows, strides = st.integers(1, 30), st.integers(1, 7), st.integers(1, 6)
paddings = st.integers(0, 4)
dilations = st.integers(1, 4)


@given(sizes, windows, strides, paddings, dilations)
def test_the_size_is_that_of_torch(size, window, stride, padding, dilation):
    if size + 2 * padding < dilation * (window - 1) + 1:
        with pytest.raises(ValueError, match=r"does not fit|cells or more would"):
            output_size(size, window, stride, padding, dilation)
    else:
        shown = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, window), None, stride, padding, dilation)
        assert output_size(size, window, stride, padding, dilation) == shown.shape[-1]


def test_the_sizes_of_the_lectures():
    assert output_size(32, 5) == 28
    assert output_size(5, 3, stride=2) == 2
    assert output_size(5, 3, stride=2, padding=1) == 3
    assert output_size(227, 11, stride=4) == 55
    assert output_size(4, 2, stride=2) == 2


@given(sizes, windows, dilations)
def test_same_padding_leaves_the_size_and_differs_by_one_at_most(size, window, dilation):
    before, after = same_padding(window, dilation)
    assert output_size(size, window, 1, (before, after), dilation) == size
    assert 0 <= after - before <= 1


@given(sizes, windows, strides, paddings, dilations)
def test_each_cell_is_used_as_often_as_a_window_sees_it(size, window, stride, padding, dilation):
    if size + 2 * padding < dilation * (window - 1) + 1:
        return
    x = torch.zeros(1, 1, size, requires_grad=True)
    F.conv1d(x, torch.ones(1, 1, window), None, stride, padding, dilation).sum().backward()
    assert times_used(size, window, stride, padding, dilation).tolist() == x.grad[0, 0].tolist()


def test_the_corner_of_five_by_five_is_used_once_and_the_middle_nine_times():
    used = np.outer(times_used(5, 3), times_used(5, 3))
    assert (used[0, 0], used[2, 2]) == (1, 9)
    padded = np.outer(times_used(5, 3, padding=1), times_used(5, 3, padding=1))
    assert (padded[0, 0], padded[2, 2]) == (4, 9)


def test_strides_that_fit_leave_out_nothing():
    assert fitting_strides(5, 3) == [1, 2]
    assert fitting_strides(6, 2) == [1, 2]
    assert fitting_strides(7, 2) == [1]
    assert fitting_strides(7, 2, padding=1) == [1, 2]


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"window": 0}, {"dilation": 0}, {"padding": -1}])
def test_sizes_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="whole numbers from 1"):
        output_size(**{"size": 9, "window": 3, **wrong})


def test_a_scan_multiplies_each_weight_at_each_pixel():
    assert direct_multiplications([10, 256], 3).tolist() == [900, 589824]


def test_the_whole_transform_costs_the_same_for_filters_of_any_size_and_blocks_the_log_of_the_filter():
    windows = np.array([8, 64, 512])
    whole = fourier_multiplications(2**20, windows)
    assert whole.max() / whole.min() < 1.002
    blocks = block_multiplications(2**20, windows)
    # O(M^2 log N): from 8 to 512, log N grows threefold; a scan's cost 4096-fold.
    assert (np.diff(blocks) > 0).all()
    assert blocks[2] / blocks[0] < 3
    assert (blocks[:2] < whole[:2]).all()


def test_blocks_cost_what_the_formula_says_of_the_best_block():
    of_blocks = [b**2 * (2 * np.log2(b**2) + 2) / (b - 4) ** 2 for b in (8, 16, 32, 64, 128)]
    assert block_multiplications(10, 5) == pytest.approx(100 * min(of_blocks))


def test_same_padding_of_no_window_is_refused():
    with pytest.raises(ValueError, match="whole numbers from 1; got 0 and 1"):
        same_padding(0)
