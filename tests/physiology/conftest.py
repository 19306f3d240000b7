"""Cells whose answers to gratings, slits and noise can be worked out on paper."""

from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from neuro.geometry import along_and_across, pixel_grid
from neuro.physiology import insert

SCREEN = {"size": 40, "field": 8.0}  # 5 pixels per degree
FREQUENCY, ACROSS, ALONG = 1.0, 0.5, 0.8


def gabor(orientation=45.0, phase=0.0, x=0.0, y=0.0, along=ALONG):
    """A Gabor function on SCREEN, its answer to uniform light zero, that to its best grating about 1."""
    grid_x, grid_y = pixel_grid(40, 5.0)
    a, b = along_and_across(grid_x - x, grid_y - y, torch.tensor(orientation))
    envelope = torch.exp(-(a**2) / (2 * along**2) - b**2 / (2 * ACROSS**2))
    wave = torch.cos(2 * torch.pi * FREQUENCY * b + np.deg2rad(phase))
    field = envelope * (wave - (envelope * wave).sum() / envelope.sum())
    return field / (field * wave).sum()


class Cells(nn.Module):
    """Linear fields of the light's contrast, -1 to 1, and what `answer` makes of their sums (B, n)."""

    def __init__(self, fields, answer=torch.relu):
        super().__init__()
        self.fields, self.answer = torch.stack([field.flatten() for field in fields], 1).float(), answer

    def forward(self, light):
        return self.answer((2 * light.flatten(1) - 1) @ self.fields)


def model_of(fields, answer=torch.relu):
    return nn.Sequential(OrderedDict(cells=Cells(fields, answer)))


def energy(sums):
    """The energy of pairs of fields in quadrature: (B, 2 n) -> (B, n)."""
    return sums[:, ::2] ** 2 + sums[:, 1::2] ** 2


def electrode_in(fields, answer=torch.relu, units=None, **options):
    """An electrode in cells that are known to look at the middle of the field."""
    return insert(model_of(fields, answer), "cells", units, **{**SCREEN, "centres": (0, 0), **options})


PAIR = [gabor(phase=0.0), gabor(phase=90.0)]


@pytest.fixture(scope="session")
def lab():
    """What the tests build their cells with."""
    return SimpleNamespace(
        gabor=gabor, energy=energy, pair=PAIR, model_of=model_of, electrode_in=electrode_in, screen=SCREEN
    )


@pytest.fixture(scope="session")
def simple():
    """A simple cell: a rectified Gabor function, finely sampled, by gratings of the whole field."""
    return electrode_in(
        [gabor()],
        orientations=np.arange(0, 180, 5),
        frequencies=np.geomspace(0.25, 2, 31),
        phases=16,
        diameter=8.0,
    )


@pytest.fixture(scope="session")
def complex_cell():
    """A complex cell: the energy of the same Gabor function and its quadrature partner."""
    return electrode_in(PAIR, energy)
