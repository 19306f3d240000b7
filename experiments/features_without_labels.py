"""Read with all labels, filters learned without labels do no better than random patches of digits.

Stimuli   handwritten digits: the bundled ones, made 28 by 28 pixels; of MNIST 2,000, with --full all 60,000,
          of which 5,000 only validate.
Model     two stages of 5x5 filters; a cell answers by how much it exceeds most planes at its place (mean and
          one sd, Triangle); maxima, then means of blocks. 24 and 512 planes with --full, else 8 and 32.
Learning  filters from patches, without labels, stage after stage: hard competition, whose units begin as
          random patches; SoftHebb, from the initial weights; k-means. Controls: the initial weights, others,
          random patches, random Gabor functions; and the pixels. Three trials each (the initial weights
          one), drawn from its settings, learning from 2,000 digits at most, in five passes. Where there are
          more, competitive rules then see all of them once; k-means and random patches are of 50,000 patches.
Labels    in the readout only. The settings are chosen on the first 2,000 digits of the validation part, the
          penalty of the readout on all of them; nothing is fitted to them.
Measured  accuracy of a linear (ridge) readout of the last layer on the test part, opened once. Five seeds,
          each with its own split, weights and order; differences paired by seed, Student's 95 % interval. How
          far the second stage came from where it began, as a share of that length; planes that changed. The
          seconds of the chosen training and of its readout are in the JSON, under run.
Expected  99.1 % of MNIST (a goal). SoftHebb, in another form than here: 99.4 (99.35 elsewhere).
          Random patches read nearly as well; not so in narrow nets with few labels, where most rules beat
          them on MNIST (compare_learning_rules --full --dataset mnist). Chain and rates were looked at on
          validation digits of MNIST of seed 100, which are test digits of no seed.
"""

import time
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import linear_of_batches
from neuro.comparison import Parts, above_zero, known_difference, one_of, retina
from neuro.comparison.rules import RULES, TRIALS, extreme, local
from neuro.comparison.search import batches, searched, trained
from neuro.datasets import load
from neuro.experiment import Claim, Result, Settings, checksum, found_cached, main, over_seeds
from neuro.experiment.cache import seconds_of
from neuro.learning import HardCompetitive, LayerByLayer, SoftHebb, Untrained, history_of
from neuro.learning.learner import unreported
from neuro.models.convnet import triangle_chain
from neuro.models.initial import randomised
from neuro.plotting import differences_panel, dots_panel, figure
from neuro.stimuli import resized

PIXELS, RANDOM, OTHER = "pixels", "untrained", "other weights"
IMPRINTED, GABOR = "imprinted", "random Gabor"
CONTROLS = (PIXELS, RANDOM, OTHER, IMPRINTED, GABOR)
LEARNED = HARD, SOFT, MEANS = "hard competition", "SoftHebb", "k-means"
# Of many planes each wins few patches: a step is measured by the weight that moves most, not by the mean over
# patches, by which 512 planes would stay where they began.
STEPS = {"step": "largest", "rates": (0.02, 0.05, 0.1), "batch_size": 64}
SEARCHES = {
    **{name: RULES[name] for name in (RANDOM, OTHER, IMPRINTED, GABOR, MEANS)},
    PIXELS: one_of(Untrained()),
    HARD: one_of(*local(HardCompetitive(10), HardCompetitive(30), start="patches", **STEPS)),
    SOFT: one_of(*local(SoftHebb(), SoftHebb(1 / 4), **STEPS)),
}
NAMES = (*CONTROLS, *LEARNED)
FEW = 2000  # digits that settings are tried on
SIZE = 28
GOAL = 99.1  # % of MNIST
VALIDATION, DISTANCE = "validation digits correct (%)", "distance from the start, second stage"
CHANGED = "planes that changed, second stage (%)"
TRAINING, READING = TIMES = "seconds of one training", "seconds of one reading"
NONE = "set before the run: no 95 % interval lies above zero"


def digits(settings, generator):
    """All digits; the first digits of all but the test part, to try settings on."""
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    most = settings.pick((100, 60, 100), (FEW,) * 3, (None,) * 3)
    margin = 0 if splits.train.images.shape[-1] == SIZE else 4
    shown = (part[:n] for part, n in zip((splits.train, splits.validation, splits.test), most, strict=True))
    train, validation, test = (resized(part, SIZE, margin) for part in shown)
    return Parts(train, train, validation, test), Parts(train[:FEW], train[:FEW], validation[:FEW], test)


def read(settings, number):
    """What the readout of one rule says of the test part; the number tells seed and rule."""
    seed, which = divmod(number, len(NAMES))
    name, generator = NAMES[which], torch.Generator().manual_seed(seed)
    every, few = digits(settings, generator)
    start = randomised(triangle_chain(settings.pick((4, 8), (8, 32), (24, 512))), generator)
    start = retina() if name == PIXELS else start
    search = SEARCHES[name]
    trials = settings.pick(1, TRIALS, TRIALS)
    with unreported():  # features that stay silent are counted below
        chosen, told = searched(name, search, start, few, seed, trials, settings.cache)
        if chosen is None:
            raise ValueError(f"{name}: {told[0].failure}")
        learner = chosen.learner
        if isinstance(learner, LayerByLayer) and len(every.train) > len(few.train):
            learner = replace(learner, epochs=1)
        net = trained(learner, search, start, every, seed, settings.cache)
    began = time.perf_counter()
    reader = linear_of_batches(batches(net, every.train), batches(net, every.validation))
    found, course = reader.read(batches(net, every.test)), history_of(net)
    return {
        "correct (%)": 100 * found.accuracy,
        "silent features (%)": 100 * found.silent_fraction,
        "features": found.n_features,
        VALIDATION: 100 * reader.validation_accuracy,
        DISTANCE: course.get("conv2.filters distance", [np.nan])[-1],
        CHANGED: 100 * course.get("conv2.filters changed", [np.nan])[-1],
        TRAINING: seconds_of(net),
        READING: time.perf_counter() - began,
        "data": checksum(every.train, every.validation, every.test),
    }


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 5)
    numbers_of = [seed * len(NAMES) + which for seed in seeds for which in range(len(NAMES))]
    found = over_seeds(partial(found_cached, read, settings), numbers_of, settings.jobs)
    runs = {name: found[which :: len(NAMES)] for which, name in enumerate(NAMES)}
    correct = {name: np.array([float(one["correct (%)"]) for one in of]) for name, of in runs.items()}
    pairs = {f"{name} - {base}": (correct[name], correct[base])
             for base in (RANDOM, OTHER, IMPRINTED) for name in NAMES if name != base}  # fmt: skip
    gains = {pair: known_difference(*of) for pair, of in pairs.items()}
    numbers = {f"{name}: {what} (mean)": np.mean([float(one[what]) for one in of])
               for name, of in runs.items() for what in of[0] if what not in ("data", *TIMES)}  # fmt: skip
    numbers |= {f"{name}: correct (%) (sd)": of.std(ddof=1) if len(of) > 1 else np.nan
                for name, of in correct.items()}  # fmt: skip
    numbers |= {f"{pair} ({end})": x for pair, of in gains.items() for end, x in asdict(of).items()}
    series = {f"correct (%) {name}": of for name, of in correct.items()}
    series |= {f"pairs {pair}": np.subtract(*of) for pair, of in pairs.items()}
    series |= {f"interval {pair}": np.array([of.mean, of.low, of.high]) for pair, of in gains.items()}
    best = max(LEARNED, key=lambda name: numbers[f"{name}: {VALIDATION} (mean)"])
    moved = ", ".join(f"{name} {numbers[f'{name}: {DISTANCE} (mean)']:.2g}" for name in (HARD, SOFT))
    whole = settings.dataset == "mnist" and settings.scale == "full"
    made = claims(correct, gains, best, f"distances from the start: {moved}", whole)
    data = "+".join(str(one["data"]) for one in runs[PIXELS])
    reasons = dict.fromkeys(numbers, "one seed, or not a course of steps")
    took = {what: {name: round(np.mean([float(one[what]) for one in of]), 2) for name, of in runs.items()}
            for what in TIMES}  # fmt: skip
    return Result(numbers, series, made, reasons, data, run=took)


def claims(correct, gains, best, moved, whole):
    means = {name: float(of.mean()) for name, of in correct.items()}

    def over(base):
        return extreme(max, {name: gains[f"{name} - {base}"].low for name in LEARNED})

    def reads(what, source, published, low, band, name):
        others = ", ".join(f"{each} {means[each]:.2f}" for each in CONTROLS)
        note = f"{name}; {others}" if whole else "asked of all of MNIST (--full --dataset mnist)"
        measured = means[name] if whole else None
        return Claim(what, source, published, low, None, band, measured, note=note)

    (high, whose), (above, _) = over(IMPRINTED), over(RANDOM)
    # fmt: off
    return [
        reads("filters learned without labels, the rule that reads most validation digits, and a linear "
              "readout of all of MNIST: % correct", "a goal of this project", GOAL, GOAL,
              "set before the run", best),
        reads("SoftHebb on all of MNIST: % correct", "Journe et al. 2023 (abstract)", 99.4, None,
              "theirs has batch normalisation, other first weights and rates that fall with length", SOFT),
        Claim("no rule without labels beats random patches: highest lower end of a gain, points",
              "Coates & Ng 2011, Saxe et al. 2011, Illing et al. 2019 (reported)", "nearly as good", None, 0,
              NONE, high, "gains over the untrained weights", above, f"{whose}; {moved}"),
        above_zero("random patches beat random weights: points, lower end",
                   "Coates & Ng 2011 (reported)", "imprinting > random",
                   gains[f"{IMPRINTED} - {OTHER}"],
                   "initial weights instead", gains[f"{RANDOM} - {OTHER}"], "weights of as many trials"),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 6.5), result.series
    above, below = page.subfigures(2, 1)
    dots = above.subplots()
    dots_panel(dots, {name: s[f"correct (%) {name}"] for name in NAMES}, "test digits correct (%)")
    dots.set_title("controls, and filters learned without labels")
    for axes, base in zip(below.subplots(1, 2), (RANDOM, IMPRINTED), strict=True):
        rows = [name for name in NAMES if name not in (PIXELS, base)]
        pairs, intervals = (
            {name: s[f"{what} {name} - {base}"] for name in rows} for what in ("pairs", "interval")
        )
        differences_panel(axes, pairs, intervals, f"gain over {base} (points)")
    return page


if __name__ == "__main__":
    main(run, draw)
