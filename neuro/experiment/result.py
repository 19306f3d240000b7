"""What a figure may be drawn from, saved as JSON with its arrays beside it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from matplotlib.figure import Figure

from neuro.experiment.claims import Claim
from neuro.experiment.files import load_arrays, save_arrays, save_picture, written_aside

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """Numbers, arrays and claims of one run; a figure is drawn from nothing else.

    An undefined number (None, NaN, infinite) is kept as None and needs a reason in `reasons`, which may hold
    reasons for numbers that turn out to be defined. `data` is the `checksum` of the stimuli used. `table` is
    the text of a CSV, kept as a file beside. The command line fills in the rest: `name`, `settings`, `code`
    (the fingerprint of script and package) and adds to `run` (versions, machine, time), the one part that may
    differ from run to run.

    Raises ValueError for an undefined number without a reason, and for series that are no plain arrays.
    """

    numbers: Mapping[str, float | int | None]
    series: Mapping[str, np.ndarray] = field(default_factory=dict)
    claims: Sequence[Claim] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    table: str = ""

    def __post_init__(self) -> None:
        numbers = {name: _plain(value) for name, value in self.numbers.items()}
        undefined = [name for name, value in numbers.items() if value is None]
        for name in undefined:
            if name not in self.reasons:
                raise ValueError(f"number {name!r} is {self.numbers[name]}: say why in reasons[{name!r}]")
        series = {name: np.asarray(array) for name, array in self.series.items()}
        for name, array in series.items():
            if array.dtype.hasobject:
                raise ValueError(f"series {name!r} is not a plain array: it holds Python objects")
        object.__setattr__(self, "numbers", numbers)
        object.__setattr__(self, "reasons", {name: self.reasons[name] for name in undefined})
        object.__setattr__(self, "series", series)
        object.__setattr__(self, "claims", tuple(self.claims))

    def save(self, folder: Path, figure: Figure | None = None, picture: str = "png") -> None:
        """Write <name>.json, <name>.npz of the series, <name>.csv of the table, the picture; all or none."""
        record: dict[str, Any] = {
            "name": self.name,
            "settings": self.settings,
            "numbers": self.numbers,
            "reasons": self.reasons,
            "series": None,
            "claims": [claim.to_json() for claim in self.claims],
            "source": {"code": self.code, "data": self.data},
            "run": self.run,
        }
        with written_aside(folder, self.name) as aside:
            if self.series:
                arrays = aside / f"{self.name}.npz"
                save_arrays(arrays, self.series)
                shapes = {name: list(array.shape) for name, array in self.series.items()}
                record["series"] = {"file": arrays.name, "sha256": _sha256(arrays), "shapes": shapes}
            if self.table:
                table = aside / f"{self.name}.csv"
                table.write_bytes(self.table.encode())
                record["table"] = {"file": table.name, "sha256": _sha256(table)}
            if figure is not None:
                save_picture(figure, aside / f"{self.name}.{picture}")
            text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
            (aside / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")
        for suffix, kept in (("npz", self.series), ("csv", self.table)):
            if not kept:
                (folder / f"{self.name}.{suffix}").unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, name: str) -> Result:
        """The saved result; FileNotFoundError if there is none, ValueError naming a damaged file."""
        path = folder / f"{name}.json"
        if not path.exists():
            raise FileNotFoundError(f"no saved result {path}; run the script first")
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            series = record["series"]
            parts = {key: record[key] for key in ("name", "settings", "numbers", "reasons", "run")}
            claims = [Claim.from_json(claim) for claim in record["claims"]]
            table = record.get("table")
            source = {key: record["source"][key] for key in ("code", "data")}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is not a whole result ({error!r}); delete it and run again") from None
        arrays = _beside(folder, series, load_arrays) if series else {}
        text = (
            _beside(folder, table, lambda path: path.read_bytes().decode(errors="replace")) if table else ""
        )
        return cls(series=arrays, table=text, claims=claims, **parts, **source)


def _beside(folder: Path, kept: Mapping[str, str], load: Callable[[Path], T]) -> T:
    """What a file beside the JSON holds; refused by name if it is missing or another."""
    path = folder / kept["file"]
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing beside its .json; run the script again")
    loaded = load(path)
    if _sha256(path) != kept["sha256"]:
        raise ValueError(f"{path} is not the one its .json was saved with; run the script again")
    return loaded


def _plain(value: float | int | None) -> float | int | None:
    """The number as Python's own, so that a saved and loaded result equals the one in memory."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
