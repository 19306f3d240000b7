"""A cortical cell answers a slit of light at one orientation, and neither diffuse light nor small spots.

Stimuli   a bright slit, 8 by 1 degrees, turned in steps of 10 degrees, on for 1 s of a trial of 2 s; spots of
          1 degree all over the field; discs of light about its centre, the largest of them diffuse light.
Model     hubel_wiesel(): a simple cell wired from LGN centres in a vertical row; an LGN cell; gabor_cortex().
          Controls: centres scattered at random, with the threshold at the same share of the best drive; a
          Gaussian field without a surround.
Measured  half-width; answers relative to the best slit; Poisson spikes at the rates of macaque V1, and how
          their number varies from trial to trial, with and without noise of the cell's gain.
Expected  vertical is best, the half-width 10-30 degrees; no answer to the orthogonal slit, next to none to
          diffuse light and spots; LGN cells have no orientation.
"""

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import (
    circular_variance,
    half_width,
    poisson_spikes,
    preferred_orientation,
    variance_mean_slope,
)
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models import hubel_wiesel as cat
from neuro.models.receptive_fields import gaussian
from neuro.physiology import centre_cell
from neuro.plotting import curves_panel, figure, raster_column, tuning_panel
from neuro.stimuli import concatenate, slits, spots

ORIENTATIONS = np.arange(0, 180, 10)
SLITS = slits(ORIENTATIONS)
SHOWN = [3, 5, 7, 9, 11, 13, 15, 0]  # rasters are drawn at 30, 50, ... 150 and 0 degrees
DIAMETERS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 24)  # degrees; 24 is wider than the screen: diffuse light
LIGHTS = concatenate([spots(diameter=DIAMETERS), spots(*np.mgrid[-2:2.1:0.5, -3:3.1:0.5].reshape(2, -1))])
SPONTANEOUS, BEST = 0.85, 33.4  # spikes/s, medians of 308 cells (Ringach, Shapley & Hawken 2002)
GAIN_NOISE = {"Poisson": 0.0, "Poisson, gain noise": 0.05}  # variance of the gain about 1
SLIT_IS_ON = np.repeat([False, True, False], (500, 1000, 500))  # each ms of a trial
VERTICAL = 4 * cat.plane_of(90, 2)  # the bright-bar cell of the second of two orientations
CELLS = {
    "simple": lambda shown: centre_cell(cat.hubel_wiesel(2)[:2], shown, "simple", VERTICAL),
    "Gabor": lambda shown: centre_cell(cat.gabor_cortex(2)[:1], shown, "simple", VERTICAL),
    "lgn": lambda shown: centre_cell(cat.hubel_wiesel(2)[:1], shown, "lgn", 0),
    "no surround": lambda shown: (gaussian(0.3, 65, 4) * (shown.images - 0.5)).sum((1, 2, 3)).numpy(),
}


def tuned(centres, share):
    """The tuning of a cell with these LGN centres; its threshold is a share of its best drive, its peak 1."""
    drive = centre_cell(cat.hubel_wiesel(2, centres, threshold=0.0)[:2], SLITS, "simple", VERTICAL)
    return np.maximum(drive / drive.max() - share, 0) / (1 - share)


def run(settings: Settings) -> Result:
    to_slits = np.stack([cell(SLITS) for cell in CELLS.values()])
    best = to_slits.max(axis=1, keepdims=True)
    tuning, lights = to_slits / best, np.stack([cell(LIGHTS) for cell in CELLS.values()]) / best
    diffuse, spot = lights[:, 6:9].max(1), lights[:, 9:].max(1)  # discs wider than any field here; spots
    share = cat.THRESHOLD / (cat.THRESHOLD + best[0, 0])
    generators = [torch.Generator().manual_seed(seed) for seed in settings.seed_list(2, 20, 100)]
    strewn = np.stack([tuned(cat.scattered_centres(generator), share) for generator in generators])
    width, variance = half_width(tuning, ORIENTATIONS), circular_variance(tuning, ORIENTATIONS)
    off_vertical = np.abs(preferred_orientation(np.vstack([tuning[:1], strewn]), ORIENTATIONS) - 90)
    rates = SPONTANEOUS + (BEST - SPONTANEOUS) * np.outer(tuning[0, SHOWN], SLIT_IS_ON)
    generator = np.random.default_rng(settings.seed)
    spikes = poisson_spikes(rates, 1.0, settings.pick(5, 10, 50), generator)
    on = SPONTANEOUS + (BEST - SPONTANEOUS) * tuning[0]  # the slit is on for 1 s
    counts = {n: poisson_spikes(on, 1000, 200, generator, gain_variance=v) for n, v in GAIN_NOISE.items()}

    book, ours, scattered = "Hubel, Eye, Brain, and Vision", "set before the run", "scattered centres"
    # fmt: off
    claims = [
        Claim("a vertical slit is the best: degrees from it", "Hubel & Wiesel 1959 fig. 3 (reported)", "yes",
              None, 5, f"{ours}: half a step", off_vertical[0], scattered, off_vertical[1:].mean()),
        Claim("half-width of the tuning, degrees", book, "falls off over 10-20 degrees to each side", 10, 30,
              ours, width[0], scattered, np.median(half_width(strewn, ORIENTATIONS)),
              "scattered centres give narrow peaks too, but several, at any orientation"),
        Claim("an orthogonal slit, relative to the best", book, "no response", None, 0, "the book",
              tuning[0, 0], scattered, strewn[:, 0].mean()),
        Claim("light over the whole field, relative to the slit", f"{book}; lecture slides", "no response",
              None, 0.05, ours, diffuse[0], "no surround", diffuse[3]),
        Claim("the best spot of 1 degree, relative to the slit", book, "weak or none",
              None, 0.05, ours, spot[0], "LGN cell", spot[2]),
        Claim("LGN cells have no orientation: circular variance", "Hubel & Wiesel 1962", "concentric fields",
              0.9, None, ours, variance[2], "simple cell", variance[0]),
    ]
    # fmt: on
    numbers = {f"half-width, {name} (degrees)": value for name, value in zip(CELLS, width, strict=True)}
    numbers |= {f"variance of the count / mean, {n}": variance_mean_slope(of) for n, of in counts.items()}
    series = {"tuning": tuning, "scattered": strewn, "discs": lights[:, :9]}
    series |= {f"{n}: mean": of.mean(0) for n, of in counts.items()}
    series |= {f"{n}: variance": of.var(0, ddof=1) for n, of in counts.items()}
    series |= {"spikes": spikes.astype(np.uint8), "fired": spikes[:, :, SLIT_IS_ON].mean((0, 2)) * 1000}
    return Result(numbers, series, claims, data=checksum(SLITS, LIGHTS))


def draw(result: Result) -> Figure:
    page, series = figure(7, 6.6), result.series
    left, right = page.subfigures(1, 2, width_ratios=(1.15, 1))
    turned, light, varied = right.subplots(3, 1)
    raster_column(left, SLITS.images[SHOWN, 0], series["spikes"], 1.0, (500, 1500), series["fired"])
    left.suptitle("spikes of a simple cell (grey: slit on)")
    turned.plot(ORIENTATIONS, series["scattered"].T, color="#D0D0D0", linewidth=0.6)
    tuning = dict(zip(CELLS, series["tuning"][:3], strict=False))
    tuning_panel(turned, ORIENTATIONS, tuning, "response / best")
    turned.set_title("slit turned (thin grey: scattered centres)")
    discs = dict(zip(CELLS, series["discs"], strict=True))
    curves_panel(light, range(len(DIAMETERS)), discs, "diameter (degrees)", "response / best slit")
    light.set(title="a disc of light made wider", xticks=range(9), xticklabels=[*DIAMETERS[:-1], "diffuse"])
    for name in GAIN_NOISE:
        varied.plot(series[f"{name}: mean"], series[f"{name}: variance"], ".", label=name)
    varied.set(xlabel="spikes of a trial, mean", ylabel="variance", title="200 trials at each orientation")
    varied.legend()
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
