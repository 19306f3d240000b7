"""Protocols against cells whose answers are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.models.initial import randomised
from neuro.models.neocognitron import SLayer, Stage, modern_neocognitron, neocognitron
from neuro.patterns import standard_digits
from neuro.physiology import (
    accuracy,
    centre_cell,
    decisions,
    duplicates,
    learned_features,
    readout_accuracy,
    recognition,
    response_weighted_average,
    scanned,
    silent_planes,
    weight_changes,
)
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


def test_the_centre_cell_of_a_plane_answers_each_stimulus():
    shown = Stimuli(torch.arange(27.0).reshape(3, 1, 3, 3) / 27)
    twice = nn.Conv2d(1, 2, 1, bias=False)
    twice.weight.data = torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1)
    answers = centre_cell(nn.Sequential(OrderedDict(cells=twice)), shown, "cells", plane=1)
    assert answers == pytest.approx(2 * np.array([4, 13, 22]) / 27)


def test_the_decision_is_the_cell_of_the_last_layer_that_answers_most():
    # The first cell sees the light itself, the second its double less 0.5: it wins above 0.5.
    last = nn.Linear(1, 2)
    last.weight.data, last.bias.data = torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, -0.5])
    shown = Stimuli(torch.tensor([0.2, 0.9, 0.4])[:, None, None, None])
    model = nn.Sequential(OrderedDict(flat=nn.Flatten(), decision=last))
    assert decisions(model, shown).tolist() == [0, 1, 0]


def cells(numbers):
    """Stimuli of one pixel a cell: a model that passes them on answers with these numbers."""
    labels = np.arange(len(numbers)) % 2
    return Stimuli(torch.tensor(numbers)[:, :, None, None], {"label": labels})


EYE = nn.Sequential(OrderedDict(cells=nn.Identity()))


def test_accuracy_is_the_share_of_decisions_that_are_the_label():
    assert accuracy(EYE, cells([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.2, 0.4]])) == 0.75


def test_classes_that_a_line_parts_are_read_out_without_error():
    # Of the label 0 the first cell answers more, of the label 1 the second: sure to be parted.
    parts = [cells([[1.0, 0.1 * k], [0.1 * k, 1.0]] * 5) for k in (1, 2, 3)]
    assert readout_accuracy(EYE, "cells", parts) == 1


def test_recognition_follows_the_cell_that_wins_for_the_standard_pattern():
    standard = cells([[1.0, 0.0, 0.0], [0.0, 0.5, 0.2]])
    # Label 0 keeps its winner once in two; label 1 once, and once it is silent.
    shown = cells([[0.3, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.0]])
    found = recognition(EYE, "cells", standard, {"dimmed": (shown, [1, 1, 2, 2])})
    assert (found["winners"], found["all apart"], found["one to one"]) == (2, 1, 0.5)
    assert found["dimmed, kept"].tolist() == found["dimmed, recognised"].tolist() == [1, 0]
    assert found["dimmed, silent"].tolist() == [0, 0.5]


def test_a_pattern_that_shares_its_winner_is_kept_but_never_recognised():
    standard = cells([[0.4, 0.0], [0.6, 0.0]])
    found = recognition(EYE, "cells", standard, {"same": (standard, [0, 0])})
    assert (found["winners"], found["all apart"], found["one to one"]) == (1, 0, 0)
    assert (found["same, kept"], found["same, recognised"]) == ([1], [0])


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


@pytest.mark.parametrize("build", [neocognitron, modern_neocognitron])
def test_one_neuron_scanned_over_the_field_is_the_convolution_with_as_many_operations(build):
    net = build([Stage(planes=3, s_window=3, s_padding=2), Stage(planes=4, s_padding=1)])
    generator = torch.Generator().manual_seed(0)
    randomised(net, generator)
    for layer in (each for each in net if isinstance(each, SLayer)):
        layer.b.data += 0.1  # so that inhibition is scanned too
    for name in ("US1", "US2"):
        scan = scanned(net, name, Stimuli(torch.rand(2, 1, 12, 12, generator=generator)))
        assert scan.off_by(scan.in_turn) < 1e-12  # double precision
        assert scan.off_by(scan.turned) > 1e-3
        assert scan.operations == 1


def test_a_neuron_turned_is_the_convolution_with_turned_weights():
    image, filters = torch.rand(1, 1, 6, 6), nn.Conv2d(1, 2, 3, padding=1)
    scan = scanned(nn.Sequential(OrderedDict(conv=filters)), "conv", Stimuli(image))
    turned = nn.functional.conv2d(image, filters.weight.flip(2, 3), filters.bias, padding=1)
    assert scan.turned == pytest.approx(turned.detach().flatten(2).mT.numpy(), abs=1e-6)


def test_a_plane_is_silent_if_no_cell_of_it_answers_any_stimulus():
    layer = nn.Conv2d(1, 4, 1)
    layer.weight.data, layer.bias.data = torch.tensor([1.0, 0, 0, -1])[:, None, None, None], torch.zeros(4)
    shown = Stimuli(torch.tensor([0.0, 0, 0, 0.5]).reshape(2, 1, 1, 2))
    model = nn.Sequential(OrderedDict(cells=nn.Sequential(layer, nn.ReLU())))
    assert silent_planes(model, shown, "cells") == 0.75
