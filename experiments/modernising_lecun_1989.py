"""The zip-code net of 1989, one later idea at a time: shifted digits take away errors, a newer loss does not.

Stimuli   handwritten digits, 16 by 16 pixels: the 1,797 bundled digits, split anew for every seed; with
          --dataset usps the zip-code digits of 1989, 7,291 and 2,007.
Model     lecun_1989(), with the cells and the output of each rung; 9,760 parameters on all of them.
Learning  The ladder: the recipe of 1989 (tanh, squares, plain descent); cross-entropy of a linear output;
          Adam, its rate raised and lowered once; digits moved by up to a pixel each time they are shown, with
          more passes and twice the rate; ReLU and dropout. Rates and passes were chosen on validation digits
          of usps; bundled digits get fewer passes.
Measured  test error on every rung; each rung against the one below, paired by seed; the share of the errors
          of the first that is gone.
Expected  Karpathy 2022, who took digits of MNIST for the lost ones (reported): 4.09, 4.38, 3.59, 2.19 and
          1.59 % - in all six errors of ten gone. On the zip-code digits themselves, about half.
"""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import paired_difference
from neuro.comparison import above_zero
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning import history_of
from neuro.physiology import accuracy
from neuro.plotting import differences_panel, dots_panel, figure
from neuro.preparations import LADDER, zip_code_net

PUBLISHED = (4.09, 4.38, 3.59, 2.19, 1.59)  # % of MNIST digits


def one_seed(settings, seed):
    """Test error (%) on every rung; error on digits learned from; passes; a checksum."""
    nets = [zip_code_net(settings, seed, rung) for rung in LADDER]
    splits = nets[0][2]
    errors = [100 * (1 - accuracy(net, splits.test)) for _, net, _ in nets]
    learned = [100 * (1 - accuracy(net, splits.train)) for _, net, _ in nets]
    passes = [len(history_of(net)["training loss"]) for _, net, _ in nets]
    return errors, learned, passes, checksum(splits.train, splits.validation, splits.test)


def run(settings: Settings) -> Result:
    nets = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 5), settings.jobs)
    errors, learned, passes, data = (np.array(part) for part in zip(*nets, strict=True))
    steps = {name: paired_difference(errors[:, i], errors[:, i + 1]) for i, name in enumerate([*LADDER][1:])}
    mean, now = errors.mean(axis=0), errors[:, -1].mean()
    gone = 1 - mean / mean[0]
    zip_codes = settings.dataset == "usps" and settings.scale != "quick"

    where = f"on {settings.dataset}" if settings.dataset else "on few and clean digits, with few passes"
    source = "Karpathy 2022, on MNIST digits (reported)"
    # fmt: off
    claims = [
        Claim("share of the errors of 1989 that all rungs take away", source, "1 - 1.59 / 4.09 = 0.61",
              1 / 3, None, "set before the run: a third", gone[-1], "the newer loss alone", gone[1], where),
        above_zero("showing shifted digits takes away errors: points, lower end of 95 %", source,
                   "3.59 - 2.19 = 1.40", steps["+ shifts"], "the newer loss alone",
                   steps["+ cross-entropy"], where),
        Claim("test error at the top of the ladder on zip-code digits, %", "set as a goal", "-", None, 3.2,
              "set before the run", now if zip_codes else None, "the recipe of 1989",
              mean[0] if zip_codes else None, f"{now:.2f} on {settings.dataset or 'the bundled digits'}"),
    ]
    # fmt: on
    numbers = {f"test error, {name}, %": value for name, value in zip(LADDER, mean, strict=True)}
    spread = errors.std(axis=0, ddof=1) if len(nets) > 1 else len(LADDER) * [None]
    numbers |= {f"s.d. over seeds, {name}, %": value for name, value in zip(LADDER, spread, strict=True)}
    numbers |= {
        f"error on train digits, {n}, %": e for n, e in zip(LADDER, learned.mean(axis=0), strict=True)
    }
    numbers |= {f"passes, {name}": int(n) for name, n in zip(LADDER, passes[0], strict=True)}
    reasons = {f"s.d. over seeds, {name}, %": "one seed has no spread" for name in LADDER}
    series = {"errors": errors, "learned": learned, "published": PUBLISHED}
    series |= {f"step {n}": errors[:, i] - errors[:, i + 1] for i, n in enumerate(steps)}
    series |= {f"interval {name}": [d.mean, d.low, d.high] for name, d in steps.items()}
    return Result(numbers, series, claims, reasons, " ".join(data))


def draw(result: Result) -> Figure:
    s = result.series
    page = figure(7, 3.4)
    left, right = page.subplots(1, 2, width_ratios=(1.2, 1))
    dots_panel(left, dict(zip(LADDER, s["errors"].T, strict=True)), "test error (%)")
    left.plot(range(len(LADDER)), s["published"], "_k", markersize=16, label="Karpathy, MNIST digits")
    left.set(ylim=(0, None), title="the ladder (each rung keeps those before)")
    left.legend(loc="lower left")
    steps = {name: s[f"step {name}"] for name in [*LADDER][1:]}
    intervals = {name: s[f"interval {name}"] for name in steps}
    differences_panel(right, steps, intervals, "errors taken away (points)")
    right.set_title("what each rung adds (mean, 95 %)")
    return page


if __name__ == "__main__":
    main(run, draw)
