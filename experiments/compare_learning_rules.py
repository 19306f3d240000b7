"""Does learning beat random weights? Four rules train one neocognitron, and one linear readout asks.

Stimuli   handwritten digits on a retina of 16x16; 20 of each class to learn from. The test digits also moved
          by 1-3 pixels to the left or right, and with Gaussian noise of sd 0.1-0.4.
Model     the first two stages of 1980, US1 UC1 US2 UC2, with few planes; weak random initial weights.
Learning  untrained; imprinted (one random patch for each plane); winner-take-all, the rule of 1980; and
          backpropagation through a decision layer. Three candidate settings for each rule that has settings.
Labels    backpropagation: in every layer. The others: in the readout only.
Measured  accuracy of a linear readout of UC2. Five seeds, each with its own split, order and initial weights;
          all differences are paired by seed, with Student's 95 % interval.
Expected  backpropagation > winner-take-all > untrained, and winner-take-all > imprinted; the gain over
          untrained shrinks as planes are added; shift is tolerated by pooling, not by learning; noise is
          tolerated better after winner-take-all than untrained.
"""

from dataclasses import asdict, astuple, replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import PairedDifference, paired_difference
from neuro.comparison import (
    CANDIDATES,
    LABELS,
    LAYER,
    PLANES,
    STRENGTH,
    Bench,
    above_zero,
    accuracies,
    bench,
    chosen,
    retina,
    stages,
)
from neuro.distortions import noisy, shifted
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning import history_of
from neuro.models.initial import randomised
from neuro.models.neocognitron import neocognitron
from neuro.physiology import decisions
from neuro.plotting import curves_panel, differences_panel, dots_panel, figure
from neuro.recording import record

WIDTHS = ((4, 8), PLANES, (16, 32))  # planes of US1 and US2; most panels are of PLANES
SHIFTS, NOISE = (0, 1, 2, 3), (0.0, 0.1, 0.2, 0.3, 0.4)  # pixels; sd
MOVED, GREYED = 2, 5  # among the ways of showing the test part: by 2 pixels; with noise of sd 0.2
# What is compared with what: at rest; and what is kept of it when the test part is moved or noisy.
AT_REST = (
    ("backpropagation", "untrained"), ("backpropagation", "winner-take-all"),
    ("winner-take-all", "untrained"), ("winner-take-all", "imprinted"),
    ("untrained", "pixels"), ("other weights", "untrained"),
)  # fmt: skip
KEPT = (
    ("untrained", "pixels", MOVED, "2 px"), ("no pooling", "pixels", MOVED, "2 px"),
    ("winner-take-all", "untrained", MOVED, "2 px"), ("backpropagation", "untrained", MOVED, "2 px"),
    ("untrained", "no pooling", MOVED, "2 px"),
    ("winner-take-all", "untrained", GREYED, "noise"), ("other weights", "untrained", GREYED, "noise"),
)  # fmt: skip


def ways(own: Bench) -> list:
    """The test part as it is, then moved by 1-3 pixels (every second digit to the left), then noisy."""
    side = np.resize([1, -1], len(own.test))
    generator = torch.Generator().manual_seed(own.seed)
    return [shifted(own.test, s * side, 0) for s in SHIFTS] + [
        noisy(own.test, s, generator) for s in NOISE[1:]
    ]


def controls(own: Bench, planes: tuple[int, int]) -> dict:
    """The chain with other random weights; and with its own, but C-cells fed from a single place."""
    other = randomised(
        neocognitron(stages(planes)), torch.Generator().manual_seed(10_000 + own.seed), STRENGTH
    )
    points = neocognitron([replace(stage, c_window=1, c_padding=2) for stage in stages(planes)])
    for name in ("US1", "US2"):
        points.get_submodule(name).load_state_dict(own.initial.get_submodule(name).state_dict())
    return {"other weights": other} | ({"no pooling": points} if planes == PLANES else {})


def examined(settings: Settings, seed: int) -> dict[str, np.ndarray]:
    """What one seed gives: a quantity, a name and the planes of US2 -> a value, or one a way of showing."""
    seen = {}
    for planes in settings.pick((PLANES,), WIDTHS, WIDTHS):
        own, k = bench(settings, seed, planes, settings.pick(5, LABELS, LABELS)), planes[1]
        shown = ways(own) if planes == PLANES else [own.test]
        chains = {"pixels": retina(), **controls(own, planes)}
        for name, rules in CANDIDATES.items():
            candidates = rules[: settings.pick(1, 3, 3)]
            seen[f"candidate {name} {k}"], chains[name] = chosen(candidates, own, settings.cache)
        for name, chain in chains.items():
            layer = "pixels" if name == "pixels" else LAYER
            seen[f"accuracy {name} {k}"] = 100 * accuracies(chain, own, layer, shown)
            if planes == PLANES and name in CANDIDATES:
                seen[f"accuracy at UC1 {name} {k}"] = 100 * accuracies(chain, own, "UC1", [own.test])
            answers = record(chain, own.train, [layer])[layer]
            seen[f"silent planes (share) {name} {k}"] = (answers == 0).all(axis=(0, 2, 3)).mean()
            seen[f"features {name} {k}"] = answers[0].size
        for layer in ("US1", "US2"):
            wins = np.array(history_of(chains["winner-take-all"])[f"{layer} wins"])
            seen[f"planes that ever won (share) {layer} {k}"] = (wins > 0).mean()
        right = decisions(chains["backpropagation"], own.test) == own.test.labels.numpy()
        seen[f"accuracy of the decision layer, backpropagation {k}"] = 100 * right.mean()
    seen["labels, in the readout and in backpropagation"] = len(own.train)
    return seen | {"data": checksum(own.train, own.validation, own.test)}


def pairs_of(seen: dict[str, np.ndarray], gain: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, ...]]:
    """What is compared and what it is compared with, each (seeds,), in percent correct."""
    names = [*CANDIDATES, "pixels", "other weights", "no pooling"]
    shown = {name: seen[f"accuracy {name} {PLANES[1]}"] for name in names}
    pairs = {f"{a} - {b}": (shown[a][:, 0], shown[b][:, 0]) for a, b in AT_REST}
    for a, b, way, what in KEPT:
        pairs[f"{a} - {b}, kept at {what}"] = tuple(shown[x][:, way] - shown[x][:, 0] for x in (a, b))
    return pairs | {
        f"gain of {name}, narrow - wide": (runs[:, 0], runs[:, -1]) for name, runs in gain.items()
    }


def run(settings: Settings) -> Result:
    runs = over_seeds(partial(examined, settings), settings.seed_list(1, 5, 10), settings.jobs)
    seen = {name: np.array([one[name] for one in runs]) for name in runs[0]}
    data, series, found = "+".join(seen.pop("data")), dict(seen), {}
    numbers = {
        f"{name} (mean)": (values[:, 0] if values.ndim == 2 else values).mean()
        for name, values in seen.items()
        if "candidate" not in name
    }
    widths = [k for _, k in WIDTHS if f"features pixels {k}" in seen]
    gain = {
        name: np.stack(
            [(seen[f"accuracy {name} {k}"] - seen[f"accuracy untrained {k}"])[:, 0] for k in widths], 1
        )
        for name in [*list(CANDIDATES)[1:], "other weights"]
    }
    for name, (one, other) in pairs_of(seen, gain).items():
        found[name] = paired_difference(one, other)
        series |= {f"pairs {name}": one - other, f"interval {name}": np.array(astuple(found[name]))}
        numbers |= {f"{name} ({end}, points)": value for end, value in asdict(found[name]).items()}
    for name in ("pixels", *CANDIDATES):
        main = seen[f"accuracy {name} {PLANES[1]}"]
        series[f"shift {name}"] = main[:, : len(SHIFTS)]
        series[f"noise {name}"] = main[:, [0, *range(len(SHIFTS), main.shape[1])]]
    for name in CANDIDATES:
        each = [
            seen[f"{layer} {PLANES[1]}"]
            for layer in ("accuracy pixels", f"accuracy at UC1 {name}", f"accuracy {name}")
        ]
        series[f"layers {name}"] = np.stack([values[:, 0] for values in each], axis=1)
    series |= {f"gain {name}": values for name, values in gain.items()} | {"widths": np.array(widths)}
    return Result(numbers, series, claims(found), dict.fromkeys(numbers, "one seed has no interval"), data)


def claims(found: dict[str, PairedDifference]) -> list[Claim]:
    def above(what: str, source: str, published: str, pair: str, control: str) -> Claim:
        return above_zero(what, source, published, found[pair], control, found[control])

    other = "other weights - untrained"
    taught = found["backpropagation - untrained, kept at 2 px"]
    added, pooled = (
        found["winner-take-all - untrained, kept at 2 px"],
        found["untrained - no pooling, kept at 2 px"],
    )
    return [
        above("supervision adds to random weights: points of accuracy, lower end",
              "decks: supervising the neocognitron", "backpropagation > untrained",
              "backpropagation - untrained", other),
        above("winner-take-all adds to random weights: points of accuracy, lower end",
              "Fukushima 1980: features are acquired by learning", "winner-take-all > untrained",
              "winner-take-all - untrained", other),
        above("supervision adds to winner-take-all: points of accuracy, lower end",
              "LeCun et al. 1989 (reported)", "backpropagation > winner-take-all",
              "backpropagation - winner-take-all", other),
        above("competition makes planes learn different features; it beats random patches: points, lower end",
              "decks: learning in the neocognitron", "winner-take-all > imprinted",
              "winner-take-all - imprinted", other),
        above("the gain of winner-take-all shrinks with width: points, narrowest - widest, lower end",
              "Illing, Gerstner & Brea 2019; Coates, Lee & Ng 2011", "no gain over random in large layers",
              "gain of winner-take-all, narrow - wide", "gain of other weights, narrow - wide"),
        above("shift tolerance comes with the chain: points kept at 2 pixels, untrained - pixels, lower end",
              "Fukushima 1980", "C-cells tolerate shifts",
              "untrained - pixels, kept at 2 px", "no pooling - pixels, kept at 2 px"),
        Claim("and learning adds none: points kept at 2 pixels, winner-take-all - untrained, mean",
              "Fukushima 1980: C-cells are fixed; decks", "only S-cells learn, C-cells tolerate", None, 0,
              "set before the run: nothing added", added.mean,
              "what pooling adds: untrained - no pooling", pooled.mean,
              f"interval {added.low:+.1f} to {added.high:+.1f}; backpropagation adds {taught.mean:+.1f}"),
        above("winner-take-all makes it robust to distortion: points kept at noise of sd 0.2, lower end",
              "decks: learning in the neocognitron", "robust to distortion",
              "winner-take-all - untrained, kept at noise", "other weights - untrained, kept at noise"),
    ]  # fmt: skip


def draw(result: Result) -> Figure:
    rules = ["pixels", *CANDIDATES]

    def curves(what: str, names: list[str]) -> dict[str, np.ndarray]:
        return {name: result.series[f"{what} {name}"] for name in names}

    page = figure(7.0, 8.4)
    above, below = page.subfigures(2, 1, height_ratios=[1, 2])
    (rest, apart), ((shift, noise), (width, depth)) = above.subplots(1, 2), below.subplots(2, 2)
    correct = "correct (%)"
    dots_panel(rest, {name: runs[:, 0] for name, runs in curves("shift", rules).items()}, correct)
    rest.set_title(
        f"the test digits as they are\n{LABELS} labels a class, {PLANES[0]} and {PLANES[1]} planes"
    )
    names = [f"{a} - {b}" for a, b in AT_REST]
    differences_panel(apart, curves("pairs", names), curves("interval", names), "difference (points)")
    apart.set_title("the same, paired by seed\nwith 95 % interval of the mean")
    curves_panel(shift, SHIFTS, curves("shift", rules), "shift (pixels)", correct, legend=False)
    shift.set(title="moved to the side", xticks=SHIFTS)
    curves_panel(noise, NOISE, curves("noise", rules), "noise (standard deviation)", correct, legend=False)
    noise.set_title("with noise on every pixel")
    planes = result.series["widths"]
    gained = "gain over untrained (points)"
    curves_panel(
        width,
        planes,
        curves("gain", rules[2:]),
        "planes of US2 (share that ever won, w.-t.-a.)",
        gained,
        legend=False,
    )
    won = [result.numbers[f"planes that ever won (share) US2 {k} (mean)"] for k in planes]
    width.set_xscale("log")
    width.set_xticks(planes, [f"{k}\n({share:.0%})" for k, share in zip(planes, won, strict=True)])
    width.minorticks_off()
    width.set_title("narrow and wide layers")
    curves_panel(depth, range(3), curves("layers", rules[1:]), "layer read", correct, legend=False)
    depth.set_xticks(range(3), ["pixels", "UC1", "UC2"])
    depth.set_title("the same readout, layer by layer")
    below.legend(*shift.get_legend_handles_labels(), loc="outside upper center", ncols=len(rules))
    return page


if __name__ == "__main__":
    main(run, draw)
