"""The table of a comparison: a row for each rule and seed, a summary for each rule, and all trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from neuro.analysis import Spread, paired_spread, spread
from neuro.comparison.measures import Columns, Value
from neuro.comparison.search import Trial
from neuro.experiment.files import csv_text

SPREAD_OF = ("accuracy", "gain over random", "gain over imprinting", "gap to twin")


@dataclass(frozen=True)
class Row:
    """What came of one rule with one seed: column -> value, and of each None the reason."""

    values: Mapping[str, Value]
    blanks: Mapping[str, str]

    def __getitem__(self, column: str) -> Value:
        if column not in self.values:
            raise KeyError(f"no column {column!r}; this row has {', '.join(self.values)}")
        return self.values[column]


@dataclass(frozen=True)
class Comparison:
    """One row for each rule and seed, in that order, and all trials of the search.

    `status` of a row is "ok", or why its numbers are not what they seem: diverged, silent, at chance, failed.
    """

    rows: tuple[Row, ...]
    trials: tuple[Trial, ...]

    @property
    def rules(self) -> list[str]:
        """The names of the rules, in their order."""
        return list(dict.fromkeys(str(row["rule"]) for row in self.rows))

    def runs(self, rule: str, column: str) -> np.ndarray:
        """A column of numbers, in the order of seeds; NaN where it is blank. Shapes: (seeds,).

        Raises KeyError for a rule or a column that the table does not have.
        """
        of_rule = [row for row in self.rows if row["rule"] == rule]
        if not of_rule:
            raise KeyError(f"no rule {rule!r}; there are {', '.join(self.rules)}")
        if not any(column in row.values for row in of_rule):
            raise KeyError(f"no column {column!r}; there are {', '.join(of_rule[0].values)}")
        values = [row.values.get(column) for row in of_rule]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def columns(self) -> dict[str, np.ndarray]:
        """Every column but the seconds, which no two runs share: numbers, NaN where blank, or words.

        Shapes: name -> (rules, seeds).
        """
        found: dict[str, np.ndarray] = {}
        for column in dict.fromkeys(name for row in self.rows for name in row.values if name != "seconds"):
            values = [row.values.get(column) for row in self.rows]
            if any(isinstance(value, str) for value in values):
                array = np.array(["" if value is None else str(value) for value in values])
            else:
                array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
            found[column] = array.reshape(len(self.rules), -1)
        return found

    def summary(self, generator: np.random.Generator) -> list[dict[str, Value]]:
        """A row a rule: seeds and those with a complaint, columns of words, means of columns of numbers.

        Of SPREAD_OF also the standard deviation and both 95 % intervals, as in analysis.Spread; None where
        there is no number. Gains are paired by seed.
        """
        return [self._summary(rule, generator) for rule in self.rules]

    def _summary(self, rule: str, generator: np.random.Generator) -> dict[str, Value]:
        rows = [row for row in self.rows if row["rule"] == rule]
        told = dict.fromkeys(str(row["status"]) for row in rows if row["status"] != "ok")
        found: dict[str, Value] = {"rule": rule, "seeds": len(rows), "complaints": "; ".join(told)}
        for column in dict.fromkeys(name for row in rows for name in row.values):
            if column in ("rule", "seed", "status"):
                continue
            values = [v for row in rows if (v := row.values.get(column)) is not None]
            if any(isinstance(value, str) for value in values):
                found[column] = "; ".join(dict.fromkeys(map(str, values)))
                continue
            numbers = np.array(values, dtype=np.float64)
            found[f"{column} (mean)"] = float(numbers.mean()) if len(numbers) else None
            if column in SPREAD_OF:
                ends = asdict(spread(numbers, generator)) if len(numbers) else dict.fromkeys(_ENDS)
                found |= {f"{column} ({end})": _known(ends[end]) for end in _ENDS}
        return found

    def difference(
        self, rule: str, control: str, generator: np.random.Generator, column: str = "accuracy"
    ) -> Spread:
        """The spread of a rule minus a control, over the seeds for which both have a number.

        Raises ValueError if there is no such seed.
        """
        one, other = self.runs(rule, column), self.runs(control, column)
        both = ~np.isnan(one - other)
        return paired_spread(one[both], other[both], generator)

    def to_csv(self, path: str | Path) -> None:
        """A line a row, blanks left empty; the last column says why each is blank."""
        write_csv(path, [_line(row) for row in self.rows])

    def csv_text(self) -> str:
        """What to_csv() writes, but the same in every run: without the seconds. A rule that is a plain
        function still shows its address."""
        return _in_columns([_line(_without_seconds(row)) for row in self.rows])

    def trials_to_csv(self, path: str | Path) -> None:
        """A line a trial of the search, failed ones among them."""
        write_csv(path, [{k: _known(v) for k, v in asdict(trial).items()} for trial in self.trials])


_ENDS = ("n", "sd", "low", "high", "bootstrap_low", "bootstrap_high")


def known_difference(one: np.ndarray, other: np.ndarray) -> Spread:
    """paired_spread() over the seeds for which both have a number; NaN if there is none. (n,), (n,).

    The bootstrap has a generator of its own: what it gives does not hang on what was asked before.
    """
    both = ~np.isnan(one - other)
    if not both.any():
        return Spread(0, *[np.nan] * 6)
    return paired_spread(one[both], other[both], np.random.default_rng(0))


def write_csv(path: str | Path, lines: Sequence[Mapping[str, Value]]) -> None:
    """Beneath the names of all columns, a line for each; what is missing is left empty."""
    Path(path).write_bytes(_in_columns(lines).encode())


def _in_columns(lines: Sequence[Mapping[str, Value]]) -> str:
    names = dict.fromkeys(name for line in lines for name in line)
    return csv_text(sorted(names, key=lambda name: name == "blanks"), lines)


def with_gains(rows: Iterable[Row], controls: Mapping[str, str]) -> tuple[Row, ...]:
    """The rows with a column for each control: accuracy minus that of the control with the same seed."""
    rows = tuple(rows)
    known = {(row["rule"], row["seed"]): row["accuracy"] for row in rows}
    return tuple(_with_gains(row, controls, known) for row in rows)


def _with_gains(row: Row, controls: Mapping[str, str], known: Mapping[tuple[Value, Value], Value]) -> Row:
    columns = Columns(dict(row.values), dict(row.blanks))
    for column, control in controls.items():
        mine, other = row["accuracy"], known.get((control, row["seed"]))
        if (control, row["seed"]) not in known:
            columns.blank(column, f"{control!r} is not in this comparison")
        elif isinstance(mine, float) and isinstance(other, float):
            columns.values[column] = mine - other
            columns.blanks.pop(column, None)
        else:
            columns.blank(column, f"{control if other is None else row['rule']} has no accuracy")
    return Row(columns.values, columns.blanks)


def _line(row: Row) -> dict[str, Value]:
    return {**row.values, "blanks": "; ".join(f"{name}: {why}" for name, why in row.blanks.items())}


def _without_seconds(row: Row) -> Row:
    if row.values.get("seconds") is None:
        return row
    blanks = {**row.blanks, "seconds": "no two runs share them"}
    return Row({**row.values, "seconds": None}, blanks)


def _known(value: Value) -> Value:
    return None if isinstance(value, float) and np.isnan(value) else value
