"""The controls a learned result is held against: no learning, patches as they come, random Gabors."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.learning.competition import reinforce
from neuro.learning.learner import (
    Reinforced,
    refuse_labels,
    refuse_unfit,
    reinforced_layers,
    report,
    with_history,
)
from neuro.learning.patches import Plastic, plastic_layers, set_weights
from neuro.learning.winner_take_all import WinnerTakeAll
from neuro.models.receptive_fields import gabor
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class Untrained:
    """The model as it was, w = w(0): the control for what architecture and initial weights do alone.

    Condition of use: none.
    """

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """An unchanged copy; the stimuli are not looked at."""
        return with_history(copy.deepcopy(model), {})


@dataclass(frozen=True)
class ImprintedPatches:
    """For convolutions and dense layers: each unit is one patch, w_k = x_n, n drawn at random; by Templates.

    The control for what the stimuli alone bring (Coates & Ng 2011, reported). Condition of use: no fewer
    patches than units.
    """

    def templates(self, patches: Tensor, units: int, generator: torch.Generator) -> Tensor:
        """As many of the patches as there are units, no patch twice."""
        return patches[torch.randperm(len(patches), generator=generator)[:units].to(patches.device)]


@dataclass(frozen=True)
class RandomGabor:
    """Every unit of a convolution or dense layer is a Gabor function drawn at random; nothing is learned.

    Orientation and phase evenly over all angles; wavelength and width (sd, along as across) evenly between
    the two given, counted in fields: the window of a convolution, and for a dense layer, whose input must be
    a square image, `field` pixels somewhere in it. Above the first layer, where there are several planes,
    the function is weighed by a normal number for each. All of length one, biases zero.
    Ranges as in the code of Illing, Gerstner & Brea 2019 for MNIST and fields of 10 pixels (reported):
    wavelengths 4.6 to 10.3, widths 3.8 to 5 pixels, taken here for sds. Condition of use: square fields.
    """

    wavelengths: tuple[float, float] = (0.46, 1.03)
    widths: tuple[float, float] = (0.38, 0.5)
    field: int = 10
    layers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not (0 < self.wavelengths[0] <= self.wavelengths[1] and 0 < self.widths[0] <= self.widths[1]):
            raise ValueError(f"wavelengths and widths are above zero, the smaller first; got {self}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy with such weights; the stimuli are not looked at. Raises ValueError if no field fits."""
        trained = copy.deepcopy(model)
        for layer in plastic_layers(trained, self.layers).values():
            functions = self._functions(layer, generator).flatten(1)
            functions /= torch.linalg.vector_norm(functions, dim=1, keepdim=True)
            set_weights(layer, functions)
        return with_history(trained, {})

    def _functions(self, layer: Plastic, generator: torch.Generator) -> Tensor:
        """One function of a square image or of planes for each unit. Shapes: -> (K, C, H, W)."""
        units, inputs = layer.weight.shape[:2]
        side = layer.kernel_size[0] if isinstance(layer, nn.Conv2d) else math.isqrt(inputs)
        size = side if isinstance(layer, nn.Conv2d) else self.field
        planes = inputs if isinstance(layer, nn.Conv2d) else 1
        if layer.weight[0].numel() != planes * side**2 or not 3 <= size <= side:
            raise ValueError(f"a Gabor function wants a square of 3 by 3 or more, {size} here; got {layer}")
        drawn = torch.rand(4, units, generator=generator, dtype=torch.float64)
        spread = torch.tensor([180.0, 360.0, *(high - low for low, high in (self.wavelengths, self.widths))])
        least = torch.tensor([0.0, 0.0, self.wavelengths[0], self.widths[0]])
        fields = torch.stack(
            [
                gabor(orientation, phase, 1 / (wavelength * size), sd * size, sd * size, size, 1.0)
                for orientation, phase, wavelength, sd in (least + spread * drawn.T).tolist()
            ]
        )
        functions = torch.zeros(units, side, side)
        top, left = torch.randint(side - size + 1, (2, units, 1, 1), generator=generator)
        within = torch.arange(size)
        unit = torch.arange(units)[:, None, None]
        functions[unit, top + within[:, None], left + within] = fields.float()
        weights = torch.randn(units, planes, 1, 1, generator=generator) if planes > 1 else 1.0
        return functions[:, None] * weights


@dataclass(frozen=True)
class Imprinting:
    """Each S-plane is reinforced once, by a patch drawn at random: features without competition.

    The patch is drawn among places where the layer's input is not blank. `q` as in WinnerTakeAll.
    """

    q: tuple[float, ...] = (1.0, 16.0, 16.0)

    def __post_init__(self) -> None:
        WinnerTakeAll(self.q)  # which refuses what makes no sense

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy whose planes each hold one patch.

        Raises ValueError for labelled or blank stimuli, and for images the model cannot take.
        """
        refuse_labels(stimuli, "Imprinting")
        trained = copy.deepcopy(model)
        layers = reinforced_layers(trained)
        refuse_unfit([model], stimuli)
        for number, (name, layer) in enumerate(layers.items()):
            below = trained[: list(trained._modules).index(name)]
            planes = len(layer.b)
            images = torch.randint(len(stimuli), (planes,), generator=generator)
            seen = below(stimuli.images[images].to(layer.a.device))
            q = self.q[min(number, len(self.q) - 1)]
            blank = [k for k in range(planes) if not self._imprint(layer, seen[k : k + 1], k, q, generator)]
            if len(blank) == planes:
                raise ValueError(f"nothing to imprint in {name}: its input is blank for every stimulus drawn")
            report(name, blank, planes, "drew a blank image and kept their initial weights")
        return with_history(trained, {})

    def _imprint(
        self, layer: Reinforced, seen: Tensor, plane: int, q: float, generator: torch.Generator
    ) -> bool:
        """Reinforce one plane by one patch; False if there was none."""
        lit = F.pad((seen != 0).any(1, keepdim=True).float(), (layer.padding,) * 4)
        in_sight = F.max_pool2d(lit, layer.a.shape[2], stride=1).flatten().cpu()
        if not in_sight.any():
            return False
        place = torch.multinomial(in_sight, 1, generator=generator)
        reinforce(layer, seen, torch.tensor([plane], device=seen.device), place.to(seen.device), q)
        return True
