"""The board: the claims of all scripts with their verdicts, as text, markdown and csv."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from neuro.experiment import files
from neuro.experiment.claims import VERDICTS, Claim, in_words
from neuro.experiment.files import written_aside
from neuro.experiment.result import Result

COLUMNS = ("verdict", "what", "source", "published", "measured", "band", "control")


def collect(folders: Iterable[Path], story: Sequence[str]) -> list[Result]:
    """The results saved in these folders, in the order of the story; within a script by folder."""
    found = [
        Result.load(path.parent, path.stem) for folder in folders for path in sorted(folder.glob("*.json"))
    ]
    order = {name: place for place, name in enumerate(story)}
    return sorted(found, key=lambda result: order.get(result.name, len(order)))


def full_folder(figures: Path, dataset: str | None) -> Path:
    """Where the full runs on a data set are kept: figures/full/mnist, say; on none, figures/full."""
    return figures / "full" / (dataset or "")


def committed_folders(figures: Path) -> list[Path]:
    """figures/ of the default runs, figures/full/ and its folder for each data set."""
    full = full_folder(figures, None)
    return [figures, full, *sorted(path for path in full.glob("[!.]*") if path.is_dir())]


def committed(figures: Path, story: Sequence[str]) -> list[Result]:
    """The results that count: the default runs, and the full runs that are kept.

    A claim that one run of a script checked is left out of its others, whose data cannot tell.
    """
    results = collect(committed_folders(figures), story)
    checked = {key for result in results for key, claim in _named(result) if claim.verdict != "not checked"}

    def counts(key: tuple[str, ...], claim: Claim) -> bool:
        return claim.verdict != "not checked" or key not in checked

    return [
        replace(result, claims=[claim for key, claim in _named(result) if counts(key, claim)])
        for result in results
    ]


def _named(result: Result) -> list[tuple[tuple[str, ...], Claim]]:
    """The claims of a result, each by what it is called in whatever run of the script."""
    return [((result.name, claim.source, claim.what), claim) for claim in result.claims]


def text_table(claims: Iterable[Claim]) -> str:
    """The claims as a plain table for the terminal."""
    rows = [("verdict", "measured", "band", "published", "what")]
    rows += [(c.outcome, in_words(c.measured), c.band, in_words(c.published), c.what) for c in claims]
    short = [[row[0], *(textwrap.shorten(cell, 24, placeholder="...") for cell in row[1:-1])] for row in rows]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    lines = []
    for cells, (*_, what) in zip(short, rows, strict=True):
        left = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        first, *more = textwrap.wrap(what, 70) or [""]
        lines += [f"  {left}  {first}", *(" " * (len(left) + 4) + line for line in more)]
    return "\n".join(lines)


def count_line(claims: Iterable[Claim]) -> str:
    """How many claims there are, and how many of each verdict."""
    counts = Counter(claim.verdict for claim in claims)
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    return f"claims: {counts.total()}" + (f" ({', '.join(parts)})" if parts else "")


def markdown(results: Sequence[Result]) -> str:
    """The board as a markdown page, one table per result."""
    claims = [claim for result in results for claim in result.claims]
    lines = ["# Claims", "", f"{count_line(claims)[0].upper()}{count_line(claims)[1:]}.", ""]
    lines += [
        "Written by `python -m experiments` from the results beside it. A claim holds if the measurement lies"
    ]
    lines += ["in the band, and the measurement in the control, where one is named, outside it.", ""]
    for result in results:
        lines += [f"## {heading(result)}", "", _row(COLUMNS), _row(["---"] * len(COLUMNS))]
        lines += [_row(_cells(claim)) for claim in result.claims]
        lines += [""]
    return "\n".join(lines)


def csv_text(results: Sequence[Result]) -> str:
    """The board as csv: one row per claim, every field."""
    rows = [{"script": r.name, **_scale(r), **claim.to_json()} for r in results for claim in r.claims]
    columns = ["script", "scale", "dataset", *Claim.__dataclass_fields__, "verdict"]
    return files.csv_text(columns, rows)


def write(figures: Path, story: Sequence[str]) -> None:
    """Write CLAIMS.md and claims.csv from the committed results."""
    results = committed(figures, story)
    with written_aside(figures, "claims") as aside:
        (aside / "CLAIMS.md").write_text(markdown(results), encoding="utf-8")
        (aside / "claims.csv").write_text(csv_text(results), encoding="utf-8")


def heading(result: Result) -> str:
    """The script, and its scale and data where they are not the default."""
    scale = _scale(result)
    parts = [scale["scale"] if scale["scale"] != "default" else None, scale["dataset"]]
    told = ", ".join(part for part in parts if part)
    return f"{result.name} ({told})" if told else result.name


def _scale(result: Result) -> dict[str, str | None]:
    return {key: result.settings.get(key) for key in ("scale", "dataset")}


def _cells(claim: Claim) -> list[str]:
    what = f"{claim.what} ({claim.note})" if claim.note else claim.what
    band = claim.band if claim.band == "-" else f"{claim.band} ({claim.band_from})"
    control = f"{claim.control}: {in_words(claim.control_measured)}" if claim.control else "-"
    return [
        claim.outcome,
        what,
        claim.source,
        in_words(claim.published),
        in_words(claim.measured),
        band,
        control,
    ]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
