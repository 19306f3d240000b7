"""The same slit and the same digit, through a cortex, a neocognitron and a convolutional network.

Stimuli   a bright slit, 8 by 1 degrees, on a retina 16 degrees wide, at 12 orientations and 33 offsets; and
          a drawn digit, 4 as in Fukushima 1980, Fig. 7. Each model sees them in pixels of its own retina,
          which blurs the slit: to 1.0 degree of width, 1.2 (convnet) and 2.2 (neocognitron).
Models    hubel_wiesel(), wired; fukushima_1980(); lenet5_as_taught(). Five seeds of the two that learn.
Learning  none; winner-take-all, 20 presentations of each drawn digit 0 to 4, shifted by up to 2 pixels;
          backpropagation, the embedded handwritten digits.
Measured  of the centre cell of every plane of every layer: circular variance over orientation, and the
          degrees over which the slit can move at half of the largest response. Medians over cells and seeds.
Expected  LGN cells have no preferred orientation, simple cells have one (Hubel & Wiesel 1962); at every
          pooling step of the three models the slit may move further, at the other steps it may not
          (Fukushima 1980); learning makes first layers as selective as macaque cells (Ringach et al. 2002).

`--model module:function` puts your net, for images (B, 1, 32, 32), in LeNet-5's place; `--images DIR` shows
the first of your pictures in place of the digit.
"""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.datasets import pictures
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models.hubel_wiesel import hubel_wiesel
from neuro.models.neocognitron import fukushima_1980
from neuro.patterns import standard_digits
from neuro.physiology import examine_with_slits, shown_to
from neuro.plotting import COLOURS, cells_panel, figure, image_panel, response_strip
from neuro.preparations import lenet, neocognitron_1980
from neuro.recording import layer_names
from neuro.stimuli import resized, slits

RETINA, FIELD = {"cortex": 65, "neocognitron": 16, "convnet": 32}, 16.0  # pixels, degrees across
POOLING = [("simple", "complex"), ("US1", "UC1"), ("US2", "UC2"), ("conv1", "pool1"), ("conv2", "pool2")]
POOLING.append(("US3", "UC3"))
EXTRACTING = [("lgn", "simple"), ("UC1", "US2"), ("pool1", "conv2")]
ORIENTATIONS, OFFSETS = np.arange(0, 180, 15), np.arange(-4, 4.01, 0.25)  # degrees
MACAQUE = 0.605  # median circular variance of 308 cells, recomputed from the database of Ringach et al. 2002
MEASURES = ("circular variance", "position tolerance (degrees)")


def models(settings, seed):
    """The three as they were raised, those that learn as they were before, and a checksum of the digits."""
    untrained, trained, splits = lenet(settings, seed)
    if settings.model:
        untrained = trained = settings.own_model()
    raised = {"neocognitron": neocognitron_1980(seed, settings.cache), "convnet": trained}
    if seed == settings.seed:  # no seed changes the cortex: once is enough
        raised = {"cortex": hubel_wiesel()} | raised
    return raised, {"neocognitron": fukushima_1980(), "convnet": untrained}, checksum(splits.train)


def examined(settings, seed):
    """MEASURES of the cells of each layer, (2, K); of those that learn also before they learned."""
    every = settings.pick(4, 1, 1)
    orientations, offsets, cells = ORIENTATIONS[:: min(every, 2)], OFFSETS[::every], {}
    for state, chains in zip(("", "untrained "), models(settings, seed), strict=False):
        for name, model in chains.items():
            seen = examine_with_slits(model, layer_names(model), orientations, offsets, RETINA[name])
            for layer, told in seen.items():
                cells[state + layer] = np.stack([told.circular_variance, told.position_tolerance])
    return cells


def growth(before, after):
    """Tolerance after / before pooling, each cell against those it pools: the median; and how many ratios."""
    ratios = after[:, None] / before.reshape(len(after), -1)
    return np.nanmedian(ratios), np.isfinite(ratios).sum()


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 5)
    runs = over_seeds(partial(examined, settings), seeds, settings.jobs)
    cells = {layer: np.concatenate([one[layer] for one in runs if layer in one], axis=1) for layer in runs[0]}
    variance, tolerance = ({k: float(np.nanmedian(v[row])) for k, v in cells.items()} for row in (0, 1))
    medians = zip(MEASURES, (variance, tolerance), strict=True)
    numbers = {f"{what}, {layer}": value for what, of in medians for layer, value in of.items()}
    numbers |= {
        f"cells below 5 % of the best, {layer}": int(np.isnan(v[0]).sum()) for layer, v in cells.items()
    }
    series = {f"cells {layer}": values for layer, values in cells.items()}
    raised, _, data = models(settings, seeds[0])
    digit = pictures(settings.images, 64)[:1] if settings.images else standard_digits([4])
    for name, model in raised.items():
        slit = slits(90, background=0, size=RETINA[name], pixels_per_degree=RETINA[name] / FIELD)
        for what, stimulus in (("slit", slit), ("digit", resized(digit, RETINA[name]))):
            maps = shown_to(model, stimulus, layer_names(model))
            series |= {
                f"{name} {what}": stimulus.images[0],
                **{f"{name} {what} {k}": v for k, v in maps.items()},
            }
    grown = [growth(cells[a][1], cells[b][1]) for a, b in POOLING if {a, b} <= cells.keys()]
    first = [layer for layer in ("US1", "conv1") if layer in variance]
    # fmt: off
    claims = [] if settings.model else [  # of a net of the user's own, nothing was published
        Claim("LGN cells have no preferred orientation: circular variance", "Hubel & Wiesel 1962, summary",
              "concentric fields, none oriented", 0.9, 1, "set before the run: 1 is no preference at all",
              variance["lgn"], "simple cells", variance["simple"]),
        Claim("at every pooling step the slit may move further: least ratio of tolerances",
              "Fukushima 1980; the decks", "C-cells tolerate a shift", 1.01, None,
              "set before the run: more than before", min(grown)[0],
              "the steps between, which extract features",
              max(tolerance[b] / tolerance[a] for a, b in EXTRACTING if {a, b} <= tolerance.keys()),
              f"of {len(grown)} steps; the least is of {min(grown)[1]} cells and planes"),
        Claim("learning makes first layers as selective as macaque V1: larger circular variance of the two",
              "Ringach, Shapley & Hawken 2002, database", MACAQUE, None, MACAQUE,
              "set before the run: at most the macaque's", max(variance[layer] for layer in first),
              "the same layers untrained", min(variance[f"untrained {layer}"] for layer in first),
              "; ".join(f"{k} {variance[k]:.2f}, untrained {variance[f'untrained {k}']:.2f}" for k in first)),
    ]
    # fmt: on
    return Result(numbers, series, claims, dict.fromkeys(numbers, "every cell of the layer is silent"), data)


def draw(result: Result) -> Figure:
    page = figure(7.0, 8.2)
    above, below = page.subfigures(2, 1, height_ratios=[1.9, 1])
    columns = dict(zip(RETINA, above.subfigures(1, 3, wspace=0.02), strict=True))
    groups, colours = {}, {}
    for name, column in columns.items():
        own = name == "convnet" and result.settings["model"]
        column.suptitle(own or name, color=COLOURS[name], weight="bold")
        layers = [key.split()[-1] for key in result.series if key.startswith(f"{name} slit ")]
        axes = column.subplots(len(layers) + 1, 2, height_ratios=[1.4] + [1] * len(layers))
        for side, what in enumerate(("slit", "digit")):
            image_panel(axes[0, side], result.series[f"{name} {what}"][0], what)
            for row, layer in enumerate(layers, start=1):
                response_strip(axes[row, side], result.series[f"{name} {what} {layer}"])
        for row, layer in enumerate(layers, start=1):
            axes[row, 0].set_ylabel(layer)
        groups |= {layer: result.series[f"cells {layer}"] for layer in layers}
        colours |= dict.fromkeys(layers, COLOURS[name])
    above.supxlabel("strips: the planes that answer most; white is a layer's largest response", fontsize=8)
    below.supxlabel(
        "dots: cells of all seeds with 5 % or more of their layer's best answer; bars: medians", fontsize=8
    )
    left, right = below.subplots(1, 2)
    cells_panel(
        left, {k: v[0] for k, v in groups.items()}, "circular variance\n(0: one orientation, 1: any)", colours
    )
    cells_panel(right, {k: v[1] for k, v in groups.items()}, "position tolerance (degrees)", colours)
    return page


if __name__ == "__main__":
    main(run, draw, takes=("dataset", "model", "images"))
