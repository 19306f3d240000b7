"""What planes have learned, of planes whose weights are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.models.neocognitron import SLayer, Stage, neocognitron
from neuro.patterns import standard_digits
from neuro.physiology import duplicates, learned_features, response_weighted_average, weight_changes
from neuro.stimuli import Stimuli


def test_a_response_weighted_average_weighs_each_image_by_the_answer_of_one_cell():
    # Two pixels, each its own cell; the first answers most of all: 1 to the first image, 0.5 to the second.
    shown = Stimuli(torch.tensor([[1.0, 0.0], [0.5, 0.8]])[:, None, None])
    average = response_weighted_average(nn.Sequential(OrderedDict(cells=nn.Identity())), shown, ["cells"])
    assert average["cells"] == pytest.approx(np.array([[[1.25, 0.4]]]) / 1.5)


def test_a_plane_that_answers_nothing_has_no_average():
    cells = nn.Conv2d(1, 2, 1)
    cells.weight.data, cells.bias.data = torch.tensor([[[[1.0]]], [[[-1.0]]]]), torch.zeros(2)
    model = nn.Sequential(OrderedDict(cells=cells))
    average = response_weighted_average(model, Stimuli(torch.ones(2, 1, 3, 3)), ["cells"])["cells"]
    assert average[0] == pytest.approx(1.0)
    assert np.isnan(average[1]).all()


def test_noise_averaged_by_a_rectified_linear_cell_gives_the_cells_weights_back():
    # Bussgang's theorem; 20,000 images leave an error of about 1 / sqrt(20,000) a pixel, 0.02 of the largest.
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 1, 5, 5, generator=generator)
    noise = Stimuli((0.5 + 0.1 * noise).clamp(0, 1))
    cell = nn.Conv2d(1, 1, 5)
    cell.weight.data = torch.randn(1, 1, 5, 5, generator=generator)
    cell.bias.data = -0.5 * cell.weight.data.sum((1, 2, 3))  # mean grey leaves the cell at its threshold
    average = response_weighted_average(nn.Sequential(OrderedDict(cell=cell)), noise, ["cell"])["cell"]
    weights = cell.weight.detach().numpy().ravel()
    assert np.corrcoef(average.ravel(), weights)[0, 1] > 0.995


def reinforced(*planes):
    """A layer of windows of one pixel, two channels deep; a plane that holds zeros never learned."""
    layer = SLayer(2, len(planes), window=1)
    layer.a.data = torch.tensor(planes)[:, :, None, None]
    layer.b.data = layer.a.data.flatten(1).sum(1)
    return nn.Sequential(OrderedDict(US1=layer))


def test_duplicates_are_counted_among_planes_that_learned():
    net = reinforced([1.0, 0.0], [5.0, 0.1], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0])
    assert duplicates(net, 0.95) == 1


def test_a_learned_feature_is_the_first_layers_weights_scaled_and_black_where_nothing_was_learned():
    net = neocognitron([Stage(planes=2)] * 2)
    net.US1.b.data[0] = 1
    drawn = learned_features(net, standard_digits())
    ridge = net.US1.a[0, 0].detach()
    assert drawn["US1"][0] == pytest.approx((ridge / ridge.max()).numpy())
    assert not drawn["US1"][1].any()
    assert drawn["US2"].shape == (2, 16, 16)
    assert not drawn["US2"].any()


def test_weight_changes_are_lengths_relative_to_the_whole_layer():
    # The layer is 5 long (3, 4, and 0); its first plane moves by 1, its last by 2; biases do not count.
    before, after = (nn.Sequential(OrderedDict(a=nn.Linear(1, 3), relu=nn.ReLU())) for _ in range(2))
    before.a.weight.data, after.a.weight.data = torch.tensor([[[3.0], [4], [0]], [[2.0], [4], [2]]])
    changes = weight_changes(before, after)
    assert list(changes) == ["a"]
    assert changes["a"] == pytest.approx([0.2, 0, 0.4])
