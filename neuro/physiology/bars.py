"""Slits at the receptive field: position, polarity, two bars at once, spots in their place, diffuse light.

Bars are cut to the unit's own measure, the period of its best grating: SHAPE half a period wide and two
periods long (1.1 by 4.4 degrees at 0.45 cycles/degree), at the best orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neuro.analysis.curves import Floats, ratio
from neuro.analysis.interaction import confusion_index, max_index, superadditivity
from neuro.analysis.tolerance import invariance_index, position_tolerance
from neuro.physiology.electrode import Electrode, remembered
from neuro.physiology.gratings import grating_answers
from neuro.physiology.localisation import places
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, full_field, rows_of_spots, slits, spots, two_bars

WIDTH, LENGTH = 0.5, 2.0  # periods
SHIFTS = np.arange(-12, 13) / 6  # periods, across the bar
POLARITIES = np.array([-1.0, 1.0])
APART = 2 / 3  # periods, at the least, between two bars
SPOTS, SPOT = 4, 0.9  # in a row as long as the slit; their diameter in widths of it
SCRAMBLES = 3


@dataclass(frozen=True, eq=False)
class Slits:
    """The answers to dark and light slits at every shift, and the best of them.

    responses  (n, polarities, shifts);  shift (n,) periods, and polarity (n,) of the best slit
    """

    responses: Floats
    shift: Floats
    polarity: Floats

    @property
    def over_shift(self) -> Floats:
        """(n, shifts) of the better polarity."""
        better = self.responses.max(axis=2).argmax(axis=1)
        return np.asarray(self.responses[np.arange(len(better)), better])

    @property
    def best(self) -> Floats:
        """(n,), to the best slit."""
        return np.asarray(self.responses.max(axis=(1, 2)))


def shaped_slits(period: Floats, shift: Floats, scale: float | Floats = 1.0, **given: Any) -> Stimuli:
    """Slits of the measure of a period (degrees), moved across themselves by `shift` periods."""
    size = period * scale
    return slits(offset=shift * period, width=WIDTH * size, length=LENGTH * size, **given)


@remembered
def slit_answers(electrode: Electrode) -> Slits:
    """The answers to SHIFTS x polarities at the best orientation."""
    draw = partial(shaped_slits, background=electrode.background)
    answers = electrode.answers(draw, oriented(electrode), polarity=POLARITIES, shift=SHIFTS)
    polarity, shift = np.divmod(answers.reshape(len(electrode), -1).argmax(axis=1), len(SHIFTS))
    return Slits(answers, SHIFTS[shift], POLARITIES[polarity])


def oriented(electrode: Electrode) -> dict[str, Floats]:
    """Place, orientation and period (degrees) of every unit."""
    seen = grating_answers(electrode)
    return {**places(electrode), "orientations": seen.orientation % 180, "period": 1 / seen.spatial_frequency}


def best_slit(electrode: Electrode) -> dict[str, Floats]:
    """What every unit's best slit is drawn with: that, and its shift and polarity."""
    seen = slit_answers(electrode)
    return {**oriented(electrode), "shift": seen.shift, "polarity": seen.polarity}


def position_tolerance_of_slits(electrode: Electrode) -> Findings:
    """Row 8: the best slit moved across itself by up to two periods.

    position_tolerance    full width at half of the peak, degrees; a lower bound where clipped
    tolerance_clipped     True where it is answered by more than half up to the last place in the image
    tolerance_subregions  the same in subregions, half periods: about 1 for a simple cell
    shift_invariance      mean over largest answer
    polarity_index        (light - dark) / (light + dark), each at its best place: 0 for a complex cell
    """
    seen = slit_answers(electrode)
    period = oriented(electrode)["period"]
    curves = seen.over_shift
    tolerance = position_tolerance(curves, SHIFTS)
    inside = _in_the_image(electrode)
    ends = np.stack([inside.argmax(axis=1), len(SHIFTS) - 1 - inside[:, ::-1].argmax(axis=1)], axis=1)
    at_the_ends = np.take_along_axis(curves, ends, axis=1).max(axis=1)
    dark, light = seen.responses.max(axis=2).T
    columns = {
        "position_tolerance": tolerance * period,
        "tolerance_clipped": (at_the_ends > curves.max(axis=1) / 2) & (curves.max(axis=1) > 0),
        "tolerance_subregions": tolerance / WIDTH,
        "shift_invariance": invariance_index(curves),
        "polarity_index": ratio(light - dark, light + dark),
    }
    return findings(columns, silent=seen.best == 0)


def _in_the_image(electrode: Electrode) -> NDArray[np.bool_]:
    """Whether the middle of the slit lies in the image at each shift: (n, shifts)."""
    own = oriented(electrode)
    across = np.deg2rad(own["orientations"] + 90)
    shift = SHIFTS * own["period"][:, None]
    x = own["x"][:, None] + shift * np.cos(across)[:, None]
    y = own["y"][:, None] + shift * np.sin(across)[:, None]
    return np.asarray(np.maximum(np.abs(x), np.abs(y)) <= electrode.field / 2)


def two_bar_test(electrode: Electrode) -> Findings:
    """Row 14: the best slit, and with it a second of its polarity at the best place clear of it.

    max_index  (R12 - max) / (sum - max): 0 if the larger answer is the answer to both, 1 if they add
    """
    seen = slit_answers(electrode)
    curves = seen.over_shift
    clear = np.abs(SHIFTS - seen.shift[:, None]) > APART - 1e-9
    second = np.where(clear, curves, -1.0).argmax(axis=1)
    own = best_slit(electrode) | {"other": SHIFTS[second]}
    draw = partial(_pairs, background=electrode.background)
    together = electrode.answers(draw, own)
    other = curves[np.arange(len(curves)), second]
    columns = {"max_index": max_index(together, seen.best, other)}
    return findings(columns, silent=seen.best == 0, answers_in_one_place_only=other == 0)


def spots_in_a_row(electrode: Electrode) -> Findings:
    """Row 12: four spots in a row instead of the slit, as long and, all together, of as much light.

    confusion_index  R(row) / R(slit of the light of the row)
    orthogonal_row   R(the row turned by 90 degrees) / R(row)
    scrambled_row    R(its spots strewn over a square as wide as the row) / R(row), the mean over SCRAMBLES
    superadditivity  R(row) / sum of R(each of its spots): 1 for a unit that sums
    """
    own = best_slit(electrode)
    draw = partial(_rows, background=electrode.background)
    row, orthogonal = electrode.answers(draw, own, turn=[0, 90]).T
    single = electrode.answers(partial(_single, background=electrode.background), own, number=range(SPOTS))
    strewn = partial(_strewn, _squares(electrode), background=electrode.background)
    scrambled = electrode.answers(strewn, own, repeat=range(SCRAMBLES)).mean(axis=1)
    light = SPOTS * np.pi / 4 * (SPOT * WIDTH) ** 2 / (WIDTH * LENGTH)
    dimmed = partial(shaped_slits, contrast=light, background=electrode.background)
    slit = electrode.answers(dimmed, own)
    columns = {
        "confusion_index": confusion_index(row, slit),
        "orthogonal_row": ratio(orthogonal, row),
        "scrambled_row": ratio(scrambled, row),
        "superadditivity": superadditivity(row, single),
    }
    return findings(
        columns,
        silent=slit_answers(electrode).best == 0,
        silent_to_a_slit_of_that_light=slit == 0,
        silent_to_the_row=row == 0,
        silent_to_single_spots=single.max(axis=1) == 0,
    )


def diffuse_light(electrode: Electrode) -> Findings:
    """Row 13: the whole field light or dark, and one spot as wide as the slit, over the best slit.

    diffuse_ratio, spot_ratio  above the answer to the background; near 0 for a cell of the cortex
    """
    seen, resting = slit_answers(electrode), electrode.spontaneous()
    diffuse = electrode.answers(full_field, {}, luminance=[0.0, 1.0]).max(axis=1)
    spot = electrode.answers(partial(_spot, background=electrode.background), best_slit(electrode))
    above = np.maximum(seen.best - resting, 0)
    columns = {
        "diffuse_ratio": ratio(np.maximum(diffuse - resting, 0), above),
        "spot_ratio": ratio(np.maximum(spot - resting, 0), above),
    }
    return findings(columns, silent=seen.best == 0, no_slit_raises_its_answer=above == 0)


def _pairs(period: Floats, shift: Floats, other: Floats, **given: Any) -> Stimuli:
    """Two slits at two shifts."""
    return two_bars(
        offset=shift * period,
        other_offset=other * period,
        width=WIDTH * period,
        length=LENGTH * period,
        other_polarity=given["polarity"],
        **given,
    )


def _rows(period: Floats, shift: Floats, orientations: Floats, turn: Floats, **given: Any) -> Stimuli:
    """Rows of spots in the place of the slit, turned about its middle."""
    across = np.deg2rad(orientations + 90)
    x = given.pop("x") + shift * period * np.cos(across)
    y = given.pop("y") + shift * period * np.sin(across)
    spacing = LENGTH * period / SPOTS
    return rows_of_spots(
        orientations + turn, count=SPOTS, spacing=spacing, diameter=SPOT * WIDTH * period, x=x, y=y, **given
    )


def _single(number: Floats, period: Floats, orientations: Floats, **given: Any) -> Stimuli:
    """One spot of the row."""
    along = (number - (SPOTS - 1) / 2) * LENGTH * period / SPOTS
    x = given.pop("x") + along * np.cos(np.deg2rad(orientations))
    y = given.pop("y") + along * np.sin(np.deg2rad(orientations))
    return _spot(period, orientations=orientations, x=x, y=y, **given)


def _squares(electrode: Electrode) -> Floats:
    """Of a grid of SPOTS x SPOTS squares those with a spot, drawn without replacement: (SCRAMBLES, SPOTS)."""
    drawn = torch.rand(SCRAMBLES, SPOTS**2, generator=electrode.noise()).argsort(1)
    return drawn[:, :SPOTS].double().numpy()


def _strewn(squares: Floats, repeat: Floats, period: Floats, shift: Floats, **given: Any) -> Stimuli:
    """The spots of the row, in squares of their own, about the middle of the slit."""
    row, column = np.divmod(squares[repeat.astype(int)], SPOTS)
    across = np.deg2rad(given.pop("orientations") + 90)
    step = LENGTH * period[:, None] / SPOTS
    x = (given.pop("x") + shift * period * np.cos(across))[:, None] + (column - (SPOTS - 1) / 2) * step
    y = (given.pop("y") + shift * period * np.sin(across))[:, None] + (row - (SPOTS - 1) / 2) * step
    polarity, diameter = (np.repeat(v, SPOTS) for v in (given.pop("polarity"), SPOT * WIDTH * period))
    single = spots(x.ravel(), y.ravel(), diameter, polarity, **given)
    background = given["background"]
    together = (single.images - background).unflatten(0, (-1, SPOTS)).sum(1) + background
    return Stimuli(together.clamp(0, 1), {"period": period}, single.pixels_per_degree)


def _spot(period: Floats, shift: Floats, orientations: Floats, **given: Any) -> Stimuli:
    """A spot in the middle of the slit, as wide as those of the row."""
    across = np.deg2rad(orientations + 90)
    x = given.pop("x") + shift * period * np.cos(across)
    y = given.pop("y") + shift * period * np.sin(across)
    return spots(x, y, diameter=SPOT * WIDTH * period, **given)
