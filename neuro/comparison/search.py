"""Random search: every rule gets as many trials, drawn from a generator and scored on the validation part."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from neuro.analysis import Part, Reader, features, linear_of_batches
from neuro.analysis.readout import refuse_overlap
from neuro.comparison.one_chain import last_layer
from neuro.experiment import fit_cached
from neuro.learning import Learner
from neuro.models.neocognitron import supervised
from neuro.recording import device_of, layer_names, record
from neuro.stimuli import Stimuli

AT_ONCE = 1000  # stimuli whose features are in memory while the linear readout is fitted


@dataclass(frozen=True)
class Search:
    """A rule as it enters a comparison.

    learner    makes a Learner of named settings: a rule's class, or a function
    settings   name -> the values to draw from, or a distribution of scipy.stats; none: one trial
    labels     what the labelled stimuli are used for beside the readout: nothing, or learning in all layers
    norm       the norm of its weights that the rule aims at, and the power of that norm; None if it has none
    source, locality, waits_for, published    columns of the table, as the reader should see them: what a
               change of a weight is made of, and what a layer needs before it can learn
    """

    learner: Callable[..., Learner]
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Literal["none", "all layers"] = "none"
    norm: tuple[float, float] | None = None
    source: str = ""
    locality: str = ""
    waits_for: str = ""
    published: str = ""

    def __post_init__(self) -> None:
        if self.labels not in ("none", "all layers"):
            raise ValueError(f"labels are used in 'none' or 'all layers'; got {self.labels!r}")

    def drawn(self, trials: int, seed: int) -> list[dict[str, Any]]:
        """The settings of so many trials, none twice where all are lists; all there are if they are fewer."""
        from sklearn.model_selection import ParameterGrid, ParameterSampler

        if trials < 1:
            raise ValueError(f"a search has one trial or more; got {trials}")
        if not any(hasattr(values, "rvs") for values in self.settings.values()):
            trials = min(trials, len(ParameterGrid(dict(self.settings))))
        draws = ParameterSampler(dict(self.settings), trials, random_state=np.random.RandomState(seed))
        return [{name: _plain(value) for name, value in sorted(draw.items())} for draw in draws]


def one_of(*learners: Learner, **about: Any) -> Search:
    """A search among these learners; `about` are the other fields of Search."""
    return Search(_itself, {"learner": learners}, **about)


def _itself(learner: Learner) -> Learner:
    return learner


def _plain(value: Any) -> Any:
    """A number of numpy's, as scipy draws them, as one of Python's, whose repr is shorter."""
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class Parts:
    """The stimuli of one seed: all that rules may look at without labels, and the three labelled parts.

    `train` is what the readouts and the supervised rules are fitted to; it may be a part of `unlabelled`. The
    validation part chooses settings, the test part is opened once. `preprocessing` is said in the table.
    Raises KeyError without the conditions `id` and `label`; ValueError if a stimulus is in two parts.
    """

    unlabelled: Stimuli
    train: Stimuli
    validation: Stimuli
    test: Stimuli
    preprocessing: str = "none"

    def __post_init__(self) -> None:
        parts = {name: getattr(self, name) for name in ("train", "validation", "test")}
        ids = {name: part.condition("id") for name, part in parts.items()}
        refuse_overlap(ids)
        refuse_overlap({"unlabelled": self.unlabelled.condition("id"), "validation": ids["validation"]})
        refuse_overlap({"unlabelled": self.unlabelled.condition("id"), "test": ids["test"]})
        for part in parts.values():
            part.condition("label")


@dataclass(frozen=True)
class Trial:
    """One setting of a rule: what its readout scored on the validation part, or why it did not."""

    rule: str
    seed: int
    settings: str
    validation: float
    failure: str = ""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The trial that read best on the validation part: the learner, the chain it left, and its readout."""

    learner: Learner
    model: nn.Sequential
    reader: Reader


def searched(
    name: str,
    search: Search,
    initial: nn.Sequential,
    parts: Parts,
    seed: int,
    trials: int,
    cache: Path | None,
) -> tuple[Chosen | None, list[Trial]]:
    """The best trial of a rule (of equals the first), and all of them; None if every one failed.

    Which settings are tried follows from the seed and the rule's name, and from no other rule. What a rule
    raises is recorded as the failure of that trial.
    """
    best, records = None, []
    for settings in search.drawn(trials, draw_seed(name, seed)):
        said = repr(settings)
        try:
            learner = search.learner(**settings)
            said = repr(learner)
            model = trained(learner, search, initial, parts, seed, cache)
            reader = linear_of_batches(batches(model, parts.train), batches(model, parts.validation))
        except Exception as error:  # whatever a rule raises must not end the others
            records.append(Trial(name, seed, said, float("nan"), failure_of(error)))
            continue
        records.append(Trial(name, seed, said, reader.validation_accuracy))
        if best is None or reader.validation_accuracy > best.reader.validation_accuracy:
            best = Chosen(learner, model, reader)
    return best, records


def draw_seed(name: str, seed: int) -> int:
    """The seed that a rule's settings are drawn with: another for each rule and each seed."""
    return zlib.crc32(f"{seed} {name}".encode())


def failure_of(error: Exception) -> str:
    """In one line: diverged, or failed and with what."""
    said = " ".join(str(error.args[0] if len(error.args) == 1 else error).split())
    if isinstance(error, FloatingPointError):
        return f"diverged: {said}"
    return f"failed: {type(error).__name__}: {said}"


def trained(
    learner: Learner, search: Search, initial: nn.Sequential, parts: Parts, seed: int, cache: Path | None
) -> nn.Sequential:
    """The chain as the rule leaves it; raises what the rule raises, and FloatingPointError for NaN in it."""
    model = fit_cached(learner, *taught_with(search, initial, parts), seed, cache)
    for name, weights in model.state_dict().items():
        if not bool(torch.isfinite(weights).all()):
            raise FloatingPointError(f"the weights {name} are not finite")
    return model


def taught_with(search: Search, initial: nn.Sequential, parts: Parts) -> tuple[nn.Sequential, Stimuli]:
    """What a rule is handed: the chain, to which a supervised rule gets a decision layer, and its stimuli."""
    if search.labels == "none":
        return initial, parts.unlabelled.without("label")
    if "decision" in layer_names(initial):
        return initial, parts.train
    _, channels, _, size = parts.train.images.shape
    classes = int(parts.train.labels.max()) + 1
    chain = supervised(copy.deepcopy(initial).cpu(), classes, size, channels)
    return chain.to(device_of(initial)), parts.train


def batches(model: nn.Module, stimuli: Stimuli) -> Iterator[Part]:
    """What the layer that is read answers, AT_ONCE stimuli at a time, with labels and ids."""
    layer = last_layer(model)
    for start in range(0, len(stimuli), AT_ONCE):
        part = stimuli[start : start + AT_ONCE]
        rows = features(record(model, part, [layer])[layer])
        if not np.isfinite(rows).all():
            raise FloatingPointError(f"the answers of {layer} are not finite")
        yield Part(rows, part.condition("label"), part.condition("id"))


def whole(model: nn.Module, stimuli: Stimuli) -> Part:
    """The same of all stimuli at once."""
    rows, labels, ids = zip(*batches(model, stimuli), strict=True)
    return Part(np.concatenate(rows), np.concatenate(labels), np.concatenate(ids))
