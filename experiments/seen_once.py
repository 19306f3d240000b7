"""Seen once, digits are read by what SoftHebb learned of them no better than by backpropagation's features.

Stimuli   handwritten digits, 16 by 16 pixels, of which 10 to all of the training part are shown, once each;
          fewer are always a part of more.
Model     the narrow one of compare_learning_rules: two stages of 5x5 filters, rectified, and the maxima of
          blocks of 2x2; 4 and 8 planes.
Learning  in one pass, 8 digits a step: hard competition and SoftHebb, which see no label; backpropagation.
          Controls: the initial weights, random patches of the digits shown, random Gabor functions; and
          backpropagation in 25 passes. Three trials each (the initial weights one), among which the
          validation part chooses; net and rates were settled on validation parts of seeds 100 and 101.
Labels    in the readout: 10 of each class whatever is shown without labels; or those of all that is shown,
          which is what backpropagation learns from. And in the choice among trials, of the validation part.
Measured  accuracy of a linear (ridge) readout on the test part. Five seeds, paired, Student's 95 % interval.
Expected  the more is seen the better are filters learned without labels, but not random patches; SoftHebb
          beats backpropagation where all is seen once, and not where it is seen often.
"""

from dataclasses import asdict, astuple, replace
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.comparison import Design, above_zero, compare, known_difference
from neuro.comparison.rules import RULES, TRIALS, FromRandomDecision, compared_parts, data_of
from neuro.experiment import Result, Settings, main
from neuro.learning import LayerByLayer
from neuro.models.convnet import feature_chain
from neuro.models.initial import randomised
from neuro.plotting import curves_panel, differences_panel, figure

RANDOM, IMPRINTED, GABOR = CONTROLS = "untrained", "imprinted", "random Gabor"
HARD, SOFT, BACK, OFTEN = "hard competition", "SoftHebb", "backpropagation", "backpropagation, 25 passes"
WITHOUT = (*CONTROLS, HARD, SOFT)
FIXED, ALL = "10 labels of each class", "all labels"
NAMES = {FIXED: WITHOUT, ALL: (*WITHOUT, BACK, OFTEN)}
BASES = {FIXED: RANDOM, ALL: BACK}  # that gains are counted from
LABELS, BATCH, FASTER = 10, 8, 3  # of each class; stimuli a step; times the rates of backpropagation


def shown_once(learner):
    """The same rule in a single pass; what makes no passes as it is."""
    if isinstance(learner, LayerByLayer):
        return replace(learner, epochs=1, batch_size=BATCH)
    if isinstance(learner, FromRandomDecision):
        rate = FASTER * learner.rule.learning_rate  # of fewer steps
        return replace(learner, rule=replace(learner.rule, epochs=1, batch_size=BATCH, learning_rate=rate))
    return learner


def search(name):
    if name == OFTEN:
        return RULES[BACK]
    learners = tuple(map(shown_once, RULES[name].settings["learner"]))
    return replace(RULES[name], settings={"learner": learners})


def chain(generator):
    return randomised(feature_chain((4, 8), padding=2), generator)


def parts(settings, n, labels, generator):
    """The first n stimuli of the training part, and the labels of a fixed part of it or of these n."""
    every = compared_parts(settings, LABELS, generator)
    shown = every.unlabelled[:n]
    return replace(every, unlabelled=shown, train=shown if labels == ALL else every.train)


def correct(settings, seeds, n, labels):
    """Percent of the test digits, (seeds,), of every rule that was shown n stimuli."""
    trials, of_these = settings.pick(1, TRIALS, TRIALS), partial(parts, settings, n, labels)
    design = Design(chain, of_these, trials, {}, (), (), counted_on=0, device=settings.device,
                    cache=settings.cache)  # fmt: skip
    table = compare({name: search(name) for name in NAMES[labels]}, design, seeds, settings.jobs)
    return {name: 100 * table.runs(name, "accuracy") for name in table.rules}


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 5)
    counts = settings.pick((30, 100), (10, 30, 100, 300, 899), (10, 30, 100, 300, 1000, 3000, 10_000))
    every = {labels: [correct(settings, seeds, n, labels) for n in counts] for labels in NAMES}
    runs = {f"{name}, {labels}": np.stack([of[name] for of in every[labels]], axis=1)
            for labels, names in NAMES.items() for name in names}  # fmt: skip
    gains = {f"{name} - {base}, {labels}": runs[f"{name}, {labels}"] - runs[f"{base}, {labels}"]
             for labels, base in BASES.items() for name in NAMES[labels]}  # fmt: skip
    most_and_fewest = {f"{name}, most - fewest": runs[f"{name}, {FIXED}"][:, [-1, 0]].T
                       for name in (SOFT, IMPRINTED)}  # fmt: skip
    found = {f"{pair}, {how}": known_difference(of[:, end], np.zeros(len(of)))
             for pair, of in gains.items() for how, end in (("fewest", 0), ("most", -1))}  # fmt: skip
    found |= {name: known_difference(*pair) for name, pair in most_and_fewest.items()}
    numbers = {f"correct (%), {name}, {n} shown (mean)": of[:, i].mean()
               for name, of in runs.items() for i, n in enumerate(counts)}  # fmt: skip
    numbers |= {f"{name} ({end})": x for name, of in found.items() for end, x in asdict(of).items()}
    series = {f"correct (%) {name}": of for name, of in runs.items()} | {"shown": np.array(counts)}
    series |= {f"gain {pair}": of for pair, of in gains.items()}
    series |= {f"interval {name}": np.array(astuple(of)) for name, of in found.items()}
    reasons = dict.fromkeys(numbers, "one seed has no interval, and a rule that failed no number")
    data = data_of(partial(parts, settings, counts[-1], ALL), seeds)
    return Result(numbers, series, claims(found, series), reasons, data)


def claims(found, s):
    def over(name, how="most"):
        return found[f"{name} - {BACK}, {ALL}, {how}"]

    means = s[f"gain {SOFT} - {BACK}, {ALL}"].mean(0)
    course = ", ".join(f"{n}: {mean:+.1f}" for n, mean in zip(s["shown"], means, strict=True))
    moraitis = "Moraitis et al. 2022 (abstract)"
    # fmt: off
    return [
        above_zero("SoftHebb beats backpropagation where all stimuli are seen once: points, lower end",
                   moraitis, "better when data is seen once", over(SOFT), "untrained instead", over(RANDOM),
                   f"means by stimuli seen, {course}"),
        above_zero("one pass is too little for backpropagation: 25 passes - one, points, lower end", moraitis,
                   "better when data is seen once", over(OFTEN), "of the fewest", over(OFTEN, "fewest")),
        above_zero("the more is seen without labels the better is what SoftHebb learned: most - fewest, "
                   "points, lower end", "a control of this project", "learned from what is seen",
                   found[f"{SOFT}, most - fewest"], "random patches instead",
                   found[f"{IMPRINTED}, most - fewest"]),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 7), result.series
    above, below = page.subfigures(2, 1)
    (left, right), shown = above.subplots(1, 2), s["shown"]
    few = {name: s[f"correct (%) {name}, {FIXED}"] for name in NAMES[FIXED]}
    over = {name: s[f"gain {name} - {BACK}, {ALL}"] for name in NAMES[ALL]}
    curves_panel(left, shown, few, "digits shown, once each", "test digits correct (%)", legend=False)
    curves_panel(right, shown, over, "digits shown, once each", "points over backpropagation", legend=False)
    low, *_, high = s[f"correct (%) {BACK}, {ALL}"].mean(0)
    left.set_title(f"read with {FIXED}")
    right.set_title(f"read with {ALL} of those shown\n(backpropagation: {low:.0f} to {high:.0f} % correct)")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(shown, [f"{n}" for n in shown])
        axes.minorticks_off()
    above.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    for axes, (labels, base) in zip(below.subplots(1, 2), BASES.items(), strict=True):
        names = [name for name in NAMES[labels] if name != base]
        pairs = {name: s[f"gain {name} - {base}, {labels}"][:, -1] for name in names}
        intervals = {name: s[f"interval {name} - {base}, {labels}, most"] for name in names}
        differences_panel(axes, pairs, intervals, "points")
        axes.set_title(f"gain over {base},\n{shown[-1]} shown, {labels}")
    return page


if __name__ == "__main__":
    main(run, draw)
