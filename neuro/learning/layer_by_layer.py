"""Local rules, one layer after the other: what all of them need, so that a rule is one line of arithmetic.

    w <- w + learning_rate * update(w, inputs, outputs),   outputs = inputs w^T

for every plastic layer of a chain in turn, the ones below it finished and fixed. Condition of use: the rule
needs nothing but a layer's own weights, inputs and weighted sums.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from neuro.learning.hebbian import strongest
from neuro.learning.learner import History, refuse_labels, report, with_history
from neuro.learning.patches import (
    Patches,
    Plastic,
    below,
    plastic_layers,
    report_silent_units,
    sample,
    set_weights,
)
from neuro.models.fitting import misfits_named
from neuro.stimuli import Stimuli

Update = Callable[[Tensor, Tensor, Tensor], Tensor]


class Rule(Protocol):
    """A local rule: a frozen dataclass, so that its repr records its settings.

    A rule may have, besides: `begin(weights, generator)`, an update with a memory, made anew for every layer;
    `rates(weights)`, (K, 1), what each unit's learning rate is multiplied by; `constrained(weights)`, the
    weights after each step; `finished(weights)`, what the net is given of them.
    """

    def update(self, weights: Tensor, inputs: Tensor, outputs: Tensor) -> Tensor:
        """The change of weights for a learning rate of one, the mean over the patches.

        Shapes: weights (K, N), inputs (B, N), outputs (B, K), the weighted sums -> (K, N).
        """
        ...


@dataclass(frozen=True)
class LayerByLayer:
    """Any local rule, or a plain function `update`, as a learner of every convolution and dense layer.

    A batch is `batch_size` images and so many `patches.places` of each; 1 and 1 are the online case. The
    learning rate falls to zero in equal steps over the whole run of a layer (`decay` "linear"), or stays.
    `step` "largest" divides each change by its largest entry, as the code of Krotov & Hopfield 2019 and of
    SoftHebb does: the learning rate is then how far the weight that changes most is moved.
    `start` "patches" has the units begin as patches drawn at random, and not with the weights they have.
    `layers` names those to be trained, e.g. "conv1.filters"; all others are passed through as they are.
    Biases are set to zero and stay there. What the trained net computes of a raw patch: see Patches.
    """

    rule: Rule | Update
    learning_rate: float = 0.1
    epochs: int = 1
    batch_size: int = 64
    patches: Patches = field(default_factory=Patches)
    decay: Literal["linear", "constant"] = "linear"
    step: Literal["mean", "largest"] = "mean"
    start: Literal["given", "patches"] = "given"
    layers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch_size) < 1 or not self.learning_rate > 0:
            raise ValueError(f"epochs, batch_size and learning_rate must be above zero; got {self}")
        for value, known in (
            (self.decay, ("linear", "constant")),
            (self.step, ("mean", "largest")),
            (self.start, ("given", "patches")),
        ):
            if value not in known:
                raise ValueError(f"expected one of {', '.join(known)}; got {value!r}")

    @property
    def name(self) -> str:
        """What the rule is called."""
        return getattr(self.rule, "__name__", type(self.rule).__name__)

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy; units that never changed or never answer above zero are reported.

        Its history holds of every epoch of a layer ("conv1.filters change"): `change` of all its weights as
        a share of their length, `distance` from the start likewise, mean `length` of a unit's weights, share
        of units that ever `changed`; and of every unit at the end: `wins`, the share of the last epoch's
        patches to which no other answered more, and `lengths`; and how many `patches` these were. Raises
        ValueError for labelled or blank stimuli and images that do not fit, and FloatingPointError if the
        weights diverge.
        """
        refuse_labels(stimuli, self.name)
        trained = copy.deepcopy(model).eval()
        history: History = {}
        with misfits_named(trained, stimuli.images.shape[1:]):
            for name, layer in plastic_layers(trained, self.layers).items():
                history |= self._train(trained, name, layer, stimuli, generator)
                report_silent_units(trained, name, stimuli)
        return with_history(trained, history)

    def _train(
        self,
        model: nn.Sequential,
        name: str,
        layer: Plastic,
        stimuli: Stimuli,
        generator: torch.Generator,
    ) -> History:
        """Train one layer on what the layers below make of the stimuli."""
        images, before = stimuli.images, below(model, name)
        weights = self._first(model, name, stimuli, generator)
        update, course = self._update(weights, generator), Course(weights)
        constrained = getattr(self.rule, "constrained", _as_they_are)
        steps, done = self.epochs * math.ceil(len(stimuli) / self.batch_size), 0
        progress = tqdm(total=steps, desc=f"{self.name} {name}", leave=False, disable=None)
        for _ in range(self.epochs):
            course.begin_epoch()
            for part in torch.randperm(len(images), generator=generator).split(self.batch_size):
                seen = before(images.index_select(0, part.to(images.device)).to(weights.device))
                inputs = self.patches.drawn(layer, seen, generator)
                if len(inputs):
                    outputs = inputs @ weights.T
                    course.add(outputs)
                    change = update(weights, inputs, outputs)
                    weights = constrained(self._moved(weights, change, done / steps))
                done += 1
                progress.update()
            course.end_epoch(weights, f"{self.name} in {name}")
        progress.close()
        report(name, course.unchanged, len(weights), "never changed")
        weights = self.patches.centred(getattr(self.rule, "finished", _as_they_are)(weights))
        set_weights(layer, weights)
        return course.history(name)

    def _first(self, model: nn.Sequential, name: str, stimuli: Stimuli, generator: torch.Generator) -> Tensor:
        """The weights that a layer begins with, one row a unit."""
        weights = plastic_layers(model, (name,))[name].weight.detach().flatten(1)
        if self.start == "given":
            return self.patches.centred(weights).clone()
        return sample(model, name, self.patches, stimuli, len(weights), generator)[0]

    def _update(self, weights: Tensor, generator: torch.Generator) -> Update:
        if hasattr(self.rule, "begin"):
            update: Update = self.rule.begin(weights, generator)
            return update
        return self.rule.update if hasattr(self.rule, "update") else self.rule

    def _moved(self, weights: Tensor, change: Tensor, done: float) -> Tensor:
        """The weights a step further, after this share of the run."""
        rates: Tensor = getattr(self.rule, "rates", _all_one)(weights)
        if self.step == "largest":
            rates = rates / change.abs().max().clamp(min=1e-30)
        rate = self.learning_rate * (1 - done if self.decay == "linear" else 1)
        return torch.addcmul(weights, rates, change, value=rate)


def _as_they_are(weights: Tensor) -> Tensor:
    return weights


def _all_one(weights: Tensor) -> Tensor:
    return weights.new_ones(1, 1)


class Course:
    """Collects what happens to the weights of a layer, epoch by epoch."""

    def __init__(self, first: Tensor) -> None:
        self.first = self._last = first
        self._ever = torch.zeros(len(first), dtype=torch.bool, device=first.device)
        self._epochs: History = {"change": [], "distance": [], "length": [], "changed": []}

    def begin_epoch(self) -> None:
        """Count wins anew."""
        self._wins = torch.zeros(len(self.first), dtype=torch.long, device=self.first.device)

    def add(self, outputs: Tensor) -> None:
        """The weighted sums of one batch, (B, K)."""
        self._wins += torch.bincount(strongest(outputs), minlength=outputs.shape[1])

    def end_epoch(self, weights: Tensor, what: str) -> None:
        """Compare the weights; raises if they are not finite, or if nothing was seen to learn from."""
        self._lengths = torch.linalg.vector_norm(weights, dim=1)  # which overflows before the weights do
        if not self._lengths.isfinite().all():
            epoch = len(self._epochs["change"]) + 1
            raise FloatingPointError(f"{what} diverges in epoch {epoch}; lower the learning rate")
        if not self._wins.any():
            raise ValueError(f"nothing to learn for {what}: its input is blank for every stimulus")
        self._ever |= (weights != self._last).any(1)
        for key, old in (("change", self._last), ("distance", self.first)):
            self._epochs[key].append(float((weights - old).norm() / old.norm().clamp(min=1e-30)))
        self._epochs["length"].append(float(self._lengths.mean()))
        self._epochs["changed"].append(float(self._ever.float().mean()))
        self._last = weights

    @property
    def unchanged(self) -> list[int]:
        """The units that never learned."""
        return (~self._ever).nonzero().flatten().tolist()

    def history(self, name: str) -> History:
        """All of it, under the name of the layer."""
        wins = self._wins / self._wins.sum()
        units: History = {"wins": wins.tolist(), "lengths": self._lengths.tolist()}
        units["patches"] = [float(self._wins.sum())]
        return {f"{name} {key}": values for key, values in (self._epochs | units).items()}
