"""Rules under which S-planes grow: winner-kill-loser (Fukushima 2010) and add-if-silent (Fukushima 2013).

Both read as abstracts only. Cells compete for one place at a time, with what all planes answer there:

    add-if-silent       all silent: a new plane, reinforced once and never changed again
    winner-kill-loser   all silent: a new plane; otherwise the largest answer is reinforced, and the other
                        planes that answered are deleted

    delta a = q c u_C,   delta b = q / 2 v,   from zero: a plane then answers from the cosine r/(1+r) on

Choices where the abstracts say nothing:
- the places are those of an image at which v is the largest of an S-column (as seed cells are in 1980), the
  strongest first, and none where the input is blank;
- layers are trained one after the other, each with its `r_learning` if it has one;
- b of a plane reinforced again is SLayer.matched_inhibition() (reported of 2003): a plane whose b is a sum
  grows deaf to what it has averaged;
- a layer stops growing at `most` planes.

Condition of use: an input already sparse, like edges; q so large that answers saturate. What a layer knew is
discarded: it starts from no planes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.competition import candidates_of, patches_at
from neuro.learning.learner import History, refuse_labels, refuse_unfit, report_full, s_layers, with_history
from neuro.learning.presentations import kept
from neuro.learning.winner_take_all import split
from neuro.models.neocognitron import JoinedCLayer, LabelledCLayer, SLayer, learning_thresholds
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class AddIfSilent:
    """A plane for whatever no plane answers. Values for each S-layer, or the last is repeated.

    `columns` is the width of the S-columns; `most` the number of planes at which a layer stops growing. A
    second round would find nothing silent that the first left, and there is none.
    """

    q: tuple[float, ...] = (1e5,)
    columns: tuple[int, ...] = (5,)
    most: tuple[int, ...] = (150,)

    def __post_init__(self) -> None:
        _refuse_senseless(self.q, self.columns, self.most)

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy whose S-layers have grown. Images come once, in random order; one by one, though computed
        in batches, since planes never change.

        Its history holds, for each S-layer, `wins` (one for each plane) and what presentations() shows, up to
        the 256 images in which the layer was full. Raises ValueError for labelled stimuli, a layer whose
        input is blank, or a layer that joins planes.
        """
        return _grown(self, model, stimuli, generator, _add_if_silent, 1)


@dataclass(frozen=True)
class WinnerKillLoser:
    """Of planes that answer at one place only the best remains. Fields as in AddIfSilent; `presentations` of
    every image, each round in a new order."""

    q: tuple[float, ...] = (1e5,)
    columns: tuple[int, ...] = (5,)
    most: tuple[int, ...] = (150,)
    presentations: int = 1

    def __post_init__(self) -> None:
        _refuse_senseless(self.q, self.columns, self.most)
        if self.presentations < 1:
            raise ValueError(f"presentations >= 1; got {self.presentations}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy whose S-layers have grown and been thinned. History and errors as of AddIfSilent.fit; `wins`
        counts reinforcements, and of planes that were deleted nothing is kept."""
        return _grown(self, model, stimuli, generator, _winner_kill_loser, self.presentations)


class _Planes:
    """The planes of a growing layer, and the seed cells they came from. Shapes: a (most, D), b (most,)."""

    def __init__(self, layer: SLayer, q: float, most: int, device: torch.device) -> None:
        self.c, self.q, self.r, self.most = layer.c.flatten().to(device), q, layer.r, most
        self.a, self.b = self.c.new_zeros(most, len(self.c)), self.c.new_zeros(most)
        self.number = 0
        self._names: list[int] = []  # of the planes there are, how many were born before them
        self._born = 0
        self._seeds: list[tuple[int, int, int]] = []  # presentation, name of the plane, place

    @property
    def full(self) -> bool:
        return self.number == self.most

    def answers(self, patches: Tensor, v: Tensor, first: int = 0) -> Tensor:
        """What the planes from `first` on answer. Shapes: patches (n, D), v (n,) -> (n, planes)."""
        e = patches @ self.a[first : self.number].T
        h = 2 * self.r / (1 + self.r) * v[:, None] * self.b[first : self.number]
        return self.r * F.relu((1 + e) / (1 + h) - 1)

    def add(self, patch: Tensor, v: Tensor, presentation: int, place: int) -> None:
        """A new plane, reinforced once."""
        self.a[self.number], self.b[self.number] = self.q * self.c * patch, self.q / 2 * v
        self._names.append(self._born)
        self._born, self.number = self._born + 1, self.number + 1
        self._seeds.append((presentation, self._names[-1], place))

    def reinforce(self, plane: int, patch: np.ndarray, presentation: int, place: int) -> None:
        """Add a patch to a plane, and match b to what a has become."""
        a, c = self.a.numpy()[plane], self.c.numpy()
        a += self.q * c * patch
        self.b[plane] = math.sqrt(a @ (a / c)) / 2  # as SLayer.matched_inhibition()
        self._seeds.append((presentation, self._names[plane], place))

    def keep(self, planes: list[int]) -> None:
        """Delete all planes but these."""
        self.number = len(planes)
        self.a[: self.number], self.b[: self.number] = self.a[planes], self.b[planes]
        self._names = [self._names[plane] for plane in planes]

    def history(self, layer: str, image: Tensor, silent: list[float], width: int) -> History:
        """The wins and presentations() of the planes that are left; presentations end where growth ended."""
        index = {name: plane for plane, name in enumerate(self._names)}
        seeds = [(shown, index[name], place) for shown, name, place in self._seeds if name in index]
        presentation, plane, place = torch.tensor(seeds).T
        history = kept(layer, image, presentation, plane, place // width, place % width, silent)
        wins = torch.bincount(plane, minlength=self.number).double().tolist()
        return history | {f"{layer} wins": wins}


# Takes what the places of some images see, and returns of each place if it was silent when its turn came.
# Shapes: patches (n, D), v, presentation, place (n,) -> (n,).
Rule = Callable[[_Planes, Tensor, Tensor, Tensor, Tensor], Tensor]


def _add_if_silent(
    planes: _Planes, patches: Tensor, v: Tensor, presentation: Tensor, place: Tensor
) -> Tensor:
    """Between two new planes nothing changes: the next silent place is found at once, not place by place."""
    silent = ~(planes.answers(patches, v) > 0).any(1)
    was_silent = torch.zeros_like(silent)
    while not planes.full and bool(silent.any()):
        next_ = int(silent.byte().argmax())
        was_silent[next_], silent[next_] = True, False
        planes.add(patches[next_], v[next_], int(presentation[next_]), int(place[next_]))
        silent &= planes.answers(patches, v, first=planes.number - 1)[:, 0] == 0
    return was_silent | silent


def _winner_kill_loser(
    planes: _Planes, patches: Tensor, v: Tensor, presentation: Tensor, place: Tensor
) -> Tensor:
    """Every reinforcement bears on the next place, so this goes place by place; in numpy, whose calls are
    shorter than torch's, on the memory of the planes."""
    was_silent = torch.zeros(len(v), dtype=torch.bool)
    a, b, factor = planes.a.numpy(), planes.b.numpy(), 2 * planes.r / (1 + planes.r)
    turns = zip(patches.cpu().numpy(), v.tolist(), presentation.tolist(), place.tolist(), strict=True)
    for turn, (patch, strength, shown, where) in enumerate(turns):
        number = planes.number
        ratio = (1 + a[:number] @ patch) / (1 + factor * strength * b[:number])
        answering = (ratio > 1).nonzero()[0]
        if len(answering):
            winner = int(ratio.argmax())  # the first of equal planes
            planes.reinforce(winner, patch, shown, where)
            if len(answering) > 1:
                losers = set(answering.tolist()) - {winner}
                planes.keep([plane for plane in range(number) if plane not in losers])
            continue
        was_silent[turn] = True
        if not planes.full:
            planes.add(patches[turn].cpu(), v[turn].cpu(), shown, where)
    return was_silent.to(v.device)


def _grown(
    rule: AddIfSilent | WinnerKillLoser,
    model: nn.Sequential,
    stimuli: Stimuli,
    generator: torch.Generator,
    compete: Rule,
    presentations: int,
) -> nn.Sequential:
    """A copy whose S-layers have grown, one after the other."""
    refuse_labels(stimuli, type(rule).__name__)
    for name, joining in model.named_children():
        if isinstance(joining, JoinedCLayer):
            raise ValueError(
                f"{name}, a JoinedCLayer, joins planes that have a meaning; planes that grow have none"
            )
    trained, history = copy.deepcopy(model), dict[str, list[float]]()
    layers = s_layers(trained)
    refuse_unfit([model], stimuli)
    for number, (name, layer) in enumerate(layers.items()):
        q = rule.q[min(number, len(rule.q) - 1)]
        column, most = (values[min(number, len(values) - 1)] for values in (rule.columns, rule.most))
        with learning_thresholds(layer):
            one_by_one = compete is _winner_kill_loser
            planes = _Planes(layer, q, most, torch.device("cpu") if one_by_one else layer.a.device)
            orders = [torch.randperm(len(stimuli), generator=generator) for _ in range(presentations)]
            history |= _grow(trained, name, planes, stimuli.images, torch.cat(orders), column, compete)
        put_planes(trained, name, planes.a[: planes.number], planes.b[: planes.number])
        report_full(name, planes.number, most)
    return with_history(trained, history)


def _grow(
    model: nn.Sequential,
    name: str,
    planes: _Planes,
    images: Tensor,
    order: Tensor,
    column: int,
    compete: Rule,
) -> History:
    """Let the planes of one layer compete at the places of all images, until there are none left to come."""
    layer = s_layers(model)[name]
    below, _ = split(model, [name])
    silent: list[float] = []
    shown = 0
    frozen = compete is _add_if_silent
    progress = tqdm(total=len(order), desc=name, leave=False, disable=None)
    for part in order.split(256):
        seen = below(images[part].to(layer.a.device))
        v = layer.inhibition(seen)
        image, place, strength = _places(v, column)
        patches = patches_at(seen, layer.a.shape[-1], layer.padding, image, place).flatten(1)
        was_silent = compete(planes, patches, strength, shown + image, place)
        counts = torch.bincount(image, minlength=len(part)).clamp(min=1)
        silent += (torch.bincount(image[was_silent], minlength=len(part)) / counts).tolist()
        shown += len(part)
        progress.update(len(part))
        if frozen and planes.full:
            break
    progress.close()
    if planes.number == 0:
        raise ValueError(f"nothing to grow from in {name}: its input is blank for every stimulus")
    return planes.history(name, order[:shown], silent, v.shape[-1])


def _places(v: Tensor, column: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where v is the largest of an S-column: image, place and v, image by image and the strongest first."""
    candidates, _ = candidates_of(v, column)
    image, place = candidates.nonzero(as_tuple=True)
    strength = candidates[image, place]
    order = torch.argsort(strength, descending=True, stable=True)
    order = order[torch.argsort(image[order], stable=True)]
    return image[order], place[order], strength[order]


def put_planes(model: nn.Sequential, name: str, a: Tensor, b: Tensor) -> None:
    """Give a layer these planes and make those above fit: the next S-layer is emptied, labels are unset."""
    layer = s_layers(model)[name]
    before, a, b = len(layer.b), a.to(layer.a.device), b.to(layer.a.device)
    layer.a, layer.b = nn.Parameter(a.reshape(-1, *layer.a.shape[1:]).clone()), nn.Parameter(b.clone())
    number, changed = len(b), list(model._modules.values())
    for above in changed[changed.index(layer) + 1 :]:
        if isinstance(above, LabelledCLayer):
            above.labels = above.labels.new_full((number,), -1)
        if isinstance(above, SLayer):
            if number != before:
                above.c = (above.c[:, :1] * above.c.shape[1] / number).repeat(1, number, 1, 1)
            k, shape = len(above.b), above.c.shape[1:]
            above.a, above.b = nn.Parameter(a.new_zeros(k, *shape)), nn.Parameter(a.new_zeros(k))
            break


def _refuse_senseless(q: tuple[float, ...], columns: tuple[int, ...], most: tuple[int, ...]) -> None:
    there = q and columns and most
    if not (there and all(0 < x < math.inf for x in q) and min(columns) >= 1 and min(most) >= 1):
        raise ValueError(
            f"q above zero and finite, columns and most at least 1, of each at least one; "
            f"got {q}, {columns}, {most}"
        )
