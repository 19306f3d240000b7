"""Gradient descent by the functions behind torch's optimizers: AdamW, and SGD with momentum.

The optimizers themselves, on their first use, import torch's compiler: a second, in every process, of which
nothing here makes use. The steps are theirs, to the last bit, as a test holds them to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

BETAS, EPSILON = (0.9, 0.999), 1e-8  # torch's own, of AdamW


class Descent:
    """Steps of "adam" (AdamW) or "sgd" at a constant rate, or over one cycle of so many steps.

    In a cycle (Smith & Topin 2018, reported; as torch's OneCycleLR has it) the rate rises over 30 % of the
    steps from a 25th and then falls to a 250,000th, along cosines, while momentum goes from 0.95 to 0.85 and
    back; `momentum` is that of "sgd" at a constant rate.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        optimizer: Literal["adam", "sgd"],
        learning_rate: float,
        weight_decay: float,
        cycle: int | None = None,
        momentum: float = 0.9,
    ) -> None:
        self.parameters = list(parameters)
        self.adaptive = optimizer == "adam"
        self.momentum = BETAS[0] if self.adaptive else momentum
        self.learning_rate, self.weight_decay, self.cycle, self.steps = learning_rate, weight_decay, cycle, 0
        self.first: list[torch.Tensor | None] = [None] * len(self.parameters)
        if self.adaptive:
            self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self.counts = [torch.zeros(()) for _ in self.parameters]

    def now(self) -> tuple[float, float]:
        """Learning rate and momentum of the next step."""
        highest, lowest = self.learning_rate, self.learning_rate / 25
        if self.cycle is None:
            return highest, self.momentum
        top, last = 0.3 * self.cycle - 1, self.cycle - 1
        if self.steps <= top:
            share = self.steps / top
            return _eased(lowest, highest, share), _eased(0.95, 0.85, share)
        share = (self.steps - top) / (last - top)
        return _eased(highest, lowest / 1e4, share), _eased(0.85, 0.95, share)

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        rate, momentum = self.now()
        used = [i for i, p in enumerate(self.parameters) if p.grad is not None]
        moved = [self.parameters[i] for i in used]
        slopes = [p.grad for p in moved if p.grad is not None]
        first = [self.first[i] for i in used]
        common = {"lr": rate, "weight_decay": self.weight_decay, "maximize": False}
        if self.adaptive:
            second, counts = [self.second[i] for i in used], [self.counts[i] for i in used]
            averages = {"beta1": momentum, "beta2": BETAS[1], "eps": EPSILON, "amsgrad": False}
            adamw(moved, slopes, first, second, [], counts, **averages, **common)  # type: ignore[arg-type]
        else:
            sgd(moved, slopes, first, momentum=momentum, dampening=0, nesterov=False, **common)  # type: ignore[arg-type]
            for i, buffer in zip(used, first, strict=True):
                self.first[i] = buffer
        self.steps += 1

    def forget(self) -> None:
        """Let go of the gradients of the last step."""
        for parameter in self.parameters:
            parameter.grad = None


def _eased(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine."""
    return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)
