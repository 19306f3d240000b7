"""A published statement, the band within which a measurement agrees with it, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

VERDICTS = ("holds", "fails", "not comparable", "not checked")


def in_words(value: str | float | None) -> str:
    """Words as they are, whole numbers in full, others to four places, and a dash for none."""
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value + 0.0:,.0f}" if abs(value) < 1e9 and value == round(value) else f"{value:.4g}"


@dataclass(frozen=True)
class Claim:
    """One published statement and what was measured.

    `low` and `high` bound what counts as agreement, None being unbounded; `band_from` says where they come
    from: the paper, or a rule committed before the run. `control` names the preparation in which the
    statement must fail, and `control_measured` is what was measured there.

    Raises ValueError if a measured claim names a control without its value, or has one without a name,
    or if low > high.
    """

    what: str
    source: str
    published: str | float
    low: float | None
    high: float | None
    band_from: str
    measured: float | None
    control: str = ""
    control_measured: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("low", "high", "measured", "control_measured"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else float(value))
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"claim {self.what!r}: the band runs from {self.low} to {self.high}")
        if self.control and self.measured is not None and self.control_measured is None:
            raise ValueError(f"claim {self.what!r} names the control {self.control!r} but not its value")
        if self.control_measured is not None and not self.control:
            raise ValueError(f"claim {self.what!r} has a control value but does not name the control")
        if self.measured is not None and not math.isfinite(self.measured) and "not finite" not in self.note:
            object.__setattr__(self, "note", f"{self.note}; not finite".removeprefix("; "))

    @property
    def verdict(self) -> str:
        """`holds` if the measurement lies in the band and the control, where there is one, outside it.

        A value that is not finite never agrees: neither as a measurement nor as a control.
        """
        if self.measured is None:
            return "not checked"
        if self.low is None and self.high is None:
            return "not comparable"
        if not math.isfinite(self.measured) or not self._in_band(self.measured):
            return "fails"
        control = self.control_measured
        if control is not None and (not math.isfinite(control) or self._in_band(control)):
            return "fails"
        return "holds"

    @property
    def outcome(self) -> str:
        """The verdict, and where it is the control that failed to fail, that."""
        at_fault = self.verdict == "fails" and self._in_band(self.measured or 0.0)
        return "fails (in the control it holds too)" if at_fault else self.verdict

    @property
    def band(self) -> str:
        """The band in words: `0.2 to 0.4`, `exactly 5`, `at least 0.2`, `at most 0.4`, or a dash."""
        low, high = in_words(self.low), in_words(self.high)
        if self.low is None:
            return high if self.high is None else f"at most {high}"
        if self.high is None:
            return f"at least {low}"
        return f"exactly {low}" if self.low == self.high else f"{low} to {high}"

    def _in_band(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def to_json(self) -> dict[str, Any]:
        """The fields and the verdict; what is not finite becomes text, which JSON can hold."""
        record = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in record.items():
            if isinstance(value, float) and not math.isfinite(value):
                record[name] = str(value)
        return {**record, "verdict": self.verdict}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Claim:
        """The inverse of to_json; the verdict is not read but follows from the fields."""
        return cls(**{key: value for key, value in record.items() if key != "verdict"})
