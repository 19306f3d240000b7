"""Which errors are the user's, said in one line, and which are bugs, that keep their traceback."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


class UserError(Exception):
    """Bad input, to be said in one line without a traceback."""


@contextmanager
def refusals() -> Iterator[None]:
    """What the library refuses becomes a UserError; every other error passes unchanged.

    A refusal is a ValueError, KeyError or FloatingPointError that comes from a `raise` statement of this
    package, or the operating system's refusal of a file (missing, not permitted, disk full). The same
    exceptions from inside numpy or torch, or from a failed look-up, are bugs.
    """
    try:
        yield
    except (ValueError, KeyError, FloatingPointError, OSError) as error:
        if not _is_refusal(error):
            raise
        message = error.args[0] if len(error.args) == 1 else error  # str(KeyError("text")) adds quotes
        raise UserError(" ".join(str(message).split())) from error


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.filename is not None or _raised_here(error)
    return _raised_here(error)


def _raised_here(error: Exception) -> bool:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Path(last.filename).is_relative_to(PACKAGE) and (last.line or "").startswith("raise")
