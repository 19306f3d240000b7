"""The forward-forward rule: every layer tells right labels from wrong ones, and hears nothing from above.

Symbols: y_j the cells of a layer, n of them, g = sum of y_j^2 their goodness, theta the threshold.

    p(right) = 1 / (1 + exp(-z)),   z = (g - theta) / temperature,   theta = threshold n
    loss of the layer = log(1 + exp(-z of the right label)) + log(1 + exp(z of the wrong label))

both shown in the same image, the wrong label drawn evenly from the others, anew in every epoch. A layer sees
what the one below it makes, brought to one size, and passes no error back (Hinton 2022, arXiv 2212.13345).

Condition of use: labels, and the chain of `models.goodness`.

Differs from the paper (reported; some of it only in the author's program): wrong labels are not those that
the net finds likely; no pull of the cells of a layer towards one mean activity.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.descent import OPTIMIZERS, Descent
from neuro.learning.learner import History, report, with_history
from neuro.models.fitting import misfits_named
from neuro.models.goodness import EveryLabel, Goodness
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class ForwardForward:
    """Descent of each hidden layer on its own loss, all of them at every step; `threshold` is theta per cell.

    Threshold and temperature are 1 in the author's program (reported). A higher temperature asks for a wider
    gap between right and wrong, and learns faster where a layer has many cells. `optimizer`, `momentum` and
    `schedule` as of Backpropagation; the weights of the last epoch are kept.
    """

    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: float = 3e-3
    weight_decay: float = 0.0
    batch_size: int = 64
    epochs: int = 60
    schedule: Literal["constant", "one-cycle"] = "constant"
    momentum: float = 0.9
    threshold: float = 1.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS or self.schedule not in ("constant", "one-cycle"):
            known = ", ".join(map(repr, OPTIMIZERS))
            raise ValueError(f"optimizer {known}; schedule 'constant' or 'one-cycle'; got {self}")
        positive = self.batch_size, self.epochs, self.learning_rate, self.threshold, self.temperature
        if not all(number > 0 for number in positive):
            raise ValueError(f"batches, epochs, rate, threshold and temperature are above zero; got {self}")
        if not 0 <= self.momentum < 1 or not self.weight_decay >= 0:
            raise ValueError(f"momentum is from 0 to below 1, weight_decay 0 or more; got {self}")

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy; its history: the `loss, <layer>` of every epoch.

        Raises KeyError without labels; ValueError for no stimuli, another chain, labels it does not write,
        and images it cannot take (naming the layer, and what fits); FloatingPointError if a loss is not
        finite. Cells that answer none of the images are reported.
        """
        trained = copy.deepcopy(model).eval()
        labelled, hidden = _parts(trained)
        images, labels = stimuli.images.to(next(trained.parameters()).device), stimuli.labels
        if not len(labels):
            raise ValueError("ForwardForward was given no stimuli")
        if not 0 <= int(labels.min()) <= int(labels.max()) < labelled.classes:
            there = f"{int(labels.min())} to {int(labels.max())}"
            raise ValueError(f"the model writes labels 0 to {labelled.classes - 1}; there are {there}")
        with misfits_named(trained, images.shape[1:]):
            history = self._epochs(labelled, hidden, images, labels, generator)
        _report_silence(labelled, hidden, images[:512], labels[:512])
        return with_history(trained, history)

    def _epochs(
        self,
        labelled: EveryLabel,
        hidden: Mapping[str, nn.Module],
        images: Tensor,
        labels: Tensor,
        generator: torch.Generator,
    ) -> History:
        """Train the hidden layers in place."""
        parameters = [parameter for layer in hidden.values() for parameter in layer.parameters()]
        cycle = self.epochs * math.ceil(len(labels) / self.batch_size)
        # One descent for all layers: no loss has a slope in the weights of another.
        descent = Descent(
            parameters,
            self.optimizer,
            self.learning_rate,
            self.weight_decay,
            cycle if self.schedule == "one-cycle" else None,
            self.momentum,
        )
        history: History = {f"loss, {name}": [] for name in hidden}
        progress = tqdm(range(self.epochs), desc="forward-forward", unit="epoch", leave=False, disable=None)
        for epoch in progress:
            order = torch.randperm(len(labels), generator=generator)
            others = torch.randint(1, labelled.classes, labels.shape, generator=generator)
            both = torch.stack([labels, (labels + others) % labelled.classes], 1).to(images.device)
            total = torch.zeros(len(hidden), device=images.device)
            for batch in order.to(images.device).split(self.batch_size):
                shown = labelled.written(images[batch], both[batch])
                losses = layer_losses(hidden.values(), shown, self.threshold, self.temperature)
                descent.forget()
                losses.sum().backward()
                descent.step()
                total += losses.detach() * len(batch)
            if not total.isfinite().all():
                raise FloatingPointError(
                    f"the loss is not finite in epoch {epoch + 1}; lower the learning rate"
                )
            for course, loss in zip(history.values(), (total / len(labels)).tolist(), strict=True):
                course.append(loss)
        return history


def layer_losses(
    hidden: Iterable[nn.Module], shown: Tensor, threshold: float = 1.0, temperature: float = 1.0
) -> Tensor:
    """The mean loss of each hidden layer; its slope is zero in the weights of all others.

    Shapes: `shown` the images with their right and with a wrong label, (B, 2, 1, pixels) -> (layers,).
    """
    goodness, losses = Goodness(), []
    for layer in hidden:
        shown = layer(shown.detach())
        right, wrong = ((goodness(shown) - threshold * shown.shape[-1]) / temperature).unbind(1)
        losses.append((F.softplus(-right) + F.softplus(wrong)).mean())
    return torch.stack(losses)


def _parts(model: nn.Sequential) -> tuple[EveryLabel, dict[str, nn.Module]]:
    """What writes the labels, and the hidden layers by name; ValueError for a chain of another kind."""
    layers = list(model.named_children())
    hidden = dict(layers[1:-1])
    if hidden and all([*layer.parameters()] for layer in hidden.values()):
        match layers[0][1], layers[-1][1]:
            case EveryLabel() as labelled, Goodness():
                return labelled, hidden
    there = ", ".join(f"{name} ({type(layer).__name__})" for name, layer in layers) or "no layers"
    raise ValueError(
        f"forward-forward trains EveryLabel, hidden layers with weights, Goodness; the model has {there}"
    )


@torch.no_grad()
def _report_silence(
    labelled: EveryLabel, hidden: Mapping[str, nn.Module], images: Tensor, labels: Tensor
) -> None:
    """Say for each hidden layer which cells answer none of the images, with its own label in it."""
    answer = labelled.written(images, labels[:, None].to(images.device))
    for name, layer in hidden.items():
        answer = layer(answer)
        silent = (answer == 0).flatten(0, -2).all(0)
        report(name, silent.nonzero().flatten().tolist(), len(silent), "answer nothing")
