"""The backward pass written out is autograd's to the last digits, through maxima, strides and shared weights.

Stimuli   handwritten digits, 8 by 8 pixels (for LeNet-5 32 by 32), in double precision.
Model     a chain with all there is to pass back through: a padded, strided convolution, ReLU, maximum; a
          dilated convolution, mean; two dense layers. Random weights; five seeds. And LeNet-5 as taught.
Measured  the largest difference from autograd, relative to the largest gradient: of all weights and of the
          images; of what passes the maximum and the dilated filters alone, beside rules that are wrong on
          purpose; weights after 20 steps down either gradient; the maximum against a difference quotient.
Expected  deck 004: a maximum passes the derivative to the cell that was largest and nothing to the others;
          every place contributes to the derivative of a shared weight. The deck calls the first an
          approximation, as a maximum cannot be differentiated: that claim fails. Where one cell is the
          largest, the rule is exact; it is a choice only where two are equal.
"""

import copy
from collections import OrderedDict
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn.functional import cross_entropy as loss

from neuro.datasets import load
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning.chain_rule import backward, contributions, gradients_by_hand
from neuro.models.convnet import lenet5_as_taught
from neuro.models.initial import randomised
from neuro.plotting import curves_panel, figure, image_panel
from neuro.stimuli import resized

EXACT, STEPS, RATE = 1e-10, 20, 0.05
EVEN, ONE_PLACE = "maximum: an equal share to every cell", "shared weight: one place, not their sum"


def chain():
    """A net with every kind of layer that the backward pass is written out for."""
    layers = {
        "strided": nn.Conv2d(1, 6, 3, stride=2, padding=3),
        "relu": nn.ReLU(),
        "maximum": nn.MaxPool2d(2, stride=1),
        "dilated": nn.Conv2d(6, 8, 2, dilation=2, padding=1),
        "mean": nn.AvgPool2d(2),
        "flat": nn.Flatten(),
        "hidden": nn.Linear(8 * 2 * 2, 12),
        "bend": nn.ReLU(),
        "decision": nn.Linear(12, 10),
    }
    return nn.Sequential(OrderedDict(layers))


def by_autograd(net, images, labels):
    """The gradient of the mean cross-entropy, by parameter, and of the images."""
    images = images.clone().requires_grad_()
    wanted = dict(net.named_parameters()) | {"images": images}
    return dict(zip(wanted, torch.autograd.grad(loss(net(images), labels), wanted.values()), strict=True))


def off_by(one, other):
    """The largest difference of gradients with one name, relative to the largest of them."""
    return max(float((one[name] - g).abs().max() / g.abs().max()) for name, g in other.items())


def descended(net, gradients, images, labels):
    """Its weights after STEPS down these gradients, and its loss before each."""
    net, losses = copy.deepcopy(net), []
    for _ in range(STEPS):
        found = gradients(net, images, labels)
        with torch.no_grad():
            losses.append(float(loss(net(images), labels)))
            for name, weight in net.named_parameters():
                weight -= RATE * found[name]
    return {name: weight.detach() for name, weight in net.named_parameters()}, losses


def at(net, layer, images, labels):
    """What a layer of the chain sees, what is passed back to it, and what autograd makes of that."""
    number = [name for name, _ in net.named_children()].index(layer)
    x = net[:number](images).detach().requires_grad_()
    y = net[number](x)
    (dy,) = torch.autograd.grad(loss(net[number + 1 :](y), labels), y, retain_graph=True)
    wanted = {"x": x, **dict(net[number].named_parameters())}
    truth = dict(zip(wanted, torch.autograd.grad(y, wanted.values(), dy), strict=True))
    return x.detach(), dy, truth


def one_seed(settings, seed):
    """How far each rule is off, by name; the losses of both descents; maps to draw; a checksum."""
    generator = torch.Generator().manual_seed(seed)
    test = load(settings.dataset or "digits", generator, settings.data_dir).test[:32]
    digits, labels = resized(test, 8).images.double(), test.labels
    net = randomised(chain(), generator).double()
    truth = by_autograd(net, digits, labels)
    off = {"all layers": off_by(gradients_by_hand(net, digits, labels), truth)}
    lenet, large = randomised(lenet5_as_taught(), generator).double(), resized(test, 32).images.double()
    off["LeNet-5"] = off_by(gradients_by_hand(lenet, large, labels), by_autograd(lenet, large, labels))

    x, dy, truth = at(net, "maximum", digits, labels)
    passed, shared = (backward(layer, x, dy)[0] for layer in (net.maximum, nn.AvgPool2d(2, stride=1)))
    off |= {"maximum": off_by({"x": passed}, truth), EVEN: off_by({"x": shared}, truth)}
    apart = x + torch.rand(x.shape, generator=generator, dtype=x.dtype)  # no two cells are equal
    along, step = torch.randn(x.shape, generator=generator, dtype=x.dtype), 1e-6
    sides = [(net.maximum(apart + sign * step * along) * dy).sum() for sign in (1, -1)]
    slope = (backward(net.maximum, apart, dy)[0] * along).sum()
    off["maximum, difference quotient"] = float(((sides[0] - sides[1]) / (2 * step) / slope - 1).abs())
    maps = [digits[0, 0], x[0, 0], dy[0, 0], passed[0, 0], shared[0, 0]]

    x, dy, truth = at(net, "dilated", digits, labels)
    places, of_weights = contributions(net.dilated, x, dy), {"w": truth["weight"].flatten(1)}
    off |= {"shared weight": off_by({"w": places.sum(2)}, of_weights)}
    off |= {ONE_PLACE: off_by({"w": places[:, :, places.shape[2] // 2]}, of_weights)}
    maps.append(places[0, 0].reshape(dy.shape[2:]))

    (by_hand, down), (by_torch, truly) = (
        descended(net, gradients, digits, labels) for gradients in (gradients_by_hand, by_autograd)
    )
    off[f"weights after {STEPS} steps"] = off_by(by_hand, by_torch)
    return off, np.array([down, truly]), [each.detach().numpy() for each in maps], checksum(test)


def run(settings: Settings) -> Result:
    seeds = over_seeds(partial(one_seed, settings), settings.seed_list(2, 5, 10), settings.jobs)
    off, losses, maps, data = zip(*seeds, strict=True)
    every = {name: np.array([each[name] for each in off]) for name in off[0]}
    worst = {name: values.max() for name, values in every.items()}
    best = {name: values.min() for name, values in every.items()}

    deck, issue = "deck 004", "the project's own mark"
    # fmt: off
    claims = [
        Claim("all gradients written out, of a net with stride, padding, dilation, maximum, mean: off by",
              issue, "equal", None, EXACT, "set before the run", worst["all layers"]),
        Claim("all gradients of LeNet-5 as taught written out: off by", issue, "equal", None, EXACT,
              "set before the run", worst["LeNet-5"]),
        Claim("a maximum passes all to the cell that was largest: off by", deck, "others get 0", None, EXACT,
              "set before the run", worst["maximum"], EVEN, best[EVEN]),
        Claim("every place contributes to a shared weight: their sum is off by", deck, "sum over positions",
              None, EXACT, "set before the run", worst["shared weight"], ONE_PLACE, best[ONE_PLACE]),
        Claim("the rule for the maximum is an approximation: off a difference quotient by", deck,
              "approximation", 1e-3, None, "set before the run: more than a quotient rounds",
              worst["maximum, difference quotient"],
              note="it is the derivative wherever one cell of a block is the largest; a choice only at ties"),
        Claim(f"weights after {STEPS} steps down either gradient: apart by", issue, "equal", None, EXACT,
              "set before the run", worst[f"weights after {STEPS} steps"]),
    ]
    # fmt: on
    numbers = {f"off by, worst seed, {name}": value for name, value in worst.items()}
    series = {"losses": np.stack(losses), "off": np.stack([*every.values()])}
    series |= {f"map {k}": picture for k, picture in enumerate(maps[0])}
    return Result(numbers, series, claims, data=" ".join(data))


def draw(result: Result) -> Figure:
    page, s = figure(7, 5.2), result.series
    top, bottom = page.subfigures(2, 1, height_ratios=(1, 1.7))
    titles = ("digit", "seen by\nthe maximum", "passed\nback to it", "written out:\nto the largest",
              "wrong: equal\nshares", "a weight's share\nof every place")  # fmt: skip
    for k, (axes, title) in enumerate(zip(top.subplots(1, 6), titles, strict=True)):
        if k < 2:
            image_panel(axes, s[f"map {k}"], title, limits=(0, s[f"map {k}"].max()))
        else:
            most = np.abs(s[f"map {k}"]).max()
            image_panel(axes, s[f"map {k}"], title, limits=(-most, most), colourmap="RdBu_r")
    top.suptitle("first digit, first map (red: above zero, blue: below)", fontsize=9)
    off, loss_of = bottom.subplots(1, 2, width_ratios=(1.2, 1))
    names = [name.removeprefix("off by, worst seed, ") for name in result.numbers]
    for row, values in enumerate(s["off"]):
        paint = "firebrick" if names[row] in (EVEN, ONE_PLACE) else "black"
        off.plot(values, np.full(len(values), row), ".", color=paint)
    off.set_yticks(range(len(names)), [name.replace(": ", ":\n") for name in names])
    off.axvline(EXACT, color="black", linewidth=0.5, linestyle="--")
    off.set(xscale="log", xlabel="largest difference, relative", title="off autograd (red: wrong rules)")
    off.invert_yaxis()
    down = dict(zip(("written out", "autograd"), s["losses"].swapaxes(0, 1), strict=True))
    curves_panel(loss_of, range(STEPS), {"written out": down["written out"]}, "step", "loss (nats)")
    loss_of.plot(
        range(STEPS), down["autograd"].mean(axis=0), "o", markersize=3, color="black", label="autograd, mean"
    )
    loss_of.legend()
    loss_of.set_title("down the gradient")
    return page


if __name__ == "__main__":
    main(run, draw)
