"""Do the classes of digits come apart in the last layer? Maps by t-SNE, and what is true of the features.

Stimuli   600 handwritten test digits on a retina of 16x16, which no net has learned from.
Model     the nets of learning_in_the_neocognitron: two stages of 1980, at UC2; and the pixels themselves.
Learning  untrained; winner-take-all; backpropagation with 20 labels a class. Three candidate settings for
          each rule that has settings, chosen on the validation part.
Measured  t-SNE of the first 50 principal components (perplexity 30, begun at the first two). Purity of the
          ten nearest neighbours, silhouette, ARI and NMI of k-means: in the features, and in the picture for
          comparison; trustworthiness of the picture. Five seeds: split, weights and order all vary. Pixels
          are mapped with every seed, the others with the first.
Expected  classes are purer among neighbours after backpropagation than among pixels; the picture flatters:
          k-means finds classes in it better than in the features; purity moves little, and neighbours in
          the picture are neighbours in the features (trustworthiness).

`--model module:function` adds your net, for images (B, 1, 32, 32): what it gives out, (B, K) or (B, K, H, W),
is shown; for a hidden layer let the function return the net up to there. `--images DIR` shows your pictures
in place of the test digits; those in class folders are scored, others only drawn.
"""

from dataclasses import asdict
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import cluster_scores, paired_difference, pca, trustworthiness, tsne
from neuro.comparison import SIZE, above_zero, bench, last_features, own_features, prepared
from neuro.datasets import all_pictures
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.plotting import dots_panel, embedding_panel, figure

SETS, OWN = ("pixels", "untrained", "winner-take-all", "backpropagation"), "your model"
SCORES = {"purity": "purity", "ari": "ARI", "nmi": "NMI", "silhouette": "silhouette"}
SPACES = ("features", "two components", "picture")
NO_LABELS = "the pictures are not in class folders, so they have no labels"


def examined(settings, seed):
    """One seed: the scores of each set in its features, in their first two components, and in its map."""
    own, images = bench(settings, seed), settings.images
    shown = all_pictures(images, SIZE) if images else own.test[: settings.pick(50, 600, 1000)]
    labels = shown.conditions.get("label")
    seen = {name: last_features(prepared(name, settings, own), shown) for name in SETS}
    if settings.model:
        seen[OWN] = own_features(settings, shown)
    found = {"data": checksum(shown), "labels": np.full(len(shown), "") if labels is None else labels}
    for name, rows in seen.items():
        spaces = {"features": pca(rows), "two components": pca(rows, 2)}
        found[f"number of features {name}"] = rows.shape[1]
        if name == "pixels" or seed == settings.seed:
            spaces["picture"] = found[f"map {name}"] = tsne(rows, seed)
        for space, points in spaces.items():
            scores = asdict(cluster_scores(points, labels, seed))
            found |= {f"{score}, {space} {name}": value for score, value in scores.items()}
            found[f"trustworthiness, {space} {name}"] = trustworthiness(rows, points)
    return found


def run(settings: Settings) -> Result:
    runs = over_seeds(partial(examined, settings), settings.seed_list(1, 5, 10), settings.jobs)
    data = "+".join(dict.fromkeys(one.pop("data") for one in runs))
    drawn = {name: value for name, value in runs[0].items() if np.ndim(value)}  # labels and maps
    series = {k: np.array([one[k] for one in runs if k in one]) for k in runs[0] if k not in drawn}
    numbers = {f"{name} (mean)": values.mean() for name, values in series.items()}
    made = [] if settings.images else claims(series)  # the claims are of digits
    return Result(numbers, series | drawn, made, dict.fromkeys(numbers, NO_LABELS), data)


def claims(series):
    def flattered(score, space="picture"):
        """A score of the pixels in a picture of them, and in the pixels."""
        return series[f"{score}, {space} pixels"], series[f"{score}, features pixels"]

    purity = {name: series[f"purity, features {name}"] for name in SETS}
    flat, kept = (min(series[f"trustworthiness, {of} {name}"].min() for name in SETS) for of in SPACES[1:])
    moved = {score: np.abs(np.subtract(*flattered(score))).max() for score in ("purity", "ari")}
    mnist = "measured before for this project, 1000 digits of MNIST, not published"
    return [
        above_zero("the last hidden layer shows the classes: purity of neighbours, above that of pixels, "
                   "lower end", "decks: t-SNE or PCA on last hidden layer, MNIST", "clusters",
                   paired_difference(purity["backpropagation"], purity["pixels"]), "untrained - pixels",
                   paired_difference(purity["untrained"], purity["pixels"])),
        above_zero("the picture flatters: ARI of k-means in the map of pixels, above the pixels', lower end",
                   mnist, "0.48 against 0.34", paired_difference(*flattered("ari")),
                   "a plane of two principal components", paired_difference(*flattered("ari", SPACES[1]))),
        Claim("neighbours in the map are neighbours in the features: least trustworthiness", mnist,
              "0.97-0.98", 0.95, None, "set before the run", kept,
              "a plane of two principal components", flat,
              "of the pixels with every seed, of the others with the first"),
        Claim("purity moves little from the pixels to their map: largest change", mnist, "0.03", None, 0.05,
              "set before the run", moved["purity"], "what ARI moves", moved["ari"]),
    ]  # fmt: skip


def draw(result: Result) -> Figure:
    def of(what, names):
        return {name: result.series[f"{what} {name}"] for name in names}

    names = [key.removeprefix("map ") for key in result.series if key.startswith("map ")]
    above, below = (page := figure(7.0, 9.0)).subfigures(2, 1, height_ratios=[3, 1])
    panels = above.subplots(-(-len(names) // 2), 2).ravel()
    for axes, name in zip(panels, names, strict=False):
        beneath = {
            space: {told: result.series[f"{score}, {space} {name}"][0] for score, told in SCORES.items()}
            for space in ("features", "picture")
        }
        kept = result.series[f"trustworthiness, picture {name}"][0]
        beneath["picture of the features"] = {"trustworthiness": kept}
        embedding_panel(axes, result.series[f"map {name}"], result.series["labels"], beneath=beneath)
        axes.set_title(f"{name} ({result.series[f'number of features {name}'][0]} features)")
    for axes in panels[len(names) :]:
        axes.remove()
    purity, ari, pixels = below.subplots(1, 3)
    dots_panel(purity, of("purity, features", names), "neighbour purity, features")
    dots_panel(ari, of("ari, features", names), "ARI of k-means, features")
    dots_panel(
        pixels, {space: result.series[f"ari, {space} pixels"] for space in SPACES}, "ARI of k-means, pixels"
    )
    return page


if __name__ == "__main__":
    main(run, draw, takes=("dataset", "model", "images"))
