"""Sizes, counts and receptive fields of the layers of any model, taken from one pass of a blank image.

Everything is read off the operations that torch runs (convolutions, pools, dense products, padding), so that
layers of our own, branches that meet again and nets of others are counted alike.

    field   1 + sum over layers of d (k - 1) x jump before the layer;  window k, dilation d
    jump    product of the strides                                     (Araujo, Norris & Sim 2019, Distill)

Where an operation mixes places in another way (a Fourier transform), its reach is not known and left out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from neuro.models.counting import links_of
from neuro.models.feature_maps import FeatureMaps, LocalFields, Subsampling
from neuro.models.fitting import MISFITS, blank, refusal
from neuro.models.lenet5 import RadialOutput
from neuro.models.neocognitron import ContrastLayer
from neuro.models.windows import fitting_strides, same_padding, times_used
from neuro.recording import at_rest, layer_names

Ints = NDArray[np.int64]
# fmt: off
COLUMNS = (
    "layer", "planes", "height", "width", "parameters", "links", "macs",
    "field_height", "field_width", "jump_y", "jump_x", "unseen",
)
# fmt: on


@dataclass(frozen=True)
class LayerTable:
    """One row a layer; `table["links"]` is a column, `table.total("links")` its sum.

    layer                     name
    planes, height, width     of its answer; a dense layer has 1 by 1 cells in each plane
    parameters                numbers that learn
    links                     inputs of all its cells, their biases among them, those from the padding too; as
                              the papers count; of a pool, the cells of its blocks
    macs                      multiply-accumulates of weights and inputs (torch's own count, but for layers
                              with a table of links); none in a pool without weights
    field_height, field_width receptive field, in pixels of the image; it may reach beyond the rim
    jump_y, jump_x            pixels between the fields of neighbouring cells; 0 where all see the whole image
    unseen                    cells of its input that no window reaches

    `starts` is, of each layer, the row and the column of the image where the field of its first cell begins;
    below zero, it begins beyond the rim.
    """

    columns: Mapping[str, NDArray[Any]]
    complaints: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, Ints] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["layer"])

    def total(self, name: str) -> int:
        """The sum of a column."""
        return int(self.columns[name].sum())

    def field_starts(self, layer: str, row: ArrayLike, column: ArrayLike) -> Ints:
        """Where in the image the fields of these cells of a layer begin. Shapes: (n,), (n,) -> (n, 2)."""
        at = self["layer"].tolist().index(layer)
        jump = np.array([self["jump_y"][at], self["jump_x"][at]])
        return np.asarray(self.starts[layer] + np.stack([row, column], axis=-1) * jump)

    def refuse_unseen(self) -> LayerTable:
        """The table, if every cell of every layer is looked at; else ValueError with the strides that fit."""
        for layer, complaint in self.complaints.items():
            raise ValueError(f"layer {layer!r}: {complaint}")
        return self

    def to_csv(self, path: str | Path) -> None:
        """One line a layer, beneath the names of the columns."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(zip(*(column.tolist() for column in self.columns.values()), strict=True))


def layer_table(
    model: nn.Module, shape: tuple[int, int, int], layers: Sequence[str] | None = None
) -> LayerTable:
    """Sizes, parameters, links, multiply-accumulates and receptive field of each layer of a model.

    Shapes: the images are of `shape` (channels, height, width). `layers` are dotted names; by default the
    model's children.
    Raises ValueError if a layer cannot take what it is shown, which names the layer, the sizes it met and the
    images that would fit; and for a layer that is not there, does not run, or runs twice.
    """
    there, names = dict(model.named_modules()), layer_names(model) if layers is None else list(layers)
    for name in names:
        if name not in there:
            raise ValueError(f"no layer {name!r}; this model has {', '.join(layer_names(model))}")
    walk = _Walk(names)
    ends = [each for name, module in there.items() for each in walk.hooks(name, module)]
    image = blank(model, shape)
    walk.seen[id(image)] = image, _Field()
    failure = None
    try:
        with at_rest(model), FlopCounterMode(display=False) as walk.flops, walk:
            model(image)
    except MISFITS as error:
        failure = error
    finally:
        for end in ends:
            end.remove()
    if failure is not None:
        if not walk.entered:
            raise failure
        raise ValueError(refusal(model, shape, *walk.entered[-1][:3], failure)[0]) from failure
    for name in names:
        if walk.runs.count(name) != 1:
            raise ValueError(
                f"layer {name!r} must run once when an image is shown; it ran {walk.runs.count(name)} times"
            )
    columns = zip(*(walk.rows[name] for name in names), strict=True)
    return LayerTable(
        {name: np.array(column) for name, column in zip(COLUMNS, columns, strict=True)},
        walk.complaints,
        walk.starts,
    )


@dataclass(frozen=True)
class _Field:
    """What the first cell of a layer sees: pixels `first` to `last`; the next cell's lie `jump` further on.

    Shapes: (2,), of rows and columns.
    """

    first: Ints = field(default_factory=lambda: np.zeros(2, np.int64))
    last: Ints = field(default_factory=lambda: np.zeros(2, np.int64))
    jump: Ints = field(default_factory=lambda: np.ones(2, np.int64))

    def through(self, window: Ints, stride: Ints, before: Ints, dilation: Ints) -> _Field:
        first = self.first - before * self.jump
        last = self.last + (dilation * (window - 1) - before) * self.jump
        return _Field(first, last, self.jump * stride)

    def whole(self, size: Sequence[int]) -> _Field:
        """What all cells of a map of this size see together."""
        reach = (np.array(size[-2:]) - 1) * self.jump if len(size) > 3 else 0
        return _Field(self.first, self.last + reach, np.zeros(2, np.int64))


# The arguments, in order, of the operations that are followed.
_POOL = ["input", "kernel_size", "stride", "padding", "dilation"]
_ARGUMENTS = {
    "linear": ["input", "weight", "bias"],
    "pad": ["input", "pad"],
    "conv2d": ["input", "weight", "bias", "stride", "padding", "dilation", "groups"],
    "unfold": ["input", "kernel_size", "dilation", "padding", "stride"],
    "avg_pool2d": _POOL[:4],
    "max_pool2d": _POOL,
    "max_pool2d_with_indices": _POOL,
}


class _Walk(TorchFunctionMode):
    """Follows receptive fields from operation to operation, and counts links, while an image passes."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names, self.flops = names, FlopCounterMode(display=False)
        self.links = self.beside = self.unseen = 0
        # Kept with their tensors, so that no other tensor can take the same id.
        self.seen: dict[int, tuple[Tensor, _Field]] = {}
        self.entered: list[tuple[str, nn.Module, tuple[int, ...], Ints]] = []
        self.rows: dict[str, tuple[Any, ...]] = {}
        self.runs: list[str] = []
        self.complaints: dict[str, str] = {}
        self.starts: dict[str, Ints] = {}

    def counts(self) -> Ints:
        return np.array([self.links, self.flops.get_total_flops() // 2 + self.beside, self.unseen])

    def hooks(self, name: str, module: nn.Module) -> list[Any]:
        """Notes on entering a layer what it met, and on leaving it what it came to."""

        def enter(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
            met = next((tuple(each.shape) for each in inputs if isinstance(each, Tensor)), ())
            self.entered.append((name, layer, met, self.counts()))

        def leave(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            *_, before = self.entered.pop()
            shape = tuple(output.shape[1:]) if isinstance(output, Tensor) else ()
            planes, height, width = (*shape, 1, 1) if len(shape) == 1 else shape[-3:] or (0, 0, 0)
            if isinstance(layer, FeatureMaps | LocalFields | Subsampling | RadialOutput):
                # What torch runs there are filters with zeros in them; the papers count the links there are.
                links = links_of(layer, output)
                biases = output.numel() * hasattr(layer, "bias")
                macs = output.numel() if isinstance(layer, Subsampling) else links - biases
                self.links = int(before[0]) + links
                self.beside += int(before[1] + macs - self.counts()[1])
            if isinstance(layer, ContrastLayer) and inputs and id(inputs[0]) in self.seen:
                # It subtracts one and the same pixel everywhere, which is no part of what its cells see.
                window = layer.g.shape[-1]
                _, sees = self.seen[id(inputs[0])]
                around = map(_pair, (window, 1, window // 2, 1))  # window, stride, padding, dilation
                self.seen[id(output)] = output, sees.through(*around)
            if name in self.names:
                self.runs.append(name)
                _, sees = self.seen.get(id(output), (None, _Field()))
                self.starts[name] = sees.first
                parameters = sum(p.numel() for p in layer.parameters() if p.requires_grad)
                links, macs, unseen = map(int, self.counts() - before)
                sides = (*(sees.last - sees.first + 1).tolist(), *sees.jump.tolist())
                self.rows[name] = (name, planes, height, width, parameters, links, macs, *sides, unseen)

        return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        output = func(*args, **given)
        known = [self.seen[id(each)] for arg in (*args, *given.values()) for each in _listed(arg)
                 if id(each) in self.seen]  # fmt: skip
        results = [each for each in _listed(output) if isinstance(each, Tensor)]
        if known and results:
            sees = self._after(getattr(func, "__name__", ""), args, given, known, results[0])
            self.seen |= {id(result): (result, sees) for result in results}
        return output

    def _after(
        self,
        what: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        known: Sequence[tuple[Tensor, _Field]],
        output: Tensor,
    ) -> _Field:
        """The field of what an operation gives, which sees all that its inputs see."""
        met, fields = known[0][0], [each for _, each in known]
        sees = _Field(
            np.min([each.first for each in fields], axis=0),
            np.max([each.last for each in fields], axis=0),
            np.max([each.jump for each in fields], axis=0),
        )
        given = dict(zip(_ARGUMENTS.get(what, []), args, strict=False)) | dict(kwargs)
        if what == "linear":
            self.links += output.numel() * (given["weight"].shape[1] + (given.get("bias") is not None))
        elif what == "pad":
            ends = (*given["pad"], 0, 0)  # left, right, above, below
            moved = np.array([ends[2], ends[0]]) * sees.jump
            return _Field(sees.first - moved, sees.last - moved, sees.jump)
        elif what in _ARGUMENTS:
            return self._through_windows(what, given, sees, output)
        elif what.startswith("adaptive_"):
            window = np.array(met.shape[-2:]) // np.array(output.shape[-2:])
            self.links += output.numel() * int(window.prod())
            return sees.through(window, window, _pair(0), _pair(1))
        shrunk = output.ndim == met.ndim == 4 and output.shape[-2:] == (1, 1)
        return sees.whole(met.shape) if output.ndim == 2 or shrunk else sees

    def _through_windows(self, what: str, given: Mapping[str, Any], sees: _Field, output: Tensor) -> _Field:
        """The field behind windows; their links and the cells that they leave unseen are counted."""
        size, weight = np.array(given["input"].shape[-2:]), given.get("weight")
        window = _pair(given["kernel_size"] if weight is None else weight.shape[-2:])
        stride = _pair(given.get("stride") or (1 if what in ("conv2d", "unfold") else window))
        dilation = _pair(given.get("dilation", 1))
        rims = _rims(given.get("padding", 0), window, dilation)
        sides = [*zip(size, window, stride, rims, dilation, strict=True)]
        if weight is not None:
            self.links += output.numel() * (weight[0].numel() + (given.get("bias") is not None))
        elif what != "unfold":
            self.links += output.numel() * int(window.prod())
        reached = [int((times_used(*side) > 0).sum()) for side in sides]
        self.unseen += int(size.prod()) - reached[0] * reached[1]
        for (cells, wide, step, rim, spread), of_them in zip(sides, reached, strict=True):
            if of_them < cells and self.entered:
                fits = " or ".join(map(str, fitting_strides(cells, wide, rim, spread))) or "none"
                self.complaints[self.entered[-1][0]] = (
                    f"windows of {wide} in steps of {step} never look at {cells - of_them} of {cells} cells "
                    f"in a row with {rim[0]} + {rim[1]} of padding; steps that fit: {fits}"
                )
        return sees.through(window, stride, np.array(rims)[:, 0], dilation)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


def _pair(value: Any) -> Ints:
    """One number for both rows and columns, or two. Shapes: (2,)."""
    return np.broadcast_to(np.asarray(value, dtype=np.int64), (2,))


def _rims(padding: Any, window: Ints, dilation: Ints) -> list[tuple[int, int]]:
    """Padding before and after, of rows and of columns, as torch takes it: "same", "valid" or numbers."""
    if padding == "same":
        return [same_padding(*side) for side in zip(window, dilation, strict=True)]
    numbers = _pair(0 if padding == "valid" else padding)
    return [(int(each), int(each)) for each in numbers]
