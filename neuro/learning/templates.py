"""Filters found from a sample of patches at once, layer by layer: k-means and principal components."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from neuro.learning.hebbian import unit_length
from neuro.learning.learner import refuse_labels, report, with_history
from neuro.learning.patches import Patches, plastic_layers, report_silent_units, sample, set_weights
from neuro.stimuli import Stimuli


class Method(Protocol):
    """Templates from patches; implementations are frozen dataclasses."""

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

        Raises ValueError for labelled stimuli, and for a layer of more units than it sees patches.
        """
        refuse_labels(stimuli, type(self.method).__name__)
        trained = copy.deepcopy(model).eval()
        for name, layer in plastic_layers(trained, self.layers).items():
            seen = sample(trained, name, self.patches, stimuli, self.sample, generator)
            weights = layer.weight.flatten(1).clone()
            found = self.method.templates(seen, len(weights), generator)
            weights[: len(found)] = self.patches.centred(found)
            without = list(range(len(found), len(weights)))
            report(name, without, len(weights), "had no template and kept their initial weights")
            set_weights(layer, weights)
            report_silent_units(trained, name, stimuli)
        return with_history(trained, {})


@dataclass(frozen=True)
class SphericalKMeans:
    """The centres of clusters of patches, brought to length one (Coates, Lee & Ng 2011, reported).

    By scikit-learn's MiniBatchKMeans. Condition of use: patches of unit length; many more than units.
    Differs from spherical k-means proper: centres are means while they are looked for, and a patch goes to
    the nearest of them, not to that of the smallest angle.
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
            n_init=1,
            random_state=int(torch.randint(2**31, (1,), generator=generator)),
        ).fit(patches.cpu().numpy())
        return unit_length(torch.from_numpy(clusters.cluster_centers_).to(patches))


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
