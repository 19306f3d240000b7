"""Panels of lines and dots."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, MultipleLocator
from numpy.typing import ArrayLike

from neuro.plotting.style import CLASS_COLOURS, GREY, OKABE_ITO, colour


def curves_panel(
    axes: Axes,
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    xlabel: str,
    ylabel: str,
    *,
    legend: bool = True,
) -> None:
    """One curve a name against x (n,), each (n,) or (seeds, n)."""
    for position, (name, values) in enumerate(curves.items()):
        runs = np.atleast_2d(np.asarray(values, dtype=float))
        paint = colour(name, position)
        if len(runs) > 1:
            axes.plot(x, runs.T, color=paint, linewidth=0.6, alpha=0.5)
        axes.plot(x, runs.mean(axis=0), color=paint, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if legend:
        axes.legend()


def tuning_panel(
    axes: Axes, orientations: ArrayLike, curves: Mapping[str, ArrayLike], ylabel: str = "response"
) -> None:
    """Responses (n,) or (seeds, n) at each orientation, in degrees."""
    curves_panel(axes, orientations, curves, "orientation (degrees)", ylabel)
    axes.xaxis.set_major_locator(MultipleLocator(45))
    axes.set_ylim(bottom=0)


def learning_curve_panel(axes: Axes, curves: Mapping[str, ArrayLike], ylabel: str) -> None:
    """A quantity (n,) or (seeds, n) after each epoch, counted from 1; n may differ between names."""
    n = max(np.shape(values)[-1] for values in curves.values())
    padded = {}
    for name, values in curves.items():
        runs = np.atleast_2d(np.asarray(values, dtype=float))
        padded[name] = np.pad(runs, [(0, 0), (0, n - runs.shape[1])], constant_values=np.nan)
    curves_panel(axes, range(1, n + 1), padded, "epoch", ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def scatter_panel(
    axes: Axes, x: ArrayLike, groups: Mapping[str, ArrayLike], xlabel: str, ylabel: str
) -> None:
    """A dot for each value (n,) of each group against x (n,); later groups lie above."""
    for position, (name, values) in enumerate(groups.items()):
        axes.scatter(x, values, s=6, color=colour(name, position), linewidths=0, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend()


def dots_panel(axes: Axes, groups: Mapping[str, ArrayLike], ylabel: str) -> None:
    """Each run of each group as a dot, the mean as a bar; a line joins the runs of one seed.

    Groups hold their runs in one order of seeds; where they differ in number, nothing is joined.
    """
    runs = [np.atleast_1d(np.asarray(values, dtype=float)) for values in groups.values()]
    if len({len(each) for each in runs}) == 1:
        axes.plot(range(len(runs)), np.stack(runs), color=GREY, linewidth=0.6, zorder=1)
    for position, (name, values) in enumerate(zip(groups, runs, strict=True)):
        paint = colour(name, position)
        axes.scatter(np.full(len(values), position), values, s=14, color=paint, alpha=0.7, zorder=2)
        axes.hlines(values.mean(), position - 0.25, position + 0.25, color=paint, linewidth=2.5, zorder=3)
    axes.set_xticks(range(len(runs)), list(groups), rotation=25, ha="right", rotation_mode="anchor")
    axes.set(ylabel=ylabel, xlim=(-0.5, len(runs) - 0.5))


def cells_panel(
    axes: Axes, groups: Mapping[str, ArrayLike], ylabel: str, colours: Mapping[str, str] | None = None
) -> None:
    """One column of dots a group, a dot a cell, with a bar at the median; undefined cells are left out.

    Dots are spread sideways by their order, so that none hides another.
    """
    for position, (name, values) in enumerate(groups.items()):
        cells = np.asarray(values, dtype=float)
        defined = cells[np.isfinite(cells)]
        aside = position + 0.6 * (np.arange(len(defined)) / max(len(defined) - 1, 1) - 0.5)
        paint = (colours or {}).get(name) or colour(name, position)
        axes.plot(aside, defined, ".", color=paint, markersize=2.5, alpha=0.6)
        if len(defined):
            axes.hlines(np.median(defined), position - 0.38, position + 0.38, color="black", linewidth=2)
    axes.set_xticks(range(len(groups)), list(groups), rotation=90)
    axes.set(ylabel=ylabel, xlim=(-0.6, len(groups) - 0.4))


def differences_panel(
    axes: Axes, differences: Mapping[str, ArrayLike], intervals: Mapping[str, ArrayLike], xlabel: str
) -> None:
    """A row a name: the difference of each pair (n,) as a dot, and mean, low and high (3,) of its interval.

    Ends that are NaN are not drawn.
    """
    axes.axvline(0, color=GREY, linewidth=0.8)
    for row, (name, values) in enumerate(differences.items()):
        mean, low, high = np.asarray(intervals[name], dtype=float)
        axes.scatter(values, np.full(np.shape(values), row - 0.2), s=12, color=GREY, linewidths=0)
        axes.plot([low, high], [row + 0.1] * 2, color="black")
        axes.plot(mean, row + 0.1, "o", color="black", markersize=4)
    axes.set_yticks(range(len(differences)), list(differences))
    axes.set(xlabel=xlabel, ylim=(len(differences) - 0.5, -0.5))


def layers_panel(axes: Axes, table: Mapping[str, ArrayLike]) -> None:
    """A row a layer, of the columns of a layer table: what it counts, and beside its name what its cells see.

    planes@height x width; how many pixels high the field of a cell is, every so many pixels. No legend.
    """
    names = ("layer", "planes", "height", "width", "field_height", "jump_y")
    rows = zip(*(np.asarray(table[name]).tolist() for name in names), strict=True)
    told = ["{} {}@{}x{}, sees {}".format(*row[:5]) + (f" every {row[5]}" if row[5] else "") for row in rows]
    bars = {"parameters": "parameters", "links": "links", "macs": "multiplications"}
    for k, (name, what) in enumerate(bars.items()):
        places = np.arange(len(told)) + 0.27 * (k - 1)
        axes.barh(places, np.asarray(table[name]), 0.25, color=OKABE_ITO[k], label=what)
    axes.set_yticks(range(len(told)), told)
    axes.set(xscale="log", xlabel="count")
    axes.invert_yaxis()


def raster_panel(axes: Axes, spikes: ArrayLike, dt: float, shown: tuple[float, float] | None = None) -> None:
    """A tick for each bin with a spike, the first trial at the top; grey while the stimulus is `shown`, ms.

    Shapes: spikes (trials, T), in bins of dt ms.
    """
    counts = np.asarray(spikes)
    times = [(np.flatnonzero(trial) + 0.5) * dt for trial in counts]
    if shown is not None:
        axes.axvspan(*shown, color="#E3E3E3", linewidth=0)
    axes.eventplot(
        times, lineoffsets=list(range(1, len(counts) + 1)), linelengths=0.8, colors="black", linewidths=0.7
    )
    axes.set(
        xlabel="time (ms)", ylabel="trial", xlim=(0, counts.shape[1] * dt), ylim=(len(counts) + 0.5, 0.5)
    )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))


def embedding_panel(
    axes: Axes,
    xy: ArrayLike,
    labels: ArrayLike,
    name: str = "t-SNE",
    beneath: Mapping[str, Mapping[str, float]] | None = None,
) -> None:
    """Points (n, 2) coloured by label (n,), each class named at its median. The axes have no unit.

    `beneath` the panel a line for each name, with its numbers, a dash for NaN.
    """
    points, classes = np.asarray(xy, dtype=float), np.asarray(labels)
    for position, label in enumerate(np.unique(classes)):
        own = points[classes == label]
        paint = CLASS_COLOURS[position % len(CLASS_COLOURS)]
        axes.scatter(own[:, 0], own[:, 1], s=4, color=paint, linewidths=0)
        halo = [withStroke(linewidth=2.5, foreground="white")]
        x, y = np.median(own, axis=0)
        axes.text(x, y, str(label), ha="center", va="center", weight="bold", path_effects=halo)
    axes.set(xticks=[], yticks=[], xlabel=f"{name} 1", ylabel=f"{name} 2")
    axes.set_aspect("equal", adjustable="datalim")
    if beneath is not None:
        lines = {
            line: ", ".join(
                f"{what} {'-' if np.isnan(value) else f'{value:.2f}'}" for what, value in numbers.items()
            )
            for line, numbers in beneath.items()
        }
        axes.set(xlabel="\n".join(f"{line}: {told}" for line, told in lines.items()), ylabel="")
