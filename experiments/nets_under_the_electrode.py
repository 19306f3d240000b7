"""Are the units of nets tuned like cells of V1? S-cells answer like simple cells, C-cells like complex cells.

Stimuli   gratings about mean grey, half as wide as the model's image: 12 orientations, 10 spatial frequencies
          from one cycle in the grating to 0.8 of Nyquist, 8 phases.
Models    fukushima_1980() and lenet5_as_taught(), five seeds, before and after learning; and, as a reference,
          macaque_population(), whose fields are drawn from published ones.
Learning  winner-take-all, the drawn digits 0 to 4; backpropagation, the embedded handwritten digits.
Measured  of the unit in the middle of every plane, by `examine`: circular variance, half-bandwidth after the
          published smoothing, F1/F0 (by `examine` above 2 where grey is answered too); and KS distances to
          308 cells of macaque V1. What a protocol cannot measure is left out, and counted. One seed had been
          looked at before the claims were written.
Expected  F1/F0 above 1 in S- and below 1 in C-layers, as in simple and complex cells (Fukushima 1980; the
          decks); units of a convnet are nearer to V1 in orientation tuning than in F1/F0 (Marques, Schrimpf &
          DiCarlo 2021: of AlexNet, circular variance scores 0.830, F1/F0 0.371).
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import paired_difference, published
from neuro.analysis.population import ks_to_histogram
from neuro.comparison import above_zero
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models.neocognitron import fukushima_1980
from neuro.models.population import macaque_population
from neuro.physiology import examine
from neuro.plotting import dots_panel, figure
from neuro.preparations import lenet, neocognitron_1980

HISTOGRAMS = {
    "circular variance": ("circular_variance", published.MACAQUE_CIRCULAR_VARIANCE),
    "half-bandwidth": ("half_width_published", published.MACAQUE_HALF_BANDWIDTH),
    "F1/F0": ("f1_f0", published.MACAQUE_F1_F0),
}
LAYERS = {
    "neocognitron": ("US1", "UC1", "US2", "UC2"),
    "convnet": ("conv1", "pool1", "conv2", "pool2"),
    "V1 model": ("cells",),
}
SCREENS = {  # pixels and degrees across
    "neocognitron": {"size": 16, "field": 16.0},
    "convnet": {"size": 32, "field": 16.0},
    "V1 model": {"size": 65, "field": 16.25},
}


def models(settings, seed):
    """The nets of one seed before and after learning, a population of cells; and a checksum of the digits."""
    untrained, trained, splits = lenet(settings, seed)
    n = settings.pick(60, 308, 308)
    cells = macaque_population(n, torch.Generator().manual_seed(seed), 1.0, 0.5, 16.25, 4.0)
    before = {"neocognitron": fukushima_1980(), "convnet": untrained}
    after = {"neocognitron": neocognitron_1980(seed, settings.cache), "convnet": trained, "V1 model": cells}
    return {"untrained": before, "trained": after}, checksum(splits.train)


def one_seed(settings, seed):
    """What `examine` says of every layer: (3, units), NaN where it cannot; why it cannot; the checksum."""
    found, reasons = {}, {}
    states, data = models(settings, seed)
    for state, nets in states.items():
        for name, net in nets.items():
            for layer in LAYERS[name]:
                turned = np.arange(0, 180, settings.pick(45, 15, 15))
                options = {"centres": (0, 0), "orientations": turned, **SCREENS[name]}
                table = examine(net, layer, protocols=["orientation", "phase"], **options)
                found[f"{layer}, {state}"] = np.stack([table[column] for column, _ in HISTOGRAMS.values()])
                reasons[f"{layer}, {state}"] = table.counts
    return found, reasons, data


def median(values):
    """Of the units that could be measured; NaN if none could."""
    measured = values[~np.isnan(values)]
    return np.median(measured) if len(measured) else np.nan


def distances(cells):
    """KS distances to the three histograms, of the units that could be measured.

    The published half-bandwidths are without the cells that never fall to the criterion; so are these.
    """
    apart = []
    for of, (column, histogram) in zip(cells, HISTOGRAMS.values(), strict=True):
        kept = ~np.isnan(of) & ((column != "half_width_published") | (of < 90))
        apart.append(ks_to_histogram(of[kept], histogram.edges, histogram.counts))
    return np.array(apart)


def run(settings: Settings) -> Result:
    seeds = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 10), settings.jobs)
    runs, reasons, data = zip(*seeds, strict=True)
    cells = {name: np.concatenate([one[name] for one in runs], axis=1) for name in runs[0]}
    medians = {name: [median(measure) for measure in of] for name, of in cells.items()}
    apart = {}
    for name, layers in LAYERS.items():
        each = [np.concatenate([one[f"{layer}, trained"] for layer in layers], axis=1) for one in runs]
        apart[name] = np.array([distances(of) for of in each])  # seed, measure
    nearer = {name: paired_difference(of[:, 2], of[:, 0]) for name, of in apart.items()}

    paper, ours = "Fukushima 1980; the decks", "the criterion of Skottun & al. 1991"
    modulation = {layer: medians[f"{layer}, trained"][2] for layers in LAYERS.values() for layer in layers}
    net, reference = nearer["convnet"], nearer["V1 model"]
    # fmt: off
    claims = [
        Claim("C-cells of the neocognitron answer like complex cells: F1/F0 of UC1, median", paper, "below 1",
              None, 1, ours, modulation["UC1"], "S-cells, US1", modulation["US1"]),
        Claim("pooling makes complex cells of a convnet's units: F1/F0 of pool1, median", paper, "below 1",
              None, 1, ours, modulation["pool1"], "conv1", modulation["conv1"]),
        above_zero("units of a convnet are nearer to V1 in circular variance than in F1/F0: KS distance of "
                   "F1/F0 - of circular variance, lower end", "Marques, Schrimpf & DiCarlo 2021, AlexNet",
                   "similarities 0.830 and 0.371", net, "V1 model", reference),
    ]
    # fmt: on
    numbers = {}
    for i, what in enumerate(HISTOGRAMS):
        numbers |= {f"{what}, {name} (median)": of[i] for name, of in medians.items()}
        numbers |= {f"KS, {what}, {name} (mean)": of[:, i].mean() for name, of in apart.items()}
    for name in cells:
        left = {reason for one in reasons for reason in one[name]}
        numbers |= {f"{name}: {why}": sum(one[name].get(why, 0) for one in reasons) for why in sorted(left)}
    series = {f"cells {name}": of for name, of in cells.items()} | {f"KS {k}": of for k, of in apart.items()}
    never = {name: int((of[1] == 90).sum()) for name, of in cells.items()}
    numbers |= {f"units that never fall to 1/sqrt(2), {name}": count for name, count in never.items()}
    undefined = dict.fromkeys(numbers, "no unit of the layer could be measured")
    return Result(numbers, series, claims, undefined, " ".join(data))


def draw(result: Result) -> Figure:
    page, series = figure(7, 6.4), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1.6, 1))
    layers = [layer for of in LAYERS.values() for layer in of]
    for i, (axes, what) in enumerate(zip(above.subplots(3, 1, sharex=True), HISTOGRAMS, strict=True)):
        for state, paint, aside in (("untrained", "#B0B0B0", -0.15), ("trained", "#0072B2", 0.15)):
            for place, layer in enumerate(layers):
                values = series.get(f"cells {layer}, {state}", np.full((3, 1), np.nan))[i]
                spread = np.linspace(-0.1, 0.1, len(values))
                dots = {"s": min(3, 300 / len(values)), "color": paint, "linewidths": 0}
                axes.scatter(place + aside + spread, values, **dots)
        axes.set_ylabel(what + " (°)" * (what == "half-bandwidth"))
        axes.set_xticks(range(len(layers)), layers)
    axes.set_ylim(0, 4)
    axes.axhline(1, color="black", linewidth=0.8, linestyle=":")
    above.suptitle(
        "units of five seeds: grey untrained, blue trained (V1 model: as drawn); dotted: simple above"
    )
    for axes, name in zip(below.subplots(1, 3, sharey=True), LAYERS, strict=True):
        dots_panel(axes, dict(zip(HISTOGRAMS, series[f"KS {name}"].T, strict=True)), "KS distance to V1")
        axes.set(title=name, ylim=(0, 1))
        axes.label_outer()
    return page


if __name__ == "__main__":
    main(run, draw)
