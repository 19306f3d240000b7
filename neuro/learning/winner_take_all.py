"""Winner-take-all Hebbian learning of S-planes (Fukushima 1980, Biol. Cybern. 36:193-202).

In every S-column the cell with the largest answer wins; see competition.py for columns, seed cells and ties.

    delta a = q c u_C(seed),   delta b = q / 2 v(seed)                                      eqs. 7, 8

A net of ReLU cells learns by the same competition; what is reinforced in it is said there as well.
Condition of use: weak positive initial weights that differ from plane to plane; labels play no part.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.competition import reinforce, seeds_of
from neuro.learning.learner import (
    History,
    refuse_labels,
    refuse_unfit,
    reinforced_layers,
    report,
    with_history,
)
from neuro.learning.presentations import Log
from neuro.models.neocognitron import SLayer, learning_thresholds
from neuro.models.s_cells import root
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class WinnerTakeAll:
    """The rule, for any number of S-layers; q and columns have one value for each, or the last is repeated.

    `schedule`: "together" reinforces all S-layers at every presentation, as in 1980; "layer by layer" trains
    US1 with all presentations, then US2, and so on. The answer passed on to the next layer is the one from
    before the reinforcement; the paper does not say. Defaults: all as printed in 1980. A layer with an
    `r_learning` has it during its own turn only: layer by layer, the next learn from what will be recognised.
    """

    q: tuple[float, ...] = (1.0, 16.0, 16.0)
    columns: tuple[int, ...] = (5, 5, 2)
    presentations: int = 20
    schedule: Literal["together", "layer by layer"] = "together"

    def __post_init__(self) -> None:
        if (
            not self.q
            or not all(0 < q < math.inf for q in self.q)
            or not self.columns
            or min(self.columns) < 1
        ):
            raise ValueError(f"q must be above zero and finite, columns at least one cell wide; got {self}")
        if self.presentations < 1 or self.schedule not in ("together", "layer by layer"):
            raise ValueError(f"presentations >= 1, schedule 'together' or 'layer by layer'; got {self}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy of the model, reinforced by `presentations` of every stimulus, each round in a new order.

        Its history holds, for each S-layer, `wins` (of every plane), `silent columns` (the share, of every
        round) and what presentations() shows of each presentation. Planes that never won are reported. Raises
        ValueError for labelled stimuli, images the model cannot take, and if a layer is silent from beginning
        to end.
        """
        refuse_labels(stimuli, "WinnerTakeAll")
        trained = copy.deepcopy(model)
        layers = reinforced_layers(trained)
        refuse_unfit([model], stimuli)
        for layer in layers.values():
            layer.constrain()
        history: History = {}
        for plastic in self.turns(list(layers)):
            with learning_thresholds(nn.ModuleList(layers[name] for name in plastic)):
                history |= self._present(trained, stimuli, plastic, generator)
        for name in layers:
            report_winners(name, history)
        return with_history(trained, history)

    def turns(self, names: list[str]) -> list[list[str]]:
        """The S-layers that learn together, turn by turn."""
        return [names] if self.schedule == "together" else [[name] for name in names]

    @torch.inference_mode()  # which spares a tenth of what no_grad takes
    def _present(
        self, model: nn.Sequential, stimuli: Stimuli, plastic: list[str], generator: torch.Generator
    ) -> History:
        """Show every stimulus `presentations` times and reinforce the plastic layers at each."""
        layers = reinforced_layers(model)
        below, chain = split(model, plastic)
        device = layers[plastic[0]].a.device
        settings = {name: self.settings(list(layers).index(name)) for name in plastic}
        logs = {name: Log() for name in plastic}
        progress = tqdm(
            total=self.presentations * len(stimuli), desc=" ".join(plastic), leave=False, disable=None
        )
        for _ in range(self.presentations):
            for part in torch.randperm(len(stimuli), generator=generator).split(256):
                seen_below = below(stimuli.images[part].to(device))
                for shown, answer in zip(part.split(1), seen_below.split(1), strict=True):
                    for name, layer in chain:
                        seen, answer = answer, answer_to_one(layer, answer)
                        if name in settings:
                            q, column = settings[name]
                            seeds = seeds_of(answer, column)
                            reinforce(layers[name], seen, seeds.plane, seeds.place, q)
                            logs[name].add(shown, seeds, layers[name].b.mean()[None], answer.shape[-1])
                progress.update(len(part))
        progress.close()
        history: History = {}
        for name, log in logs.items():
            history |= log.histories(name, len(layers[name].b), self.presentations)[0]
        return history

    def settings(self, number: int) -> tuple[float, int]:
        """q and the column's width of the S-layer of this number, counted from zero."""
        return self.q[min(number, len(self.q) - 1)], self.columns[min(number, len(self.columns) - 1)]


def answer_to_one(layer: nn.Module, seen: Tensor) -> Tensor:
    """What a layer answers to a single image. Shapes: (1, C, H, W) -> (1, K, H', W').

    What S-cells see of a small one is unfolded: a convolution would take most of its time to be set up.
    """
    if not isinstance(layer, SLayer) or seen.numel() > 5000:
        answer: Tensor = layer(seen)
        return answer
    window = layer.a.shape[-1]
    windows = F.unfold(seen, window, padding=layer.padding)[0]
    height = seen.shape[2] + 2 * layer.padding - window + 1
    excitation, squares = windows.T @ layer.a.flatten(1).T, layer.c.flatten(1) @ windows**2
    places_first = excitation.view(1, height, -1, len(layer.b))
    return layer.answer(places_first.movedim(-1, 1), root(squares).view(1, 1, height, -1))


def report_winners(layer: str, history: History) -> None:
    """Say which planes never won; raises ValueError if none did."""
    wins = history[f"{layer} wins"]
    if not any(wins):
        raise ValueError(f"no plane of {layer} ever won: all its columns were silent")
    report(layer, [k for k, n in enumerate(wins) if n == 0], len(wins), "never won")


def split(model: nn.Sequential, plastic: list[str]) -> tuple[nn.Sequential, list[tuple[str, nn.Module]]]:
    """The layers before the first plastic one, and the chain from there up to the last plastic one."""
    children = list(model.named_children())
    names = [name for name, _ in children]
    first, last = names.index(plastic[0]), names.index(plastic[-1])
    return nn.Sequential(*(layer for _, layer in children[:first])), children[first : last + 1]
