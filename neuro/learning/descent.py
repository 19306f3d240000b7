"""Gradient descent by the functions behind torch's optimizers: AdamW, RMSprop, and SGD with momentum.

    sgd      v <- momentum v + g,                           w <- w - rate v;   momentum 0: plain descent
    rmsprop  s <- 0.99 s + 0.01 g^2,                        w <- w - rate g / (sqrt(s) + epsilon)
    adam     m <- 0.9 m + 0.1 g,  s <- 0.999 s + 0.001 g^2, w <- w - rate m' / (sqrt(s') + epsilon)

of weights w with slopes g; m' and s' are m and s freed of having begun at zero. Sources (reported): Polyak
1964; Tieleman & Hinton 2012, a lecture; Kingma & Ba 2015, decay as in Loshchilov & Hutter 2019.

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
from torch.optim.rmsprop import rmsprop
from torch.optim.sgd import sgd

OPTIMIZERS = "adam", "sgd", "rmsprop"
BETAS, SMOOTHING, EPSILON = (0.9, 0.999), 0.99, 1e-8  # torch's own, of AdamW and RMSprop


class Descent:
    """Steps of "adam" (AdamW), "sgd" or "rmsprop" at a constant rate, or over one cycle of so many steps.

    In a cycle (Smith & Topin 2018, reported; as torch's OneCycleLR has it) the rate rises over 30 % of the
    steps from a 25th and then falls to a 250,000th, along cosines, while momentum goes from 0.95 to 0.85 and
    back; `momentum` is that of "sgd" at a constant rate. "rmsprop" has none.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        optimizer: Literal["adam", "sgd", "rmsprop"],
        learning_rate: float,
        weight_decay: float,
        cycle: int | None = None,
        momentum: float = 0.9,
    ) -> None:
        self.parameters = list(parameters)
        self.optimizer = optimizer
        self.momentum = BETAS[0] if optimizer == "adam" else momentum
        self.learning_rate, self.weight_decay, self.cycle, self.steps = learning_rate, weight_decay, cycle, 0
        self.first: list[torch.Tensor | None] = [None] * len(self.parameters)
        if optimizer == "adam":
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
        first, second = ([kept[i] for i in used] for kept in (self.first, self.second))
        counts = [self.counts[i] for i in used]
        common = {"lr": rate, "weight_decay": self.weight_decay, "maximize": False}
        if self.optimizer == "adam":
            averages = {"beta1": momentum, "beta2": BETAS[1], "eps": EPSILON, "amsgrad": False}
            adamw(moved, slopes, first, second, [], counts, **averages, **common)  # type: ignore[arg-type]
        elif self.optimizer == "rmsprop":
            average = {"alpha": SMOOTHING, "eps": EPSILON, "momentum": 0, "centered": False}
            rmsprop(moved, slopes, second, [], [], counts, **average, **common)  # type: ignore[arg-type]
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
