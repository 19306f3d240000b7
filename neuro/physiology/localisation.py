"""Where the receptive fields are: the first thing to find; every other protocol is placed there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro.analysis.curves import Floats
from neuro.analysis.field_fits import field_size
from neuro.analysis.receptive_field import field_centre
from neuro.physiology.electrode import Electrode, remembered
from neuro.physiology.table import Findings, findings
from neuro.stimuli import slits

PLACES = 9  # of the grid, in a row
ORIENTATIONS = np.arange(0.0, 180.0, 30.0)


@dataclass(frozen=True, eq=False)
class FieldMap:
    """How much light and dark slits, at each place and averaged over orientations, add to the resting answer.

    Shapes: maps (n, places), x and y (places,) in degrees; `spacing` of the places in degrees.
    """

    maps: Floats
    x: Floats
    y: Floats
    spacing: float


@remembered
def field_map(electrode: Electrode) -> FieldMap:
    """The map of each unit over the whole field.

    Slits a quarter of the field long and a sixteenth wide, in six orientations, light and dark: what drives
    a cell that answers neither spots nor gratings of a frequency not yet known. For units that none of them
    drives, slits half the field long.
    """
    spacing = electrode.field / PLACES
    along = (np.arange(PLACES) - (PLACES - 1) / 2) * spacing
    resting = electrode.spontaneous()[:, None, None, None, None]
    maps = np.zeros((len(electrode), PLACES**2))
    for length in (electrode.field / 4, electrode.field / 2):
        if (missed := maps.max(axis=1) == 0).any():
            width = electrode.field / 16
            probes = partial(slits, length=length, width=width, background=electrode.background)
            axes: dict[str, ArrayLike] = {
                "x": along,
                "y": along,
                "orientations": ORIENTATIONS,
                "polarity": [-1, 1],
            }
            above = np.maximum(electrode.answers(probes, {}, **axes) - resting, 0.0).mean(axis=(3, 4))
            maps = np.where(missed[:, None], above.reshape(maps.shape), maps)
    x, y = np.meshgrid(along, along, indexing="ij")
    return FieldMap(maps, x.ravel(), y.ravel(), spacing)


@remembered
def places(electrode: Electrode) -> dict[str, Floats]:
    """x and y, (n,) each, where the units are shown their stimuli: the given centres, or those found.

    The centre of a map is rounded to half of its spacing, so that neighbours are examined together; a unit
    without a map is shown them in the middle of the field, which `examine` states as a reason.
    """
    if electrode.centres is not None:
        x, y = electrode.centres.T
        return {"x": x, "y": y}
    found = field_map(electrode)
    step = found.spacing / 2
    centre = field_centre(found.maps, found.x, found.y)
    # Adding zero makes one of minus zero and zero.
    x, y = (np.round(np.nan_to_num(each) / step) * step + 0.0 for each in centre)
    return {"x": x, "y": y}


def not_found(electrode: Electrode) -> NDArray[np.bool_]:
    """True for each unit whose receptive field was looked for, and that no slit drives."""
    if electrode.centres is not None:
        return np.zeros(len(electrode), dtype=bool)
    return np.asarray(field_map(electrode).maps.max(axis=1) == 0)


def receptive_field(electrode: Electrode) -> Findings:
    """Row 0: the centre of the receptive field, and its size, degrees.

    x, y          centroid of the map above 5 % of its maximum
    field_length  2.355 sd of the Gaussian fitted to the map, along its longer axis: its width at half height
    field_width   across it

    The probes are not subtracted: the map is the field blurred by slits a sixteenth by a quarter of the
    model's field, so fields smaller than that are measured too large.
    """
    found = field_map(electrode)
    x, y = field_centre(found.maps, found.x, found.y)
    length, width = (2 * np.sqrt(2 * np.log(2)) * sd for sd in field_size(found.maps, found.x, found.y))
    silent, beyond = not_found(electrode), length > electrode.field
    length, width = (np.where(beyond, np.nan, sd) for sd in (length, width))
    columns = {"x": x, "y": y, "field_length": length, "field_width": width}
    return findings(
        columns,
        no_slit_changes_its_answer=silent,
        larger_than_the_field=beyond,
        answers_everywhere_alike=~silent,
    )
