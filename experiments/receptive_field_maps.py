"""Spots map the zones of a simple cell; where they map none, in a complex cell, noise finds its two axes.

Stimuli   light and dark spots of half a degree on a grid; three spots of 1 degree in a row along a simple
          cell's zone, or across it onto its flanks; dense noise in checks of half a degree.
Model     LGN, simple and complex (max) cells of hubel_wiesel(threshold=0), since its default threshold keeps
          spots of 1 degree silent; Gabor simple cells; energy_complex() at one place. Controls: each other;
          a Gabor field of many zones. Beside them, energy_complex() over 13 places.
Measured  length / width and overlap of ON and OFF map; three spots / one; the spike-triggered average (STA)
          against the field as wired, and against that of shifted answers; axes of the spike-triggered
          covariance (STC) that raise the answer beyond chance; n_x, n_y, sd times frequency across and along
          the bar, of a Gabor function fitted to ON - OFF. Chosen after a first look, with the bands as they
          were: a row of three spots for two, noise counted from its mean, axes that raise the answer only.
Expected  Hubel & Wiesel 1962: round fields in the LGN; in simple cells long, separate zones, within which
          spots add up and between which they cancel. Noise finds the fields, and of complex cells two axes.
          The wired cell fails to cancel: its LGN cells, silent at rest, cannot fall silent.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import covariance_axes, field_size, fit_gabor, overlap_index, spike_triggered_average
from neuro.analysis.published import SUBREGIONS
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models import hubel_wiesel as cat
from neuro.models.receptive_fields import correlate
from neuro.plotting import OKABE_ITO, curves_panel, figure, image_grid
from neuro.recording import record
from neuro.stimuli import concatenate, dense_noise, rows_of_spots, spots

X, Y = np.meshgrid(np.arange(-4.5, 4.6, 0.5), np.arange(4.5, -4.6, -0.5))  # degrees
GRID = spots(np.tile(X.ravel(), 2), np.tile(Y.ravel(), 2), 0.5, np.repeat([1, -1], X.size), size=49)
ROWS = concatenate([rows_of_spots(0, 1, cat.FLANK, 1), rows_of_spots([0, 90], 3, cat.FLANK, 1)])
MANY_ZONES = cat.gabor_cells(1, 0.8, sd_across=1.4, sd_along=1.2)
MAPPED = (cat.hubel_wiesel(1, threshold=0), cat.gabor_cells(1), MANY_ZONES)  # layers: lgn, simple, complex
LGN, SIMPLE, COMPLEX, GABOR, MANY = range(5)
CHECK, SIDE = {"pixels_per_degree": 2.0}, 13  # a pixel; of the window that is analysed, checks
ROW, PATCH = cat.wired_cells(1, threshold=0, **CHECK), cat.gabor_cells(1, **CHECK)
NOISY = (ROW, cat.energy_complex(PATCH, torch.zeros(1, 2)), cat.energy_complex(PATCH))
NAMES, NAMED = ("wired", "Gabor", "complex, one place", "complex, 13 places"), [1, 2, 3, 5]  # of their layers


def answers(stimuli, chains):
    """What the first cell at the centre of each layer of the chains answers. Shapes: (layers, stimuli)."""
    recorded = [record(chain, stimuli, units="centre").responses.values() for chain in chains]
    return np.stack([layer[:, 0, 0, 0].astype(float) for of in recorded for layer in of])


def middle(images):
    """The checks in the middle, (..., SIDE, SIDE)."""
    rim = (images.shape[-1] - SIDE) // 2
    return np.asarray(images[..., rim:-rim, rim:-rim], dtype=float)


def wired_fields():
    """The fields of NAMES; of the complex cells, that of one of the Gabor cells they pool."""
    on, off = ROW.simple.weights[0]
    light = correlate((on - off)[None, None], ROW.lgn.field[:1])[0, 0]
    return np.stack([middle(field) for field in (light, *[PATCH.simple.weights[0, 0]] * 3)])


def to_noise(frames, seed):
    """STAs, their correlation with the fields, length / chance; STC axes raising answers, spectra, chance."""
    shown = dense_noise(frames, torch.Generator().manual_seed(seed), 0.5, size=17, **CHECK)
    checks = 2 * middle(shown.images[:, 0]) - 1
    checks -= checks.mean(0)
    rates = answers(shown, NOISY)[NAMED]
    shifted = [np.roll(rates, by, axis=1) for by in frames * np.arange(1, 5) // 5]
    average, *chance = (spike_triggered_average(r, checks) for r in (rates, *shifted))
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(average, wired_fields(), strict=True)]
    length = np.linalg.norm([average, *chance], axis=(2, 3))
    stc = covariance_axes(rates[1:], checks, np.random.default_rng(seed), 20)
    raising = (stc.differences > stc.high[:, None]).sum(1)
    of_chance = length[0] / length[1:].mean(0)
    return average, alike, of_chance, raising, stc.differences, stc.high, stc.axes[1, :3], checksum(shown)


def run(settings: Settings) -> Result:
    on, off = np.moveaxis(answers(GRID, MAPPED).reshape(5, 2, *X.shape), 1, 0)
    longer, shorter = field_size(on[:COMPLEX], X, Y)
    overlap = overlap_index(on[:GABOR].reshape(3, -1), off[:GABOR].reshape(3, -1))
    gabor = fit_gabor((on - off)[[SIMPLE, GABOR, MANY]], 2.0)
    at = zip(gabor.n_x, gabor.n_y, strict=True)
    bins = [np.histogram2d([x], [y], [SUBREGIONS.edges] * 2)[0] for x, y in at]
    neighbours = np.sum(bins * np.array(SUBREGIONS.counts), axis=(1, 2))
    rows = answers(ROWS, MAPPED)[[SIMPLE, GABOR]]
    _, along, across = np.moveaxis(rows / rows[:, :1], 1, 0)
    default = answers(ROWS, [cat.wired_cells(1)])[1, 0]
    seeds = settings.seed_list(1, 5, 10)
    drawn = over_seeds(partial(to_noise, settings.pick(800, 4000, 10000)), seeds, settings.jobs)
    averages, alike, length, raising, spectra, chance, axes, data = map(np.stack, zip(*drawn, strict=True))
    axes_found = np.median(raising, axis=0)

    paper, kagan = "Hubel & Wiesel 1962", "Kagan & al. 2002 (a guide: our index is of areas)"
    touryan, ours = "Touryan & al. 2002 (reported)", "set before the run"
    # fmt: off
    claims = [
        Claim("an LGN field is round: length / width of its ON zone", paper, "concentric", None, 1.1, ours,
              longer[LGN] / shorter[LGN], "simple cell", longer[SIMPLE] / shorter[SIMPLE]),
        Claim("a simple cell's ON and OFF zones lie apart: overlap index", kagan, "at most 0.3", None, 0.3,
              "the paper", overlap[SIMPLE], "complex cell", overlap[COMPLEX]),
        Claim("a complex cell has no separate zones: overlap index", kagan, "at least 0.5", 0.5, None,
              "the paper", overlap[COMPLEX], "simple cell", overlap[SIMPLE]),
        Claim("spots in one zone of a simple cell add up: three / one", paper, "summation", 1.5, None, ours,
              along[0], "two of them on the flanks", across[0]),
        Claim("spots in zones of both signs cancel: one, and one on each flank / one", paper, "antagonism",
              None, 0.5, ours, across[0], "all in one zone", along[0],
              f"LGN cells are silent at rest here: light takes nothing away; Gabor cell {across[1]:.2f}"),
        Claim("a simple cell's STA is its field: correlation, the least of all runs",
              "Chichilnisky 2001 (reported)", "proportional", 0.9, None, ours, alike[:, :2].min(),
              "complex cell, the largest", np.abs(alike[:, 2]).max()),
        Claim("a complex cell has no STA: its length / that of shifted answers, mean", touryan, "none", None,
              1.5, ours, length[:, 2].mean(), "simple cells", length[:, :2].mean()),
        Claim("a complex cell has two STC axes that raise its answer: median", touryan, 2, 2, 2, "the paper",
              axes_found[1], "simple cell", axes_found[0],
              f"{axes_found[2]:.0f} of the cell that pools over 13 places"),
        Claim("few zones: cells of 79 in the same bin of n_x and n_y as the wired cell", "Ringach 2002b",
              "one family", 4, None, f"{ours}: one in twenty", neighbours[0], "many zones", neighbours[2],
              f"n_x {gabor.n_x[0]:.2f}, n_y {gabor.n_y[0]:.2f}; Gabor cell {neighbours[1]:.0f}"),
    ]
    # fmt: on
    numbers = {f"STA / chance, {name}": value for name, value in zip(NAMES, length.mean(0), strict=True)}
    numbers |= {"variance of ON - OFF of the wired cell in its Gabor fit": gabor.r2[0]}
    numbers |= {"answer to a spot of 1 degree, default threshold": default}
    fields = [wired_fields()[:1], averages.mean(0)[[0, 2]], axes[0]]
    series = {"maps": np.stack([on, off], 1)[:GABOR], "fields": np.concatenate(fields)}
    series = {name: each / np.abs(each).max((-1, -2), keepdims=True) for name, each in series.items()}
    series |= {"along": along, "across": across, "spectra": spectra[..., :8], "chance": chance.mean(0)}
    series |= {"n": np.stack([gabor.n_y, gabor.n_x])}
    return Result(numbers, series, claims, data=" ".join((checksum(GRID, ROWS), *data)))


def draw(result: Result) -> Figure:
    page, series = figure(7, 5.6), result.series
    above, between, below = page.subfigures(3, 1, height_ratios=(1, 1, 1.5))
    above.suptitle("answers to a small spot, by its place in 9.5 x 9.5 degrees (white: most)")
    names = [f"{cell}, {light}" for cell in ("LGN", "simple", "complex") for light in ("light", "dark")]
    image_grid(above, series["maps"].reshape(6, *X.shape), names)
    between.suptitle("dense noise, 6.5 x 6.5 degrees (red: light, blue: dark; each to its own largest)")
    names = ("simple, as wired", "simple, STA", "complex, STA", "complex, STC 1", "STC 2", "STC 3: chance")
    image_grid(between, series["fields"], names, limits=(-1, 1), colourmap="RdBu_r")
    rows, spectrum, zones = below.subplots(1, 3)
    for aside, name, cell in ((-0.2, "wired", 0), (0.2, "Gabor", 1)):
        heights = 1, series["along"][cell], series["across"][cell]
        rows.bar(np.arange(3) + aside, heights, 0.4, label=name, color=OKABE_ITO[cell])
    rows.set_xticks(range(3), ["one", "three\nalong", "three\nacross"])
    rows.set(ylabel="response / that to one", title="spots in a simple cell", ylim=(0, 3.8))
    rows.legend(loc="upper left")
    changes = dict(zip(NAMES[1:], np.moveaxis(series["spectra"], 1, 0), strict=True))
    curves_panel(spectrum, range(1, 9), changes, "STC axis", "variance, above that of the noise")
    for i, chance in enumerate(series["chance"]):
        spectrum.axhline(chance, color=OKABE_ITO[i], linewidth=0.8, linestyle=":")
    spectrum.set(title="STC (dotted: chance)", ylim=(0, 1.9))
    zones.pcolormesh(SUBREGIONS.edges, SUBREGIONS.edges, SUBREGIONS.counts, cmap="Greys", vmax=30)
    for name, place, paint in zip(("wired", "Gabor", "many zones"), series["n"].T, OKABE_ITO, strict=False):
        zones.plot(*place, "o", color=paint, label=name)
    zones.set(xscale="log", yscale="log", xlabel="n_y, cycles along the bar", ylabel="n_x, cycles across it")
    for axis in (zones.xaxis, zones.yaxis):
        axis.set_ticks([0.1, 0.3, 1], ["0.1", "0.3", "1"])
        axis.set_ticks([], minor=True)
    zones.set_title("79 macaque cells (grey)")
    zones.legend(loc="lower right")
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
