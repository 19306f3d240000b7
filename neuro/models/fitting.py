"""Which images a model can take; of one it cannot, the layer where it fails, what that met, and what fits."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

LARGEST = 256  # pixels; images up to here are tried when one that fits is looked for
MISFITS = (RuntimeError, ValueError, IndexError, TypeError)  # what layers raise for a wrong input


@contextmanager
def misfits_named(model: nn.Module, shape: Sequence[int]) -> Iterator[None]:
    """Within it, an image of `shape` (channels, height, width) that the model cannot take is a ValueError.

    It names the layer, what the layer met, and the images that fit. Where none does it is not the image's
    fault: such errors, and all others, pass as they are.
    """
    try:
        yield
    except MISFITS as error:
        found = _misfit(model, shape)
        if found is None:
            raise
        raise ValueError(found) from error


def _misfit(model: nn.Module, shape: Sequence[int]) -> str | None:
    """What is wrong with a blank image of this shape; None if the model takes it."""
    trial = copy.deepcopy(model).eval()
    entered: list[tuple[str, nn.Module, tuple[int, ...]]] = []
    for name, module in trial.named_modules():

        def enter(layer: nn.Module, inputs: tuple[Any, ...], name: str = name) -> None:
            shapes = (tuple(each.shape) for each in inputs if isinstance(each, torch.Tensor))
            entered.append((name, layer, next(shapes, ())))

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(lambda *_: entered.pop() and None)
    try:
        with torch.no_grad():
            trial(blank(trial, shape))
    except MISFITS as error:
        found, others_fit = refusal(model, shape, *entered[-1], error)
        return found if others_fit else None
    return None


def refusal(
    model: nn.Module, shape: Sequence[int], name: str, layer: nn.Module, met: Sequence[int], error: Exception
) -> tuple[str, bool]:
    """That a layer could not take what it met, (B, ...), when an image of `shape` came; if any would."""
    weight: Any = next(layer.parameters(recurse=False), None)
    filters = weight is not None and weight.ndim == 4
    takes = getattr(layer, "in_channels", weight.shape[1] if filters else None)
    window = getattr(layer, "kernel_size", tuple(weight.shape[-2:]) if filters else None)
    what, channels = (
        f"cannot take what it met ({str(error).splitlines()[0]})",
        [*dict.fromkeys([shape[0], 1])],
    )
    if takes is not None and tuple(met[1:2]) != (takes,):
        what = f"takes {_channels(takes)}"
        channels = [takes] if tuple(met[1:]) == tuple(shape) else channels
    elif window is not None:
        high, wide = np.multiply(getattr(layer, "dilation", 1), np.subtract(window, 1)) + np.ones(2, int)
        rim = getattr(layer, "padding", 0)
        what = f"looks through windows that reach over {high} by {wide} cells, with padding {rim}"
    elif hasattr(layer, "in_features"):
        what = f"takes {layer.in_features} inputs"
    there = " by ".join(map(str, met[1:]))
    who = f"layer {name!r}" if name else "the model"
    count, sides = next(
        ((count, sides) for count in channels if (sides := fitting_sizes(model, count))), (channels[0], [])
    )
    return f"{who} {what}; it met {there}; {_in_words(sides, count)}", bool(sides)


def blank(model: nn.Module, shape: Sequence[int]) -> torch.Tensor:
    """One black image (1, C, H, W) where the model's weights are, and of their precision."""
    weights = (each for each in (*model.parameters(), *model.buffers()) if each.is_floating_point())
    return next(weights, torch.zeros(0)).new_zeros(1, *shape)


def fitting_sizes(model: nn.Module, channels: int) -> list[int]:
    """The sides, up to LARGEST pixels, of the square images that the model takes; nothing is computed."""
    shell = copy.deepcopy(model).to("meta").eval()
    fitting = []
    for size in range(1, LARGEST + 1):
        try:
            with torch.no_grad():
                shell(blank(shell, (channels, size, size)))
        except MISFITS:
            continue
        fitting.append(size)
    return fitting


def _in_words(sides: Sequence[int], channels: int) -> str:
    """The images that fit, in a sentence."""
    images = f"images of {_channels(channels)}"
    if not sides:
        return f"no square {images} and up to {LARGEST} pixels a side fit"
    if sides[-1] == LARGEST and sides[-1] - sides[0] + 1 == len(sides):
        return f"{images} fit from {sides[0]} pixels a side"
    return f"{images} fit with {' or '.join(map(str, sides[:6]))} pixels a side"


def _channels(count: int) -> str:
    return f"{count} channel{'s' * (count != 1)}"
