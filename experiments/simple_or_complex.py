"""F1/F0 falls into two heaps, simple and complex, though the cells behind it are of one kind.

Stimuli   drifting gratings of full contrast over the whole field, at 18 orientations: 16 phases of a cycle,
          at the spatial frequency of the cells, which is one, as it only sets the scale.
Model     cells of macaque_population(): each a mixture, any alike, of a linear and an energy part, an
          untuned floor, a threshold with half-squaring; 308 a draw, nothing fitted to F1/F0. Beside them the
          same cells with the threshold alone (no floor, p = 1), and with mixtures rounded to 0 or 1.
Measured  F1/F0 of the rate, and of the membrane's drive, at the orientation of the largest mean rate; and the
          trough: the bins from 0.8 to 1.2, relative to the fullest bin of the lower heap beside them.
Expected  Skottun & al. 1991: above or below 1, the ratio agrees with the classes by wiring. Ringach & al.
          2002: two heaps, 40 % of 308 cells above 1. Mechler & Ringach 2002: rectification alone makes two
          heaps of one, so that two heaps do not prove two classes. Only the membrane tells them apart.
"""

from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import f1_f0
from neuro.analysis.published import MACAQUE_F1_F0
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models.population import drawn_cells, population
from neuro.plotting import COLOURS, GREY, figure
from neuro.recording import record
from neuro.stimuli import gratings

FREQUENCY, SCREEN = 0.5, {"field": 16.25, "pixels_per_degree": 4.0}
ORIENTATIONS, PHASES = np.arange(0, 180, 10), np.arange(0, 360, 22.5)
TURNED, DRIFTED = (grid.ravel() for grid in np.meshgrid(ORIENTATIONS, PHASES, indexing="ij"))
EDGES, MACAQUE = np.array(MACAQUE_F1_F0.edges), np.array(MACAQUE_F1_F0.counts)
LOWEST = 4.0  # below every drive: F1 minds no constant, and F0 is counted from it
PREPARATIONS = ("threshold alone", "the population", "two classes", "no floor")
SITES = ("membrane", "rate")


def ratios(cells, exponent, shown):
    """F1/F0 of the drive and of the rate of each cell, where its mean rate is largest. Shapes: (2, n)."""
    answers = record(population(cells, *SCREEN.values(), exponent), shown).responses.values()
    size = len(ORIENTATIONS), len(PHASES), -1
    drive, rate = (np.moveaxis(answer.astype(float).reshape(size), 2, 0) for answer in answers)
    best = np.arange(len(rate)), rate.mean(2).argmax(1)
    return np.stack([f1_f0(drive[best] + LOWEST, LOWEST), f1_f0(rate[best])])


def one_seed(n, seed):
    """Ratios (PREPARATIONS, SITES, n) and mixtures (n,) of one draw, and a checksum."""
    cells = drawn_cells(n, torch.Generator().manual_seed(seed), 1.0, FREQUENCY, **SCREEN)
    bare, classes = replace(cells, floor=0 * cells.floor), replace(cells, mixture=cells.mixture.round())
    shown = gratings(TURNED, FREQUENCY, DRIFTED, **SCREEN)
    prepared = ((bare, 1), (cells, 2), (classes, 2), (bare, 2))
    return np.stack([ratios(*each, shown) for each in prepared]), cells.mixture.numpy(), checksum(shown)


def trough(counts):
    """The bins from 0.8 to 1.2 over the fullest bin of the lower heap. Shapes: (..., 10) -> (...)."""
    heaps = np.minimum(counts[..., :4].max(-1), counts[..., 6:].max(-1))
    return counts[..., 4:6].mean(-1) / heaps


def run(settings: Settings) -> Result:
    cells = settings.pick(100, 308, 308)
    draws = over_seeds(partial(one_seed, cells), settings.seed_list(1, 5, 20), settings.jobs)
    drawn, mixtures, data = (np.stack(part) for part in zip(*draws, strict=True))
    ratio = np.concatenate(drawn, axis=-1)  # preparation, site, cell
    share = np.apply_along_axis(lambda r: np.histogram(r, EDGES)[0], -1, ratio) / ratio.shape[-1]
    simple = ratio > 1
    agree = (drawn[:, 1] > 1) == (mixtures > 0.5)[:, None]  # draw, site, cell
    agree = np.sort(agree.mean(-1), axis=0)
    depth = trough(share)
    each = [np.mean(draw[1, 1] > 1) for draw in drawn]

    mechler, ours = "Mechler & Ringach 2002", "set before the run"
    # fmt: off
    claims = [
        Claim("a threshold alone makes two heaps of one: trough of F1/F0", mechler, "bimodal", None, 0.9,
              f"{ours}: a tenth below the lower heap", depth[0, 1], "the membranes", depth[0, 0]),
        Claim("the trough between the heaps is as deep as the macaque's", "Ringach & al. 2002, database",
              trough(MACAQUE), trough(MACAQUE) / 2, 1.5 * trough(MACAQUE), f"{ours}: half to 1.5 times",
              depth[1, 1], "the membranes", depth[1, 0],
              f"the floor and the squaring fill it; a threshold alone has {depth[0, 1]:.2f}"),
        Claim("F1/F0 above or below 1 agrees with the wiring, mostly linear or mostly energy: share of cells",
              "Skottun & al. 1991", "agrees", 0.9, None, "of every draw, since a review", agree[0, 1],
              "the membranes", agree[-1, 0], f"{agree[0, 1]:.2f} to {agree[-1, 1]:.2f} among the draws"),
        Claim("share of cells with F1/F0 above 1", "Ringach & al. 2002, database", 0.40, 0.35, 0.46,
              "95 % of draws of 308 cells", simple[1, 1].mean(), "no floor", simple[3, 1].mean(),
              f"{min(each):.2f} to {max(each):.2f} among the draws"),
    ]
    # fmt: on
    numbers = {f"median F1/F0, {name}": np.median(r[1]) for name, r in zip(PREPARATIONS, ratio, strict=True)}
    troughs = zip(product(PREPARATIONS, SITES), depth.ravel(), strict=True)
    numbers |= {f"trough, {name}, {site}": value for (name, site), value in troughs}
    beyond = 1 - share.sum(-1)
    series = {"percent": 100 * share, "beyond": 100 * beyond, "macaque": 100 * MACAQUE / MACAQUE.sum()}
    return Result(numbers, series, claims, data=" ".join(data))


def draw(result: Result) -> Figure:
    page, series = figure(7, 4.2), result.series
    panels = page.subplots(2, 3, sharex=True, sharey="row")
    for i, column in enumerate(panels.T):
        for j, axes in enumerate(column):
            paint = COLOURS["simple"] if j else GREY
            axes.stairs(series["percent"][i, j], EDGES, fill=True, color=paint)
            axes.axvline(1, ymax=0.8, color="black", linewidth=0.5, linestyle=":")
        above, below = column
        said = f"{series['beyond'][i, 0]:.0f} % lie above 2"
        above.text(0.97, 0.95, said, ha="right", va="top", transform=above.transAxes)
        above.set(title=PREPARATIONS[i])
        below.stairs(series["macaque"], EDGES, color="black", label="macaque, 308 cells")
        below.set(xlabel="F1/F0 of the rate")
        above.set(xlabel="F1/F0 of the membrane")
        above.tick_params(labelbottom=True)
    for axes in panels[:, 0]:
        axes.set_ylabel("cells (%)")
    panels[1, 1].legend(loc="upper right")
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
