"""The course of a training, presentation by presentation: which planes were reinforced, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from neuro.learning.competition import Seeds
from neuro.learning.learner import History, history_of

_SEEDS = ("seed presentation", "seed plane", "seed row", "seed column")


@dataclass(frozen=True)
class Presentations:
    """What one S-layer did at each of P presentations, and where each of its n seed cells lay.

    Shapes: image (P,), the number of the stimulus shown; silent (P,), the share of S-columns without an
    answer, or of places where a rule goes through places; b (P,), the mean inhibitory weight of the planes
    afterwards; presentation, plane, row, column (n,), one entry for each seed cell in the order of learning,
    row 0 at the top of the S-plane. `silent` and `b` are empty where a rule knows none.
    """

    image: np.ndarray
    silent: np.ndarray
    b: np.ndarray
    presentation: np.ndarray
    plane: np.ndarray
    row: np.ndarray
    column: np.ndarray

    @property
    def reinforced(self) -> np.ndarray:
        """How many planes learned at each presentation. Shapes: (P,)."""
        return np.bincount(self.presentation, minlength=len(self.image))

    @property
    def planes_so_far(self) -> np.ndarray:
        """How many different planes have learned by the end of each presentation. Shapes: (P,)."""
        fresh = self.presentation[self.first_seeds]
        return np.bincount(fresh, minlength=len(self.image)).cumsum()

    @property
    def seeds_at_once(self) -> int:
        """The most seed cells that any plane had at one presentation; 0 if none ever learned."""
        pairs = np.stack([self.presentation, self.plane])
        return int(np.unique(pairs, axis=1, return_counts=True)[1].max(initial=0))

    @property
    def first_seeds(self) -> np.ndarray:
        """Which entry is the first seed cell of each plane that ever learned, plane after plane."""
        return np.unique(self.plane, return_index=True)[1]

    def seeds(self, plane: int) -> np.ndarray:
        """The seed cells of one plane, in the order of learning: image, row and column. Shapes: (wins, 3)."""
        chosen = self.plane == plane
        image = self.image[self.presentation[chosen]]
        return np.stack([image, self.row[chosen], self.column[chosen]], axis=1)


def presentations(model: nn.Module, layer: str) -> Presentations:
    """The course of training of one S-layer; raises KeyError if the rule kept none for it."""
    history = history_of(model)
    if f"{layer} image" not in history:
        kept = ", ".join(name.removesuffix(" image") for name in history if name.endswith(" image")) or "none"
        raise KeyError(f"no presentations were kept for {layer!r}; of these they were: {kept}")
    silent, b = (np.array(history[f"{layer} {name}"]) for name in ("silent", "b"))
    image, *seeds = (np.array(history[f"{layer} {name}"], dtype=int) for name in ("image", *_SEEDS))
    return Presentations(image, silent, b, *seeds)


def kept(
    layer: str,
    image: Tensor,
    presentation: Tensor,
    plane: Tensor,
    row: Tensor,
    column: Tensor,
    silent: Sequence[float] = (),
    b: Sequence[float] = (),
) -> History:
    """What presentations() reads, as a part of the history."""
    seeds = zip(_SEEDS, (presentation, plane, row, column), strict=True)
    history: History = {f"{layer} {name}": part.tolist() for name, part in seeds}
    return history | {f"{layer} image": image.tolist(), f"{layer} silent": [*silent], f"{layer} b": [*b]}


class Log:
    """Collects what Presentations holds; what it costs while learning is one mean for a presentation.

    `width` is that of the S-planes, in cells. Several nets that learn side by side share one log: each entry
    then holds one competition of every net, in the order of the nets.
    """

    def __init__(self) -> None:
        self.width = 1
        self._images: list[Tensor] = []
        self._b: list[Tensor] = []
        self._seeds: list[Seeds] = []

    def add(self, images: Tensor, seeds: Seeds, b: Tensor, width: int) -> None:
        """The stimuli shown (B,), the seed cells of these competitions, and b afterwards (B,) or (1,)."""
        self.width = width
        self._images.append(images)
        self._b.append(b.expand(len(images)))
        self._seeds.append(seeds)

    def histories(self, layer: str, planes: int, rounds: int, nets: int = 1) -> list[History]:
        """Of each net the history of a layer: what Presentations needs, and the wins of every plane.

        `silent columns` is the share in each of so many rounds of equal length.
        """
        sizes = torch.tensor([len(images) for images in self._images])
        counts = torch.tensor([len(seeds.plane) for seeds in self._seeds])
        before = torch.repeat_interleave(sizes.cumsum(0) - sizes, counts)
        competition, plane, place, silent = (torch.cat(part).cpu() for part in zip(*self._seeds, strict=True))
        competition = competition + before
        images, b = torch.cat(self._images).cpu(), torch.cat(self._b).cpu()
        owner = competition % nets
        seeds = torch.stack([competition // nets, plane, place // self.width, place % self.width])
        by_net = seeds[:, owner.argsort(stable=True)].split(owner.bincount(minlength=nets).tolist(), dim=1)
        found = []
        for net, (presentation, winner, row, column) in enumerate(by_net):
            of_net = slice(net, None, nets)
            about = silent[of_net].tolist(), b[of_net].tolist()
            history = kept(layer, images[of_net], presentation, winner, row, column, *about)
            history[f"{layer} wins"] = torch.bincount(winner, minlength=planes).double().tolist()
            history[f"{layer} silent columns"] = silent[of_net].reshape(rounds, -1).mean(1).tolist()
            found.append(history)
        return found
