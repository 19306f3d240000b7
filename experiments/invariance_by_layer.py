"""Tolerance of shifts grows from each C-layer of the neocognitron to the next; that of deformation does not.

Stimuli   the digits 0 to 4 as the net was shown them, slightly moved, resized, deformed, with pixels flipped.
Model     fukushima_1980(). Controls: C-cells that look at one S-cell each, that is, no pooling; untrained;
          and U0, the light on the retina, before any layer.
Learning  WinnerTakeAll, all layers together, of digits moved by up to 2 pixels; each seed has other shifts.
          One more net is taught at rest: all digits stay in the middle.
Measured  the cosine of what all cells of a layer answer with their answers to each standard digit: its own,
          and the others. Margin: own less the mean of the others. Tolerance: the margin of distorted digits /
          that of the standard ones; 1 if distortion changes nothing, 0 if the digit is lost. Told apart: the
          share of images that are most like their own digit (a silent layer tells nothing).
Expected  a little more tolerance in each C-layer, of shifts, sizes and deformation; none of it without
          pooling. The lecture slides: pooling handles deformations.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro import preparations as made
from neuro.analysis import paired_difference
from neuro.experiment import Claim, Result, Settings, checksum, fit_cached, main, over_seeds
from neuro.models.neocognitron import fukushima_1980
from neuro.patterns import standard_digits
from neuro.plotting import colour, curves_panel, figure, image_grid
from neuro.recording import record

DIGITS, (FLIPPED, SHIFT, SIZE, DEFORMED) = standard_digits(), made.DISTORTIONS
POOLED, UNPOOLED, BARE, RESTING = NETS = "1980", "no pooling", "untrained", "1980, taught at rest"
S_LAYERS, C_LAYERS = ("US1", "US2", "US3"), ("UC1", "UC2", "UC3")
LAYERS = ("U0", "US1", "UC1", "US2", "UC2", "US3", "UC3")
# The amount that leaves an image as it is, and how far from it an amount is called slight.
SLIGHT = {SHIFT: (0, 2), SIZE: (1, 0.2), DEFORMED: (0, 1), FLIPPED: (0, 2)}
TITLES = ("standard", "moved by\n1, 2 pixels", "0.8 to 1.2\ntimes the size", "deformed by\n0.5, 1 pixel",
          "1, 2 % of\npixels flipped")  # fmt: skip
MEASURES = OWN, OTHERS, APART, TOLERANCE = "own digit", "other digits", "told apart", "tolerance"


def slightly(seed, times):
    tests = made.distorted(DIGITS, times, torch.Generator().manual_seed(seed))
    away = {test: np.abs(tests[test][1] - none) for test, (none, _) in SLIGHT.items()}
    return {test: tests[test][0][(x > 0) & (x <= SLIGHT[test][1])] for test, x in away.items()}


def likeness(net, stimuli):
    """The first three of MEASURES. Shapes: (3, layers)."""
    both, found, label = (DIGITS, stimuli), [], stimuli.condition("label")
    shown = [{"U0": each.images.numpy(), **record(net, each, LAYERS[1:]).responses} for each in both]
    for layer in LAYERS:
        rows = [each[layer].reshape(len(each[layer]), -1).astype(float) for each in shown]
        standard, seen = (row / np.linalg.norm(row, axis=1, keepdims=True).clip(1e-12) for row in rows)
        cosine, own = seen @ standard.T, np.arange(len(DIGITS)) == label[:, None]
        alike, others = cosine[own], cosine[~own].reshape(len(seen), -1)
        found.append((alike.mean(), others.mean(), (alike > others.max(1)).mean()))
    return np.array(found).T


def one_seed(settings, times, seed):
    """What each layer of each net comes to, "<net>: <test>, <measure>"."""
    generator, found, cache = torch.Generator().manual_seed(seed), {}, settings.cache
    still = made.shifted_at_random(DIGITS.without("label"), made.TIMES_1980, 0, generator)
    nets = [
        made.neocognitron_1980(seed, cache),
        made.neocognitron_1980(seed, cache, stages=made.UNPOOLED_1980),
    ]
    nets += [fukushima_1980(), fit_cached(made.RULE_1980, fukushima_1980(), still, seed, cache)]
    tests = slightly(seed, times)
    for name, net in zip(NETS, nets, strict=True):
        own, others, _ = likeness(net, DIGITS)
        for test, images in tests.items():
            alike = likeness(net, images)
            measured = (*alike, (alike[0] - alike[1]) / (own - others).clip(1e-12))
            found |= {f"{name}: {test}, {what}": x for what, x in zip(MEASURES, measured, strict=True)}
    return found


def run(settings: Settings) -> Result:
    seeds, times = settings.seed_list(1, 10, 30), settings.pick(1, 10, 10)
    runs = over_seeds(partial(one_seed, settings, times), seeds, settings.jobs)
    series = {name: np.stack([each[name] for each in runs]) for name in runs[0]}
    mean = {name: dict(zip(LAYERS, values.mean(0), strict=True)) for name, values in series.items()}
    numbers = {f"{name}, {layer}": x for name, layers in mean.items() for layer, x in layers.items()}
    examples = slightly(seeds[0], times)
    fours = [part[part.condition("label") == 4] for part in (DIGITS, *examples.values())]
    series["shown"] = np.stack([part.images[-1, 0] for part in fours])

    def gain(net, test, above, below, other=None):
        """The lower end of the smallest gain of tolerance over layers below, or over another net, if any."""
        one, two = (series[f"{each}: {test}, {TOLERANCE}"] for each in (net, other or net))
        pairs = (
            (one[:, LAYERS.index(a)], two[:, LAYERS.index(b)]) for a, b in zip(above, below, strict=True)
        )
        low = min(paired_difference(*pair).low for pair in pairs)
        return None if np.isnan(low) else low  # one seed has no interval

    def told(test, what=TOLERANCE, net=POOLED, layers=C_LAYERS):
        return ", ".join(f"{layer} {mean[f'{net}: {test}, {what}'][layer]:.2f}" for layer in layers)

    papers, deck, alone = "Fukushima 1980; 1988 (abstract)", "deck 004", (("UC1",), ("UC1",), UNPOOLED)
    later, within = (C_LAYERS[1:], C_LAYERS[:-1]), (C_LAYERS, S_LAYERS)
    rule = "the 95 % interval lies above 0; set after a run of one seed"
    worst = min((SIZE, DEFORMED), key=lambda test: mean[f"{POOLED}: {test}, {APART}"]["UC3"])
    top = [mean[f"{net}: {worst}, {APART}"]["UC3"] for net in (POOLED, UNPOOLED)]
    # fmt: off
    claims = [
        Claim(f"{test}: tolerance grows with each C-layer; the smaller gain, lower end", papers,
              "a little at a time at each stage", 0, None, rule, gain(POOLED, test, *later), UNPOOLED,
              gain(UNPOOLED, test, *later), f"means {told(test)}; told "
              f"apart {told(test, APART)}; taught at rest {told(test, net=RESTING)}")
        for test in (SHIFT, SIZE, DEFORMED)
    ] + [
        Claim("C-cells tolerate more deformation than their S-cells: least gain of three stages, lower end",
              deck, "robust to distortion", 0, None, rule, gain(POOLED, DEFORMED, *within), UNPOOLED,
              gain(UNPOOLED, DEFORMED, *within), f"means {told(DEFORMED, layers=S_LAYERS)}"),
        Claim("pooling handles deformation: UC1, gain over C-cells of the same S-cells that do not pool, "
              "lower end", deck, "handled by max pooling", 0, None, rule, gain(POOLED, DEFORMED, *alone),
              "flipped pixels instead", gain(POOLED, FLIPPED, *alone), "a saturating sum, not a maximum"),
        Claim("UC3 tells slightly resized, or deformed, digits apart: share, the smaller", papers,
              "not affected by slight change in shape or size", 1, 1, "the paper, of one run; asked of all",
              top[0], UNPOOLED, top[1],
              f"{worst}; layers before {told(worst, APART, layers=LAYERS[:-1])}"),
    ]
    # fmt: on
    return Result(numbers, series, claims, data=checksum(DIGITS, *examples.values()))


def draw(result: Result) -> Figure:
    page, s = figure(7, 7.6), result.series
    top, below = page.subfigures(2, 1, height_ratios=(1, 5))
    image_grid(top, s["shown"], TITLES)
    grid = below.subplots(3, 4, sharex=True, sharey="row")
    for column, test, title in zip(grid.T, SLIGHT, TITLES[1:], strict=True):
        own, others = (s[f"{POOLED}: {test}, {what}"] for what in (OWN, OTHERS))
        cosine = "cosine with own digit\n(dotted: with other digits)"
        curves_panel(column[0], LAYERS, {POOLED: own}, "", cosine, legend=False)
        column[0].plot(LAYERS, others.T, ":", color=colour(POOLED), linewidth=0.8)
        column[0].set_title(title)
        for axes, what in zip(column[1:], (TOLERANCE, APART), strict=True):
            curves = {net: s[f"{net}: {test}, {what}"] for net in NETS[:3]}
            curves_panel(axes, LAYERS, curves, "", f"{what} (1: fully)", legend=False)
        column[2].tick_params(axis="x", rotation=90)
    for axes in grid.flat:
        axes.label_outer()
    below.legend(*grid[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
