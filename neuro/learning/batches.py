"""Winner-take-all for tens of thousands of images: many presentations before the weights change.

The seed cells of every image of a batch are found as in WinnerTakeAll, by one and the same state of the
layer; then all reinforcements are added,

    delta a = q c sum u_C(seed),   delta b = q / 2 sum v(seed)

and weights that have a length are brought to it once, after the batch.
Differs from WinnerTakeAll, one presentation at a time: within a batch no image sees what those before it in
the batch have changed, so two alike may reinforce one plane where the second would have been won otherwise.
Weights are sums over all presentations so far, so what matters is a batch's share of them: a batch is never
more than `share` of the presentations before it, and the first ones come singly. With batch_size 1 the two
are one rule.

Condition of use: as WinnerTakeAll, and many more images than planes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from neuro.learning.competition import Seeds, increments, patches_at, seeds_of
from neuro.learning.learner import (
    History,
    Reinforced,
    refuse_labels,
    refuse_unfit,
    reinforced_layers,
    with_history,
)
from neuro.learning.presentations import Log
from neuro.learning.winner_take_all import WinnerTakeAll, report_winners, split
from neuro.models.neocognitron import learning_thresholds
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class BatchedWinnerTakeAll:
    """The rule, layer by layer; q and columns have one value for each S-layer, or the last is repeated."""

    q: tuple[float, ...] = (1.0, 16.0, 16.0)
    columns: tuple[int, ...] = (5, 5, 2)
    presentations: int = 1
    batch_size: int = 64
    share: float = 1 / 16

    def __post_init__(self) -> None:
        WinnerTakeAll(self.q, self.columns, self.presentations)  # which refuses what makes no sense
        if self.batch_size < 1 or not self.share > 0:
            raise ValueError(f"batch_size >= 1 and share above zero; got {self}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy, reinforced by `presentations` of every stimulus; history and errors as of WinnerTakeAll."""
        refuse_labels(stimuli, "BatchedWinnerTakeAll")
        trained = copy.deepcopy(model)
        history: History = {}
        settings = WinnerTakeAll(self.q, self.columns, self.presentations).settings
        layers = reinforced_layers(trained)
        refuse_unfit([model], stimuli)
        for number, (name, layer) in enumerate(layers.items()):
            layer.constrain()
            with learning_thresholds(layer):
                history |= self._present(trained, stimuli, name, layer, *settings(number), generator)
        for name in layers:
            report_winners(name, history)
        return with_history(trained, history)

    def _present(
        self,
        model: nn.Sequential,
        stimuli: Stimuli,
        name: str,
        layer: Reinforced,
        q: float,
        column: int,
        generator: torch.Generator,
    ) -> History:
        """Show every stimulus, batch by batch, and reinforce one layer after each."""
        below, _ = split(model, [name])
        log, total = Log(), self.presentations * len(stimuli)
        progress = tqdm(total=total, desc=name, leave=False, disable=None)
        for turn in range(self.presentations):
            order = torch.randperm(len(stimuli), generator=generator)
            while len(order):
                before = (turn + 1) * len(stimuli) - len(order)
                size = max(1, min(self.batch_size, int(self.share * before)))
                shown, order = order[:size], order[size:]
                seen = below(stimuli.images[shown].to(layer.a.device))
                answers = layer(seen)
                seeds = seeds_of(answers, column)
                reinforce_all(layer, seen, seeds, q)
                log.add(shown, seeds, layer.b.mean()[None], answers.shape[-1])
                progress.update(len(shown))
        progress.close()
        return log.histories(name, len(layer.b), self.presentations)[0]


def reinforce_all(layer: Reinforced, seen: Tensor, seeds: Seeds, q: float) -> None:
    """Add to every plane what all its seed cells see, whichever image they are of; `seen` is (B, C, H, W)."""
    image, plane, place, _ = seeds
    patches = patches_at(seen, layer.a.shape[-1], layer.padding, image, place)
    # A product instead of index_add_, which on a GPU adds in whatever order.
    membership = F.one_hot(plane, len(layer.b)).T.to(patches.dtype)
    for weights, additions in increments(layer, patches, q):
        weights.add_(torch.tensordot(membership, additions, 1))
    layer.constrain()
