"""Filters found from a sample of patches at once, layer by layer: k-means and principal components."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from neuro.learning.hebbian import unit_length
from neuro.learning.learner import History, refuse_labels, report, with_history
from neuro.learning.patches import (
    Patches,
    Plastic,
    plastic_layers,
    report_silent_units,
    sample,
    set_weights,
)
from neuro.models.fitting import misfits_named
from neuro.stimuli import Stimuli


class Method(Protocol):
    """Templates from patches; implementations are frozen dataclasses.

    A method may have, besides: `macs(patches, inputs, units)`, the multiply-accumulates of finding them that
    are not torch's, which counts its own.
    """

    def templates(self, patches: Tensor, units: int, generator: torch.Generator) -> Tensor:
        """At most so many, one a row, from no fewer patches. Shapes: (n, N) -> (units or fewer, N)."""
        ...


@dataclass(frozen=True)
class Templates:
    """Gives every convolution and dense layer templates of what it sees, the layers below it done before.

    At most `sample` patches of each layer are looked at. Biases are set to zero; `layers` as of LayerByLayer.
    """

    method: Method
    sample: int = 50_000
    patches: Patches = field(default_factory=Patches)
    layers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.sample < 1:
            raise ValueError(f"sample is a number of patches, one or more; got {self.sample}")

    @torch.no_grad()
    def fit(self, model: nn.Sequential, stimuli: Stimuli, generator: torch.Generator) -> nn.Sequential:
        """A copy with templates; units that got none keep their initial weights and are reported.

        Its history holds of every layer the `macs` of the method, if it tells them ("conv1.filters macs"),
        and of the last the `samples seen`: stimuli looked at for patches, times the method's `epochs` if any.
        Raises ValueError for labelled stimuli, images that do not fit, and a layer of more units than it sees
        patches.
        """
        refuse_labels(stimuli, type(self.method).__name__)
        trained = copy.deepcopy(model).eval()
        history: History = {}
        with misfits_named(trained, stimuli.images.shape[1:]):
            for name, layer in plastic_layers(trained, self.layers).items():
                history |= self._give(trained, name, layer, stimuli, generator)
                report_silent_units(trained, name, stimuli)
        return with_history(trained, history)

    def _give(
        self, model: nn.Sequential, name: str, layer: Plastic, stimuli: Stimuli, generator: torch.Generator
    ) -> History:
        """Give one layer templates of what the layers below make of the stimuli; what the method tells."""
        seen, images = sample(model, name, self.patches, stimuli, self.sample, generator)
        weights = layer.weight.flatten(1).clone()
        found = self.method.templates(seen, len(weights), generator)
        weights[: len(found)] = self.patches.centred(found)
        without = list(range(len(found), len(weights)))
        report(name, without, len(weights), "had no template and kept their initial weights")
        set_weights(layer, weights)
        history: History = {"samples seen": [float(images * getattr(self.method, "epochs", 1))]}
        if hasattr(self.method, "macs"):
            history[f"{name} macs"] = [float(self.method.macs(*seen.shape, len(weights)))]
        return history


@dataclass(frozen=True)
class SphericalKMeans:
    """The centres of clusters of patches, brought to length one (Coates, Lee & Ng 2011, reported).

    By scikit-learn's MiniBatchKMeans, all epochs of it: batches drawn with replacement, as many as hold the
    patches so often. Condition of use: patches of unit length; many more than units.
    Differs from spherical k-means proper: centres are means while they are looked for, and a patch goes to
    the nearest of them, not to that of the smallest angle, so that the mean of patches that differ more is
    at a disadvantage. It matters little: of 5x5 patches of the embedded digits, contrast-normalised, the
    centres found from one start by one and the other have cosines of 0.998, 0.995 and 0.98 on average for 4,
    16 and 48 units, two orders of the patches 0.98 for 48, and patches are as near to the nearest of both.
    """

    batch_size: int = 1024
    epochs: int = 10

    def templates(self, patches: Tensor, units: int, generator: torch.Generator) -> Tensor:
        """The centres, at length one."""
        from sklearn.cluster import MiniBatchKMeans

        clusters = MiniBatchKMeans(
            units,
            batch_size=self.batch_size,
            max_iter=self.epochs,
            max_no_improvement=None,  # which would stop it after fewer epochs than other rules have
            compute_labels=False,
            n_init=1,
            random_state=int(torch.randint(2**31, (1,), generator=generator)),
        ).fit(patches.cpu().numpy())
        return unit_length(torch.from_numpy(clusters.cluster_centers_).to(patches))

    def macs(self, patches: int, inputs: int, units: int) -> int:
        """N (steps B K + I (1 + (K - 1) T) + I K), the products of N inputs in distances from K units.

        steps = epochs * patches / B, without the rest. The start (greedy k-means++) measures I = 3 B patches,
        at least 3 K and at most all, against T = 2 + ln K candidates, without the rest, for every centre but
        the first, and once against all of them. Without sums and lengths.
        """
        batch = min(self.batch_size, patches)
        steps, tried = self.epochs * patches // batch, 2 + int(math.log(units))
        looked_at = min(patches, 3 * (batch if 3 * batch >= units else units))
        start = looked_at * (1 + (units - 1) * tried) + looked_at * units
        return inputs * (steps * batch * units + start)


@dataclass(frozen=True)
class PCATemplates:
    """Principal components of the patches in the order of their variance, each followed by its negative.

    By scikit-learn's PCA. A rectified cell sees one side of a component, so that two make one: of C
    components 2 C units get one. Condition of use: none; units beyond twice the inputs get nothing.
    """

    def templates(self, patches: Tensor, units: int, generator: torch.Generator) -> Tensor:
        """The components and their negatives by turns; those without variance are left out."""
        from sklearn.decomposition import PCA

        most = min((units + 1) // 2, *patches.shape)
        found = PCA(most, svd_solver="covariance_eigh").fit(patches.cpu().numpy())
        some = found.explained_variance_ > 1e-5 * found.explained_variance_[0]  # the rest is rounding
        components = torch.from_numpy(found.components_[some]).to(patches)
        return torch.stack([components, -components], 1).flatten(0, 1)[:units]

    def macs(self, patches: int, inputs: int, units: int) -> int:
        """n N^2 + 5/3 N^3: the covariance of n patches of N inputs, and its eigenvectors.

        Of these, 2/3 N^3 make the covariance tridiagonal and N^3 bring the eigenvectors back (Golub & Van
        Loan, reported). Without those of the tridiagonal matrix: by the eigenvalues, N^2 to about N^3.
        """
        return patches * inputs**2 + 5 * inputs**3 // 3
