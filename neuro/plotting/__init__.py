"""Panels: each draws one analysis value into the axes it is given.

A figure is made by `figure`, which also sets the house style. Panels draw arrays as they come; what is
computed is computed in `neuro.analysis`. Series are arrays (n,) of one run, or (seeds, n) of several:
each run is then a thin line and their mean a thick one.
"""

from neuro.plotting.curves import (
    cells_panel,
    curves_panel,
    differences_panel,
    dots_panel,
    embedding_panel,
    layers_panel,
    learning_curve_panel,
    raster_panel,
    scatter_panel,
    tuning_panel,
)
from neuro.plotting.pictures import (
    confusion_panel,
    field_strips,
    image_grid,
    image_panel,
    image_table,
    raster_column,
    response_strip,
    response_strips,
    window_strip,
)
from neuro.plotting.style import (
    CLASS_COLOURS,
    COLOURS,
    GREY,
    OKABE_ITO,
    STYLE,
    colour,
    figure,
)

__all__ = [
    "CLASS_COLOURS",
    "COLOURS",
    "GREY",
    "OKABE_ITO",
    "STYLE",
    "cells_panel",
    "colour",
    "confusion_panel",
    "curves_panel",
    "differences_panel",
    "dots_panel",
    "embedding_panel",
    "field_strips",
    "figure",
    "image_grid",
    "image_panel",
    "image_table",
    "layers_panel",
    "learning_curve_panel",
    "raster_column",
    "raster_panel",
    "response_strip",
    "response_strips",
    "scatter_panel",
    "tuning_panel",
    "window_strip",
]
