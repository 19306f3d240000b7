"""A comparison small enough for tests: bars at three orientations, one layer, and rules that go wrong."""

import copy
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from neuro.comparison import Design, Parts
from neuro.learning.learner import with_history
from neuro.models.initial import randomised
from neuro.models.neocognitron import SLayer
from neuro.stimuli import Stimuli

SIZE = 8


def bars(n, generator, first_id=0):
    """n bars, of label 0 horizontal, 1 vertical, 2 oblique, in noise."""
    labels = np.resize([0, 1, 2], n)
    where = torch.randint(2, 6, (n,), generator=generator).tolist()
    images = torch.zeros(n, 1, SIZE, SIZE)
    for image, label, place in zip(images[:, 0], labels, where, strict=True):
        if label < 2:
            image.select(int(label), place).fill_(0.8)
        else:
            image.diagonal(place - 4).fill_(0.8)
    images += 0.2 * torch.rand(images.shape, generator=generator)
    return Stimuli(images, {"label": labels, "id": np.arange(first_id, first_id + n)})


def parts(generator):
    train, validation, test = (bars(n, generator, first) for n, first in ((45, 0), (30, 100), (60, 200)))
    return Parts(train, train, validation, test)


def chain(generator):
    cells = nn.Sequential(OrderedDict(US1=SLayer(1, 4, 3, 1), UC1=nn.MaxPool2d(4)))
    return randomised(cells, generator, 0.1)


def design(**options):
    return Design(chain, parts, **{"readouts": {}, "shifts": (), "noise": (), "counted_on": 0, **options})


@dataclass(frozen=True)
class Diverging:
    """Raises, as gradient descent does when its loss is not finite; or leaves weights that are not."""

    silently: bool = False

    def fit(self, model, stimuli, generator):
        if not self.silently:
            raise FloatingPointError("the loss is not finite in epoch 1")
        diverged = copy.deepcopy(model)
        diverged.US1.a.data[0, 0, 0, 0] = float("nan")
        return diverged


@dataclass(frozen=True)
class Silencing:
    """Takes the excitation from every cell, or from so many planes."""

    planes: int = 4

    def fit(self, model, stimuli, generator):
        silent = copy.deepcopy(model)
        silent.US1.a.data[: self.planes] = 0
        return with_history(
            silent,
            {
                "samples seen": [7.0],
                "update angle, US1": [90.0, 40.0],
                "update angle, decision": [0.0, 0.0],
                "feedback angle, US1": [80.0, 10.0],
            },
        )


@dataclass(frozen=True)
class Broken:
    """Raises what nobody expects."""

    gain: float = 1.0

    def fit(self, model, stimuli, generator):
        raise ZeroDivisionError("a gain\nof nothing")


@dataclass(frozen=True)
class Scaled:
    """Multiplies the weights; notes what it was shown."""

    gain: float = 1.0

    def fit(self, model, stimuli, generator):
        assert "label" not in stimuli.conditions
        scaled = copy.deepcopy(model)
        scaled.US1.a.data *= self.gain
        return with_history(scaled, {"shown": [float(len(stimuli))]})
