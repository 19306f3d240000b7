"""What an examination found: a row a unit, a column a measure, and why a number is missing."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What a protocol gives: name -> (n,). REASON says of each unit why one of the others is NaN, "" if none is.
Findings = dict[str, NDArray[Any]]
REASON = "reason"


@dataclass(frozen=True, eq=False)
class Table:
    """A tidy table: `columns`, name -> (n,), a row a unit.

    `plane`, `row` and `column` come first and say which unit it is; `reason` comes last and says why numbers
    of the row are NaN: "silent" if the unit answered nothing, else protocol: reason, separated by semicolons.
    Raises ValueError for columns of different lengths.
    """

    columns: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        lengths = {name: np.shape(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) != 1 or len(next(iter(lengths.values()))) != 1:
            raise ValueError(f"columns must all be (n,); got {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.columns:
            raise KeyError(f"no column {name!r}; this table has {', '.join(self.columns)}")
        return self.columns[name]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One unit after the other, name -> value."""
        for values in zip(*(column.tolist() for column in self.columns.values()), strict=True):
            yield dict(zip(self.columns, values, strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """How many units each reason left out of something, the commonest first."""
        given = (reason for row in self[REASON].tolist() for reason in row.split("; ") if reason)
        return dict(Counter(given).most_common())

    def measured(self, name: str) -> NDArray[Any]:
        """The numbers of a column without the NaN, for a histogram; `counts` says how many were left out."""
        values = self[name]
        return values[~np.isnan(values)] if values.dtype.kind == "f" else values

    def to_csv(self, path: str | Path) -> None:
        """Written with a line of names and a line a unit; what is missing is left empty."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            for row in self.rows():
                missing = (isinstance(value, float) and np.isnan(value) for value in row.values())
                writer.writerow(
                    ["" if gone else value for gone, value in zip(missing, row.values(), strict=True)]
                )


def findings(columns: Mapping[str, NDArray[Any]], **reasons: NDArray[np.bool_]) -> Findings:
    """The columns of a protocol, and for each unit with a NaN the first of the reasons that holds of it.

    A keyword is the reason, its words joined by underscores, and says of which units it holds, (n,).
    """
    missing = [np.isnan(values) for values in columns.values() if values.dtype.kind == "f"]
    anything = np.any(missing, axis=0) if missing else np.zeros(len(next(iter(columns.values()))), dtype=bool)
    words = [name.replace("_", " ") for name in reasons]
    stated = (
        np.select([*reasons.values()], words, "undefined") if reasons else np.full(len(anything), "undefined")
    )
    return {**columns, REASON: np.where(anything, stated, "")}
