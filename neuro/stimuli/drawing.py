"""How shapes become pixels; shared by every drawing function.

Every edge is a step blurred by a Gaussian of EDGE pixels, not a step sampled at pixel centres: the light of a
shape is then the same at every orientation and sub-pixel position.

A *pattern* is what is added to the background: a function of the places of the pixels and of the parameters.
A coordinate of all pixels is kept as two shares, one of the column (b, 1, W) and one of the row (b, 1, H),
in double precision; only their sum, in single precision, is as large as the images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from neuro.geometry import along_and_across, pixel_grid, resolved
from neuro.stimuli.core import Stimuli

# Pixels. A blur of s pixels leaves a relative aliasing error of about 2 exp(-2 pi^2 s^2): 1e-4 at 0.7.
EDGE = 0.7
CHUNK = 2**18  # pixels drawn at a time: larger work space is handed back to the system and fetched again

PERIODS = {"mask_orientation": 180, "direction": 360, "phase": 360, "mask_phase": 360}
FROM_0_TO_1 = {"contrast", "mask_contrast", "luminance"}
ABOVE_0 = {"length", "width", "diameter", "outer", "spacing", "extent", "spot", "check", "duration", "dt"}
NOT_BELOW_0 = {"inner", "speed"}

Values = Mapping[str, np.ndarray]
Shares = tuple[Tensor, Tensor]


class Screen(TypedDict, total=False):
    """Where it is shown: any two of pixels, degrees and pixels per degree; see `geometry.resolved`."""

    size: int | None
    field: float | None
    pixels_per_degree: float | None


class Pixels:
    """The places of the pixels of square images, in degrees, and the blur of an edge in them.

    Shapes: x (1, W), y (H, 1).
    """

    def __init__(self, size: int, pixels_per_degree: float) -> None:
        x, y = pixel_grid(size, pixels_per_degree)
        self.x, self.y = x[:1], y[:, :1]
        self.blur = EDGE / pixels_per_degree

    def from_centre(self, p: Mapping[str, Tensor]) -> Shares:
        """How far each column is to the right of p["x"], and each row above p["y"]."""
        return self.x - p["x"], self.y - p["y"]

    def rotated(self, p: Mapping[str, Tensor], orientation: str = "orientation") -> tuple[Shares, Shares]:
        """The coordinates along and across a bar centred at x, y: the shares of each."""
        x, y = self.from_centre(p)
        nothing = torch.zeros(1, dtype=torch.float64)
        of_columns = along_and_across(x, nothing, p[orientation])
        of_rows = along_and_across(nothing, y, p[orientation])
        return (of_columns[0], of_rows[0]), (of_columns[1], of_rows[1])


Pattern = Callable[[Pixels, Mapping[str, Tensor]], Tensor]


def shown(
    pattern: Pattern,
    given: Values,
    amplitude: ArrayLike,
    background: float,
    screen: Screen,
    **hidden: np.ndarray,
) -> Stimuli:
    """Images of background + amplitude * pattern, with the conditions given; `hidden` are no conditions."""
    size, scale = resolved(**screen)
    images = drawn(pattern, {**given, **hidden}, amplitude, background, size, scale)
    return Stimuli(images[:, None], given, scale)


def drawn(
    pattern: Pattern,
    values: Values,
    amplitude: ArrayLike,
    background: float,
    size: int,
    pixels_per_degree: float,
) -> Tensor:
    """background + amplitude * pattern, CHUNK pixels at a time.

    Shapes: values (B,), or (B, n) for the n parts of a pattern; amplitude (B,) or one -> (B, H, W).
    """
    pixels = Pixels(size, pixels_per_degree)
    n = len(next(iter(values.values())))
    columns = {name: torch.as_tensor(value)[..., None, None] for name, value in values.items()}
    amplitudes = torch.as_tensor(np.broadcast_to(amplitude, n).copy())[:, None, None].float()
    images = torch.empty(n, size, size)
    parts = max(column[0].numel() for column in columns.values())
    step = max(1, CHUNK // (size * size * parts))
    for start in range(0, n, step):
        chunk = slice(start, start + step)
        signal = pattern(pixels, {name: column[chunk] for name, column in columns.items()})
        torch.add(signal.mul_(amplitudes[chunk]), background, out=images[chunk])
    return images


def conditions(orientation_period: int = 180, /, **given: ArrayLike) -> dict[str, np.ndarray]:
    """The parameters broadcast to one length (B,), angles folded to their period.

    Raises ValueError for one that is no finite number, or that cannot be shown.
    """
    values = {name: _numbers(name, value) for name, value in given.items()}
    try:
        together = [np.array(value) for value in np.broadcast_arrays(*values.values())]
    except ValueError:
        sizes = ", ".join(f"{name} {value.shape}" for name, value in values.items())
        raise ValueError(f"parameters must be one number each or of one length; got {sizes}") from None
    periods = {**PERIODS, "orientation": orientation_period}
    named = zip(values, together, strict=True)
    return {name: value % periods[name] if name in periods else value for name, value in named}


def towards(given: Values, background: float) -> np.ndarray:
    """How far full light (polarity +1) or darkness (-1) lies from the background, times contrast."""
    if not 0 <= background <= 1:
        raise ValueError(f"background lies between 0 and 1; got {background}")
    return np.where(given["polarity"] > 0, 1 - background, -background) * given["contrast"]


def refuse_above_nyquist(frequency: np.ndarray, limit: float, unit: str, sampling: str) -> None:
    """Raises ValueError if a frequency is above half the rate at which it is sampled."""
    if (fastest := np.abs(frequency).max()) > limit:
        raise ValueError(f"{fastest:g} {unit} is above Nyquist: {sampling} carry at most {limit:g}")


def erf_of(u: Shares, edge: Tensor | float, blur: float) -> Tensor:
    """erf((u - edge) / (sqrt(2) blur)): from -1 to +1 where u crosses the edge."""
    scale = math.sqrt(2) * blur
    return ((u[0] / scale).float() + ((u[1] - edge) / scale).float()).erf_()


def box(u: Shares, width: Tensor, blur: float) -> Tensor:
    """1 where |u| < width / 2, its two edges blurred by a Gaussian."""
    return erf_of(u, -width / 2, blur).sub_(erf_of(u, width / 2, blur)).mul_(0.5)


def disc(from_centre: Shares, diameter: Tensor, blur: float) -> Tensor:
    """1 within the diameter, its rim blurred by a Gaussian."""
    scale = math.sqrt(2) * blur
    x, y = from_centre
    distance = ((x / scale).square().float() + (y / scale).square().float()).sqrt_()
    return distance.sub_((diameter / 2 / scale).float()).erfc_().mul_(0.5)


def wave(u: Shares, frequency: Tensor, phase: Tensor) -> Tensor:
    """cos(2 pi f u + phase), from the cosines and sines of the two shares of u."""
    a = 2 * math.pi * frequency * u[0]
    b = 2 * math.pi * frequency * u[1] + torch.deg2rad(phase)
    product = a.cos().float() * b.cos().float()
    return product.addcmul_(a.sin().float(), b.sin().float(), value=-1)


def _numbers(name: str, given: ArrayLike) -> np.ndarray:
    try:
        values = np.atleast_1d(np.asarray(given, dtype=float))
    except (ValueError, TypeError):
        values = np.full(1, np.nan)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"{name} must be a finite number or a list of them; got {given!r}")
    if name in FROM_0_TO_1 and (values.min() < 0 or values.max() > 1):
        raise ValueError(f"{name} lies between 0 and 1; got {given!r}")
    if name in ABOVE_0 and values.min() <= 0:
        raise ValueError(f"{name} must be above zero; got {given!r}")
    if name in NOT_BELOW_0 and values.min() < 0:
        raise ValueError(f"{name} must not be below zero; got {given!r}")
    if name == "count" and (values.min() < 1 or (values % 1).any()):
        raise ValueError(f"count is a whole number, one or more; got {given!r}")
    if "polarity" in name and not np.isin(values, (-1, 1)).all():
        raise ValueError(f"{name} is +1 (light) or -1 (dark); got {given!r}")
    return values
