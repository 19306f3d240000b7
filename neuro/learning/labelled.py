"""The labelled top: whole figures, learned in a competition whose winner must have the right label.

Read as an abstract of Fukushima 2003 (Neurocomputing 51:161-180, "supervised competitive learning"). A
labelled image is shown, and the S-cell of the top that answers most is the winner:

    its plane has the image's label    the plane is reinforced by what the winner sees
    another label, or all are silent   a new plane of the image's label, reinforced once

    delta a = q c u_C,   b = sqrt(sum a^2 / c) / 2     SLayer.matched_inhibition(), reported of 2003

so that a plane answers the cosine of an image with the sum of those it has won.

Choices where the abstract says nothing:
- the cell from which a new plane is made is that of the largest v;
- an image that is blank to the top teaches nothing; of equal answers the first plane's wins;
- rounds over all images, each in a new order, end when one of them made no new plane, or at `rounds`;
- with a higher threshold in learning (`r_learning` of the top) an image that is unlike all planes makes a new
  one although the nearest would have had its label: many planes of few images, instead of few of many.

Condition of use: layers below that have learned, or that need not.
"""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from neuro.learning.competition import patches_at
from neuro.learning.growing import put_planes
from neuro.learning.learner import (
    History,
    Learner,
    history_of,
    refuse_unfit,
    report,
    report_full,
    s_layers,
    with_history,
)
from neuro.learning.presentations import kept
from neuro.models.neocognitron import LabelledCLayer, SLayer, learning_thresholds
from neuro.stimuli import Stimuli

BATCH = 256  # images at a time: within one, what planes add to answers is read from products of the images


@dataclass(frozen=True)
class LabelledTop:
    """Supervised competition in the top S-layer, below a LabelledCLayer, which gets the labels.

    `below` is the rule by which the S-layers below learn first, without labels; None leaves them as they are.
    The top stops growing at `most` planes.
    """

    below: Learner | None = None
    q: float = 1e5
    most: int = 3000
    rounds: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.q < math.inf or min(self.most, self.rounds) < 1:
            raise ValueError(f"q above zero and finite, most and rounds at least 1; got {self}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy whose top has grown, from no planes; what it knew is discarded.

        Its history is that of `below`, and for the top, US4 say, of every round `US4 planes`, how many there
        were in the end, `US4 errors`, the images whose winner had another label, and `US4 silent images`;
        `US4 wins` of every plane; and what presentations() shows. Classes without planes are reported.
        Raises KeyError without labels; ValueError for labels the model has no class for, images it cannot
        take, a model without a labelled top, and a top whose input is blank.
        """
        labels = stimuli.labels
        name, layer, top = _labelled_top(model)
        if not len(labels) or not 0 <= int(labels.min()) <= int(labels.max()) < top.classes:
            found = f"{int(labels.min())} to {int(labels.max())}" if len(labels) else "none"
            raise ValueError(f"this model has classes 0 to {top.classes - 1}; the labels are {found}")
        refuse_unfit([model], stimuli)
        trained, history = copy.deepcopy(model), dict[str, list[float]]()
        if self.below is not None:
            lower = nn.Sequential(OrderedDict(list(model.named_children())[:-2]))
            lower = self.below.fit(lower, stimuli.without("label"), generator)
            history = history_of(lower)
            for each, learned in s_layers(lower).items():
                put_planes(trained, each, learned.a, learned.b)
        name, layer, top = _labelled_top(trained)
        with learning_thresholds(layer):
            planes, course = self._grow(trained, stimuli.images, labels, generator)
        number = planes.number
        put_planes(
            trained, name, planes.a[:number], torch.from_numpy(np.sqrt(planes.square[:number]) / 2).float()
        )
        top.labels = torch.tensor(planes.labels, device=layer.a.device)
        report_full(name, number, self.most)
        missing = sorted(set(range(top.classes)) - set(planes.labels))
        report(list(trained._modules)[-1], missing, top.classes, "have no S-plane of their label")
        return with_history(trained, history | course)

    def _grow(
        self, model: nn.Sequential, images: Tensor, labels: Tensor, generator: torch.Generator
    ) -> tuple[_Planes, History]:
        """Rounds of competition until none makes a new plane."""
        name, layer, _ = _labelled_top(model)
        below = model[:-2]
        planes = _Planes(layer, self.q, self.most)
        course: History = {f"{name} {what}": [] for what in ("planes", "errors", "silent images")}
        orders = []
        for _ in tqdm(range(self.rounds), desc=name, unit="round", leave=False, disable=None):
            orders.append(torch.randperm(len(images), generator=generator))
            before, planes.errors, planes.silent = planes.number, 0, 0
            for part in orders[-1].split(BATCH):
                seen = torch.cat([below(few.to(layer.a.device)) for few in images[part].split(16)])
                planes.compete(seen, labels[part].tolist())
            if planes.number == 0:
                raise ValueError(f"nothing to grow from in {name}: its input is blank for every stimulus")
            for what, count in (("planes", planes.number), ("errors", planes.errors)):
                course[f"{name} {what}"].append(float(count))
            course[f"{name} silent images"].append(float(planes.silent))
            if planes.number == before:
                break
        presentation, plane, place = torch.tensor(planes.seeds).T
        rows = place // planes.width, place % planes.width
        course |= kept(name, torch.cat(orders), presentation, plane, *rows)
        return planes, course | {f"{name} wins": torch.bincount(plane).double().tolist()}


class _Planes:
    """The planes of a growing top. Shapes: a (most, D), square (most,), of which `number` are there."""

    def __init__(self, layer: SLayer, q: float, most: int) -> None:
        self.layer, self.q, self.most = layer, q, most
        self.a = layer.c.new_zeros(most, layer.c.numel())
        self.square = np.zeros(most)  # sum a^2 / c = (2 b)^2
        self.labels: list[int] = []
        self.seeds: list[tuple[int, int, int]] = []  # presentation, plane, place
        self.shown = self.errors = self.silent = self.width = 0

    @property
    def number(self) -> int:
        return len(self.labels)

    def compete(self, seen: Tensor, labels: Sequence[int]) -> None:
        """Show images one after the other, (B, C, H, W), though products with planes are taken at once:
        what a reinforcement by one cell's patch adds to another's excitation is q sum c x_one x_other."""
        v = self.layer.inhibition(seen)
        places, self.width = v.shape[2] * v.shape[3], v.shape[3]
        cells = torch.arange(v.numel(), device=v.device)
        window, padding = self.layer.a.shape[-1], self.layer.padding
        patches = patches_at(seen, window, padding, cells // places, cells % places).flatten(1)
        learned = self.q * self.layer.c.flatten() * patches
        added, strength = (learned @ patches.T).cpu().numpy(), v.flatten().double().cpu().numpy()
        excitation = np.zeros((len(cells), self.most), dtype=np.float32)
        excitation[:, : self.number] = (patches @ self.a[: self.number].T).cpu().numpy()
        changes = []
        for image, label in enumerate(labels):
            own = slice(image * places, (image + 1) * places)
            found = self._reinforced(label, excitation[own], strength[own])
            if found is not None:
                plane, place = found
                cell = image * places + place
                self.square[plane] += self.q * (2 * excitation[cell, plane] + self.q * strength[cell] ** 2)
                excitation[:, plane] += added[cell]
                self.seeds.append((self.shown, plane, place))
                changes.append((plane, cell))
            self.shown += 1
        if changes:
            plane_of, cell_of = torch.tensor(changes, device=v.device).T
            self.a.index_add_(0, plane_of, learned[cell_of])

    def _reinforced(self, label: int, excitation: np.ndarray, v: np.ndarray) -> tuple[int, int] | None:
        """Which plane learns from an image, and from which place; None if none does.

        Shapes: excitation (places, most), v (places,).
        """
        if not v.any():
            self.silent += 1
            return None
        r, number = self.layer.r, self.number
        inhibition = r / (1 + r) * v[:, None] * np.sqrt(self.square[:number])  # 2 b = sqrt(square)
        ratio = ((1 + excitation[:, :number]) / (1 + inhibition)).T
        winner = int(ratio.argmax()) if number else 0
        if not number or ratio.flat[winner] <= 1:
            self.silent += 1
        elif self.labels[winner // len(v)] == label:
            return divmod(winner, len(v))
        else:
            self.errors += 1
        if number == self.most:
            return None
        self.labels.append(label)
        return number, int(v.argmax())


def _labelled_top(model: nn.Sequential) -> tuple[str, SLayer, LabelledCLayer]:
    """The last two layers, and the name of the first of them; raises ValueError if they are no such top."""
    *_, (name, layer), (_, top) = [("", nn.Identity())] * 2 + list(model.named_children())
    if not (isinstance(layer, SLayer) and isinstance(top, LabelledCLayer)):
        found = f"{type(layer).__name__} and {type(top).__name__}"
        raise ValueError(
            f"a labelled top is an SLayer and then a LabelledCLayer; this model ends with {found}"
        )
    return name, layer, top
