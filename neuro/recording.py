"""The electrode: what the named layers of any model answer to stimuli. Here torch ends and numpy begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from neuro.models.fitting import misfits_named
from neuro.stimuli import Stimuli

Units = Literal["centre"] | ArrayLike | Mapping[str, ArrayLike]
Hook = Callable[[nn.Module, Any, Any], None]


@dataclass(frozen=True)
class Recording:
    """What the electrode kept.

    Shapes: responses, layer -> (B, K, H, W), for chosen units (B, n, 1, 1), for movies (B, T, K, H, W);
    conditions, those of the stimuli, name -> (B,).
    """

    responses: Mapping[str, np.ndarray]
    conditions: Mapping[str, np.ndarray]

    def __getitem__(self, layer: str) -> np.ndarray:
        return self.responses[layer]


def layer_names(model: nn.Module) -> list[str]:
    """The layers recorded when none are named: the model's children in order, but for mere flattening."""
    return [name for name, layer in model.named_children() if not isinstance(layer, nn.Flatten)]


def device_of(model: nn.Module) -> torch.device:
    """Where the model's weights are; a model without any is on the CPU."""
    tensors = chain(model.parameters(), model.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


@contextmanager
def at_rest(model: nn.Module) -> Iterator[None]:
    """The model in eval mode and without gradients; every module's mode is put back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def record(
    model: nn.Module,
    stimuli: Stimuli,
    layers: Sequence[str] | None = None,
    units: Units | None = None,
    batch_size: int = 128,
) -> Recording:
    """The responses of the named layers (default: all the model's children) to every stimulus.

    `units`: None keeps whole planes; "centre" the cell at the middle of each plane; an array (n, 3) of
    (plane, row, column), or one for each layer, keeps just those cells. Movies are shown frame by frame, but
    whole to a model whose attribute `sees_movies` is true; its layers answer (B, T, K, H, W) or (B, T, K).
    Only one batch is inside the model at a time, `batch_size` frames or one whole movie, so memory grows with
    what is kept and no faster.

    Raises ValueError for a layer that is not there (naming those that are), did not run, ran twice in a pass,
    has no planes of cells, or cannot take what it meets (with the images that fit); for stills shown to a
    model that sees movies, and movies of another `dt`; TypeError for a layer whose output is not a tensor.
    """
    whole = _sees_movies(model, stimuli)
    frames = stimuli.images if whole or stimuli.dt is None else stimuli.images.flatten(0, 1)
    if frames.numel() == 0:
        raise ValueError("no stimuli to show")
    at_once = max(1, batch_size // frames.shape[1]) if whole else batch_size
    modules = _find(model, layers)
    kept: dict[str, np.ndarray] = {}
    running: dict[str, int] = {}  # layer -> first frame of the batch it ran for last
    at = slice(0)

    def keep(name: str) -> Hook:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if not isinstance(output, Tensor):
                kind = type(output).__name__
                raise TypeError(f"layer {name!r} gives a {kind}, not a tensor; record a layer inside it")
            if running.get(name) == at.start:
                raise ValueError(f"layer {name!r} runs more than once in a pass; its responses are ambiguous")
            running[name] = at.start
            cells = _cells(output, units, name, whole).cpu().numpy()
            if name not in kept:
                kept[name] = np.empty((len(frames), *cells.shape[1:]), dtype=cells.dtype)
            kept[name][at] = cells

        return hook

    with misfits_named(model, frames.shape[1:]):
        handles = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
        try:
            with at_rest(model):
                for start in range(0, len(frames), at_once):
                    at = slice(start, start + at_once)
                    model(frames[at].to(device_of(model)))
        finally:
            for handle in handles:
                handle.remove()
    missed = [name for name in modules if name not in kept]
    if missed and layers is not None:
        raise ValueError(f"layer {missed[0]!r} did not run when the stimuli were shown")
    if stimuli.dt is not None and not whole:
        kept = {name: r.reshape(*stimuli.images.shape[:2], *r.shape[1:]) for name, r in kept.items()}
    return Recording({name: kept[name] for name in modules if name in kept}, dict(stimuli.conditions))


def _find(model: nn.Module, layers: Sequence[str] | None) -> dict[str, nn.Module]:
    """The named modules; raises ValueError with the layers there are."""
    there = dict(model.named_modules())
    names = layer_names(model) if layers is None else list(layers)
    if isinstance(layers, str):
        raise ValueError(f"layers is a list of names; write [{layers!r}]")
    for name in names:
        if name not in there or not name:
            known = ", ".join(layer_names(model)) or "no named layers"
            raise ValueError(f"no layer {name!r}; this model has {known}")
    return {name: there[name] for name in names}


def _sees_movies(model: nn.Module, stimuli: Stimuli) -> bool:
    """Whether this model is handed movies whole; raises ValueError if these stimuli are no movies for it."""
    if not getattr(model, "sees_movies", False):
        return False
    if stimuli.dt is None:
        shape = tuple(stimuli.images.shape)
        raise ValueError(f"this model sees movies (B, T, C, H, W) with a dt in ms; got stills {shape}")
    if getattr(model, "dt", stimuli.dt) != stimuli.dt:
        raise ValueError(
            f"this model sees frames of dt = {model.dt} ms; those of the movie are {stimuli.dt} ms"
        )
    return True


def _cells(output: Tensor, units: Units | None, name: str, whole: bool) -> Tensor:
    """The chosen cells' answers to frames, (B, n, 1, 1) or whole planes, or to whole movies, (B, T, ...)."""
    if not whole:
        return _choose(_planes(output, name), units, name)
    if output.ndim not in (3, 5):
        shape = tuple(output.shape)
        raise ValueError(f"layer {name!r} gives {shape}; expected (B, T, K, H, W) or (B, T, K) for movies")
    cells = _choose(_planes(output.flatten(0, 1), name), units, name)
    return cells.reshape(*output.shape[:2], *cells.shape[1:])


def _planes(output: Tensor, name: str) -> Tensor:
    """(B, K) and (B, K, H, W) alike as (B, K, H, W)."""
    if output.ndim == 2:
        return output[:, :, None, None]
    if output.ndim != 4:
        shape = tuple(output.shape)
        raise ValueError(f"layer {name!r} gives {shape}; expected (B, K, H, W) or (B, K)")
    return output


def _choose(planes: Tensor, units: Units | None, name: str) -> Tensor:
    """The chosen cells of (B, K, H, W) as (B, n, 1, 1); all of them if there was no choice."""
    if units is None:
        return planes
    if isinstance(units, str):
        if units != "centre":
            raise ValueError(f"units is 'centre' or an array of (plane, row, column); got {units!r}")
        row, column = planes.shape[2] // 2, planes.shape[3] // 2
        return planes[:, :, row : row + 1, column : column + 1]
    if isinstance(units, Mapping) and name not in units:
        raise ValueError(
            f"no units given for layer {name!r}; there are units for {', '.join(units) or 'none'}"
        )
    where = np.asarray(units[name] if isinstance(units, Mapping) else units)
    if where.ndim != 2 or where.shape[1] != 3:
        raise ValueError(f"units must be (n, 3): plane, row, column; got {where.shape}")
    if (where < 0).any() or (where >= planes.shape[1:]).any():
        raise ValueError(
            f"layer {name!r} has {tuple(planes.shape[1:])} planes, rows, columns; got {where.max(0)}"
        )
    plane, row, column = torch.from_numpy(where).T
    return planes[:, plane, row, column][:, :, None, None]
