"""The neocognitron as a scikit-learn transformer: images in, the answers of its last C-cells out.

For those who only want the features: it can be cloned, put into pipelines and grid searches, and pickled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from neuro.analysis import features
from neuro.learning import AddIfSilent, Imprinting, Learner, Untrained, WinnerKillLoser, WinnerTakeAll
from neuro.models.initial import randomised
from neuro.models.neocognitron import FUKUSHIMA_1980, neocognitron
from neuro.recording import record
from neuro.stimuli import Stimuli

STRENGTH = 0.1  # of the random initial excitation, as in `comparison`

# By name, of the presentations and the planes; winner-take-all with q and columns as printed in 1980.
RULES: Mapping[str, Callable[[int, tuple[int, ...]], Learner]] = {
    "winner-take-all": lambda presentations, planes: WinnerTakeAll(
        presentations=presentations, schedule="layer by layer"
    ),
    "winner-kill-loser": lambda presentations, most: WinnerKillLoser(most=most, presentations=presentations),
    "add-if-silent": lambda presentations, most: AddIfSilent(most=most),
    "random patches": lambda presentations, planes: Imprinting(),
    "untrained": lambda presentations, planes: Untrained(),
}


class NeocognitronFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What the last C-layer of a neocognitron answers, learned from images without their labels.

    Parameters
    ----------
    planes : of the S-layers, one number a stage, at most three; the stages are those of 1980. For the rules
        that grow, the most there may be.
    rule : a name in RULES, "winner-take-all", "random patches" or "untrained", "winner-kill-loser" or
        "add-if-silent", which grow, or any Learner of neuro.learning that needs no labels.
    selectivity : r of the S-layers, one number a stage; None for the printed 4.0, 1.5, 1.5.
    presentations : how often winner-take-all and winner-kill-loser are shown every image.
    image_shape : rows and columns of an image, one of which may be -1, as in numpy's reshape; needed only if
        images come as rows of pixels and are not square.
    light : the values of black and white; None for the least and greatest pixel of the images in fit. What is
        darker or lighter in transform is taken as black or white.
    random_state : of the initial weights and the order of presentation.

    Attributes: `model_`, the trained chain; `planes_shape_`, of its last C-layer; `light_`; `image_shape_`;
    `n_features_in_`.
    Shapes: X (n, H * W) or (n, H, W) -> (n, K * H' * W'), K the last of planes (or as many as grew), plane
    by plane, row by row; of the type of X. An image that is black all over is answered by zeros; of one in
    another shade the net sees only that it ends at the border. fit raises ValueError if all pixels of all
    images are the same.
    """

    def __init__(
        self,
        planes: Sequence[int] = (8, 16),
        rule: str | Learner = "winner-take-all",
        selectivity: Sequence[float] | None = None,
        presentations: int = 1,
        image_shape: tuple[int, int] | None = None,
        light: tuple[float, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.planes = planes
        self.rule = rule
        self.selectivity = selectivity
        self.presentations = presentations
        self.image_shape = image_shape
        self.light = light
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> NeocognitronFeatures:
        """Train the chain on the images; y is not looked at. Raises ValueError for what cannot be learned."""
        stages, rule = self._stages(), self._rule()
        rows, given = _flat(X)
        pixels = validate_data(self, rows, dtype=[np.float64, np.float32])
        shape = _shape(given or self.image_shape, pixels.shape[1])
        light = (float(pixels.min()), float(pixels.max())) if self.light is None else self.light
        if not light[0] < light[1]:
            raise ValueError(
                f"nothing to learn from: black and white are both {light[0]:g}; all images are constant"
                if self.light is None
                else f"light is (black, white), black below white; got {self.light}"
            )
        self.image_shape_, self.light_ = shape, light
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        generator = torch.Generator().manual_seed(seed)
        model = randomised(neocognitron(stages), generator, STRENGTH)
        self.model_ = rule.fit(model, self._stimuli(pixels), generator)
        self.planes_shape_ = self._answers(pixels[:1]).shape[1:]
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """The features of the images. Raises ValueError unless they have the size of those in fit."""
        check_is_fitted(self)
        rows, given = _flat(X)
        if given not in (None, self.image_shape_):
            raise ValueError(f"the net was fitted to images of {self.image_shape_} pixels; got {given}")
        pixels = validate_data(self, rows, dtype=[np.float64, np.float32], reset=False)
        answers: np.ndarray = features(self._answers(pixels)).astype(pixels.dtype)
        return answers

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Layer, plane, row and column of every feature: "UC2_plane3_row0_column1"."""
        check_is_fitted(self)
        if input_features is not None and len(np.asarray(input_features)) != self.n_features_in_:
            raise ValueError(
                f"input_features should have length equal to the number of pixels, {self.n_features_in_}"
            )
        layer = self._last_layer()
        places = np.ndindex(*self.planes_shape_)
        names = [f"{layer}_plane{k}_row{row}_column{column}" for k, row, column in places]
        return np.array(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _stages(self) -> list[Any]:
        if np.ndim(self.planes) != 1:
            raise ValueError(f"planes holds a number for each of 1 to 3 stages; got {self.planes}")
        n = len(self.planes)
        if not 1 <= n <= len(FUKUSHIMA_1980) or min(self.planes) < 1:
            raise ValueError(f"planes holds a number above zero for each of 1 to 3 stages; got {self.planes}")
        r = [stage.r for stage in FUKUSHIMA_1980[:n]] if self.selectivity is None else self.selectivity
        if len(r) != n:
            raise ValueError(f"selectivity needs one number for each of {n} stages; got {self.selectivity}")
        changes = zip(FUKUSHIMA_1980, self.planes, r, strict=False)
        return [replace(stage, planes=planes, r=one) for stage, planes, one in changes]

    def _rule(self) -> Learner:
        if not isinstance(self.rule, str):
            return self.rule
        if self.rule not in RULES:
            raise ValueError(f"no rule {self.rule!r}; there are {', '.join(RULES)}, or hand over a Learner")
        return RULES[self.rule](self.presentations, tuple(self.planes))

    def _stimuli(self, pixels: np.ndarray) -> Stimuli:
        black, white = self.light_
        light = np.clip((pixels - black) / (white - black), 0, 1).astype(np.float32)
        return Stimuli(torch.from_numpy(light.reshape(-1, 1, *self.image_shape_)))

    def _answers(self, pixels: np.ndarray) -> np.ndarray:
        layer = self._last_layer()
        return record(self.model_, self._stimuli(pixels), [layer])[layer]

    def _last_layer(self) -> str:
        return f"UC{len(self.planes)}"


def _flat(X: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Images (n, H, W) as rows of pixels, and (H, W); anything else as it is, for scikit-learn to judge."""
    shape: tuple[int, ...] = getattr(X, "shape", None) or np.shape(X if isinstance(X, list) else ())
    if len(shape) != 3:
        return X, None
    return np.asarray(X).reshape(shape[0], shape[1] * shape[2]), tuple(shape[1:])


def _shape(given: tuple[int, ...] | None, pixels: int) -> tuple[int, int]:
    """Rows and columns of an image of so many pixels: square, unless a shape is given."""
    side = math.isqrt(pixels)
    if given is None and side * side != pixels:
        raise ValueError(
            f"{pixels} pixels are no square image; give image_shape=(rows, columns), or images (n, H, W)"
        )
    try:
        rows, columns = np.empty(pixels, dtype=bool).reshape(given or (side, side)).shape
    except (ValueError, TypeError):
        raise ValueError(f"images of {pixels} pixels do not have the shape {given}") from None
    return rows, columns
