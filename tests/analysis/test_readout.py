import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from neuro.analysis import Part, cell_vote, features, knn, linear, logistic, nearest, readout, winner_vote
from neuro.analysis.readout import ALPHAS, PENALTIES, at_chance

FITS = [linear, logistic, nearest, cell_vote, winner_vote]


def read_by_logistic(*parts, ids=(None, None, None)):
    first, second, third = (Part(x, y, i) for x, y, i in zip(parts[::2], parts[1::2], ids, strict=True))
    return logistic(first, second).read([third])


READOUTS = [readout, knn, read_by_logistic]


def blobs(n, seed, spread=0.3, classes=3, width=4):
    """n points of each class round its own corner, with their labels."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), n)
    return np.eye(classes, width)[labels] * 4 + generator.normal(0, spread, (len(labels), width)), labels


def three_parts(**options):
    return [*blobs(20, 0, **options), *blobs(10, 1, **options), *blobs(15, 2, **options)]


@pytest.mark.parametrize("read", READOUTS)
def test_classes_that_lie_apart_are_all_read_out(read):
    scored = read(*three_parts())
    assert scored.accuracy == 1
    assert scored.predictions.tolist() == np.repeat([0, 1, 2], 15).tolist()
    assert (scored.n_features, scored.n_labels) == (4, 60)


@pytest.mark.parametrize("read", READOUTS)
def test_labels_that_say_nothing_are_read_at_chance(read):
    generator = np.random.default_rng(5)
    parts = [(generator.normal(size=(600, 4)), generator.integers(0, 3, 600)) for _ in range(3)]
    # Binomial, 600 at 1/3: one standard deviation is 0.019; four of them.
    assert read(*parts[0], *parts[1], *parts[2]).accuracy == pytest.approx(1 / 3, abs=0.08)


def test_the_linear_readout_is_ridge_regression_to_plus_and_minus_one():
    parts = three_parts(spread=2.5)
    scored = readout(*parts)
    mean, spread = parts[0].mean(axis=0), parts[0].std(axis=0)
    x, z = (parts[0] - mean) / spread, (parts[4] - mean) / spread
    targets = 2.0 * np.eye(3)[parts[1]] - 1
    weights = np.linalg.solve(x.T @ x + scored.setting * np.eye(4), x.T @ (targets - targets.mean(axis=0)))
    expected = (z @ weights + targets.mean(axis=0)).argmax(axis=1)
    assert scored.predictions.tolist() == expected.tolist()
    assert scored.accuracy == (expected == parts[5]).mean()


def test_alpha_is_the_strongest_of_those_that_do_best_on_the_validation_part():
    x = np.array([[-1.0], [1.0]])
    assert readout(x, [0, 1], x, [0, 1], x, [0, 1]).setting == max(ALPHAS)


def test_the_test_part_chooses_nothing():
    parts = three_parts(spread=3.0)
    one = readout(*parts)
    other = readout(*parts[:4], parts[4], parts[5][::-1])
    assert one.setting == other.setting
    assert (one.predictions == other.predictions).all()


def test_features_may_have_any_scale_and_offset():
    parts = three_parts(spread=2.0)
    scale, offset = np.array([1e-3, 1, 50, 1e4]), np.array([0, -7, 3, 1e3])
    changed = [p * scale + offset if p.ndim == 2 else p for p in parts]
    assert (readout(*changed).predictions == readout(*parts).predictions).all()


def test_a_constant_feature_changes_nothing_even_if_the_test_part_varies_in_it():
    parts = three_parts(spread=2.0)
    loud = np.random.default_rng(9).normal(0, 1e6, (45, 1))
    extra = [np.full((60, 1), 0.1), np.full((30, 1), 0.1), loud]
    widened = [np.hstack([p, extra[i // 2]]) if p.ndim == 2 else p for i, p in enumerate(parts)]
    assert (readout(*widened).predictions == readout(*parts).predictions).all()


def test_silent_features_are_counted_in_the_training_part():
    parts = three_parts()
    parts[0][:, 2], parts[0][:, 3] = 0.1, 0  # constant, but not silent; silent
    assert readout(*parts).silent_fraction == 0.25


@pytest.mark.parametrize("read", READOUTS)
def test_a_label_a_class_is_enough(read):
    x, y = np.eye(3), [0, 1, 2]
    options = {"neighbours": (1,)} if read is knn else {}
    assert read(x, y, x, y, 0.9 * x, y, **options).accuracy == 1


def test_the_number_of_neighbours_is_chosen_on_the_validation_part():
    # At 0.1 the nearest is a stray 1 among the 0s: one neighbour errs, three do not.
    x, y = np.array([[0.0], [0.09], [0.2], [5.0], [5.1]]), [0, 1, 0, 1, 1]
    validation = np.array([[0.1], [5.0]])
    chosen = knn(x, y, validation, [0, 1], validation, [0, 1])
    assert (chosen.setting, chosen.accuracy) == (3, 1.0)
    assert knn(*three_parts()).setting == 1  # all do equally well: the fewest
    fixed = knn(x, y, validation, [0, 1], validation, [0, 1], neighbours=(1,))
    assert (fixed.setting, fixed.accuracy) == (1, 0.5)


def test_the_cosine_sees_the_pattern_and_the_euclidean_distance_the_strength_too():
    x, y = np.array([[10.0, 0.0], [0.0, 1.0]]), [0, 1]
    faint = np.array([[1.0, 0.2], [0.2, 1.0]])
    assert knn(x, y, faint, y, faint, y, neighbours=(1,), metric="cosine").predictions.tolist() == [0, 1]
    assert knn(x, y, faint, y, faint, y, neighbours=(1,)).predictions.tolist() == [1, 1]


def test_features_are_the_responses_to_each_stimulus_in_one_row():
    responses = np.arange(24).reshape(2, 3, 2, 2)
    assert features(responses).shape == (2, 12)
    assert features(responses)[1].tolist() == list(range(12, 24))


@pytest.mark.parametrize("responses", [np.zeros(3), np.zeros((0, 3, 2, 2))])
def test_responses_without_stimuli_have_no_features(responses):
    with pytest.raises(ValueError, match=r"responses must be \(B, \.\.\.\) and not empty; got shape"):
        features(responses)


@pytest.mark.parametrize("read", READOUTS)
@pytest.mark.parametrize("parts", [("train", "validation"), ("train", "test"), ("validation", "test")])
def test_a_stimulus_in_two_parts_is_refused(read, parts):
    ids = {"train": np.arange(60), "validation": np.arange(100, 130), "test": np.arange(200, 245)}
    assert read(*three_parts(), ids=list(ids.values())).accuracy == 1
    ids[parts[1]][3] = ids[parts[0]][5]
    with pytest.raises(ValueError, match=f"{parts[0]} and {parts[1]} share 1 stimuli, the first with id "):
        read(*three_parts(), ids=list(ids.values()))


@pytest.mark.parametrize("read", READOUTS)
def test_ids_that_do_not_fit_the_stimuli_are_refused(read):
    with pytest.raises(ValueError, match=r"ids of validation must be \(30,\); got \(3,\)"):
        read(*three_parts(), ids=[np.arange(60), [100, 101, 102], np.arange(200, 245)])


def changed(position, value):
    parts = three_parts()
    parts[position] = value
    return parts


@pytest.mark.parametrize("read", READOUTS)
@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            changed(0, np.zeros((60, 2, 2))),
            r"train must be features \(B, F\), F as in train.*got \(60, 2, 2\)",
        ),
        (changed(2, np.zeros((30, 5))), r"validation must be features .* got \(30, 5\) and \(30,\)"),
        (changed(5, np.zeros(3)), r"test must be features .* got \(45, 4\) and \(3,\)"),
        (changed(4, np.full((45, 4), np.nan)), "test features must be finite"),
        (changed(1, np.zeros(60)), r"train must hold at least two classes; it has \[0.0\]"),
    ],
)
def test_parts_that_cannot_be_read_are_refused(read, parts, message):
    with pytest.raises(ValueError, match=message):
        read(*parts)


@pytest.mark.parametrize("neighbours", [(), (0, 1), (1, 61)])
def test_more_neighbours_than_training_stimuli_are_refused(neighbours):
    with pytest.raises(ValueError, match="neighbours must be from 1 to the 60 training stimuli; got"):
        knn(*three_parts(), neighbours=neighbours)


def as_parts(flat):
    return [Part(x, y) for x, y in zip(flat[::2], flat[1::2], strict=True)]


@pytest.mark.parametrize("fit", FITS)
def test_all_readouts_have_one_shape_and_have_not_seen_the_test_part(fit):
    train, validation, test = as_parts([np.abs(x) if np.ndim(x) == 2 else x for x in three_parts()])
    reader = fit(train, validation)
    whole = reader.read([test])
    assert whole.accuracy == reader.validation_accuracy == 1
    assert (whole.n_features, whole.n_labels, whole.silent_fraction) == (4, 60, 0)
    halves = [Part(*(column[i : i + 20] for column in test[:2])) for i in (0, 20, 40)]
    assert reader.read(halves).predictions.tolist() == whole.predictions.tolist()


@pytest.mark.parametrize("fit", FITS)
def test_the_validation_accuracy_is_what_reading_that_part_would_give(fit):
    train, validation, _ = as_parts([np.abs(x) if np.ndim(x) == 2 else x for x in three_parts(spread=4)])
    reader = fit(train, validation)
    assert reader.read([validation]).accuracy == reader.validation_accuracy < 1


def test_the_logistic_readout_minimises_its_loss():
    train, validation, test = as_parts(three_parts(spread=3.0))
    reader = logistic(train, validation)
    assert reader.setting in PENALTIES
    mean, spread = train.rows.mean(axis=0), train.rows.std(axis=0)
    x, z = (train.rows - mean) / spread, (test.rows - mean) / spread

    def loss(flat):
        weights = flat.reshape(5, 3)
        surprise = -log_softmax(x @ weights[:4] + weights[4], axis=1)[np.arange(60), train.labels]
        return surprise.sum() + (weights[:4] ** 2).sum() / (2 * reader.setting)

    weights = minimize(loss, np.zeros(15)).x.reshape(5, 3)
    expected = (z @ weights[:4] + weights[4]).argmax(axis=1)
    assert reader.predict(test.rows).tolist() == expected.tolist()


def test_a_logistic_readout_that_has_not_converged_says_so():
    train, validation, _ = as_parts(three_parts(spread=3.0))
    assert "some C did not converge in 1 steps" in logistic(train, validation, steps=1).remarks
    assert logistic(train, validation).remarks == ()


def test_chance_is_what_the_commonest_class_gives():
    # 9 of 10 heads in a fair toss: P = 11/1024 = 0.01; 8 of 10: 56/1024 = 0.055.
    labels = np.array([0, 1] * 5)
    right = np.arange(10)
    assert at_chance(right < 9, labels) == ()
    assert at_chance(right < 8, labels) == (
        "at chance: 0.8 correct, where the commonest class is 0.5 of them",
    )
    assert at_chance(right < 10, np.zeros(10))  # one class only says nothing


def test_fewer_stimuli_than_features_are_remarked():
    x = np.eye(3, 5)
    read = readout(x, [0, 1, 2], x, [0, 1, 2], x, [0, 1, 2])
    assert "fewer stimuli (3) than features (5)" in read.remarks
    assert not any("fewer" in remark for remark in readout(*three_parts()).remarks)


@pytest.mark.parametrize("fit", FITS)
def test_ids_are_asked_of_all_parts_or_of_none(fit):
    train, validation, _ = as_parts([np.abs(x) if np.ndim(x) == 2 else x for x in three_parts()])
    with pytest.raises(ValueError, match="either both the training and the validation part have ids or none"):
        fit(train._replace(ids=np.arange(60)), validation)
