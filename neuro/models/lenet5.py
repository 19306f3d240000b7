"""LeNet-5 as published: a sparse table, trained subsampling, a scaled tanh, distances to drawn characters.

Source (counts as reported): LeCun, Bottou, Bengio & Haffner, Proc. IEEE 86:2278-2324, 1998.

Differs from the paper:
- the characters of the output layer, 7 pixels by 12, are drawings of our own, as the paper's are a picture;
- the output is minus the distance, so that the class taken is the cell that answers most;
- rows 12 to 14 of the table follow no rule in the text: they are as reported.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from neuro.models.feature_maps import FeatureMaps, Retina, ScaledTanh, Subsampling, every
from neuro.patterns import FIELD, standard_digits

# Of each map of C3, the maps of S2 it sees: three neighbours, four neighbours, two and two, all.
C3_TABLE = (
    *(tuple((k + j) % 6 for j in range(3)) for k in range(6)),
    *(tuple((k + j) % 6 for j in range(4)) for k in range(6)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    tuple(range(6)),
)
ROWS, COLUMNS = 12, 7  # of a character


class RadialOutput(nn.Module):
    """One cell a class, which answers minus the squared distance to a fixed pattern of -1 and 1.

        y_k = - sum over cells i below of (u_i - p_ki)^2

    The cross-entropy of these answers is the paper's discriminative criterion (its eq. 9) without the term of
    the rubbish class. Shapes: (B, F) -> (B, classes); patterns (classes, F).
    """

    def __init__(self, patterns: Tensor) -> None:
        super().__init__()
        self.patterns: Tensor
        self.register_buffer("patterns", patterns)

    def forward(self, u: Tensor) -> Tensor:
        return -(u[:, None] - self.patterns).square().sum(2)


def characters(classes: int = 10) -> Tensor:
    """The digits drawn 7 pixels wide in 12 rows, ink 1 and paper -1. Shapes: (classes, 84).

    Raises ValueError for more classes than there are digits.
    """
    if not 1 <= classes <= 10:
        raise ValueError(f"there are characters for 1 to 10 classes; got {classes}")
    middle = FIELD // 2
    drawn = standard_digits(range(classes)).images[:, 0, 2 : 2 + ROWS, middle - 3 : middle + 4]
    return (2 * drawn - 1).flatten(1)


def lenet5(classes: int = 10) -> nn.Sequential:
    """LeNet-5 as published: 60,000 trainable parameters, 340,908 links (840 fixed, to the characters).

    Black, which here is paper, enters as -0.1 and white, the ink, as 1.175.
    Shapes: (B, 1, 32, 32) -> (B, classes), minus the squared distances. Raises ValueError beyond ten classes.
    """

    def layer(cells: nn.Module) -> nn.Sequential:
        return nn.Sequential(OrderedDict(cells=cells, nonlinearity=ScaledTanh()))

    f6 = OrderedDict(flat=nn.Flatten(), cells=nn.Linear(120, ROWS * COLUMNS), nonlinearity=ScaledTanh())
    return nn.Sequential(
        OrderedDict(
            retina=Retina(32, -0.1, 1.175),
            C1=layer(FeatureMaps(1, every(1, 6), 5)),
            S2=layer(Subsampling(6)),
            C3=layer(FeatureMaps(6, C3_TABLE, 5)),
            S4=layer(Subsampling(16)),
            C5=layer(FeatureMaps(16, every(16, 120), 5)),
            F6=nn.Sequential(f6),
            decision=RadialOutput(characters(classes)),
        )
    )
