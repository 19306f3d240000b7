"""Stimuli moved, resized, deformed, and made noisy: what a cell's tolerance is measured with.

Amounts are one number, or one for each image, in pixels where they are lengths; x to the right, y up. What
comes in from outside the image is black. Conditions are kept, and the amount of the last such distortion is
added as one more.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F

from neuro.stimuli import Stimuli


def shifted(stimuli: Stimuli, dx: ArrayLike, dy: ArrayLike) -> Stimuli:
    """The images moved by whole pixels, dx to the right and dy up; nothing wraps. Adds `shift_x`, `shift_y`.

    Raises ValueError if a shift is not a whole number.
    """
    amounts = [_per_image(stimuli, amount, "a shift") for amount in (dx, dy)]
    if any((amount != np.rint(amount)).any() for amount in amounts):
        raise ValueError("a shift must be a whole number of pixels; got a fraction")
    right, up = (amount.astype(np.int64) for amount in amounts)
    images = _moved(_moved(stimuli.images, right, axis=3), -up, axis=2)
    return _with(stimuli, images, shift_x=right, shift_y=up)


def scaled(stimuli: Stimuli, factor: ArrayLike) -> Stimuli:
    """The images enlarged about their centre by a factor, in a field of one size; bilinear. Adds `scale`.

    Raises ValueError if a factor is not positive.
    """
    factors = _per_image(stimuli, factor, "a factor")
    if (factors <= 0).any():
        raise ValueError(f"a factor must be positive; got {factors.min():g}")
    shrink = torch.from_numpy(1 / factors).float()
    grid = _grid(stimuli.images) * shrink[:, None, None, None]
    return _with(stimuli, _sampled(stimuli.images, grid), scale=factors)


def noisy(stimuli: Stimuli, sd: ArrayLike, generator: torch.Generator) -> Stimuli:
    """Gaussian noise of this standard deviation on every pixel, clipped to [0, 1]. Adds `noise_sd`."""
    sds = _per_image(stimuli, sd, "a standard deviation", low=0)
    noise = torch.randn(stimuli.images.shape, generator=generator) * _column(sds)
    return _with(stimuli, (stimuli.images + noise).clamp(0, 1), noise_sd=sds)


def blurred(stimuli: Stimuli, sd: ArrayLike) -> Stimuli:
    """Out of focus: blurred by a Gaussian of this sd (pixels), beyond the rim more of the rim. Adds `blur`.

    Weights sum to one, so that a uniform image stays as it is.
    """
    sds = _per_image(stimuli, sd, "a standard deviation", low=0)
    radius = math.ceil(4 * sds.max(initial=0))
    wide = _column(sds)[:, :, :, 0].clamp(min=1e-6)  # of none, all weight is on the pixel itself
    down, across = (_gaussians(size, wide, radius) for size in stimuli.images.shape[-2:])
    down, across = (weights / weights.sum(-1, keepdim=True) for weights in (down, across))
    padded = F.pad(stimuli.images, (radius,) * 4, mode="replicate")
    return _with(stimuli, (down[:, None] @ padded @ across.mT[:, None]).clamp(0, 1), blur=sds)


def flipped_pixels(stimuli: Stimuli, share: ArrayLike, generator: torch.Generator) -> Stimuli:
    """Black made white, and white black (u -> 1 - u), in a share of the pixels of each image. Adds `flipped`.

    The number of pixels is the share, rounded, exactly; which pixels is random. All channels of one flip.
    Raises ValueError if a share is outside [0, 1].
    """
    shares = _per_image(stimuli, share, "a share", low=0, high=1)
    n, _, height, width = stimuli.images.shape
    rank = torch.rand(n, height * width, generator=generator).argsort(1).argsort(1)
    flips = rank.reshape(n, 1, height, width) < _column(np.rint(shares * height * width))
    return _with(stimuli, torch.where(flips, 1 - stimuli.images, stimuli.images), flipped=shares)


def deformed(
    stimuli: Stimuli, amplitude: ArrayLike, generator: torch.Generator, smoothness: float = 3.0
) -> Stimuli:
    """The images drawn on rubber: every point displaced at random, its neighbours alike. Adds `deformation`.

        displacement = amplitude * (noise * Gaussian of `smoothness` pixels) / (its r.m.s. length)

    so that `amplitude` is the r.m.s. displacement of each image, in pixels; bilinear.
    Source: Simard, Steinkraus & Platt, ICDAR 2003 (who give the scale before the normalisation).
    Raises ValueError if an amplitude is negative or the smoothness is not positive.
    """
    amplitudes = _per_image(stimuli, amplitude, "an amplitude", low=0)
    if smoothness <= 0:
        raise ValueError(f"smoothness must be positive; got {smoothness}")
    n, _, height, width = stimuli.images.shape
    radius = math.ceil(3 * smoothness)
    noise = torch.randn(n, 2, height + 2 * radius, width + 2 * radius, generator=generator)
    field = _blurred(noise, smoothness, radius)
    field = field / field.square().sum(1).mean((1, 2)).sqrt()[:, None, None, None] * _column(amplitudes)
    grid = _grid(stimuli.images) + field.movedim(1, -1) * torch.tensor([2 / width, 2 / height])
    return _with(stimuli, _sampled(stimuli.images, grid), deformation=amplitudes)


def permuted(stimuli: Stimuli, order: ArrayLike) -> Stimuli:
    """The same light, all neighbourhood gone: pixel i, counted row by row, shows what pixel order[i] did.

    `argsort(order)` undoes it. One order serves all images and adds no condition.
    Raises ValueError if order is not a permutation of the pixels.
    """
    images = _still(stimuli)
    n_pixels = images.shape[2] * images.shape[3]
    numbers = torch.as_tensor(np.asarray(order))
    if not torch.equal(numbers.sort().values, torch.arange(n_pixels)):
        raise ValueError(f"order must hold each of 0 to {n_pixels - 1} once; got {len(numbers)} numbers")
    return replace(stimuli, images=images.flatten(2)[..., numbers].reshape(images.shape))


def _moved(images: Tensor, amounts: np.ndarray, axis: int) -> Tensor:
    """Each image moved along one axis by its amount, towards higher indices."""
    size = images.shape[axis]
    source = torch.arange(size) - torch.from_numpy(amounts)[:, None]
    shape = [len(images), 1, 1, 1]
    shape[axis] = size
    inside = ((source >= 0) & (source < size)).reshape(shape)
    index = source.clamp(0, size - 1).reshape(shape).expand(images.shape)
    return images.gather(axis, index) * inside


def _grid(images: Tensor) -> Tensor:
    """Where grid_sample finds each pixel: x, y (down) from edge to edge in [-1, 1]. Shapes: (B, H, W, 2)."""
    identity = torch.eye(2, 3).expand(len(images), 2, 3)
    return F.affine_grid(identity, list(images.shape), align_corners=False)


def _sampled(images: Tensor, grid: Tensor) -> Tensor:
    # Weights that are rounded may sum to a little more than one.
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False).clamp(0, 1)


def _blurred(field: Tensor, sd: float, radius: int) -> Tensor:
    """The field blurred by a Gaussian along rows and columns; a frame of `radius` is used up."""
    down, across = (_gaussians(size - 2 * radius, sd, radius) for size in field.shape[-2:])
    return down @ field @ across.mT


def _gaussians(size: int, sd: float | Tensor, radius: int) -> Tensor:
    """Row i holds a Gaussian about i + radius. Shapes: (size, size + 2 radius), for each sd (B, 1, 1)."""
    distance = torch.arange(size + 2 * radius) - torch.arange(size)[:, None] - radius
    return torch.exp(-((distance / sd) ** 2) / 2)


def _per_image(
    stimuli: Stimuli, amount: ArrayLike, what: str, low: float = -math.inf, high: float = math.inf
) -> np.ndarray:
    """One finite amount for each image; raises ValueError if that is not what came. Shapes: (B,)."""
    n = len(_still(stimuli))
    amounts = np.asarray(amount, dtype=np.float64)
    if amounts.shape not in ((), (n,)):
        raise ValueError(f"{what} must be one number, or one for each of {n} images; got {amounts.shape}")
    if not (np.isfinite(amounts) & (amounts >= low) & (amounts <= high)).all():
        raise ValueError(f"{what} must be finite and lie in [{low:g}, {high:g}]; got {amounts}")
    return np.broadcast_to(amounts, (n,)).copy()


def _still(stimuli: Stimuli) -> Tensor:
    if stimuli.dt is not None:
        raise ValueError("distortions are for still images (B, C, H, W); got a movie")
    return stimuli.images


def _column(amounts: np.ndarray) -> Tensor:
    return torch.from_numpy(amounts).float()[:, None, None, None]


def _with(stimuli: Stimuli, images: Tensor, **amounts: np.ndarray) -> Stimuli:
    return replace(stimuli, images=images, conditions={**stimuli.conditions, **amounts})
