"""What may stand between two convolutions: ways to make one cell of each block of cells of a map."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from neuro.models.feature_maps import ScaledTanh, Subsampling

WINDOW = 2


class NetworkOnBlocks(nn.Module):
    """A small network looks at each block and answers one number: one network for all blocks of all maps.

        y = sum over units j of v_j max(0, w_j . block + b_j)

    The lecture decks' learned pooling ("network in network"). It begins as the mean of the block, if no cell
    is below zero: the first units each look at one cell with v = 1 / cells; the others, which begin with
    w_j = (cell - next cell), have no say yet (v = 0). Nothing of it is random.
    Shapes: (B, K, H, W) -> (B, K, H / window, W / window). Raises ValueError where blocks do not fit.
    """

    def __init__(self, window: int = WINDOW) -> None:
        super().__init__()
        cells = window**2
        self.window = window
        single = torch.eye(cells)
        looks = torch.cat([single, single - single.roll(1, dims=1)])
        self.looks = nn.Parameter(looks)
        self.bias = nn.Parameter(torch.zeros(len(looks)))
        self.says = nn.Parameter(torch.cat([torch.full((cells,), 1 / cells), torch.zeros(cells)]))

    def forward(self, maps: Tensor) -> Tensor:
        if maps.shape[2] % self.window or maps.shape[3] % self.window:
            fits = f"maps with sides that {self.window} divides"
            raise ValueError(f"NetworkOnBlocks takes {fits}; got {tuple(maps.shape[1:])}")
        side = (maps.shape[2] // self.window, self.window, maps.shape[3] // self.window, self.window)
        blocks = maps.unflatten(2, side[:2]).unflatten(4, side[2:]).movedim(3, -2).flatten(-2)
        pooled: Tensor = torch.relu(blocks @ self.looks.T + self.bias) @ self.says
        return pooled


def _subsampling(maps: int) -> nn.Sequential:
    """Begins as the mean, then squashed: 1.7159 tanh(2/3 mean)."""
    sums = Subsampling(maps, WINDOW)
    nn.init.constant_(sums.weight, 1 / WINDOW**2)
    return nn.Sequential(OrderedDict(sums=sums, squashed=ScaledTanh()))


# By name, what pools a number of maps; all take blocks of 2 by 2 in steps of 2.
POOLINGS: Mapping[str, Callable[[int], nn.Module]] = {
    "none": lambda maps: nn.MaxPool2d(1, stride=WINDOW),
    "maximum": lambda maps: nn.MaxPool2d(WINDOW),
    "mean": lambda maps: nn.AvgPool2d(WINDOW),
    "subsampling 1998": _subsampling,
    "small network": lambda maps: NetworkOnBlocks(),
}


def with_pooling(convnet: nn.Sequential, name: str, maps: Mapping[str, int]) -> nn.Sequential:
    """The chain with its pools replaced by those of this name; its other layers are the same objects.

    `maps` says which layers are pools, and of how many maps. Pools draw nothing at random, so that nets that
    share their other layers differ in nothing else. "none" keeps the first cell of each block.
    Raises ValueError for a name that is not in POOLINGS, and for a pool that the chain does not have.
    """
    if name not in POOLINGS:
        raise ValueError(f"no pooling {name!r}; there are {', '.join(POOLINGS)}")
    there = dict(convnet.named_children())
    for layer in maps:
        if layer not in there:
            raise ValueError(f"no layer {layer!r}; this chain has {', '.join(there)}")
    layers = [
        (layer, POOLINGS[name](maps[layer]) if layer in maps else module) for layer, module in there.items()
    ]
    return nn.Sequential(OrderedDict(layers))
