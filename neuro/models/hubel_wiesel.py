"""The cat's visual cortex after Hubel and Wiesel: LGN -> simple -> complex -> hypercomplex cells.

Concentric cells in a row make a simple cell; simple cells of one orientation at neighbouring places make a
complex cell (Hubel & Wiesel 1962, J. Physiol. 160:106-154, reported figs. 19 and 20); complex cells beyond
its ends stop a hypercomplex one (1965, reported). Every chain is built here; the cells have a module each.

    lgn           on = max(0, DoG * L),  off = max(0, -DoG * L)
    simple        s = max(0, sum w_on on + sum w_off off - threshold), or a rectified Gabor function
    normalised    r = s^n / (sigma^n + pool^n)
    complex       c = max, mean, or sum of squares, of s over phases and places
    hypercomplex  h = max(0, c - k (c at one end + c at the other))

moving_cortex() and separable_cortex(), which see movies, are built in moving_cells and named here too.

Differs from the paper:
- every number here (sizes, spacings, threshold) is ours, chosen to suit the 1 by 8 degree slit of 1959; the
  papers print fields of many sizes and no model;
- the LGN sheet has a cell at every pixel and a simple cell draws on exact places; in the cat the match is
  statistical (Alonso, Usrey & Reid 2001: 33 % of overlapping pairs are connected);
- the complex cell of hubel_wiesel() takes the maximum, as the lecture decks put it; 1962 speaks of
  convergence only, for which there is sum_complex();
- rates are instantaneous and without noise; spikes are drawn afterwards from the recorded rate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from neuro.models.complex_cells import (
    ComplexCells,
    EnergyComplexCells,
    MaxComplexCells,
    SumComplexCells,
    grid_of_places,
    scattered_places,
)
from neuro.models.hypercomplex_cells import HypercomplexCells
from neuro.models.lgn import CENTRE, SURROUND, ConcentricCells
from neuro.models.moving_cells import MovieCortex, MovingSimpleCells, moving_cortex, separable_cortex
from neuro.models.normalisation import DivisiveNormalisation, Saturation
from neuro.models.simple_cells import (
    FLANK,
    PHASES,
    THRESHOLD,
    GaborCells,
    SimpleCells,
    aligned_centres,
    scattered_centres,
)

__all__ = [
    "CENTRE",
    "FLANK",
    "PHASES",
    "SURROUND",
    "THRESHOLD",
    "ComplexCells",
    "ConcentricCells",
    "DivisiveNormalisation",
    "EnergyComplexCells",
    "GaborCells",
    "HypercomplexCells",
    "MaxComplexCells",
    "MovieCortex",
    "MovingSimpleCells",
    "Saturation",
    "SimpleCells",
    "SumComplexCells",
    "aligned_centres",
    "energy_complex",
    "gabor_cells",
    "gabor_cortex",
    "grid_of_places",
    "hubel_wiesel",
    "hypercomplex",
    "max_complex",
    "moving_cortex",
    "normalised_cortex",
    "plane_of",
    "saturating_cortex",
    "scattered_centres",
    "scattered_places",
    "separable_cortex",
    "sum_complex",
    "wired_cells",
]


def wired_cells(
    orientations: int = 8,
    centres: Tensor | None = None,
    threshold: float = THRESHOLD,
    pixels_per_degree: float = 4.0,
    phases: Sequence[float] = PHASES,
) -> nn.Sequential:
    """The chain `lgn, simple`; `centres` default to a row, aligned_centres()."""
    centres = aligned_centres() if centres is None else centres
    return nn.Sequential(
        OrderedDict(
            lgn=ConcentricCells(CENTRE, SURROUND, pixels_per_degree),
            simple=SimpleCells(centres, orientations, threshold, pixels_per_degree, phases),
        )
    )


def gabor_cells(
    orientations: int = 8,
    spatial_frequency: float = 0.45,
    sd_across: float = 0.6,
    sd_along: float = 1.5,
    pixels_per_degree: float = 4.0,
    phases: Sequence[float] = PHASES,
) -> nn.Sequential:
    """The chain `simple`: Gabor functions (cycles/degree, degrees) in place of the wiring."""
    cells = GaborCells(orientations, spatial_frequency, sd_across, sd_along, pixels_per_degree, phases)
    return nn.Sequential(OrderedDict(simple=cells))


def hubel_wiesel(
    orientations: int = 8,
    centres: Tensor | None = None,
    pooling_radius: float = 1.5,
    threshold: float = THRESHOLD,
    pixels_per_degree: float = 4.0,
    phases: Sequence[float] = PHASES,
) -> nn.Sequential:
    """The chain `lgn, simple, complex`; `centres` default to a row, aligned_centres().

    `pooling_radius` in degrees: the reach of a complex cell over simple cells; zero is the control.
    """
    cells = wired_cells(orientations, centres, threshold, pixels_per_degree, phases)
    return _with(cells, complex=ComplexCells(round(pooling_radius * pixels_per_degree), len(phases)))


def gabor_cortex(
    orientations: int = 8,
    spatial_frequency: float = 0.45,
    sd_across: float = 0.6,
    sd_along: float = 1.5,
    pooling_radius: float = 1.5,
    pixels_per_degree: float = 4.0,
    phases: Sequence[float] = PHASES,
) -> nn.Sequential:
    """The chain `simple, complex` with Gabor functions (cycles/degree, degrees) in place of the wiring."""
    cells = gabor_cells(orientations, spatial_frequency, sd_across, sd_along, pixels_per_degree, phases)
    return _with(cells, complex=ComplexCells(round(pooling_radius * pixels_per_degree), len(phases)))


def sum_complex(cells: nn.Sequential | None = None, places: Tensor | None = None) -> nn.Sequential:
    """The chain of `cells` (default gabor_cells()), and a layer `complex` that adds them up.

    c = mean of s over the phases of one orientation and over `places` (default grid_of_places())
    """
    cells = gabor_cells() if cells is None else cells
    return _with(cells, complex=SumComplexCells(*_pool(cells, places)))


def max_complex(cells: nn.Sequential | None = None, places: Tensor | None = None) -> nn.Sequential:
    """The chain of `cells` (default gabor_cells()), and a layer `complex` that takes the largest.

    c = max of s over the phases of one orientation and over `places` (default grid_of_places())
    """
    cells = gabor_cells() if cells is None else cells
    return _with(cells, complex=MaxComplexCells(*_pool(cells, places)))


def energy_complex(cells: nn.Sequential | None = None, places: Tensor | None = None) -> nn.Sequential:
    """The chain of `cells` (default gabor_cells()), and a layer `complex` of their energy.

        c = mean over `places` (default grid_of_places()) of the sum of s^2 over the phases of one orientation

    There is no square root. With Gabor cells of phases 0, 90, 180, 270 this is the energy of a quadrature
    pair.
    """
    cells = gabor_cells() if cells is None else cells
    return _with(cells, complex=EnergyComplexCells(*_pool(cells, places)))


def hypercomplex(
    cortex: nn.Sequential | None = None, distance: float = 4.0, strength: float = 1.0
) -> nn.Sequential:
    """Any chain with a last layer `complex`, and after it `hypercomplex`: three planes for each orientation.

        h = max(0, c - k (c(ahead) + c(behind))),   max(0, c - k c(ahead)),   max(0, c - k c(behind))

    `cortex` defaults to hubel_wiesel(); `distance` (degrees) to the cells beyond the ends, k = `strength`.
    """
    cortex = hubel_wiesel() if cortex is None else cortex
    if "complex" not in dict(cortex.named_children()):
        raise ValueError("hypercomplex cells are made of complex cells; this chain has no layer 'complex'")
    cells = _simple(cortex)
    orientations = len(cells.weights) // len(cells.phases)
    return _with(
        cortex,
        hypercomplex=HypercomplexCells(orientations, distance, strength, cells.pixels_per_degree),
    )


def normalised_cortex(
    cells: nn.Sequential | None = None,
    semi_saturation: float = 0.015,
    exponent: float = 2.0,
    radius: float = 2.0,
    places: Tensor | None = None,
) -> nn.Sequential:
    """The chain of `cells` (default gabor_cells()), then `normalised, complex`.

        r = s^n / (sigma^n + pool^n),   c = mean of r over phases and places

    The pool is the mean over all planes and the places within `radius` degrees. With the default
    semi-saturation a grating that fills the pool brings half of the largest answer at a contrast of 0.3.
    """
    cells = gabor_cells() if cells is None else cells
    places, phases, pixels_per_degree = _pool(cells, places)
    pool = DivisiveNormalisation(semi_saturation, exponent, round(radius * pixels_per_degree))
    return _with(cells, normalised=pool, complex=SumComplexCells(places, phases, pixels_per_degree))


def saturating_cortex(
    cells: nn.Sequential | None = None,
    semi_saturation: float = 0.23,
    exponent: float = 2.0,
    places: Tensor | None = None,
) -> nn.Sequential:
    """The control of normalised_cortex: the chain of `cells`, then `saturated, complex`, without a pool.

    r = s^n / (sigma^n + s^n),   c = mean of r over phases and places
    """
    cells = gabor_cells() if cells is None else cells
    saturated = Saturation(semi_saturation, exponent)
    return _with(cells, saturated=saturated, complex=SumComplexCells(*_pool(cells, places)))


def plane_of(orientation: float, orientations: int = 8) -> int:
    """The plane of complex cells that prefers this orientation; its simple cells begin at 4 times it."""
    return round(orientation / (180 / orientations)) % orientations


def _with(cells: nn.Sequential, **layers: nn.Module) -> nn.Sequential:
    """The chain with these layers after its own."""
    return nn.Sequential(OrderedDict([*cells.named_children(), *layers.items()]))


def _pool(cells: nn.Sequential, places: Tensor | None) -> tuple[Tensor, int, float]:
    """Where a complex cell's pool lies, and the phases and pixels per degree of the simple cells in it."""
    simple = _simple(cells)
    return grid_of_places() if places is None else places, len(simple.phases), simple.pixels_per_degree


def _simple(chain: nn.Sequential) -> SimpleCells | GaborCells:
    """The layer `simple` of a chain; raises ValueError for a chain that has none of these cells."""
    layers = dict(chain.named_children())
    simple = layers.get("simple")
    if not isinstance(simple, SimpleCells | GaborCells):
        raise ValueError(
            f"expected a chain with a layer 'simple' of SimpleCells or GaborCells; got {', '.join(layers)}"
        )
    return simple
