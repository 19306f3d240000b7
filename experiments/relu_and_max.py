"""Untaught, a net of ReLU and max learns nothing: where nothing inhibits, one plane wins every time.

Stimuli   as in fukushima_1980: the digits 0 to 4, 20 times each, moved at random by up to 2 pixels; then
          seven variants of each digit, and each digit at all places 1 or 2 pixels away.
Model     the net of 1980 with its own functions (original); with ReLU cells, which nothing inhibits, and a
          maximum (ReLU + max); with these, the weights of every plane of length 1 (unit length), and so from
          random weights; and with either of the two functions replaced alone, the ReLU with unit length.
Learning  WinnerTakeAll, all layers together, 100 presentations, q as printed; for ReLU cells on two seeds
          also other q. Controls: untrained; imprinted, one random patch a plane.
Measured  the winner, the UC3 cell that answers most; images for which the cell of their digit wins and is no
          other digit's: variants, and moved digits; planes of US3 that ever won; the share of its wins that
          one plane has. Differences paired by seed, with Student's 95 % interval.
Expected  the decks: the functions could simply be replaced. Ours: of cells that nothing inhibits, the one
          that learned first answers most to whatever comes, and wins for ever. (Constants that the paper
          does not print were chosen for the original; supervising_the_neocognitron has both forms taught.)
"""

from dataclasses import asdict, astuple, replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import paired_difference
from neuro.distortions import shifted
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.learning import Imprinting, Untrained, history_of
from neuro.models.initial import randomised
from neuro.models.neocognitron import modern_neocognitron, neocognitron
from neuro.patterns import fukushima_digits, standard_digits
from neuro.physiology import recognition
from neuro.plotting import differences_panel, dots_panel, figure, response_strips
from neuro.preparations import RULE_1980, neocognitron_1980

DIGITS, VARIANTS = standard_digits(), fukushima_digits()[:35]
PLACES = np.array([at for at in np.mgrid[-2:3, -2:3].reshape(2, -1).T if at.any()]).T
MOVED = shifted(DIGITS[np.tile(np.arange(5), 24)], *np.repeat(PLACES, 5, axis=1))
TESTS = {"variants": (VARIANTS, np.arange(35)), "moved": (MOVED, np.zeros(len(MOVED)))}
ORIGINAL, RELU, UNIT, RANDOM = "original", "ReLU + max", "unit length", "unit length, random"
ONLY_MAX, ONLY_RELU, BARE, PATCHES = "max only", "ReLU only", "untrained", "imprinted"
OTHER_Q = 0.01, 1.0, 100.0
WINNERS, RIGHT, NEAR = "winners", "variants recognised", "moved ones recognised"
EVER, SHARE = "planes that ever won", "share of wins of one plane"
MEASURES = WINNERS, RIGHT, NEAR, EVER, SHARE
LOST = "set after a look at four other seeds, before the run: at most 5 of 35 lost"
SEEN = ORIGINAL, ONLY_MAX, RELU, UNIT  # of which the weights are drawn
unit = partial(modern_neocognitron, length=1.0)


def mixed(stages, s_cells, c_cells):
    """The S-layers of one form with the C-layers of another."""
    net, other = s_cells(stages), c_cells(stages)
    for name in ("UC1", "UC2", "UC3"):
        net.set_submodule(name, other.get_submodule(name))
    return net


FORMS = {ORIGINAL: neocognitron, ONLY_MAX: partial(mixed, s_cells=neocognitron, c_cells=unit)}
FORMS |= {ONLY_RELU: partial(mixed, s_cells=unit, c_cells=neocognitron), RELU: modern_neocognitron}
FORMS |= {UNIT: unit, RANDOM: unit}
CONTROLS = {BARE: Untrained(), PATCHES: Imprinting()}


def raised(form, settings, seed, rule=RULE_1980):
    """A net of one form after the protocol of 1980."""

    def build(stages):
        net, generator = FORMS[form](stages), torch.Generator().manual_seed(seed)
        return (randomised(net, generator) if form == RANDOM else net).to(settings.device)

    return neocognitron_1980(seed, settings.cache, rule=rule, build=build)


def examined(name, net):
    """What is measured of one net; NaN where nothing competed."""
    found = recognition(net, "UC3", DIGITS, TESTS)
    wins = np.array(history_of(net).get("US3 wins", [np.nan]))
    ever = np.nan if np.isnan(wins).any() else (wins > 0).sum()
    values = found["winners"], found["variants, recognised"].sum(), 100 * found["moved, recognised"][0]
    measured = zip(MEASURES, (*values, ever, wins.max() / wins.sum()), strict=True)
    return {f"{name}: {what}": float(x) for what, x in measured}


def one_seed(settings, seed):
    nets = {form: raised(form, settings, seed) for form in FORMS}
    found = {f"learned, {form}": nets[form].US1.a.detach()[:, 0].cpu().numpy() for form in SEEN}
    for form, net in nets.items():
        found |= examined(form, net)
    for name, rule in CONTROLS.items():
        found |= examined(name, raised(ORIGINAL, settings, seed, rule))
        found |= examined(f"{UNIT}, {name}", raised(UNIT, settings, seed, rule))
    return found


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 10, 20)
    runs = over_seeds(partial(one_seed, settings), seeds, settings.jobs)
    first = {f"learned, {form}": runs[0][f"learned, {form}"] for form in SEEN}
    series = {name: np.array([one[name] for one in runs]) for name in runs[0] if name not in first}
    numbers = {name: values.mean() for name, values in series.items()}
    tried = [examined(f"{form}, q {q:g}", raised(form, settings, seed, replace(RULE_1980, q=(q,))))
             for form in (RELU, UNIT) for q in settings.pick(OTHER_Q[:1], OTHER_Q, OTHER_Q)
             for seed in seeds[:2]]  # fmt: skip
    most = max(value for one in tried for name, value in one.items() if name.endswith(WINNERS))
    numbers[f"{WINNERS}, the most at any other q"] = most
    original = series[f"{ORIGINAL}: {RIGHT}"]
    pairs = {name: series[f"{name}: {RIGHT}"] - original for name in (*list(FORMS)[1:], *CONTROLS)}
    found = {name: paired_difference(series[f"{name}: {RIGHT}"], original) for name in pairs}
    numbers |= {f"{name} - {ORIGINAL}, of 35 ({end})": x
                for name, one in found.items() for end, x in asdict(one).items()}  # fmt: skip
    series |= {f"pairs, {name}": values for name, values in pairs.items()}
    series |= {f"interval, {name}": np.array(astuple(one)) for name, one in found.items()}
    series |= {key: a / a.max(axis=(1, 2), keepdims=True) for key, a in first.items()}
    deck = "deck 004, 'Neocognitron'"

    def no_loss(what, form):
        low, control = (None if np.isnan(found[name].low) else found[name].low for name in (form, BARE))
        winners = ", ".join(f"{one} {numbers[f'{one}: {WINNERS}']:.1f}" for one in (form, ORIGINAL, PATCHES))
        note = f"mean {found[form].mean:+.1f}; different winners of five digits: {winners}"
        return Claim(f"{what}: variants recognised, of 35, more than by the {ORIGINAL}, lower end", deck,
                     "could simply replace", -5, None, LOST, low, BARE, control, note)  # fmt: skip

    # fmt: off
    claims = [
        no_loss("a ReLU and a max lose nothing", RELU),
        no_loss("with weights of length 1 they lose nothing", UNIT),
        no_loss("a max for the C-cells alone loses nothing", ONLY_MAX),
        Claim("of ReLU cells one plane of US3 wins at every presentation: its share of wins", "ours",
              "what learned first answers most", 1, 1, "set after a look at four other seeds, before the run",
              numbers[f"{RELU}: {SHARE}"], ORIGINAL, numbers[f"{ORIGINAL}: {SHARE}"],
              f"{UNIT} {numbers[f'{UNIT}: {SHARE}']:.2f}, {RANDOM} {numbers[f'{RANDOM}: {SHARE}']:.2f}; "
              f"at other q at most {most:.0f} winners of five digits"),
    ]
    # fmt: on
    return Result(
        numbers,
        series,
        claims,
        dict.fromkeys(numbers, "one seed has no interval; controls, no competition"),
        checksum(DIGITS, VARIANTS, MOVED),
    )  # fmt: skip


def draw(result: Result) -> Figure:
    page, s = figure(7, 9), result.series
    above, gains, below = page.subfigures(3, 1, height_ratios=(4.2, 1.9, 1.9))
    labels = "winners of five digits", "variants recognised, of 35", "1 or 2 pixels away:\nrecognised (%)"
    shown = dict(zip(MEASURES[:4], (*labels, "planes of US3\nthat ever won, of 24"), strict=True))
    for axes, (what, label) in zip(above.subplots(2, 2, sharex=True).flat, shown.items(), strict=True):
        dots_panel(axes, {name: s[f"{name}: {what}"] for name in (*FORMS, *CONTROLS)}, label)
        axes.set_ylim(bottom=-0.03 * axes.get_ylim()[1])
    rows = [key[7:] for key in s if key.startswith("pairs, ")]
    pairs, intervals = ({row: s[f"{what}, {row}"] for row in rows} for what in ("pairs", "interval"))
    differences_panel(gains.subplots(), pairs, intervals, f"variants recognised, of 35: more than {ORIGINAL}")
    response_strips(below, {key[9:]: maps for key, maps in s.items() if key.startswith("learned, ")})
    below.suptitle("US1 of the first net: the weights of its 24 planes")
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
