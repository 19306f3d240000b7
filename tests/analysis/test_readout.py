import numpy as np
import pytest

from neuro.analysis import features, knn, readout
from neuro.analysis.readout import ALPHAS

READOUTS = [readout, knn]


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
    weights = np.linalg.solve(x.T @ x + scored.alpha * np.eye(4), x.T @ (targets - targets.mean(axis=0)))
    expected = (z @ weights + targets.mean(axis=0)).argmax(axis=1)
    assert scored.predictions.tolist() == expected.tolist()
    assert scored.accuracy == (expected == parts[5]).mean()


def test_alpha_is_the_strongest_of_those_that_do_best_on_the_validation_part():
    x = np.array([[-1.0], [1.0]])
    assert readout(x, [0, 1], x, [0, 1], x, [0, 1]).alpha == max(ALPHAS)


def test_the_test_part_chooses_nothing():
    parts = three_parts(spread=3.0)
    one = readout(*parts)
    other = readout(*parts[:4], parts[4], parts[5][::-1])
    assert one.alpha == other.alpha
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
    assert (chosen.k, chosen.accuracy) == (3, 1.0)
    assert knn(*three_parts()).k == 1  # all do equally well: the fewest
    fixed = knn(x, y, validation, [0, 1], validation, [0, 1], neighbours=(1,))
    assert (fixed.k, fixed.accuracy) == (1, 0.5)


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
