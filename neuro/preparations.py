"""The preparations that more than one experiment examines, as they were raised."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from neuro.datasets import LARGE, Splits, load, subset
from neuro.distortions import deformed, flipped_pixels, scaled, shifted
from neuro.experiment import Settings, fit_cached
from neuro.learning import Backpropagation, Learner, WinnerTakeAll, fit_side_by_side
from neuro.learning.augmentation import Jitter
from neuro.models.convnet import lecun_1989, lecun_1989_nips, lenet5_as_taught
from neuro.models.convnet import lenet5 as lenet5_as_published
from neuro.models.initial import randomised, uniform
from neuro.models.neocognitron import FUKUSHIMA_1980, Stage, neocognitron, supervised
from neuro.patterns import standard_digits
from neuro.physiology import accuracy
from neuro.stimuli import Stimuli, concatenate, resized

T = TypeVar("T")

RULE_1980 = WinnerTakeAll(presentations=1, schedule="together")
# Chosen on validation digits (bundled ones: see lecun_1998), for a thousand digits and for tens of thousands.
HUNDREDS = Backpropagation("adam", 4e-3, 0.02, batch_size=32, epochs=25, validation=0.2, schedule="one-cycle")
THOUSANDS = replace(HUNDREDS, batch_size=128, epochs=16, validation=1 / 12)
# LeNet-1 and the forms of LeNet-5: how they are built; what is other in how they learn from hundreds and from
# thousands.
LENETS: Mapping[str, tuple[Callable[[int], nn.Sequential], Mapping[str, Any], Mapping[str, Any]]] = {
    "LeNet-1": (lecun_1989_nips, {"learning_rate": 0.012}, {"learning_rate": 0.012}),
    "as taught": (lenet5_as_taught, {}, {}),
    "as published": (lenet5_as_published, {"epochs": 10}, {}),
    "distorted": (lenet5_as_taught, {}, {"epochs": 40, "augmentation": Jitter(2, 10, 1.15, 10)}),
}
# The zip-code net of 1989 and what was changed since, one thing after the other: how it is built, and how it
# learns. Rates, batches and passes were chosen on validation digits of usps, of seed 0.
DESCENT = Backpropagation("sgd", 0.2, batch_size=8, epochs=23, validation=0, momentum=0, loss="squares")
ADAM = Backpropagation("adam", 6e-3, 0.01, batch_size=32, epochs=60, validation=0, schedule="one-cycle")
_LINEAR, _RECTIFIED = {"answer": nn.Identity}, {"nonlinearity": nn.ReLU, "answer": nn.Identity}
LADDER: Mapping[str, tuple[Mapping[str, Any], Backpropagation]] = {
    "1989": ({}, DESCENT),
    "+ cross-entropy": (_LINEAR, replace(DESCENT, learning_rate=0.02, loss="cross-entropy")),
    "+ Adam": (_LINEAR, replace(ADAM, learning_rate=3e-3, epochs=23)),
    "+ shifts": (_LINEAR, replace(ADAM, augmentation=Jitter(1))),
    "+ ReLU, dropout": (_RECTIFIED | {"dropout": 0.25}, replace(ADAM, augmentation=Jitter(1))),
}
# C-cells of the first two stages that look at one S-cell each.
UNPOOLED_1980 = (
    *(replace(stage, c_window=1, c_padding=2) for stage in FUKUSHIMA_1980[:2]),
    FUKUSHIMA_1980[2],
)
SHIFT = "shift (pixels)"
DISTORTIONS = ("flipped pixels (%)", SHIFT, "size (times)", "deformation (pixels, r.m.s.)")
TIMES_1980, REACH_1980 = 20, 2  # presentations of each pattern; pixels it is moved by at most


def shifted_at_random(patterns: Stimuli, times: int, reach: int, generator: torch.Generator) -> Stimuli:
    """All patterns `times` times over, each time moved by up to `reach` whole pixels in x and in y."""
    shown = patterns[np.tile(np.arange(len(patterns)), times)]
    moves = torch.randint(-reach, reach + 1, (2, len(shown)), generator=generator).numpy()
    return shifted(shown, *moves)


def moved_everywhere(patterns: Stimuli, reach: int) -> tuple[Stimuli, np.ndarray]:
    """All patterns at every place up to `reach` pixels away in x and y, and the larger of the two."""
    places = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    x, y = np.repeat(places, len(patterns), axis=1)
    shown = patterns[np.tile(np.arange(len(patterns)), places.shape[1])]
    return shifted(shown, x, y), np.maximum(abs(x), abs(y))


def distorted(
    patterns: Stimuli, times: int, generator: torch.Generator
) -> dict[str, tuple[Stimuli, np.ndarray]]:
    """All patterns at every amount of each of DISTORTIONS: the images, and the amount of each image.

    Shifts are all that leave a standard pattern whole, and their amount the larger of x and y. What is random
    is drawn `times` times.
    """

    def every(amounts: ArrayLike) -> tuple[Stimuli, np.ndarray]:
        shown = patterns[np.tile(np.arange(len(patterns)), np.shape(amounts)[-1])]
        return shown, np.repeat(amounts, len(patterns), axis=-1)

    flipped, share = every(np.repeat([0, 0.01, 0.02, 0.04, 0.08], times))
    sized, factor = every([0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4])
    bent, length = every(np.repeat([0, 0.5, 1, 1.5, 2], times))
    shown = (
        (flipped_pixels(flipped, share, generator), 100 * share),
        moved_everywhere(patterns, reach=3),
        (scaled(sized, factor), factor),
        (deformed(bent, length, generator), length),
    )
    return dict(zip(DISTORTIONS, shown, strict=True))


def shown_1980(
    seed: int, patterns: Stimuli | None = None, reach: int = REACH_1980, times: int = TIMES_1980
) -> Stimuli:
    """What a net of 1980 is shown: patterns (the digits 0 to 4), each time moved, the shifts of this seed.

    With a `reach` of 0 pixels every pattern stays where it is drawn. No label is shown.
    """
    taught = (standard_digits() if patterns is None else patterns).without("label")
    return shifted_at_random(taught, times, reach, torch.Generator().manual_seed(seed))


def neocognitron_1980(
    seed: int,
    cache: Path | None,
    patterns: Stimuli | None = None,
    rule: Learner = RULE_1980,
    stages: Sequence[Stage] = FUKUSHIMA_1980,
    build: Callable[[Sequence[Stage]], nn.Sequential] = neocognitron,
) -> nn.Sequential:
    """The net of 1980 after all of shown_1980, in an order drawn from the seed.

    `build` is the form: neocognitron, modern_neocognitron, ...
    """
    return fit_cached(rule, build(stages), shown_1980(seed, patterns), seed, cache)


def neocognitrons_1980(
    seeds: Sequence[int],
    patterns: Stimuli | None = None,
    rule: WinnerTakeAll = RULE_1980,
    stages: Sequence[Stage] = FUKUSHIMA_1980,
    reach: int = REACH_1980,
    times: int = TIMES_1980,
) -> list[nn.Sequential]:
    """neocognitron_1980 of every seed, to rounding, raised side by side: faster than a cache is read."""
    taught = standard_digits() if patterns is None else patterns
    shown = [shown_1980(seed, taught, reach, times) for seed in seeds]
    orders = [torch.Generator().manual_seed(seed) for seed in seeds]
    return fit_side_by_side([rule] * len(seeds), [neocognitron(stages)] * len(seeds), shown, orders)


def lenet(
    settings: Settings, seed: int, form: str = "as taught"
) -> tuple[nn.Sequential, nn.Sequential, Splits]:
    """LeNet-1 or a form of LeNet-5, untrained and trained by backpropagation, and the digits it was shown.

    Images of 28 by 28 pixels in a frame of 2; for LeNet-1 of 22 by 22 in a frame of 3, which makes the digits
    of MNIST 16 by 16, as they were shown to it (LeCun et al. 1998, reported). Split, initial weights and
    order all follow from the seed. The rule holds out its own validation digits from the train and validation
    parts together; the test part is not touched.
    """
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    build, of_hundreds, of_thousands = LENETS[form]
    size, margin = (28, 3) if form == "LeNet-1" else (32, 2)
    rule = replace(THOUSANDS, **of_thousands) if splits.name in LARGE else replace(HUNDREDS, **of_hundreds)
    parts = [splits.train, splits.validation, splits.test]
    if settings.scale == "quick":
        parts, rule = [subset(part, 10, generator) for part in parts], replace(rule, epochs=3)
    train, validation, test = (resized(part, size, margin) for part in parts)
    splits = replace(splits, train=train, validation=validation, test=test)
    net = build(len(splits.classes))
    old = form in ("LeNet-1", "as published")
    drawn = uniform(net, generator, power=0.5) if old else randomised(net, generator)
    untrained = drawn.to(settings.device)
    shown = concatenate([train, validation])
    return untrained, fit_cached(rule, untrained, shown, seed, settings.cache), splits


def zip_code_net(settings: Settings, seed: int, rung: str) -> tuple[nn.Sequential, nn.Sequential, Splits]:
    """The net of 1989 on one rung of LADDER, untrained and trained, and the digits, 16 by 16, it was shown.

    Split, initial weights and order follow from the seed, and are the same on all rungs. Trained on the train
    and validation parts together; on fewer passes, and in a quick run on fewer digits, if these are bundled.
    """
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    parts = [splits.train, splits.validation, splits.test]
    changes, rule = LADDER[rung]
    if settings.scale == "quick":
        parts, rule = [subset(part, 10, generator) for part in parts], replace(rule, epochs=1)
    elif splits.name == "digits":
        rule = replace(rule, epochs=5 if rule.optimizer == "sgd" else 10)
    train, validation, test = (resized(part, 16) for part in parts)
    splits = replace(splits, train=train, validation=validation, test=test)
    untrained = uniform(lecun_1989(len(splits.classes), **changes), generator, power=0.5)
    shown = concatenate([train, validation])
    return untrained, fit_cached(rule, untrained.to(settings.device), shown, seed, settings.cache), splits


@cache
def few_digits(settings: Settings, seed: int, n_per_class: int, size: int) -> tuple[Stimuli, ...]:
    """Training part with n labelled images of each class, validation and test part; 100 of each if quick.

    The set is the embedded digits unless the user names another, split by the seed; images of `size` pixels.
    """
    splits = load(settings.dataset or "digits", torch.Generator().manual_seed(seed), settings.data_dir)
    train = subset(splits.train, n_per_class, torch.Generator().manual_seed(seed))
    most = settings.pick(100, None, None)
    return tuple(resized(part[:most], size) for part in (train, splits.validation, splits.test))


def small_neocognitron(
    seed: int, build: Callable[[Sequence[Stage]], nn.Sequential] = neocognitron, **changes: Any
) -> nn.Sequential:
    """Two stages of 1980, of 8 and 16 planes, and a decision layer for ten classes; random initial weights.

    `build` is neocognitron or modern_neocognitron, for images of 16 pixels; `changes` to both stages.
    """
    stages = [replace(stage, planes=n, **changes) for stage, n in zip(FUKUSHIMA_1980, (8, 16), strict=False)]
    return supervised(randomised(build(stages), torch.Generator().manual_seed(seed)), 10, 16)


def tanh_nets(size: int, classes: int = 10, width: int = 30) -> dict[str, nn.Sequential]:
    """Dense nets of one and of two hidden layers, `width` cells each, and a small LeNet; all cells tanh.

    The LeNet: two convolutions of 5x5, 6 and 16 maps, each pooled by maxima, and a dense layer of 84 cells.
    Shapes: (B, 1, size, size) -> (B, classes).
    """

    def cells(layer: nn.Module) -> nn.Sequential:
        return nn.Sequential(OrderedDict(cells=layer, tanh=nn.Tanh()))

    def dense(hidden: int) -> nn.Sequential:
        inputs = [size**2, *[width] * (hidden - 1)]
        layers = {f"hidden{i}": cells(nn.Linear(n, width)) for i, n in enumerate(inputs, start=1)}
        return nn.Sequential(OrderedDict(flat=nn.Flatten(), **layers, decision=nn.Linear(width, classes)))

    layers = OrderedDict(
        conv1=cells(nn.Conv2d(1, 6, 5, padding=2)),
        pool1=nn.MaxPool2d(2),
        conv2=cells(nn.Conv2d(6, 16, 5, padding=2)),
        pool2=nn.MaxPool2d(2),
        flat=nn.Flatten(),
        full=cells(nn.Linear(16 * (size // 4) ** 2, 84)),
        decision=nn.Linear(84, classes),
    )
    return {"one hidden layer": dense(1), "two hidden layers": dense(2), "convnet": nn.Sequential(layers)}


def best(candidates: Sequence[T], raised: Callable[[T, int], nn.Module], shown: Mapping[int, Stimuli]) -> T:
    """The candidate whose nets, one a seed, are the most accurate; the first of equals.

    `raised(candidate, seed)` is a trained net; `shown` the validation part of each seed.
    """
    return max(candidates, key=lambda one: sum(accuracy(raised(one, n), part) for n, part in shown.items()))
