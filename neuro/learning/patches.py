"""What the cells of a plastic layer see, one patch a row: for rules that know weights, inputs and outputs.

A dense layer's patch is its whole input; a convolution's is one window of it, in the order of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.learning.learner import report
from neuro.models.counting import layers_of
from neuro.stimuli import Stimuli

Plastic = nn.Conv2d | nn.Linear

ROUNDING = 1e-5  # a contrast below this share of a patch's length is what single precision makes of none


@dataclass(frozen=True)
class Patches:
    """How many patches of an image are drawn, and in what form a rule is given them.

    "raw"                  x, as it is
    "unit length"          x / |x|
    "contrast-normalised"  (x - mean x) / |x - mean x|

    `places` of a convolution are drawn at random for every image, with replacement; None takes all of them.
    Blank patches (after the mean is taken away, if it is) teach nothing and are left out.

    The net that is trained goes on to see raw patches. With "contrast-normalised" its weights are made to sum
    to zero, so that they do not see the mean either; then it computes what the rule was given but for one
    factor, the length: the more contrast a patch has the more every cell answers, and which answers most at a
    place stays the same.
    """

    given: Literal["raw", "unit length", "contrast-normalised"] = "contrast-normalised"
    places: int | None = 8

    def __post_init__(self) -> None:
        if self.given not in ("raw", "unit length", "contrast-normalised"):
            raise ValueError(f"patches are 'raw', 'unit length' or 'contrast-normalised'; got {self.given!r}")
        if self.places is not None and self.places < 1:
            raise ValueError(f"places is how many of every image, or None for all; got {self.places}")

    def drawn(self, layer: Plastic, seen: Tensor, generator: torch.Generator) -> Tensor:
        """Patches of what the layer sees, without the blank ones: (B, C, H, W) or (B, N) -> (n, N)."""
        raw = seen.flatten(0, -2) if isinstance(layer, nn.Linear) else self._windows(layer, seen, generator)
        if self.given == "contrast-normalised":
            formed, something = _contrast_normalised(raw)
        else:
            length: Tensor = torch.linalg.vector_norm(raw, dim=1, keepdim=True)
            formed = raw if self.given == "raw" else raw / length
            something = length[:, 0] != 0
        return formed if something.all() else formed[something]  # a copy of all would take a tenth of a step

    def centred(self, rows: Tensor) -> Tensor:
        """Weights without the mean of each row, if the rule is not to see it. (K, N) -> the same."""
        return rows - rows.mean(1, keepdim=True) if self.given == "contrast-normalised" else rows

    def _windows(self, layer: nn.Conv2d, seen: Tensor, generator: torch.Generator) -> Tensor:
        if layer.groups > 1 or layer.dilation != (1, 1):
            raise ValueError(f"patches are of convolutions without groups and dilation; got {layer}")
        mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
        padded = F.pad(seen, layer._reversed_padding_repeated_twice, mode)
        (height, width), (down, along) = layer.kernel_size, layer.stride
        windows = padded.unfold(2, height, down).unfold(3, width, along)
        rows, columns = windows.shape[2:4]
        if self.places is None:
            return windows.permute(0, 2, 3, 1, 4, 5).flatten(0, 2).flatten(1)
        place = torch.randint(rows * columns, (len(seen), self.places), generator=generator).to(seen.device)
        image = torch.arange(len(seen), device=seen.device)[:, None]
        return windows[image, :, place // columns, place % columns].flatten(0, 1).flatten(1)


def _contrast_normalised(raw: Tensor) -> tuple[Tensor, Tensor]:
    """Patches of mean zero and length one, and which of them had any contrast. (n, N) -> (n, N), (n,)."""
    inputs = raw.shape[1]
    share = raw.new_full((inputs,), inputs**-0.5)
    # A layer's normalisation brings rows to variance one, in a single pass: an eighth of the time of four.
    formed, mean, over_sd = torch.native_layer_norm(raw, (inputs,), share, None, 0.0)
    # Blank rows have over_sd infinite and come out NaN: no comparison with NaN holds, so they are left out.
    return formed, (ROUNDING * over_sd * mean.hypot(1 / over_sd) < 1)[:, 0]


def plastic_layers(model: nn.Sequential, names: tuple[str, ...] | None = None) -> dict[str, Plastic]:
    """The convolutions and dense layers of a chain, or those named; raises ValueError if there are none."""
    there = {name: layer for name, layer in layers_of(model) if isinstance(layer, Plastic)}
    wanted = there if names is None else names
    if not wanted or not set(wanted) <= set(there):
        unknown = ", ".join(sorted(set(wanted) - set(there))) or "none"
        raise ValueError(f"no plastic layer {unknown}; this model has {', '.join(there) or 'none'}")
    return {name: layer for name, layer in there.items() if name in wanted}


def below(model: nn.Sequential, name: str) -> nn.Sequential:
    """All that comes before the layer of this full name."""
    names, layers = zip(*layers_of(model), strict=True)
    return nn.Sequential(*layers[: names.index(name)])


def sample(
    model: nn.Sequential, name: str, patches: Patches, stimuli: Stimuli, most: int, generator: torch.Generator
) -> tuple[Tensor, int]:
    """At most so many patches that a layer sees, of images in a random order, and of how many images.

    Shapes: -> (n, N).

    Raises ValueError if there are fewer than the layer has units.
    """
    layer = plastic_layers(model, (name,))[name]
    before, found, count, images = below(model, name), [], 0, 0
    for part in torch.randperm(len(stimuli), generator=generator).split(256):
        seen = before(stimuli.images[part].to(layer.weight.device))
        found.append(patches.drawn(layer, seen, generator))
        count += len(found[-1])
        images += len(part)
        if count >= most:
            break
    if count < len(layer.weight):
        raise ValueError(f"{name} has {len(layer.weight)} units and sees only {count} patches to draw from")
    every = torch.cat(found)
    return every[torch.randperm(count, generator=generator)[:most].to(every.device)], images


def report_silent_units(model: nn.Sequential, name: str, stimuli: Stimuli) -> None:
    """Say which units of a layer answer none of the first 512 stimuli above zero: rectified they are dead."""
    layer = plastic_layers(model, (name,))[name]
    answers = layer(below(model, name)(stimuli.images[:512].to(layer.weight.device)))
    silent = (answers <= 0).transpose(0, 1).flatten(1).all(1)
    report(name, silent.nonzero().flatten().tolist(), len(silent), "never answer above zero")


def set_weights(layer: Plastic, rows: Tensor) -> None:
    """Give a layer these weights, one row a unit, and biases of zero."""
    layer.weight.data.copy_(rows.view_as(layer.weight))
    if layer.bias is not None:
        layer.bias.data.zero_()
