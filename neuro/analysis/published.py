"""Published distributions of macaque V1 cells, to hold a population against; the counts are the sources'.

Three kinds: histograms, a joint histogram, and quartiles. The figures of Ringach, Shapley & Hawken 2002 are
summaries computed from their public database of 308 cells, which is not part of this library; the others
were transcribed from the papers by Marques et al. 2021 for Brain-Score. A `median` is stated
where its source is the cells themselves or the transcription, not these bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

RINGACH = "Ringach, Shapley & Hawken 2002; computed from the cells of the public database (308 of macaque V1)"
TRANSCRIBED = "transcribed from the paper by Marques et al. 2021 (Brain-Score)"
SMOOTHED = (
    "measured on curves smoothed by a Hanning window (half-width 13.5 deg), which widens them: smooth in the "
    "same way before comparing; half of the width at 1/sqrt(2) of the peak"
)
MODULATION_CAUTION = (
    "two humps do not prove two classes: rectification alone turns one hump of the potential's ratio into "
    "two of the spikes' (Mechler & Ringach 2002)"
)


def _check_bins(edges: tuple[float, ...], bins: int) -> None:
    if len(edges) != bins + 1 or bins == 0 or not all(a < b for a, b in pairwise(edges)):
        raise ValueError(f"a histogram of {bins} bins has {bins + 1} rising edges; got {edges}")


@dataclass(frozen=True)
class Histogram:
    """Numbers of cells in bins [low, high) of one measure; the last bin holds its upper edge too.

    Raises ValueError unless the edges rise and are one more than the counts.
    """

    measure: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    source: str
    note: str = ""
    median: float | None = None

    def __post_init__(self) -> None:
        _check_bins(self.edges, len(self.counts))

    @property
    def n(self) -> int:
        """The number of cells in the bins."""
        return sum(self.counts)


@dataclass(frozen=True)
class JointHistogram:
    """Numbers of cells in bins of two measures, of the same edges; a row of counts for each bin of `rows`."""

    rows: str
    columns: str
    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    source: str
    medians: tuple[float, float]

    def __post_init__(self) -> None:
        for row in (self.counts, *self.counts):
            _check_bins(self.edges, len(row))

    @property
    def n(self) -> int:
        """The number of cells in the bins."""
        return sum(map(sum, self.counts))


@dataclass(frozen=True)
class Quartiles:
    """The median of a measure over cells and, where the source was asked for them, its quartiles and mean."""

    median: float
    low: float | None = None
    high: float | None = None
    mean: float | None = None


@dataclass(frozen=True)
class ByModulation:
    """One measure of all 308 cells, the 124 with F1/F0 above one (simple), and the 184 below (complex)."""

    measure: str
    unit: str
    every: Quartiles
    simple: Quartiles
    complex: Quartiles
    source: str = RINGACH


CELLS, SIMPLE_CELLS, COMPLEX_CELLS = 308, 124, 184

CIRCULAR_VARIANCE = ByModulation(
    "circular variance",
    "",
    Quartiles(0.605, 0.336, 0.785, mean=0.559),
    Quartiles(0.445, 0.231, 0.751, mean=0.492),
    Quartiles(0.663, 0.443, 0.817, mean=0.604),
)
HALF_BANDWIDTH = ByModulation(
    "half-bandwidth at 1/sqrt(2)",
    "deg",
    Quartiles(23.25, 18.9, 31.6),
    Quartiles(21.5, 18.0, 30.5),
    Quartiles(24.0, 19.5, 31.75),
)
ORTHOGONAL_RATIO = ByModulation(
    "orthogonal/preferred", "", Quartiles(0.190), Quartiles(0.076), Quartiles(0.271)
)
F1_F0 = ByModulation("F1/F0", "", Quartiles(0.580), Quartiles(1.567), Quartiles(0.269))
PEAK_RATE = ByModulation("peak rate", "spikes/s", Quartiles(33.4), Quartiles(21.0), Quartiles(42.1))
SPONTANEOUS_RATE = ByModulation(
    "spontaneous rate", "spikes/s", Quartiles(0.85), Quartiles(0.16), Quartiles(2.25)
)
# The share of cells whose smoothed curve never falls to 1/sqrt(2): every, simple, complex.
NEVER_FALLING = (0.026, 0.024, 0.027)
# Across the 308 cells. The third is Pearson's, over those with a half-bandwidth of at most 90 degrees.
CV_WITH_ORTHOGONAL_RATIO, CV_WITH_F1_F0, CV_WITH_HALF_BANDWIDTH = 0.943, -0.173, 0.638
# Of the 304 cells whose largest response exceeds the spontaneous by 5 spikes/s: medians and 10 and 90 % of
# the largest response, spikes/s.
GOOD_CELLS, GOOD_PEAK_RATE, GOOD_SPONTANEOUS_RATE = 304, Quartiles(33.80), 0.816
GOOD_PEAK_RATE_TENTHS = (11.14, 86.27)


def _steps(low: float, step: float, bins: int) -> tuple[float, ...]:
    return tuple(round(low + i * step, 10) for i in range(bins + 1))


MACAQUE_CIRCULAR_VARIANCE = Histogram(
    "circular variance",
    "",
    _steps(0, 0.1, 10),
    (10, 29, 28, 31, 28, 27, 40, 40, 49, 26),
    RINGACH,
    median=0.605,
)
MACAQUE_F1_F0 = Histogram(
    "F1/F0",
    "",
    _steps(0, 0.2, 10),
    (70, 48, 38, 17, 11, 11, 18, 40, 40, 15),
    RINGACH,
    MODULATION_CAUTION,
    median=0.580,
)
MACAQUE_HALF_BANDWIDTH = Histogram(
    "half-bandwidth at 1/sqrt(2)",
    "deg",
    _steps(0, 10, 9),
    (0, 90, 122, 51, 17, 11, 6, 2, 1),
    RINGACH,
    "8 cells that never fall to the criterion are not in the bins; " + SMOOTHED,
    median=23.25,
)
BRAIN_SCORE = RINGACH + ", binned by Brain-Score: the 304 that exceed the spontaneous rate by 5 spikes/s"
BRAIN_SCORE_CIRCULAR_VARIANCE = Histogram(
    "circular variance",
    "",
    tuple(np.linspace(0, 1, 14).tolist()),
    (4, 21, 26, 17, 24, 20, 24, 22, 31, 33, 34, 36, 12),
    BRAIN_SCORE,
)
BRAIN_SCORE_F1_F0 = Histogram(
    "F1/F0",
    "",
    _steps(0, 0.2, 10),
    (70, 47, 38, 17, 11, 11, 17, 39, 39, 15),
    BRAIN_SCORE,
    MODULATION_CAUTION,
)
BRAIN_SCORE_HALF_BANDWIDTH = Histogram(
    "half-bandwidth at 1/sqrt(2)",
    "deg",
    tuple(np.linspace(0, 90, 18).tolist()),
    (0, 0, 27, 90, 68, 40, 30, 12, 10, 4, 8, 2, 4, 2, 0, 1, 0),
    BRAIN_SCORE,
    "6 of the 304 cells are not in the bins; " + SMOOTHED,
)

_PEAK_FREQUENCIES = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.2, 16.0, 22.4)
_DE_VALOIS_B = "De Valois, Albrecht & Thorell 1982; " + TRANSCRIBED


def _peak_frequency(which: str, median: float, *counts: int) -> Histogram:
    measure = f"peak spatial frequency, {which}"
    return Histogram(measure, "cycles/deg", _PEAK_FREQUENCIES, counts, _DE_VALOIS_B, median=median)


SIMPLE_FOVEAL_FREQUENCY = _peak_frequency("simple, foveal", 2.8, 0, 4, 4, 8, 25, 33, 26, 28, 12, 5, 2, 1)
COMPLEX_FOVEAL_FREQUENCY = _peak_frequency("complex, foveal", 4.4, 0, 0, 0, 9, 9, 7, 10, 23, 12, 8, 3, 3)
SIMPLE_PARAFOVEAL_FREQUENCY = _peak_frequency(
    "simple, parafoveal", 1.7, 2, 4, 10, 12, 18, 7, 18, 3, 4, 0, 0, 0
)
COMPLEX_PARAFOVEAL_FREQUENCY = _peak_frequency(
    "complex, parafoveal", 2.8, 1, 2, 1, 2, 5, 15, 13, 9, 3, 2, 0, 0
)
_ALL_FOUR = zip(
    SIMPLE_FOVEAL_FREQUENCY.counts,
    COMPLEX_FOVEAL_FREQUENCY.counts,
    SIMPLE_PARAFOVEAL_FREQUENCY.counts,
    COMPLEX_PARAFOVEAL_FREQUENCY.counts,
    strict=True,
)
PEAK_FREQUENCY = _peak_frequency("all", 2.85, *map(sum, _ALL_FOUR))
_DE_VALOIS_A = "De Valois, Yund & Hepler 1982; " + TRANSCRIBED
_OBLIQUE = (
    "bins centred on 0, 45, 90 and 135 as transcribed, where 0 may be a vertical bar: 0 and 90 are alike"
)
PREFERRED_ORIENTATION = Histogram(
    "preferred orientation", "deg", _steps(-22.5, 45, 4), (110, 83, 100, 92), _DE_VALOIS_A, _OBLIQUE
)
FOVEAL_PREFERRED_ORIENTATION = Histogram(
    "preferred orientation, foveal", "deg", _steps(-22.5, 45, 4), (66, 49, 77, 54), _DE_VALOIS_A, _OBLIQUE
)
_SCHILLER = "Schiller, Finlay & Volman 1976c; " + TRANSCRIBED
_SELECTIVE = (
    "100 low/high frequency at 0.707 of the peak, log2(100/it) octaves; 73 of 87 cells were selective"
)
SIMPLE_FREQUENCY_BANDWIDTH = Histogram(
    "spatial-frequency bandwidth, simple",
    "%",
    _steps(0, 10, 10),
    (0, 0, 0, 6, 5, 10, 7, 2, 0, 0),
    _SCHILLER,
    _SELECTIVE,
    median=54,
)
COMPLEX_FREQUENCY_BANDWIDTH = Histogram(
    "spatial-frequency bandwidth, complex",
    "%",
    _steps(0, 10, 10),
    (0, 3, 4, 10, 17, 6, 2, 1, 0, 0),
    _SCHILLER,
    _SELECTIVE,
    median=43,
)
_CAVANAUGH = "Cavanaugh, Bair & Movshon 2002a; " + TRANSCRIBED
_OCTAVES = tuple(0.0625 * 2**i for i in range(9))
SUPPRESSION_INDEX = Histogram(
    "suppression index",
    "",
    _steps(0, 0.2, 6),
    (66, 44, 38, 23, 16, 3),
    _CAVANAUGH,
    "148 of the 190 cells are suppressed by at least 0.1; the median is approximate",
    median=0.33,
)
SUMMATION_FIELD = Histogram(
    "grating summation field",
    "deg",
    _OCTAVES,
    (0, 9, 30, 55, 42, 10, 2, 0),
    _CAVANAUGH,
    "148 cells, as many as are suppressed by at least 0.1; the median is approximate",
    median=0.78,
)
SURROUND_DIAMETER = Histogram(
    "surround diameter",
    "deg",
    _OCTAVES,
    (0, 0, 2, 20, 33, 49, 40, 4),
    _CAVANAUGH,
    "148 cells, as many as are suppressed by at least 0.1; the median is approximate",
    median=2.6,
)
SUBREGIONS = JointHistogram(
    "n_x, cycles in one sd across the bar",
    "n_y, cycles in one sd along it",
    (0.1, 0.174, 0.302, 0.525, 0.912, 1.585),
    ((2, 0, 1, 0, 0), (8, 9, 4, 1, 0), (1, 2, 19, 17, 3), (0, 0, 1, 7, 4), (0, 0, 0, 0, 0)),
    "Ringach 2002b; binned in VOneNet's parameters",
    (0.37, 0.44),
)
