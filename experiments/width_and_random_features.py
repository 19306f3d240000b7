"""Averaged over widths random Gabor functions read digits better than filters learned without labels.

Stimuli   handwritten digits, 16 by 16 pixels: all of the training part without labels, and 10 of each class
          with. Control: the same pixels in another order, one order a seed, so that neighbours tell nothing.
Model     one stage: 4 to 64 filters of 5x5, rectified, and the maxima of blocks of 4x4, 9 features a filter.
          Beside it as many rectified features that each see the whole image.
Learning  hard competition, SoftHebb and k-means, which see no label. Controls: the initial weights, other
          random weights, random patches, random Gabor functions. Three trials each (the initial weights have
          one), among which the validation part chooses. Rates are those of compare_learning_rules, set for
          few planes: of many some never change, and those that compete softly move less; the notes say how
          many, and how far.
Labels    in the readout, and those of the validation part in its penalty and the choice among trials.
Measured  accuracy of a linear (ridge) readout on the test part, and its mean over widths. Five seeds,
          paired, Student's 95 % interval.
Expected  gains over random weights shrink with width, and are gone in the widest layer; fields that are local
          beat all-to-all; random Gabor functions rival learning; k-means is as good as any rule.
"""

from dataclasses import asdict
from functools import partial
from itertools import product

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import Spread
from neuro.comparison import Design, Parts, above_zero, compare, known_difference
from neuro.comparison.rules import RULES, TRIALS, compared_parts, data_of, extreme
from neuro.experiment import Claim, Result, Settings, main
from neuro.models.convnet import dense_features, feature_chain
from neuro.models.initial import randomised
from neuro.plotting import curves_panel, differences_panel, figure
from neuro.stimuli import Stimuli

RANDOM, OTHER, IMPRINTED, GABOR = CONTROLS = "untrained", "other weights", "imprinted", "random Gabor"
HARD, SOFT, MEANS = LEARNED = "hard competition", "SoftHebb", "k-means"
NAMES = (*CONTROLS, *LEARNED)
DENSE, SHUFFLED = "all-to-all", "pixels shuffled"
ASKED = "never changed (share)", "distance from start"
LABELS, SIZE, PLACES = 10, 16, 9  # of each class; pixels; places of a plane behind the pooling
NONE = "set before the run: no 95 % interval lies above zero"
CLOSE = 1  # points within which Gabor functions rival learning


def local(planes, generator):
    return randomised(feature_chain((planes,), pool=4), generator)


def dense(units, generator):
    return randomised(dense_features(units, SIZE**2), generator)


def shuffled(settings, generator):
    parts = compared_parts(settings, LABELS, generator, SIZE)
    order = torch.randperm(SIZE**2, generator=generator)
    mixed = [Stimuli(one.images.flatten(2)[..., order].view_as(one.images), one.conditions)
             for one in (parts.unlabelled, parts.train, parts.validation, parts.test)]  # fmt: skip
    return Parts(*mixed, "pixels in another order")


def correct(settings, seeds, planes):
    """Percent of the test digits, (seeds,), of every rule with so many planes, and of the other chains; and
    of the rules that compete how many planes never changed and how far the weights moved."""
    as_they_are = partial(compared_parts, settings, LABELS, size=SIZE)
    asked = {
        "": (NAMES, partial(local, planes), as_they_are),
        DENSE: ((RANDOM,), partial(dense, PLACES * planes), as_they_are),
        SHUFFLED: ((RANDOM,), partial(local, planes), partial(shuffled, settings)),
    }
    found = {}
    for how, (names, build, parts) in asked.items():
        design = Design(build, parts, settings.pick(1, TRIALS, TRIALS), {}, (), (), counted_on=0,
                        device=settings.device, cache=settings.cache)  # fmt: skip
        table = compare({name: RULES[name] for name in names}, design, seeds, settings.jobs)
        found |= {how or name: 100 * table.runs(name, "accuracy") for name in names}
        found |= {f"{what}, {name}": table.runs(name, what)
                  for what in ASKED for name in (HARD, SOFT) if name in names}  # fmt: skip
    return found


def run(settings: Settings) -> Result:
    widths = settings.pick((4, 8), (4, 8, 16, 32, 64), (4, 8, 16, 32, 64, 128, 256))
    seeds = settings.seed_list(1, 5, 10)
    every = [correct(settings, seeds, planes) for planes in widths]
    asked = {name: np.stack([of[name] for of in every], axis=1) for name in every[0]}  # seeds, widths
    runs = {name: of for name, of in asked.items() if not name.startswith(ASKED)}
    learned = {name: of.mean(0) for name, of in asked.items() if name.startswith(ASKED)}
    bases = (RANDOM, IMPRINTED, DENSE, GABOR, MEANS)
    over = {f"{a} - {b}": runs[a] - runs[b] for a, b in product(runs, bases) if a != b}
    ways = {"narrowest": lambda of: of[:, 0], "widest": lambda of: of[:, -1],
            "narrowest - widest": lambda of: of[:, 0] - of[:, -1],
            "all widths": lambda of: of.mean(1)}  # fmt: skip
    found = {f"{pair}, {how}": known_difference(way(of), np.zeros(len(of)))
             for pair, of in over.items() for how, way in ways.items()}  # fmt: skip
    numbers = {f"correct (%), {name}, {planes} planes (mean)": of[:, i].mean()
               for name, of in runs.items() for i, planes in enumerate(widths)}  # fmt: skip
    numbers |= {f"{name}, {planes} planes (mean)": mean
                for name, of in learned.items() for planes, mean in zip(widths, of, strict=True)}  # fmt: skip
    numbers |= {f"{name} ({end})": x for name, of in found.items() for end, x in asdict(of).items()}
    series = {f"correct (%) {name}": of for name, of in runs.items()} | {"widths": np.array(widths)}
    series |= {f"gain {name}": of for name, of in over.items()}
    series |= {f"interval {name}": np.array([of.mean, of.low, of.high]) for name, of in found.items()}
    data = data_of(partial(compared_parts, settings, LABELS, size=SIZE), seeds)
    reasons = dict.fromkeys(numbers, "one seed has no interval, and a rule that failed no number")
    ends = ", ".join(f"{name} {of[0]:.2f} and {of[-1]:.2f}" for name, of in learned.items())
    return Result(numbers, series, claims(found, f"with fewest and most planes {ends}"), reasons, data)


def claims(found: dict[str, Spread], learned: str) -> list[Claim]:
    def most(end, names, base, how="all widths"):
        lines = {name: f"{name} - {base}, {how}" for name in names if name != base}
        return extreme(max, {name: getattr(found[line], end) for name, line in lines.items()})

    (wide, at_wide), (narrow, at_narrow) = (
        most("low", LEARNED, RANDOM, at) for at in ("widest", "narrowest")
    )
    (gabor, above), (still, _) = (most("high", LEARNED, base) for base in (GABOR, RANDOM))
    last, best = most("high", LEARNED, GABOR, "widest")
    remark = above if last is None else f"{above}; in the widest layer alone {last:+.2f}, {best}"
    (means, better), (bare, _) = (most("low", (IMPRINTED, GABOR, *LEARNED), base) for base in (MEANS, RANDOM))
    # fmt: off
    return [
        above_zero("the gain of learning over random weights shrinks with width: hard competition, narrowest "
                   "- widest, points, lower end", "Illing et al. 2019 (abstract); Coates, Lee & Ng 2011",
                   "no gain in large layers", found[f"{HARD} - {RANDOM}, narrowest - widest"], OTHER,
                   found[f"{OTHER} - {RANDOM}, narrowest - widest"], learned),
        above_zero("so does its gain over random patches: points, lower end", "Coates & Ng 2011 (reported)",
                   "random patches nearly as good", found[f"{HARD} - {IMPRINTED}, narrowest - widest"], OTHER,
                   found[f"{OTHER} - {IMPRINTED}, narrowest - widest"]),
        Claim("in the widest layer no rule beats random weights: the highest lower end of a gain, points",
              "Illing et al. 2019 (abstract)", "no better than random in large layers", None, 0, NONE,
              wide, "in the narrowest", narrow,
              f"{at_wide}; in the narrowest {at_narrow}"),
        above_zero("local fields beat all-to-all, at equal numbers of random features: points, mean "
                   "over widths, lower end", "Illing et al. 2019 (abstract)", "clearly beat all-to-all",
                   found[f"{RANDOM} - {DENSE}, all widths"], SHUFFLED,
                   found[f"{SHUFFLED} - {DENSE}, all widths"]),
        Claim("random Gabor functions rival learning: highest upper end of a lead, mean over widths, "
              "points",
              "Illing et al. 2019 (abstract)", "no better than random Gabor", None, CLOSE,
              f"set before the run: {CLOSE} point", gabor, "over random weights", still, remark),
        Claim("k-means is as good as anything: highest lower end of a lead over it, mean over "
              "widths, points",
              "Coates, Lee & Ng 2011", "k-means beat the others", None, 0, NONE, means,
              "over random weights", bare, better),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 8), result.series
    above, below = page.subfigures(2, 1)
    (rest, fields), widths = above.subplots(1, 2), s["widths"]
    of = {name: s[f"correct (%) {name}"] for name in (*NAMES, DENSE, SHUFFLED)}
    curves_panel(
        rest, widths, {name: of[name] for name in NAMES}, "planes", "test digits correct (%)", legend=False
    )
    three = {name: of[name] for name in (RANDOM, DENSE, SHUFFLED)}
    curves_panel(fields, widths, three, "planes", "test digits correct (%)")
    fields.set_title("random weights: local fields, all-to-all,\nand local fields on shuffled pixels")
    for axes in (rest, fields):
        axes.set_xscale("log", base=2)
        axes.set_xticks(widths, [f"{n}" for n in widths])
        axes.minorticks_off()
    for axes, base in zip(below.subplots(1, 2), (RANDOM, IMPRINTED), strict=True):
        ends = ("narrowest", 0, widths[0]), ("widest", -1, widths[-1])
        rows = {f"{name}, {planes}": (f"{name} - {base}", how, end)
                for name in NAMES if name != base for how, end, planes in ends}  # fmt: skip
        gains = {row: s[f"gain {pair}"][:, end] for row, (pair, _, end) in rows.items()}
        intervals = {row: s[f"interval {pair}, {how}"] for row, (pair, how, _) in rows.items()}
        differences_panel(axes, gains, intervals, "points")
        axes.set_title(f"gain over {base}\nwith {widths[0]} and with {widths[-1]} planes")
    above.legend(*rest.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return page


if __name__ == "__main__":
    main(run, draw)
