import numpy as np
import pytest

from neuro.analysis import Part, linear, linear_of_batches


def parts(width=5, sizes=(60, 30, 45), spread=2.5, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    made, first = [], 0
    for n in sizes:
        labels = np.resize([*range(classes), 0, 0, 1], n)  # classes of different sizes
        rows = np.eye(classes, width)[labels] * 4 + generator.normal(0, spread, (n, width))
        made.append(Part(rows, labels, np.arange(first, first + n)))
        first += n
    return made


def batches(part, size=7):
    return [Part(*(column[i : i + size] for column in part)) for i in range(0, len(part.labels), size)]


def both(train, validation, test):
    whole = linear(train, validation).read([test])
    return whole, linear_of_batches(batches(train), batches(validation)).read(batches(test))


@pytest.mark.parametrize("width", [3, 5, 200])  # 200: more features than stimuli
@pytest.mark.parametrize("classes", [2, 3])
def test_in_batches_the_ridge_is_the_same(width, classes):
    whole, batched = both(*parts(width, classes=classes))
    assert batched.setting == whole.setting
    assert batched.predictions.tolist() == whole.predictions.tolist()
    assert batched.accuracy == whole.accuracy
    assert batched.validation_accuracy == whole.validation_accuracy
    assert batched.remarks == whole.remarks
    assert (batched.n_features, batched.n_labels) == (width, 60)


def test_its_weights_solve_the_equations_of_the_ridge():
    train, validation, test = parts()
    reader = linear_of_batches(batches(train), batches(validation))
    mean, spread = train.rows.mean(axis=0), train.rows.std(axis=0)
    x, z = (train.rows - mean) / spread, (test.rows - mean) / spread
    targets = 2.0 * np.eye(3)[train.labels] - 1
    weights = np.linalg.solve(x.T @ x + reader.setting * np.eye(5), x.T @ (targets - targets.mean(axis=0)))
    expected = (z @ weights + targets.mean(axis=0)).argmax(axis=1)
    assert reader.predict(test.rows).tolist() == expected.tolist()


def test_a_feature_far_from_zero_keeps_its_spread():
    train, validation, test = parts()
    far = [part._replace(rows=part.rows + 1e7) for part in (train, validation, test)]
    near = linear_of_batches(batches(train), batches(validation)).read(batches(test))
    again = linear_of_batches(batches(far[0]), batches(far[1])).read(batches(far[2]))
    assert again.predictions.tolist() == near.predictions.tolist()


def test_a_constant_feature_gets_no_weight_even_if_the_test_part_varies_in_it():
    wide = [part._replace(rows=np.hstack([part.rows, np.full((len(part.rows), 1), 0.1)])) for part in parts()]
    wide[2].rows[:, -1] = np.random.default_rng(1).normal(0, 1e6, len(wide[2].rows))
    plain = linear_of_batches(*map(batches, parts()[:2])).read(batches(parts()[2]))
    assert linear_of_batches(*map(batches, wide[:2])).read(batches(wide[2])).accuracy == plain.accuracy


def test_silent_features_are_counted_over_all_batches():
    train, validation, _ = parts(4)
    train.rows[:, 2], train.rows[1:, 3] = 0, 0  # silent; answers the first stimulus only
    assert linear_of_batches(batches(train), batches(validation)).silent_fraction == 0.25


def test_features_are_refused_where_they_do_not_fit():
    train, validation, test = parts()
    with pytest.raises(ValueError, match="train must hold at least two classes; it has"):
        linear_of_batches([train._replace(labels=np.zeros(60))], [validation])
    with pytest.raises(ValueError, match="no training stimuli to fit to"):
        linear_of_batches([], [validation])
    with pytest.raises(ValueError, match="no validation stimuli to choose alpha on"):
        linear_of_batches([train], [])
    with pytest.raises(ValueError, match=r"validation must be features .* got \(30, 4\)"):
        linear_of_batches([train], [validation._replace(rows=validation.rows[:, 1:])])
    with pytest.raises(ValueError, match="train and validation share 1 stimuli, the first with id 5"):
        linear_of_batches([train], [validation._replace(ids=np.r_[5, validation.ids[1:]])])
    reader = linear_of_batches(batches(train), batches(validation))
    with pytest.raises(ValueError, match="train and test share 1 stimuli, the first with id 59"):
        reader.read(batches(test._replace(ids=np.r_[test.ids[1:], 59])))
    with pytest.raises(ValueError, match="no test stimuli to read"):
        reader.read([])
