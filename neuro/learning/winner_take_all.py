"""Winner-take-all Hebbian learning of S-planes (Fukushima 1980, Biol. Cybern. 36:193-202).

From every S-column (all planes x a small window; columns overlap) the cell with the largest answer is a
candidate. A plane with several candidates keeps the largest: its seed cell. What the seed cell sees is added
to the weights that all cells of its plane share,

    delta a = q c u_C(seed),   delta b = q / 2 v(seed)                                      eqs. 7, 8

A column whose cells are all silent has no candidate; a plane without a candidate learns nothing. Of equal
answers the first place wins, row by row, and at one place the first plane: ties are settled the same way
every time.

Condition of use: weak positive initial weights that differ from plane to plane; labels play no part.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.learner import History, refuse_labels, report, s_layers, with_history
from neuro.models.neocognitron import SLayer
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class WinnerTakeAll:
    """The rule, for any number of S-layers; q and columns have one value for each, or the last is repeated.

    `schedule`: "together" reinforces all S-layers at every presentation, as in 1980; "layer by layer" trains
    US1 with all presentations, then US2, and so on. The answer passed on to the next layer is the one from
    before the reinforcement; the paper does not say. Defaults: q and columns as printed in 1980.
    """

    q: tuple[float, ...] = (1.0, 16.0, 16.0)
    columns: tuple[int, ...] = (5, 5, 2)
    presentations: int = 20
    schedule: Literal["together", "layer by layer"] = "layer by layer"

    def __post_init__(self) -> None:
        if not self.q or min(self.q) <= 0 or not self.columns or min(self.columns) < 1:
            raise ValueError(f"q must be above zero and columns at least one cell wide; got {self}")
        if self.presentations < 1 or self.schedule not in ("together", "layer by layer"):
            raise ValueError(f"presentations >= 1, schedule 'together' or 'layer by layer'; got {self}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy of the model, reinforced by `presentations` of every stimulus, each round in a new order.

        Its history holds, for each S-layer, `wins` (of every plane) and `silent columns` (the share, of every
        round). Planes that never won are reported. Raises ValueError for labelled stimuli, and if a layer is
        silent from beginning to end.
        """
        refuse_labels(stimuli, "WinnerTakeAll")
        trained = copy.deepcopy(model)
        names = list(s_layers(trained))
        history: History = {}
        for plastic in [names] if self.schedule == "together" else [[name] for name in names]:
            history |= self._present(trained, stimuli, plastic, generator)
        for name in names:
            wins = history[f"{name} wins"]
            if not any(wins):
                raise ValueError(f"no plane of {name} ever won: all its columns were silent")
            report(name, [k for k, n in enumerate(wins) if n == 0], len(wins), "never won")
        return with_history(trained, history)

    def _present(
        self, model: nn.Sequential, stimuli: Stimuli, plastic: list[str], generator: torch.Generator
    ) -> History:
        """Show every stimulus `presentations` times and reinforce the plastic layers at each."""
        layers = s_layers(model)
        below, chain = _split(model, plastic)
        device = layers[plastic[0]].a.device
        settings = {name: self._settings(list(layers).index(name)) for name in plastic}
        wins = {name: torch.zeros(len(layers[name].b), device=device) for name in plastic}
        silent: History = {name: [] for name in plastic}
        progress = tqdm(
            total=self.presentations * len(stimuli), desc=" ".join(plastic), leave=False, disable=None
        )
        for _ in range(self.presentations):
            shares = dict.fromkeys(plastic, 0.0)
            for part in torch.randperm(len(stimuli), generator=generator).split(256):
                for answer in below(stimuli.images[part].to(device)).split(1):
                    for name, layer in chain:
                        seen, answer = answer, layer(answer)
                        if name in plastic and isinstance(layer, SLayer):
                            q, column = settings[name]
                            planes, places, share = seed_cells(answer[0], column)
                            reinforce(layer, seen, planes, places, q)
                            wins[name][planes] += 1
                            shares[name] += share / len(stimuli)
                progress.update(len(part))
            for name in plastic:
                silent[name].append(shares[name])
        progress.close()
        columns: History = {f"{name} silent columns": silent[name] for name in plastic}
        return columns | {f"{name} wins": counts.tolist() for name, counts in wins.items()}

    def _settings(self, number: int) -> tuple[float, int]:
        """q and the column's width of the S-layer of this number, counted from zero."""
        return self.q[min(number, len(self.q) - 1)], self.columns[min(number, len(self.columns) - 1)]


def _split(model: nn.Sequential, plastic: list[str]) -> tuple[nn.Sequential, list[tuple[str, nn.Module]]]:
    """The layers before the first plastic one, and the chain from there up to the last plastic one."""
    children = list(model.named_children())
    names = [name for name, _ in children]
    first, last = names.index(plastic[0]), names.index(plastic[-1])
    return nn.Sequential(*(layer for _, layer in children[:first])), children[first : last + 1]


def seed_cells(answers: Tensor, column: int) -> tuple[Tensor, Tensor, float]:
    """The seed cells of one presentation, at most one for a plane.

    Shapes: answers (K, H, W) -> planes (n,), places (n,) as row * W + column, and the share of columns in
    which every cell was silent. A column wider than the plane is the whole plane.
    """
    height, width = answers.shape[-2:]
    best, best_plane = answers.max(dim=0)  # torch gives the first of equal planes
    window = (min(column, height), min(column, width))
    peaks, places = F.max_pool2d(best[None], window, stride=1, return_indices=True)
    answering = peaks > 0
    places = places[answering].unique()  # in ascending order: the first of equal places stays first
    planes, peaks = best_plane.flatten()[places], best.flatten()[places]
    order = torch.argsort(peaks, descending=True, stable=True)
    planes, places = planes[order], places[order]
    # The first entry of each plane is its largest candidate.
    ahead = (planes[:, None] == planes).tril(-1).any(1)
    return planes[~ahead], places[~ahead], 1.0 - float(answering.float().mean())


def reinforce(layer: SLayer, seen: Tensor, planes: Tensor, places: Tensor, q: float) -> None:
    """Add to each seed cell's plane what the cell sees, eqs. 7 and 8; `seen` (1, C, H, W) is the input."""
    channels, window = layer.a.shape[1], layer.a.shape[2]
    padded = F.pad(seen[0], (layer.padding,) * 4)
    width = padded.shape[-1] - window + 1
    rows, columns = places // width, places % width
    reach = torch.arange(window, device=seen.device)
    patches = padded[:, (rows[:, None] + reach)[:, :, None], (columns[:, None] + reach)[:, None, :]]
    patches = patches.transpose(0, 1).reshape(-1, channels, window, window)
    layer.a[planes] += q * layer.c * patches
    layer.b[planes] += q / 2 * (layer.c * patches**2).sum((1, 2, 3)).sqrt()
