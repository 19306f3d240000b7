"""Do rules that compete make edges of photographs and not of noise like them, as sparse coding does?

Stimuli   windows of 12x12 pixels of handwritten digits, 24x24, and of photographs, 28x28, halved in
          size and whitened; the half with more contrast, less their mean, at length one. As a control,
          Gaussian noise of the same covariance as the windows of photographs.
Model     one layer of 32 rectified filters, given to all rules with the same random weights.
Learning  Hebb at length one, Oja, Sanger, PCA; Fukushima's winner as in 1980 and with the decks' factor, its
          answer; and those called competing here: competition with a conscience, k-means, Krotov-Hopfield,
          SoftHebb (Fukushima's winners compete too, but their weights only grow). Controls: random weights,
          random Gabor functions, windows taken at random. Nothing was searched: settings keep to the rules'
          conditions of use, and rates were lowered until no rule diverged.
Measured  of filters less their mean: by gratings over the whole window, circular variance and the bandwidths
          of orientation and frequency; `field_spread`; r2 of the best Gabor function and, if that is 0.8 or
          more and its sds are smaller than the window, n_x and n_y. Without units that never changed.
          After a first look contrast was asked for (blocks of JPEG had been learned), noise was given the
          covariance of windows, the share of variance and the limit of sds came in, and random Gabor as a
          control of shape; later Krotov-Hopfield was counted as competing, and the share of variance became
          that of the units' span. No band was changed.
Expected  competition gives localised, oriented, bandpass fields, as sparse coding does, of photographs and
          not of noise (Olshausen & Field 1996); Hebb's and Oja's units are one; components fill the window.
"""

from collections import OrderedDict
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from neuro import data_files, learning
from neuro.analysis import field_spread, fit_gabor, mean_cosine, published
from neuro.datasets import load, photographs, whitened
from neuro.experiment import Claim, Result, Settings, checksum, fit_cached, main, over_seeds
from neuro.learning import Patches
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.physiology import examine
from neuro.plotting import field_strips, figure
from neuro.stimuli import Stimuli, resized

UNITS, WINDOW, MARGIN, SHOWN, FIRST = 32, 12, 8, 8, 8
DIGITS, PHOTOS, NOISE = "digits", "photographs", "noise of the same covariance"
ONE, NOTHING = Patches(places=1), np.empty((0, WINDOW, WINDOW))
RULES = {  # the rule, and for a local one its learning rate and settings
    "untrained": (learning.Untrained(),),
    "random Gabor": (learning.RandomGabor(),),
    "imprinted": (learning.Templates(learning.ImprintedPatches(), patches=ONE),),
    "Hebb": (learning.NormalisedHebb(), 10),
    "Oja": (learning.Oja(), 2),
    "Sanger": (learning.Sanger(), 1),
    "PCA": (learning.Templates(learning.PCATemplates(), patches=ONE),),
    "Fukushima": (learning.Fukushima(), 100, {"decay": "constant"}),
    # Here weights grow by a factor with every win: at a rate of 1 those of digits leave single precision.
    "Fukushima, decks": (learning.Fukushima(power=1), 0.2, {"decay": "constant"}),
    "competitive": (learning.HardCompetitive(conscience=100), 1),
    "k-means": (learning.Templates(learning.SphericalKMeans(), patches=ONE),),
    "Krotov-Hopfield": (learning.KrotovHopfield(), 0.02, {"step": "largest"}),
    "SoftHebb": (learning.SoftHebb(), 0.02, {"step": "largest"}),
}
COMPETING = "competitive", "k-means", "Krotov-Hopfield", "SoftHebb"
PLAN = [(kind, rule) for kind in (DIGITS, PHOTOS) for rule in RULES] + [(NOISE, rule) for rule in COMPETING]
MEASURES = {  # what it is called in the figure, and the median of macaque simple cells
    "circular_variance": ("circular variance", published.CIRCULAR_VARIANCE.simple.median),
    "half_width_published": ("half-bandwidth (°)", published.HALF_BANDWIDTH.simple.median),
    "schiller_bandwidth": ("low/high frequency (%)", published.SIMPLE_FREQUENCY_BANDWIDTH.median),
    "spread": ("spread (of the window's)", np.nan),
    "r2": ("r2, Gabor function", np.nan),
    "n_x": ("n_x (cycles)", published.SUBREGIONS.medians[0]),
    "n_y": ("n_y (cycles)", published.SUBREGIONS.medians[1]),
}


def stimuli(settings, seed):
    """The windows of digits, of photographs, and of noise like these."""
    generator, name, where = torch.Generator().manual_seed(seed), settings.dataset, settings.data_dir
    written = name in ("digits", *data_files.FILES)
    n, source = settings.pick(200, 900, 4000), "bundled" if written or name is None else name
    digits = load(name if written else "digits", generator, where).train[:n]
    cut = resized(photographs(n, 2 * (28 + 2 * MARGIN), generator, source, where), 28 + 2 * MARGIN)
    found = [windows(of, generator) for of in (resized(digits, 24).images, whitened(cut.images, MARGIN))]
    values, axes = torch.linalg.eigh(found[1].T @ found[1] / len(found[1]))
    noise = torch.randn(found[1].shape, generator=generator) * values.clamp(min=0).sqrt() @ axes.T
    pixels = [0.5 + 0.5 * of / of.abs().max() for of in (*found, noise)]
    return {
        kind: Stimuli(of.view(-1, 1, WINDOW, WINDOW))
        for kind, of in zip((DIGITS, PHOTOS, NOISE), pixels, strict=True)
    }


def windows(images, generator):
    """Eight of each image, less their mean; of these the half with more contrast, brought to length one."""
    drawn = Patches("raw").drawn(nn.Conv2d(1, 1, WINDOW), images, generator)
    centred = drawn - drawn.mean(1, keepdim=True)
    length = centred.norm(dim=1)
    strong = length >= length.median()
    return centred[strong] / length[strong, None]


def learned(settings, name, seen, seed):
    """The filters of a rule, less their mean, (units, rows, columns), and which of them never changed."""
    net = randomised(feature_chain((UNITS,), WINDOW), torch.Generator().manual_seed(seed))[:1]
    rule, *rate = RULES[name]
    if rate:
        options = {"epochs": settings.pick(2, 12, 40), "batch_size": 128, "patches": ONE}
        rule = learning.LayerByLayer(rule, rate[0], **options, **dict(*rate[1:]))
    nets = net, fit_cached(rule, net, seen, seed, settings.cache)
    both = np.stack([of.conv1.filters.weight.detach()[:, 0].double().numpy() for of in nets])
    first, last = both = both - both.mean(axis=(2, 3), keepdims=True)
    cosine = (first * last).sum(axis=(1, 2)) / np.linalg.norm(both, axis=(2, 3)).prod(axis=0)
    return last, (name != "untrained") & (cosine > 0.9999)


def measured(filters, settings):
    """MEASURES of every filter, (measures, filters); a pixel is taken for a degree of visual angle."""
    cells = nn.Conv2d(1, len(filters), WINDOW, bias=False)
    cells.weight.data = torch.tensor(filters[:, None]).float()
    screen = {"size": WINDOW + 6, "pixels_per_degree": 1.0, "diameter": WINDOW + 5}  # it covers the corners
    shown = {"orientations": np.arange(0, 180, settings.pick(30, 15, 15)), "centres": (0, 0)}
    shown |= {"frequencies": np.geomspace(1 / WINDOW, 0.45, 8)}
    net = nn.Sequential(OrderedDict(cells=cells, relu=nn.ReLU()))
    table = examine(net, "relu", protocols=["orientation", "spatial frequency"], **screen, **shown)
    fit = fit_gabor(filters, 1.0)
    is_gabor = (fit.r2 >= 0.8) & (np.maximum(fit.sd_across, fit.sd_along) < WINDOW)
    n_x, n_y = np.where(is_gabor, [fit.n_x, fit.n_y], np.nan)
    return np.stack([*(table[name] for name in [*MEASURES][:3]), field_spread(filters), fit.r2, n_x, n_y])


def one_seed(settings, seed):
    """What was learned and measured of each part of the PLAN; NaN of units that never changed."""
    seen = stimuli(settings, seed)
    found, still = zip(*(learned(settings, name, seen[kind], seed) for kind, name in PLAN), strict=True)
    cells = measured(np.concatenate(found), settings)
    cells[:, np.concatenate(still)] = np.nan
    variance = {
        kind: explained(seen[kind], dict(zip(PLAN, found, strict=True)), kind) for kind in (DIGITS, PHOTOS)
    }
    return np.stack(found), np.stack(np.split(cells, len(PLAN), axis=1)), variance, checksum(*seen.values())


def explained(seen, found, kind):
    """Of the variance that the first components account for, the share that Sanger's and Oja's units do, and
    the first component alone."""
    x = seen.images.flatten(1).double().numpy() - 0.5
    steps = ("Sanger", 1), ("Oja", 1), ("PCA", 2)  # each component is followed by its negative
    *units, components = (found[kind, name][: n * FIRST : n].reshape(FIRST, -1) for name, n in steps)
    return [accounted(x, span) / accounted(x, components) for span in (*units, components[:1])]


def accounted(x, units):
    """The sum of squares of x (n, N) within the span of the units (K, N): |x|^2 less that of what is left.

    Units need be neither orthogonal nor of length one; what sets nearly equal ones apart counts as theirs,
    but for what single precision makes of none.
    """
    _, size, axes = np.linalg.svd(units, full_matrices=False)
    return ((x @ axes[size > 1e-5 * size[0]].T) ** 2).sum()


def edges(of):
    """The share of filters that are localised, oriented as is the sharper half of macaque cells, bandpass."""
    oriented = of[0] < published.CIRCULAR_VARIANCE.every.median
    return np.mean((of[3] < 0.75) & oriented & (of[2] > 0))


def median(values):
    """Of the filters that could be measured; NaN if none could."""
    there = values[~np.isnan(values)]
    return np.median(there) if len(there) else np.nan


def run(settings: Settings) -> Result:
    seeds = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 10), settings.jobs)
    found, cells, variance, data = zip(*seeds, strict=True)
    series, numbers = {}, {}
    for place, (kind, name) in enumerate(PLAN):
        each, where = [one[place] for one in cells], f"{kind}: {name}"
        series[f"fields, {where}"] = found[0][place, :SHOWN]
        medians = np.array([[median(measure) for measure in of] for of in each])  # seed, measure
        series |= {f"{what}, {where}": of for what, of in zip(MEASURES, medians.T, strict=True)}
        numbers |= {f"{what}, {where}": median(series[f"{what}, {where}"]) for what in MEASURES}
        numbers[f"edges, {where}"] = np.mean([edges(of) for of in each])
        numbers[f"cosine, {where}"] = np.mean([mean_cosine(one[place].reshape(UNITS, -1)) for one in found])
        numbers[f"never changed, {where}"] = sum(np.isnan(of[3]).sum() for of in each)
    for kind in (DIGITS, PHOTOS):
        shares = np.mean([one[kind] for one in variance], axis=0)
        of = ("Sanger", "Oja", "the first component")
        numbers |= {f"variance, {kind}: {name}": share for name, share in zip(of, shares, strict=True)}
    undefined = dict.fromkeys(numbers, "no filter has this measure")
    return Result(numbers, series, board(numbers), undefined, " ".join(data))


def board(n):
    """The claims."""
    both, before = (DIGITS, PHOTOS), "set before the run"
    made = {kind: [n[f"edges, {kind}: {name}"] for name in COMPETING] for kind in (PHOTOS, NOISE)}
    same = [n[f"cosine, {kind}: {name}"] for kind in both for name in ("Hebb", "Oja")]
    one = "the first component"
    kept = {name: [n[f"variance, {kind}: {name}"] for kind in both] for name in ("Sanger", "Oja", one)}
    shape = {name: [n[f"{m}, {PHOTOS}: {name}"] / MEASURES[m][1] for m in ("n_x", "n_y")] for name in RULES}
    off = {name: np.abs(np.log2(of)).max() for name, of in shape.items()}
    medians = {kind: [n[f"{what}, {kind}: k-means"] for what in ("spread", "r2")] for kind in (PHOTOS, NOISE)}
    note = "; ".join(f"{kind}: spread {of[0]:.2f}, r2 {of[1]:.2f}" for kind, of in medians.items())
    fits = (f"{name} " + " and ".join(f"{n[f'r2, {kind}: {name}']:.2f}" for kind in (PHOTOS, NOISE))
            for name in COMPETING)  # fmt: skip
    # fmt: off
    return [
        Claim("competition on photographs makes localised, oriented, bandpass fields: share of them, the "
              "least of four rules", "Olshausen & Field 1996, sparse coding (reported)", "so are they", 0.5,
              None, f"{before}: half", min(made[PHOTOS]), f"{NOISE}: the most", max(made[NOISE]),
              f"of k-means, {note}"),
        Claim("k-means makes edges of photographs: r2 of the best Gabor function, median",
              "Coates, Lee & Ng 2011 (reported)", "Gabor-like edges", 0.8, None, before,
              n[f"r2, {PHOTOS}: k-means"], "windows taken at random", n[f"r2, {PHOTOS}: imprinted"],
              f"of k-means, which the source is about; of photographs and of {NOISE}: {', '.join(fits)}"),
        Claim("Hebb's and Oja's units all become one: cosine of two, the least of two rules and two "
              "stimuli", "Oja 1982 (reported)", "the first component", 0.9, None, before, min(same),
              "Sanger: the most", max(n[f"cosine, {kind}: Sanger"] for kind in both)),
        Claim(f"Sanger's units keep the variance that the first {FIRST} components keep: share, less of two "
              "stimuli", "Sanger 1989 (reported)", "all", 0.9, None, before, min(kept["Sanger"]),
              "Oja: the more", max(kept["Oja"]),
              f"of their span; {one} alone, the more, {max(kept[one]):.2f}"),
        Claim("principal components of photographs are not localised: spread, 1 for all over the window",
              "Olshausen & Field 1996 (reported)", "not localised", 0.85, None,
              before, n[f"spread, {PHOTOS}: PCA"], "k-means", n[f"spread, {PHOTOS}: k-means"]),
        Claim("k-means gives fields of the shape of simple cells: medians of n_x and n_y, the one farther "
              "off, octaves", "Ringach 2002", "n_x {}, n_y {}".format(*published.SUBREGIONS.medians), None,
              np.log2(1.5),
              f"{before}: within a factor of 1.5", off["k-means"], "random Gabor", off["random Gabor"]),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s, places = figure(7, 8.8), result.series, np.arange(len(RULES))
    above, below = page.subfigures(2, 1, height_ratios=(1, 1.2))
    for axes, kind in zip(above.subplots(1, 3, sharey=True), (DIGITS, PHOTOS, NOISE), strict=True):
        field_strips(axes, {name: s.get(f"fields, {kind}: {name}", NOTHING) for name in RULES}, kind)
    above.suptitle("eight filters of the first seed; noise was shown to four rules that compete")
    below.suptitle("the median filter of every seed")
    grid = below.subplots(2, 4, sharey=True)
    for axes, (what, (title, macaque)) in zip(grid.flat, MEASURES.items(), strict=False):
        axes.axvline(macaque, color="black", linestyle=":", linewidth=1, label="macaque simple cells")
        for kind, paint, aside in ((DIGITS, "#E69F00", -0.15), (PHOTOS, "#0072B2", 0.15)):
            for place, name in enumerate(RULES):
                dots = s[f"{what}, {kind}: {name}"]
                at = np.full(len(dots), place + aside)
                axes.scatter(dots, at, s=8, color=paint, linewidths=0, label=kind)
        axes.set(xlabel=title, ylim=(len(RULES) - 0.5, -0.5))
        axes.set_yticks(places, list(RULES))
        axes.grid(axis="y", linewidth=0.3)
    for axes in grid[1, 1:3]:
        axes.set(xscale="log", xlim=(0.02, 3), xticks=[0.1, 1], xticklabels=["0.1", "1"])
    for axes in grid[:, 0]:
        axes.tick_params(labelleft=True)
    grid.flat[-1].set_axis_off()
    drawn = dict(zip(*grid.flat[0].get_legend_handles_labels()[::-1], strict=True))
    grid.flat[-1].legend(drawn.values(), drawn, loc="center")
    return page


if __name__ == "__main__":
    main(run, draw)
