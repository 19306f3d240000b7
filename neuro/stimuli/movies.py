"""Gratings, bars and spots that move: movies (B, T, 1, H, W).

Frame i shows the time i dt. A movie is drawn like stills, a frame an image whose parameters are those of its
time; so a frame is exactly the still of the same parameters.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from neuro.geometry import resolved
from neuro.stimuli.bars import bar
from neuro.stimuli.core import Stimuli
from neuro.stimuli.drawing import Pattern, Screen, Values, conditions, drawn, refuse_above_nyquist, towards
from neuro.stimuli.gratings import grating, refuse_too_fine, window
from neuro.stimuli.spots import spot


def drifting_gratings(
    directions: ArrayLike,
    spatial_frequency: ArrayLike = 0.5,
    temporal_frequency: ArrayLike = 2.0,
    contrast: ArrayLike = 1.0,
    phase: ArrayLike = 0.0,
    diameter: ArrayLike | None = None,
    *,
    duration: float = 1000.0,
    dt: float = 10.0,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Gratings as `gratings` draws them that move in `directions`, degrees, 90 more than the orientation.

        L = 0.5 + 0.5 contrast window cos(2 pi (f u - w t) + phase),   u the way along the direction

    `temporal_frequency` w in Hz; `duration` and `dt`, the time from frame to frame, in ms.
    Raises ValueError for a frequency above Nyquist in space, or in time: 1000 / dt / 2.
    """
    given = conditions(
        direction=directions,
        spatial_frequency=spatial_frequency,
        temporal_frequency=temporal_frequency,
        contrast=contrast,
        phase=phase,
        x=x,
        y=y,
        **window(diameter),
    )
    _refuse_too_fine_or_fast(given, dt, screen)
    turned = 360 * _cycles(given, _times(duration, dt))
    moved = {"orientation": given["direction"][:, None] - 90, "phase": given["phase"][:, None] - turned}
    return _movie(grating, given, moved, 0.5 * given["contrast"][:, None], 0.5, dt, screen)


def counterphase_gratings(
    orientations: ArrayLike,
    spatial_frequency: ArrayLike = 0.5,
    phase: ArrayLike = 0.0,
    temporal_frequency: ArrayLike = 2.0,
    contrast: ArrayLike = 1.0,
    diameter: ArrayLike | None = None,
    *,
    duration: float = 1000.0,
    dt: float = 10.0,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Gratings that stand still and whose contrast reverses: at time 0 they are those of `gratings`.

        L = 0.5 + 0.5 contrast window cos(2 pi f across + phase) cos(2 pi w t)

    Units and what it raises: as `drifting_gratings`.
    """
    given = conditions(
        orientation=orientations,
        spatial_frequency=spatial_frequency,
        phase=phase,
        temporal_frequency=temporal_frequency,
        contrast=contrast,
        x=x,
        y=y,
        **window(diameter),
    )
    _refuse_too_fine_or_fast(given, dt, screen)
    swing = np.cos(2 * np.pi * _cycles(given, _times(duration, dt)))
    return _movie(grating, given, {}, 0.5 * given["contrast"][:, None] * swing, 0.5, dt, screen)


def moving_bars(
    directions: ArrayLike,
    speed: ArrayLike = 8.0,
    length: ArrayLike = 8.0,
    width: ArrayLike = 1.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    duration: float = 1000.0,
    dt: float = 10.0,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Slits as `slits` draws them, moving across themselves in `directions` at `speed` degrees/s.

    They are at x, y in the middle of the movie, so that the same movie backwards is the opposite direction.
    `duration` and `dt`, the time from frame to frame, in ms.
    """
    given = conditions(
        direction=directions,
        speed=speed,
        length=length,
        width=width,
        polarity=polarity,
        contrast=contrast,
        x=x,
        y=y,
    )
    way = _way(given, _times(duration, dt))
    moved = {"orientation": given["direction"][:, None] - 90, "offset": way}
    return _movie(bar, given, moved, towards(given, background)[:, None], background, dt, screen)


def moving_spots(
    directions: ArrayLike,
    speed: ArrayLike = 8.0,
    diameter: ArrayLike = 1.0,
    polarity: ArrayLike = 1,
    contrast: ArrayLike = 1.0,
    *,
    duration: float = 1000.0,
    dt: float = 10.0,
    background: float = 0.5,
    x: ArrayLike = 0.0,
    y: ArrayLike = 0.0,
    **screen: Unpack[Screen],
) -> Stimuli:
    """Spots as `spots` draws them, moving in `directions` at `speed` degrees/s; at x, y in mid-movie."""
    given = conditions(
        direction=directions, speed=speed, diameter=diameter, polarity=polarity, contrast=contrast, x=x, y=y
    )
    way, angle = _way(given, _times(duration, dt)), np.deg2rad(given["direction"])[:, None]
    moved = {
        "x": given["x"][:, None] + way * np.cos(angle),
        "y": given["y"][:, None] + way * np.sin(angle),
    }
    return _movie(spot, given, moved, towards(given, background)[:, None], background, dt, screen)


def _movie(
    pattern: Pattern,
    given: Values,
    moved: Values,
    amplitude: np.ndarray,
    background: float,
    dt: float,
    screen: Screen,
) -> Stimuli:
    """The pattern with the parameters given, those of them that change with time being in `moved`.

    Shapes: given (B,), moved (B, T) or (B, 1), amplitude (B, T) or (B, 1).
    """
    size, scale = resolved(**screen)
    of_movies = {name: value[:, None] for name, value in given.items()} | dict(moved)
    *values, amplitude = np.broadcast_arrays(*of_movies.values(), amplitude)
    of_frames = {name: value.ravel() for name, value in zip(of_movies, values, strict=True)}
    images = drawn(pattern, of_frames, amplitude.ravel(), background, size, scale)
    return Stimuli(images.unflatten(0, amplitude.shape)[:, :, None], given, scale, float(dt))


def _times(duration: float, dt: float) -> np.ndarray:
    """The times (T,) of the frames in ms: as many as fit in `duration`, to the nearest, at least one."""
    (frames,) = np.rint(conditions(duration=duration)["duration"] / conditions(dt=dt)["dt"])
    if frames < 1:
        raise ValueError(f"a movie of {duration:g} ms has no frame of {dt:g} ms")
    return np.arange(frames) * dt


def _cycles(given: Values, times: np.ndarray) -> np.ndarray:
    """How many cycles of the temporal frequency have gone by. Shapes: (B, T)."""
    return np.outer(given["temporal_frequency"], times / 1000)


def _way(given: Values, times: np.ndarray) -> np.ndarray:
    """How far, in degrees, it has moved from where it is in mid-movie. Shapes: (B, T)."""
    return np.outer(given["speed"], (times - times.mean()) / 1000)


def _refuse_too_fine_or_fast(given: Values, dt: float, screen: Screen) -> None:
    refuse_too_fine(given["spatial_frequency"], screen)
    (step,) = conditions(dt=dt)["dt"]
    refuse_above_nyquist(given["temporal_frequency"], 500 / step, "Hz", f"frames of {step:g} ms")
