"""A net for real handwritten digits, after Fukushima 2003 (Neurocomputing 51:161-180) and what followed it.

    UG   contrast, lighter and darker                     US1  edges of 16 orientations, not learned
    UC1  blurred, with an inhibitory surround             US2, US3  features, learned with a higher threshold
    UC2, UC3  as UC1                                      than they are used with
    US4  whole figures, each plane with a label           UC4  for each class its strongest plane

After, not as: the paper was read as an abstract. It names the contrast layer, the inhibitory surround, a top
stage trained in competition with labels, and 98.6 % of 3,000 blind digits of ETL-1, which is no figure for
MNIST. That learning has a higher threshold than recognition is from an abstract of 1997, the saturation
by a square root from one of 2010.

Differs from the paper:
- sizes are ours, for images of 28 to 32 pixels; the paper's retina is reported to have 65;
- theta of US1 0.55; in recognition 0.51, 0.58, 0.30 of US2, US3, US4; in learning 0.66 and 0.67 of US2 and
  US3: reported from memory, unconfirmed, and of a net of other sizes;
- windows, paddings, steps, gamma, gain and forms of all fields are ours, and not fitted to any test digits;
- the number of stages can be another, since on validation digits of MNIST the paper's US3 did not help;
- C-planes are not thinned in a staggered grid; the top learns by whatever rule is put to US4 and UC4.labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from neuro.models.c_cells import LabelledCLayer, SurroundCLayer
from neuro.models.s_cells import ContrastLayer, EdgeLayer, SLayer, selectivity

TOP_WINDOWS = {2: 14, 3: 7, 4: 4}  # by the number of the top stage: all that it sees of 28 pixels
C_WINDOWS = {1: 5, 2: 5, 3: 3}


def handwritten(
    planes: Sequence[int] = (100, 100, 100),
    classes: int = 10,
    recognition: Sequence[float] = (0.51, 0.58, 0.30),
    learning: Sequence[float | None] = (0.66, 0.67, None),
    orientations: int = 16,
) -> nn.Sequential:
    """The net before learning: all planes of US2, US3 and US4 are silent, and those of US4 have no label.

    `planes`, and the thresholds theta in recognition and in learning (None: the same), are of US2, US3, US4.
    With two of each US3 is the top, which sees UC2; with one US2, which sees edges.
    Rules that reinforce seed cells or grow planes begin from silence; winner-take-all needs weak initial
    weights first, randomised(). In `planes` 1 is least; rules that grow may start there.

    Shapes: (B, 1, S, S), S = 28 to 32 -> UG 2 x SxS, US1 16 x SxS, UC1 and US2 S/2, UC2 and US3 S/4, UC3 4x4,
    US4 1x1, UC4 (B, classes); halves are rounded up. A lower top has more places when S is above 28.
    A uniform image is answered by zeros everywhere.
    Raises ValueError if thresholds are no cosines, or not one for each of one to three layers; and for
    planes, classes or orientations that are less than one.
    """
    given = {"planes": planes, "recognition": recognition, "learning": learning}
    for name, values in given.items():
        if len(values) != len(planes) or not 1 <= len(values) <= 3:
            raise ValueError(f"{name} needs as many values as planes, of US2, US3 and US4; got {len(values)}")
    if min(*planes, classes, orientations) < 1:
        raise ValueError(
            f"planes, classes, orientations are 1 or more; got {planes}, {classes}, {orientations}"
        )
    top = len(planes) + 1
    chain: OrderedDict[str, nn.Module] = OrderedDict(UG=ContrastLayer())
    chain["US1"] = EdgeLayer(orientations, window=5, padding=2, theta=0.55)
    chain["UC1"] = SurroundCLayer(C_WINDOWS[1], C_WINDOWS[1] // 2, step=2)
    channels = orientations
    for number in range(2, top + 1):
        theta, theta_learning = recognition[number - 2], learning[number - 2]
        window, padding = (TOP_WINDOWS[top], 0) if number == top else (3, 1)
        r_learning = None if theta_learning is None else selectivity(theta_learning)
        chain[f"US{number}"] = SLayer(
            channels,
            planes[number - 2],
            window,
            padding,
            selectivity(theta),
            gamma=0.9,
            r_learning=r_learning,
        )
        channels = planes[number - 2]
        if number < top:
            chain[f"UC{number}"] = SurroundCLayer(C_WINDOWS[number], C_WINDOWS[number] // 2, step=2)
    chain[f"UC{top}"] = LabelledCLayer([-1] * channels, classes)
    return nn.Sequential(chain)
