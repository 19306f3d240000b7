"""Learning with a teacher, who names the plane and the seed cell (Fukushima 1988, Neural Networks 1:119-130).

    delta a = q c u_C(seed),   delta b = q / 2 v(seed)

These are eqs. 7 and 8 of 1980 without the competition; b is in the notation of SLayer. Weights are zero at
first, and a layer is taught when all below it are. Reported: of the paper the abstract was read; procedure
and q as in public codes of it.

Condition of use: for every plane patterns that show one feature, and a place at which it is seen.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from neuro.learning.competition import increments, patches_at
from neuro.learning.learner import History, refuse_unfit, report, s_layers, with_history
from neuro.learning.presentations import kept
from neuro.models.neocognitron import SLayer
from neuro.stimuli import Stimuli

LESSON = ("layer", "plane", "row", "column")


@dataclass(frozen=True)
class SupervisedSeedCells:
    """The rule. `q` is one for all layers; at 1e5 a single reinforcement saturates a plane.

    Stimuli carry the conditions `layer` (the name of the S-layer the pattern is for), `plane`, `row` and
    `column` (of the seed cell, counted from the top left of the S-plane), as lessons_1988() has them.
    """

    q: float = 1e5

    def __post_init__(self) -> None:
        if not 0 < self.q < math.inf:
            raise ValueError(f"q must be above zero and finite; got {self.q}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A taught copy: layers that have lessons are cleared and reinforced, others stay. Nothing is random.

        Its history holds what presentations() shows. Planes without a lesson, or with none that their seed
        cell sees anything of, are silent, and reported. Raises KeyError without the conditions of a lesson,
        and ValueError for a lesson about cells there are not, or in images the model cannot take.
        """
        if len(stimuli) == 0:
            raise ValueError("SupervisedSeedCells was given no stimuli")
        trained = copy.deepcopy(model)
        layers = s_layers(trained)
        refuse_unfit([model], stimuli)
        lessons = {name: stimuli.condition(name) for name in LESSON}
        if unknown := sorted(set(lessons["layer"].tolist()) - set(layers)):
            raise ValueError(f"lessons for {unknown}, but the S-layers are {', '.join(layers)}")
        history: History = {}
        for name, layer in layers.items():
            own = (lessons["layer"] == name).nonzero()[0]
            if len(own) == 0:
                continue
            below = trained[: list(trained._modules).index(name)]
            seen = torch.cat([below(part.to(layer.a.device)) for part in stimuli.images[own].split(256)])
            cells = [torch.from_numpy(lessons[key][own]).to(seen.device) for key in LESSON[1:]]
            self._teach(name, layer, seen, *cells)
            plane, row, column = (cell.cpu() for cell in cells)
            history |= kept(name, torch.from_numpy(own), torch.arange(len(own)), plane, row, column)
        return with_history(trained, history)

    def _teach(
        self, name: str, layer: SLayer, seen: Tensor, plane: Tensor, row: Tensor, column: Tensor
    ) -> None:
        """Clear the layer and reinforce its planes by all lessons: their sum, whatever the order."""
        window = layer.a.shape[-1]
        height, width = (size + 2 * layer.padding - window + 1 for size in seen.shape[2:])
        for cell, count in ((plane, len(layer.b)), (row, height), (column, width)):
            if int(cell.min()) < 0 or int(cell.max()) >= count:
                raise ValueError(
                    f"{name} has {len(layer.b)} planes of {height} x {width} cells; a lesson names plane "
                    f"{int(plane.max())}, row {int(row.max())} or column {int(column.max())}, counted from 0"
                )
        lesson = torch.arange(len(plane), device=seen.device)
        patches = patches_at(seen, window, layer.padding, lesson, row * width + column)
        for weights, additions in increments(layer, patches, self.q):
            weights.zero_().index_add_(0, plane, additions)
        silent = (layer.b == 0).nonzero().flatten().tolist()
        report(name, silent, len(layer.b), "had no lesson that their seed cell sees")
