"""LeNet-5 has 60,000 parameters as published and 61,706 as taught, and learns to read handwritten digits.

Stimuli   handwritten digits, 28 by 28 pixels in a black frame of 2: the 1,797 bundled digits, split anew for
          every seed; the published numbers are on MNIST (--full --dataset mnist).
Model     lenet5_as_taught(), with full connections, maximum pooling and ReLU; and lenet5() as published, with
          a sparse table, trained subsampling, a scaled tanh, and distances to drawn characters. Beside them
          lecun_1989_nips(), a net of the kind of LeNet-1: 4 and 12 maps, shown smaller digits.
Learning  Backpropagation, one cycle of the learning rate; its settings were chosen on validation digits (of
          the bundled ones, which every seed splits anew, some are test digits of other seeds). With
          --full --dataset mnist also on digits moved, turned, resized and sheared each time they are shown.
Measured  sizes and parameters of every layer; learning curves; test error; confusions; first filters, before
          and after. Beside it the same net untrained, and the linear readout of its full2 and of the pixels.
Expected  61,706 parameters (the decks), which are 1,706 more than the 60,000 of the paper: 900 for the full
          second convolution, 44 fewer for pooling without parameters, 850 for a trained output. Test error of
          0.95 % on MNIST, 0.8 % with distortions, of LeNet-1 1.7 % (LeCun et al. 1998); there a linear
          classifier errs twelve times as often.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import confusions, features, readout
from neuro.comparison import retina
from neuro.datasets import LARGE
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning import history_of
from neuro.models.convnet import (
    layer_sizes,
    lecun_1989_nips,
    ledger,
    lenet5_as_taught,
    parameter_count,
    totals,
    wiring,
)
from neuro.models.convnet import lenet5 as lenet5_as_published
from neuro.physiology import accuracy, decisions
from neuro.plotting import confusion_panel, dots_panel, figure, image_grid, learning_curve_panel
from neuro.preparations import lenet
from neuro.recording import record

NETS = ("untrained", "untrained, readout", "pixels, readout", "LeNet-5", "as published", "LeNet-1")


def readout_error(net, layer, splits):
    """% of test digits that a linear readout of the layer gets wrong."""
    parts = (splits.train, splits.validation, splits.test)
    read = (pair for part in parts for pair in (features(record(net, part, [layer])[layer]), part.labels))
    return 100 * (1 - readout(*read).accuracy)


def one_seed(settings, seed):
    """What one net came to, from its own split and initial weights."""
    untrained, trained, splits = lenet(settings, seed)
    labels = splits.test.condition("label")
    taken_for = decisions(trained, splits.test)
    *_, smallest, smaller = lenet(settings, seed, "LeNet-1")
    pooled = record(trained, splits.test[:1000], ["pool1", "pool2"]).responses.values()
    errors = (
        100 * (decisions(untrained, splits.test) != labels).mean(),
        readout_error(untrained, "full2", splits),
        readout_error(retina(), "pixels", splits),
        100 * (taken_for != labels).mean(),
        100 * (1 - accuracy(lenet(settings, seed, "as published")[1], splits.test)),
        100 * (1 - accuracy(smallest, smaller.test)),
    )
    if settings.dataset in LARGE and settings.scale == "full":
        errors = (*errors, 100 * (1 - accuracy(lenet(settings, seed, "distorted")[1], splits.test)))
    return {
        "errors": dict(zip((*NETS, "distorted"), errors, strict=False)),
        "history": history_of(trained),
        "confusions": confusions(labels, taken_for, len(splits.classes)),
        "filters": [w.cpu() for net in (untrained, trained) for w in net.conv1.filters.weight.detach()[:, 0]],
        "silent": sum(int((planes == 0).all(axis=(0, 2, 3)).sum()) for planes in pooled),
        "classes": splits.classes,
        "data": checksum(splits.train, splits.validation, splits.test),
    }


def run(settings: Settings) -> Result:
    large = settings.dataset in LARGE
    seeds = settings.seed_list(1, 1 if large else 5, 3 if large else 10)
    nets = over_seeds(partial(one_seed, settings), seeds, settings.jobs)
    errors = {name: np.array([net["errors"][name] for net in nets]) for name in nets[0]["errors"]}
    mean = {name: of_seeds.mean() for name, of_seeds in errors.items()}
    untrained, unlearned, linear, ours, old, smallest = (mean[name] for name in NETS)
    blank, published, taught = torch.zeros(1, 1, 32, 32), lenet5_as_published(), lenet5_as_taught()
    rows, parameters, more = layer_sizes(taught, blank), parameter_count(taught), ledger(published, taught)
    total, named = totals(wiring(published, blank)), [row for row in rows if row[0] != "flat"]
    is_mnist = settings.dataset == "mnist" and settings.scale != "quick"

    paper = "LeCun et al. 1998, Proc. IEEE 86:2278 (reported)"
    # fmt: off
    claims = [
        Claim("trainable parameters of LeNet-5 as taught", "deck 000, exercise LeNet-5", 61706, 61706, 61706,
              "exact", parameters, note="with the decks' max pooling and full connections, unlike the paper"),
        Claim("trainable parameters of LeNet-5 as published", paper, 60000, 60000, 60000, "exact",
              total.parameters, "as taught", parameters),
        Claim("links of LeNet-5 as published", paper, 340908, 340908, 340908, "exact", total.links,
              "as taught", totals(wiring(taught, blank)).links, "840 of them are fixed, to the characters"),
        Claim("parameters more as taught: 900 - 44 + 850", "the two above", 1706, 1706, 1706, "exact",
              sum(more.values()), note=", ".join(f"{name} {count:+}" for name, count in more.items())),
        Claim("test error on MNIST as published, %, mean over seeds", paper, 0.95, None, 0.95,
              "the paper: no more", old if is_mnist else None, "untrained", untrained if is_mnist else None,
              f"{old:.2f} % on {settings.dataset or 'the bundled digits'}; {len(nets)} seed(s); it learns as "
              "the net as taught does, not as in the paper"),
        Claim("test error on MNIST as taught, learned from distorted digits, %", paper, 0.8, None, 0.6,
              "set before the run", mean.get("distorted") if is_mnist else None, "untrained",
              untrained if is_mnist else None),
        Claim("test error on MNIST, %, mean over seeds", paper, 0.95, None, 0.85, "set before the run",
              ours if is_mnist else None, "the same net untrained", untrained if is_mnist else None,
              f"{ours:.2f} % on {settings.dataset or 'the bundled digits'}; {len(nets)} seed(s)"),
        Claim("a linear classifier of pixels errs more often than LeNet-5: ratio of errors", paper,
              "12.0 % / 0.95 % = 12.6 on MNIST", 2, None, "set before the run: twice, on any digits",
              linear / ours if ours else np.inf, "readout of the untrained net", linear / unlearned),
        Claim("test error of LeNet-1 on MNIST, %", paper, 1.7, None, 1.7, "the paper: no more",
              smallest if is_mnist else None, "LeNet-5 untrained", untrained if is_mnist else None,
              f"lecun_1989_nips(), {parameter_count(lecun_1989_nips()):,} parameters; {smallest:.2f} % on "
              f"{settings.dataset or 'the bundled digits'}"),
    ]
    # fmt: on
    numbers = {f"test error, {name}, %": value for name, value in mean.items()}
    numbers |= {f"parameters more as taught, {name}": count for name, count in more.items()}
    numbers |= {"s.d. of LeNet-5's over seeds, %": errors["LeNet-5"].std(ddof=1) if len(nets) > 1 else None}
    numbers |= {"silent planes of 22, mean over seeds": np.mean([net["silent"] for net in nets])}
    moved = np.corrcoef(np.reshape(nets[0]["filters"], (2, -1)))[0, 1]
    numbers |= {"correlation of the first filters with what they were, first seed": moved}
    numbers |= {f"parameters, {name} {'×'.join(map(str, shape))}": count for name, shape, count in rows}
    series = {name: [net["history"][name] for net in nets] for name in ("training loss", "validation error")}
    series |= {"filters": nets[0]["filters"], "confusions": sum(net["confusions"] for net in nets)}
    series |= {"classes": nets[0]["classes"], **errors}
    series |= {"layers": [row[0] for row in named], "parameters taught": [row[2] for row in named]}
    series |= {"parameters published": [parameter_count(part) for _, part in published.named_children()][1:]}
    reasons = {"s.d. of LeNet-5's over seeds, %": "one seed has no spread"}
    return Result(numbers, series, claims, reasons, " ".join(net["data"] for net in nets))


def draw(result: Result) -> Figure:
    s = result.series
    page = figure(7, 6.6)
    upper, lower = page.subfigures(2, 1, height_ratios=(1, 1.25))
    sizes, course = upper.subplots(1, 2, width_ratios=(1.2, 1))
    for above, form, paint in ((-0.2, "taught", "#56B4E9"), (0.2, "published", "#E69F00")):
        bars = sizes.barh(np.arange(7) + above, s[f"parameters {form}"], 0.4, color=paint, label=f"as {form}")
        sizes.bar_label(bars, fmt="{:,.0f}", padding=3)
    taught, published = (f"{claim.measured:,.0f}" for claim in result.claims[:2])
    title = f"{taught} parameters as taught, {published} as published"
    sizes.set(xlabel="parameters", title=title, xlim=(0, 62_000))
    sizes.set_yticks(range(7), s["layers"])
    sizes.invert_yaxis()
    sizes.legend()
    learnt = {name: s[name] for name in ("training loss", "validation error")}
    learning_curve_panel(course, learnt, "loss (nats), error (share)")
    course.set(yscale="log", title="learning (thin: single seeds)")
    left, right = lower.subfigures(1, 2, width_ratios=(1, 1.2))
    filters, tests = left.subfigures(2, 1, height_ratios=(1, 1.6))
    filters.suptitle("first filters, before learning and (below) after")
    widest = np.abs(s["filters"]).max()
    image_grid(filters, s["filters"], columns=6, limits=(-widest, widest), colourmap="RdBu_r")
    axes = tests.subplots()
    shown = [name for name in (*NETS, "distorted") if name in s]
    dots_panel(axes, {name: s[name] for name in shown}, "test error (%)")
    axes.set_yscale("symlog", linthresh=1)
    axes.set(ylim=(0, 110), yticks=(0, 1, 10, 100), yticklabels=("0", "1", "10", "100"))
    axes = right.subplots()
    confusion_panel(axes, s["confusions"], s["classes"])
    axes.set_title("LeNet-5: test digits of all seeds")
    return page


if __name__ == "__main__":
    main(run, draw)
