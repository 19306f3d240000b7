"""Does learning beat random weights? Four rules train one neocognitron, and one linear readout asks.

Stimuli   handwritten digits on a retina of 16x16; 20 of each class to learn from. The test digits also moved
          by 1-3 pixels to the left or right, and with Gaussian noise of sd 0.1-0.4.
Model     the first two stages of 1980, US1 UC1 US2 UC2, with few planes; weak random initial weights.
Learning  untrained; imprinted (one random patch for each plane); winner-take-all, the rule of 1980; and
          backpropagation through a decision layer. Three candidate settings for each rule that has settings.
Labels    backpropagation: in every layer. The others: in the readout only, which like the choice among the
          candidates also uses the labels of the validation part.
Measured  accuracy of a linear readout of UC2. Ten seeds, each with its own split, order and initial weights;
          all differences are paired by seed, with Student's 95 % interval.
Expected  backpropagation > winner-take-all > untrained, and winner-take-all > imprinted; the gain over
          untrained shrinks as planes are added; shift is tolerated by pooling, not by learning; noise is
          tolerated better after winner-take-all than untrained.
"""

from dataclasses import asdict, astuple
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import paired_difference
from neuro.comparison import CANDIDATES, CONTROLS, PLANES, above_zero, bench, disturbed, examined, pairs_of
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.plotting import curves_panel, differences_panel, dots_panel, figure

WIDTHS = ((4, 8), PLANES, (16, 32))  # planes of US1 and US2; all rules are compared at PLANES
AT_WIDTHS = ("untrained", "winner-take-all", "other weights")
SHIFTS, NOISE = (0, 1, 2, 3), (0.0, 0.1, 0.2, 0.3, 0.4)  # pixels; sd
AT_SHIFTS, IN_NOISE, MOVED, GREYED = [0, 1, 2, 3], [0, 4, 5, 6, 7], 2, 5  # among the ways of showing
OTHER, WTA, BACK = "other weights - untrained", "winner-take-all - untrained", "backpropagation - untrained"
AT_REST = (BACK, "backpropagation - winner-take-all", WTA, "winner-take-all - imprinted", OTHER)
KEPT = ("untrained - pixels", "no pooling - pixels", "untrained - no pooling", WTA, BACK)
# What the interval of the paired difference says: what, source, published, the difference, its control.
ABOVE_ZERO = (
    ("supervision adds to random weights: points of accuracy, lower end",
     "decks: supervising the neocognitron", "backpropagation > untrained", BACK, OTHER),
    ("winner-take-all adds to random weights: points of accuracy, lower end",
     "Fukushima 1980: features are acquired by learning", "winner-take-all > untrained", WTA, OTHER),
    ("supervision adds to winner-take-all: points of accuracy, lower end",
     "decks: supervising the neocognitron", "backpropagation > winner-take-all", AT_REST[1], OTHER),
    ("competition makes planes learn different features; it beats random patches: points, lower end",
     "decks: learning in the neocognitron", "winner-take-all > imprinted", AT_REST[3], OTHER),
    ("the gain of winner-take-all shrinks with width: points, narrowest - widest, lower end",
     "Illing, Gerstner & Brea 2019; Coates, Lee & Ng 2011", "no gain over random in large layers",
     "gain of winner-take-all, narrow - wide", "gain of other weights, narrow - wide"),
    ("winner-take-all makes it robust to distortion: points kept at noise of sd 0.2, lower end",
     "decks: learning in the neocognitron", "robust to distortion",
     f"{WTA}, kept at noise", "imprinted - untrained, kept at noise"),
    ("shift tolerance comes with the chain: points kept at 2 pixels, untrained - pixels, lower end",
     "Fukushima 1980", "C-cells tolerate shifts", f"{KEPT[0]}, kept at 2 px", f"{KEPT[1]}, kept at 2 px"),
)  # fmt: skip


def seen_with(settings, seed):
    """What one seed gives, for each preparation and number of planes of US2."""
    seen = {}
    for planes in settings.pick((PLANES,), WIDTHS, WIDTHS):
        own, whole = bench(settings, seed, planes), planes == PLANES
        shown = [own.test, *(disturbed(own.test, SHIFTS[1:], NOISE[1:], seed) if whole else ())]
        for name in (*CANDIDATES, *CONTROLS) if whole else AT_WIDTHS:
            about = examined(name, settings, own, shown)
            seen |= {f"{what} {name} {planes[1]}": about[what] for what in about}
    return seen | {"data": checksum(own.train, own.validation, own.test)}


def run(settings: Settings) -> Result:
    runs = over_seeds(partial(seen_with, settings), settings.seed_list(1, 10, 20), settings.jobs)
    data = "+".join(one.pop("data") for one in runs)
    series = {name: np.array([one[name] for one in runs]) for name in runs[0]}
    numbers = {f"{name} (mean)": values[:, 0].mean() for name, values in series.items()}
    correct = {name: series[f"correct (%) {name} {PLANES[1]}"] for name in (*CANDIDATES, *CONTROLS)}
    pairs = pairs_of(correct, AT_REST) | pairs_of(correct, KEPT, MOVED, ", kept at 2 px")
    pairs |= pairs_of(correct, (WTA, "imprinted - untrained"), GREYED, ", kept at noise")
    widths = [k for _, k in WIDTHS if f"correct (%) untrained {k}" in series]
    rest = {name: [series[f"correct (%) {name} {k}"][:, 0] for k in widths] for name in AT_WIDTHS}
    gain = {name: np.subtract(rest[name], rest["untrained"]).T for name in AT_WIDTHS[1:]}
    pairs |= {f"gain of {name}, narrow - wide": (of[:, 0], of[:, -1]) for name, of in gain.items()}
    found = {name: paired_difference(*pair) for name, pair in pairs.items()}
    numbers |= {f"{name} ({end}, points)": v for name, one in found.items() for end, v in asdict(one).items()}
    series |= {f"pairs {name}": one - other for name, (one, other) in pairs.items()}
    series |= {f"interval {name}": np.array(astuple(one)) for name, one in found.items()}
    series |= {f"gain {name}": values for name, values in gain.items()} | {"widths": np.array(widths)}
    won = numbers[f"planes that ever won (share) US2 winner-take-all {PLANES[1]} (mean)"]
    made = claims(found, f"of US2 {won:.0%} of planes ever won")
    return Result(numbers, series, made, dict.fromkeys(numbers, "one seed has no interval"), data)


def claims(found, remark):
    pooled, added, taught = (found[f"{pair}, kept at 2 px"] for pair in KEPT[2:])
    return [
        *(above_zero(*said, found[pair], other, found[other], remark) for *said, pair, other in ABOVE_ZERO),
        Claim("and learning adds none: points kept at 2 pixels, winner-take-all - untrained, mean",
              "Fukushima 1980: C-cells are fixed; decks", "only S-cells learn, C-cells tolerate", None, 0,
              "set before the run: nothing added", added.mean,
              "what pooling adds: untrained - no pooling", pooled.mean,
              f"interval {added.low:+.1f} to {added.high:+.1f}; backpropagation adds {taught.mean:+.1f}"),
    ]  # fmt: skip


def draw(result: Result) -> Figure:
    def of(what, names):
        return {name: result.series[f"{what} {name}"] for name in names}

    rules, planes = ("pixels", *CANDIDATES), result.series["widths"]
    correct = {name: result.series[f"correct (%) {name} {PLANES[1]}"] for name in rules}
    above, below = (page := figure(7.0, 6.0)).subfigures(2, 1)
    (rest, apart), (shift, noise, width) = above.subplots(1, 2), below.subplots(1, 3)
    dots_panel(rest, {name: shown[:, 0] for name, shown in correct.items()}, "correct (%)")
    rest.set_title(f"the test digits as they are\n({PLANES[0]} planes in US1, {PLANES[1]} in US2)")
    differences_panel(apart, of("pairs", AT_REST), of("interval", AT_REST), "points")
    apart.set_title("differences, paired by seed,\nwith 95 % interval of the mean")
    for axes, x, ways in (shift, SHIFTS, AT_SHIFTS), (noise, NOISE, IN_NOISE):
        curves_panel(axes, x, {k: v[:, ways] for k, v in correct.items()}, "", "correct (%)", legend=False)
    shift.set(title="moved to the side", xlabel="shift (pixels)", xticks=SHIFTS)
    noise.set(title="noise on every pixel", xlabel="noise (standard deviation)", xticks=NOISE)
    curves_panel(width, planes, of("gain", AT_WIDTHS[1:]), "planes of US2", "gain over untrained (points)")
    width.set(title="narrow and wide layers", xticks=planes)
    below.legend(*shift.get_legend_handles_labels(), loc="outside upper center", ncols=len(rules))
    return page


if __name__ == "__main__":
    main(run, draw)
