"""Files that appear whole or not at all, and whose bytes depend on nothing but their content."""

from __future__ import annotations

import csv
import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

# Without these, a picture would carry the date, the version of its maker and random ids.
METADATA = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@contextmanager
def written_aside(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder to write into; at the end its files move into `folder`, each in one step.

    JSON moves last: it is the mark that a result is complete. If anything is raised, nothing moves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{name}-", suffix=".partial", dir=folder) as partial:
        yield Path(partial)
        for path in sorted(Path(partial).iterdir(), key=lambda path: (path.suffix == ".json", path.name)):
            os.replace(path, folder / path.name)


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Beneath the names of the columns, a line for each row; what is missing or None is left empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return text.getvalue()


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an npz without pickle and without the time of writing; ValueError for arrays of objects."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read an npz without pickle; ValueError naming a file that is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and run again") from None


def save_picture(figure: Figure, path: Path) -> None:
    """Write png, svg or pdf, by the suffix; one figure always gives the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "neuro"}):
        figure.savefig(path, dpi=150, metadata=METADATA[path.suffix[1:]])
