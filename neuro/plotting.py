"""Panels: each draws one analysis value into the axes it is given.

A figure is made by `figure`, which also sets the house style. Panels draw arrays as they come; what is
computed is computed in `neuro.analysis`. Series are arrays (n,) of one run, or (seeds, n) of several:
each run is then a thin line and their mean a thick one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.image import AxesImage
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, MultipleLocator
from numpy.typing import ArrayLike

# The eight colours that Okabe & Ito (2008) chose to be told apart whatever one's colour vision; yellow,
# hard to see on white, comes last.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
GREY = "#8C8C8C"

COLOURS = {
    "pixels": GREY,
    "untrained": "#000000",
    "imprinted": "#CC79A7",
    "winner-take-all": "#E69F00",
    "backpropagation": "#0072B2",
    "lgn": "#009E73",
    "simple": "#56B4E9",
    "complex": "#D55E00",
    "mlp": "#CC79A7",
    "convnet": "#0072B2",
    "cortex": "#009E73",
    "neocognitron": "#E69F00",
}

# Ten colours for ten classes, chosen for their distance in every colour vision (Petroff 2021).
# fmt: off
CLASS_COLOURS = (
    "#3F90DA", "#FFA90E", "#BD1F01", "#94A4A2", "#832DB6",
    "#A96B59", "#E76300", "#B9AC70", "#717581", "#92DADD",
)
# fmt: on

# Any, as newer matplotlib types each key and older does not.
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.5,
    "image.interpolation": "nearest",
    "image.cmap": "gray",
    "savefig.dpi": 150,
    "svg.hashsalt": "neuro",
}


def figure(width: float = 7.0, height: float = 3.5) -> Figure:
    """An empty figure of this size in inches, in the house style; text is 8 points or more.

    The style is set for the whole process, as matplotlib asks for it whenever an artist is made.
    """
    matplotlib.rcParams.update(STYLE)
    return Figure(figsize=(width, height), layout="constrained")


def colour(name: str, position: int = 0) -> str:
    """The colour of a learner, cell class or model; of another name, that of its position in the panel."""
    return COLOURS.get(name, OKABE_ITO[position % len(OKABE_ITO)])


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


def image_panel(
    axes: Axes,
    image: ArrayLike,
    title: str = "",
    *,
    pixels_per_degree: float | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    colourmap: str = "gray",
) -> AxesImage:
    """An image (H, W) from the lower to the upper of `limits`; its axes in degrees of visual angle, if known.

    For weights or a receptive field: limits (-m, m) and the colour map "RdBu_r", so that zero is white.
    """
    pixels = np.asarray(image, dtype=float)
    extent = None
    if pixels_per_degree is not None:
        height, width = np.array(pixels.shape) / pixels_per_degree / 2
        extent = (-width, width, -height, height)
        axes.set(xlabel="x (degrees)", ylabel="y (degrees)")
    else:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=GREY, linewidth=0.5)
    drawn = axes.imshow(pixels, cmap=colourmap, vmin=limits[0], vmax=limits[1], extent=extent)
    axes.set_title(title)
    return drawn


def image_grid(
    parent: FigureBase,
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    colourmap: str = "gray",
) -> list[Axes]:
    """Images (n, H, W) in rows of `columns` (all in one row if not given), one axes each, on one scale."""
    pictures = np.asarray(images, dtype=float)
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    grid = parent.subplots(rows, columns, squeeze=False).ravel().tolist()
    names = titles if titles is not None else [""] * len(pictures)
    for axes, picture, title in zip(grid, pictures, names, strict=False):
        image_panel(axes, picture, title, limits=limits, colourmap=colourmap)
    for axes in grid[len(pictures) :]:
        axes.remove()
    return list(grid[: len(pictures)])


def response_strip(axes: Axes, maps: ArrayLike, title: str = "") -> None:
    """The planes of a layer side by side, (K, H, W), white at the layer's largest response and black at zero.

    A layer without any response says so.
    """
    planes = np.asarray(maps, dtype=float)
    count, height, width = planes.shape
    gap = max(1, width // 8)
    strip = np.full((height, count * (width + gap) - gap), np.nan)
    for k, plane in enumerate(planes):
        strip[:, k * (width + gap) : k * (width + gap) + width] = plane
    peak = float(planes.max())
    image_panel(axes, strip, title, limits=(0.0, peak if peak > 0 else 1.0))
    axes.spines[:].set_visible(False)
    if not planes.any():
        behind = {"facecolor": "black", "linewidth": 0}
        axes.text(
            0.5, 0.5, "silent", color="white", ha="center", va="center", bbox=behind, transform=axes.transAxes
        )


def confusion_panel(axes: Axes, matrix: ArrayLike, classes: Sequence[object]) -> None:
    """How often each class (row) was taken for each (column); shaded by the part of its row."""
    counts = np.asarray(matrix)
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            shade = "white" if parts[row, column] > 0.5 else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", color=shade)
    ticks, names = range(len(classes)), [str(name) for name in classes]
    axes.set_xticks(ticks, names)
    axes.set_yticks(ticks, names)
    axes.set(xlabel="class read out", ylabel="class shown")


def embedding_panel(axes: Axes, xy: ArrayLike, labels: ArrayLike, name: str = "t-SNE") -> None:
    """Points (n, 2) coloured by label (n,), each class named at its median. The axes have no unit."""
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
