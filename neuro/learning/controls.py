"""The controls a learned result is held against: no learning at all, and patches taken as they come."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from neuro.learning.competition import reinforce
from neuro.learning.learner import refuse_labels, report, s_layers, with_history
from neuro.models.neocognitron import SLayer
from neuro.stimuli import Stimuli


@dataclass(frozen=True)
class Untrained:
    """The model as it was: the control for what the architecture and the initial weights do alone."""

    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """An unchanged copy; the stimuli are not looked at."""
        return with_history(copy.deepcopy(model), {})


@dataclass(frozen=True)
class Imprinting:
    """Each S-plane is reinforced once, by a patch drawn at random: features without competition.

    The patch is drawn among places where the layer's input is not blank. `q` as in WinnerTakeAll.
    """

    q: tuple[float, ...] = (1.0, 16.0, 16.0)

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy whose planes each hold one patch; raises ValueError for labelled or blank stimuli."""
        refuse_labels(stimuli, "Imprinting")
        trained = copy.deepcopy(model)
        for number, (name, layer) in enumerate(s_layers(trained).items()):
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

    def _imprint(self, layer: SLayer, seen: Tensor, plane: int, q: float, generator: torch.Generator) -> bool:
        """Reinforce one plane by one patch; False if there was none."""
        activity = F.conv2d(seen**2, layer.c, padding=layer.padding).flatten().cpu()
        if not (activity > 0).any():
            return False
        place = torch.multinomial((activity > 0).float(), 1, generator=generator)
        reinforce(layer, seen, torch.tensor([plane]), place.to(seen.device), q)
        return True
