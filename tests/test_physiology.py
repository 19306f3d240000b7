"""Protocols against cells whose answers are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.physiology import centre_cell, decisions, response_weighted_average
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
