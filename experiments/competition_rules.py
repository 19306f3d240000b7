"""Three rules of competition serve equally well, and hardly better than patches taken at random.

Stimuli   handwritten digits on a retina of 16x16, 20 of each class to learn from. In a toy: points on a
          quarter of a circle, crowded at one end.
Model     contrast, edges of 8 orientations and their C-cells, none of which learn; US2 with 16 planes; UC2.
          In the toy one S-layer, whose planes answer within 5.7 degrees (cosine 0.995).
Learning  US2 only, by winner-take-all (1980), winner-kill-loser (2010) or add-if-silent (2013), with a higher
          threshold than in recognition. Controls: winner-take-all with one threshold; random patches, one a
          plane; random weights, inhibited like learned ones or not at all; edges alone; pixels.
          Of each net four candidates: two settings or draws, at two thresholds of recognition.
Labels    in the readouts only, which like the choice of a candidate also use those of the validation part.
Measured  accuracy of the nearest neighbour and of a linear readout, each with its own choice of candidates.
          The test part is opened once. Differences paired by seed, with Student's 95 % interval.
          Which candidates there are was settled on validation parts of four other seeds (of the same pool).
Expected  learning > random weights; winner-kill-loser > winner-take-all, its planes more evenly spread; two
          thresholds > one; add-if-silent needs few patterns; random patches come close to what is learned.
"""

import copy
from collections import OrderedDict
from dataclasses import asdict, astuple
from functools import partial
from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import entropy
from torch import nn

from neuro.analysis import knn, paired_difference, readout
from neuro.comparison import above_zero, bench, last_features, retina
from neuro.datasets import subset
from neuro.experiment import Claim, Result, Settings, checksum, fit_cached, main, over_seeds
from neuro.learning import AddIfSilent, Imprinting, Untrained, WinnerKillLoser, WinnerTakeAll
from neuro.models.initial import randomised
from neuro.models.neocognitron import ContrastLayer, EdgeLayer, SLayer, SurroundCLayer, selectivity
from neuro.plotting import curves_panel, differences_panel, dots_panel, figure
from neuro.recording import record
from neuro.stimuli import Stimuli

WKL, WTA, AIS = RULES = "winner-kill-loser", "winner-take-all", "add-if-silent"
ONE, PATCHES, RANDOM, OTHER = "one threshold", "random patches", "random weights", "other weights"
EDGES, PIXELS = "edges", "pixels"
NAMES, NEAREST, LINEAR = (*RULES, PATCHES, ONE, RANDOM, EDGES, PIXELS), "nearest neighbour", "linear readout"
READOUTS = {NEAREST: partial(knn, neighbours=(1,)), LINEAR: readout}
PLANES, RECOGNITION, Q = 16, (0.4, 0.5), 1e5
PAIRS = [(rule, control) for control in (PATCHES, RANDOM) for rule in RULES]
PAIRS += [(WKL, WTA), (AIS, WTA), (WTA, ONE), (OTHER, RANDOM)]
FEW, MANY = 2, 20  # of a class to learn from
TOYS = "three toys a seed, after runs with one (lower end -0.06) and with four of 250 points (+0.27)"
# The two settings of each: the rule, its threshold of learning or none of its own, and the draw.
SETTINGS = {
    WTA: [(WinnerTakeAll((Q,), (3,), 1), learning, 0) for learning in (0.8, 0.9)],
    WKL: [(WinnerKillLoser((Q,), (3,), (PLANES,)), learning, 0) for learning in (0.8, 0.9)],
    AIS: [(AddIfSilent((Q,), (3,), (PLANES,)), learning, 0) for learning in (0.8, 0.9)],
    ONE: [(WinnerTakeAll((q,), (3,), 1), None, 0) for q in (16.0, Q)],
    PATCHES: [(Imprinting((Q,)), None, draw) for draw in (0, 1)],
    RANDOM: [(Untrained(), None, draw) for draw in (0, 1)],
    OTHER: [(Untrained(), None, draw) for draw in (2, 3)],
}
FRONT = nn.Sequential(
    OrderedDict(UG=ContrastLayer(), US1=EdgeLayer(8, window=5, padding=2), UC1=SurroundCLayer(5, 2, 2))
)


def raised(setting, theta, train, seed, cache, device):
    """US2 and UC2 after learning, on what UC1 answers."""
    rule, learning, draw = setting
    r_learning = None if learning is None else selectivity(learning)
    s_cells = SLayer(8, PLANES, 3, 1, selectivity(theta), gamma=0.9, r_learning=r_learning)
    net = nn.Sequential(OrderedDict(US2=s_cells, UC2=SurroundCLayer(3, 1, 2)))
    randomised(net, torch.Generator().manual_seed(10 * seed + draw), 0.1)
    if isinstance(rule, Untrained) and draw % 2:
        s_cells.a.data *= Q  # as large as what is learned, and inhibited as that is
        s_cells.b.data = s_cells.matched_inhibition()
    return fit_cached(rule, net.to(device), train.without("label"), 10 * seed + draw, cache)


def seen(net, part):
    return last_features(net, part), part.labels


def percent(how, *parts):
    """Correct on the last part, of a readout fitted to the first and chosen on the second."""
    return 100 * READOUTS[how](*(array for part in parts for array in part)).accuracy


def one_seed(settings, seed):
    own = bench(settings, seed)
    whole = own.train, own.validation, own.test
    front = copy.deepcopy(FRONT).to(settings.device)
    parts = [Stimuli(record(front, part, ["UC1"])["UC1"], part.conditions) for part in whole]
    found = (
        few(parts, seed, settings)
        | toys(seed, settings.pick(1, 3, 10), settings.device)
        | {"data": checksum(*whole)}
    )
    for name, shown in ((PIXELS, whole), (EDGES, parts)):
        answers = [seen(retina(), part) for part in shown]
        found |= {f"{how}: {name}": percent(how, *answers) for how in READOUTS}
    for name, two in SETTINGS.items():
        tried = list(product(two, RECOGNITION))[: settings.pick(1, 4, 4)]
        nets = [raised(*each, parts[0], seed, settings.cache, settings.device) for each in tried]
        known = [[seen(net, part) for part in parts[:2]] for net in nets]
        for how in READOUTS:
            best = int(np.argmax([percent(how, *each, each[1]) for each in known]))
            found[f"{how}: {name}"] = percent(how, *known[best], seen(nets[best], parts[2]))
    return found


def few(parts, seed, settings):
    """How it goes with less to learn from; the rules that grow have room for all the planes they want."""
    found = {"shown": np.array(settings.pick([1, FEW], [1, FEW, 5, MANY], [1, FEW, 5, MANY]))}
    trains = [subset(parts[0], n, torch.Generator().manual_seed(seed)) for n in found["shown"].tolist()]
    rules = WinnerKillLoser((Q,), (3,), (200,)), WinnerTakeAll((Q,), (3,), 1), AddIfSilent((Q,), (3,), (200,))
    for name, rule in zip(RULES, rules, strict=True):
        where = settings.cache, settings.device
        nets = [raised((rule, 0.7, 0), 0.5, train, seed, *where) for train in trains]
        answers = [[seen(net, part) for part in parts] for net in nets]
        found[f"of few: {name}"] = np.array([percent(NEAREST, *each) for each in answers])
        found[f"planes: {name}"] = np.array([len(net.US2.b) for net in nets])
    return found


def toy(generator, device):
    """How evenly templates lie: their entropy over six bins of 15 degrees, 1 if equally many in each."""
    angle, found, planes = torch.pi / 2 * torch.rand(1000, generator=generator) ** 3, {}, 1
    points = Stimuli(torch.stack([angle.cos(), angle.sin()], 1)[:, :, None, None], {"id": np.arange(1000)})
    rules = {WKL: WinnerKillLoser((Q,), (1,), (100,)), AIS: AddIfSilent((Q,), (1,), (100,))}
    for name, rule in (rules | {WTA: WinnerTakeAll((Q,), (1,), 1), PATCHES: Imprinting((Q,))}).items():
        net = nn.Sequential(OrderedDict(US1=SLayer(2, planes, 1, r=selectivity(0.995))))
        taught = rule.fit(randomised(net, generator, 0.1).to(device), points, generator)
        a = taught.US1.a.detach().cpu().numpy()[..., 0, 0]
        planes = len(a) if name == WKL else planes  # the rules that do not grow get as many as that
        counts = np.histogram(np.degrees(np.arctan2(a[:, 1], a[:, 0])), 6, (0, 90))[0]
        found |= {f"evenness: {name}": entropy(counts) / np.log(6), f"templates: {name}": len(a)}
    return found


def toys(seed, times, device):
    generator = torch.Generator().manual_seed(seed)
    runs = [toy(generator, device) for _ in range(times)]
    return {what: np.mean([one[what] for one in runs]) for what in runs[0]}


def run(settings: Settings) -> Result:
    runs = over_seeds(partial(one_seed, settings), settings.seed_list(1, 5, 20), settings.jobs)
    data = "+".join(one.pop("data") for one in runs)
    s = {name: np.array([one[name] for one in runs], dtype=float) for name in runs[0]}
    asked = [(how, *pair) for how in READOUTS for pair in PAIRS]
    asked += [("evenness", one, WTA) for one in (WKL, AIS, PATCHES)]
    pairs = {f"{of}: {a} - {b}": (s[f"{of}: {a}"], s[f"{of}: {b}"]) for of, a, b in asked}
    pairs |= {f"few - many: {name}": s[f"of few: {name}"][:, [1, -1]].T for name in RULES}
    found = {name: paired_difference(*pair) for name, pair in pairs.items()}
    numbers = {f"{name} (mean)": values.mean() for name, values in s.items() if values.ndim == 1}
    numbers |= {f"{name} ({end})": x for name, one in found.items() for end, x in asdict(one).items()}
    s |= {f"pairs, {name}": one - other for name, (one, other) in pairs.items()}
    s |= {f"interval, {name}": np.array(astuple(one)) for name, one in found.items()}
    s["shown"] = runs[0]["shown"]
    return Result(numbers, s, claims(found, s), dict.fromkeys(numbers, "one seed has no interval"), data)


def claims(found, s):
    other = f"{OTHER} - {RANDOM}"

    def told(way, *pairs):
        each = {pair: found[f"{way}: {pair}"] for pair in pairs}
        return f"{way}: " + ", ".join(f"{k} {v.low:+.1f} to {v.high:+.1f}" for k, v in each.items())

    def gain(what, source, published, pair, way=NEAREST, control=other):
        rule = pair.split(" - ")[0]
        over = [f"{rule} - {b}" for b in (PATCHES, RANDOM)]
        grown = dict.fromkeys([pair, *over])
        remark = f"{told(NEAREST, *over)}; {told(LINEAR, *grown)}" if way == NEAREST else TOYS
        return above_zero(what, source, published, found[f"{way}: {pair}"], control,
                          found[f"{way}: {control}"], remark)  # fmt: skip

    close = [found[f"{NEAREST}: {AIS} - {b}"] for b in (PATCHES, RANDOM)]
    away = [max(abs(one.low), abs(one.high)) for one in close]
    loss = [found[f"few - many: {name}"].low for name in (AIS, WTA)]
    (away[0], loss[0]) = (None if np.isnan(x) else x for x in (away[0], loss[0]))  # of one seed
    planes = s[f"planes: {AIS}"].mean(0)
    # fmt: off
    return [
        gain("winner-take-all adds to random weights: points, lower end", "Fukushima 1980",
             "features are acquired by learning", f"{WTA} - {RANDOM}"),
        gain("winner-kill-loser adds to winner-take-all: points, lower end", "Fukushima 2010 (abstract)",
             "recognition rate largely increased", f"{WKL} - {WTA}"),
        gain("a higher threshold when learning adds to winner-take-all: points, lower end",
             "a paper of 1997 (abstract)", "over 97 % of ETL-1 digits", f"{WTA} - {ONE}"),
        gain("in the toy winner-kill-loser spreads planes more evenly than winner-take-all: lower end",
             "Fukushima 2010 (abstract)", "uniformly", f"{WKL} - {WTA}", "evenness", f"{PATCHES} - {WTA}"),
        Claim(f"add-if-silent needs few patterns: {FEW} of a class - {MANY}, points, lower end",
              "Fukushima 2013 (abstract)", "works with few training patterns", -1, None,
              "set before the run: no more than 1 point lost", loss[0], WTA, loss[1],
              f"planes: {planes[1]:.0f} after {FEW} of a class, {planes[-1]:.0f} in the end"),
        Claim("random patches come close to add-if-silent: points, the farther end of the interval",
              "Coates & Ng 2011 (reported)", "nearly as good as learned features", None, 2,
              "set before the run: within 2 points", away[0], RANDOM, away[1],
              told(LINEAR, f"{AIS} - {PATCHES}")),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 8.4), result.series
    above, gains, below = page.subfigures(3, 1, height_ratios=(1.15, 1, 1.1))
    rows = [f"{rule} - {control}" for rule, control in PAIRS[:6]]
    drawn = zip(READOUTS, above.subplots(1, 2), gains.subplots(1, 2, sharey=True), strict=True)
    for how, dots, over in drawn:
        dots_panel(dots, {name: s[f"{how}: {name}"] for name in NAMES}, "test digits correct (%)")
        pairs, intervals = (
            {row: s[f"{what}, {how}: {row}"] for row in rows} for what in ("pairs", "interval")
        )
        differences_panel(over, pairs, intervals, "gain (points)")
        dots.set_title(how)
        over.set_title(f"{how}: gain")
    even, few_shown = below.subplots(1, 2)
    dots_panel(even, {name: s[f"evenness: {name}"] for name in (*RULES, PATCHES)}, "evenness of templates")
    even.set_title("toy: evenness (entropy; 1: equally spread)")
    curves = {name: s[f"of few: {name}"] for name in RULES}
    labels = "digits of each class learned from", f"{NEAREST}, correct (%)"
    curves_panel(few_shown, s["shown"], curves, *labels, legend=False)
    few_shown.set(title="few digits to learn from (colours as left)", xscale="log")
    few_shown.set_xticks(s["shown"], [f"{n:.0f}" for n in s["shown"]])
    few_shown.minorticks_off()
    return page


if __name__ == "__main__":
    main(run, draw)
