"""The lectures' worked convolutions, run: all come out as printed but for four slips, each said.

Stimuli   the matrices of the decks; noise in double precision.
Model     convolution, pooling and Fourier transform of torch; LeNet-5 as taught and as published.
Measured  the worked examples; how often each pixel is used; the sides of an image under repeated filters; a
          scan by an MLP, cells with weights of their own, and filters over depth, beside convolution:
          answers, and multiplications counted by torch; what correlation costs directly and by way of
          Fourier; sizes, links, fields and jumps of LeNet-5, also as CSV (links of a pool: the cells of
          its blocks, which the counts of `lecun_1998` leave out, as they carry no weight).
          Seconds (scipy's scan and Fourier, torch's conv2d) differ from run to run: they are those that
          benchmarks/correlation.py has written down.
Expected  what the decks print. Four things they print are not so: the padded stride-2 example begins its
          second row with 6; 32 pixels come down to 1 by repeated 5 by 5 filters; a side is (N - M) / S + 1,
          without rounding; a scan is the sum of f(k, l) I(i + l, j + k), the indices of the image swapped.
"""

from functools import partial
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from neuro.experiment import Claim, Result, Settings, main
from neuro.experiment.files import csv_text
from neuro.models.convnet import LocalFields, lenet5, lenet5_as_taught
from neuro.models.windows import (
    block_multiplications,
    direct_multiplications,
    fourier_multiplications,
    output_size,
    times_used,
)
from neuro.physiology.layer_arithmetic import layer_table
from neuro.plotting import OKABE_ITO, curves_panel, figure, layers_panel


def sheet(rows):
    """Digits in rows as an image (1, 1, H, W)."""
    return torch.tensor([[float(digit) for digit in row] for row in rows.split()], dtype=torch.float64)[
        None, None
    ]


IMAGE, FILTER = sheet("33210 00131 31223 20022 20001"), sheet("012 220 012")  # deck 000
BITS, CROSS, SLICE = (
    sheet("11100 01110 00111 00110 01100"),
    sheet("101 010 101"),
    sheet("1124 5678 3210 1234"),
)
PADDED = torch.tensor([[6.0, 17, 3], [6, 17, 13], [6, 4, 4]])  # as printed
PRINTED = {  # deck 000, then deck 004: what was done, and what is printed
    "valid": (lambda w: F.conv2d(IMAGE, w(FILTER)), [[12, 12, 17], [10, 17, 19], [9, 6, 14]]),
    "maximum": (lambda w: F.max_pool2d(IMAGE, 3, 1), [[3, 3, 3], [3, 3, 3], [3, 2, 3]]),
    "mean": (lambda w: F.avg_pool2d(IMAGE, 3, 1), [[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]]),
    "bits": (lambda w: F.conv2d(BITS, w(CROSS)), [[4, 3, 4], [2, 4, 3], [2, 3, 4]]),
    "bits, stride 2": (lambda w: F.conv2d(BITS, w(CROSS), stride=2), [[4, 4], [2, 4]]),
    "maximum, stride 2": (lambda w: F.max_pool2d(SLICE, 2), [[6, 8], [3, 4]]),
    "mean, stride 2": (lambda w: F.avg_pool2d(SLICE, 2), [[3.25, 5.25], [2, 2]]),
}
WINDOWS = np.array([3, 5, 7, 9, 11, 15, 21, 31])
SECONDS = Path(__file__).parents[1] / "benchmarks" / "correlation.csv"
COUNTED = ("parameters", "links", "macs")


def misprints(turned=lambda weights: weights):
    """In how many cells the decks' examples, the padded one apart, are not what is printed."""
    wrong = 0
    for done, printed in PRINTED.values():
        found, truth = done(turned)[0, 0], torch.tensor(printed, dtype=torch.float64)
        rounded = found if (truth * 4 % 1 == 0).all() else found.round(decimals=1)
        wrong += int((rounded - truth).abs().gt(1e-9).sum())
    return wrong


def off_by(one, other):
    return float((one - other).abs().max() / other.abs().max())


def multiplications(net, shown):
    """What a net answers, and how many multiplications torch counts in it."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        answer = net(shown)
    return answer, counter.get_total_flops() / 2


def scans(noise):
    """An MLP on every block of noise beside the same as convolutions: off by, turned off by, operations."""
    found, x = {}, noise((2, 3, 12, 12))
    blocks = F.unfold(x, 5).mT.reshape(-1, 3, 5, 5)
    for name, first, second in (("one window", 5, 1), ("windows inside", 3, 3)):  # of a block of 5 by 5
        net = nn.Sequential(nn.Conv2d(3, 8, first), nn.ReLU(), nn.Conv2d(8, 4, second)).double()
        for weights in net.parameters():
            weights.data = noise(weights.shape)
        whole, at_once = multiplications(net, x)
        in_turn, one_by_one = multiplications(net, blocks)
        turned, _ = multiplications(net, blocks.flip(2, 3))
        each, flipped = (off_by(part.reshape(2, -1, 4).mT, whole.flatten(2)) for part in (in_turn, turned))
        found[name] = each, flipped, one_by_one / at_once
    return found


def forms(noise):
    """One computation in two forms, off by; and with what makes it another computation."""
    x, w = noise((2, 3, 12, 12)), noise((4, 3, 5, 5))
    scan, points = F.conv2d(x, w), w[:, :, :1, :1]
    over_depth = F.linear(x.movedim(1, -1), points[:, :, 0, 0]).movedim(-1, 1)
    over_maps = sum(F.conv2d(x[:, [c]], w[:, [c]]) for c in range(3))
    solid, mixed = (F.conv3d(x[:, None, order], w[:, None])[:, :, 0] for order in ([0, 1, 2], [1, 2, 0]))
    seen, filters = torch.fft.fft2(x[:, None]), torch.fft.fft2(w, s=x.shape[-2:])
    right, wrong = (torch.fft.ifft2((seen * f).sum(2)).real[..., :8, :8] for f in (filters.conj(), filters))
    cells = LocalFields(3, 8, 5).double()  # 8 x 8 neurons, each with a window of its own
    nn.init.zeros_(cells.bias)
    answers = []
    for windows in (w[0].flatten().expand(64, -1), noise((64, 75))):
        cells.weight.data = windows.clone()
        answers.append(off_by(cells(x).detach(), scan[:, :1]))
    return {
        "copies": answers,
        "1x1": (off_by(F.conv2d(x, points), over_depth), off_by(F.conv2d(x, points.roll(1, 1)), over_depth)),
        "solid": (off_by(solid, over_maps), off_by(mixed, over_maps)),
        "fourier": (off_by(right, scan), off_by(wrong, scan)),
    }


def sides(start, padding=0):
    """The sides of an image under as many 5 by 5 filters as fit without padding."""
    filters = range((start - 1) // 4)
    return list(accumulate(filters, lambda side, _: output_size(side, 5, padding=padding), initial=start))


def run(settings: Settings) -> Result:
    padded = F.conv2d(IMAGE, FILTER, stride=2, padding=1)[0, 0]
    as_printed = F.conv2d(IMAGE, FILTER.mT)  # f(k, l) I(i + l, j + k)
    noise = partial(torch.randn, generator=torch.Generator().manual_seed(settings.seed), dtype=torch.float64)
    scan, form = scans(noise), forms(noise)
    used, rimmed = (np.outer(row, row) for row in (times_used(5, 3), times_used(5, 3, padding=1)))
    ways = {"scan": direct_multiplications, "Fourier, whole": fourier_multiplications}
    ways["Fourier, blocks"] = block_multiplications
    cost = {name: of(256, WINDOWS) for name, of in ways.items()}
    saved = cost["scan"] / cost["Fourier, whole"]
    growth = {name: float(np.divide(*of(2**20, np.array([64, 8])))) for name, of in ways.items()}
    seconds = np.loadtxt(SECONDS, delimiter=",", skiprows=1)
    taught, published = layer_table(lenet5_as_taught(), (1, 32, 32)), layer_table(lenet5(), (1, 32, 32))
    nets = {"as taught": taught, "as published": published}

    left, other = sides(32), sides(33)
    others_wrong = int((padded != PADDED).sum()) - int(padded[1, 0] != PADDED[1, 0])

    d0, d4, ours = "deck 000", "deck 004", "set before the run"
    # fmt: off
    claims = [
        Claim("cells of the other worked matrices (7, of both decks) that are not as printed",
              "decks 000, 004", 0, 0, 0, "exact, to the printed places", misprints(),
              "the filters turned by 90 degrees",
              misprints(lambda w: w.rot90(1, (2, 3)))),
        Claim("padded, stride 2: the second row begins with", d0, 6, 6, 6, "as printed", padded[1, 0],
              note=f"it is {padded[1, 0]:.0f}; of the other eight cells {others_wrong} are not as printed"),
        Claim("a corner pixel of 5 by 5 is used, 3 by 3 filter", d0, "only once", 1, 1, "exact", used[0, 0],
              "padded by 1", rimmed[0, 0]),
        Claim("the middle pixel is used", d0, 9, 9, 9, "exact", used[2, 2], "the corner", used[0, 0]),
        Claim("repeated 5 by 5 filters bring 32 pixels down to", d0, "1 x 1", 1, 1, "as asked", left[-1],
              note=f"{len(left) - 1} filters leave {left[-1]}, on which one more does not fit; "
              f"{other[0]} pixels would come down to {other[-1]}"),
        Claim("a side after 3 by 3 in steps of 2 on 6 pixels is (N - M) / S + 1", d4, 2.5, 2.5, 2.5,
              "as printed", output_size(6, 3, 2), note="rounded down, as deck 000 has it"),
        Claim("the sum of f(k, l) I(i + l, j + k) is a scan: largest difference, deck 000's matrices", d4,
              0, 0, 0, "exact", (as_printed - F.conv2d(IMAGE, FILTER)).abs().max(),
              note="indices swapped: it scans with the transpose, unseen in the deck's symmetric filter"),
        Claim("scanning with an MLP is convolution: answers off by", d4, "equivalent", None, 1e-10, ours,
              scan["one window"][0], "blocks turned", scan["one window"][1]),
        Claim("its multiplications / those of the convolution", d4, "identical", 1, 1, "exact",
              scan["one window"][2], "an MLP with windows inside the block",
              scan["windows inside"][2], "neighbouring blocks then share work that a scan repeats"),
        Claim("many identical copies of a neuron are one shared filter: answers off by", d4, "identical",
              None, 1e-10, ours, form["copies"][0], "neurons with weights of their own", form["copies"][1]),
        Claim("a 1x1 filter is a perceptron over depth: off by", d4, "simply", None, 1e-10, ours,
              form["1x1"][0], "maps in another order", form["1x1"][1]),
        Claim("a filter in three dimensions is the sum over all maps: off by", d4, "sum over planes", None,
              1e-10, ours, form["solid"][0], "maps in another order", form["solid"][1]),
        Claim("IDFT(DFT(X) conj DFT(W)) is correlation, where nothing wraps around: off by", d4, "equal",
              None, 1e-10, ours, form["fourier"][0], "without conj", form["fourier"][1]),
        Claim("Fourier saves multiplications for large filters: scan / Fourier, 31 by 31 on 256 by 256",
              d4, "significant", 2, None, ours, saved[-1], "3 by 3", saved[0]),
        Claim("its cost is O(M^2 log N): 64 by 64 / 8 by 8 filter, in blocks", d4, "log 64 / log 8 = 2",
              None, 2, "the formula", growth["Fourier, blocks"], "the scan", growth["scan"],
              "in overlapping blocks (overlap-save); one transform of the whole image is O(M^2 log M)"),
    ]
    # fmt: on
    numbers = {f"{name}, {what}": net.total(what) for name, net in nets.items() for what in COUNTED}
    faster = seconds[seconds[:, 3] < seconds[:, 1], 0]
    numbers["smallest filter at which Fourier multiplies less"] = WINDOWS[saved > 1].min()
    numbers["smallest filter at which Fourier is faster than a scan, as recorded"] = faster.min()
    series = {"image": IMAGE[0, 0], "filter": FILTER[0, 0], "padded": padded, "printed": PADDED}
    series |= {"used": used, "rimmed": rimmed, "seconds": seconds, "32": left, "33": other}
    series |= {"32, padded": sides(32, padding=2)}
    series |= {f"cost, {name}": values for name, values in cost.items()}
    series |= {f"{name}: {what}": net[what] for name, net in nets.items() for what in net.columns}
    layers = [{"net": name, **dict(zip(net.columns, row, strict=True))} for name, net in nets.items()
              for row in zip(*(column.tolist() for column in net.columns.values()), strict=True)]  # fmt: skip
    return Result(numbers, series, claims, table=csv_text(list(layers[0]), layers))


def matrix(axes, values, title, marked=None):
    """Whole numbers in a grid, shaded; those that differ from `marked` in red."""
    axes.imshow(values, cmap="Blues", vmin=0, vmax=2 * values.max())
    for place, value in np.ndenumerate(values):
        paint = "black" if marked is None or marked[place] == value else "red"
        axes.text(*place[::-1], f"{value:.0f}", ha="center", va="center", color=paint)
    axes.set(xticks=[], yticks=[], title=title)


def draw(result: Result) -> Figure:
    page, s = figure(7, 7.6), result.series
    top, middle, bottom = page.subfigures(3, 1, height_ratios=(0.75, 1, 1.3))
    titles = {"image": "image", "filter": "filter", "padded": "padded,\nstep 2", "printed": "as\nprinted"}
    titles |= {"used": "times used", "rimmed": "padded by 1"}
    panels = top.subplots(1, 6, width_ratios=(5, 3, 3, 3, 5, 5))
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        matrix(axes, s[name], title, s["padded"] if name == "printed" else None)
    shrink, cost, seconds = middle.subplots(1, 3)
    for position, start in enumerate(("33", "32")):
        ends, paint = s[start][-1], OKABE_ITO[position]
        shrink.plot(s[start], "o-", markersize=3, color=paint, label=f"from {start}: ends at {ends}")
    shrink.plot(s["32, padded"], color="black", linewidth=0.5, linestyle="--", label="32 padded by 2: stays")
    shrink.set(xlabel="5 by 5 filters in a row", ylabel="side (pixels)", ylim=(0, 55), title="size")
    shrink.legend()
    curves = {name: s[f"cost, {name}"] for name in ("scan", "Fourier, whole", "Fourier, blocks")}
    curves_panel(cost, WINDOWS, curves, "side of the filter", "multiplications")
    cost.set(title="counted, 256 by 256 pixels", ylim=(3e5, 2e9))
    filters, scan, by_torch, fourier = s["seconds"].T
    times = {"scan": 1e3 * scan, "Fourier, whole": 1e3 * fourier}
    curves_panel(seconds, filters, times, "side of the filter", "time (ms)", legend=False)
    seconds.plot(filters, 1e3 * by_torch, ":k", label="scan by torch")
    seconds.legend()
    seconds.set(title="measured once", ylim=(0.2, 2e4))
    for axes in (cost, seconds):
        axes.set(xscale="log", yscale="log", xticks=WINDOWS[:-1:2], xticklabels=WINDOWS[:-1:2])
        axes.minorticks_off()
    for axes, name in zip(bottom.subplots(1, 2), ("as taught", "as published"), strict=True):
        start = f"{name}: "
        layers_panel(axes, {key.removeprefix(start): s[key] for key in s if key.startswith(start)})
        axes.set(xlim=(1, 1e6), title=f"LeNet-5 {name}")
    bottom.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
