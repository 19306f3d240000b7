"""Learning rules held against each other: one chain, one set of initial weights, one readout.

Each rule has the same number of candidate settings, among which the validation part chooses; what is
compared is read at the last C-layer by the same linear readout. The test part is for the caller, once.
Beside the rules stand the controls: the pixels themselves, other random weights, and no pooling.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from neuro.analysis import PairedDifference, Part, Reader, Spread, features, linear
from neuro.datasets import load, subset
from neuro.distortions import noisy, shifted
from neuro.experiment import Claim, Settings, UserError, fit_cached
from neuro.learning import Backpropagation, Imprinting, Learner, Untrained, WinnerTakeAll, history_of
from neuro.learning.learner import s_layers
from neuro.models.initial import randomised
from neuro.models.neocognitron import FUKUSHIMA_1980, Stage, neocognitron, supervised
from neuro.physiology import silent_planes
from neuro.recording import device_of, layer_names, record
from neuro.stimuli import Stimuli, resized

SIZE, MARGIN = 16, 1  # the retina of 1980, in pixels
PLANES, LABELS = (8, 16), 20  # of US1 and US2; of each class
# Ten times weaker initial weights did worse, with every rule of 1980, on validation parts.
STRENGTH = 0.1
MOST = (300, 1000)  # stimuli of the validation and the test part

# Of the rules of 1980: the printed settings first. More presentations make inhibition, which grows as a sum
# of norms (eq. 8), outgrow excitation, which grows as a sum of patterns that differ.
CANDIDATES: Mapping[str, tuple[Learner, ...]] = {
    "untrained": (Untrained(),),
    "imprinted": (Imprinting((1, 16)), Imprinting((0.1, 1.6)), Imprinting((10, 160))),
    "winner-take-all": (
        WinnerTakeAll((1, 16), (5, 5), presentations=1, schedule="layer by layer"),
        WinnerTakeAll((10, 160), (5, 5), presentations=1, schedule="layer by layer"),
        WinnerTakeAll((1, 16), (5, 3), presentations=1, schedule="layer by layer"),
    ),
    "backpropagation": tuple(
        Backpropagation(learning_rate=rate, epochs=40, patience=10) for rate in (3e-3, 1e-3, 1e-2)
    ),
}


@dataclass(frozen=True)
class Bench:
    """What all rules of one seed share: the three parts of the data, and the chain before learning."""

    seed: int
    train: Stimuli
    validation: Stimuli
    test: Stimuli
    classes: tuple[str, ...]
    initial: nn.Sequential


def stages(planes: Sequence[int]) -> tuple[Stage, ...]:
    """The first stages of 1980 with other numbers of planes."""
    return tuple(replace(stage, planes=k) for stage, k in zip(FUKUSHIMA_1980, planes, strict=False))


def bench(settings: Settings, seed: int, planes: Sequence[int] = PLANES) -> Bench:
    """Split, LABELS stimuli of each class and initial weights, drawn from the seed; images of SIZE pixels.

    One seed has the same stimuli whatever the number of planes.
    """
    generator = torch.Generator().manual_seed(seed)
    splits = load(settings.dataset or "digits", generator, settings.data_dir)
    parts = [subset(splits.train, settings.pick(5, LABELS, LABELS), generator)]
    # Of the embedded digits that is all; larger sets are not read to the end.
    for part, most in zip(
        (splits.validation, splits.test), settings.pick((60, 100), MOST, MOST), strict=True
    ):
        parts.append(part[torch.randperm(len(part), generator=generator)[:most].numpy()])
    train, validation, test = (resized(part, SIZE, MARGIN) for part in parts)
    initial = randomised(neocognitron(stages(planes)), generator, STRENGTH).to(settings.device)
    return Bench(seed, train, validation, test, splits.classes, initial)


def trained(rule: Learner, bench: Bench, cache: Path | None) -> nn.Sequential:
    """The chain as the rule leaves it; only backpropagation gets labels, and a decision layer to use them."""
    if isinstance(rule, Backpropagation):
        chain = supervised(copy.deepcopy(bench.initial).cpu(), len(bench.classes), SIZE)
        chain = chain.to(device_of(bench.initial))
        return fit_cached(rule, chain, bench.train, bench.seed, cache)
    return fit_cached(rule, bench.initial, bench.train.without("label"), bench.seed, cache)


def chosen(rules: Sequence[Learner], bench: Bench, cache: Path | None) -> nn.Sequential:
    """The trained chain of the candidate that reads best on the validation part; of the first of equals."""
    chains = [trained(rule, bench, cache) for rule in rules]
    if len(chains) == 1:
        return chains[0]
    return chains[int(np.argmax([reader_of(chain, bench).validation_accuracy for chain in chains]))]


def retina() -> nn.Sequential:
    """A chain of one layer, `pixels`, that answers with what it is shown: the reference for any features."""
    return nn.Sequential(OrderedDict(pixels=nn.Identity()))


def other_weights(bench: Bench) -> nn.Sequential:
    """The untrained chain with other random weights: what luck alone can make of them."""
    generator = torch.Generator().manual_seed(10_000 + bench.seed)
    return randomised(copy.deepcopy(bench.initial).cpu(), generator, STRENGTH).to(device_of(bench.initial))


def unpooled(bench: Bench) -> nn.Sequential:
    """The untrained chain, each of its C-cells fed from a single place."""
    layers = s_layers(bench.initial)
    planes = [len(layer.b) for layer in layers.values()]
    points = neocognitron([replace(stage, c_window=1, c_padding=2) for stage in stages(planes)])
    for name, layer in layers.items():
        points.get_submodule(name).load_state_dict(layer.state_dict())
    return points.to(device_of(bench.initial))


CONTROLS: Mapping[str, Callable[[Bench], nn.Sequential]] = {
    "pixels": lambda bench: retina(),
    "other weights": other_weights,
    "no pooling": unpooled,
}


def prepared(name: str, settings: Settings, bench: Bench) -> nn.Sequential:
    """One of CONTROLS, or the best of the CANDIDATES of a rule; a quick run tries only the first."""
    if name in CONTROLS:
        return CONTROLS[name](bench)
    return chosen(CANDIDATES[name][: settings.pick(1, 3, 3)], bench, settings.cache)


def last_layer(model: nn.Module) -> str:
    """The layer that is read: the last one below a decision layer."""
    return [name for name in layer_names(model) if name != "decision"][-1]


def last_features(model: nn.Module, stimuli: Stimuli) -> np.ndarray:
    """What the layer that is read answers. Shapes: (B, F)."""
    layer = last_layer(model)
    return features(record(model, stimuli, [layer])[layer])


def own_features(settings: Settings, stimuli: Stimuli, size: int = 32) -> np.ndarray:
    """What the net of `--model` gives out for images of this size, (B, F); UserError if it takes no such."""
    model = nn.Sequential(OrderedDict(own=settings.own_model())).to(settings.device)
    try:
        return last_features(model, resized(stimuli, size))
    except (RuntimeError, ValueError) as error:
        wanted = f"(B, 1, {size}, {size})"
        raise UserError(f"--model {settings.model} does not take {wanted}: {error}") from error


def disturbed(stimuli: Stimuli, shifts: Sequence[int], noise: Sequence[float], seed: int) -> list[Stimuli]:
    """The stimuli moved sideways by each shift, every second one to the left; then in noise of each sd."""
    side, generator = np.resize([1, -1], len(stimuli)), torch.Generator().manual_seed(seed)
    moved = [shifted(stimuli, pixels * side, 0) for pixels in shifts]
    return moved + [noisy(stimuli, sd, generator) for sd in noise]


def reader_of(model: nn.Module, bench: Bench) -> Reader:
    """The linear readout of the last layer, fitted to the training part and chosen on the validation part."""
    known = (bench.train, bench.validation)
    train, validation = (
        Part(last_features(model, part), part.labels.numpy(), part.condition("id")) for part in known
    )
    return linear(train, validation)


def accuracies(model: nn.Module, bench: Bench, shown: Sequence[Stimuli]) -> np.ndarray:
    """Of the linear readout of the last layer on each of the stimuli shown, none of which it has seen."""
    reader = reader_of(model, bench)
    parts = [Part(last_features(model, part), part.labels.numpy(), part.condition("id")) for part in shown]
    return np.array([reader.read([part]).accuracy for part in parts])


def learning_planes(model: nn.Module) -> dict[str, float]:
    """Of each layer the share of planes that its rule changed, as it says; else of those that ever won."""
    said = {name: course[-1] for name, course in history_of(model).items() if name.endswith(" changed")}
    return {name.removesuffix(" changed"): share for name, share in said.items()} or winning_planes(model)


def winning_planes(model: nn.Module) -> dict[str, float]:
    """Of each layer of a neocognitron that learned by competition, the share of planes that ever won."""
    wins = {name: count for name, count in history_of(model).items() if name.endswith(" wins")}
    return {name.removesuffix(" wins"): float(np.mean(np.array(wins[name]) > 0)) for name in wins}


def examined(name: str, settings: Settings, bench: Bench, shown: Sequence[Stimuli]) -> dict[str, np.ndarray]:
    """Of one preparation: percent correct on each of the stimuli shown (n,), and which planes took part (1,).

    A plane is silent in the layer that is read if it answers nothing to the training part.
    """
    model = prepared(name, settings, bench)
    seen = {"correct (%)": 100 * accuracies(model, bench, shown)}
    seen["silent planes (share)"] = np.array([silent_planes(model, bench.train, last_layer(model))])
    won = winning_planes(model).items()
    return seen | {f"planes that ever won (share) {layer}": np.array([share]) for layer, share in won}


def pairs_of(
    correct: Mapping[str, np.ndarray], asked: Sequence[str], way: int = 0, how: str = ""
) -> dict[str, tuple[np.ndarray, ...]]:
    """The two members (seeds,) of each comparison asked for, `one - other`; its name goes on with `how`.

    They are the percent correct of the first way of showing the test part, or what is kept of it in another.
    Shapes: preparation -> (seeds, ways).
    """
    kept = {name: runs[:, way] - (runs[:, 0] if way else 0) for name, runs in correct.items()}
    return {pair + how: tuple(kept[name] for name in pair.split(" - ")) for pair in asked}


def above_zero(
    what: str,
    source: str,
    published: str,
    found: PairedDifference | Spread,
    control: str,
    again: PairedDifference | Spread,
    remark: str = "",
) -> Claim:
    """Holds if the whole 95 % interval lies above zero, and that of the control does not.

    Measured is the lower end; a single seed has none, and the claim is then not checked. A claim fails also
    where the interval holds zero and nothing is decided; the note then says so.
    """
    band = "set before the run: the 95 % interval lies above zero"
    if np.isnan(found.low):
        return Claim(what, source, published, 0, None, band, None, note="one seed has no interval")
    seeds = f" of {found.n} seeds" if isinstance(found, Spread) else ""
    undecided = ", undecided" if found.low <= 0 <= found.high else ""
    ends = f"interval {found.low:+.3g} to {found.high:+.3g}{undecided}"
    note = f"mean{seeds} {found.mean:+.3g}, {ends}; {remark}"
    return Claim(what, source, published, 0, None, band, found.low, control, again.low, note.rstrip("; "))
