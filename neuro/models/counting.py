"""How many numbers a model learns, how many cells it has, and how many links join them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from neuro.models.feature_maps import FeatureMaps, LocalFields, Subsampling
from neuro.models.fitting import misfits_named


def parameter_count(model: nn.Module) -> int:
    """The number of trainable numbers in the model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def layer_sizes(model: nn.Sequential, image: Tensor) -> list[tuple[str, tuple[int, ...], int]]:
    """Name, shape of the answer and parameters of each layer of a chain shown one image (1, C, H, W).

    Raises ValueError for an image that does not fit, naming the layer, what it met, and what would fit.
    """
    rows, answer = [], image
    with torch.no_grad(), misfits_named(model, image.shape[1:]):
        for name, layer in model.named_children():
            answer = layer(answer)
            rows.append((name, tuple(answer.shape[1:]), parameter_count(layer)))
    return rows


class Wiring(NamedTuple):
    """One layer in the terms of the papers: its cells, the links that enter them, what of these is free."""

    layer: str
    units: int
    links: int
    parameters: int


def wiring(model: nn.Sequential, image: Tensor) -> list[Wiring]:
    """The wiring of each layer of a chain shown one image (1, C, H, W); "input" is the first.

    A link joins one cell to one cell below, or to its bias, and counts also where it meets the frame beyond
    the image. Layers without links (a nonlinearity, a reshaping, pooling without weights) have no row.
    Raises as `layer_sizes`.
    """
    rows, answer = [Wiring("input", image[0].numel(), 0, 0)], image
    with torch.no_grad(), misfits_named(model, image.shape[1:]):
        for name, layer in model.named_children():
            links = 0
            for _, part in layers_of(nn.Sequential(layer)):
                answer = part(answer)
                links += links_of(part, answer)
            if links:
                rows.append(Wiring(name, answer[0].numel(), links, parameter_count(layer)))
    return rows


def totals(rows: list[Wiring]) -> Wiring:
    """The sums over all layers."""
    return Wiring("total", *(sum(column) for column in zip(*(row[1:] for row in rows), strict=True)))


def layers_of(model: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    """The layers of a chain, and of the chains in it, in order, with their dotted names."""
    return [
        step
        for name, layer in model._modules.items()  # not named_children(), which tells of a layer once
        if layer is not None
        for step in (
            layers_of(layer, f"{prefix}{name}.")
            if isinstance(layer, nn.Sequential)
            else [(prefix + name, layer)]
        )
    ]


def links_of(layer: nn.Module, answer: Tensor) -> int:
    """The links into the cells of one layer that gave this answer (1, K, H, W) or (1, K)."""
    if isinstance(layer, FeatureMaps | nn.Conv2d):
        biases = 0 if layer.bias is None else answer.shape[1]
        return answer[0, 0].numel() * (layer.weight.numel() + biases)
    if isinstance(layer, Subsampling):
        return answer[0].numel() * (layer.window**2 + 1)
    if isinstance(layer, LocalFields | nn.Linear):
        return layer.weight.numel() + (0 if layer.bias is None else layer.bias.numel())
    patterns = getattr(layer, "patterns", None)  # of a radial output: fixed links to every cell below
    return patterns.numel() if isinstance(patterns, Tensor) else 0
