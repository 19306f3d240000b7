"""How far do random features go? Random mixtures above local filters, drawn or learned without labels.

Stimuli   handwritten digits: the bundled ones, made 28 by 28 pixels; of MNIST 2,000, with --full all 60,000,
          of which 5,000 only validate.
Model     two stages of 5x5 filters, as in features_without_labels: 24 and 768 planes with --full, else 8 and
          32. Beside what they give, cells that see all of it through random weights, rectified (Mixtures);
          3,072 with --full, else 128.
Learning  filters: random Gabor functions, which nothing taught; or k-means of patches, without labels.
          Control: the pixels in their place. The mixtures are drawn, and the same for both filters of a seed.
Labels    in the readout, and those of the validation part in its penalty. The model was settled on digits of
          MNIST's training part (512 and 1,024 planes were tried), of another seed than those run here.
Measured  accuracy on the test part of a linear (ridge) readout of the filters alone, and of both: of the
          filters the latter is a readout with a kernel, nearly, and no linear one. Five seeds; differences
          paired by seed (split, filters, mixtures); Student's 95 % interval.
Expected  99.35 % of MNIST, as published of SoftHebb, by filters that nothing taught; mixtures of pixels alone
          come nowhere near; filters learned without labels do not beat drawn ones.
"""

from dataclasses import asdict
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import Part, linear_of_batches
from neuro.comparison import above_zero, known_difference, retina
from neuro.comparison.rules import PASSES
from neuro.comparison.search import whole
from neuro.datasets import load
from neuro.experiment import Claim, Result, Settings, checksum, fit_cached, found_cached, main, over_seeds
from neuro.learning import Patches, RandomGabor, SphericalKMeans, Templates, Untrained
from neuro.learning.learner import unreported
from neuro.models.convnet import triangle_chain
from neuro.models.feature_maps import Mixtures
from neuro.models.initial import randomised
from neuro.plotting import differences_panel, dots_panel, figure
from neuro.stimuli import resized

PIXELS, GABOR, MEANS = NAMES = "pixels", "random Gabor", "k-means"
LEARNERS = {
    PIXELS: Untrained(),
    GABOR: RandomGabor(),
    MEANS: Templates(SphericalKMeans(epochs=PASSES), patches=Patches("contrast-normalised")),
}
ALONE, MIXED = WAYS = "filters alone", "and random mixtures"
SIZE, GOAL, AT_ONCE = 28, 99.35, 1000  # pixels; % of MNIST; rows that are mixed at once


def digits(settings, generator):
    """Training, validation and test part."""
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    most = settings.pick((100, 60, 100), (2000,) * 3, (None,) * 3)
    margin = 0 if splits.train.images.shape[-1] == SIZE else 4
    shown = (part[:n] for part, n in zip((splits.train, splits.validation, splits.test), most, strict=True))
    return [resized(part, SIZE, margin) for part in shown]


def batches(part, planes=1, mixtures=None):
    """The features of a part, some rows at a time, as they are or with mixtures of them."""
    for start in range(0, len(part.rows), AT_ONCE):
        rows, labels, ids = (each[start : start + AT_ONCE] for each in part)
        if mixtures is not None:
            rows = mixtures(torch.from_numpy(rows).unflatten(1, (planes, -1))).numpy()
        yield Part(rows, labels, ids)


def read(settings, number):
    """What both readouts of one kind of filters say of the test part; the number tells seed and kind."""
    seed, which = divmod(number, len(NAMES))
    name, generator = NAMES[which], torch.Generator().manual_seed(seed)
    shown = digits(settings, generator)
    planes, cells = settings.pick(((4, 8), 32), ((8, 32), 128), ((24, 768), 3072))
    start = randomised(triangle_chain(planes), generator)
    start = retina() if name == PIXELS else start
    with unreported():  # features that stay silent are counted below
        net = fit_cached(LEARNERS[name], start, shown[0].without("label"), seed, settings.cache)
    train, validation, test = (whole(net, part) for part in shown)
    features = train.rows.shape[1]
    apart = features if name == PIXELS else planes[-1]  # every pixel counts as a plane of its own
    mixtures = Mixtures(apart, features // apart, cells, generator)
    found = {"data": checksum(*shown)}
    for way, above in ((ALONE, None), (MIXED, mixtures)):
        reader = linear_of_batches(batches(train, apart, above), batches(validation, apart, above))
        scored = reader.read(batches(test, apart, above))
        found[f"correct (%), {way}"] = 100 * scored.accuracy
        found[f"features, {way}"] = scored.n_features
        found[f"silent features (%), {way}"] = 100 * scored.silent_fraction
    return found


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 5)
    numbers_of = [seed * len(NAMES) + which for seed in seeds for which in range(len(NAMES))]
    found = over_seeds(partial(found_cached, read, settings), numbers_of, settings.jobs)
    runs = {name: found[which :: len(NAMES)] for which, name in enumerate(NAMES)}
    correct = {f"{name}, {way}": np.array([float(one[f"correct (%), {way}"]) for one in runs[name]])
               for way in WAYS for name in NAMES}  # fmt: skip
    pairs = [(f"{name}, {MIXED}", f"{name}, {ALONE}") for name in NAMES]
    pairs += [(f"{MEANS}, {way}", f"{GABOR}, {way}") for way in WAYS]
    pairs += [(f"{MEANS}, {MIXED}", f"{PIXELS}, {MIXED}"), (f"{PIXELS}, {MIXED}", f"{GABOR}, {ALONE}")]
    gains = {f"{one} - {base}": (correct[one], correct[base]) for one, base in pairs}
    spreads = {pair: known_difference(*of) for pair, of in gains.items()}
    numbers = {f"{name}: {what} (mean)": np.mean([float(one[what]) for one in of])
               for name, of in runs.items() for what in of[0] if what != "data"}  # fmt: skip
    numbers |= {f"{pair} ({end})": x for pair, of in spreads.items() for end, x in asdict(of).items()}
    series = {f"correct (%) {name}": of for name, of in correct.items()}
    series |= {f"gain {pair}": np.subtract(*of) for pair, of in gains.items()}
    series |= {f"interval {pair}": np.array([of.mean, of.low, of.high]) for pair, of in spreads.items()}
    whole_set = settings.dataset == "mnist" and settings.scale == "full"
    made = claims(correct, spreads, whole_set)
    data = "+".join(str(one["data"]) for one in runs[PIXELS])
    return Result(numbers, series, made, dict.fromkeys(numbers, "one seed has no interval"), data)


def claims(correct, spreads, whole_set):
    def reads(name):
        mixed, alone = (correct[f"{name}, {way}"] for way in (MIXED, ALONE))
        ends = known_difference(mixed, np.zeros(len(mixed)))
        note = f"of {ends.n} seeds, interval of the mean {ends.low:.2f} to {ends.high:.2f}"
        note += f"; pixels, mixed, {correct[f'{PIXELS}, {MIXED}'].mean():.2f}"
        known = [float(of.mean()) if whole_set else None for of in (mixed, alone)]
        return Claim(f"{name}, random mixtures and a ridge readout: % of MNIST's test digits correct, mean",
                     "Journe et al. 2023 (as elsewhere reported)", GOAL, GOAL, None,
                     "set before the run: as published of SoftHebb", known[0], ALONE, known[1],
                     note if whole_set else "asked of all of MNIST (--full --dataset mnist)")  # fmt: skip

    def low(pair):
        return None if np.isnan(spreads[pair].low) else spreads[pair].low

    learned, no_filters = (f"{MEANS}, {MIXED} - {name}, {MIXED}" for name in (GABOR, PIXELS))
    return [
        reads(GABOR),
        reads(MEANS),
        above_zero(
            "random mixtures add to filters that nothing taught: points, lower end",
            "Rahimi & Recht 2008 (reported)",
            "random features stand in for a kernel",
            spreads[f"{GABOR}, {MIXED} - {GABOR}, {ALONE}"],
            "mixtures of pixels in the place of filters",
            spreads[f"{PIXELS}, {MIXED} - {GABOR}, {ALONE}"],
        ),
        Claim(
            "filters learned without labels do not beat drawn ones, both mixed: lower end of a gain, points",
            "Illing, Gerstner & Brea 2019 (abstract)", "no better than random Gabor", None, 0,
            "set before the run: the 95 % interval does not lie above zero", low(learned),
            "no filters (pixels)", low(no_filters), f"mean {spreads[learned].mean:+.3g}",
        ),
    ]  # fmt: skip


def draw(result: Result) -> Figure:
    page, s = figure(7, 3.4), result.series
    left, right = page.subplots(1, 2, width_ratios=(1, 1.1))
    labels = {ALONE: "", MIXED: ", mixed"}
    names = {name + labels[way]: s[f"correct (%) {name}, {way}"] for name in NAMES for way in WAYS}
    dots_panel(left, names, "test digits correct (%)")
    rows = {f"{name}: mixed - alone": f"{name}, {MIXED} - {name}, {ALONE}" for name in (GABOR, MEANS)}
    rows |= {f"{MEANS} - {GABOR}, {how}": f"{MEANS}, {way} - {GABOR}, {way}"
             for how, way in (("alone", ALONE), ("mixed", MIXED))}  # fmt: skip
    gains = {row: s[f"gain {pair}"] for row, pair in rows.items()}
    differences_panel(right, gains, {row: s[f"interval {pair}"] for row, pair in rows.items()}, "points")
    right.set_title("paired differences")
    return page


if __name__ == "__main__":
    main(run, draw)
