"""All rules on one bench, with few labels: what does learning add to filters that nobody learned?

Stimuli   handwritten digits, 16 by 16 pixels: all of the training part without labels, and 10 of each class
          with. The test digits also moved 2 pixels to the left or right, and in Gaussian noise of sd 0.2.
Model     two stages of 5x5 filters, rectified, and the maxima of blocks of 2x2; 4 and 8 planes. So narrow and
          with so few labels, since wider all rules read the digits as well as pixels do (chosen on validation
          parts of seeds 100 and 101, of the same pool). With --full 16 and 64 planes, more labels and 28 by
          28 pixels, of MNIST 10,000 digits without labels and 100 of each class with; all of it:
          features_without_labels.py.
Learning  controls: the initial weights, others, random patches, random Gabor functions; local rules; k-means
          and principal components; rules that are told their errors. All rules of a seed start from the same
          weights and have three trials (the initial weights one), drawn from the 3 to 12 settings of each,
          among which the validation part chooses. Local rules are run to where most units that aim at a
          length reach it; with weaker rates some hardly leave the start, and read better for it.
Labels    rules that are told their errors: in every layer. The others: in the readout only. The choice among
          trials and the readout's penalty use the labels of the validation part too.
Measured  accuracy of a linear (ridge) readout of the last layer on the test part, opened once. Five seeds,
          each with its own split, weights and order; differences paired by seed, with Student's 95 % interval
          (the bootstrap's is among the numbers). A rule that diverges or falls silent is named. The CSV has
          a row for each rule and seed, and all columns of the table, other readouts among them; what is
          blank, and why, in the last; the seconds of training are in the JSON, under run. Not all rules see
          equally many stimuli, nor have all units of those that aim at a length reached it: the CSV says how
          many, and the notes of the claims.
Expected  random patches are as good as what is learned without labels; backpropagation > the others; soft
          competition > hard; the output factor changes little; learning adds no tolerance of shift.
"""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.comparison import (
    READOUTS,
    Comparison,
    Design,
    above_zero,
    compare,
    known_difference,
    one_of,
    retina,
    rules,
)
from neuro.comparison.measures import mean_known
from neuro.comparison.rules import RULES, TRIALS, data_of, extreme
from neuro.comparison.table import with_gains
from neuro.datasets import LARGE
from neuro.experiment import Claim, Result, Settings, main
from neuro.experiment.claims import in_words
from neuro.learning import Untrained
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.plotting import differences_panel, dots_panel, figure

REST, MOVED, NOISY = "accuracy", "accuracy, moved 2 px", "accuracy, noise 0.2"
RANDOM, OTHER, IMPRINTED = "untrained", "other weights", "imprinted"
BACK, SOFT = "backpropagation", "SoftHebb"
HARD, HEBB = "hard competition", "normalised Hebb"
EQ_7, PRODUCT, KROTOV, PIXELS = "Fukushima", "Fukushima, times output", "Krotov-Hopfield", "pixels"
WITHOUT_LABELS = (*rules.LOCAL, *rules.TEMPLATES)
CLOSE, ALIKE = 2, 3  # points within which a rule is comparable; within which two rules are alike
PANELS = ("over untrained", "over imprinted", "kept, moved 2 px", "kept, noise 0.2")


def chain(planes, generator):
    return randomised(feature_chain(planes, padding=2), generator)


def run(settings: Settings) -> Result:
    labels = settings.pick(5, 10, 100 if settings.dataset in LARGE else 50)
    parts = partial(rules.compared_parts, settings, labels, size=settings.pick(16, 16, 28))
    planes = settings.pick((4, 8), (4, 8), (16, 64))
    trials, counted_on = settings.pick((1, 0), (TRIALS, 16), (TRIALS, 16))
    design = Design(partial(chain, planes), parts, trials, counted_on=counted_on, device=settings.device,
                    cache=settings.cache)  # fmt: skip
    seeds = settings.seed_list(1, 5, 5)
    table = compare(RULES, design, seeds, settings.jobs)
    raw = replace(design, build=lambda generator: retina())
    bare = one_of(Untrained(), source="control", locality="nothing is learned", waits_for="nothing")
    pixels = compare({PIXELS: bare}, raw, seeds)
    columns, names = table.columns(), (*RULES, PIXELS)
    runs = [100 * np.vstack([columns[way], pixels.runs(PIXELS, way)]) for way in (REST, MOVED, NOISY)]
    rest, *disturbed = (dict(zip(names, of, strict=True)) for of in runs)
    kept = [{name: of[name] - rest[name] for name in names} for of in disturbed]
    against = zip(PANELS, (rest, rest, *kept), (RANDOM, IMPRINTED, RANDOM, RANDOM), strict=True)
    pairs = {f"{name}, {how}": (of[name], of[base]) for how, of, base in against for name in names}
    found = {name: known_difference(*pair) for name, pair in pairs.items()}
    series = {f"correct (%) {name}": runs for name, runs in rest.items()}
    series["status"] = columns["status"]
    series |= {f"pairs {name}": np.subtract(*pair) for name, pair in pairs.items()}
    series |= {f"interval {name}": np.array([of.mean, of.low, of.high]) for name, of in found.items()}
    told = [row for of in (table, pixels) for row in of.summary(np.random.default_rng(0))]
    numbers = {f"{row['rule']}: {what}": value for row in told for what, value in row.items()
               if not isinstance(value, str) and not what.startswith(("seconds", "matches"))}  # fmt: skip
    why = {f"{row['rule']}: {what} (mean)": reason for row in (*table.rows, *pixels.rows)
           for what, reason in row.blanks.items()}  # fmt: skip
    reasons = dict.fromkeys(numbers, "one seed, no run that has a number, or not counted") | why
    made = claims(rest, kept, found, columns)
    every = Comparison(with_gains((*pixels.rows, *table.rows), design.controls), ())
    seconds = {name: mean_known(table.runs(name, "seconds")) for name in RULES}
    took = {"seconds of one training": {name: round(s, 3) for name, s in seconds.items() if s == s}}
    return Result(numbers, series, made, reasons, data_of(parts, seeds), run=took, table=every.csv_text())


def claims(rest, kept, found, columns):
    reached = {name: mean_known(columns["norm reached (share)"][i]) for i, name in enumerate(RULES)}
    lengths = "units at the length aimed at: " + ", ".join(
        f"{name} {100 * share:.0f} %" for name, share in reached.items() if not np.isnan(share)
    )
    read = {how: dict(zip(RULES, 100 * columns[f"accuracy, {how}"], strict=True)) for how in READOUTS}
    return [*over_controls(rest, kept, found, read, lengths), *of_rules(rest, kept, lengths)]


def over_controls(rest, kept, found, read, lengths):
    """What learning without labels adds to what nobody learned."""

    def by_chance(many):
        return f"the highest of {many}, of which about {many / 40:.1f} lie above zero by chance alone"

    def highest(names, how):
        return extreme(max, {name: found[f"{name}, {how}"].low for name in names})

    gain, moved = (highest(WITHOUT_LABELS, how) for how in PANELS[1:3])
    lucky = extreme(max, {name: known_difference(rest[name], rest[OTHER]).low for name in WITHOUT_LABELS})
    taught = highest(rules.TOLD_ERRORS, PANELS[1])
    otherwise = [extreme(max, {f"{name} by {how}": known_difference(of[name], of[base]).low
                               for how, of in read.items() for name in WITHOUT_LABELS})
                 for base in (IMPRINTED, OTHER)]  # fmt: skip
    worth = ", ".join(f"{how} {mean_known(np.concatenate([*of.values()])):.1f}" for how, of in read.items())
    pooled = known(known_difference(kept[0][RANDOM], kept[0][PIXELS]).low)
    none = "set before the run: no 95 % interval lies above zero"
    # fmt: off
    return [
        Claim("no rule without labels beats random patches: highest lower end of a gain, points",
              "Coates & Ng 2011, Saxe et al. 2011, Illing et al. 2019 (reported)", "nearly as good", None, 0,
              none, gain[0], "gains over other random weights", lucky[0],
              f"{gain[1]}, {by_chance(len(WITHOUT_LABELS))}; over other weights {lucky[1]}; of those "
              f"told their errors {taught[1]}, {in_words(taught[0])}; {lengths}"),
        Claim("nor by any other readout: highest lower end of a gain over random patches, points",
              "a control of this project", "whatever the readout", None, 0, none, otherwise[0][0],
              "gains over other random weights", otherwise[1][0],
              f"{otherwise[0][1]}, {by_chance(len(WITHOUT_LABELS) * len(read))}; over other weights "
              f"{otherwise[1][1]}; mean of all rules, %: {worth}"),
        Claim("learning adds no tolerance of shift: highest lower end of what is kept at 2 px, points",
              "Fukushima 1980: C-cells are fixed", "only S-cells learn, C-cells tolerate", None, 0, none,
              moved[0], "the chain: untrained - pixels", pooled, moved[1]),
    ]
    # fmt: on


def of_rules(rest, kept, lengths):
    """One rule against another."""

    def less(one, other, of=rest):
        return known_difference(of[one], of[other])

    lead = {name: extreme(min, {other: less(name, other).low for other in WITHOUT_LABELS})
            for name in (BACK, RANDOM)}  # fmt: skip
    back, still = less(BACK, KROTOV), less(BACK, RANDOM)
    factor, bare = less(PRODUCT, EQ_7), less(HEBB, EQ_7)
    apart = [known(max(abs(of.low), abs(of.high))) for of in (factor, bare)]
    # fmt: off
    return [
        Claim("backpropagation beats every rule without labels: the least lower end of its lead, points",
              "decks: supervising the neocognitron", "backpropagation > unsupervised", 0, None,
              "set before the run: every 95 % interval lies above zero", lead[BACK][0],
              "untrained in its place", lead[RANDOM][0], f"the nearest is {lead[BACK][1]}"),
        Claim("Krotov and Hopfield's rule is comparable to backpropagation: points less, upper end",
              "Krotov & Hopfield 2019 (abstract)", "comparable on simple tasks", None, CLOSE,
              f"set before the run: {CLOSE} points", known(back.high), "untrained", known(still.high),
              f"mean {back.mean:+.2f}, untrained {still.mean:+.2f}; {lengths}"),
        above_zero("soft competition beats hard: points, lower end", "Moraitis et al. 2022 (abstract)",
                   "SoftHebb > hard winner-take-all", less(SOFT, HARD), "random patches instead",
                   less(IMPRINTED, HARD), lengths),
        above_zero("and keeps more than backpropagation in noise of sd 0.2: points, lower end",
                   "Moraitis et al. 2022 (abstract)", "SoftHebb > backpropagation under noise",
                   less(SOFT, BACK, kept[1]), "untrained instead", less(RANDOM, BACK, kept[1])),
        Claim("the decks' product of input and output teaches a winner what eq. 7, without the output, does: "
              "points apart, farther end", "decks; Fukushima 1980, eq. 7", "both given as the rule", None,
              ALIKE, f"set before the run: {ALIKE} points", apart[0], "the product without a winner "
              "(normalised Hebb)", apart[1],
              f"mean of {factor.n} seeds {factor.mean:+.2f}, without a winner {bare.mean:+.2f}"),
        above_zero("a winner adds to what the product alone teaches: with one - without (normalised "
                   "Hebb), points read, lower end", "decks: learning in the neocognitron",
                   "competition makes planes differ", less(PRODUCT, HEBB),
                   "no output factor - with", less(EQ_7, PRODUCT)),
    ]
    # fmt: on


def known(value):
    return None if np.isnan(value) else float(value)


def draw(result: Result) -> Figure:
    page, s = figure(7, 8), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1, 1.25))
    names = (PIXELS, *RULES)
    complaints = [{told.partition(":")[0] for told in runs} - {"ok"} for runs in s["status"]]
    told = [": ".join([name, *sorted(said)]) for name, said in zip(RULES, complaints, strict=True)]
    dots = above.subplots()
    dots_panel(dots, {name: s[f"correct (%) {name}"] for name in names}, "test digits correct (%)")
    dots.set_xticks(range(len(names)), [PIXELS, *told])
    dots.set_title("from the left: controls; local rules; k-means and PCA; rules told their errors")
    titles = ("gain over\nuntrained", "gain over\nrandom patches", "kept at 2 px,\nover untrained",
              "kept in noise,\nover untrained")  # fmt: skip
    for axes, panel, title in zip(below.subplots(1, 4, sharey=True), PANELS, titles, strict=True):
        of = {name: s[f"pairs {name}, {panel}"] for name in RULES}
        differences_panel(axes, of, {name: s[f"interval {name}, {panel}"] for name in RULES}, "points")
        axes.set_title(title)
    return page


if __name__ == "__main__":
    main(run, draw)
