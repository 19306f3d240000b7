"""The zip-code net of 1989: 9,760 weights serve 64,660 links, and read no better than the nearest neighbour.

Stimuli   handwritten digits, 16 by 16 pixels: the 1,797 bundled digits, split anew for every seed; with
          --dataset usps those of the paper, in their deslanted form, 7,291 to learn from and 2,007 to read.
Model     lecun_1989(): tanh everywhere; which maps of H1 one of H2 sees is not published, ours is a ring.
Learning  of 1989: squares to targets of +1 and -1, 23 passes (5 over the bundled digits), but eight digits at
          a time by plain gradient descent, not one at a time by a diagonal Newton method, from weights within
          2.4/sqrt(F) instead of 2.4/F. And as one would now: cross-entropy, Adam, digits shifted by a pixel,
          ReLU, dropout (see modernising_lecun_1989, which claims what that comes to).
Measured  units, links, parameters; errors and squares on digits learned from and on others; the digits to be
          turned away until 1 % of the rest is misread. Beside it the nearest neighbour in pixels.
Expected  test error 5.0 % (102 of 2,007), 0.14 % of those learned from (LeCun et al. 1989). The nearest
          neighbour errs on 5.63 %: on this copy the net of 1989 gains nothing on it.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import features, knn
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning import history_of
from neuro.models.convnet import lecun_1989, totals, wiring
from neuro.plotting import curves_panel, dots_panel, figure, image_grid, learning_curve_panel
from neuro.preparations import zip_code_net
from neuro.recording import record
from neuro.stimuli import concatenate

RECIPES = {"1989": "1989", "now": "+ ReLU, dropout"}
NAMES = ("untrained", "nearest neighbour", *RECIPES)
TURNED_AWAY = np.arange(0, 51)  # %


def answers(net, stimuli):
    return record(net, stimuli, ["decision"])["decision"][:, :, 0, 0]


def misread(said, labels):
    """Whether each stimulus, by what is answered, is taken for another class. Shapes: (B, classes), (B,)."""
    return said.argmax(1) != labels


def error_of_the_rest(said, labels):
    """% misread of what remains when the digits whose two best answers lie closest are turned away."""
    best = np.sort(said, axis=1)
    wrong = misread(said, labels)[np.argsort(best[:, -1] - best[:, -2])]
    return np.array([100 * wrong[round(len(wrong) * share / 100) :].mean() for share in TURNED_AWAY])


def one_seed(settings, seed):
    """What the recipes came to on the digits of one seed."""
    nets = {name: zip_code_net(settings, seed, rung) for name, rung in RECIPES.items()}
    untrained, old, splits = nets["1989"]
    learned, test = concatenate([splits.train, splits.validation]), splits.test
    pixels = [features(part.images) for part in (splits.train, splits.validation, learned, test)]
    labels = [part.condition("label") for part in (splits.train, splits.validation, learned, test)]
    known, read = (pixels[2], labels[2]), (pixels[3], labels[3])
    # One neighbour among all digits learned from; with nothing to choose, the validation part is a formality.
    neighbour = knn(*known, pixels[1], labels[1], *read, neighbours=(1,)).accuracy
    before, *after = (answers(net, test) for net in (untrained, *(net[1] for net in nets.values())))
    said, right = after[0], labels[3]
    errors = [misread(before, right).mean(), 1 - neighbour, *(misread(each, right).mean() for each in after)]
    pictured = misread(said, right) & (splits.name != "usps")  # which may not be passed on
    targets = 2 * np.eye(len(splits.classes))[right] - 1
    return {
        "errors": 100 * np.array(errors),
        "learned": 100 * misread(answers(old, learned), labels[2]).mean(),
        "loss": history_of(old)["training loss"],
        "squares": np.square(said - targets).mean(),
        "rest": error_of_the_rest(said, right),
        "filters": old.H1.cells.filters().detach()[:, 0].cpu().numpy(),
        "misread": test.images[pictured][:12, 0].numpy(),
        "data": checksum(learned, test),
    }


def run(settings: Settings) -> Result:
    nets = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 5), settings.jobs)
    errors = np.array([net["errors"] for net in nets])  # seed, name
    mean = dict(zip(NAMES, errors.mean(axis=0), strict=True))
    total = totals(wiring(lecun_1989(), torch.zeros(1, 1, 16, 16)))
    rest = np.mean([net["rest"] for net in nets], axis=0)
    away = next((float(s) for s, e in zip(TURNED_AWAY, rest, strict=True) if e <= 1), None)
    zip_codes = settings.dataset == "usps" and settings.scale != "quick"
    learned, squares = (np.mean([net[what] for net in nets]) for what in ("learned", "squares"))

    paper, where = "LeCun et al. 1989, Neural Comp. 1:541", settings.dataset or "the bundled digits"

    def read(what, source, published, low, high, band, value, control="", other=None):
        """A claim about the zip-code digits, not checked on others."""
        told = f"on {where}: {value if value is None else round(value, 2)}; {len(nets)} seed(s)"
        on_zip_codes = (value, control, other) if zip_codes else (None, control, None)
        return Claim(what, source, published, low, high, band, *on_zip_codes, told)

    # fmt: off
    claims = [
        Claim("units, with the 256 pixels", paper, 1256, 1256, 1256, "exact", total.units),
        Claim("links", paper, 64660, 64660, 64660, "exact", total.links),
        Claim("free parameters", paper, 9760, 9760, 9760, "exact", total.parameters, "links", total.links),
        read("test error of the recipe of 1989, %, mean over seeds", paper, 5.0, 5.0, 6.2,
             "a goal, set before any run: other copy, other descent", mean["1989"], "untrained",
             mean["untrained"]),
        read("errors on the digits learned from, %", paper, 0.14, None, 0.5,
             "set after a first seed (0.33)", learned, "test digits", mean["1989"]),
        read("digits turned away until 1 % of the rest is misread, %", f"{paper} (reported)", 12.1, 8, 16,
             "set before the run: within a third", away),
        read("test error of the nearest neighbour, %", "shown by many for this copy", 5.63, 5.62, 5.64,
             "exact: 113 of 2,007", mean["nearest neighbour"]),
    ]
    # fmt: on
    numbers = {f"test error, {name}, %": value for name, value in mean.items()}
    numbers |= {"error on digits learned from, 1989, %": learned, "mean square on test digits, 1989": squares}
    numbers |= {"mean square on digits learned from, last pass": np.mean([net["loss"][-1] for net in nets])}
    numbers |= {"turned away for 1 % error, %": away}
    series = {name: errors[:, i] for i, name in enumerate(NAMES)}
    series |= {"loss": [net["loss"] for net in nets], "rest": [net["rest"] for net in nets]}
    series |= {"filters": nets[0]["filters"], "misread": nets[0]["misread"], "away": TURNED_AWAY}
    reasons = {"turned away for 1 % error, %": "half is not enough"}
    return Result(numbers, series, claims, reasons, " ".join(net["data"] for net in nets))


def draw(result: Result) -> Figure:
    s = result.series
    page = figure(7, 5)
    upper, lower = page.subfigures(2, 1, height_ratios=(0.7, 1.3))
    left, right = upper.subfigures(1, 2)
    left.suptitle("the 12 windows of H1 (blue: dark)")
    widest = np.abs(s["filters"]).max()
    image_grid(left, s["filters"], columns=6, limits=(-widest, widest), colourmap="RdBu_r")
    shown = "one seed" if len(s["misread"]) else "which may not be shown"
    right.suptitle(f"test digits it misreads, {shown}")
    if len(s["misread"]):
        image_grid(right, s["misread"], columns=6)
    course, dots, rest = lower.subplots(1, 3)
    learning_curve_panel(course, {"1989": s["loss"]}, "mean square, digits learned from")
    course.set(yscale="log", title="23 passes" if s["loss"].shape[1] == 23 else "learning")
    dots_panel(dots, {name: s[name] for name in NAMES}, "test error (%)")
    dots.set(yscale="log", title="single seeds, and their mean", ylim=(0.8, 110), yticks=(1, 3, 10, 30, 100))
    dots.set_yticklabels(["1", "3", "10", "30", "100"])
    curves_panel(
        rest, s["away"], {"1989": s["rest"]}, "digits turned away (%)", "rest misread (%)", legend=False
    )
    rest.axhline(1, color="black", linewidth=0.5)
    rest.set(title="when it may decline", ylim=(0, None))
    return page


if __name__ == "__main__":
    main(run, draw)
