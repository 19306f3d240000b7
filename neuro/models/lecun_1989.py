"""The nets of 1989: Net-1 to Net-5, the zip-code net, and the net of NIPS 1989.

Sources (counts and tables as reported): LeCun, "Generalization and network design strategies", CRG-TR-89-4,
Toronto, June 1989; LeCun et al., Neural Computation 1:541-551, 1989; LeCun et al., NIPS 2:396-404, 1989.
`neuro.models.counting.wiring` counts units, links and parameters of each layer.

Differs from the papers:
- Net-1 to Net-5 saw digits drawn with a mouse, whose grey values are not known: ours are -1 to 1.
- Which 8 of the 12 maps of H1 a map of H2 of the zip-code net sees is not published: here map k sees the maps
  k to k + 7, in a ring, so that each map is seen by 8. Beyond H1 its cells meet -1, as beyond the image.
- The grey values that the net of NIPS 1989 saw are not known to us: here -1 to 1.
- Initial weights and learning are no part of a model: `initial.uniform`, `Backpropagation`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from torch import nn

from neuro.models.feature_maps import FeatureMaps, LocalFields, Retina, ScaledTanh, Subsampling, every

Nonlinearity = Callable[[], nn.Module]

H2_SEES = tuple(tuple(sorted((k + j) % 12 for j in range(8))) for k in range(12))
# Table 1 of NIPS 1989, counted from 0: two modules that share nothing.
NIPS_TABLE = (
    *((0,), (0, 1), (0, 1), (1,), (0, 1), (0, 1)),
    *((2,), (2, 3), (2, 3), (3,), (2, 3), (2, 3)),
)


def _layer(cells: nn.Module, nonlinearity: Nonlinearity) -> nn.Sequential:
    return nn.Sequential(OrderedDict(cells=cells, nonlinearity=nonlinearity()))


def _small_net(layers: dict[str, nn.Module], last: int, classes: int) -> nn.Sequential:
    """Retina, hidden layers, and an output layer that sees all `last` cells of the last of them."""
    decision = nn.Sequential(
        OrderedDict(flat=nn.Flatten(), cells=nn.Linear(last, classes), nonlinearity=ScaledTanh())
    )
    return nn.Sequential(OrderedDict(retina=Retina(16), **layers, decision=decision))


def net_1(classes: int = 10) -> nn.Sequential:
    """No hidden layer: every pixel to every output; 2,570 parameters. (B, 1, 16, 16) -> (B, classes)."""
    return _small_net({}, 256, classes)


def net_2(classes: int = 10) -> nn.Sequential:
    """Twelve hidden cells that see every pixel; 3,214 parameters. (B, 1, 16, 16) -> (B, classes)."""
    hidden = nn.Sequential(
        OrderedDict(flat=nn.Flatten(), cells=nn.Linear(256, 12), nonlinearity=ScaledTanh())
    )
    return _small_net({"H1": hidden}, 12, classes)


def net_3(classes: int = 10) -> nn.Sequential:
    """Two hidden layers of local fields, nothing shared; 1,226 parameters. (B, 1, 16, 16) -> (B, classes)."""
    h1 = _layer(LocalFields(1, 8, 3, stride=2, padding=1), ScaledTanh)
    h2 = _layer(LocalFields(1, 4, 5), ScaledTanh)
    return _small_net({"H1": h1, "H2": h2}, 16, classes)


def _two_shared_maps() -> nn.Sequential:
    return _layer(FeatureMaps(1, every(1, 2), 3, stride=2, padding=1, own_biases=8), ScaledTanh)


def net_4(classes: int = 10) -> nn.Sequential:
    """Two maps that share their weights, then local fields; 2,266 links with 1,132 free parameters.

    Shapes: (B, 1, 16, 16) -> (B, classes).
    """
    return _small_net({"H1": _two_shared_maps(), "H2": _layer(LocalFields(2, 4, 5), ScaledTanh)}, 16, classes)


def net_5(classes: int = 10) -> nn.Sequential:
    """Shared weights in both hidden layers: 5,194 links with 1,060 free parameters, the fewest of the five.

    Shapes: (B, 1, 16, 16) -> (B, classes).
    """
    h2 = _layer(FeatureMaps(2, every(2, 4), 5, own_biases=4), ScaledTanh)
    return _small_net({"H1": _two_shared_maps(), "H2": h2}, 64, classes)


def lecun_1989(
    classes: int = 10,
    nonlinearity: Nonlinearity = nn.Tanh,
    answer: Nonlinearity = nn.Tanh,
    dropout: float = 0.0,
) -> nn.Sequential:
    """The zip-code net: 1,256 units (256 of them pixels), 64,660 links, 9,760 free parameters.

    H1 is 12 maps of 8x8, H2 12 maps of 4x4, through windows of 5x5 in steps of 2; H3 is 30 cells. Cells of a
    map share their weights and not their biases. For the ladder of later ideas the nonlinearity of the hidden
    layers and that of the output layer can be changed, and dropout put before H3 and the decision.
    Shapes: (B, 1, 16, 16) -> (B, classes).
    """
    before_h3, before_decision = (nn.Dropout(dropout) for _ in range(2))
    h3 = OrderedDict(flat=nn.Flatten(), rest=before_h3, cells=nn.Linear(192, 30), nonlinearity=nonlinearity())
    decision = OrderedDict(rest=before_decision, cells=nn.Linear(30, classes), nonlinearity=answer())
    return nn.Sequential(
        OrderedDict(
            retina=Retina(16),
            H1=_layer(FeatureMaps(1, every(1, 12), 5, 2, 2, own_biases=8), nonlinearity),
            H2=_layer(FeatureMaps(12, H2_SEES, 5, 2, 2, own_biases=4), nonlinearity),
            H3=nn.Sequential(h3),
            decision=nn.Sequential(decision),
        )
    )


def lecun_1989_nips(classes: int = 10) -> nn.Sequential:
    """The net of NIPS 1989, of the class later called LeNet-1: 98,442 links, 2,578 free parameters.

    H1 4@24x24, H2 4@12x12 (trained subsampling), H3 12@8x8 through NIPS_TABLE, H4 12@4x4, output; 4,634
    units, 4,635 with the one that is always on. Shapes: (B, 1, 28, 28) -> (B, classes).
    """
    decision = OrderedDict(flat=nn.Flatten(), cells=nn.Linear(192, classes), nonlinearity=ScaledTanh())
    return nn.Sequential(
        OrderedDict(
            retina=Retina(28),
            H1=_layer(FeatureMaps(1, every(1, 4), 5), ScaledTanh),
            H2=_layer(Subsampling(4), ScaledTanh),
            H3=_layer(FeatureMaps(4, NIPS_TABLE, 5), ScaledTanh),
            H4=_layer(Subsampling(12), ScaledTanh),
            decision=nn.Sequential(decision),
        )
    )
