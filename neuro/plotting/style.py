"""What all figures have in common: their colours and their style."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.figure import Figure

# The eight colours that Okabe & Ito (2008) chose to be told apart whatever one's colour vision; yellow,
# hard to see on white, comes last.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
GREY = "#8C8C8C"

COLOURS = {
    "pixels": GREY,
    "other weights": "#999933",
    "untrained": "#000000",
    "imprinted": "#CC79A7",
    "winner-take-all": "#E69F00",
    "winner-kill-loser": "#882255",
    "add-if-silent": "#117733",
    "unit length": "#999933",
    "random Gabor": "#56B4E9",
    "Hebb": "#8C510A",
    "normalised Hebb": "#8C510A",
    "Oja": "#8C510A",
    "Sanger": "#8C510A",
    "Fukushima": "#E69F00",
    "Fukushima, times output": "#E69F00",
    "hard competition": "#E69F00",
    "Krotov-Hopfield": "#D55E00",
    "SoftHebb": "#D55E00",
    "k-means": "#009E73",
    "PCA": "#009E73",
    "all-to-all": "#332288",
    "pixels shuffled": "#882255",
    "backpropagation": "#0072B2",
    "backpropagation, 25 passes": "#332288",
    "FA": "#D55E00",
    "direct FA": "#E69F00",
    "sign-symmetry": "#009E73",
    "last layer only": "#000000",
    "forward-forward": "#009E73",
    "labels shuffled": GREY,
    "lgn": "#009E73",
    "simple": "#56B4E9",
    "complex": "#D55E00",
    "sum": "#E69F00",
    "max": "#0072B2",
    "energy": "#CC79A7",
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
