"""The decks' distortions are no list for digits: turned and flipped ones mislead, gentle ones may help.

Stimuli   handwritten digits, 12 by 12 pixels in a field of 16 (MNIST: 28 by 28, as they are); 5 of each class
          to learn from, and 40 to see what becomes of the gain.
Model     small_convnet(). The nets of one seed begin with the same filters.
Learning  Backpropagation, as often by as many digits whatever is done to them (optimizer and rate are those
          of `pooling`). The digits are shown as they are, or anew distorted each time: by each entry of the
          decks' list, by all of it, as printed, and by those that leave a digit what it is, together and less
          strongly.
Measured  accuracy on undistorted test digits, against the net that saw them as they are: paired by seed, with
          Student's 95 % interval. Which digits are taken for which; silent maps. How many digits and passes
          was settled on validation digits of three other seeds (of the same pool): 30 passes were too few
          for sensible distortions to gain much.
Expected  deck 004: "insufficient training data: data augmentation", with the list. As written it is wrong for
          digits: a 6 turned round is a 9, and a mirrored 2 much like a 5.
"""

from dataclasses import astuple, replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import confusions, mixed_up, paired_difference
from neuro.comparison import above_zero
from neuro.datasets import LARGE, load, subset
from neuro.experiment import Result, Settings, checksum, fit_cached, main, over_seeds
from neuro.learning import Backpropagation
from neuro.learning.augmentation import AS_TAUGHT, Jitter
from neuro.learning.learner import unreported
from neuro.models.convnet import small_convnet
from neuro.models.initial import randomised
from neuro.physiology import decisions, silent_planes
from neuro.plotting import confusion_panel, differences_panel, figure, image_panel
from neuro.stimuli import resized

SIZE, MARGIN, FEW, MANY, PASSES, OTHER_WEIGHTS = 16, 2, 5, 40, 80, 10_000
RULE = Backpropagation("adam", 0.01, 0.02, batch_size=25, validation=0, schedule="one-cycle")
NONE, AGAIN, SENSIBLE, LITTLE = "as they are", "other weights", "sensible ones", "turned ±10°"
STRETCHED, FLIPPED, TURNED, LIST = "stretched to 1.3", "flipped", "turned 0-360°", "the whole list"
DECK, NEAR, SIX_NINE, TWO_FIVE = "deck 004, data augmentation", "the list, moved ±1", (6, 9), (2, 5)
KINDS = {
    NONE: None,
    SENSIBLE: Jitter(shift=1, turn=10, scale=1.15, shear=10, stretch=1.15),
    LITTLE: Jitter(turn=10),
    "sheared ±20°": Jitter(shear=AS_TAUGHT.shear),
    STRETCHED: Jitter(stretch=AS_TAUGHT.stretch),
    "resized to 1.6": Jitter(scale=AS_TAUGHT.scale),
    FLIPPED: Jitter(flip=AS_TAUGHT.flip),
    TURNED: Jitter(turn=AS_TAUGHT.turn),
    "moved ±10 pixels": Jitter(shift=AS_TAUGHT.shift),
    NEAR: replace(AS_TAUGHT, shift=1),
    LIST: AS_TAUGHT,
}


def mosaic(digit, draws):
    """One image under each kind of distortion, a row a kind, drawn so many times."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        shown = digit.expand(draws, -1, -1, -1)
        rows = [shown if change is None else change(shown) for change in KINDS.values()]
    framed = torch.nn.functional.pad(torch.stack(rows)[:, :, 0], (1, 1, 1, 1), value=torch.nan)
    return framed.permute(0, 2, 1, 3).flatten(0, 1).flatten(1, 2).numpy()


def one_seed(settings, seed):
    """Who is taken for whom, (kind, class, class), and silent maps (%), of few and of many; a mosaic."""
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    parts = splits.train, splits.test[: settings.pick(100, None, None)]
    train, test = parts if splits.name in LARGE else (resized(part, SIZE, MARGIN) for part in parts)
    few, many = (subset(train, n, generator) for n in settings.pick((2, 4), (FEW, MANY), (FEW, MANY)))
    passes, classes = settings.pick(2, PASSES, PASSES), int(train.labels.max()) + 1

    def seen(kind, shown=few, more=0):
        own = randomised(
            small_convnet(8, test.images.shape[-1], classes), torch.Generator().manual_seed(seed + more)
        )
        rule = replace(RULE, epochs=max(1, passes * len(few) // len(shown)), augmentation=KINDS[kind])
        with unreported():
            net = fit_cached(rule, own.to(settings.device), shown, seed, settings.cache)
        return confusions(test.labels, decisions(net, test), classes), 100 * silent_planes(net, test, "conv2")

    nets = {kind: seen(kind) for kind in KINDS} | {AGAIN: seen(NONE, more=OTHER_WEIGHTS)}
    nets |= {f"{kind}, many": seen(kind, many) for kind in (NONE, SENSIBLE)}
    return nets, mosaic(test.images[test.labels == SIX_NINE[0]][0], 6), checksum(few, many, test)


def run(settings: Settings) -> Result:
    nets = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 20), settings.jobs)
    runs, examples, data = zip(*nets, strict=True)
    taken = {name: np.array([one[name][0] for one in runs]) for name in runs[0]}  # seed, class, class
    silent = {name: np.mean([one[name][1] for one in runs]) for name in runs[0]}
    right = {name: 100 * np.trace(m, axis1=1, axis2=2) / m.sum(axis=(1, 2)) for name, m in taken.items()}
    gains = {name: values - right[NONE] for name, values in right.items()}
    gain = {name: paired_difference(each, 0 * each) for name, each in gains.items()}
    loss = {name: paired_difference(0 * gains[name], gains[name]) for name in KINDS}
    of_many = right[f"{SENSIBLE}, many"] - right[f"{NONE}, many"]
    shrinks = paired_difference(gains[SENSIBLE], of_many)
    mixed = {name: mixed_up(taken[name]) for name in (NONE, FLIPPED, TURNED)}  # seed, class, class

    def more(name, pair):
        return paired_difference(mixed[name][:, *pair], mixed[NONE][:, *pair])

    def most(name):
        added = (mixed[name] - mixed[NONE]).mean(axis=0)
        pair = np.unravel_index(added.argmax(), added.shape)
        return f"most of all {pair[0]} and {pair[1]}: {added[pair]:+.1f}"

    # fmt: off
    claims = [
        above_zero("the list as printed makes up for few digits: points of accuracy, lower end of 95 %", DECK,
                   "solution: data augmentation", gain[LIST], AGAIN, gain[AGAIN],
                   f"moved by 1 pixel at most, not 10: {gain[NEAR].mean:+.1f}"),
        above_zero("sensible distortions make up for few digits: points of accuracy, lower end", DECK,
                   "solution: data augmentation", gain[SENSIBLE], AGAIN, gain[AGAIN],
                   f"{right[NONE].mean():.1f} % as they are"),
        above_zero(f"and more so than for many: gain from {FEW} a class - from {MANY}, points, lower end",
                   DECK, "insufficient training data", shrinks, AGAIN, gain[AGAIN],
                   f"then {of_many.mean():+.1f}"),
        above_zero("flips hurt digits: points lost, lower end", "expected", "not in the decks",
                   loss[FLIPPED], STRETCHED, loss[STRETCHED]),
        above_zero("turning all the way round hurts digits: points lost, lower end", "expected",
                   "not in the decks", loss[TURNED], LITTLE, loss[LITTLE]),
        *(above_zero(f"{name}, {i} and {j} are mixed up: points more of them, lower end", "expected",
                     "not in the decks", more(name, (i, j)), other, more(other, (i, j)), most(name))
          for name, other, (i, j) in ((TURNED, FLIPPED, SIX_NINE), (FLIPPED, TURNED, TWO_FIVE))),
    ]
    # fmt: on
    numbers = {f"accuracy, {name}, %": values.mean() for name, values in right.items()}
    numbers |= {f"silent maps of conv2, {name}, %": value for name, value in silent.items()}
    numbers |= {f"{i} and {j} mixed up, {name}, %": each[:, i, j].mean()
                for name, each in mixed.items() for i, j in (SIX_NINE, TWO_FIVE)}  # fmt: skip
    series = {f"gain, {name}": each for name, each in gains.items()}
    series |= {f"interval, {name}": astuple(each) for name, each in gain.items()}
    series |= {f"taken for, {name}": taken[name].sum(axis=0) for name in mixed}
    return Result(numbers, series | {"examples": examples[0]}, claims, data=" ".join(data))


def draw(result: Result) -> Figure:
    page, s = figure(7, 6.6), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1.5, 1))
    pictures, gains = above.subplots(1, 2, width_ratios=(1, 1.6))
    image_panel(pictures, s["examples"], "a digit, six times")
    pictures.spines[:].set_visible(False)
    gained, ends = ({name: s[f"{what}, {name}"] for name in KINDS} for what in ("gain", "interval"))
    differences_panel(gains, gained, ends, "points of accuracy gained (beyond 10: logarithmic)")
    gains.set_xscale("symlog", linthresh=10)
    gains.set_xticks([-80, -40, -20, -10, -5, 0, 5], ["-80", "-40", "-20", "-10", "-5", "0", "5"])
    gains.minorticks_off()
    gains.set(xlim=(-100, 8), title="what learning from it gains (mean, 95 %)")
    for axes, name in zip(below.subplots(1, 3), (NONE, FLIPPED, TURNED), strict=True):
        confusion_panel(axes, s[f"taken for, {name}"], range(len(s[f"taken for, {name}"])))
        axes.set_title(f"learned from digits {name}")
        axes.label_outer()
    return page


if __name__ == "__main__":
    main(run, draw)
