"""Do the classes of digits come apart in the last layer? Maps by t-SNE, and what is true of the features.

Stimuli   600 handwritten test digits on a retina of 16x16, which no net has learned from.
Model     the nets of compare_learning_rules: two stages of 1980, read at UC2; and the pixels themselves.
Learning  untrained; winner-take-all; backpropagation with 20 labels a class. Three candidate settings for
          each rule that has settings, chosen on the validation part.
Measured  t-SNE of the first 50 principal components (perplexity 30, begun at the first two). Purity of the
          ten nearest neighbours, silhouette, ARI and NMI of k-means: in the features, and in the picture for
          comparison; trustworthiness of the picture. Five seeds: split, weights and order all vary.
Expected  classes are purer among neighbours after backpropagation than among pixels; the picture flatters:
          k-means finds classes in it better than in the features; purity moves little, and neighbours in
          the picture are neighbours in the features (trustworthiness).

`--model module:function` adds your net, for images (B, 1, 32, 32): what it gives out, (B, K) or (B, K, H, W),
is shown; for a hidden layer let the function return the net up to there. `--images DIR` shows your pictures
in place of the test digits; those in class folders are scored, others only drawn.
"""

from collections import OrderedDict
from dataclasses import astuple, fields
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.manifold import trustworthiness
from torch import nn

from neuro.analysis import ClusterScores, cluster_scores, features, paired_difference, pca, tsne
from neuro.comparison import CANDIDATES, LABELS, LAYER, PLANES, SIZE, above_zero, bench, chosen, retina
from neuro.datasets import folder, pictures
from neuro.experiment import Claim, Result, Settings, UserError, checksum, main, over_seeds
from neuro.plotting import dots_panel, embedding_panel, figure
from neuro.recording import record
from neuro.stimuli import Stimuli, concatenate, resized

SETS = ("pixels", "untrained", "winner-take-all", "backpropagation")
OWN, OWN_SIZE = "your model", 32  # pixels
SCORES = [field.name for field in fields(ClusterScores)]
DOTS = {
    "purity_features": "neighbour purity, features",
    "ari_features": "ARI of k-means, features",
    "ari_picture": "ARI of k-means, picture",
}
NO_LABELS = "the pictures are not in class folders, so they have no labels"


def own_pictures(path: str) -> Stimuli:
    """All the pictures of a folder, with labels if they lie in class folders."""
    if not Path(path).is_dir() or not any(part.is_dir() for part in Path(path).iterdir()):
        return pictures(path, SIZE)
    parts = folder(path, torch.Generator().manual_seed(0), SIZE)
    return concatenate([parts.train, parts.validation, parts.test])


def recorded(settings: Settings, seed: int) -> tuple[dict[str, np.ndarray], Stimuli]:
    """The features (n, F) of each set, and the stimuli they answer to."""
    quick = settings.scale == "quick"
    own = bench(settings, seed, PLANES, 5 if quick else LABELS)
    shown = own_pictures(settings.images) if settings.images else own.test[: settings.pick(100, 600, 1000)]
    nets = {name: chosen(CANDIDATES[name][: 1 if quick else 3], own, settings.cache)[1] for name in SETS[1:]}
    seen = {name: features(record(net, shown, [LAYER])[LAYER]) for name, net in nets.items()}
    seen = {"pixels": features(record(retina(), shown)["pixels"]), **seen}
    if settings.model:
        net = nn.Sequential(OrderedDict({OWN: settings.own_model()}))
        try:
            seen[OWN] = features(record(net, resized(shown, OWN_SIZE))[OWN])
        except RuntimeError as error:
            raise UserError(f"--model {settings.model} does not take (B, 1, 32, 32): {error}") from error
    return seen, shown


def scored(rows: np.ndarray, picture: np.ndarray, shown: Stimuli, seed: int) -> np.ndarray:
    """All SCORES; without labels the trustworthiness alone."""
    if "label" in shown.conditions:
        return np.array(astuple(cluster_scores(rows, picture, shown.labels.numpy(), seed)))
    near = min(10, (len(rows) - 1) // 2)
    return np.array([trustworthiness(rows, picture, n_neighbors=near), *[np.nan] * (len(SCORES) - 1)])


def examined(settings: Settings, seed: int) -> dict[str, np.ndarray | str]:
    """Of one seed: each set's map, its scores, and those of its first two principal components instead."""
    seen, shown = recorded(settings, seed)
    found: dict[str, np.ndarray | str] = {"data": checksum(shown)}
    found["labels"] = shown.labels.numpy() if "label" in shown.conditions else np.full(len(shown), "")
    for name, rows in seen.items():
        found[f"map {name}"] = tsne(rows, seed)
        found[f"scores {name}"] = scored(rows, found[f"map {name}"], shown, seed)
        found[f"plane {name}"] = scored(rows, pca(rows, 2), shown, seed)
        found[f"dimension {name}"] = np.array(rows.shape[1])
    return found


def run(settings: Settings) -> Result:
    runs = over_seeds(partial(examined, settings), settings.seed_list(1, 5, 10), settings.jobs)
    data = "+".join(dict.fromkeys(one.pop("data") for one in runs))
    names = [key.removeprefix("map ") for key in runs[0] if key.startswith("map ")]
    scores = {name: np.stack([one[f"scores {name}"] for one in runs]) for name in names}
    planes = {name: np.stack([one[f"plane {name}"] for one in runs]) for name in names}
    series = {f"map {name}": runs[0][f"map {name}"] for name in names} | {"labels": runs[0]["labels"]}
    series |= {
        f"{score} {name}": runs[:, k] for name, runs in scores.items() for k, score in enumerate(SCORES)
    }
    series |= {f"plane of two components {name}": values for name, values in planes.items()}
    numbers = {
        f"{score}, {name} (mean)": series[f"{score} {name}"].mean() for name in names for score in SCORES
    }
    numbers |= {
        f"{score}, {name} (the map drawn)": series[f"{score} {name}"][0] for name in names for score in SCORES
    }
    numbers |= {f"features, {name}": int(runs[0][f"dimension {name}"]) for name in names}
    made = [] if settings.images else claims(scores, planes)  # the claims are of digits
    return Result(numbers, series, made, dict.fromkeys(numbers, NO_LABELS), data)


def claims(scores: dict[str, np.ndarray], planes: dict[str, np.ndarray]) -> list[Claim]:
    def of(score: str, name: str, source: dict[str, np.ndarray] = scores) -> np.ndarray:
        return source[name][:, SCORES.index(score)]

    def flattered(score: str, source: dict[str, np.ndarray]) -> np.ndarray:
        """By how much a picture of the pixels scores better than the pixels."""
        return of(f"{score}_picture", "pixels", source) - of(f"{score}_features", "pixels", source)

    purity = {name: of("purity_features", name) for name in SETS}
    kept, plane_kept = (
        min(of("trustworthiness", name, source).min() for name in SETS) for source in (scores, planes)
    )
    moved = {score: max(np.abs(flattered(score, scores))) for score in ("purity", "ari")}
    none = np.zeros_like(purity["pixels"])
    mnist = "1000 digits of MNIST (reported)"
    return [
        above_zero("the last hidden layer shows the classes: purity of neighbours, above that of pixels, "
                   "lower end", "decks: t-SNE or PCA on last hidden layer, MNIST", "clusters",
                   paired_difference(purity["backpropagation"], purity["pixels"]), "untrained - pixels",
                   paired_difference(purity["untrained"], purity["pixels"])),
        above_zero("the picture flatters: ARI of k-means in the map of pixels, above the pixels', lower end",
                   mnist, "0.48 against 0.34", paired_difference(flattered("ari", scores), none),
                   "a plane of two principal components", paired_difference(flattered("ari", planes), none)),
        Claim("neighbours in the map are neighbours in the features: least trustworthiness", mnist,
              "0.97-0.98", 0.95, None, "set before the run", kept,
              "a plane of two principal components", plane_kept),
        Claim("purity moves little from the pixels to their map: largest change", mnist, "0.03", None, 0.05,
              "set before the run", moved["purity"], "what ARI moves", moved["ari"]),
    ]  # fmt: skip


def draw(result: Result) -> Figure:
    names = [key.removeprefix("map ") for key in result.series if key.startswith("map ")]
    rows = -(-len(names) // 2)
    page = figure(7.0, 3.3 * rows + 2.6)
    above, below = page.subfigures(2, 1, height_ratios=[3.3 * rows, 2.6])
    panels = above.subplots(rows, 2).ravel()
    for axes, name in zip(panels, names, strict=False):
        embedding_panel(axes, result.series[f"map {name}"], result.series["labels"])
        axes.set_title(f"{name} ({result.numbers[f'features, {name}']} features)")
        shown = {score: result.numbers[f"{score}, {name} (the map drawn)"] for score in SCORES}
        axes.set_xlabel(told(shown))
        axes.set_ylabel("")
    for axes in panels[len(names) :]:
        axes.remove()
    for axes, (score, label) in zip(below.subplots(1, len(DOTS)), DOTS.items(), strict=True):
        dots_panel(axes, {name: result.series[f"{score} {name}"] for name in names}, label)
        axes.set_ylim(-0.05, 1)
    return page


def told(score: dict[str, float | None]) -> str:
    """The numbers under a panel, a line for the features and one for the picture."""
    known = {name: "-" if value is None else f"{value:.2f}" for name, value in score.items()}
    lines = [
        f"{where}: purity {known[f'purity_{key}']}, ARI {known[f'ari_{key}']}, NMI {known[f'nmi_{key}']}, "
        f"silhouette {known[f'silhouette_{key}']}"
        for where, key in (("features", "features"), ("picture", "picture"))
    ]
    return "\n".join([*lines, f"trustworthiness of the picture {known['trustworthiness']}"])


if __name__ == "__main__":
    main(run, draw, takes=("model", "images"))
