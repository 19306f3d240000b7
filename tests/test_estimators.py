"""The neocognitron among scikit-learn's transformers.

scikit-learn's own checks show rows of a few features that are no images. They are run with
image_shape=(1, -1), a row of pixels. One cannot apply: check_array_api_input needs SCIPY_ARRAY_API set before
scikit-learn is imported, and other array libraries are not promised. Those of pandas and polars frames are
passed over by scikit-learn where these are not installed.
"""

import io
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from neuro.estimators import RULES, NeocognitronFeatures
from neuro.learning import Backpropagation, Imprinting
from neuro.models.neocognitron import SLayer
from neuro.patterns import fukushima_digits, standard_digits
from neuro.recording import record
from neuro.stimuli import Stimuli

NOT_APPLICABLE = {"check_array_api_input": "needs SCIPY_ARRAY_API set before scikit-learn is imported"}


@pytest.fixture(scope="module")
def images():
    """Five digits of 16 x 16 pixels, some of them moved: (20, 16, 16)."""
    return np.concatenate([np.roll(standard_digits().images[:, 0].numpy(), n, axis=2) for n in range(-2, 2)])


def small(**changes):
    return NeocognitronFeatures(**{"planes": (4, 6), "random_state": 0, **changes})


@pytest.mark.slow
def test_it_passes_the_checks_of_scikit_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the checks themselves
        results = check_estimator(small(image_shape=(1, -1)), on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    skipped = {r["check_name"] for r in results if r["status"] == "skipped"}
    assert failed == {}
    assert skipped <= set(NOT_APPLICABLE)
    assert len(results) > 40


# What it answers.


def test_features_are_what_the_last_c_layer_answers_plane_by_plane(images):
    estimator = small(light=(0, 1)).fit(images)
    recording = record(estimator.model_, Stimuli(images[:, None]), ["UC2"])["UC2"]
    found = estimator.transform(images)
    np.testing.assert_array_equal(found, recording.reshape(len(images), -1))
    assert (found > 0).any()
    layer, plane, row, column = estimator.get_feature_names_out()[40].split("_")
    assert layer == "UC2"
    names = {"plane": plane, "row": row, "column": column}
    place = (int(text.removeprefix(name)) for name, text in names.items())
    np.testing.assert_array_equal(found[:, 40], recording[(slice(None), *place)])


def test_rows_of_pixels_are_images_row_by_row(images):
    stacked, flat = small().fit(images), small().fit(images.reshape(20, 256))
    np.testing.assert_array_equal(stacked.transform(images), flat.transform(images.reshape(20, 256)))
    np.testing.assert_array_equal(stacked.transform(images.reshape(20, 256)), flat.transform(images))
    assert stacked.n_features_in_ == flat.n_features_in_ == 256
    assert flat.image_shape_ == (16, 16)


def test_images_need_not_be_square(images):
    wide = images[:, 3:13]
    stacked = small().fit(wide)
    flat = small(image_shape=(-1, 16)).fit(wide.reshape(20, 160))
    assert stacked.image_shape_ == flat.image_shape_ == (10, 16)
    np.testing.assert_array_equal(stacked.transform(wide), flat.transform(wide.reshape(20, 160)))


def test_the_range_of_the_pixels_is_that_of_the_images_in_fit(images):
    unit, bytes_ = small().fit(images), small().fit(255 * images)
    assert bytes_.light_ == (0, 255)
    np.testing.assert_allclose(unit.transform(images), bytes_.transform(255 * images), rtol=1e-6)
    # What is lighter than white is white.
    np.testing.assert_array_equal(unit.transform(images), unit.transform(3 * images))


def test_one_random_state_gives_one_net_and_another_another(images):
    one, again, other = (small(random_state=n).fit(images).transform(images) for n in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_labels_make_no_difference(images):
    with_labels, without = small().fit(images, np.arange(20)), small().fit(images)
    np.testing.assert_array_equal(with_labels.transform(images), without.transform(images))


def test_a_black_image_is_answered_by_zeros(images):
    assert not small().fit(images).transform(np.zeros((2, 16, 16))).any()


GROWING = {"winner-kill-loser", "add-if-silent"}


@pytest.mark.parametrize("rule", [*sorted(RULES.keys() - GROWING), Imprinting((2.0,))])
def test_every_rule_that_does_not_grow_leaves_the_planes_asked_for(images, rule):
    estimator = small(rule=rule, planes=(3, 5, 7), selectivity=(3.0, 1.0, 0.5)).fit(images)
    s_layers = [layer for layer in estimator.model_ if isinstance(layer, SLayer)]
    assert [len(layer.b) for layer in s_layers] == [3, 5, 7]
    assert [layer.r for layer in s_layers] == [3.0, 1.0, 0.5]
    assert any(bool(layer.b.any()) for layer in s_layers) == (rule != "untrained")
    assert estimator.transform(images).shape == (20, 7)


@pytest.mark.parametrize("rule", sorted(GROWING))
def test_planes_are_the_most_that_may_grow(images, rule):
    for most in (2, 200):
        estimator = small(rule=rule, planes=(most,), selectivity=(4.0,)).fit(images)
        grown = len(estimator.model_.US1.b)
        assert grown == 2 if most == 2 else 2 < grown < 200
        assert estimator.planes_shape_[0] == grown
        assert estimator.transform(images).shape[1] == len(estimator.get_feature_names_out())


def test_what_was_added_is_not_silent_when_it_is_seen_again(images):
    once, often = (small(rule="add-if-silent", planes=(200,), selectivity=(4.0,)) for _ in range(2))
    np.testing.assert_array_equal(
        once.fit(images[:1]).transform(images), often.fit(images[[0] * 5]).transform(images)
    )


# Among scikit-learn's tools.


def test_a_pipeline_tells_digits_apart_and_a_grid_chooses_planes_and_rule():
    digits = fukushima_digits()
    shown, labels = digits.images[:, 0].numpy().astype(float), digits.labels.numpy()
    kept = labels < 3
    pipeline = make_pipeline(small(), RidgeClassifier())
    grid = {
        "neocognitronfeatures__planes": [(4, 6), (6, 8)],
        "neocognitronfeatures__rule": ["winner-take-all", "random patches"],
    }
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(shown[kept], labels[kept])
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.score(shown[kept], labels[kept]) > 0.8


def test_a_clone_has_the_settings_and_nothing_learned(images):
    estimator = small(rule=Imprinting((1.0,)), light=(0, 1)).fit(images)
    copied = clone(estimator)
    assert copied.get_params() == estimator.get_params()
    assert not hasattr(copied, "model_")


def test_what_was_learned_survives_joblib(images):
    estimator = small().fit(images)
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    np.testing.assert_array_equal(joblib.load(file).transform(images), estimator.transform(images))


def test_features_have_the_type_of_the_pixels_and_a_name_each(images):
    estimator = small().fit(images)
    for kind in (np.float32, np.float64):
        assert estimator.transform(images.astype(kind)).dtype == kind
    names = estimator.get_feature_names_out()
    assert len(set(names)) == estimator.transform(images).shape[1]
    assert names[0] == "UC2_plane0_row0_column0"


# Bad input.


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_constant_images_are_refused(level):
    message = f"nothing to learn from: black and white are both {level:g}; all images are constant"
    with pytest.raises(ValueError, match=message):
        small().fit(np.full((4, 16, 16), level))


def test_images_black_for_the_light_given_are_refused():
    with pytest.raises(ValueError, match="no plane of US1 ever won: all its columns were silent"):
        small(light=(0, 1)).fit(np.zeros((4, 16, 16)))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (np.full((3, 16, 16), np.nan), "Input X contains NaN"),
        (np.full((3, 256), np.inf), "Input X contains infinity"),
        (np.zeros((0, 16, 16)), "Found array with 0 sample"),
        (np.zeros((3, 0, 16)), "Found array with 0 feature"),
        (np.zeros((3, 2, 16, 16)), "dim 4"),
        (np.eye(3, 12), r"12 pixels are no square image; give image_shape=\(rows, columns\)"),
    ],
    ids=["NaN", "infinite", "no images", "no pixels", "four axes", "not square"],
)
def test_images_that_are_none_are_refused(broken, message):
    with pytest.raises(ValueError, match=message):
        small().fit(broken)


def test_images_too_small_for_the_net_are_refused():
    with pytest.raises(ValueError, match="S-cells see 6 planes of at least 5 x 5 cells; got 6 of 3 x 3"):
        small(planes=(4, 6, 2)).fit(np.eye(4).reshape(1, 4, 4))


def test_images_of_another_size_than_in_fit_are_refused(images):
    estimator = small().fit(images)
    with pytest.raises(ValueError, match=r"the net was fitted to images of \(16, 16\) pixels; got \(8, 32\)"):
        estimator.transform(images.reshape(20, 8, 32))
    with pytest.raises(ValueError, match="X has 255 features, but NeocognitronFeatures is expecting 256"):
        estimator.transform(images.reshape(20, 256)[:, 1:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": "delta"}, "no rule 'delta'; there are winner-take-all, winner-kill-loser, add-if-silent"),
        ({"rule": Backpropagation()}, "no condition 'label'"),
        ({"planes": 8}, "planes holds a number for each of 1 to 3 stages; got 8"),
        ({"planes": ()}, "planes holds a number above zero for each of 1 to 3 stages"),
        ({"planes": (4, 0)}, "planes holds a number above zero"),
        ({"selectivity": (1.5,)}, "selectivity needs one number for each of 2 stages"),
        ({"selectivity": (1.5, 0)}, "selectivity r of S-cells must be above zero and finite; got 0"),
        ({"image_shape": (3, 5)}, r"images of 256 pixels do not have the shape \(3, 5\)"),
        ({"light": (1, 0)}, r"light is \(black, white\), black below white; got \(1, 0\)"),
    ],
)
def test_settings_that_cannot_be_are_refused(images, changes, message):
    with pytest.raises((ValueError, KeyError), match=message):
        small(**changes).fit(images.reshape(20, 256))
