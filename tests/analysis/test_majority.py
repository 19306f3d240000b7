import numpy as np
import pytest

from neuro.analysis import Part, cell_vote, winner_vote


def test_cells_vote_for_the_class_they_answer_most_to():
    # Cells 0 and 1 answer most to class 0, cell 2 to class 1; cell 3 is silent and has no class.
    train = Part([[4, 3, 1, 0], [2, 3, 1, 0], [1, 2, 5, 0]], ["a", "a", "b"])
    reader = cell_vote(train, train)
    # Means over the cells of a and of b: 2.5 and 3; 2.5 and 2; and the loud silent cell has no say.
    test = Part([[5, 0, 3, 0], [5, 0, 2, 0], [1, 1, 2, 99]], ["b", "a", "b"])
    read = reader.read([test])
    assert read.predictions.tolist() == ["b", "a", "b"]
    assert read.accuracy == 1
    assert np.isnan(read.setting)
    assert read.silent_fraction == 0.25


def test_a_cell_that_sees_many_of_a_class_answers_that_class_no_more_for_it():
    # The sum over class 0 is larger (3 x 2), the mean is not (2 against 3).
    train = Part([[2, 0], [2, 0], [2, 9], [3, 0]], [0, 0, 0, 1])
    assert cell_vote(train, train).read([Part([[1, 0], [0, 1]], [1, 0])]).accuracy == 1


def test_a_class_without_cells_is_never_said():
    train = Part([[1.0, 1.0], [2.0, 2.0], [9.0, 9.0]], [0, 1, 2])
    shown = Part([[1, 0], [0, 1], [0, 0]], [0, 1, 2])
    assert cell_vote(train, train).read([shown]).predictions.tolist() == [2, 2, 2]


def test_the_winner_stands_for_the_majority_of_what_it_won():
    # Cell 0 wins three: 0, 0, 1; cell 1 wins one of class 1; cell 2 wins nothing and is not asked.
    train = Part([[3, 1, 0], [3, 1, 0], [3, 1, 0], [1, 3, 0]], [0, 0, 1, 1])
    reader = winner_vote(train, train)
    assert reader.validation_accuracy == 0.75
    assert reader.read([Part([[2, 1, 9], [1, 2, 9], [0, 0, 9]], [0, 1, 0])]).accuracy == 1


def test_winners_of_clusters_read_like_the_majority_label_of_each_cluster():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 200)
    cluster = np.where(generator.random(200) < 0.8, labels, generator.integers(0, 5, 200))
    rows = np.eye(5)[cluster]
    majority = np.array([np.bincount(labels[cluster == k], minlength=3).argmax() for k in range(5)])
    part = Part(rows, labels)
    assert winner_vote(part, part).predict(rows).tolist() == majority[cluster].tolist()


@pytest.mark.parametrize("vote", [cell_vote, winner_vote])
def test_where_all_cells_are_silent_it_is_said(vote):
    silent = Part(np.zeros((4, 3)), [0, 1, 1, 1])
    read = vote(silent, silent).read([silent])
    assert "no cell has a class: all are silent" in read.remarks
    assert any(remark.startswith("at chance") for remark in read.remarks)


@pytest.mark.parametrize("vote", [cell_vote, winner_vote])
def test_a_stimulus_that_was_seen_before_is_refused(vote):
    part = Part(np.eye(2), [0, 1], [7, 8])
    with pytest.raises(ValueError, match="train and validation share 2 stimuli"):
        vote(part, part)
    with pytest.raises(ValueError, match="train and test share 2 stimuli"):
        vote(part, part._replace(ids=[1, 2])).read([part])
    with pytest.raises(ValueError, match="the test part has no ids"):
        vote(part, part._replace(ids=[1, 2])).read([part._replace(ids=None)])


def test_winners_of_negative_answers_are_refused():
    part = Part(-np.eye(2), [0, 1])
    with pytest.raises(ValueError, match="rectify them first"):
        winner_vote(part, part)
