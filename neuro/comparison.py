"""Learning rules held against each other: one chain, one set of initial weights, one readout.

Each rule has the same number of candidate settings, among which the validation part chooses; what is
compared is read at the last C-layer by the same linear readout. The test part is for the caller, once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from neuro.analysis import PairedDifference, features, readout
from neuro.datasets import load, subset
from neuro.experiment import Claim, Settings, fit_cached
from neuro.learning import Backpropagation, Imprinting, Learner, Untrained, WinnerTakeAll
from neuro.models.initial import randomised
from neuro.models.neocognitron import FUKUSHIMA_1980, Stage, neocognitron, supervised
from neuro.recording import record
from neuro.stimuli import Stimuli, resized

SIZE, MARGIN = 16, 1  # the retina of 1980, in pixels
LAYER = "UC2"
PLANES, LABELS = (8, 16), 20  # of US1 and US2; of each class
# Ten times weaker initial weights did worse, with every rule of 1980, on validation parts.
STRENGTH = 0.1
MOST = (300, 1000)  # stimuli of the validation and the test part

# Of the rules of 1980: the printed settings first. More presentations make inhibition, which grows as a sum
# of norms (eq. 8), outgrow excitation, which grows as a sum of patterns that differ.
CANDIDATES: Mapping[str, tuple[Learner, ...]] = {
    "untrained": (Untrained(),),
    "imprinted": (Imprinting((1, 16)), Imprinting((0.1, 1.6)), Imprinting((10, 160))),
    "winner-take-all": (
        WinnerTakeAll((1, 16), (5, 5), presentations=1),
        WinnerTakeAll((10, 160), (5, 5), presentations=1),
        WinnerTakeAll((1, 16), (5, 3), presentations=1),
    ),
    "backpropagation": tuple(
        Backpropagation(learning_rate=rate, epochs=40, patience=10) for rate in (3e-3, 1e-3, 1e-2)
    ),
}


@dataclass(frozen=True)
class Bench:
    """What all rules of one seed share: the three parts of the data, and the chain before learning."""

    seed: int
    train: Stimuli
    validation: Stimuli
    test: Stimuli
    classes: tuple[str, ...]
    initial: nn.Sequential


def stages(planes: Sequence[int]) -> tuple[Stage, ...]:
    """The first stages of 1980 with other numbers of planes."""
    return tuple(replace(stage, planes=k) for stage, k in zip(FUKUSHIMA_1980, planes, strict=False))


def bench(settings: Settings, seed: int, planes: Sequence[int], labels_per_class: int) -> Bench:
    """Split, few labelled stimuli and initial weights, all drawn from the seed; images of SIZE pixels.

    One seed has the same stimuli whatever the number of planes.
    """
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    parts = [subset(splits.train, labels_per_class, generator)]
    # Of the embedded digits that is all; larger sets are not read to the end.
    for part, most in zip(
        (splits.validation, splits.test), settings.pick((100, 200), MOST, MOST), strict=True
    ):
        parts.append(part[torch.randperm(len(part), generator=generator)[:most].numpy()])
    train, validation, test = (resized(part, SIZE, MARGIN) for part in parts)
    initial = randomised(neocognitron(stages(planes)), generator, STRENGTH)
    return Bench(seed, train, validation, test, splits.classes, initial)


def trained(rule: Learner, bench: Bench, cache: Path | None) -> nn.Sequential:
    """The chain as the rule leaves it; only backpropagation gets labels, and a decision layer to use them."""
    if isinstance(rule, Backpropagation):
        chain = supervised(bench.initial, len(bench.classes), SIZE)
        return fit_cached(rule, chain, bench.train, bench.seed, cache)
    return fit_cached(rule, bench.initial, bench.train.without("label"), bench.seed, cache)


def chosen(rules: Sequence[Learner], bench: Bench, cache: Path | None) -> tuple[int, nn.Sequential]:
    """Number and trained chain of the candidate that reads best on the validation part; first of equals."""
    chains = [trained(rule, bench, cache) for rule in rules]
    if len(chains) == 1:
        return 0, chains[0]
    scores = [accuracies(chain, bench, LAYER, [bench.validation])[0] for chain in chains]
    best = int(np.argmax(scores))
    return best, chains[best]


def accuracies(model: nn.Module, bench: Bench, layer: str, shown: Sequence[Stimuli]) -> np.ndarray:
    """Of the linear readout of a layer: fitted to the training part, scored on each of the stimuli shown."""
    train, validation, *parts = (
        features(record(model, part, [layer])[layer]) for part in (bench.train, bench.validation, *shown)
    )
    labels = [part.labels.numpy() for part in shown]
    answer = readout(
        train,
        bench.train.labels.numpy(),
        validation,
        bench.validation.labels.numpy(),
        np.concatenate(parts),
        np.concatenate(labels),
    )
    ends = np.cumsum([len(part) for part in shown])[:-1]
    right = answer.predictions == np.concatenate(labels)
    return np.array([part.mean() for part in np.split(right, ends)])


def retina() -> nn.Sequential:
    """A chain of one layer, `pixels`, that answers with what it is shown: the reference for any features."""
    return nn.Sequential(OrderedDict(pixels=nn.Identity()))


def above_zero(
    what: str,
    source: str,
    published: str,
    found: PairedDifference,
    control: str,
    again: PairedDifference,
) -> Claim:
    """Holds if the whole 95 % interval lies above zero, and that of the control does not.

    Measured is the lower end; a single seed has none, and the claim is then not checked.
    """
    band = "set before the run: the 95 % interval lies above zero"
    if np.isnan(found.low):
        return Claim(what, source, published, 0, None, band, None, note="one seed has no interval")
    note = f"mean {found.mean:+.3g}, interval {found.low:+.3g} to {found.high:+.3g}"
    return Claim(what, source, published, 0, None, band, found.low, control, again.low, note)
