"""What every rule has in common: the protocol, the history of a training, and the report of silent planes."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from neuro.models.neocognitron import ReluLayer, SLayer
from neuro.stimuli import Stimuli

log = logging.getLogger("neuro.learning")

History = dict[str, list[float]]
Reinforced = SLayer | ReluLayer


class Learner(Protocol):
    """A rule. Implementations are frozen dataclasses, so that repr(rule) records the settings."""

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A trained copy of the model; history_of(copy) is the course of its training."""
        ...


def with_history(model: nn.Sequential, history: History) -> nn.Sequential:
    """The model, carrying the course of its training: name -> a number for every epoch or plane."""
    object.__setattr__(model, "history", history)
    return model


def history_of(model: nn.Module) -> History:
    """The history a rule left in a model it trained; empty for a model that was never trained."""
    history: History = getattr(model, "history", {})
    return history


def s_layers(model: nn.Sequential) -> dict[str, SLayer]:
    """The S-layers of a neocognitron with its own functions; raises ValueError if the chain has none."""
    layers = {name: layer for name, layer in model.named_children() if isinstance(layer, SLayer)}
    _refuse_none(layers, model, "SLayer")
    return layers


def reinforced_layers(model: nn.Sequential) -> dict[str, Reinforced]:
    """The S-layers of a neocognitron, original or modern; raises ValueError if the chain has none."""
    layers = {name: layer for name, layer in model.named_children() if isinstance(layer, Reinforced)}
    _refuse_none(layers, model, "SLayer or ReluLayer")
    return layers


def _refuse_none(layers: Mapping[str, nn.Module], model: nn.Sequential, kinds: str) -> None:
    if not layers:
        names = ", ".join(name for name, _ in model.named_children()) or "no named layers"
        raise ValueError(f"this rule reinforces S-layers; the model has {names}, none of them an {kinds}")


def refuse_labels(stimuli: Stimuli, rule: str) -> None:
    """Unsupervised rules are never handed a label; and no rule learns from nothing. Raises ValueError."""
    if "label" in stimuli.conditions:
        raise ValueError(f"{rule} learns without a teacher; hand it stimuli.without('label')")
    if len(stimuli) == 0:
        raise ValueError(f"{rule} was given no stimuli")


@torch.no_grad()
def refuse_unfit(models: Sequence[nn.Sequential], stimuli: Stimuli) -> None:
    """Raise ValueError unless all layers can take the stimuli, and weights are numbers.

    The first of the models, which have one architecture, is shown the first of the stimuli; its layers say
    themselves what they expected. Weights may be no numbers after a descent that went astray.
    """
    for model in models:
        broken = [name for name, value in model.state_dict().items() if not value.isfinite().all()]
        if broken:
            raise ValueError(f"the model's {broken[0]} holds NaN or infinity, and no rule learns from there")
    device = next((weights.device for weights in models[0].parameters()), None)
    copy.deepcopy(models[0]).eval()(stimuli.images[:1].to(device))


@torch.no_grad()
def report_silence(model: nn.Sequential, images: Tensor) -> None:
    """Say for each layer of planes in which of them no cell answers any of the images."""
    answer = images
    for name, layer in model.named_children():
        answer = layer(answer)
        if answer.ndim == 4:
            silent = (answer == 0).all(0).flatten(1).all(1)
            report(name, silent.nonzero().flatten().tolist(), len(silent), "answer nothing")


def report(layer: str, planes: Sequence[int], of: int, what: str) -> None:
    """Say which planes stayed out of the learning; nothing is said when none did."""
    if planes:
        shown = ", ".join(map(str, planes[:8])) + (", ..." if len(planes) > 8 else "")
        log.warning("%s: %d of %d planes %s: %s", layer, len(planes), of, what, shown)


def report_full(layer: str, planes: int, most: int) -> None:
    """Say that a layer has as many planes as it may grow; nothing is said as long as there is room."""
    if planes == most:
        log.warning("%s: all %d planes grown, and no room for more", layer, most)


@contextmanager
def unreported() -> Iterator[None]:
    """Within it nothing is said of such planes: for sweeps of many nets, which count them themselves."""
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
