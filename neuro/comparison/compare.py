"""A comparison of learning rules: one architecture, the same initial weights, stimuli, search and readout.

    compare(rules, Design(build, parts), seeds)

With every seed the stimuli are split and the chain is built anew; every rule starts from these weights, has
the same stimuli and the same number of trials, of which the one that the linear readout reads best on the
validation part is kept; then the test part is opened, once. What a rule does wrong stands in its own row.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from neuro.analysis import cell_vote, logistic, nearest
from neuro.analysis.majority import winner_vote
from neuro.analysis.readout import Fit, Part
from neuro.comparison import measures
from neuro.comparison.measures import Columns, representation
from neuro.comparison.one_chain import disturbed, last_layer
from neuro.comparison.search import (
    Chosen,
    Parts,
    Search,
    Trial,
    batches,
    draw_seed,
    searched,
    taught_with,
    whole,
)
from neuro.comparison.table import Comparison, Row, with_gains
from neuro.experiment import checksum, over_seeds
from neuro.experiment.cache import training_key
from neuro.experiment.errors import PACKAGE
from neuro.experiment.files import written_aside
from neuro.experiment.provenance import code_hash
from neuro.learning.learner import unreported
from neuro.physiology import plastic_weights
from neuro.stimuli import Stimuli

READOUTS: Mapping[str, Fit] = {
    "logistic": logistic,
    "k-NN": nearest,
    "cell vote": cell_vote,
    "winner vote": winner_vote,
}
LARGEST = (
    2**24
)  # features of the training part, in all, that a readout may hold; it copies them several times


@dataclass(frozen=True)
class Design:
    """What all rules of a comparison share.

    build, parts  make the chain, without a decision layer, and the stimuli, from the generator of a seed
    trials        of every rule in its search
    readouts      beside the linear one, which chooses; on the test part as it is
    shifts, noise the test part moved by so many pixels; in noise of this standard deviation
    counted_on    stimuli that a rule is fitted to once more to count its operations; 0: they are not counted
    random, imprinted, twin   the names of the rules that gains are counted from, where they take part
    """

    build: Callable[[torch.Generator], nn.Sequential]
    parts: Callable[[torch.Generator], Parts]
    trials: int = 1
    readouts: Mapping[str, Fit] = field(default_factory=lambda: READOUTS)
    shifts: Sequence[int] = (2,)
    noise: Sequence[float] = (0.2,)
    random: str = "untrained"
    imprinted: str = "imprinted"
    twin: str = "backpropagation"
    counted_on: int = 32
    device: str = "cpu"
    cache: Path | None = None

    @property
    def controls(self) -> dict[str, str]:
        """The columns of gains, and the rule each is counted from."""
        return {
            "gain over random": self.random,
            "gain over imprinting": self.imprinted,
            "gap to twin": self.twin,
        }


def compare(rules: Mapping[str, Search], design: Design, seeds: Iterable[int], jobs: int = 1) -> Comparison:
    """All rules with all seeds, in `jobs` processes of one thread each.

    With a cache, trained nets and finished rows are kept there, and a run that was cut off goes on from them;
    a failed row is tried again. Raises ValueError for no rules, and UserError for parts that do not fit.
    """
    if not rules:
        raise ValueError("a comparison needs at least one rule")
    done = over_seeds(partial(one_seed, rules, design), map(int, seeds), jobs)
    in_order = [(row, trials) for name in range(len(rules)) for row, trials in (of[name] for of in done)]
    rows = with_gains([row for row, _ in in_order], design.controls)
    return Comparison(rows, tuple(trial for _, trials in in_order for trial in trials))


def one_seed(rules: Mapping[str, Search], design: Design, seed: int) -> list[tuple[Row, list[Trial]]]:
    """The row and the trials of every rule with one seed."""
    bench = _Bench(rules, design, seed)
    with unreported():  # dead units are a column
        return [bench.finished(name) for name in rules]


class _Bench:
    """One seed: its stimuli and initial weights, and the rules as far as they were searched."""

    def __init__(self, rules: Mapping[str, Search], design: Design, seed: int) -> None:
        self.rules, self.design, self.seed = rules, design, seed
        generator = torch.Generator().manual_seed(seed)
        self.parts = design.parts(generator)
        self.initial = design.build(generator).to(design.device)
        self._searched: dict[str, tuple[Chosen | None, list[Trial]]] = {}

    def searched(self, name: str) -> tuple[Chosen | None, list[Trial]]:
        if name not in self._searched:
            known = self.initial, self.parts, self.seed, self.design.trials, self.design.cache
            self._searched[name] = searched(name, self.rules[name], *known)
        return self._searched[name]

    @cached_property
    def at_first(self) -> np.ndarray:
        return representation(self.initial, self.parts)

    @cached_property
    def of_twin(self) -> np.ndarray | None:
        twin = self.searched(self.design.twin)[0] if self.design.twin in self.rules else None
        return None if twin is None else representation(twin.model, self.parts)

    @cached_property
    def tests(self) -> dict[str, Stimuli]:
        """The test part, as it is and disturbed, by the column that says how it is read."""
        shifts, noise = self.design.shifts, self.design.noise
        names = [f"accuracy, moved {by} px" for by in shifts] + [f"accuracy, noise {sd:g}" for sd in noise]
        shown = disturbed(self.parts.test, shifts, noise, self.seed)
        return {"accuracy": self.parts.test, **dict(zip(names, shown, strict=True))}

    def finished(self, name: str) -> tuple[Row, list[Trial]]:
        """The row of one rule, from the cache if it is there."""
        path = self._path(name)
        if path is not None and path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            return Row(kept["values"], kept["blanks"]), [Trial(**trial) for trial in kept["trials"]]
        row, trials = self._row(name), self.searched(name)[1]
        if path is not None and not str(row["status"]).startswith("failed"):
            with written_aside(path.parent, path.stem) as aside:
                kept = {"values": row.values, "blanks": row.blanks, "trials": [asdict(t) for t in trials]}
                (aside / path.name).write_text(json.dumps(kept), encoding="utf-8")
        return row, trials

    def _path(self, name: str) -> Path | None:
        """Where a finished row is kept: under all that it follows from."""
        design, twin = self.design, self.design.twin
        if design.cache is None:
            return None
        try:
            keys = [self._key(each) for each in dict.fromkeys([name, *[twin][: twin in self.rules]])]
        except Exception:  # a rule that cannot be made, or be a key, fails when it is trained: in its own row
            return None
        shown = design.readouts, design.shifts, design.noise, design.counted_on
        about = name, self.rules[name], shown, self.parts.preprocessing
        stimuli = checksum(self.parts.train, self.parts.validation, self.parts.test)
        own = {Path(inspect.getfile(getattr(fit, "func", fit))) for fit in design.readouts.values()}
        code = code_hash({*PACKAGE.rglob("*.py"), *own})
        # A function's repr holds its address.
        text = re.sub(r" at 0x[0-9a-f]+", "", repr((about, keys, stimuli, code)))
        return design.cache / "rows" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"

    def _key(self, name: str) -> list[str]:
        search = self.rules[name]
        drawn = search.drawn(self.design.trials, draw_seed(name, self.seed))
        handed = taught_with(search, self.initial, self.parts)
        return [training_key(search.learner(**settings), *handed, self.seed) for settings in drawn]

    def _row(self, name: str) -> Row:
        search, columns = self.rules[name], Columns({"rule": name, "seed": self.seed})
        chosen, trials = self.searched(name)
        columns.values["status"] = trials[0].failure if chosen is None else "ok"
        _describe(columns, search, self.parts, trials)
        if chosen is None:
            columns.blank("accuracy", str(columns.values["status"]))
            return Row(columns.values, columns.blanks)
        columns.values["settings"] = repr(chosen.learner)
        try:
            self._measure(columns, search, chosen)
        except Exception as error:  # a net that breaks on the test part must not end the other rules
            columns.values["status"] = f"failed: {type(error).__name__}: {error}"
            columns.blank("accuracy", str(columns.values["status"]))
        return Row(columns.values, columns.blanks)

    def _measure(self, columns: Columns, search: Search, chosen: Chosen) -> None:
        reader, answers = chosen.reader, representation(chosen.model, self.parts)
        columns.values |= {
            "architecture": _architecture(chosen.model),
            "parameters": sum(p.numel() for p in chosen.model.parameters() if p.requires_grad),
            "features": reader.n_features,
            "labels": reader.n_labels,
            "alpha": reader.setting,
            "validation": reader.validation_accuracy,
        }
        for column, test in self.tests.items():
            read = reader.read(batches(chosen.model, test))
            columns.values[column] = read.accuracy
            if column == "accuracy":
                columns.values["status"] = _status(chosen, read.remarks)
                columns.values["remarks"] = "; ".join(read.remarks)
        self._other_readouts(columns, chosen.model)
        measures.measure_activity(columns, chosen.model, self.parts)
        measures.measure_weights(columns, search, self.initial, chosen.model)
        measures.measure_likeness(columns, "random", answers, self.at_first)
        measures.measure_likeness(columns, "twin", answers, self.of_twin)
        handed = taught_with(search, self.initial, self.parts)
        measures.measure_cost(columns, chosen, len(handed[1]))
        measures.measure_macs(columns, chosen, self.design.counted_on, *handed)

    def _other_readouts(self, columns: Columns, model: nn.Module) -> None:
        size = len(self.parts.train) * representation(model, self.parts)[0].size
        if size > LARGEST:
            for name in self.design.readouts:
                columns.blank(
                    f"accuracy, {name}", f"{size} features of the training part are more than {LARGEST}"
                )
            return
        train, validation, test = (
            whole(model, part) for part in (self.parts.train, self.parts.validation, self.parts.test)
        )
        for name, fit in self.design.readouts.items():
            columns.take(f"accuracy, {name}", partial(_accuracy, fit, train, validation, test), "undefined")


def _accuracy(fit: Fit, train: Part, validation: Part, test: Part) -> float:
    return fit(train, validation).read([test]).accuracy


def _status(chosen: Chosen, remarks: Sequence[str]) -> str:
    """ok, or the worst that is known: a silent layer, a readout at chance, units that outnumber patches."""
    if chosen.reader.silent_fraction == 1:
        return f"silent: {last_layer(chosen.model)} answers nothing to the training part"
    chance = [remark for remark in remarks if remark.startswith("at chance")]
    return next(iter([*chance, *measures.outnumbered(chosen.model)]), "ok")


def _describe(columns: Columns, search: Search, parts: Parts, trials: Sequence[Trial]) -> None:
    columns.values |= {
        "source": search.source,
        "locality": search.locality,
        "a layer waits for": search.waits_for,
        "published": search.published,
        "labels used": "all layers" if search.labels == "all layers" else "readout",
        "preprocessing": parts.preprocessing,
        "readout": "linear (ridge)",
        "trials": len(trials),
        "failed trials": sum(bool(trial.failure) for trial in trials),
        "labels to choose": len(parts.validation),
    }
    of_others = "of other data, sizes or readouts; what can be compared is a claim"
    columns.blank("matches published", of_others if search.published else "no figure is published")


def _architecture(model: nn.Sequential) -> str:
    """The layers in order, and how many units those have that learn."""
    units = {name: len(weights) for name, weights in plastic_weights(model).items()}
    return " ".join(f"{name}({units[name]})" if name in units else name for name, _ in model.named_children())
