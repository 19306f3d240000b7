"""With few labels good features are worth most: those of random Gabor functions, not those that were learned.

Stimuli   handwritten digits, 16 by 16 pixels: all of the training part without labels (of MNIST, --full, the
          first 10,000 of its 55,000), and 1 to 50 (to 1,000) of each class with; fewer labels are always a
          part of more.
Model     one stage: 16 filters (--full 48) of 5x5, rectified, and the maxima of blocks of 4x4. And the pixels
          themselves.
Learning  hard competition and SoftHebb, which see no label. Controls: the initial weights, random patches,
          random Gabor functions. Backpropagation, from the labelled digits alone; fewer of them are seen more
          often. Three trials each, among which the validation part chooses.
Labels    in the readout, and in backpropagation; the choice among trials and of the readout's penalty uses
          269 more, about 27 of each class (of MNIST 1,000, about 100), also where 1 of each is learned from.
Measured  accuracy of a linear (ridge) readout on the test part. Five seeds, paired, Student's 95 % interval.
Expected  the gain of features over pixels shrinks with labels; few labels teach a readout more than they
          teach backpropagation; random Gabor functions do as well as what was learned.
"""

from dataclasses import asdict
from functools import partial
from itertools import permutations

import numpy as np
from matplotlib.figure import Figure

from neuro.comparison import Design, above_zero, compare, known_difference, one_of, retina
from neuro.comparison.rules import RULES, TRIALS, backpropagation_of, compared_parts, data_of
from neuro.datasets import LARGE
from neuro.experiment import Claim, Result, Settings, main
from neuro.learning import Untrained
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.plotting import curves_panel, differences_panel, figure

PIXELS, RANDOM, IMPRINTED, GABOR = "pixels", "untrained", "imprinted", "random Gabor"
HARD, SOFT, BACK = "hard competition", "SoftHebb", "backpropagation"
FEATURES = (RANDOM, IMPRINTED, GABOR, HARD, SOFT)
NAMES = (PIXELS, *FEATURES, BACK)
CHOSEN_BY = "labels to choose"  # among trials and penalties: those of the validation part, in all
CLOSE = 2  # points within which Gabor functions rival learning


def chain(planes, generator):
    return randomised(feature_chain((planes,), pool=4), generator)


def labels_of(settings):
    most = (1, 3, 10, 50)
    return settings.pick((1, 5), most, (*most, 200, 1000) if settings.dataset in LARGE else most)


def run(settings: Settings) -> Result:
    seeds, labels = settings.seed_list(1, 5, 10), labels_of(settings)
    every = [correct(settings, seeds, n) for n in labels]
    runs = {name: np.stack([of[name] for of in every], axis=1) for name in NAMES}  # seeds, labels
    found = {f"{a} - {b}, {how}": known_difference(runs[a][:, end], runs[b][:, end])
             for a, b in permutations(NAMES, 2) for how, end in (("few", 0), ("many", -1))}  # fmt: skip
    found |= {f"{name} - {PIXELS}, few - many": known_difference(*(runs[name] - runs[PIXELS])[:, [0, -1]].T)
              for name in NAMES[1:]}  # fmt: skip
    numbers = {f"correct (%), {name}, {n} of each class (mean)": runs[name][:, i].mean()
               for name in NAMES for i, n in enumerate(labels)}  # fmt: skip
    numbers |= {f"{name} ({end})": x for name, of in found.items() for end, x in asdict(of).items()}
    numbers |= {CHOSEN_BY: every[0][CHOSEN_BY].mean()}
    series = {f"correct (%) {name}": of for name, of in runs.items()} | {"labels": np.array(labels)}
    series |= {f"gain {name}": runs[name] - runs[RANDOM] for name in NAMES}
    series |= {f"interval {name}": np.array([of.mean, of.low, of.high]) for name, of in found.items()}
    data = data_of(partial(compared_parts, settings, labels[-1]), seeds)
    reasons = dict.fromkeys(numbers, "one seed has no interval, and a rule that failed no number")
    return Result(numbers, series, claims(found, numbers[CHOSEN_BY]), reasons, data)


def correct(settings, seeds, n):
    """Percent of the test digits, (seeds,), of every name with n labels of each class; and CHOSEN_BY."""
    parts = partial(compared_parts, settings, n)
    build = partial(chain, settings.pick(16, 16, 48))
    design = Design(build, parts, settings.pick(1, TRIALS, TRIALS), {}, (), (), counted_on=0,
                    device=settings.device, cache=settings.cache)  # fmt: skip
    rules = {name: RULES[name] for name in FEATURES} | {BACK: backpropagation_of(10 * n)}
    raw = Design(lambda generator: retina(), parts, readouts={}, shifts=(), noise=(), counted_on=0)
    tables = compare(rules, design, seeds, settings.jobs), compare({PIXELS: one_of(Untrained())}, raw, seeds)
    found = {name: 100 * table.runs(name, "accuracy") for table in tables for name in table.rules}
    return found | {CHOSEN_BY: tables[1].runs(PIXELS, CHOSEN_BY)}


def claims(found, others):
    besides = f"{others:.0f} other labels choose among trials"
    rivals = {name: found[f"{SOFT} - {name}, few"] for name in (GABOR, PIXELS)}
    high = {name: None if np.isnan(of.high) else of.high for name, of in rivals.items()}
    gabor = found[f"{GABOR} - {PIXELS}, few - many"]
    # fmt: off
    return [
        above_zero("features help most with few labels: gain of SoftHebb over pixels, fewest - most labels, "
                   "points, lower end", "Lagani et al. 2021 (reported)", "features help where labels are few",
                   found[f"{SOFT} - {PIXELS}, few - many"], "backpropagation from those labels",
                   found[f"{BACK} - {PIXELS}, few - many"],
                   f"random Gabor {gabor.low:+.1f} to {gabor.high:+.1f}; {besides}"),
        above_zero("few labels teach a readout of SoftHebb more than they teach backpropagation: points with "
                   "the fewest, lower end", "Lagani et al. 2021 (reported)", "unsupervised > supervised",
                   found[f"{SOFT} - {BACK}, few"], "with the most", found[f"{SOFT} - {BACK}, many"], besides),
        above_zero("and it matters that the features were learned: SoftHebb - untrained with the fewest "
                   "labels, points, lower end", "Lagani et al. 2021 (reported)", "learned features help most",
                   found[f"{SOFT} - {RANDOM}, few"], "random patches instead",
                   found[f"{IMPRINTED} - {RANDOM}, few"], besides),
        Claim("random Gabor functions rival what was learned: SoftHebb - Gabor with the fewest labels, "
              "points, upper end", "Illing, Gerstner & Brea 2019 (abstract)", "no better than random Gabor",
              None, CLOSE, f"set before the run: {CLOSE} points", high[GABOR], PIXELS, high[PIXELS],
              f"mean of {rivals[GABOR].n} seeds {rivals[GABOR].mean:+.2f}; {besides}"),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 4.4), result.series
    rest, few, many = page.subplots(1, 3, width_ratios=(1.6, 1, 1))
    labels = s["labels"]
    curves = {name: s[f"correct (%) {name}"] for name in NAMES}
    learned_from = f"labels of each class\n({result.numbers[CHOSEN_BY]:.0f} more in all choose among trials)"
    curves_panel(rest, labels, curves, learned_from, "test digits correct (%)", legend=False)
    rest.set_xscale("log")
    rest.set_xticks(labels, [f"{n}" for n in labels])
    rest.minorticks_off()
    names = [name for name in NAMES if name != RANDOM]
    for axes, how, end in (few, "few", 0), (many, "many", -1):
        intervals = {name: s[f"interval {name} - {RANDOM}, {how}"] for name in names}
        differences_panel(axes, {name: s[f"gain {name}"][:, end] for name in names}, intervals, "points")
        axes.set_title(f"gain over untrained,\n{labels[end]} of each class")
    many.set_yticklabels([])
    page.legend(*rest.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return page


if __name__ == "__main__":
    main(run, draw)
