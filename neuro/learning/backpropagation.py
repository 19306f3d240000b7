"""Supervised learning by the gradient of a loss (Rumelhart, Hinton & Williams 1986, reported)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.augmentation import Augmentation
from neuro.learning.descent import OPTIMIZERS, Descent
from neuro.learning.learner import History, report_silence, with_history
from neuro.models.fitting import misfits_named
from neuro.models.neocognitron import ReluLayer, SLayer
from neuro.stimuli import Stimuli


def _squares(answers: Tensor, labels: Tensor, reduction: str = "mean") -> Tensor:
    """The mean over classes of (answer - target)^2, targets 1 and -1; of all stimuli the mean or the sum."""
    each = (answers - 2 * F.one_hot(labels, answers.shape[1]) + 1).square().mean(1)
    return each.sum() if reduction == "sum" else each.mean()


LOSSES: dict[str, Callable[..., Tensor]] = {
    "cross-entropy": F.cross_entropy,
    "squares": _squares,
}


@dataclass(frozen=True)
class Backpropagation:
    """Gradient descent on every parameter, w <- w - rate d loss / d w, and the optimizers built on it.

    A neocognitron's C-cells have no parameters and stay fixed. Condition of use: labels, and a last layer
    with one answer for each class.

    A share `validation` of the stimuli is held out. The weights of the epoch with the least validation error
    (of equal ones, the least loss) are kept, and training ends when `patience` epochs brought no better one.
    `schedule` "one-cycle" raises and then lowers the learning rate over all `epochs`, however patient
    (Smith & Topin 2018, reported). S-layers are constrained after every step.

    With `validation` 0 nothing is held out: all epochs are run, and the weights of the last are kept.
    `momentum` is that of "sgd"; 0 is plain gradient descent. The `loss` is the cross-entropy of the answers,
    or as in 1989 the mean over classes of their squared distance to +1 for the class shown and -1 for the
    others. `augmentation` changes the images of every batch before they are shown; those held out are left as
    they are.
    """

    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: float = 3e-3
    weight_decay: float = 0.0
    batch_size: int = 64
    epochs: int = 60
    patience: int = 10
    validation: float = 0.15
    schedule: Literal["constant", "one-cycle"] = "constant"
    momentum: float = 0.9
    loss: Literal["cross-entropy", "squares"] = "cross-entropy"
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation is the share held out, from 0 to below 1; got {self.validation}")
        if self.loss not in LOSSES:
            raise ValueError(f"no loss {self.loss!r}; there are {', '.join(LOSSES)}")
        if self.optimizer not in OPTIMIZERS or self.schedule not in ("constant", "one-cycle"):
            known = ", ".join(map(repr, OPTIMIZERS))
            raise ValueError(f"optimizer {known}; schedule 'constant' or 'one-cycle'; got {self}")
        if min(self.batch_size, self.epochs, self.patience) < 1 or not self.learning_rate > 0:
            raise ValueError(f"batch_size, epochs, patience and learning_rate must be above zero; got {self}")
        if not 0 <= self.momentum < 1 or not self.weight_decay >= 0:
            raise ValueError(f"momentum is from 0 to below 1, weight_decay 0 or more; got {self}")

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy; its history: training loss, validation loss and validation error of every epoch.

        Raises KeyError without labels; ValueError for too few stimuli, a model without parameters, and images
        it cannot take (naming the layer, and what fits) or labels it has no answer for; FloatingPointError if
        the loss is not finite.
        """
        trained = copy.deepcopy(model)
        parameters = [p for p in trained.parameters() if p.requires_grad]
        if not parameters:
            raise ValueError("the model has no parameters to train")
        device = parameters[0].device
        images, labels = stimuli.images.to(device), stimuli.labels.to(device)
        if len(labels) and int(labels.min()) < 0:
            raise ValueError(f"labels are counted from 0; there is {int(labels.min())}")
        held_out = math.ceil(self.validation * len(stimuli))
        if held_out >= len(stimuli):
            raise ValueError(f"{len(stimuli)} stimuli leave nothing to train on once {held_out} are held out")
        validation, training = torch.randperm(len(stimuli), generator=generator).tensor_split([held_out])
        checks = images[validation.to(device)], labels[validation.to(device)]
        # Dropout draws from torch's own generator: seed it from ours, and put it back afterwards.
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
            with misfits_named(trained, images.shape[1:]), _labels_named(trained, images, labels):
                history = self._epochs(trained, images, labels, training, checks, generator)
        report_silence(trained, (checks[0] if held_out else images)[:512])
        return with_history(trained, history)

    def _epochs(
        self,
        model: nn.Sequential,
        images: Tensor,
        labels: Tensor,
        training: Tensor,
        checks: tuple[Tensor, Tensor],
        generator: torch.Generator,
    ) -> History:
        """Train until patience runs out; leaves the best epoch's weights in the model."""
        loss_of = LOSSES[self.loss]
        steps = math.ceil(len(training) / self.batch_size)
        cycle = self.epochs * steps if self.schedule == "one-cycle" else None
        rate, decay = self.learning_rate, self.weight_decay
        descent = Descent(model.parameters(), self.optimizer, rate, decay, cycle, self.momentum)
        plastic = SLayer | ReluLayer
        constraints = [module.constrain for module in model.modules() if isinstance(module, plastic)]
        history: History = {"training loss": [], "validation loss": [], "validation error": []}
        best, best_score, best_epoch = model.state_dict(), (math.inf, math.inf), 0
        progress = tqdm(range(self.epochs), desc="backpropagation", unit="epoch", leave=False, disable=None)
        for epoch in progress:
            model.train()
            total = torch.zeros((), device=images.device)
            order = training[torch.randperm(len(training), generator=generator)].to(images.device)
            for batch in order.split(self.batch_size):
                shown = images[batch] if self.augmentation is None else self.augmentation(images[batch])
                loss = loss_of(model(shown), labels[batch])
                descent.forget()
                loss.backward()
                descent.step()
                for constrain in constraints:
                    constrain()
                total += loss.detach() * len(batch)
            score = _error_and_loss(model, loss_of, *checks)
            if not math.isfinite(float(total)) or not math.isfinite(score[1]):
                raise FloatingPointError(
                    f"the loss is not finite in epoch {epoch + 1}; lower the learning rate"
                )
            history["training loss"].append(float(total) / len(training))
            if not len(checks[0]):
                best_epoch = epoch
                continue
            history["validation error"].append(score[0])
            history["validation loss"].append(score[1])
            progress.set_postfix(error=f"{score[0]:.3f}")
            if score < best_score:
                best, best_score, best_epoch = copy.deepcopy(model.state_dict()), score, epoch
            elif self.schedule == "constant" and epoch - best_epoch >= self.patience:
                break
        model.load_state_dict(best)
        model.eval()
        return {**history, "best epoch": [float(best_epoch + 1)]}


@contextmanager
def _labels_named(model: nn.Module, images: Tensor, labels: Tensor) -> Iterator[None]:
    """An error inside becomes a ValueError that names the label, if the model has no answer for one."""
    try:
        yield
    except (IndexError, RuntimeError) as error:
        with torch.no_grad():
            classes, last = model.eval()(images[:1]).shape[1], int(labels.max())
        if last < classes:
            raise
        said = f"the model tells {classes} classes apart, 0 to {classes - 1}; there is label {last}"
        raise ValueError(said) from error


@torch.no_grad()
def _error_and_loss(
    model: nn.Module, loss_of: Callable[..., Tensor], images: Tensor, labels: Tensor
) -> tuple[float, float]:
    """The share of images taken for another class, and the mean loss, batch by batch; zero of no images."""
    if not len(labels):
        return 0.0, 0.0
    model.eval()
    wrong = loss = 0.0
    for batch, truth in zip(images.split(1024), labels.split(1024), strict=True):
        answer = model(batch)
        wrong += float((answer.argmax(1) != truth).sum())
        loss += float(loss_of(answer, truth, reduction="sum"))
    return wrong / len(labels), loss / len(labels)
