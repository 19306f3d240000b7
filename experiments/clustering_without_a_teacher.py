"""Untaught, the net of 1980 groups drawn digits by form, wherever they lie; handwritten ones, hardly.

Stimuli   the drawn digits 0 to 4, at all places up to 2 pixels away. Handwritten digits 0 to 9, made black
          and white on a retina of 16x16, 10 of each class to learn from. All also with 1 to 8 % of pixels
          flipped.
Model     the net of 1980, 24 planes; for handwritten digits also with US2 and US3 more selective, r = 3, as
          the printed 1.5 gave few groups (looked at in the validation parts of two other seeds).
Learning  WinnerTakeAll, all layers together, 100 presentations; no label is shown. Controls: untrained;
          k-means of the pixels, with as many groups as the net formed; the net's groups dealt at random.
Measured  the group of an image is its winner, the UC3 cell that answers most; the silent are one more group.
          Mutual information of groups and labels, normalised (NMI: 1 the same, 0 independent); purity, the
          share of images whose label is the commonest of their group. Purity grows with the number of groups.
Expected  a group for each drawn digit, at any place, also with a few pixels flipped; k-means groups by place.
          Of handwritten digits nothing is published.
"""

from dataclasses import asdict, astuple, replace
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from neuro import preparations as made
from neuro.analysis import paired_difference, winner
from neuro.comparison import above_zero
from neuro.datasets import load, subset
from neuro.distortions import flipped_pixels, shifted
from neuro.experiment import Claim, Result, Settings, checksum, fit_cached, main, over_seeds
from neuro.models.neocognitron import FUKUSHIMA_1980, neocognitron
from neuro.patterns import standard_digits
from neuro.plotting import curves_panel, dots_panel, figure, image_grid
from neuro.recording import record
from neuro.stimuli import Stimuli, resized

DIGITS = standard_digits()
FLIPPED = (0, 0.01, 0.02, 0.04, 0.08)
DRAWN, HAND = "drawn", "handwritten"
NET, FIRM, BARE, MEANS, DEALT = "as printed", "r = 3", "untrained", "k-means", "at random"
STAGES = (FUKUSHIMA_1980[0], *(replace(stage, r=3.0) for stage in FUKUSHIMA_1980[1:]))
SHOWN = {DRAWN: (NET, BARE, MEANS, DEALT), HAND: (NET, BARE, MEANS, DEALT, FIRM)}
LARGEST = 9  # groups to be drawn


def handwritten(settings, seed):
    """What is learned from, and the test digits: 0 or 1, as drawn ones are."""
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    learned_from = subset(splits.train, settings.pick(3, 10, 10), generator)
    parts = learned_from, splits.test[: settings.pick(60, 500, 500)]
    sized = (resized(part, 16, margin=3) for part in parts)
    return tuple(Stimuli((part.images > 0.5).float(), part.conditions) for part in sized)


def untaught_net(stages=FUKUSHIMA_1980, device="cpu"):
    return neocognitron(stages).to(device)


def winners(net, stimuli):
    return winner(record(net, stimuli, ["UC3"])["UC3"][:, :, 0, 0])


def scores(groups, labels):
    """NMI, purity, the number of groups, the share of images that no cell answers. Shapes: (4,)."""
    from sklearn.metrics import normalized_mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix

    purity = contingency_matrix(labels, groups).max(0).sum() / len(labels)
    formed = len(np.unique(groups[groups >= 0]))
    return np.array([normalized_mutual_info_score(labels, groups), purity, formed, (groups < 0).mean()])


def grouped(kind, nets, learned_from, test, seed):
    """The scores of every way of grouping, at each share of flipped pixels. Shapes: (shares, 4)."""
    from sklearn.cluster import KMeans

    generator, dealer = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    tests = [flipped_pixels(test, share, generator) for share in FLIPPED]
    groups = {name: [winners(net, each) for each in tests] for name, net in nets.items()}
    best = FIRM if FIRM in nets else NET
    formed = max(1, len(np.unique(groups[best][0])))
    pixels = [each.images.flatten(1).numpy().astype(float) for each in (learned_from, *tests)]
    with threadpool_limits(1):
        means = KMeans(formed, n_init=4, random_state=seed).fit(pixels[0])
        groups[MEANS] = [means.predict(each) for each in pixels[1:]]
    groups[DEALT] = [dealer.permutation(each) for each in groups[best]]
    labels = test.condition("label")
    found = {f"{kind}: {how}": np.stack([scores(g, labels) for g in each]) for how, each in groups.items()}
    return found, groups[best][0]


def one_seed(settings, seed):
    generator, cache = torch.Generator().manual_seed(seed), settings.cache
    places = np.repeat(np.mgrid[-2:3, -2:3].reshape(2, -1), len(DIGITS), axis=1)
    moved = shifted(DIGITS[np.tile(np.arange(len(DIGITS)), 25)], *places)
    shown = made.shifted_at_random(DIGITS, made.TIMES_1980, made.REACH_1980, generator)
    on_device = partial(untaught_net, device=settings.device)
    nets = {NET: made.neocognitron_1980(seed, cache, build=on_device), BARE: on_device()}
    found, _ = grouped(DRAWN, nets, shown, moved, seed)
    train, test = handwritten(settings, seed)
    untaught = {NET: on_device(), FIRM: on_device(STAGES)}
    nets = {name: fit_cached(made.RULE_1980, net, train.without("label"), seed, cache)
            for name, net in untaught.items()}  # fmt: skip
    on_hand, groups = grouped(HAND, nets | {BARE: untaught[FIRM]}, train, test, seed)
    return found | on_hand, pictures(groups, test), checksum(moved, train, test)


def pictures(groups, test):
    """The mean image of the largest groups; their share of the images, their commonest label, its share."""
    names, counts = np.unique(groups, return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")[:LARGEST]]
    means, about = [], []
    for name in largest:
        own = test[groups == name]
        labels = np.bincount(own.condition("label"))
        means.append(own.images.mean(0)[0].numpy())
        about.append((name, len(own) / len(test), labels.argmax(), labels.max() / len(own)))
    return np.stack(means), np.array(about)


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 10, 20)
    found, pictured, data = zip(*over_seeds(partial(one_seed, settings), seeds, settings.jobs), strict=True)
    s = {name: np.stack([each[name] for each in found]) for name in found[0]}
    names = "NMI", "purity", "groups", "silent (share)"
    numbers = {f"{way}, {what} at {share:.0%} flipped (mean)": s[way][:, i, j].mean()
               for way in s for j, what in enumerate(names) for i, share in enumerate(FLIPPED)}  # fmt: skip
    pairs = {(kind, one): paired_difference(s[f"{kind}: {one}"][:, 0, 0], s[f"{kind}: {MEANS}"][:, 0, 0])
             for kind in SHOWN for one in SHOWN[kind] if one != MEANS}  # fmt: skip
    numbers |= {f"{kind}: {one} - {MEANS}, NMI ({end})": x
                for (kind, one), pair in pairs.items() for end, x in asdict(pair).items()}  # fmt: skip
    nets, bare = s[f"{DRAWN}: {NET}"].mean(0), s[f"{DRAWN}: {BARE}"].mean(0)
    hand = ", ".join(f"{way} {s[f'{HAND}: {way}'][:, 0, 1].mean():.2f}" for way in SHOWN[HAND])
    means = s[f"{DRAWN}: {MEANS}"][:, 0, 0].mean()
    paper, every = "Fukushima 1980", "the paper, of one run; asked of every seed"
    perfect = f"NMI, mean of seeds; perfect in {(s[f'{DRAWN}: {NET}'][:, 0, 0] > 0.999).mean():.0%} of them"
    # fmt: off
    claims = [
        Claim("drawn digits moved by up to 2 pixels: groups are the digits: NMI", paper,
              "each digit its own cell, wherever it lies", 1, 1, every, nets[0, 0], BARE, bare[0, 0],
              f"{perfect}; purity {nets[0, 1]:.3f}"),
        above_zero("grouped by form and not by place: NMI above that of k-means of pixels, lower end",
                   "Fukushima 1980 (abstract)", "similarity of shape, not affected by position",
                   pairs[DRAWN, NET], f"{BARE} - {MEANS}", pairs[DRAWN, BARE],
                   f"form counts even untaught, a little: {BARE} {bare[0, 0]:.2f}, {MEANS} {means:.2f}"),
        Claim("the same with 1 % of pixels flipped, 3 of 256: NMI", f"{paper}, Fig. 6 (g)",
              "noisy patterns drive the same cell", 1, 1, every, nets[1, 0], BARE, bare[1, 0],
              f"2 %: {nets[2, 0]:.3f}, 8 %: {nets[4, 0]:.3f}"),
        Claim(f"handwritten digits: purity of the groups, {FIRM}", "a later net, of 1997 (abstract)",
              "over 97 % of ETL-1 digits, by labelled cells", None, None,
              "another net, other digits: beside, not against", s[f"{HAND}: {FIRM}"][:, 0, 1].mean(),
              DEALT, s[f"{HAND}: {DEALT}"][:, 0, 1].mean(), f"purity: {hand}"),
    ]
    # fmt: on
    s |= {f"interval, {kind}: {one}": np.array(astuple(pair)) for (kind, one), pair in pairs.items()}
    s |= {"groups of the first net": pictured[0][0], "about these groups": pictured[0][1]}
    return Result(numbers, s, claims, dict.fromkeys(numbers, "one seed has no interval"), "+".join(data))


def draw(result: Result) -> Figure:
    page, s = figure(7, 9), result.series
    above, middle, below = page.subfigures(3, 1, height_ratios=(2, 1.1, 0.65))
    titles = {DRAWN: "drawn digits 0 to 4, moved", HAND: "handwritten digits 0 to 9"}
    columns = above.subplots(2, 2, sharex="col", sharey=True).T
    for kind, dots, noise in zip(titles, columns, middle.subplots(1, 2, sharey=True), strict=True):
        for row, what in enumerate(("groups and labels (NMI)", "purity of the groups")):
            dots_panel(dots[row], {way: s[f"{kind}: {way}"][:, 0, row] for way in SHOWN[kind]}, what)
        dots[0].set(title=titles[kind], ylim=(-0.03, 1.05))
        curves = {way: s[f"{kind}: {way}"][:, :, 0] for way in SHOWN[kind]}
        percent = [100 * share for share in FLIPPED]
        curves_panel(noise, percent, curves, "pixels flipped (%)", "groups and labels (NMI)", legend=False)
        noise.set_title(f"{kind}, in noise (colours as above)")
    lines = [
        f"{size:.0%}{' silent' if name < 0 else ''}\n{most:.0%} are {label:.0f}"
        for name, size, label, most in s["about these groups"]
    ]
    image_grid(below, s["groups of the first net"], lines)
    below.suptitle(f"handwritten, {FIRM}, first net: its largest groups (mean image; size; commonest digit)")
    return page


if __name__ == "__main__":
    main(run, draw)
