"""The whole examination: a chosen set of protocols on many units at once, and one table of findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn
from tqdm.auto import tqdm

from neuro.physiology.bars import diffuse_light, position_tolerance_of_slits, spots_in_a_row, two_bar_test
from neuro.physiology.contrast import contrast_response, cross_orientation, width_over_contrast
from neuro.physiology.electrode import Electrode, insert
from neuro.physiology.gratings import (
    counterphase,
    grating_answers,
    orientation_tuning,
    phase_modulation,
    spatial_frequency_tuning,
)
from neuro.physiology.localisation import not_found, receptive_field
from neuro.physiology.movement import bar_direction, direction_tuning
from neuro.physiology.noise import on_and_off, reverse_correlation
from neuro.physiology.robustness import clutter_tolerance, scale_tolerance
from neuro.physiology.spiking import spike_statistics
from neuro.physiology.summation import length_tuning, size_tuning
from neuro.physiology.table import REASON, Findings, Table

Protocol = Callable[[Electrode], Findings]

PROTOCOLS: dict[str, Protocol] = {
    "receptive field": receptive_field,
    "orientation": orientation_tuning,
    "direction": direction_tuning,
    "bar direction": bar_direction,
    "spatial frequency": spatial_frequency_tuning,
    "phase": phase_modulation,
    "counterphase": counterphase,
    "on and off": on_and_off,
    "reverse correlation": reverse_correlation,
    "position": position_tolerance_of_slits,
    "length": length_tuning,
    "size": size_tuning,
    "contrast": contrast_response,
    "width over contrast": width_over_contrast,
    "cross-orientation": cross_orientation,
    "spots in a row": spots_in_a_row,
    "diffuse light": diffuse_light,
    "two bars": two_bar_test,
    "spikes": spike_statistics,
    "scale": scale_tolerance,
    "clutter": clutter_tolerance,
}
MOVIES_ONLY = {"direction", "bar direction"}


def examine(
    model: nn.Module,
    layer: str,
    units: Literal["centre"] | ArrayLike | None = None,
    protocols: Sequence[str | Protocol] | None = None,
    **options: Any,
) -> Table:
    """What the protocols find out about units of a layer of any model: a row a unit, a column a measure.

    `units` (n, 3) of plane, row and column; by default the one in the middle of every plane. A layer without
    spatial extent has units (plane, 0, 0). `protocols` are names of PROTOCOLS, in any order, or functions of
    one's own that take an `Electrode` and give columns; by default all that the model can take (those of
    movement need a model that sees movies). `options`, of which two of size, field and pixels_per_degree
    must be given, are those of `insert`.

    The receptive field of each unit is found first, unless `centres` are given, and everything is shown
    there. All units of the layer are recorded in one pass, and each is shown gratings, slits and spots
    of its own optimum, those with the same optimum together. Answers below zero, as a layer without
    rectification gives, count as none. A number that cannot be measured is NaN, with the reason in the
    column `reason`; `Table.counts` counts them.

    Raises ValueError for a protocol there is not, columns given twice, and what `insert` refuses.
    """
    electrode = insert(model, layer, units, **options)
    chosen = _chosen(protocols, electrode)
    columns: Findings = dict(zip(("plane", "row", "column"), electrode.units.T, strict=True))
    reasons = []
    bar = tqdm(chosen.items(), desc=layer, unit="protocol", leave=False, disable=None)
    for name, protocol in bar:
        bar.set_postfix_str(name)
        found = dict(protocol(electrode))
        reasons.append((name, found.pop(REASON, np.full(len(electrode), ""))))
        if again := found.keys() & columns.keys():
            raise ValueError(f"protocol {name!r} gives the column {min(again)!r}, which there is already")
        columns |= found
    placed = np.where(not_found(electrode), "no receptive field found", "")
    reasons.insert(0, ("shown in the middle of the image", placed))
    return Table({**columns, REASON: _together(reasons, grating_answers(electrode).silent)})


def _chosen(protocols: Sequence[str | Protocol] | None, electrode: Electrode) -> dict[str, Protocol]:
    if protocols is None:
        return {
            name: protocol
            for name, protocol in PROTOCOLS.items()
            if (electrode.sees_movies or name not in MOVIES_ONLY)
            and (electrode.centres is None or protocol is not receptive_field)
        }
    if isinstance(protocols, str):
        raise ValueError(f"protocols is a list of names; write [{protocols!r}]")
    chosen: dict[str, Protocol] = {}
    for protocol in protocols:
        if not isinstance(protocol, str):
            chosen[getattr(protocol, "__name__", repr(protocol))] = protocol
        elif protocol in PROTOCOLS:
            chosen[protocol] = PROTOCOLS[protocol]
        else:
            raise ValueError(f"no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    return chosen


def _together(reasons: list[tuple[str, NDArray[Any]]], silent: NDArray[np.bool_]) -> NDArray[Any]:
    """protocol: reason of each unit, separated by semicolons; just "silent" for one that answers nothing."""
    n = len(silent)
    stated = ["; ".join(f"{name}: {each[unit]}" for name, each in reasons if each[unit]) for unit in range(n)]
    everywhere = silent & np.array([all(each[unit] for _, each in reasons[1:]) for unit in range(n)])
    return np.where(everywhere, "silent", stated)
