"""Timing of two ways to do the same work in one run, turn by turn, since machines are noisy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

REPEATS = 9


def interleaved(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Seconds of each of REPEATS turns, after one of each that does not count; one thread."""
    torch.set_num_threads(1)
    ours(), theirs()
    turns = [(_seconds(ours), _seconds(theirs)) for _ in range(REPEATS)]
    return [a for a, _ in turns], [b for _, b in turns]


def report(what: str, ours: list[float], theirs: list[float], limit: float) -> None:
    """Print the median of the ratios of the turns, its range, and whether it keeps the limit."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    middle = statistics.median(ratios)
    verdict = "within" if middle <= limit else "MISSED"
    print(
        f"{what}: {middle:.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f}), limit {limit}: {verdict}; "
        f"{statistics.median(ours):.3f} s and {statistics.median(theirs):.3f} s"
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
