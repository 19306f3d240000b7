"""The columns of the table: what is measured of a trained chain; what is not is a blank with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from neuro.analysis import (
    lifetime_sparseness,
    linear_cka,
    norm_spread,
    norms_reached,
    population_sparseness,
    representational_similarity,
    selectivity_index,
    winner_entropy,
)
from neuro.comparison.one_chain import last_layer, learning_planes
from neuro.comparison.search import Chosen, Parts, Search
from neuro.experiment.cache import seconds_of
from neuro.learning import Learner, RandomGabor, Untrained, history_of
from neuro.physiology import distance_from_start, learning_macs, plastic_weights
from neuro.physiology.layer_arithmetic import layer_table
from neuro.recording import layer_names, record
from neuro.stimuli import Stimuli

Value = float | int | str | None
MEASURED_ON = 300  # validation stimuli for what is measured of the representation


@dataclass
class Columns:
    """Values by the name of their column, and of those that are None the reason."""

    values: dict[str, Value] = field(default_factory=dict)
    blanks: dict[str, str] = field(default_factory=dict)

    def blank(self, column: str, reason: str) -> None:
        """Nothing is known of this column, for this reason."""
        self.values[column], self.blanks[column] = None, reason

    def take(self, column: str, measure: Callable[[], float], undefined: str) -> None:
        """What `measure` gives; a blank if it refuses, or gives NaN, which means `undefined`."""
        try:
            value = measure()
        except Exception as error:  # a net of others may refuse in ways of its own
            self.blank(column, " ".join(f"{error}".split()) or type(error).__name__)
            return
        if np.isnan(value):
            self.blank(column, undefined)
        else:
            self.values[column] = float(value)


def representation(model: nn.Module, parts: Parts) -> np.ndarray:
    """What the layer that is read answers to the first MEASURED_ON validation stimuli. (n, K, H, W)."""
    layer = last_layer(model)
    return record(model, parts.validation[:MEASURED_ON], [layer])[layer]


def measure_activity(columns: Columns, model: nn.Module, parts: Parts) -> None:
    """Who answers what, of the layer that is read: a unit is a cell, but planes are dead and planes win.

    And of all layers which planes the rule changed; of rules that compete these are the ones that won.
    """
    answers = representation(model, parts)
    cells, labels = answers.reshape(len(answers), -1), parts.validation.condition("label")[:MEASURED_ON]
    silent = "the layer that is read is silent"
    columns.take("dead (share)", lambda: float((answers == 0).all(axis=(0, 2, 3)).mean()), silent)
    changed = learning_planes(model)
    columns.take(
        "never changed (share)",
        lambda: 1 - float(np.mean([*changed.values()])) if changed else np.nan,
        "the rule does not say",
    )
    means: dict[str, Callable[[], np.ndarray]] = {
        "population sparseness": lambda: population_sparseness(cells.T),
        "lifetime sparseness": lambda: lifetime_sparseness(cells.T),
        "selectivity": lambda: selectivity_index(cells, labels),
    }
    for name, measure in means.items():
        columns.take(name, lambda measure=measure: mean_known(measure()), silent)  # type: ignore[misc]
    columns.take("winner entropy", lambda: winner_entropy(answers.max(axis=(2, 3))), silent)


def measure_weights(columns: Columns, search: Search, before: nn.Sequential, after: nn.Sequential) -> None:
    """How far the weights came: means over the layers that can learn, the decision layer left out."""
    weights = {name: rows for name, rows in plastic_weights(after).items() if name != "decision"}
    none, norm = "no layer can learn", search.norm

    def reached() -> float:
        return mean_known([norms_reached(rows, *norm) for rows in weights.values()]) if norm else np.nan

    columns.take("norm reached (share)", reached, "the rule aims at no norm" if norm is None else none)
    columns.take("spread of norms", lambda: mean_known([norm_spread(w) for w in weights.values()]), none)
    columns.take(
        "distance from start", lambda: mean_known([*distance_from_start(before, after).values()]), none
    )


def measure_likeness(columns: Columns, to: str, mine: np.ndarray, other: np.ndarray | None) -> None:
    """CKA and RSA to another chain's layer that is read; never one without the other."""
    for name, measure in (("CKA", linear_cka), ("RSA", representational_similarity)):
        if other is None:
            columns.blank(f"{name} to {to}", f"{to} is not in this comparison, or failed")
        else:
            rows = [each.reshape(len(each), -1) for each in (mine, other)]
            columns.take(
                f"{name} to {to}",
                lambda measure=measure, rows=rows: measure(*rows),  # type: ignore[misc]
                "all stimuli are answered alike",
            )


def measure_cost(columns: Columns, chosen: Chosen, stimuli: int) -> None:
    """What it took: stimuli and seconds; and the angle to the true gradient that feedback rules keep.

    It is the mean over the layers through which an error came; the last layer's is zero, and left out. The
    seconds of these rules are with the measuring of their angles.
    """
    seen, seconds = samples_seen(chosen.learner, chosen.model, stimuli), seconds_of(chosen.model)
    columns.values["stimuli to learn from"] = stimuli
    silent = "the rule does not say"
    columns.take("stimuli seen", lambda: np.nan if seen is None else seen, silent)
    columns.take("epochs", lambda: np.nan if seen is None else seen / stimuli, silent)
    columns.take("seconds", lambda: np.nan if seconds is None else seconds, "trained before times were kept")
    angles = [
        course[-1]
        for name, course in history_of(chosen.model).items()
        if name.startswith("update angle") and course
    ][:-1]
    columns.take("angle to gradient (degrees)", lambda: mean_known(angles), "the rule measures no angle")


def measure_macs(
    columns: Columns, chosen: Chosen, counted_on: int, chain: nn.Sequential, stimuli: Stimuli
) -> None:
    """Multiply-accumulates: of a forward pass; of all the learning, for each stimulus and for all of them."""
    few, generator = stimuli[:counted_on], torch.Generator().manual_seed(0)
    trained = chosen.model, len(stimuli)
    counts: dict[str, Callable[[], float]] = {
        "MACs forward": lambda: forward_macs(chosen.model, stimuli),
        "MACs of learning": lambda: learning_macs(chosen.learner, chain, few, generator, trained),
    }
    for column, count in counts.items():
        if counted_on:
            columns.take(column, count, "no products were counted")
        else:
            columns.blank(column, "not counted in this comparison")
    each, in_all = columns.values["MACs of learning"], "MACs of learning, in all"
    if each is None:
        columns.blank(in_all, columns.blanks["MACs of learning"])
    else:
        columns.values[in_all] = float(each) * len(stimuli)


def forward_macs(model: nn.Sequential, stimuli: Stimuli) -> float:
    """Multiply-accumulates of one image, up to the layer that is read."""
    _, channels, height, width = stimuli.images.shape
    layers = [name for name in layer_names(model) if name != "decision"]
    return float(layer_table(model, (channels, height, width), layers).total("macs"))


def samples_seen(learner: Learner, model: nn.Module, stimuli: int) -> int | None:
    """How many stimuli a rule was shown in all, each as often as it was; None if it does not say.

    From the history `samples seen`; else epochs times stimuli: as many as there were training losses, or as
    the setting `presentations` or `epochs` says.
    """
    history = history_of(model)
    if isinstance(learner, Untrained | RandomGabor):
        return 0
    if history.get("samples seen"):
        return int(history["samples seen"][-1])
    epochs = len(history.get("training loss", ())) or getattr(learner, "presentations", None)
    epochs = epochs or getattr(learner, "epochs", None)
    return None if epochs is None else int(epochs) * stimuli


def outnumbered(model: nn.Module) -> list[str]:
    """The layers that had fewer patches to learn from than units, as far as the rule counts them."""
    history, said = history_of(model), []
    for name in (key.removesuffix(" patches") for key in history if key.endswith(" patches")):
        units, patches = len(history[f"{name} lengths"]), int(history[f"{name} patches"][-1])
        if patches < units:
            said.append(f"few: {name} has {units} units and saw {patches} patches")
    return said


def mean_known(values: np.ndarray | list[float]) -> float:
    """The mean of those that are not NaN; NaN if there are none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else float("nan")
