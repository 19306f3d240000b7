"""RMSprop and batch normalisation hasten plain descent, and with the latter larger steps work.

Stimuli   handwritten digits, 8 by 8 pixels, 15 of each class to learn from.
Model     small_convnet(), bare and with batch normalisation (BN). Control: the gains and biases that come
          with it, without the normalisation.
Learning  Backpropagation by plain gradient descent, momentum (0.9), RMSprop and Adam, each at the same six
          constant rates (eleven with --full). All nets of one seed begin with the same filters and see the
          same batches equally often; nothing is chosen but the rate, by each seed on its validation digits.
Measured  at the rate chosen: loss on the digits learned from, as it was in the course of each epoch; epochs
          to a loss of TARGET (one more than there were, if that is not reached); error on test digits, which
          are shown once. At all rates: the loss in the last epoch. A rate works if that is at most TARGET; a
          loss above guessing, or none that is finite, is set down as guessing.
          Differences paired by seed, with Student's 95 % interval. Rates, epochs and TARGET were settled on
          two other seeds (of the same pool).
Expected  deck 004: "Standard convergence issues. Solution: RMS prop or other momentum-style algorithms.
          Other tricks such as batch normalization"; and of ResNet, trained with momentum: "batch norm lets
          you use larger learning rate".
"""

from dataclasses import astuple
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn

from neuro.analysis import paired_difference
from neuro.comparison import above_zero
from neuro.datasets import load, subset
from neuro.experiment import Result, Settings, checksum, main, over_seeds
from neuro.learning import Backpropagation, history_of
from neuro.learning.learner import unreported
from neuro.models.convnet import GainAndBias, small_convnet
from neuro.models.initial import randomised
from neuro.physiology import accuracy, silent_planes
from neuro.plotting import GREY, curves_panel, dots_panel, figure, learning_curve_panel
from neuro.stimuli import resized

SIZE, FEW, TARGET, OTHER_WEIGHTS = 8, 15, 1.0, 10_000  # pixels; of each class; nats; added to the seed
GUESSING = np.log(10)  # nats: the cross-entropy of answers that are alike for ten classes
OPTIMIZERS = {"plain": ("sgd", 0), "momentum": ("sgd", 0.9), "RMSprop": ("rmsprop", 0), "Adam": ("adam", 0)}
NORMALISED, GAINS, AGAIN = " + BN", " + gains", "plain, other weights"
BETWEEN = {"": None, NORMALISED: nn.BatchNorm2d, GAINS: GainAndBias}
VARIANTS = [one + net for net in ("", NORMALISED) for one in OPTIMIZERS]
VARIANTS += [one + GAINS for one in ("plain", "momentum")]
TRAINING = "deck 004, training issues"


def trained(variant, rate, shown, epochs, seed):
    """The net after learning, and its loss in every epoch; infinite if learning broke off."""
    name, plus, between = variant.partition(" + ")
    optimizer, momentum = OPTIMIZERS[name]
    net = small_convnet(8, SIZE, len(shown.labels.unique()), BETWEEN[plus + between])
    randomised(net, torch.Generator().manual_seed(seed))
    rule = Backpropagation(optimizer, rate, batch_size=25, epochs=epochs, validation=0, momentum=momentum)
    try:
        net = rule.fit(net, shown, torch.Generator().manual_seed(seed))
    except FloatingPointError:
        return net, np.full(epochs, np.inf)
    return net, np.array(history_of(net)["training loss"])


def one_seed(settings, rates, seed):
    """Losses (variant, rate, epoch); of each the rate chosen, test error and silent maps (%); the control."""
    splits = load(settings.dataset or "digits", torch.Generator().manual_seed(seed), settings.data_dir)
    few = subset(splits.train, settings.pick(5, FEW, FEW), torch.Generator().manual_seed(seed))
    train, validation, test = (resized(part, SIZE) for part in (few, splits.validation, splits.test))
    epochs, losses, chosen, found = settings.pick(1, 8, 8), [], [], []
    for variant in VARIANTS:
        with unreported():
            tried = [trained(variant, float(rate), train, epochs, seed) for rate in rates]
        nets, of_rates = zip(*tried, strict=True)
        # Of equally many right answers, the lesser loss decides.
        scores = [(accuracy(net, validation), -loss[-1]) for net, loss in zip(nets, of_rates, strict=True)]
        chosen.append(scores.index(max(scores)))
        net = nets[chosen[-1]]
        found.append((100 * (1 - accuracy(net, test)), 100 * silent_planes(net, validation, "conv2")))
        losses.append(of_rates)
    _, other = trained("plain", float(rates[chosen[0]]), train, epochs, seed + OTHER_WEIGHTS)
    return np.array(losses), np.array(chosen), np.array(found), other, checksum(train, validation, test)


def epochs_to_target(losses):
    """The first epoch with a loss of at most TARGET; of none, one more than there were."""
    return np.cumprod(losses > TARGET, axis=-1).sum(axis=-1) + 1


def run(settings: Settings) -> Result:
    rates = settings.pick(4.0 ** np.arange(-3, -1), 4.0 ** np.arange(-5, 1), 2.0 ** np.arange(-10, 1))
    nets = over_seeds(partial(one_seed, settings, rates), settings.seed_list(1, 5, 20), settings.jobs)
    *arrays, data = zip(*nets, strict=True)
    losses, chosen, found, other = map(np.array, arrays)  # seed, variant, rate, epoch
    best = np.take_along_axis(losses, chosen[:, :, None, None], axis=2)[:, :, 0]  # seed, variant, epoch
    epochs = dict(zip(VARIANTS, epochs_to_target(best).T, strict=True)) | {AGAIN: epochs_to_target(other)}
    final = np.minimum(losses[..., -1], GUESSING)
    works = final <= TARGET
    # In factors of ten; where no rate works, a step below the smallest.
    steps = np.log10(np.concatenate([[rates[0] ** 2 / rates[1]], rates]))
    largest = dict(zip(VARIANTS, np.where(works, steps[1:], steps[0]).max(axis=-1).T, strict=True))
    spans = dict(zip(VARIANTS, works.sum(axis=-1).mean(axis=0) * (steps[1] - steps[0]), strict=True))
    saved = {name: paired_difference(epochs["plain"], epochs[name]) for name in (*VARIANTS[1:], AGAIN)}
    with_momentum = (largest["momentum" + more] for more in (NORMALISED, GAINS))
    wider, gains = (paired_difference(each, largest["momentum"]) for each in with_momentum)

    def sooner(name, control, published):
        what = f"{name} saves epochs of plain descent's to a loss of {TARGET:g}: lower end of 95 %"
        about = f"of {epochs['plain'].mean():.1f} epochs"
        key = "plain" + GAINS if control == "its gains alone" else AGAIN
        return above_zero(what, TRAINING, published, saved[name], control, saved[key], about)

    claims = [
        sooner("RMSprop", AGAIN, "solution: RMS prop"),
        sooner("momentum", AGAIN, "or other momentum-style algorithms"),
        sooner("plain" + NORMALISED, "its gains alone", "other tricks such as batch normalization"),
        above_zero("the largest rate that works, with momentum: BN - bare, factors of ten, lower end",
                   "deck 004, of ResNet", "batch norm lets you use larger learning rate", wider,
                   "its gains alone", gains, f"rates that work, momentum: {spans['momentum']:.1f} bare, "
                   f"{spans['momentum' + NORMALISED]:.1f} with BN"),
    ]  # fmt: skip
    numbers = {f"epochs to a loss of {TARGET:g}, {name}": each.mean() for name, each in epochs.items()}
    numbers |= {f"test error, {n}, %": e for n, (e, _) in zip(VARIANTS, found.mean(axis=0), strict=True)}
    numbers |= {
        f"silent maps of conv2, {n}, %": e for n, (_, e) in zip(VARIANTS, found.mean(axis=0), strict=True)
    }
    numbers |= {f"span of the rates that work, {n}, factors of ten": w for n, w in spans.items()}
    numbers |= {f"rate chosen, {n}, geometric mean": np.exp(np.log(rates)[chosen[:, i]].mean())
                for i, n in enumerate(VARIANTS)}  # fmt: skip
    series = {"rates": rates, "best": best, "final": final, "errors": found[..., 0], "chosen": chosen}
    series["epochs"] = np.stack([epochs[name] for name in VARIANTS], axis=1)
    series |= {f"saved, {name}": astuple(each) for name, each in saved.items()}
    return Result(numbers, series, claims, data=" ".join(data))


def draw(result: Result) -> Figure:
    page, s = figure(7, 7.2), result.series
    above, middle, below = page.subfigures(3, 1)
    courses, sweeps = above.subplots(1, 2, sharey=True), middle.subplots(1, 2, sharey=True)
    epochs, errors = (each.subplots(1, 2, sharey=True) for each in below.subfigures(1, 2))
    for k, net in enumerate(("bare", "with batch normalisation (BN)")):
        own = {name: k * len(OPTIMIZERS) + i for i, name in enumerate(OPTIMIZERS)}
        learning_curve_panel(courses[k], {n: s["best"][:, i] for n, i in own.items()}, "training loss (nats)")
        curves_panel(sweeps[k], s["rates"], {n: s["final"][:, i] for n, i in own.items()}, "learning rate",
                     "loss in the last epoch (nats)", legend=False)  # fmt: skip
        courses[k].set_title(f"{net}, at the rate chosen")
        sweeps[k].set(xscale="log", title=f"{net}, at every rate")
        for axes in (courses[k], sweeps[k]):
            axes.axhline(TARGET, color=GREY, linewidth=0.8, linestyle=":")
            axes.label_outer()
        dots_panel(
            epochs[k], {name: s["epochs"][:, i] for name, i in own.items()}, f"epochs to a loss of {TARGET:g}"
        )
        dots_panel(errors[k], {name: s["errors"][:, i] for name, i in own.items()}, "test error (%)")
        for axes in (epochs[k], errors[k]):
            axes.set_title(("bare", "BN")[k])
            axes.label_outer()
    return page


if __name__ == "__main__":
    main(run, draw)
