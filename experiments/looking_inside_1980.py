"""Drawn back to the retina by its weights, a plane's feature is its seed: plainly in US1, hardly in US3.

Stimuli   the digits 0 to 4, 20 times each, moved at random by up to 2 pixels; and 40 times each.
Model     fukushima_1980(); the net of the first seed is shown, the claims are of all seeds.
Learning  WinnerTakeAll, all layers together. What each layer did at each presentation is kept.
Measured  seed: the image, and the window in it, that first reinforced a plane. Feature: what a plane learned,
          drawn back to the retina by the weights themselves: from an S-cell through a / b to the C-cells that
          it looks at, through d to their S-cells, and so on; linear, inhibition left out. Average: the mean
          image, weighted by the answers of one cell of the plane. Own: the correlation, over the pixels of
          the window, of a plane's feature with what lay in the window of its seed; others: with what lay in
          those of other planes' seeds. Growth of b: the mean b of a layer after 200 presentations over that
          after 100.
Expected  own > others in every layer; b grows with every reinforcement (eq. 8) and has no bound, while what
          the cells answer does not grow.
"""

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import paired_difference
from neuro.comparison import above_zero
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.learning import presentations
from neuro.patterns import standard_digits
from neuro.physiology import learned_features, retinal_features, seed_cells
from neuro.plotting import curves_panel, figure, response_strip, response_strips, window_strip
from neuro.preparations import TIMES_1980, neocognitrons_1980, shown_1980
from neuro.recording import record

DIGITS, LAYERS, FIELD = standard_digits(), ("US1", "US2", "US3"), (16, 16)
ROWS = "seed", "feature", "average"
COURSES = "planes that have learned", "silent columns (%)", "mean b"
OWN, OTHERS, NEXT, GROWTH, ANSWERS = "own", "others", "next plane's", "growth of b", "growth of answers"


def specialised(net, shown):
    """Mean correlations of features with own seeds, with other planes' seeds, and each with the next's."""
    features, found = retinal_features(net), {}
    for layer in LAYERS:
        seeds = seed_cells(net, layer, (1, *FIELD))
        n, own = len(seeds.plane), features[layer][seeds.plane]
        both = np.corrcoef(np.concatenate([own, seeds.seen(shown)]).reshape(2 * n, -1))
        table = both[:n, n:]  # a row for each feature, a column for each seed
        found[f"{OWN}, {layer}"] = table.trace() / n
        found[f"{OTHERS}, {layer}"] = (table.sum() - table.trace()) / (n * n - n)
        found[f"{NEXT}, {layer}"] = np.roll(table, 1, axis=0).trace() / n
    return found


def grown(net, longer):
    """How many times b, and the largest answer to a digit, are larger after twice as many presentations."""
    found, answers = {}, [record(one, DIGITS, LAYERS) for one in (net, longer)]
    for layer in LAYERS:
        first, last = (presentations(one, layer).b[-1] for one in (net, longer))
        found[f"{GROWTH}, {layer}"] = last / first
        found[f"{ANSWERS}, {layer}"] = answers[1][layer].max() / answers[0][layer].max()
    return found


def inside(net, shown):
    """Pictures and curves of one net, "<layer>: <what>"."""
    s = {f"answers, {layer}": maps[0] for layer, maps in record(net, DIGITS[4]).responses.items()}
    features, averages = retinal_features(net), learned_features(net, shown)
    for layer in LAYERS:
        seeds, course = seed_cells(net, layer, (1, *FIELD)), presentations(net, layer)
        own = features[layer][seeds.plane]
        s[f"{layer}: seed"] = shown.images[seeds.image, 0].numpy()
        s[f"{layer}: corners"] = np.array([seeds.top, seeds.left])
        s[f"{layer}: sides"] = np.array([seeds.height, seeds.width])
        s[f"{layer}: feature"] = own if layer == "US1" else seeds.on_retina(own, FIELD)
        s[f"{layer}: average"] = averages[layer][seeds.plane]
        courses = course.planes_so_far, 100 * course.silent, course.b
        s |= {f"{layer}: {what}": curve for what, curve in zip(COURSES, courses, strict=True)}
    return s


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 10, 30)
    nets, longer = (neocognitrons_1980(seeds, times=times) for times in (TIMES_1980, 2 * TIMES_1980))
    found = [specialised(net, shown_1980(seed)) | grown(net, after)
             for seed, net, after in zip(seeds, nets, longer, strict=True)]  # fmt: skip
    s = {name: np.array([each[name] for each in found]) for name in found[0]}
    numbers = {name: values.mean() for name, values in s.items()}
    more = {layer: paired_difference(s[f"{OWN}, {layer}"], s[f"{OTHERS}, {layer}"]) for layer in LAYERS}
    least = min(LAYERS, key=lambda layer: more[layer].mean)
    scrambled = paired_difference(s[f"{NEXT}, {least}"], s[f"{OTHERS}, {least}"])
    far = {what: max((numbers[f"{what}, {layer}"] for layer in LAYERS), key=lambda times: abs(times - 2))
           for what in (GROWTH, ANSWERS)}  # fmt: skip
    told = "; ".join(f"{layer} " + " to ".join(f"{numbers[f'{what}, {layer}']:.2f}" for what in (OWN, OTHERS))
                     for layer in LAYERS)  # fmt: skip
    # fmt: off
    claims = [
        above_zero("a plane's feature is more like its own seed than like others: correlation, the layer of "
                   "least gain, lower end", "Fukushima 1980", "each plane is tuned to one feature",
                   more[least], "the next plane's seed for its own", scrambled, f"{least} has least; {told}"),
        Claim("b after twice as many presentations: times, the layer farthest from 2",
              "Fukushima 1980, eq. 8", "b grows with every reinforcement", 1.8, 2.2,
              "set before the run: within a tenth of 2", far[GROWTH], "the largest answer of a layer",
              far[ANSWERS], "; ".join(f"{layer} {numbers[f'{GROWTH}, {layer}']:.2f}" for layer in LAYERS)),
    ]
    # fmt: on
    shown = shown_1980(seeds[0])
    return Result(numbers, s | inside(nets[0], shown), claims, data=checksum(DIGITS, shown))


def draw(result: Result) -> Figure:
    page, s = figure(7, 9.6), result.series
    *above, answers, below = page.subfigures(5, 1, height_ratios=(1.3, 2.1, 2.6, 2.4, 1.9))
    for part, layer in zip(above, LAYERS, strict=True):
        grid = part.subplots(3, 1)
        window_strip(grid[0], s[f"{layer}: seed"], *s[f"{layer}: corners"], *s[f"{layer}: sides"])
        for axes, what in zip(grid[1:], ROWS[1:], strict=True):
            response_strip(axes, s[f"{layer}: {what}"])
        for axes, what in zip(grid, ROWS, strict=True):
            axes.set_ylabel(what, rotation=0, ha="right", va="center")
        part.suptitle(f"the planes of {layer} that learned (average black: answers nothing any more)")
    above[0].suptitle("the planes of US1 that learned (orange: the window of the seed cell)")
    response_strips(answers, {key[9:]: maps for key, maps in s.items() if key.startswith("answers, ")})
    answers.suptitle("what all 24 planes answer to the standard 4 (Fig. 7 of the paper)")
    for axes, what in zip(below.subplots(1, 3), COURSES, strict=True):
        curves = {layer: s[f"{layer}: {what}"] for layer in LAYERS}
        curves_panel(axes, range(1, 101), curves, "presentation", what, legend=what == "mean b")
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
