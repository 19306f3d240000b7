"""How many cells a layer of windows has, and which of the cells before it they look at.

    cells   floor((n + p + p' - d (k - 1) - 1) / s) + 1

of n cells in a row, windows of k cells d apart, in steps of s, p and p' cells of padding before and after.
Source: Dumoulin & Visin 2016, A guide to convolution arithmetic for deep learning, arXiv:1603.07285.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Padding = int | tuple[int, int]


def output_size(size: int, window: int, stride: int = 1, padding: Padding = 0, dilation: int = 1) -> int:
    """The cells along one side of a layer whose windows move over `size` cells.

        floor((size + padding before and after - dilation (window - 1) - 1) / stride) + 1

    `padding` is one number for both ends, or two. Raises ValueError if not one window fits.
    """
    before, after = _both_ends(padding)
    reach = dilation * (window - 1) + 1
    if min(size, window, stride, dilation) < 1 or min(before, after) < 0:
        raise ValueError(
            "size, window, stride and dilation are whole numbers from 1 and padding from 0; got "
            f"{size}, {window}, {stride}, {dilation} and {padding}"
        )
    if size + before + after < reach:
        raise ValueError(
            f"a window that reaches over {reach} cells does not fit {size} cells and {before} + {after} of "
            f"padding; {reach - before - after} cells or more would"
        )
    return (size + before + after - reach) // stride + 1


def same_padding(window: int, dilation: int = 1) -> tuple[int, int]:
    """Padding before and after that, at stride 1, leaves the size as it is; of an odd sum, more after.

    before + after = dilation (window - 1). Raises ValueError for a window or dilation below 1.
    """
    if min(window, dilation) < 1:
        raise ValueError(f"window and dilation are whole numbers from 1; got {window} and {dilation}")
    total = dilation * (window - 1)
    return total // 2, total - total // 2


def times_used(
    size: int, window: int, stride: int = 1, padding: Padding = 0, dilation: int = 1
) -> NDArray[np.int64]:
    """How many windows look at each of `size` cells in a row; of a square image, the outer product of two.

    Shapes: (size,). Raises as `output_size`.
    """
    windows = output_size(size, window, stride, padding, dilation)
    places = stride * np.arange(windows)[:, None] + dilation * np.arange(window) - _both_ends(padding)[0]
    return np.bincount(places[(places >= 0) & (places < size)], minlength=size)


def fitting_strides(size: int, window: int, padding: Padding = 0, dilation: int = 1) -> list[int]:
    """The strides, up to the window's reach, at which every one of `size` cells is looked at.

    Raises as `output_size`.
    """
    return [
        stride
        for stride in range(1, dilation * (window - 1) + 2)
        if times_used(size, window, stride, padding, dilation).all()
    ]


def direct_multiplications(image: ArrayLike, window: ArrayLike) -> NDArray[np.float64]:
    """Of scanning M x M pixels, `image`, with N x N weights, `window`: M^2 N^2, rims not counted.

    Shapes: any that broadcast.
    """
    return np.asarray(image, dtype=np.float64) ** 2 * np.asarray(window, dtype=np.float64) ** 2


def fourier_multiplications(image: ArrayLike, window: ArrayLike) -> NDArray[np.float64]:
    """Of the same by one Fourier transform of the whole image, padded so that nothing wraps around.

        P^2 (3 log2 P^2 + 2),   P = M + N - 1

    Image, filter and answer are each one real transform, P^2 log2 P^2 (radix 2: half of n/2 log2 n complex
    products), and the spectra are multiplied, P^2 / 2 complex products of four real ones. So O(M^2 log M).
    """
    padded = np.asarray(image, dtype=np.float64) + np.asarray(window, dtype=np.float64) - 1
    cost: NDArray[np.float64] = padded**2 * (6 * np.log2(padded) + 2)
    return cost


def block_multiplications(image: ArrayLike, window: ArrayLike) -> NDArray[np.float64]:
    """Of the same in overlapping blocks of the best power of two, the filter transformed once (overlap-save).

        M^2 / (B - N + 1)^2 * B^2 (2 log2 B^2 + 2)

    As the best B is some times N, this is O(M^2 log N). Shapes: any that broadcast.
    """
    pixels, side = np.broadcast_arrays(np.asarray(image, dtype=np.float64) ** 2, window)
    blocks = 2.0 ** np.arange(1, 17)
    kept = np.maximum(blocks - side[..., None] + 1, 0.0)
    with np.errstate(divide="ignore"):
        of_blocks = blocks**2 * (4 * np.log2(blocks) + 2) / kept**2
    cost: NDArray[np.float64] = pixels * of_blocks.min(axis=-1)
    return cost


def _both_ends(padding: Padding) -> tuple[int, int]:
    return padding if isinstance(padding, tuple) else (padding, padding)
