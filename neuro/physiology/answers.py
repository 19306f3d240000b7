"""What a model makes of stimuli as they are: its answers, its decisions and what can be read out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from neuro.analysis import features, mean_at, one_to_one, readout, same_winner, unshared, winner
from neuro.recording import layer_names, record
from neuro.stimuli import Stimuli

Floats = NDArray[np.float64]


def shown_to(
    model: nn.Module, stimulus: Stimuli, layers: Sequence[str], planes: int = 3
) -> dict[str, Floats]:
    """What each layer makes of one stimulus: the planes that answer most, strongest first; none below zero.

    Shapes: layer -> (planes, H, W); for a layer of single cells all of them, in one block of rows (1, h, w).
    """
    recording = record(model, stimulus[:1], layers)
    return {name: _strongest(np.maximum(recording[name][0], 0.0), planes) for name in layers}


def _strongest(maps: Floats, planes: int) -> Floats:
    if maps.shape[1:] == (1, 1):
        rows = max(n for n in range(1, int(len(maps) ** 0.5) + 1) if len(maps) % n == 0)
        return maps.reshape(1, rows, -1)
    order = np.argsort(-maps.max(axis=(1, 2)), kind="stable")
    return maps[order[:planes]]


def centre_cell(model: nn.Module, stimuli: Stimuli, layer: str, plane: int) -> Floats:
    """What the cell at the centre of one plane of a layer answers to each stimulus. Shapes: (B,)."""
    return record(model, stimuli, [layer], units="centre")[layer][:, plane, 0, 0].astype(np.float64)


def decisions(model: nn.Module, stimuli: Stimuli) -> NDArray[np.int64]:
    """The class a net takes each stimulus for: the cell of its last layer that answers most. Shapes: (B,)."""
    last = layer_names(model)[-1]
    taken_for = record(model, stimuli, [last])[last][:, :, 0, 0].argmax(axis=1)
    return np.asarray(taken_for, dtype=np.int64)


def accuracy(model: nn.Module, stimuli: Stimuli) -> float:
    """The share of labelled stimuli that a net takes for what they are."""
    return float((decisions(model, stimuli) == stimuli.condition("label")).mean())


def readout_accuracy(model: nn.Module, layer: str, parts: Sequence[Stimuli]) -> float:
    """The share of test stimuli that `analysis.readout` of a layer reads right.

    `parts` are the training, validation and test stimuli, with labels.
    """
    answers = [features(record(model, part, [layer])[layer]) for part in parts]
    labels = [part.condition("label") for part in parts]
    return readout(*(each for pair in zip(answers, labels, strict=True) for each in pair)).accuracy


def recognition(
    model: nn.Module, layer: str, standard: Stimuli, tests: Mapping[str, tuple[Stimuli, ArrayLike]]
) -> dict[str, Floats]:
    """Which of the single cells of a layer wins for each standard pattern, and for images of the same label.

    `tests` are images, each with its amount of something; shares are given at each amount, rising.

    winners             how many different cells win for one of the standard patterns, labelled 0, 1, 2, ...
    all apart           1 if each of these patterns has a winner of its own, else 0
    one to one          the share of them that a single cell answers, which answers no other
    <test>, kept        the share of images with the same winner as the standard pattern of their label
    <test>, recognised  the same, of patterns whose winner is no other pattern's
    <test>, silent      the share of images that no cell answers
    """

    def answers(stimuli: Stimuli) -> Floats:
        return record(model, stimuli, [layer])[layer][:, :, 0, 0].astype(np.float64)

    own = winner(answers(standard))
    found = {"winners": np.array(len(np.unique(own[own >= 0])))}
    found["all apart"] = (unshared(own) >= 0).min().astype(np.float64)
    found["one to one"] = one_to_one(answers(standard)).mean()
    for name, (images, amount) in tests.items():
        wins, label = winner(answers(images)), images.condition("label")
        found[f"{name}, kept"] = mean_at(amount, same_winner(wins, own[label]))
        found[f"{name}, recognised"] = mean_at(amount, same_winner(wins, unshared(own)[label]))
        found[f"{name}, silent"] = mean_at(amount, wins < 0)
    return found


def silent_planes(model: nn.Module, stimuli: Stimuli, layer: str) -> float:
    """The share of the planes of a layer in which no cell answers any of the stimuli."""
    return float((record(model, stimuli, [layer])[layer] == 0).all(axis=(0, 2, 3)).mean())
