"""Three ways to make a complex cell, sum, maximum and energy: alike to one bar, told apart by two.

Stimuli   vertical slits, 8 by 0.5 degrees, bright and dark, moved, turned, and two at a time; gratings in 16
          phases.
Model     sum_complex(), max_complex(), energy_complex() over the simple cells of gabor_cells(): four phases,
          13 places within 1.5 degrees. Controls: their simple cell; the same pools at one place.
Measured  F1/F0, position tolerance, dark / bright, half-width; the MAX index of two bars at least 1.5 degrees
          apart: 0 if they bring what the better one brings, 1 if they bring the sum.
Expected  complex cells tolerate a shift, and are tuned like the simple cell; of two bars they give what the
          better one brings (Lampl et al. 2004, reported), a sum does not. That they mind neither phase nor
          polarity, and that a maximum has MAX index 0, is so by construction: numbers, and no claims.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import f1_f0, half_width, max_index, position_tolerance
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models import hubel_wiesel as cat
from neuro.physiology import centre_cell
from neuro.plotting import cells_panel, curves_panel, figure, tuning_panel
from neuro.stimuli import gratings, slits, two_bars

POOLS = {"sum": cat.sum_complex, "max": cat.max_complex, "energy": cat.energy_complex}
NAMES, VERTICAL = ("simple", *POOLS), cat.plane_of(90, 2)
ORIENTATIONS, PHASES, OFFSETS = np.arange(0, 180, 10), np.arange(0, 360, 22.5), np.arange(-5, 5.01, 0.25)
BAR = partial(slits, length=8, width=0.5)
PAIRS = np.array([(a, b) for a in np.arange(-2, 2.1, 0.5) for b in np.arange(-2, 2.1, 0.5) if b - a >= 1.5]).T


def answers(stimuli, places=None):
    """What the vertical cells at the centre answer: simple, then each of POOLS. Shapes: (NAMES, stimuli)."""
    chains = [make(cat.gabor_cells(2), places) for make in POOLS.values()]
    simple = centre_cell(chains[0][:1], stimuli, "simple", 4 * VERTICAL)
    return np.stack([simple, *(centre_cell(chain, stimuli, "complex", VERTICAL) for chain in chains)])


def run(settings: Settings) -> Result:
    phases, turned, moved = gratings(90, 0.45, PHASES), BAR(ORIENTATIONS), BAR(90, offset=OFFSETS)
    to_phases, to_turned, bright = (answers(shown) for shown in (phases, turned, moved))
    modulation, width = f1_f0(to_phases), half_width(to_turned, ORIENTATIONS)
    wide, narrow = (position_tolerance(r, OFFSETS) for r in (bright, answers(moved, torch.zeros(1, 2))))
    polarity = answers(BAR(90, polarity=-1))[:, 0] / bright[:, len(OFFSETS) // 2]
    bars = two_bars(90, *PAIRS, length=8, width=0.5), BAR(90, offset=PAIRS[0]), BAR(90, offset=PAIRS[1])
    pairs = max_index(*(answers(shown)[1:] for shown in bars))
    index = np.median(pairs, axis=1)

    book, ours = "Hubel, Eye, Brain, and Vision", "set before the run"
    # fmt: off
    claims = [
        Claim("complex cells tolerate a shift: tolerance / the simple cell's, the least of three", book,
              "anywhere in the field", 4, None, "hubel_wiesel_1962's, for 2 before a first look",
              (wide[1:] / wide[0]).min(), "pools at one place", (narrow[1:] / narrow[0]).max()),
        Claim("complex cells are tuned like the simple cell: half-width / its, the farthest from 1",
              f"{book}; De Valois & al. 1982", "alike", 0.8, 1.25, f"{ours}, as in hubel_wiesel_1962",
              max(width[1:] / width[0], key=lambda ratio: abs(np.log(ratio)))),
        Claim("convergence (sum) gives of two bars what the better one brings: MAX index, median",
              "Lampl & al. 2004 (reported)", "closer to 0 than to 1", None, 0.5, "the paper", index[0],
              note=f"energy {index[2]:.2f}; maximum {index[1]:.2f}, by construction"),
    ]
    # fmt: on
    numbers = {f"MAX index, {name} (median)": value for name, value in zip(POOLS, index, strict=True)}
    measured = {"F1/F0": modulation, "half-width (degrees)": width, "dark / bright": polarity}
    for what, values in (measured | {"position tolerance (degrees)": wide}).items():
        numbers |= {f"{what}, {name}": value for name, value in zip(NAMES, values, strict=True)}
    series = {"phases": to_phases, "turned": to_turned, "moved": bright, "pairs": pairs}
    series |= {
        name: answered / answered.max(axis=1, keepdims=True)
        for name, answered in series.items()
        if name != "pairs"
    }
    return Result(numbers, series, claims, data=checksum(phases, turned, moved, *bars))


def draw(result: Result) -> Figure:
    page, series = figure(7, 4.6), result.series
    (phase, moved), (turned, two) = page.subplots(2, 2)
    answered = {what: dict(zip(NAMES, series[what], strict=True)) for what in ("phases", "moved", "turned")}
    curves_panel(phase, PHASES, answered["phases"], "phase (degrees)", "response / best", legend=False)
    phase.set(title="grating moved", xticks=range(0, 361, 90), ylim=(0, 1.1))
    curves_panel(moved, OFFSETS, answered["moved"], "offset (degrees)", "response / best")
    moved.set(title="slit moved", ylim=(0, 1.1))
    tuning_panel(turned, ORIENTATIONS, answered["turned"], "response / best")
    turned.set(title="slit turned", ylim=(0, 1.1))
    turned.get_legend().remove()
    cells_panel(two, dict(zip(POOLS, series["pairs"], strict=True)), "MAX index (0: maximum, 1: sum)")
    two.tick_params(axis="x", rotation=0)
    two.set(title="two slits at once (bar: median)", ylim=(-1, 2))
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
