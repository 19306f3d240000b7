"""What a teacher shows the neocognitron of 1988: patterns for each S-plane, and where the seed cell stands.

Fukushima's own training patterns exist as pictures in the paper; these are drawings of our own, in a field
of 19 x 19, for as many planes. US1 is taught pieces of line, US2 ends, bends, crossings and straight runs of
lines, US3 halves of digits, US4 digits. Planes that are taught variants of a thing are joined in one C-plane
(JOINED_1988). The drawings were made before any net was scored, and not changed after.

Coordinates are pixels from the middle of the field, x to the right and y up; angles counter-clockwise from
the right, in degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from neuro.patterns import DIGITS, Point, Strokes, drawn
from neuro.stimuli import Stimuli

FIELD_1988 = 19
# Cell i of an S-layer looks at pixel step * i + first, in rows as in columns.
_GRID: Mapping[str, tuple[int, int]] = {"US1": (1, 0), "US2": (1, -1), "US3": (2, -3), "US4": (4, 5)}

# US1: the twelve lines through 3x3 pixels; those between the main orientations exist in two forms.
_PIECES: Sequence[Sequence[str]] = (
    ("...|###|...",), ("..#|##.|...", "...|.##|#.."), ("..#|.#.|#..",), ("..#|.#.|.#.", ".#.|.#.|#.."),
    (".#.|.#.|.#.",), ("#..|.#.|.#.", ".#.|.#.|..#"), ("#..|.#.|..#",), ("#..|.##|...", "...|##.|..#"),
)  # fmt: skip

# US2: figures of rays from the place of the seed cell; the angles of the rays, for both forms of a feature.
_LONG = 7  # pixels; the S-cell of US2 sees 4 from its place
_FIGURES: Sequence[tuple[Sequence[float], Sequence[float]]] = (
    *(((turn,), (turn + 22.5,)) for turn in range(0, 360, 45)),  # ends
    *(((turn - 45, turn + 45), (turn - 67.5, turn + 67.5)) for turn in range(0, 360, 45)),  # bends
    ((0, 90, 180, 270), (45, 135, 225, 315)),  # crossings
    ((79, 259), (101, 281)),  # upright lines
    ((11, 191), (169, 349)),  # level lines
)
_WOBBLE = (0, -8, 8)  # degrees: every figure is shown three times, turned a little

# US3: the parts of digits joined in each C-plane. A part is what lies on that side of the middle.
_PARTS: Sequence[Sequence[tuple[int, str]]] = (
    ((8, "upper"), (9, "upper")), ((6, "lower"), (8, "lower")), ((2, "upper"), (3, "upper")),
    ((3, "lower"), (5, "lower"), (9, "lower")), ((0, "lower"),), ((0, "upper"),), ((1, "upper"),),
    ((1, "lower"), (7, "lower")), ((4, "upper"),), ((4, "lower"),), ((5, "upper"),), ((2, "lower"),),
    ((6, "upper"),), ((7, "upper"),), ((5, "right"), (6, "right")), ((0, "left"), (6, "left")),
    ((0, "right"), (9, "right")), ((3, "right"), (8, "right")), ((8, "left"),), ((4, "left"),),
    ((1, "right"), (4, "right")), ((5, "left"),), ((2, "right"), (7, "right")),
)  # fmt: skip
_SIDES: Mapping[str, Point] = {"upper": (0, 1), "lower": (0, -1), "left": (-1, 0), "right": (1, 0)}
_MIDDLE = 1.0  # pixels a part goes on beyond the middle

# US4: a second way to write each digit; 9 pixels high, as DIGITS.
_OTHERWISE: Mapping[int, Strokes] = {
    0: [[(0, 4), (2, 2), (2, -2), (0, -4), (-2, -2), (-2, 2), (0, 4)]],
    1: [[(-2, 2), (0, 4), (0, -4)], [(-2, -4), (2, -4)]],
    2: [[(-3, 3), (-2, 4), (2, 4), (3, 3), (3, 2), (-2, -4), (-3, -3), (-1, -2), (3, -4)]],
    3: [[(-3, 4), (3, 4), (0, 1), (2, 1), (3, 0), (3, -2), (1, -4), (-2, -4), (-3, -3)]],
    4: [[(-2, 4), (-3, 0), (3, 0)], [(2, 4), (1, -4)]],
    5: [[(3, 4), (-2, 4)], [(-2, 4), (-3, 0), (0, 1), (3, -1), (2, -4), (-3, -4)]],
    6: [[(0, 4), (-2, 1), (-3, -2), (-1, -4), (2, -4), (3, -2), (1, 0), (-2, -1)]],
    7: [[(-3, 3), (-3, 4), (3, 4), (-1, -4)], [(-1, 0), (2, 0)]],
    8: [[(2, 4), (-1, 4), (-2, 2), (2, -2), (1, -4), (-1, -4), (-2, -2), (2, 2), (2, 4)]],
    9: [[(3, 3), (1, 4), (-1, 4), (-3, 3), (-3, 2), (-1, 0), (3, 1), (3, 4), (3, -4)]],
}
_HANDS = ((1.5, 1.5, 0.0), (1.2, 1.5, 0.0), (1.4, 1.5, 0.25))  # width, height (times), lean
TOP_1988 = (0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9)  # the digit of each plane of US4, as reported
TOP_TWO_PER_CLASS = tuple(label for label in range(10) for _ in range(2))


def _joined(sizes: Sequence[int]) -> tuple[int, ...]:
    return tuple(np.repeat(np.arange(len(sizes)), sizes).tolist())


JOINED_1988: Mapping[str, tuple[int, ...]] = {
    "US1": _joined([len(forms) for forms in _PIECES]),
    "US2": _joined([len(forms) for forms in _FIGURES]),
    "US3": _joined([len(parts) for parts in _PARTS]),
}


def lessons_1988(top: Sequence[int] = TOP_1988) -> Stimuli:
    """Every training pattern, in the order of layers and planes, with the cell it is to be learned by.

    Conditions: `layer` ("US1" to "US4"), `plane` of that layer, `row` and `column` of the seed cell in it
    (counted from the top left), `id`. A lesson is: show the image, and reinforce that plane by what the seed
    cell sees. A layer is taught when all below it are. Images are 0 or 1; a piece for US1 is 3x3 pixels.

    `top[s]` is the digit of plane s of US4. The first plane of a digit is taught the standard drawing, a
    second one another way to write it, each in three hands.
    Raises ValueError for a digit that has no drawings left.
    Shapes: images (229, 1, 19, 19), or as many as `top` makes.
    """
    lessons = [
        (layer, plane, _seed(layer, place), image)
        for layer, planes in (("US1", _pieces()), ("US2", _figures()), ("US3", _parts()), ("US4", _tops(top)))
        for plane, shown in enumerate(planes)
        for image, place in shown
    ]
    layer, plane, seeds, images = zip(*lessons, strict=True)
    row, column = np.array(seeds).T
    conditions = {"layer": np.array(layer), "plane": np.array(plane), "row": row, "column": column}
    return _stimuli(images, conditions)


def digits_1988() -> Stimuli:
    """The digits 0 to 9 as US4 is first taught them, one image each.

    Conditions: `label`, `id`. Any shift by up to 2 pixels keeps them in the field.
    Shapes: images (10, 1, 19, 19).
    """
    images = [drawn(_written(strokes, _HANDS[0]), FIELD_1988) for strokes in DIGITS.values()]
    return _stimuli(images, {"label": np.array(list(DIGITS))})


Shown = list[tuple[np.ndarray, Point]]


def _pieces() -> Iterator[Shown]:
    """The patterns of every plane of US1, each with the place of the seed cell."""
    middle = slice(FIELD_1988 // 2 - 1, FIELD_1988 // 2 + 2)
    for form in (form for forms in _PIECES for form in forms):
        image = np.zeros((FIELD_1988, FIELD_1988), dtype=np.float32)
        image[middle, middle] = [[pixel == "#" for pixel in row] for row in form.split("|")]
        yield [(image, (0, 0))]


def _figures() -> Iterator[Shown]:
    for rays in (form for forms in _FIGURES for form in forms):
        angles = [[math.radians(ray + wobble) for ray in rays] for wobble in _WOBBLE]
        figures = [
            [[(0, 0), (_LONG * math.cos(t), _LONG * math.sin(t))] for t in turned] for turned in angles
        ]
        yield [(drawn(figure, FIELD_1988), (0, 0)) for figure in figures]


def _parts() -> Iterator[Shown]:
    row, column = np.indices((FIELD_1988, FIELD_1988)) - FIELD_1988 // 2
    for label, side in (part for parts in _PARTS for part in parts):
        x, y = _SIDES[side]
        kept = column * x - row * y >= -_MIDDLE
        images = [drawn(_written(DIGITS[label], hand), FIELD_1988) * kept for hand in _HANDS[:2]]
        yield [(image, (4 * x, 4 * y)) for image in images]


def _tops(top: Sequence[int]) -> Iterator[Shown]:
    writings = {label: (strokes, _OTHERWISE[label]) for label, strokes in DIGITS.items()}
    for plane, label in enumerate(top):
        before = list(top[:plane]).count(label)
        if label not in writings or before == 2:
            raise ValueError(f"US4 is taught the digits 0 to 9, each by one or two planes; got {list(top)}")
        written = [_written(writings[label][before], hand) for hand in _HANDS]
        yield [(drawn(strokes, FIELD_1988), (0, 0)) for strokes in written]


def _written(strokes: Strokes, hand: tuple[float, float, float]) -> Strokes:
    width, height, lean = hand
    return [[(width * x + lean * y, height * y) for x, y in stroke] for stroke in strokes]


def _seed(layer: str, place: Point) -> tuple[int, int]:
    """Row and column of the cell that looks at a place, or at the one nearest to it."""
    step, first = _GRID[layer]
    pixels = (FIELD_1988 // 2 - place[1], FIELD_1988 // 2 + place[0])
    row, column = (round((pixel - first) / step) for pixel in pixels)
    return row, column


def _stimuli(images: Sequence[np.ndarray], conditions: dict[str, np.ndarray]) -> Stimuli:
    stack = torch.from_numpy(np.stack(images))[:, None]
    return Stimuli(stack, {**conditions, "id": np.arange(len(images))})
