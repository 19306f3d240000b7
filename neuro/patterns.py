"""Thin-stroke digits and letters in a field of 16 x 16, for the neocognitron of 1980.

Fukushima (Biol. Cybern. 36:193-202, 1980) shows each digit in seven variants (Fig. 6): (a) the standard,
(b), (c) the standard elsewhere, (d)-(f) distorted in shape and size, (g) noisy or partly missing. His bitmaps
exist only as that figure; these are drawings of our own of the same kind, fixed before any net was scored.

Coordinates are pixels, x to the right and y up. A field of even size has no middle pixel: the origin is the
pixel just right of and below the centre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import torch

from neuro.stimuli import Stimuli

FIELD = 16

Point = tuple[float, float]
Strokes = Sequence[Sequence[Point]]

# Each stroke a polyline. Standard patterns are 9 pixels high: any shift by up to 3 keeps them inside.
DIGITS: dict[int, Strokes] = {
    0: [[(-1, 4), (1, 4), (3, 2), (3, -2), (1, -4), (-1, -4), (-3, -2), (-3, 2), (-1, 4)]],
    1: [[(-2, 2), (0, 4), (0, -4)]],
    2: [[(-3, 2), (-1, 4), (1, 4), (3, 2), (3, 1), (-3, -4), (3, -4)]],
    3: [
        [(-3, 3), (-2, 4), (1, 4), (3, 3), (3, 1), (1, 0), (-1, 0)],
        [(1, 0), (3, -1), (3, -3), (1, -4), (-2, -4), (-3, -3)],
    ],
    4: [[(1, -4), (1, 4), (-3, -1), (3, -1)]],
    5: [[(3, 4), (-3, 4), (-3, 1), (1, 1), (3, -1), (3, -2), (1, -4), (-2, -4), (-3, -3)]],
    6: [[(2, 4), (0, 4), (-3, 1), (-3, -2), (-1, -4), (1, -4), (3, -2), (3, -1), (1, 1), (-1, 1), (-3, -1)]],
    7: [[(-3, 4), (3, 4), (3, 3), (-1, -2), (-1, -4)]],
    8: [
        [(-1, 4), (1, 4), (3, 3), (3, 1), (1, 0), (-1, 0), (-3, 1), (-3, 3), (-1, 4)],
        [(-1, 0), (-3, -1), (-3, -3), (-1, -4), (1, -4), (3, -3), (3, -1), (1, 0)],
    ],
    9: [[(-2, -4), (0, -4), (3, -1), (3, 2), (1, 4), (-1, 4), (-3, 2), (-3, 1), (-1, -1), (1, -1), (3, 1)]],
}
_LETTERS: dict[str, Strokes] = {
    "X": [[(-3, 4), (3, -4)], [(3, 4), (-3, -4)]],
    "Y": [[(-3, 4), (0, 0), (3, 4)], [(0, 0), (0, -4)]],
    "T": [[(-3, 4), (3, 4)], [(0, 4), (0, -4)]],
    "Z": [[(-3, 4), (3, 4), (-3, -4), (3, -4)]],
}

# How each variant moves a point of the standard pattern.
_VARIANTS: dict[str, Callable[[float, float], Point]] = {
    "a": lambda x, y: (x, y),
    "b": lambda x, y: (x - 3, y + 2),
    "c": lambda x, y: (x + 3, y - 2),
    "d": lambda x, y: (0.7 * x, 1.25 * y),  # slim and tall
    "e": lambda x, y: (1.2 * x + 0.25 * y, 1.2 * y),  # large, leaning to the right
    "f": lambda x, y: (1.2 * x - 0.2 * y, 0.8 * y),  # low and wide, leaning to the left
    "g": lambda x, y: (x, y),
}

# Variant (g): the ink around one point is missing, and there are stray dots.
_MISSING: dict[int, Point] = {
    0: (2, 3), 1: (0, -1), 2: (0, -2), 3: (3, -2), 4: (-1, 2),
    5: (-3, 3), 6: (0, -4), 7: (1, 1), 8: (-3, -2), 9: (-3, 2),
}  # fmt: skip
_STRAY: dict[int, Sequence[Point]] = {
    0: [(-6, 5), (5, -5)],
    1: [(3, 3), (-4, -3), (5, -1)],
    2: [(6, 2), (-5, -1)],
    3: [(-5, -1), (6, 4), (-6, 5)],
    4: [(5, 4), (-4, -5)],
    5: [(6, 3), (-6, -2)],
    6: [(5, 2), (-6, 3), (6, -5)],
    7: [(-5, 0), (5, -3)],
    8: [(6, 0), (-6, 4), (-6, -5)],
    9: [(-5, -3), (6, -3)],
}


def fukushima_digits() -> Stimuli:
    """The digits 0 to 9, each in the seven variants "a" to "g".

    Conditions: `label`, `variant`, `id`. Images are 0 or 1. The five digits of the paper's first experiment
    are those with `label` below 5.
    Shapes: images (70, 1, 16, 16).
    """
    names = [(label, variant) for label in DIGITS for variant in _VARIANTS]
    images = [_variant(label, variant) for label, variant in names]
    label, variant = (np.array(column) for column in zip(*names, strict=True))
    return _stimuli(images, label=label, variant=variant)


def standard_digits(labels: Iterable[int] = range(5)) -> Stimuli:
    """The standard digits, one image each: what the net of 1980 is trained on (0 to 4).

    Conditions: `label`, `id`.
    Shapes: images (number of labels, 1, 16, 16).
    Raises ValueError if there is no such digit.
    """
    chosen = list(labels)
    if unknown := [label for label in chosen if label not in DIGITS]:
        raise ValueError(f"no digit {unknown[0]!r}; there are 0 to 9")
    return _stimuli([drawn(DIGITS[label]) for label in chosen], label=np.array(chosen, dtype=np.int64))


def letters() -> Stimuli:
    """X, Y, T and Z, which share strokes: the paper's second experiment.

    Conditions: `label` 0 to 3, `letter`, `id`.
    Shapes: images (4, 1, 16, 16).
    """
    images = [drawn(strokes) for strokes in _LETTERS.values()]
    return _stimuli(images, label=np.arange(len(_LETTERS)), letter=np.array(list(_LETTERS)))


def _variant(label: int, variant: str) -> np.ndarray:
    move = _VARIANTS[variant]
    image = drawn([[move(x, y) for x, y in stroke] for stroke in DIGITS[label]])
    if variant == "g":
        row, column = np.indices(image.shape)
        x, y = _MISSING[label]
        image[np.hypot(column - FIELD // 2 - x, FIELD // 2 - row - y) < 1.2] = 0
        for x, y in _STRAY[label]:
            image[_pixel(x, y)] = 1
    return image


def drawn(strokes: Strokes, field: int = FIELD) -> np.ndarray:
    """Strokes one pixel thick, at (field, field); what runs out of the field is cut off."""
    image = np.zeros((field, field), dtype=np.float32)
    for stroke in strokes:
        for row, column in _thinned(_path(stroke, field)):
            if 0 <= row < field and 0 <= column < field:
                image[row, column] = 1
    return image


def _path(stroke: Sequence[Point], field: int) -> list[tuple[int, int]]:
    """The pixels a polyline runs through, in order, each once."""
    path: list[tuple[int, int]] = []
    for start, end in pairwise(stroke):
        for x, y in np.linspace(start, end, 50):
            pixel = _pixel(x, y, field)
            if not path or pixel != path[-1]:
                path.append(pixel)
    return path


def _thinned(path: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the pixel of a stair's corner: the pixels before and after it already touch."""
    kept = path[:1]
    for here, after in pairwise(path[1:]):
        if max(abs(after[0] - kept[-1][0]), abs(after[1] - kept[-1][1])) > 1:
            kept.append(here)
    return kept + path[-1:]


def _pixel(x: float, y: float, field: int = FIELD) -> tuple[int, int]:
    return field // 2 - int(np.floor(y + 0.5)), field // 2 + int(np.floor(x + 0.5))


def _stimuli(images: list[np.ndarray], **conditions: np.ndarray) -> Stimuli:
    stack = torch.from_numpy(np.stack(images))[:, None]
    return Stimuli(stack, {**conditions, "id": np.arange(len(images))})
