"""The preparations that more than one experiment examines, as they were raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from neuro.datasets import Splits, load, subset
from neuro.distortions import deformed, flipped_pixels, scaled, shifted
from neuro.experiment import Settings, fit_cached
from neuro.learning import Backpropagation, Learner, WinnerTakeAll
from neuro.models.convnet import lenet5_as_taught
from neuro.models.initial import randomised
from neuro.models.neocognitron import FUKUSHIMA_1980, Stage, neocognitron, supervised
from neuro.patterns import standard_digits
from neuro.physiology import accuracy
from neuro.stimuli import Stimuli, concatenate, resized

T = TypeVar("T")

RULE_1980 = WinnerTakeAll(presentations=1, schedule="together")
# Chosen on validation digits (bundled ones: see lecun_1998), for a thousand digits and for tens of thousands.
HUNDREDS = Backpropagation("adam", 4e-3, 0.02, batch_size=32, epochs=25, validation=0.2, schedule="one-cycle")
THOUSANDS = replace(HUNDREDS, batch_size=128, epochs=16, validation=1 / 12)
LARGE = ("mnist", "fashion-mnist")
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
    moved, places = every(np.mgrid[-3:4, -3:4].reshape(2, -1))
    sized, factor = every([0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4])
    bent, length = every(np.repeat([0, 0.5, 1, 1.5, 2], times))
    shown = (
        (flipped_pixels(flipped, share, generator), 100 * share),
        (shifted(moved, *places), np.abs(places).max(axis=0)),
        (scaled(sized, factor), factor),
        (deformed(bent, length, generator), length),
    )
    return dict(zip(DISTORTIONS, shown, strict=True))


def neocognitron_1980(
    seed: int,
    cache: Path | None,
    patterns: Stimuli | None = None,
    rule: Learner = RULE_1980,
    stages: Sequence[Stage] = FUKUSHIMA_1980,
) -> nn.Sequential:
    """The net of 1980 after 20 presentations of each pattern (the digits 0 to 4), every time somewhere else.

    Shifts of up to 2 pixels, and the order, are drawn from the seed; no label is shown.
    """
    generator = torch.Generator().manual_seed(seed)
    taught = standard_digits() if patterns is None else patterns
    shown = shifted_at_random(taught.without("label"), TIMES_1980, REACH_1980, generator)
    return fit_cached(rule, neocognitron(stages), shown, seed, cache)


def lenet5(settings: Settings, seed: int) -> tuple[nn.Sequential, nn.Sequential, Splits]:
    """LeNet-5 as taught, untrained and trained by backpropagation, and the digits as it was shown them.

    Split, initial weights and order all follow from the seed. The rule holds out its own validation digits
    from the train and validation parts together; the test part is not touched.
    """
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    rule = THOUSANDS if splits.name in LARGE else HUNDREDS
    parts = [splits.train, splits.validation, splits.test]
    if settings.scale == "quick":
        parts, rule = [subset(part, 10, generator) for part in parts], replace(rule, epochs=3)
    train, validation, test = (resized(part, 32, margin=2) for part in parts)
    splits = replace(splits, train=train, validation=validation, test=test)
    untrained = randomised(lenet5_as_taught(len(splits.classes)), generator).to(settings.device)
    shown = concatenate([train, validation])
    return untrained, fit_cached(rule, untrained, shown, seed, settings.cache), splits


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


def best(candidates: Sequence[T], raised: Callable[[T, int], nn.Module], shown: Mapping[int, Stimuli]) -> T:
    """The candidate whose nets, one a seed, are the most accurate; the first of equals.

    `raised(candidate, seed)` is a trained net; `shown` the validation part of each seed.
    """
    return max(candidates, key=lambda one: sum(accuracy(raised(one, n), part) for n, part in shown.items()))
