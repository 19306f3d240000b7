"""The README's table of experiments, written from the scripts and the results that count on the board."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from neuro.experiment.board import committed
from neuro.experiment.claims import VERDICTS
from neuro.experiment.files import written_aside
from neuro.experiment.result import Result

TABLE = re.compile(r"(<!-- table[^\n]*-->\n).*?(<!-- end of table -->)", re.DOTALL)


def with_table(text: str, root: Path, story: Sequence[str]) -> str:
    """The README's text with the table of experiments between its two marks brought up to date."""
    rows = ["| year | script | what it shows | claims | seconds |", "|---|---|---|---|---|"]
    results = committed(root / "figures", story)
    rows += [_row(root, name, [result for result in results if result.name == name]) for name in story]
    return TABLE.sub(lambda marks: marks[1] + "\n".join(rows) + "\n" + marks[2], text)


def update(root: Path, story: Sequence[str]) -> None:
    """Rewrite the table in README.md, if the project has one with the marks."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    changed = with_table(text, root, story)
    if changed != text:
        with written_aside(root, "README") as aside:
            (aside / "README.md").write_text(changed, encoding="utf-8")


def _row(root: Path, name: str, results: Sequence[Result]) -> str:
    """A script, the verdicts of all its results, and the seconds of its default run."""
    script = root / "experiments" / f"{name}.py"
    about = (ast.get_docstring(ast.parse(script.read_bytes())) or "").partition("\n")[0]
    year = re.search(r"_(\d{4})$", name)
    counts = Counter(claim.verdict for result in results for claim in result.claims)
    claims = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]) or "-"
    default = [result for result in results if result.settings["scale"] == "default"]
    seconds = f"{default[0].run['seconds']:.0f}" if default else "-"
    link = f"[`{name}`](experiments/{name}.py)"
    return f"| {year[1] if year else ''} | {link} | {about} | {claims} | {seconds} |"
