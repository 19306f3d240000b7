"""Protocols: stimuli shown to a model, its answers recorded, and handed to the analysis."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from neuro.analysis import (
    alike_pairs,
    circular_variance,
    features,
    mean_at,
    one_to_one,
    position_tolerance,
    readout,
    same_winner,
    unshared,
    winner,
)
from neuro.analysis.curves import ratio
from neuro.learning.learner import s_layers
from neuro.recording import layer_names, record
from neuro.stimuli import Stimuli, slits

Floats = NDArray[np.float64]

# A cell whose best answer is below this share of its layer's best counts as silent: planes that never learned
# answer everything a little, and a tuning curve of such traces says nothing.
CRITERION = 0.05


@dataclass(frozen=True, eq=False)
class SlitExamination:
    """What a slit told about the cell at the centre of each plane of a layer; NaN for a cell below CRITERION.

    circular_variance   (K,) over orientation, the slit at the cell's best offset; 0 selective, 1 not at all
    position_tolerance  (K,) degrees of visual angle over which the slit, at the cell's best orientation,
                        brings at least half of the largest response
    responses           (K, orientations, offsets), rectified
    """

    circular_variance: Floats
    position_tolerance: Floats
    responses: Floats


def examine_with_slits(
    model: nn.Module,
    layers: Sequence[str],
    orientations: ArrayLike,
    offsets: ArrayLike,
    size: int,
    field: float = 16.0,
    background: float = 0.0,
) -> dict[str, SlitExamination]:
    """One bright slit, 8 by 1 degrees, at every orientation and offset: the answers of the centre cells.

    The model's image is `size` pixels and `field` degrees wide, so that models with retinas of any number of
    pixels see one slit, blurred by EDGE of their own pixels. Responses below zero are counted as none.
    `orientations` must be spread evenly over 180 degrees.
    """
    orientations, offsets = np.asarray(orientations, dtype=float), np.asarray(offsets, dtype=float)
    every, place = (grid.ravel() for grid in np.meshgrid(orientations, offsets, indexing="ij"))
    shown = slits(every, offset=place, background=background, size=size, pixels_per_degree=size / field)
    recording = record(model, shown, layers, units="centre")
    shape = (-1, len(orientations), len(offsets))
    cells = {name: np.maximum(recording[name][:, :, 0, 0].T.reshape(shape), 0.0) for name in layers}
    return {name: _examined(responses, orientations, offsets) for name, responses in cells.items()}


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


def _examined(responses: Floats, orientations: Floats, offsets: Floats) -> SlitExamination:
    planes = np.arange(len(responses))
    peaks = responses.max(axis=(1, 2))
    answering = peaks >= max(CRITERION * peaks.max(), np.finfo(float).tiny)
    best = responses.max(axis=2).argmax(axis=1)
    there = responses[planes, best].argmax(axis=1)
    return SlitExamination(
        np.where(answering, circular_variance(responses[planes, :, there], orientations), np.nan),
        np.where(answering, position_tolerance(responses[planes, best], offsets), np.nan),
        responses,
    )


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


def duplicates(model: nn.Sequential, cosine: float) -> int:
    """How many pairs of planes of an S-layer learned the same: patterns of a larger cosine.

    The weights are a = q c X; the cell compares with the pattern X under the weights c, so the cosine is that
    of a / sqrt(c).
    """
    learned = (layer.a[layer.b > 0] / layer.c.sqrt() for layer in s_layers(model).values())
    return sum(alike_pairs(patterns.detach().flatten(1).numpy(), cosine) for patterns in learned)


def response_weighted_average(model: nn.Module, stimuli: Stimuli, layers: Sequence[str]) -> dict[str, Floats]:
    """What each plane looks for, drawn on the retina: the mean stimulus, weighted by the answers of one cell.

        A_k = sum_i u_k(i) L_i / sum_i u_k(i)

    The cell is the one of the plane that answers most to any of the stimuli. NaN for a plane that answers
    none; responses below zero count as none. Also called reverse correlation (de Boer & Kuyper 1968,
    reported). Shapes: stimuli (B, C, H, W) -> for each layer (K, H, W), the mean over channels.
    """
    recording = record(model, stimuli, layers)
    light = stimuli.images.mean(1).numpy().astype(np.float64)
    averages = {}
    for name in layers:
        cells = np.maximum(recording[name], 0.0).reshape(*recording[name].shape[:2], -1)
        planes = np.arange(cells.shape[1])
        answers = cells[:, planes, cells.max(axis=0).argmax(axis=1)].astype(np.float64)
        averages[name] = np.einsum("bk,bhw->khw", ratio(answers, answers.sum(axis=0)), light)
    return averages


def learned_features(model: nn.Sequential, stimuli: Stimuli) -> dict[str, Floats]:
    """What each plane of the S-layers learned to look for, its brightest pixel 1; black if nothing.

    Of the first layer the excitatory weights; of the others, which do not see the retina, the average of the
    stimuli weighted by their answers. Shapes: layer -> (K, H, W).
    """
    layers = s_layers(model)
    first, *others = layers
    pictures = {first: layers[first].a.detach().mean(1).numpy()}
    pictures |= response_weighted_average(model, stimuli, others)
    for name, layer in layers.items():
        reinforced = (layer.b > 0).numpy()[:, None, None]
        drawn = np.where(reinforced, np.nan_to_num(pictures[name]), 0.0)
        pictures[name] = drawn / drawn.max(axis=(1, 2), keepdims=True).clip(1e-12)
    return pictures


@torch.no_grad()
def weight_changes(before: nn.Sequential, after: nn.Sequential) -> dict[str, Floats]:
    """How far the weights of each plane have moved, relative to the weights of the whole layer.

        |after_k - before_k| / |before|

    so that the length of the vector over planes is the relative change of the layer. Of each layer the first
    weights are compared, whether they can learn or are fixed; layers without any are left out.
    Shapes: layer -> (K,).
    """
    changes = {}
    for (name, old), new in zip(before.named_children(), after, strict=True):
        for weights, now in [*zip(old.state_dict().values(), new.state_dict().values(), strict=True)][:1]:
            moved = (now.double() - weights.double()).flatten(1).norm(dim=1)
            changes[name] = (moved / weights.double().norm()).numpy()
    return changes


@dataclass(frozen=True, eq=False)
class Scan:
    """A layer's answers as one convolution, and those of a single neuron of each plane, patch after patch.

    convolution, in_turn  (B, places, K), in double precision
    turned                the same neurons, the weights turned by 180 degrees
    operations            multiplications of the scan / those of the convolution
    """

    convolution: Floats
    in_turn: Floats
    turned: Floats
    operations: float

    def off_by(self, answers: Floats) -> float:
        """The largest difference from the convolution, relative to its largest answer."""
        return float(np.abs(answers - self.convolution).max() / self.convolution.max())


@torch.no_grad()
def scanned(model: nn.Sequential, layer: str, stimuli: Stimuli) -> Scan:
    """The input of a layer of shared weights scanned with one neuron of each plane, in steps of one cell."""
    exact = copy.deepcopy(model).double().eval()
    number = [name for name, _ in exact.named_children()].index(layer)
    seen = exact[:number](stimuli.images.double())
    neurons = copy.deepcopy(exact[number])
    shared: Any = next(part for part in neurons.modules() if hasattr(part, "padding"))
    window, padding = next(shared.parameters()).shape[-1], shared.padding
    shared.padding = 0  # a neuron sees its patch, and nothing beyond
    patches = F.unfold(seen, window, padding=padding).mT.reshape(-1, seen.shape[1], window, window)
    with FlopCounterMode(display=False) as at_once:
        convolution = exact[number](seen).flatten(2).mT
    with FlopCounterMode(display=False) as one_by_one:
        in_turn = neurons(patches)
    turned = neurons(patches.flip(2, 3))
    operations = one_by_one.get_total_flops() / at_once.get_total_flops()
    in_turn, turned = in_turn.reshape(convolution.shape), turned.reshape(convolution.shape)
    return Scan(convolution.numpy(), in_turn.numpy(), turned.numpy(), operations)
