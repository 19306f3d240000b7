"""The rules that enter every comparison, by name, with the settings that are tried, and the stimuli shown.

    compare(RULES, Design(build, partial(compared_parts, settings, labels)), seeds)

Controls, local rules, k-means and principal components, and rules that are told their errors.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, Literal

import torch
from torch import nn

from neuro.comparison.search import Parts, Search, one_of
from neuro.datasets import load, subset
from neuro.experiment import Settings, checksum
from neuro.learning import (
    Backpropagation,
    DirectFeedbackAlignment,
    FeedbackAlignment,
    Fukushima,
    HardCompetitive,
    ImprintedPatches,
    KrotovHopfield,
    LayerByLayer,
    Learner,
    NormalisedHebb,
    Oja,
    Patches,
    PCATemplates,
    PlainHebb,
    RandomGabor,
    Rule,
    Sanger,
    SignSymmetry,
    SoftHebb,
    SphericalKMeans,
    Templates,
    Untrained,
)
from neuro.learning.learner import with_history
from neuro.learning.templates import Method
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli, resized

# Local rules see every image PASSES times, BATCH at a step; those that look at patches are given them in
# these forms. Rates follow from each rule's condition of use: with each of them, in nets of 4 and 8 planes,
# most units that aim at a length reach it, as was looked at on seeds 100 and 101 (of the same pool of bundled
# digits). With weaker ones some rules hardly leave the start, and some of these read better for it.
PASSES, BATCH, TRIALS = 5, 16, 3
Form = Literal["contrast-normalised", "unit length", "raw"]
GIVEN: tuple[Form, ...] = ("contrast-normalised", "unit length")
UPDATES = Backpropagation("adam", 3e-3, batch_size=32, epochs=25, validation=0, schedule="one-cycle")
RATES = (1e-3, 3e-3, 1e-2)


@dataclass(frozen=True)
class FromRandomDecision:
    """A rule told its errors, from a decision layer of random weights: errors do not pass one of zeros."""

    rule: Learner

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy, as the rule leaves it; raises what the rule raises."""
        start = copy.deepcopy(model)
        randomised(start.get_submodule("decision"), generator)
        return self.rule.fit(start, stimuli, generator)


@dataclass(frozen=True)
class OtherWeights:
    """Random weights drawn anew: what as many trials as a rule has make of luck alone."""

    draw: int = 0

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy with such weights; the stimuli are not looked at."""
        drawn = torch.Generator().manual_seed(
            self.draw + int(torch.randint(2**62, (1,), generator=generator))
        )
        return with_history(randomised(copy.deepcopy(model), drawn), {"samples seen": [0.0]})


def _told(rule: Callable[[Backpropagation], Learner]) -> tuple[FromRandomDecision, ...]:
    return tuple(FromRandomDecision(rule(replace(UPDATES, learning_rate=rate))) for rate in RATES)


def local(
    *rules: Rule,
    rates: Sequence[float],
    forms: Sequence[Form] = GIVEN,
    batch_size: int = BATCH,
    **options: Any,
) -> tuple[LayerByLayer, ...]:
    """Every one of these rules with each rate, on patches of each of these forms, in PASSES passes."""
    return tuple(
        LayerByLayer(rule, rate, PASSES, batch_size, Patches(form), **options)
        for rule, rate, form in product(rules, rates, forms)
    )


def _templates(method: Method) -> tuple[Templates, ...]:
    forms: tuple[Form, ...] = (*GIVEN, "raw")
    return tuple(Templates(method, patches=Patches(given)) for given in forms)


_ALL = "all weights and patches at once"
_COMPETES = "input, output, own weights, which unit wins"
_layerwise = partial(one_of, waits_for="the layers below, finished")
_DRAWN: Mapping[str, Any] = {"locality": "nothing is learned", "waits_for": "nothing"}
_TAUGHT: Mapping[str, Any] = {"labels": "all layers", "waits_for": "the errors of the layers above"}
_LENGTH_ONE: Mapping[str, Any] = {"norm": (1.0, 2.0)}
# Every rule of a comparison by its name: controls, local rules, templates, rules that are told their errors.
RULES: Mapping[str, Search] = {
    "untrained": one_of(Untrained(), source="control", **_DRAWN),
    "other weights": one_of(*map(OtherWeights, range(TRIALS)), source="control", **_DRAWN),
    "imprinted": _layerwise(*_templates(ImprintedPatches()), source="Coates & Ng 2011 (reported)",
                            locality="one patch a unit"),
    "random Gabor": one_of(RandomGabor(), RandomGabor((0.3, 0.7)), RandomGabor((0.7, 1.4)),
                           **_DRAWN, source="Illing, Gerstner & Brea 2019",
                           published="no worse than unsupervised learning in large layers (MNIST, CIFAR-10)"),
    "Hebb": _layerwise(*local(PlainHebb(), rates=(0.003, 0.01, 0.03)),
                       source="Hebb 1949; lecture decks", locality="input, output"),
    "normalised Hebb": _layerwise(*local(NormalisedHebb(), rates=(0.03, 0.1, 0.3), forms=GIVEN[:1]),
                                  **_LENGTH_ONE, source="von der Malsburg 1973 (reported)",
                                  locality="input, output, own weights"),
    "Oja": _layerwise(*local(Oja(), rates=(0.1, 0.3, 1.0), forms=GIVEN[:1]), **_LENGTH_ONE,
                      source="Oja 1982 (reported)", locality="input, output, own weights"),
    "Sanger": _layerwise(*local(Sanger(), rates=(1.0, 2.0, 3.0)), **_LENGTH_ONE,
                         source="Sanger 1989 (reported)",
                         locality="input, output, weights of the units before"),
    "Fukushima": _layerwise(*local(Fukushima(), rates=(0.1, 1.0, 10.0), decay="constant"),
                            source="Fukushima 1980, eq. 7", locality="input, which unit wins"),
    "Fukushima, times output": _layerwise(*local(Fukushima(power=1), rates=(0.03, 0.1, 0.3),
                                                 decay="constant"),
                                          source="lecture decks",
                                          locality="input, output, which unit wins"),
    "hard competition": _layerwise(*local(HardCompetitive(10), HardCompetitive(30), rates=(0.3, 1.0, 3.0)),
                                   source="DeSieno 1988 (reported)",
                                   locality="input, own weights, which unit wins, how often it did",
                                   published="64.6 % on CIFAR-10 (Amato/Lagani, as quoted by SCFF 2025)"),
    "Krotov-Hopfield": _layerwise(*local(KrotovHopfield(), KrotovHopfield(delta=0.2), rates=(0.1, 0.2, 0.4),
                                         forms=GIVEN[:1], step="largest"),
                                  **_LENGTH_ONE, source="Krotov & Hopfield 2019", locality=_COMPETES,
                                  published="comparable to backpropagation (abstract)"),
    "SoftHebb": _layerwise(*local(SoftHebb(), SoftHebb(1 / 4), rates=(1.0, 3.0)), **_LENGTH_ONE,
                           source="Moraitis et al. 2022; Journe et al. 2023", locality=_COMPETES,
                           published="99.4 % on MNIST (Journe et al. 2023, abstract)"),
    "k-means": _layerwise(*_templates(SphericalKMeans(epochs=PASSES)), source="Coates, Lee & Ng 2011",
                          locality=_ALL, published="79.6 % on CIFAR-10, one layer"),
    "PCA": _layerwise(*_templates(PCATemplates()), source="Illing, Gerstner & Brea 2019", locality=_ALL,
                      published="no better than random in large layers"),
    "backpropagation": one_of(*_told(lambda descent: descent), **_TAUGHT,
                              source="Rumelhart, Hinton & Williams 1986 (reported)",
                              locality="errors, through the forward weights",
                              published="0.91 % errors on MNIST (LeNet, BioTorch)"),
    "FA": one_of(*_told(FeedbackAlignment), **_TAUGHT,
                 source="Lillicrap et al. 2016", locality="errors, through fixed weights",
                 published="1.7 % errors on MNIST (LeNet, BioTorch)"),
    "direct FA": one_of(*_told(DirectFeedbackAlignment), labels="all layers",
                        waits_for="the error of the answer", source="Nokland 2016",
                        locality="error of the answer, through fixed weights",
                        published="1.61 % errors on MNIST (LeNet, BioTorch)"),
    "sign-symmetry": one_of(*_told(SignSymmetry), **_TAUGHT,
                            source="Liao et al. 2016",
                            locality="errors, through signs of the forward weights",
                            published="0.94 % errors on MNIST (LeNet, BioTorch)"),
}  # fmt: skip
CONTROLS = ("untrained", "other weights", "imprinted", "random Gabor")
TEMPLATES = ("k-means", "PCA")
TOLD_ERRORS = tuple(name for name, search in RULES.items() if search.labels == "all layers")
LOCAL = tuple(name for name in RULES if name not in (*CONTROLS, *TEMPLATES, *TOLD_ERRORS))


def backpropagation_of(labels: int, at_least: int = 100) -> Search:
    """That of RULES for so many labelled stimuli: with so many epochs that there are enough steps."""
    epochs = max(UPDATES.epochs, -(-at_least // -(-labels // UPDATES.batch_size)))
    learners = _told(lambda descent: replace(descent, epochs=epochs))
    return replace(RULES["backpropagation"], settings={"learner": learners})


def compared_parts(settings: Settings, n_per_class: int, generator: torch.Generator, size: int = 16) -> Parts:
    """The stimuli of one seed of a comparison: n labels of each class, and all the training part without.

    The set is the embedded digits unless the user names another; of a larger one no more is looked at than
    the digits have, with --full 10,000 without labels, 1,000 to choose by and 10,000 test stimuli. `size`
    pixels with a margin of one. Fewer labels of one seed are a part of more, and whatever their number the
    generator is left in one state.
    """
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    of_labels = torch.Generator().manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
    train = subset(splits.train, n_per_class, of_labels)
    most = settings.pick((100, 60, 100), (1000, 300, 1000), (10_000, 1000, 10_000))
    others = [part[:n] for part, n in zip((splits.train, splits.validation, splits.test), most, strict=True)]
    unlabelled, validation, test, train = (resized(part, size, 1) for part in (*others, train))
    return Parts(unlabelled, train, validation, test, f"{splits.name}, {size} x {size} pixels, margin of 1")


def data_of(parts: Callable[[torch.Generator], Parts], seeds: Iterable[int]) -> str:
    """The checksum of the stimuli of every seed."""
    shown = [parts(torch.Generator().manual_seed(seed)) for seed in seeds]
    return "+".join(checksum(one.unlabelled, one.train, one.validation, one.test) for one in shown)


def extreme(pick: Callable[..., str], ends: Mapping[str, float]) -> tuple[float | None, str]:
    """The largest or smallest (`pick` max or min) of what is known, and whose it is; None if nothing is."""
    known = {name: value for name, value in ends.items() if not math.isnan(value)}
    if not known:
        return None, "nobody"
    name = pick(known, key=known.__getitem__)
    return float(known[name]), name
