"""Simple cells want the slit in one place; complex cells only want its orientation.

Stimuli   a slit, 8 by 1 degrees, bright or dark, at 18 orientations and moved across the field; rows of 5 to
          8 spots as long as the slit, along it or across it, and slits dimmed to the light of the rows; edges
          with the light on the left or on the right.
Model     hubel_wiesel(): the vertical simple and complex cells at the centre. Controls: a complex cell that
          pools phases but no places (radius 0), one that pools every orientation, other columns.
Measured  tuning; position tolerance; dark against bright; rows of spots against slits of the same light.
Expected  tuning alike, the complex cell's tolerance several times the simple cell's, nothing at the wrong
          angle anywhere; only the simple cell minds polarity. The lecture slides: aligned spots confuse the
          simple cell and not the complex cell.
"""

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import half_width, position_tolerance, preferred_orientation
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models.hubel_wiesel import hubel_wiesel, plane_of
from neuro.plotting import curves_panel, figure, image_panel, tuning_panel
from neuro.recording import record
from neuro.stimuli import concatenate, edges, rows_of_spots, slits

ORIENTATIONS = np.arange(0, 180, 10)
COUNTS = (5, 6, 7, 8)  # spots of 1 degree over the 8 degrees of the slit
ROWS = concatenate([rows_of_spots([90, 0], count, 8 / count, diameter=1.0) for count in COUNTS])
LIGHT = (ROWS.images[::2] - 0.5).sum((1, 2, 3)) / (slits(90).images - 0.5).sum()  # of a row / of the slit
DIMMED = slits(90, contrast=LIGHT)
EDGES = edges(np.repeat([90, 270], 37), np.tile(np.arange(-4.5, 4.6, 0.25), 2))  # swept across
NAMES, VERTICAL = ("simple", "complex", "radius 0"), plane_of(90, 2)


def answers(model, stimuli, phase=0):
    """What the columns at the centre answer; radius 0: the best phase. Shapes: (NAMES, stimuli, columns).

    The simple cell is that of a bright bar (phase 0) or of an edge (1).
    """
    recording = record(model, stimuli, ["simple", "complex"], "centre")
    simple = recording["simple"].reshape(len(stimuli), -1, 4).astype(float)
    return np.stack([simple[:, :, phase], recording["complex"][:, :, 0, 0], simple.max(2)])


def run(settings: Settings) -> Result:
    cat, offsets = hubel_wiesel(2), np.arange(-4.5, 4.6, settings.pick(0.75, 0.25, 0.25))
    middle = len(offsets) // 2
    turned, moved = (grid.ravel() for grid in np.meshgrid(ORIENTATIONS, offsets, indexing="ij"))
    shown = slits(turned, offset=moved)
    maps = answers(cat, shown).reshape(len(NAMES), len(ORIENTATIONS), len(offsets), 2)
    wrong = maps[1, 0].max(0) / maps[1, 9].max(0)[VERTICAL]
    maps = maps[..., VERTICAL]
    tuning, bright = maps[:, :, middle], maps[:, 9]
    dark = answers(cat, slits(90, offset=offsets, polarity=-1))[..., VERTICAL]
    columns = answers(hubel_wiesel(), slits(ORIENTATIONS))[1].T
    width = half_width(np.vstack([tuning, columns.max(0)]), ORIENTATIONS)
    preferred = preferred_orientation(np.vstack([tuning, columns]), ORIENTATIONS)
    apart = np.abs((preferred - preferred[0] + 90) % 180 - 90)
    wider = position_tolerance(bright, offsets) / position_tolerance(bright[0], offsets)
    polarity = dark[:, middle] / bright[:, middle]
    swept = answers(cat, EDGES, phase=1)[..., VERTICAL].reshape(len(NAMES), 2, -1).max(-1)
    sides = swept.min(1) / swept.max(1)
    dimmed = answers(cat, DIMMED)[..., VERTICAL]
    along, across = np.moveaxis(answers(cat, ROWS)[..., VERTICAL].reshape(len(NAMES), -1, 2), 2, 0)
    confusion, crossed = along.sum(1) / dimmed.sum(1), across.sum(1) / dimmed.sum(1)

    book, slides, ours = "Hubel, Eye, Brain, and Vision", "lecture slides", "set before the run"
    # fmt: off
    claims = [
        Claim("simple and complex cell prefer one orientation: degrees between", book, "yes", None, 5,
              f"{ours}: half a step", apart[1], "other columns, mean", np.delete(apart[3:], 4).mean()),
        Claim("half-width of the complex cell / simple cell", f"{book}; De Valois & al. 1982", "alike", 0.8,
              1.25, ours, width[1] / width[0], "pools every orientation", width[3] / width[0]),
        Claim("position tolerance of the complex cell / simple cell", book, "several subregions", 4, None,
              f"{ours}: more than the three of a simple field", wider[1], "radius 0", wider[2]),
        Claim("a complex cell's answer to an orthogonal slit anywhere, relative to the best", book,
              "little or nothing", None, 0.05, ours, wrong[VERTICAL], "pools every orientation", wrong.max()),
        Claim("simple cell: dark slit / bright slit", book, "prefers one", None, 0.5, ours, polarity[0],
              "complex cell", polarity[1]),
        Claim("complex cell: dark slit / bright slit", book, "some treat all alike", 0.9, 1.1, ours,
              polarity[1], "simple cell", polarity[0]),
        Claim("simple cell of an edge: light on the wrong side / the right side", book, "prefers one", None,
              0.5, ours, sides[0], "complex cell", sides[1]),
        Claim("complex cell: an edge with light on its left / on its right, the lesser / the greater", book,
              "some treat all alike", 0.9, 1.1, ours, sides[1], "simple cell", sides[0]),
        Claim("aligned spots confuse the simple cell: row / slit of the same light", slides, "confused", 0.5,
              None, ours, confusion[0], "the row laid across", crossed[0]),
        Claim("aligned spots do not confuse the complex cell: row / slit of the same light", slides,
              "not confused", None, 0.5, ours, confusion[1], "simple cell", confusion[0],
              "it follows the largest of its simple cells, so what confuses them confuses it; Hubel & Wiesel "
              "1962 say (reported) that small spots map a simple cell's field and not a complex cell's"),
    ]
    # fmt: on
    numbers = {f"half-width, {name} (degrees)": value for name, value in zip(NAMES, width, strict=False)}
    series = {"offset": offsets, "maps": maps, "tuning": tuning, "bright": bright, "dark": dark}
    series |= {"along": along / dimmed, "across": across / dimmed}
    return Result(numbers, series, claims, data=checksum(shown, ROWS, DIMMED, EDGES))


def draw(result: Result) -> Figure:
    page, series = figure(7, 5), result.series
    (simple, complex_, turned), (bright, dark, spots) = page.subplots(2, 3)
    for axes, name, answered in zip((simple, complex_), NAMES, series["maps"], strict=False):
        axes.pcolormesh(series["offset"], ORIENTATIONS, answered, cmap="gray", vmin=0)
        axes.set(title=f"{name} cell (white: most)", xlabel="offset (degrees)", yticks=[0, 45, 90, 135])
    simple.set_ylabel("orientation (degrees)")
    tuning_panel(turned, ORIENTATIONS, dict(zip(NAMES, series["tuning"][:2], strict=False)))
    turned.set(title="slit turned", ylim=(0, 0.15))
    for axes, what in ((bright, "bright"), (dark, "dark")):
        moved = dict(zip(NAMES[::-1], series[what][::-1], strict=True))
        curves_panel(axes, series["offset"], moved, "offset (degrees)", "response", legend=what == "dark")
        axes.set(title=f"vertical {what} slit moved", ylim=(0, 0.18))
    along = dict(zip(NAMES, series["along"][:2], strict=False))
    curves_panel(spots, COUNTS, along, "spots in the row", "row / slit of equal light", legend=False)
    spots.plot(COUNTS, series["across"][0], ":k")
    spots.set(title="spots (dotted: laid across)", ylim=(-0.1, 2.2), xticks=COUNTS)
    for place, image in ((0.02, ROWS[2]), (0.35, DIMMED[1]), (0.68, ROWS[3])):
        image_panel(spots.inset_axes((place, 0.12, 0.3, 0.3)), image.images[0, 0])
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
