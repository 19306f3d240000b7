import pytest

from neuro.analysis import one_to_one, same_winner, unshared, winner


def test_the_winner_is_the_first_of_the_largest_and_a_silent_layer_has_none():
    assert winner([[0, 3, 3], [1, 0, 0], [0, 0, 0]]).tolist() == [1, 0, -1]


def test_silence_twice_is_not_the_same_winner_twice():
    assert same_winner([3, 3, -1, -1], [3, 2, 3, -1]).tolist() == [True, False, False, False]


def test_a_cell_that_wins_for_two_stimuli_is_neithers_own():
    assert unshared([4, 2, 4, -1, 0, -1]).tolist() == [-1, 2, -1, -1, 0, -1]


def test_one_to_one_is_a_single_cell_that_answers_nothing_else():
    # Alone and loyal; alone, but its cell answers the next too; two cells; silence.
    responses = [[2, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert one_to_one(responses).tolist() == [True, False, False, False]


@pytest.mark.parametrize("measure", [winner, one_to_one])
def test_negative_responses_are_refused(measure):
    with pytest.raises(ValueError, match="must not be negative"):
        measure([[1, -1]])
