"""Receptive fields as formulas: Gaussians, their difference, Gabor functions, fall-off weights."""

from __future__ import annotations

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid


def gaussian(sd: float, size: int, pixels_per_degree: float) -> Tensor:
    """A round Gaussian of `sd` degrees on (size, size) pixels, its weights summing to exactly one."""
    x, y = pixel_grid(size, pixels_per_degree)
    weights = torch.exp(-(x**2 + y**2) / (2 * sd**2))
    return weights / weights.sum()


def difference_of_gaussians(centre: float, surround: float, size: int, pixels_per_degree: float) -> Tensor:
    """A balanced concentric field: two Gaussians (sd in degrees) of equal volume, so that it sums to zero.

        DoG = G(centre) - G(surround)

    Source: the centre-surround fields of Kuffler 1953; the Gaussian form is Rodieck's, 1965 (reported).
    """
    if not 0 < centre < surround:
        raise ValueError(f"the surround must be wider than the centre; got {centre} and {surround} degrees")
    return gaussian(centre, size, pixels_per_degree) - gaussian(surround, size, pixels_per_degree)


def gabor(
    orientation: float,
    phase: float,
    spatial_frequency: float,
    sd_across: float,
    sd_along: float,
    size: int,
    pixels_per_degree: float,
) -> Tensor:
    """A Gabor function without response to uniform light, its largest weight one.

        g = exp(-(along^2 / 2 sd_along^2 + across^2 / 2 sd_across^2)) (cos(2 pi f across + phase) - mean)

    where `mean` is the envelope-weighted mean of the cosine. Angles in degrees, lengths in degrees of
    visual angle, f in cycles/degree.
    """
    x, y = pixel_grid(size, pixels_per_degree)
    along, across = along_and_across(x, y, torch.tensor(orientation))
    envelope = torch.exp(-(along**2) / (2 * sd_along**2) - across**2 / (2 * sd_across**2))
    wave = torch.cos(2 * math.pi * spatial_frequency * across + math.radians(phase))
    field = envelope * (wave - (envelope * wave).sum() / envelope.sum())
    return field / field.abs().max()


def fall_off(base: float, size: int, power: float = 1.0) -> Tensor:
    """Weights base^(|v|^power) over a window of (size, size) cells, |v| the distance from its centre.

    Power 1 is an exponential, 2 a Gaussian.
    """
    x, y = pixel_grid(size, 1.0)
    return base ** torch.hypot(x, y) ** power


def correlate(sheets: Tensor, fields: Tensor) -> Tensor:
    """What cells with these fields receive at every place of the sheets; nothing lies beyond the rim.

        out(k, n) = sum over c, v of field(k, c, v) sheet(c, n + v)

    By way of the Fourier transform: fields here are many pixels wide, where conv2d takes ten times as long.
    Shapes: (B, C, H, W), (K, C, h, w) with h, w odd -> (B, K, H, W).
    """
    height, width = sheets.shape[-2:]
    above, left = fields.shape[-2] // 2, fields.shape[-1] // 2
    full = (next_fast_len(height + 2 * above, real=True), next_fast_len(width + 2 * left, real=True))
    spectrum = torch.fft.rfft2(sheets, s=full)
    transfer = torch.fft.rfft2(fields.flip(-2, -1), s=full)
    product = torch.einsum("bcyx,kcyx->bkyx", spectrum, transfer)
    received: Tensor = torch.fft.irfft2(product, s=full)
    return received[..., above : above + height, left : left + width]


def correlate_with_the_rim_repeated(light: Tensor, fields: Tensor) -> Tensor:
    """`correlate`, over light that goes on beyond the rim as it is at the rim.

    The light is counted from that of one pixel, so that uniform light is zero before anything can be
    rounded: balanced fields then give it exactly zero everywhere.
    """
    margin = fields.shape[-1] // 2
    contrast = light - light[..., :1, :1]
    everywhere = correlate(F.pad(contrast, (margin,) * 4, mode="replicate"), fields)
    return everywhere[..., margin:-margin, margin:-margin]


def correlate_within(sheets: Tensor, fields: Tensor) -> Tensor:
    """`correlate`, only where the whole field lies on the sheets; faster, for want of a margin of zeros.

    Shapes: (B, C, H, W), (K, C, h, w) -> (B, K, H - h + 1, W - w + 1).
    """
    (height, width), (h, w) = sheets.shape[-2:], fields.shape[-2:]
    full = (next_fast_len(height, real=True), next_fast_len(width, real=True))
    transfer = torch.fft.rfft2(fields.flip(-2, -1), s=full)
    product = torch.einsum("bcyx,kcyx->bkyx", torch.fft.rfft2(sheets, s=full), transfer)
    received: Tensor = torch.fft.irfft2(product, s=full)
    return received[..., h - 1 : height, w - 1 : width]
