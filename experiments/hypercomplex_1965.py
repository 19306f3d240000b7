"""Hypercomplex cells answer a line that ends: too long a line, over one end or both, stops them.

Stimuli   a bright slit, 1 degree wide, over the field's centre and made longer: by the same on both sides, or
          beyond one end only; slits of 4 degrees turned, and with a line of 2 degrees laid along or across
          the slit just beyond an end.
Model     hypercomplex(): a complex cell of hubel_wiesel(), stopped by complex cells 4 degrees beyond both
          its ends, or beyond one. Controls: the complex cell itself; the simple cell it is made of.
Measured  length tuning; end-stopping index, (largest - longest) / largest; half-width.
Expected  stopped cells lose their answer to a long line, at one end or at both, complex cells do not; what
          stops them has their own orientation (Hubel & Wiesel 1965; Hubel, Eye, Brain, and Vision). To slits
          of 4 degrees, which stop nothing, they are tuned as the complex cell by construction.
"""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import half_width, preferred_orientation, suppression_index
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models.hubel_wiesel import hubel_wiesel, hypercomplex, plane_of
from neuro.plotting import curves_panel, figure, image_grid, tuning_panel
from neuro.recording import record
from neuro.stimuli import concatenate, slits

ORIENTATIONS, LENGTHS, OWN = np.arange(0, 180, 10), np.arange(1, 14.1, 0.5), 4.0  # degrees
VERTICAL, NAMES = plane_of(90, 2), ("simple", "complex", "both ends", "one end")
LONGER = slits(90, LENGTHS)
BEYOND = OWN / 2 + np.arange(0, 6.1, 0.5)  # how far a slit reaches up, or down, from the centre
UPWARDS, DOWNWARDS = (slits(90, OWN / 2 + BEYOND, y=side * (BEYOND - OWN / 2) / 2) for side in (1, -1))
TURNED, SLIT = slits(ORIENTATIONS, OWN), slits(90, OWN)
ENDS = slits([90, 0], 2.0, y=OWN / 2 + 1.5)  # a line beyond the upper end: along the slit, and across it
WITH_END = replace(ENDS, images=ENDS.images + SLIT.images - 0.5)
SHOWN = concatenate([SLIT, LONGER[[-1]], UPWARDS[[-1]], DOWNWARDS[[-1]], WITH_END])


def answers(stimuli):
    """What the vertical cells at the centre answer; one end: stopped above. Shapes: (NAMES, stimuli)."""
    cells = record(hypercomplex(hubel_wiesel(2)), stimuli, units="centre").responses
    _, simple, complex_, stopped = (planes[:, :, 0, 0].T for planes in cells.values())
    return np.stack([simple[4 * VERTICAL], complex_[VERTICAL], *stopped[3 * VERTICAL :][:2]])


def run(settings: Settings) -> Result:
    own, stimuli = answers(SLIT), (LONGER, UPWARDS, DOWNWARDS, TURNED, WITH_END)
    longer, up, down, turned, ended = (answers(shown) / own for shown in stimuli)
    stopping = suppression_index(longer, LENGTHS)
    width, preferred = (measure(turned, ORIENTATIONS) for measure in (half_width, preferred_orientation))

    paper, book = "Hubel & Wiesel 1965 (reported)", "Hubel, Eye, Brain, and Vision"
    ours = "set before the run"
    # fmt: off
    claims = [
        Claim("a line longer than the field stops a cell stopped at both ends: end-stopping index", book,
              "longer lines suppress", 0.5, None, f"{ours}: half", stopping[2], "complex cell", stopping[1]),
        Claim("a cell with one stopped end does not mind the other: longest line below / the field's",
              paper, "one end or both", 0.9, None, ours, down[3, -1], "the same line above", up[3, -1]),
        Claim("a complex cell is not stopped: longest line / the field's", paper, "as before", 0.9, None,
              ours, longer[1, -1], "both ends stopped", longer[2, -1]),
        Claim("what stops the cell has its orientation: a line across its end / no line there", paper,
              "the end region has the same orientation", 0.9, None, ours, ended[2, 1], "a line along",
              ended[2, 0],
              "the cells that stop it pool over 3 degrees: they see the slit's end beside the line"),
    ]
    # fmt: on
    numbers = {f"end-stopping index, {name}": value for name, value in zip(NAMES, stopping, strict=True)}
    numbers |= {f"half-width, {name} (degrees)": value for name, value in zip(NAMES, width, strict=True)}
    numbers |= {f"preferred orientation, {n} (degrees)": v for n, v in zip(NAMES, preferred, strict=True)}
    series = {"longer": longer, "up": up[3], "down": down[3], "turned": turned, "ended": ended}
    return Result(numbers, series, claims, data=checksum(*stimuli))


def draw(result: Result) -> Figure:
    page, series = figure(7, 4.6), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1, 2))
    titles = ("its own length", "long", "long above", "long below", "line along", "line across")
    image_grid(above, SHOWN.images[:, 0], titles)
    both, one, turned = below.subplots(1, 3)
    longer = dict(zip(NAMES[:3], series["longer"], strict=False))
    curves_panel(both, LENGTHS, longer, "length of the slit (degrees)", "response / slit of 4 degrees")
    both.set(title="longer on both sides", ylim=(0, 1.3))
    sides = {"beyond its stopped end": series["up"], "beyond its free end": series["down"]}
    curves_panel(one, BEYOND, sides, "reach from the centre (degrees)", "")
    one.set(title="one stopped end: longer on one side", ylim=(0, 1.3))
    tuning_panel(turned, ORIENTATIONS, dict(zip(NAMES[1:], series["turned"][1:], strict=True)), "")
    for line, width in zip(turned.lines, (5, 3, 1), strict=True):  # they lie on each other
        line.set_linewidth(width)
    turned.legend(loc="upper left")
    turned.set(title="turned: all alike", ylim=(0, 1.5))
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
