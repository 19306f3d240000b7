"""Answers and decisions of cells whose answers are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.physiology import accuracy, centre_cell, decisions, readout_accuracy, recognition, silent_planes
from neuro.stimuli import Stimuli


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


def test_a_plane_is_silent_if_no_cell_of_it_answers_any_stimulus():
    layer = nn.Conv2d(1, 4, 1)
    layer.weight.data, layer.bias.data = torch.tensor([1.0, 0, 0, -1])[:, None, None, None], torch.zeros(4)
    shown = Stimuli(torch.tensor([0.0, 0, 0, 0.5]).reshape(2, 1, 1, 2))
    model = nn.Sequential(OrderedDict(cells=nn.Sequential(layer, nn.ReLU())))
    assert silent_planes(model, shown, "cells") == 0.75
