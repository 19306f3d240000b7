"""The layers of LeCun's nets of 1989 to 1998: maps through a table, local fields, trained subsampling.

The window of a cell may reach beyond the image; what it meets there is a constant.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Table = Sequence[Sequence[int]]  # of each map, the maps below that it sees


def every(below: int, maps: int) -> Table:
    """The table in which each map sees all the maps below."""
    return [range(below)] * maps


class Retina(nn.Module):
    """Where the image enters: black becomes `low`, white `high`.

    Shapes: (B, 1, size, size) -> the same. Raises ValueError for images of another size.
    """

    def __init__(self, size: int, low: float = -1.0, high: float = 1.0) -> None:
        super().__init__()
        self.size, self.low, self.high = size, low, high

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != (1, self.size, self.size):
            raise ValueError(
                f"retina: this net takes images (B, 1, {self.size}, {self.size}); got "
                f"{tuple(images.shape)}; resized(stimuli, {self.size}) brings grey images to that size"
            )
        return self.low + (self.high - self.low) * images


class ScaledTanh(nn.Module):
    """f(a) = 1.7159 tanh(2a/3): f(1) = 1, where it is not yet flat (LeCun et al. 1998, reported)."""

    def forward(self, a: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * a)


class Triangle(nn.Module):
    """What a cell has more than most cells at its place: the threshold follows the input.

        y_k = max(0, u_k - mean - sds * sd),   mean and sd over the planes at a place

    Without `sds` the triangle of Coates, Lee & Ng 2011 (reported; theirs is of distances to centres) and of
    SoftHebb's deep nets; with it fewer cells answer. Shapes: (B, K, H, W) or (B, K) -> the same.
    """

    def __init__(self, sds: float = 0.0) -> None:
        super().__init__()
        self.sds = sds

    def forward(self, u: Tensor) -> Tensor:
        sd, mean = torch.std_mean(u, 1, correction=0, keepdim=True)
        return torch.relu(u - (mean + self.sds * sd))


class Mixtures(nn.Module):
    """What comes from below, and beside it cells that see all of it, each through weights drawn at random.

        y = (x, v),   v_k = max(0, u_k - mean of u),   u = W (x - mean of x over the planes at its place)

    W is normal, of variance 1 / inputs, drawn from the generator; it is no parameter, and no rule learns it.
    A linear readout of many such cells is nearly one with a kernel of degree one (Rahimi & Recht 2008, Cho &
    Saul 2009, reported). Shapes: (B, planes, H, W) of so many places -> (B, planes * places + cells).
    Raises ValueError for an input that does not fit.
    """

    def __init__(self, planes: int, places: int, cells: int, generator: torch.Generator) -> None:
        super().__init__()
        # The seed stands for W where a trained net is kept and where it is looked up.
        self.seed = int(torch.randint(2**62, (1,), generator=generator))
        drawn = torch.randn(cells, planes * places, generator=torch.Generator().manual_seed(self.seed))
        self.register_buffer("weights", drawn / (planes * places) ** 0.5, persistent=False)
        self.weights: Tensor

    def forward(self, x: Tensor) -> Tensor:
        below, inputs = x.flatten(1), self.weights.shape[1]
        if below.shape[1] != inputs:
            raise ValueError(f"Mixtures sees {inputs} cells; got {tuple(x.shape[1:])}")
        u = (x - x.mean(1, keepdim=True)).flatten(1) @ self.weights.T
        return torch.cat([below, torch.relu(u - u.mean(1, keepdim=True))], 1)


class FeatureMaps(nn.Module):
    """Maps of cells; all cells of a map look through the same square windows, one for each map below it sees.

        a_k(x) = sum over maps i in table[k], places d in the window of  w_ki(d) u_i(stride x + d)  +  b_k

    Weights are shared; biases are too, unless `own_biases`, the rows and columns of the answer, gives every
    cell its own, b_k(x), as in 1989. Beyond the image, `padding` pixels on each side, u is `beyond`.

    Shapes: (B, inputs, H, W) -> (B, len(table), H', W'); weight (links of the table, window, window).
    Raises ValueError for a table with maps that are not there, a window or stride below 1, and for an input
    that does not fit.
    """

    def __init__(
        self,
        inputs: int,
        table: Table,
        window: int,
        stride: int = 1,
        padding: int = 0,
        beyond: float = -1.0,
        own_biases: int | None = None,
    ) -> None:
        super().__init__()
        _refuse_windows(window, stride, padding)
        pairs = [(k, i) for k, seen in enumerate(table) for i in seen]
        if any(not 0 <= i < inputs for _, i in pairs) or len(set(pairs)) < len(pairs):
            raise ValueError(f"a table names each of the maps 0 to {inputs - 1} once at most; got {table}")
        self.inputs, self.maps, self.window = inputs, len(table), window
        self.table = tuple(tuple(seen) for seen in table)
        self.stride, self.padding, self.beyond, self.own_biases = stride, padding, beyond, own_biases
        self.place: Tensor
        self.register_buffer("place", torch.tensor([k * inputs + i for k, i in pairs]), persistent=False)
        cells = 1 if own_biases is None else own_biases
        self.weight = nn.Parameter(torch.empty(len(pairs), window, window))
        self.bias = nn.Parameter(torch.zeros(len(table), cells, cells))
        _draw(self.weight, self.fan_in())

    def fan_in(self) -> Tensor:
        """For each window, how many cells below feed its cell. Shapes: (links of the table, 1, 1)."""
        owner = self.place // self.inputs
        seen = torch.bincount(owner, minlength=self.maps)[owner]
        return (seen * self.window**2)[:, None, None]

    def filters(self) -> Tensor:
        """All windows, zero where the table has no link. Shapes: (maps, inputs, window, window)."""
        dense: Tensor = self.weight
        if len(self.weight) < self.maps * self.inputs:
            none = self.weight.new_zeros(self.maps * self.inputs, self.window, self.window)
            dense = none.index_copy(0, self.place, self.weight)
        return dense.view(self.maps, self.inputs, self.window, self.window)

    def forward(self, u: Tensor) -> Tensor:
        _refuse(self, u, self.inputs)
        answer = F.conv2d(_framed(u, self.padding, self.beyond), self.filters(), stride=self.stride)
        if self.own_biases not in (None, answer.shape[-1]):
            size = " x ".join(map(str, answer.shape[-2:]))
            raise ValueError(
                f"FeatureMaps has biases for {self.own_biases} cells a side; the input gives {size}"
            )
        return answer + self.bias


class LocalFields(nn.Module):
    """One map of cells that look through square windows of their own: local, and nothing is shared.

    Shapes: (B, inputs, H, W) -> (B, 1, cells, cells); weight (cells^2, inputs * window^2).
    Raises ValueError for a window or stride below 1, and for an input that does not fit.
    """

    def __init__(
        self, inputs: int, cells: int, window: int, stride: int = 1, padding: int = 0, beyond: float = -1.0
    ) -> None:
        super().__init__()
        _refuse_windows(window, stride, padding)
        self.inputs, self.cells, self.window = inputs, cells, window
        self.stride, self.padding, self.beyond = stride, padding, beyond
        self.weight = nn.Parameter(torch.empty(cells**2, inputs * window**2))
        self.bias = nn.Parameter(torch.zeros(cells**2))
        _draw(self.weight, self.fan_in())

    def fan_in(self) -> Tensor:
        """How many cells below feed a cell. Shapes: (1, 1)."""
        return torch.tensor([[self.weight.shape[1]]])

    def forward(self, u: Tensor) -> Tensor:
        _refuse(self, u, self.inputs)
        seen = F.unfold(_framed(u, self.padding, self.beyond), self.window, stride=self.stride)
        if seen.shape[-1] != len(self.weight):
            raise ValueError(
                f"LocalFields has {len(self.weight)} cells; {tuple(u.shape[1:])} feeds {seen.shape[-1]}"
            )
        answer = torch.einsum("bfx,xf->bx", seen, self.weight) + self.bias
        return answer.reshape(-1, 1, self.cells, self.cells)


class Subsampling(nn.Module):
    """Pooling with two trained numbers a map: the sum of each block times a coefficient, plus a bias.

        a_k(x) = w_k sum over places d in the block of  u_k(window x + d)  +  b_k

    Shapes: (B, maps, H, W) -> (B, maps, H / window, W / window). Raises ValueError where blocks do not fit.
    """

    def __init__(self, maps: int, window: int = 2) -> None:
        super().__init__()
        self.maps, self.window = maps, window
        self.weight = nn.Parameter(torch.empty(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))
        _draw(self.weight, self.fan_in())

    def fan_in(self) -> Tensor:
        """How many cells below feed a cell. Shapes: (1, 1, 1)."""
        return torch.tensor([[[self.window**2]]])

    def forward(self, u: Tensor) -> Tensor:
        if u.shape[1] != self.maps or u.shape[2] % self.window or u.shape[3] % self.window:
            fits = f"{self.maps} maps with sides that {self.window} divides"
            raise ValueError(f"Subsampling takes {fits}; got {tuple(u.shape[1:])}")
        return self.window**2 * F.avg_pool2d(u, self.window) * self.weight + self.bias


def _framed(u: Tensor, padding: int, beyond: float) -> Tensor:
    return F.pad(u, (padding,) * 4, value=beyond) if padding else u


def _refuse(layer: FeatureMaps | LocalFields, u: Tensor, inputs: int) -> None:
    least = layer.window - 2 * layer.padding
    if u.ndim != 4 or u.shape[1] != inputs or min(u.shape[2:]) < least:
        wanted = f"(B, {inputs}, {least} or more, {least} or more)"
        raise ValueError(f"{type(layer).__name__} takes {wanted}; got {tuple(u.shape)}")


def _refuse_windows(window: int, stride: int, padding: int) -> None:
    if min(window, stride) < 1 or padding < 0:
        raise ValueError(
            "window and stride are whole numbers from 1 and padding from 0; got "
            f"{window}, {stride} and {padding}"
        )


def _draw(weight: Tensor, fan_in: Tensor) -> None:
    """What torch gives its own layers: uniform within 1 / sqrt(inputs), from torch's own generator."""
    with torch.no_grad():
        weight.uniform_(-1, 1).div_(fan_in.sqrt())
