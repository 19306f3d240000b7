"""Panels of pictures: stimuli, weights, planes of responses, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from neuro.plotting.curves import raster_panel
from neuro.plotting.style import GREY, OKABE_ITO


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


def image_table(
    axes: Axes,
    images: ArrayLike,
    numbers: ArrayLike,
    rows: Sequence[object],
    columns: Sequence[object],
) -> None:
    """Images (R, C, H, W) in named rows and columns, each with its number (R, C), rounded, beneath it."""
    pictures, beneath = np.asarray(images, dtype=float), np.asarray(numbers)
    down, across, height, width = pictures.shape
    cell = (height + height // 2, width + 1)
    table = np.full((down, cell[0], across, cell[1]), np.nan)
    table[:, :height, :, :width] = pictures.swapaxes(1, 2)
    image_panel(axes, table.reshape(down * cell[0], across * cell[1]))
    axes.spines[:].set_visible(False)
    for (row, column), number in np.ndenumerate(beneath):
        place = (column * cell[1] + width / 2 - 0.5, row * cell[0] + 1.25 * height - 0.5)
        axes.text(*place, f"{number:.0f}", ha="center", va="center")
    axes.set_xticks([c * cell[1] + width / 2 - 0.5 for c in range(across)], [str(name) for name in columns])
    axes.set_yticks([r * cell[0] + height / 2 - 0.5 for r in range(down)], [str(name) for name in rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)


def field_strips(axes: Axes, fields: Mapping[str, ArrayLike], title: str = "") -> None:
    """A row a name of receptive fields or weights (K, H, W): black below zero, white above, each at its own
    scale; all of one size. A name with no fields, (0, H, W), keeps its row empty."""
    rows = [np.asarray(each, dtype=float) for each in fields.values()]
    count, (height, width) = max(map(len, rows)), rows[0].shape[1:]
    table = np.full((len(rows), height + 2, count, width + 1), np.nan)
    for place, each in zip(table, rows, strict=True):
        scaled = each / np.abs(each).max(axis=(1, 2), keepdims=True).clip(1e-30)
        place[:height, : len(each), :width] = scaled.swapaxes(0, 1)
    image_panel(axes, table.reshape(len(rows) * (height + 2), -1), title, limits=(-1.0, 1.0))
    axes.spines[:].set_visible(False)
    axes.set_yticks([(row + 0.5) * (height + 2) - 1.5 for row in range(len(rows))], list(fields))
    axes.tick_params(length=0)


def response_strip(axes: Axes, maps: ArrayLike, title: str = "") -> None:
    """The planes of a layer side by side, (K, H, W), white at the layer's largest response and black at zero.

    Between them is grey, as planes may be white. A layer without any response says so.
    """
    planes = np.asarray(maps, dtype=float)
    count, height, width = planes.shape
    gap = max(1, width // 8)
    strip = np.full((height, count * (width + gap) - gap), np.nan)
    for k, plane in enumerate(planes):
        strip[:, k * (width + gap) : k * (width + gap) + width] = plane
    peak = float(planes.max())
    image_panel(axes, strip, title, limits=(0.0, peak if peak > 0 else 1.0))
    axes.set_facecolor("#B0B0B0")
    if not planes.any():
        behind = {"facecolor": "black", "linewidth": 0}
        axes.text(
            0.5, 0.5, "silent", color="white", ha="center", va="center", bbox=behind, transform=axes.transAxes
        )


def window_strip(
    axes: Axes, images: ArrayLike, top: ArrayLike, left: ArrayLike, height: int, width: int
) -> None:
    """Images (n, H, W) side by side as in response_strip, a window (height by width) outlined in each.

    Shapes: top, left (n,), the row and column of each window's first pixel. What of a window lies beyond its
    image is cut off.
    """
    response_strip(axes, images)
    high, wide = np.shape(images)[1:]
    for k, (y, x) in enumerate(np.stack([top, left], axis=1).tolist()):
        corner = max(x, 0) + k * (wide + max(1, wide // 8)) - 0.5, max(y, 0) - 0.5
        sides = min(x + width, wide) - max(x, 0), min(y + height, high) - max(y, 0)
        axes.add_patch(Rectangle(corner, *sides, fill=False, color=OKABE_ITO[1]))


def response_strips(parent: FigureBase, layers: Mapping[str, ArrayLike]) -> None:
    """A strip for each layer (K, H, W), one below the other."""
    grid = parent.subplots(len(layers), 1, squeeze=False)[:, 0]
    for axes, (name, maps) in zip(grid, layers.items(), strict=True):
        response_strip(axes, maps)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")


def raster_column(
    parent: FigureBase,
    images: ArrayLike,
    spikes: ArrayLike,
    dt: float,
    shown: tuple[float, float] | None = None,
    rates: ArrayLike | None = None,
) -> None:
    """The raster of each stimulus beside its image, one below the other, with its rate to the right.

    Shapes: images (n, H, W), spikes (trials, n, T), in bins of dt ms, rates (n,) in spikes/s.
    """
    pictures, counts = np.asarray(images), np.asarray(spikes)
    grid = parent.subplots(len(pictures), 2, width_ratios=(1, 4), sharex="col", squeeze=False)
    for k, (left, right) in enumerate(grid):
        image_panel(left, pictures[k])
        raster_panel(right, counts[:, k], dt, shown)
        right.set(xlabel="", ylabel="", yticks=[])
    for (_, right), rate in zip(grid, [] if rates is None else np.asarray(rates), strict=False):
        right.text(1.02, 0.5, f"{rate:.0f}/s", transform=right.transAxes, va="center")
    grid[-1, 1].set_xlabel("time (ms)")


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
