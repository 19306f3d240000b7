"""Digits seen once: does SoftHebb read them better than backpropagation does, as was reported?

Stimuli   handwritten digits, 16 by 16 pixels, of which 10 to all of the training part are shown, once each
          (899; of MNIST, --full, 10,000 of its 55,000 are called all); fewer are always a part of more, and
          classes not balanced.
Model     the narrow one of compare_learning_rules: two stages of 5x5 filters, rectified, and the maxima of
          blocks of 2x2; 4 and 8 planes.
Learning  in one pass, 8 digits a step: hard competition and SoftHebb, which see no label, at the rates of
          compare_learning_rules; backpropagation at three times those. Rates times steps are then about half
          of what they are there (0.4 and 0.48) where all is shown, and less of fewer digits. Controls: the
          initial weights, others, random patches of the digits shown, random Gabor functions; and
          backpropagation in 25 passes, at the rates and with the 32 digits a step of compare_learning_rules.
          Three trials each (the initial weights one), among which the validation part chooses; net and rates
          were settled on validation parts of seeds 100 and 101, of the same pool.
Labels    in the readout: 10 of each class whatever is shown without labels; or those of all that is shown,
          which is what backpropagation learns from. And in the choice among trials, of the validation part.
Measured  accuracy of a linear (ridge) readout on the test part. Five seeds, paired, Student's 95 % interval.
Expected  the more is seen the better are filters learned without labels, but not random patches; SoftHebb
          beats backpropagation where all is seen once, but not what has seen it often.
"""

from dataclasses import asdict, replace
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

RANDOM, OTHER, IMPRINTED, GABOR = CONTROLS = "untrained", "other weights", "imprinted", "random Gabor"
HARD, SOFT, BACK, OFTEN = "hard competition", "SoftHebb", "backpropagation", "backpropagation, 25 passes"
WITHOUT = (*CONTROLS, HARD, SOFT)
FIXED, ALL = "10 labels of each class", "all labels"
NAMES = {FIXED: WITHOUT, ALL: (*WITHOUT, BACK, OFTEN)}
BASES = {FIXED: RANDOM, ALL: BACK}  # that gains are counted from
MOVED, LUCK = "distance from start", "other weights - untrained"
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


def compared(settings, seeds, n, labels):
    """The table of every rule that was shown n stimuli."""
    trials, of_these = settings.pick(1, TRIALS, TRIALS), partial(parts, settings, n, labels)
    design = Design(chain, of_these, trials, {}, (), (), counted_on=0, device=settings.device,
                    cache=settings.cache)  # fmt: skip
    return compare({name: search(name) for name in NAMES[labels]}, design, seeds, settings.jobs)


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 5)
    counts = settings.pick((30, 100), (10, 30, 100, 300, 899), (10, 30, 100, 300, 1000, 3000, 10_000))
    tables = {labels: [compared(settings, seeds, n, labels) for n in counts] for labels in NAMES}
    runs = {f"{name}, {labels}": 100 * np.stack([table.runs(name, "accuracy") for table in of], axis=1)
            for labels, of in tables.items() for name in NAMES[labels]}  # fmt: skip
    moved = {name: np.stack([table.runs(name, MOVED) for table in tables[FIXED]], axis=1)
             for name in (HARD, SOFT)}  # fmt: skip
    gains = {f"{name} - {base}, {labels}": runs[f"{name}, {labels}"] - runs[f"{base}, {labels}"]
             for labels, base in BASES.items() for name in NAMES[labels] if name != base}  # fmt: skip
    found = {f"{pair}, {n} shown": known_difference(of[:, i], np.zeros(len(of)))
             for pair, of in gains.items() for i, n in enumerate(counts)}  # fmt: skip
    found |= {f"{name}, most - fewest": known_difference(*runs[f"{name}, {FIXED}"][:, [-1, 0]].T)
              for name in (SOFT, IMPRINTED)}  # fmt: skip
    found[LUCK] = known_difference(*(runs[f"{name}, {ALL}"][:, -1] for name in (OTHER, RANDOM)))
    numbers = {f"correct (%), {name}, {n} shown (mean)": of[:, i].mean()
               for name, of in runs.items() for i, n in enumerate(counts)}  # fmt: skip
    numbers |= {f"{MOVED}, {name}, {n} shown (mean)": of[:, i].mean()
                for name, of in moved.items() for i, n in enumerate(counts)}  # fmt: skip
    numbers |= {f"{name} ({end})": x for name, of in found.items() for end, x in asdict(of).items()}
    series = {f"correct (%) {name}": of for name, of in runs.items()} | {"shown": np.array(counts)}
    series |= {f"gain {pair}": of for pair, of in gains.items()}
    series |= {f"interval {name}": np.array([of.mean, of.low, of.high]) for name, of in found.items()}
    reasons = dict.fromkeys(numbers, "one seed has no interval, and a rule that failed no number")
    data = data_of(partial(parts, settings, counts[-1], ALL), seeds)
    return Result(numbers, series, claims(found, counts, moved[SOFT].mean(0)), reasons, data)


def claims(found, counts, moved):
    def over(name, n=counts[-1]):
        return found[f"{name} - {BACK}, {ALL}, {n} shown"]

    fewer = "; ".join(f"{n}: {over(SOFT, n).low:+.1f} to {over(SOFT, n).high:+.1f}" for n in counts[:-1])
    course = ", ".join(f"{n}: {far:.2f}" for n, far in zip(counts, moved, strict=True))
    moraitis = "Moraitis et al. 2022 (abstract)"
    # fmt: off
    return [
        above_zero("SoftHebb beats backpropagation where all stimuli are seen once: points, lower end",
                   moraitis, "better when data is seen once", over(SOFT), "other random weights instead",
                   over(OTHER), f"where fewer are shown, {fewer}"),
        above_zero("one pass is too little for backpropagation: 25 passes - one, points, lower end", moraitis,
                   "better when data is seen once", over(OFTEN), LUCK, found[LUCK]),
        above_zero("the more is seen without labels the better is what SoftHebb learned: most - fewest, "
                   "points, lower end", "a control of this project", "learned from what is seen",
                   found[f"{SOFT}, most - fewest"], "random patches instead",
                   found[f"{IMPRINTED}, most - fewest"], f"its distance from the start, {course}"),
    ]
    # fmt: on


def draw(result: Result) -> Figure:
    page, s = figure(7, 7), result.series
    above, below = page.subfigures(2, 1)
    (left, right), shown = above.subplots(1, 2), s["shown"]
    few = {name: s[f"correct (%) {name}, {FIXED}"] for name in NAMES[FIXED]}
    over = {name: s[f"gain {name} - {BACK}, {ALL}"] for name in NAMES[ALL] if name != BACK}
    curves_panel(left, shown, few, "digits shown, once each", "test digits correct (%)", legend=False)
    curves_panel(right, shown, over, "digits shown, once each", "points over backpropagation", legend=False)
    low, *_, high = s[f"correct (%) {BACK}, {ALL}"].mean(0)
    left.set_title(f"read with {FIXED}")
    right.set_title(f"read with {ALL} of those shown\n(backpropagation: {low:.0f} to {high:.0f} % correct)")
    right.axhline(0, color="black", linewidth=0.5, linestyle=":")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(shown, [f"{n}" for n in shown])
        axes.minorticks_off()
    above.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    for axes, (labels, base) in zip(below.subplots(1, 2), BASES.items(), strict=True):
        names = [name for name in NAMES[labels] if name != base]
        pairs = {name: s[f"gain {name} - {base}, {labels}"][:, -1] for name in names}
        intervals = {name: s[f"interval {name} - {base}, {labels}, {shown[-1]} shown"] for name in names}
        differences_panel(axes, pairs, intervals, "points")
        axes.set_title(f"gain over {base},\n{shown[-1]} shown, {labels}")
    return page


if __name__ == "__main__":
    main(run, draw)
