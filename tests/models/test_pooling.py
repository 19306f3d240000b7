"""Pools by hand, on the block of the lecture."""

import pytest
import torch

from neuro.models.convnet import parameter_count, small_convnet
from neuro.models.pooling import POOLINGS, NetworkOnBlocks, with_pooling

SLICE = torch.tensor([[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]])[None, None]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none", [[1, 2], [3, 1]]),
        ("maximum", [[6, 8], [3, 4]]),
        ("mean", [[3.25, 5.25], [2, 2]]),
        ("small network", [[3.25, 5.25], [2, 2]]),  # at first
    ],
)
def test_each_pool_makes_of_the_lectures_slice_what_is_on_the_slide(name, expected):
    assert POOLINGS[name](1)(SLICE)[0, 0].tolist() == expected


def test_subsampling_begins_as_the_squashed_mean_with_two_numbers_a_map():
    pool = POOLINGS["subsampling 1998"](3)
    means = torch.tensor([[3.25, 5.25], [2, 2]])
    answer = pool(SLICE.expand(1, 3, 4, 4))
    torch.testing.assert_close(answer[0, 2], 1.7159 * torch.tanh(2 / 3 * means))
    assert parameter_count(pool) == 6


def test_the_units_of_a_small_network_that_have_no_say_at_first_look_at_differences():
    pool = NetworkOnBlocks()
    silent = pool.looks[pool.says == 0]
    assert silent.sum(1).tolist() == [0, 0, 0, 0]
    assert silent.abs().sum(1).tolist() == [2, 2, 2, 2]


def test_a_small_network_can_be_a_maximum_of_two():
    # max(a, b) = b + max(0, a - b)
    pool = NetworkOnBlocks()
    pool.looks.data = torch.eye(4).repeat(2, 1)
    pool.looks.data[0] = torch.tensor([1.0, -1, 0, 0])
    pool.says.data = torch.tensor([1.0, 1, 0, 0, 0, 0, 0, 0])
    blocks = torch.tensor([[4.0, 2, 1, 3], [9, 9, 9, 9]])[None, None]
    assert pool(blocks)[0, 0].tolist() == [[4, 3]]


def test_a_small_network_is_one_network_for_all_blocks_of_all_maps():
    maps = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    pool = NetworkOnBlocks()
    one = pool(maps[1:, 2:, 2:4, 4:])
    torch.testing.assert_close(one[0, 0, 0, 0], pool(maps)[1, 2, 1, 2])


def test_nets_with_other_pools_share_all_their_other_layers():
    net = small_convnet(4)
    other = with_pooling(net, "mean", {"pool1": 4, "pool2": 8})
    assert [*dict(other.named_children())] == [*dict(net.named_children())]
    assert other.conv2 is net.conv2
    assert other.pool1 is not net.pool1
    assert other(torch.zeros(1, 1, 16, 16)).shape == (1, 10)


def test_blocks_that_do_not_fit_are_refused_with_the_sides_that_do():
    with pytest.raises(ValueError, match=r"takes maps with sides that 2 divides; got \(3, 4, 5\)"):
        NetworkOnBlocks()(torch.zeros(1, 3, 4, 5))


def test_a_pool_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no layer 'pool3'; this chain has conv1, pool1, conv2"):
        with_pooling(small_convnet(), "mean", {"pool3": 8})
    with pytest.raises(ValueError, match="no pooling 'median'; there are none, maximum"):
        with_pooling(small_convnet(), "median", {})
