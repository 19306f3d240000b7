"""Gabor functions and Gaussians fitted to receptive fields, all units at once, by least squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuro.analysis.curves import Floats
from neuro.analysis.receptive_field import checked_map

# Variation below this part of the largest value is rounding (of float32 maps too): the map is flat.
FLAT = 1e-6
AT_ONCE = 2**24  # numbers held in the derivatives of the units fitted together: 128 MB
# Steps end when one lowers the sum of squares by less than this part of it, or of a map's peak squared.
SETTLED, EXACT = 1e-6, 1e-18
MOST_STEPS, LONGEST_STEP, MOST_DAMPING = 100, 0.5, 1e6
# The parameters of a field: its amplitude and phase as those of a cosine and a sine, so that they are linear.
X, Y, ANGLE, LOG_F, LOG_ACROSS, LOG_ALONG, COS, SIN = range(8)
GABOR, GAUSSIAN = list(range(8)), [X, Y, ANGLE, LOG_ACROSS, LOG_ALONG, COS]


@dataclass(frozen=True)
class GaborFit:
    """A Gabor function for each unit, in degrees of visual angle; every array (...).

        amplitude exp(-(along^2 / 2 sd_along^2 + across^2 / 2 sd_across^2)) cos(2 pi f across + phase)

    Centre `x`, `y`; `orientation` of the bar from 0 up to 180 degrees; f = `spatial_frequency` in
    cycles/degree; `phase` in degrees from 0 up to 360. The same field turned by 180 degrees has phase
    360 - phase, and negative the phase + 180: here the orientation is below 180 and the amplitude above 0.
    `r2` is the share of the map's variance that is accounted for.
    """

    x: Floats
    y: Floats
    orientation: Floats
    spatial_frequency: Floats
    phase: Floats
    sd_across: Floats
    sd_along: Floats
    amplitude: Floats
    r2: Floats

    @property
    def n_x(self) -> Floats:
        """Cycles in one sd across the bar: sd_across f (Ringach 2002b). With few, the field is a blob."""
        return np.asarray(self.sd_across * self.spatial_frequency)

    @property
    def n_y(self) -> Floats:
        """The length of the field in cycles: sd_along f (Ringach 2002b)."""
        return np.asarray(self.sd_along * self.spatial_frequency)


def fit_gabor(fields: ArrayLike, pixels_per_degree: float) -> GaborFit:
    """The Gabor function nearest to each receptive field, in least squares over its pixels.

    The axes are those of `geometry`: rows from the top, y up, the origin at the middle of the map, and
    across = -x sin(o) + y cos(o). There is no constant term: subtract the grey. Starts at the peak of the
    field's spectrum and the spread of its square; goes on by Levenberg and Marquardt's steps. A field much
    narrower than one cycle (n_x below about 0.2) does not tell frequency, phase and amplitude apart: read
    r2 and n_x, not these. NaN for a flat map.

    Shapes: (..., H, W), ON minus OFF. Raises ValueError for maps that are not finite or smaller than 3x3,
    and pixels_per_degree not above zero.
    """
    maps = np.asarray(fields, dtype=np.float64)
    if maps.ndim < 2 or min(maps.shape[-2:]) < 3 or maps.size == 0:
        raise ValueError(f"fields must be (..., H, W), 3x3 pixels or more; got shape {maps.shape}")
    if not np.isfinite(maps).all():
        raise ValueError("fields must be finite; they hold NaN or infinity")
    if not pixels_per_degree > 0:
        raise ValueError(f"pixels_per_degree must be above 0; got {pixels_per_degree:g}")
    height, width = maps.shape[-2:]
    x = np.tile((np.arange(width) - (width - 1) / 2) / pixels_per_degree, height)
    y = np.repeat(((height - 1) / 2 - np.arange(height)) / pixels_per_degree, width)

    def start(few: Floats, x: Floats, y: Floats) -> Floats:
        return _gabor_start(few.reshape(-1, height, width), x, y)

    found, r2 = _fitted(maps.reshape(-1, height * width), x, y, start, GABOR)
    return _gabor_fit(found.T.reshape(8, *maps.shape[:-2]), r2.reshape(maps.shape[:-2]))


def field_size(maps: ArrayLike, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """The size of a receptive field: the two sd of a Gaussian fitted to its map, the longer one first.

        amplitude exp(-(along^2 / 2 longer^2 + across^2 / 2 shorter^2)), of any orientation and centre

    By least squares; there is no constant term: subtract the spontaneous rate. The field's full width at
    half of its height is 2.355 sd. NaN for a silent unit and for one that answers everywhere alike.

    Shapes: (..., *places), x and y (*places) in degrees -> two arrays (...), degrees. Raises ValueError for
    negative or non-finite maps, and places that do not fit, are fewer than six, or in one row or column.
    """
    rates, at_x, at_y = checked_map(maps, x, y)
    if len(at_x) < len(GAUSSIAN) or np.ptp(at_x) == 0 or np.ptp(at_y) == 0:
        raise ValueError(f"the size of a field needs six places or more, not in one line; got {len(at_x)}")
    found, _ = _fitted(rates.reshape(-1, len(at_x)), at_x, at_y, _gaussian_start, GAUSSIAN)
    sd = np.exp(found[:, [LOG_ALONG, LOG_ACROSS]]).reshape(*rates.shape[:-1], 2)
    return np.asarray(sd.max(axis=-1)), np.asarray(sd.min(axis=-1))


def _gabor_fit(found: Floats, r2: Floats) -> GaborFit:
    """The parameters (8, ...) in the terms, and the one of the equivalent forms, that the class states."""
    degrees = _within(np.rad2deg(found[ANGLE]), 360)
    phase = np.rad2deg(np.arctan2(-found[SIN], found[COS]))  # A cos(w + p) = A cos p cos w - A sin p sin w
    phase = _within(np.where(degrees < 180, phase, -phase), 360)
    return GaborFit(
        x=found[X],
        y=found[Y],
        orientation=_within(degrees, 180),
        spatial_frequency=np.exp(found[LOG_F]),
        phase=phase,
        sd_across=np.exp(found[LOG_ACROSS]),
        sd_along=np.exp(found[LOG_ALONG]),
        amplitude=np.hypot(found[COS], found[SIN]),
        r2=r2,
    )


def _within(degrees: Floats, turn: float) -> Floats:
    rest = degrees % turn
    # The remainder of -1e-17 rounds to the whole turn.
    return np.asarray(np.where(rest == turn, 0, rest), dtype=np.float64)


def _spectral_peak(maps: Floats, pixels_per_unit: float) -> tuple[Floats, Floats]:
    """The frequency, to the right and up, of each map's largest Fourier component."""
    height, width = 2 * maps.shape[-2], 2 * maps.shape[-1]  # padded, for steps of half a cycle a map
    power = np.abs(np.fft.rfft2(maps, s=(height, width))).reshape(len(maps), -1)
    row, column = np.divmod(power.argmax(axis=-1), width // 2 + 1)
    right, down = np.fft.rfftfreq(width)[column], np.fft.fftfreq(height)[row]
    return np.asarray(right * pixels_per_unit), np.asarray(-down * pixels_per_unit)


def _gaussian_start(targets: Floats, x: Floats, y: Floats) -> Floats:
    """The Gaussian with the centroid and the spread of each map's square. (N, M) -> (N, 8)."""
    squares = targets**2
    # Most of a noisy map is its noise, whose variance is 2.2 medians of the square: three sd are taken off.
    noise = 9 * 2.2 * np.median(squares, axis=-1, keepdims=True)
    squares = np.maximum(squares - np.minimum(noise, squares.max(axis=-1, keepdims=True) / 4), 0.0)
    shares = squares / squares.sum(axis=-1, keepdims=True)
    start = np.zeros((len(targets), 8))
    start[:, X], start[:, Y] = shares @ x, shares @ y
    dx, dy = x - start[:, X, None], y - start[:, Y, None]
    xx, xy, yy = ((shares * d).sum(axis=-1) for d in (dx * dx, dx * dy, dy * dy))
    start[:, ANGLE] = np.arctan2(2 * xy, xx - yy) / 2
    mean, half_gap = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    # The square of a Gaussian has half of its variance; a field of one pixel has none.
    start[:, LOG_ALONG] = np.log(2 * np.maximum(mean + half_gap, 1 / len(x))) / 2
    start[:, LOG_ACROSS] = np.log(2 * np.maximum(mean - half_gap, 1 / len(x))) / 2
    start[:, LOG_F] = -np.inf
    start[:, COS] = targets[np.arange(len(targets)), squares.argmax(axis=-1)]
    return start


def _gabor_start(maps: Floats, x: Floats, y: Floats) -> Floats:
    """For each map the best of a few guesses about its wave, its amplitude fitted. (N, H, W) -> (N, 8)."""
    targets = maps.reshape(len(maps), -1)
    base = _gaussian_start(targets, x, y)
    per_unit = 1 / (x[1] - x[0])
    distance = np.hypot(x - base[:, X, None], y - base[:, Y, None]) / np.exp(base[:, LOG_ALONG, None])
    near = np.exp(-(distance**2) / 2)  # what lies farther off is noise
    f_x, f_y = _spectral_peak((targets * near).reshape(maps.shape), per_unit)
    wave = base.copy()
    wave[:, ANGLE] = np.arctan2(f_y, f_x) - np.pi / 2  # light and dark alternate across the bar
    turn = wave[:, ANGLE] - base[:, ANGLE]
    along, across = np.exp(2 * base[:, LOG_ALONG]), np.exp(2 * base[:, LOG_ACROSS])
    wave[:, LOG_ALONG] = np.log(along * np.cos(turn) ** 2 + across * np.sin(turn) ** 2) / 2
    wave[:, LOG_ACROSS] = np.log(along * np.sin(turn) ** 2 + across * np.cos(turn) ** 2) / 2
    lowest = per_unit / (4 * max(maps.shape[-2:]))  # the peak of a blob is at frequency zero
    wave[:, LOG_F] = np.log(np.maximum(np.hypot(f_x, f_y), lowest))
    base[:, LOG_F] = np.log(0.2) - base[:, LOG_ACROSS]
    changes = np.zeros((4, 8))
    changes[:, [LOG_F, LOG_ACROSS]] = np.log([(1, 1), (1, 0.7), (0.7, 1), (0.7, 0.7)])
    tried = [
        _with_amplitude(guess, targets, x, y) for guess in (base, *(wave + change for change in changes))
    ]
    best = np.argmin([misfit for _, misfit in tried], axis=0)
    return np.asarray(np.stack([guess for guess, _ in tried])[best, np.arange(len(maps))])


def _with_amplitude(guess: Floats, targets: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The guess with the cosine and the sine that fit best, and the sum of squares left. (N, 8), (N,)."""
    waves = _field_and_slopes(guess, x, y)[1][:, [COS, SIN]]
    squares = waves @ waves.swapaxes(-1, -2) + 1e-9 * np.eye(2)
    amplitudes = np.linalg.solve(squares, waves @ targets[..., None])
    left = targets - (amplitudes.swapaxes(-1, -2) @ waves)[:, 0]
    guess[:, [COS, SIN]] = amplitudes[..., 0]
    return guess, (left**2).sum(axis=-1)


def _field_and_slopes(found: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The fields and their derivatives by the eight parameters. (N, 8) -> (N, M), (N, 8, M)."""
    at_x, at_y, angle, log_f, log_across, log_along, cosine, sine = found.T[..., None]
    dx, dy, c, s = x - at_x, y - at_y, np.cos(angle), np.sin(angle)
    along, across = dx * c + dy * s, dy * c - dx * s
    per_along, per_across = along * np.exp(-2 * log_along), across * np.exp(-2 * log_across)
    envelope = np.exp(-(along * per_along + across * per_across) / 2)
    turns = 2 * np.pi * np.exp(log_f)
    wave_c, wave_s = envelope * np.cos(turns * across), envelope * np.sin(turns * across)
    field = cosine * wave_c + sine * wave_s
    steep = turns * (sine * wave_c - cosine * wave_s)
    by_across, by_along = steep - field * per_across, -field * per_along
    slopes = [
        by_across * s - by_along * c,
        -by_across * c - by_along * s,
        by_along * across - by_across * along,
        steep * across,
        field * across * per_across,
        field * along * per_along,
        wave_c,
        wave_s,
    ]
    return field, np.stack(slopes, axis=1)


def _fitted(
    targets: Floats, x: Floats, y: Floats, start: Callable[[Floats, Floats, Floats], Floats], free: list[int]
) -> tuple[Floats, Floats]:
    """Parameters and share of the variance for each map that is not flat, else NaN. -> (N, 8), (N,)."""
    found, r2 = np.full((len(targets), 8), np.nan), np.full(len(targets), np.nan)
    height = np.abs(targets).max(axis=-1)
    chosen = np.flatnonzero(np.ptp(targets, axis=-1) > FLAT * height)
    few = max(1, AT_ONCE // (8 * len(x)))
    # In these units, with maps of height one, every parameter is about one and a step of one is a long one.
    unit = max(np.ptp(x), np.ptp(y)) / 2
    x, y = x / unit, y / unit
    for block in (chosen[i : i + few] for i in range(0, len(chosen), few)):
        scaled = targets[block] / height[block, None]
        found[block], left = _least_squares(start(scaled, x, y), scaled, x, y, free)
        found[block, COS:] *= height[block, None]
        r2[block] = 1 - left / scaled.var(axis=-1) / len(x)
    found[:, [X, Y]] *= unit
    found[:, [LOG_F, LOG_ACROSS, LOG_ALONG]] += np.log(unit) * np.array([-1, 1, 1])
    return found, r2


def _least_squares(
    found: Floats, targets: Floats, x: Floats, y: Floats, free: list[int]
) -> tuple[Floats, Floats]:
    """Levenberg and Marquardt's steps from here to the least squares, in the free parameters alone.

    Each step solves (J J^T + damping diag(J J^T)) step = J (target - field); the damping falls after a step
    that helps and rises after one that does not. -> (N, 8), and the sums of squares left (N,).
    """
    field, slopes = _field_and_slopes(found, x, y)
    slopes, left = slopes[:, free], ((targets - field) ** 2).sum(axis=-1)
    damping, going = np.full(len(found), 1e-2), np.arange(len(found))
    for _ in range(MOST_STEPS):
        j = slopes[going]
        squares = j @ j.swapaxes(-1, -2)
        scale = np.diagonal(squares, axis1=-2, axis2=-1)
        scale = damping[going, None] * scale + 1e-12 * scale.max(axis=-1, keepdims=True)
        gradient = j @ (targets[going] - field[going])[..., None]
        step = np.linalg.solve(squares + scale[..., None] * np.eye(len(free)), gradient)[..., 0]
        trial = found[going]
        trial[:, free] += np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        new_field, new_slopes = _field_and_slopes(trial, x, y)
        new_left = ((targets[going] - new_field) ** 2).sum(axis=-1)
        helps = new_left < left[going]
        gained = left[going] - new_left
        settled = np.where(helps, gained < SETTLED * left[going] + EXACT, damping[going] > MOST_DAMPING)
        better = going[helps]
        found[better], field[better], left[better] = trial[helps], new_field[helps], new_left[helps]
        slopes[better] = new_slopes[helps][:, free]
        damping[going] *= np.where(helps, 0.2, 5.0)
        going = going[~settled]
        if len(going) == 0:
            break
    return found, left
