"""Nets that say how well a label suits an image: labels in pixels, goodness by hand, the electrode."""

import numpy as np
import pytest
import torch

from neuro.models.convnet import parameter_count
from neuro.models.goodness import EveryLabel, Goodness, goodness_net, rectified_net
from neuro.models.initial import randomised
from neuro.physiology import accuracy, decisions
from neuro.physiology.layer_arithmetic import layer_table
from neuro.recording import record
from neuro.stimuli import Stimuli


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=3, size=4):
    return torch.rand(n, 1, size, size, generator=seeded(5))


def test_every_label_is_written_into_the_first_pixels_and_the_others_stay():
    shown = EveryLabel(3)(torch.tensor([[[[7.0, 8.0], [9.0, 5.0]]]]))
    assert shown.tolist() == [[[[1, 0, 0, 5]], [[0, 1, 0, 5]], [[0, 0, 1, 5]]]]


def test_labels_asked_for_are_those_of_all_labels():
    layer, labels = EveryLabel(3), torch.tensor([[2, 0], [1, 1], [0, 2]])
    every = layer(images())
    for i, j in np.ndindex(3, 2):
        assert torch.equal(layer.written(images(), labels)[i, j], every[i, labels[i, j]])


def test_goodness_is_the_sum_of_squares():
    cells = torch.tensor([[[[3.0, 4.0]], [[0.0, 1.0]]]])
    assert Goodness()(cells).tolist() == [[25, 1]]


def test_an_answer_is_the_goodness_computed_one_label_and_one_layer_at_a_time():
    net = randomised(goodness_net((6, 5), size=4, classes=3), seeded())
    answers = net(images())
    for i, label in np.ndindex(3, 3):
        x = images()[i].flatten().clone()
        x[:3] = torch.eye(3)[label]
        for layer in (net.hidden1, net.hidden2):
            x = x / x.square().mean().sqrt()
            x = (layer.cells.weight @ x + layer.cells.bias).clamp(min=0)
        torch.testing.assert_close(answers[i, label], (x**2).sum())


def test_how_strongly_the_layer_below_answers_is_not_passed_on():
    net = randomised(goodness_net((6, 5), size=4, classes=3), seeded())
    below = net.hidden1(net.labelled(images()))
    torch.testing.assert_close(net.hidden2(100 * below), net.hidden2(below))
    black = net.hidden2(torch.zeros_like(below))
    assert torch.equal(black, torch.zeros_like(black))  # and nothing is divided by zero


def test_at_first_goodness_is_about_one_for_each_cell():
    net = randomised(goodness_net((2000, 2000), size=8, classes=10), seeded())
    # E max(0, z)^2 of a normal z of variance 2 is 1; its s.d. sqrt(5), of a mean of 2000 cells 0.05.
    torch.testing.assert_close(net(images(4, 8)) / 2000, torch.ones(4, 10), atol=0.2, rtol=0)


def test_nets_for_goodness_and_for_a_decision_have_the_same_hidden_weights_when_drawn_alike():
    one, other = (randomised(build((6, 5), 4, 3), seeded()) for build in (goodness_net, rectified_net))
    for name in ("hidden1", "hidden2"):
        assert torch.equal(one.get_submodule(name).cells.weight, other.get_submodule(name).cells.weight)
    assert parameter_count(one) == 6 * 17 + 5 * 7
    assert parameter_count(other) == parameter_count(one) + 3 * 6
    assert one(images()).shape == other(images()).shape == (3, 3)


def test_such_a_net_is_recorded_and_counted_like_any_other_its_labels_being_the_planes():
    net = randomised(goodness_net((6, 5), size=4, classes=3), seeded())
    stimuli = Stimuli(images(), {"label": [0, 1, 2]})
    recording = record(net, stimuli)
    assert {name: r.shape[1:] for name, r in recording.responses.items()} == {
        "labelled": (3, 1, 16), "hidden1": (3, 1, 6), "hidden2": (3, 1, 5), "decision": (3, 1, 1),
    }  # fmt: skip
    taken = net(images()).argmax(1).numpy()
    assert np.array_equal(decisions(net, stimuli), taken)
    assert accuracy(net, stimuli) == np.mean(taken == [0, 1, 2])
    table = layer_table(net, (1, 4, 4))
    assert table["parameters"].tolist() == [0, 6 * 17, 5 * 7, 0]
    assert table["macs"].tolist() == [0, 3 * 6 * 16, 3 * 5 * 6, 0]  # once for each label


def test_too_few_pixels_and_classes_are_refused():
    with pytest.raises(ValueError, match="10 labels need as many pixels; the image has 9"):
        EveryLabel(10)(torch.zeros(1, 1, 3, 3))
    with pytest.raises(ValueError, match="right or wrong among two classes or more; got 1"):
        goodness_net(classes=1)
    with pytest.raises(ValueError, match=r"'labelled' cannot take what it met \(10 labels need as many"):
        record(goodness_net((5,), size=4), Stimuli(torch.zeros(1, 1, 3, 3)))


def test_what_a_layer_is_can_be_read_from_its_repr():
    assert repr(EveryLabel(7)) == "EveryLabel(classes=7)"
