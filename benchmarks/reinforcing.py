"""Reinforcing one net, 64 nets side by side, and one net by many images beside its bare forward pass.

Two stages, dense 5x5 columns. Forward passes run at the best of several batch sizes. The images are digits of
MNIST where a folder that has them is the first argument, and both rules then see all 60,000 of them once;
otherwise drawn ones. The answers of whole nets are timed beside their convolutions alone, in bare torch and
its standard layout.
"""

from __future__ import annotations

import logging
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from common import interleaved, report
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.datasets import load
from neuro.learning import AddIfSilent, BatchedWinnerTakeAll, Learner, WinnerTakeAll, fit_side_by_side
from neuro.models.neocognitron import SLayer, Stage, fukushima_1980, fukushima_1988, neocognitron
from neuro.patterns import standard_digits
from neuro.preparations import shifted_at_random
from neuro.stimuli import Stimuli, concatenate

NETS, SHOWN = 64, 100
BATCHES = (16, 32, 64, 128, 256)
COUNTS = (1500, 3000, 6000)
PLANES = (24, 48, 96)
STAGES = (
    Stage(s_padding=2, r=4.0, gamma=0.3, initial=0.002, c_padding=4),
    Stage(s_padding=2, r=1.5, gamma=0.8, initial=0.0002, c_padding=4),
)
# Planes go on growing to the end at these thresholds, while a layer that is full no longer looks.
GROWING = tuple(replace(stage, r=r) for stage, r in zip(STAGES, (1.5, 1.0), strict=True))
SELECTIVITIES = (0.6, 1.0, 1.5)  # of US2
RULE_1980 = WinnerTakeAll(presentations=1, schedule="together")


def seeded(seed: int) -> torch.Generator:
    """A generator of this seed."""
    return torch.Generator().manual_seed(seed)


def images(count: int) -> Stimuli:
    """Digits of 28 x 28 pixels, without their labels."""
    if len(sys.argv) > 1:
        splits = load("mnist", seeded(0), sys.argv[1])
        return concatenate([splits.train, splits.validation])[:count].without("label")
    small = shifted_at_random(standard_digits(), count // len(standard_digits()) + 1, 2, seeded(0))
    return Stimuli(F.pad(small.images[:count], (6,) * 4))


def best_of(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@torch.no_grad()
def forward(model: Callable[[Tensor], Tensor], pixels: Tensor, batch: int) -> None:
    """The bare pass: every image through every layer, nothing kept."""
    for part in pixels.split(batch):
        model(part)


def convolutions(model: nn.Sequential, image: Tensor) -> Tensor:
    """The convolutions of a net by a, c (of the sum over planes) and d, rectified, and nothing else."""
    answer = image
    for layer in model.children():
        if isinstance(layer, SLayer):
            F.conv2d(answer.sum(1, keepdim=True), layer.c[:, :1], padding=layer.padding)
            answer = F.relu(F.conv2d(answer, layer.a, padding=layer.padding))
        else:
            joined = F.conv2d(answer, layer.join) if hasattr(layer, "join") else answer
            pad, step = layer.padding, layer.step
            answer = F.relu(F.conv2d(joined, layer.d, stride=step, padding=pad, groups=len(layer.d)))
    return answer


def best_batch(model: Callable[[Tensor], Tensor], pixels: Tensor) -> int:
    """The size of batches at which the pass takes least."""
    return min(BATCHES, key=lambda size: best_of(partial(forward, model, pixels, size)))


def answering(name: str, model: nn.Sequential, size: int) -> None:
    """Print what answers cost beside the convolutions alone, and the milliseconds of an image."""
    pixels, bare = torch.rand(1024, 1, size, size, generator=seeded(0)), partial(convolutions, model)
    passes = (partial(forward, net, pixels, best_batch(net, pixels)) for net in (model, bare))
    ours, theirs = interleaved(*passes)
    report(f"{name}: answers / convolutions in bare torch, in batches", ours, theirs, 1 / 0.8)
    within(f"{name}, 100 images", 100 * min(ours) / len(pixels), 1.0)


def learn(rule: Learner, stages: Sequence[Stage], shown: Stimuli, nets: list[nn.Sequential]) -> None:
    """Train a net, and put it in the place of the one that is kept."""
    nets[:] = [rule.fit(neocognitron(stages), shown, seeded(0))]


def all_images(name: str, rule: Learner, stages: Sequence[Stage]) -> None:
    """Print how long it takes to learn from all the images there are, once, beside the forward pass."""
    shown, nets = images(60_000), list[nn.Sequential]()
    ours = best_of(partial(learn, rule, stages, shown, nets), 1)
    batch = best_batch(nets[-1], shown.images[:1024])
    theirs = best_of(partial(forward, nets[-1], shown.images, batch), 2)
    report(f"{name}, {len(shown)} images: learning / forward pass", [ours], [theirs], 2.2)


def within(what: str, seconds: float, limit: float) -> None:
    """Print seconds and whether they keep the limit."""
    print(f"{what}: {seconds:.3f} s, limit {limit} s: {'within' if seconds <= limit else 'MISSED'}")


def growth(
    what: str, rules: Sequence[Learner], nets: Sequence[Sequence[Stage]], counts: Sequence[int]
) -> None:
    """Print the milliseconds of learning for an image: flat over images, a line over planes."""
    shown, each = images(max(counts)), []
    for rule, stages, count in zip(rules, nets, counts, strict=True):
        kept = list[nn.Sequential]()
        seconds = best_of(partial(learn, rule, stages, shown[:count], kept))
        planes = " and ".join(str(len(kept[0].get_submodule(layer).b)) for layer in ("US1", "US2"))
        each.append(f"{1e3 * seconds / count:.2f} ({planes} planes)")
    print(f"{what}: {', '.join(each)} ms an image")


def many_images(name: str, rule: Learner, stages: Sequence[Stage]) -> None:
    """Print how long learning takes beside the forward pass of the net as trained, and for more images."""
    shown = images(COUNTS[-1])
    trained = rule.fit(neocognitron(stages), shown, seeded(0))
    batch = best_batch(trained, shown.images[:1024])
    ours, theirs = interleaved(
        lambda: rule.fit(neocognitron(stages), shown, seeded(0)),
        lambda: forward(trained, shown.images, batch),
    )
    report(f"{name}, {len(shown)} images: learning / forward pass in batches of {batch}", ours, theirs, 2.2)
    growth(f"{name}, {COUNTS} images", [rule] * 3, [stages] * 3, COUNTS)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    digits = standard_digits().without("label")
    own = [shifted_at_random(digits, 20, 2, seeded(n))[:SHOWN] for n in range(NETS)]
    nets, rules = [fukushima_1980() for _ in own], [RULE_1980] * NETS
    one = best_of(lambda: RULE_1980.fit(nets[0], own[0], seeded(0)), 9)
    within(f"{SHOWN} presentations of the net of 1980", one, 0.15)
    every = best_of(lambda: fit_side_by_side(rules, nets, own, [seeded(n) for n in range(NETS)]), 5)
    within(f"{SHOWN} presentations of {NETS} nets side by side", every, 0.6)
    print(f"one after the other, by the same clock: {NETS * one:.1f} s")
    answering("the net of 1980", fukushima_1980(), 16)
    answering("the net of 1988", fukushima_1988(), 19)
    in_batches, growing = BatchedWinnerTakeAll(columns=(5,)), AddIfSilent(columns=(5,), most=(200, 1000))
    for name, rule, stages in (
        ("winner-take-all in batches", in_batches, STAGES),
        ("add-if-silent", growing, GROWING),
    ):
        many_images(name, rule, stages)
        if len(sys.argv) > 1:
            all_images(name, rule, stages)
    nets_of = [(STAGES[0], replace(STAGES[1], planes=planes)) for planes in PLANES]
    growth(f"winner-take-all, {PLANES} planes in US2", [in_batches] * 3, nets_of, [COUNTS[0]] * 3)
    nets_of = [(GROWING[0], replace(GROWING[1], r=r)) for r in SELECTIVITIES]
    growth(f"add-if-silent, r of US2 {SELECTIVITIES}", [growing] * 3, nets_of, [COUNTS[0]] * 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"memory at most {peak:.2f} GiB, limit 3: {'within' if peak <= 3 else 'MISSED'}")
