"""Direction of movement, for models that see movies whole. To one that sees stills both ways are the same."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from neuro.analysis.curves import Floats
from neuro.analysis.tuning import (
    direction_selectivity_index,
    global_direction_selectivity,
    preferred_direction,
)
from neuro.physiology.electrode import Electrode
from neuro.physiology.gratings import best_grating, grating_answers
from neuro.physiology.localisation import places
from neuro.physiology.table import Findings, findings
from neuro.stimuli import Stimuli, moving_bars


def direction_tuning(electrode: Electrode) -> Findings:
    """Row 2: gratings that drift in every direction at the best frequency, the mean over the cycle.

    preferred_direction  degrees modulo 360;  direction_selectivity_index (Rp - Rn) / (Rp + Rn);
    global_direction_selectivity |sum r exp(i theta)| / sum r

    Raises ValueError for a model that does not see movies.
    """
    _refuse_stills(electrode)
    seen, directions = grating_answers(electrode), (electrode.orientations + 90) % 360
    columns = {
        "preferred_direction": preferred_direction(seen.over_orientation, directions),
        "direction_selectivity_index": direction_selectivity_index(seen.over_orientation, directions),
        "global_direction_selectivity": global_direction_selectivity(seen.over_orientation, directions),
    }
    return findings(columns, silent=seen.silent, no_direction_is_preferred=~seen.silent)


def bar_direction(electrode: Electrode) -> Findings:
    """The observation of 1959: a bar swept over the field both ways, light and dark, its largest answer.

    The bar is half a period of the best grating wide, two periods long, and moves a period in a cycle.

    bar_direction_selectivity  (one way - the other) / (the sum) along the best grating's direction, so that
                               it is negative for a unit that prefers the bar the other way

    Raises ValueError for a model that does not see movies.
    """
    _refuse_stills(electrode)
    grating = best_grating(electrode)
    period = 1 / grating["spatial_frequency"]
    own = {
        **places(electrode),
        "preferred": (grating["orientations"] + 90) % 360,
        "speed": period * 1000 / electrode.cycle,
        "width": np.minimum(period / 2, electrode.field),
        "length": np.minimum(2 * period, electrode.field),
    }

    draw = partial(_swept, duration=4 * electrode.cycle, dt=electrode.dt, background=electrode.background)
    answers = electrode.answers(draw, own, turn=[0, 180], polarity=[-1, 1])
    forward, back = answers.max(axis=(2, 3)).T
    both = forward + back
    index = np.divide(forward - back, both, out=np.full(len(both), np.nan), where=both > 0)
    return findings({"bar_direction_selectivity": index}, silent=both == 0)


def _swept(preferred: Floats, turn: Floats, **given: Any) -> Stimuli:
    return moving_bars(directions=preferred + turn, **given)


def _refuse_stills(electrode: Electrode) -> None:
    if not electrode.sees_movies:
        raise ValueError(
            "this model sees one still after the other: the two ways of a movement are one to it"
        )
