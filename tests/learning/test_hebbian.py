"""Hebbian rules: their updates on paper, and where theory says that they end."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.learning import Fukushima, NormalisedHebb, Oja, PlainHebb, Sanger
from neuro.learning.hebbian import correlation, seen_by_winners, strongest

# Two units, two inputs, two patches. y = x w^T: patch one (1, 2) gives (1, 4), patch two (3, 0) gives (3, 0).
W = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
X = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
Y = torch.tensor([[1.0, 4.0], [3.0, 0.0]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def change(rule, weights=W, inputs=X):
    return rule.update(weights, inputs, inputs @ weights.T)


def learned(rule, weights, inputs, rate, rounds):
    """What is left of the weights after so many updates by all inputs, the rate falling to zero."""
    for turn in range(rounds):
        weights = weights + rate * (1 - turn / rounds) * change(rule, weights, inputs)
        weights = getattr(rule, "constrained", lambda same: same)(weights)
    return weights


def gaussian(variances=(4.0, 2.0, 1.0, 0.5), n=2000):
    """Inputs of mean zero, their axes turned at random; the axes are the columns of the second."""
    turned, _ = torch.linalg.qr(torch.randn(len(variances), len(variances), generator=seeded(4)))
    inputs = torch.randn(n, len(variances), generator=seeded(5)) * torch.tensor(variances).sqrt()
    inputs = inputs @ turned.T
    inputs -= inputs.mean(0)
    return inputs, torch.linalg.eigh(inputs.T @ inputs).eigenvectors.flip(1)


def test_the_numbers_below_start_from_these_sums():
    assert torch.equal(X @ W.T, Y)


def test_hebb_adds_the_product_of_output_and_input():
    # Unit one: (1 (1, 2) + 3 (3, 0)) / 2; unit two: (4 (1, 2) + 0) / 2.
    assert torch.equal(change(PlainHebb()), torch.tensor([[5.0, 1.0], [2.0, 4.0]]))
    assert torch.equal(change(NormalisedHebb()), change(PlainHebb()))


def test_hebb_alone_grows_without_bound_as_one_plus_eta_x_squared_to_the_n():
    x = torch.tensor([[0.6, 0.8]])
    weights = torch.tensor([[0.1, 0.2]])
    for _ in range(10):
        weights = weights + 0.5 * change(PlainHebb(), weights, x)
    assert float(weights @ x[0]) == pytest.approx(1.5**10 * 0.22, rel=1e-5)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 1000), st.floats(0.01, 10))
def test_hebb_with_normalisation_keeps_every_unit_at_length_one(seed, rate):
    inputs, weights = (torch.randn(shape, generator=seeded(seed)) for shape in ((7, 4), (3, 4)))
    weights = learned(NormalisedHebb(), weights, inputs, rate, 3)
    torch.testing.assert_close(weights.norm(dim=1), torch.ones(3))


def test_one_step_of_normalised_hebb_by_hand():
    # With rate 1/2: (1, 0) + (2.5, 0.5) and (0, 2) + (1, 2), of lengths sqrt 12.5 and sqrt 17.
    rule = NormalisedHebb()
    moved = rule.constrained(W + change(rule) / 2)
    expected = torch.tensor([[3.5, 0.5], [1.0, 4.0]]) / torch.tensor([[12.5], [17.0]]).sqrt()
    torch.testing.assert_close(moved, expected)


def test_normalisation_leaves_weights_of_zero_at_zero():
    assert torch.equal(NormalisedHebb().constrained(torch.zeros(2, 3)), torch.zeros(2, 3))


def test_fukushimas_winner_adds_what_it_sees_and_the_others_nothing():
    # y / |w|: patch one (1, 2), won by unit two; patch two (3, 0), won by unit one.
    assert torch.equal(change(Fukushima()), torch.tensor([[1.5, 0.0], [0.5, 1.0]]))
    # With the output as a factor: 3 (3, 0) / 2 and 4 (1, 2) / 2.
    assert torch.equal(change(Fukushima(power=1.0)), torch.tensor([[4.5, 0.0], [2.0, 4.0]]))


def test_a_unit_does_not_win_for_having_long_weights():
    weights = torch.tensor([[1.0, 0.0], [10.0, 10.0]])
    assert torch.equal(
        change(Fukushima(), weights, torch.tensor([[1.0, 0.1]])), torch.tensor([[1.0, 0.1], [0, 0]])
    )


def test_where_no_unit_answers_above_zero_nobody_learns():
    assert (change(Fukushima(), W, -X[:1]) == 0).all()


@pytest.mark.parametrize(("power", "grown"), [(0.0, 0.22 + 10 * 0.5), (1.0, 0.22 * 1.5**10)])
def test_without_the_output_factor_weights_grow_evenly_and_with_it_ever_faster(power, grown):
    x, weights = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.1, 0.2]])
    for _ in range(10):
        weights = weights + 0.5 * change(Fukushima(power), weights, x)
    assert float(weights @ x[0]) == pytest.approx(grown, rel=1e-5)


@pytest.mark.parametrize(("power", "times"), [(0.0, 2), (1.0, 4)])
def test_the_output_factor_lets_a_patch_of_twice_the_contrast_count_four_times(power, times):
    torch.testing.assert_close(
        change(Fukushima(power), W, 2 * X[:1]), times * change(Fukushima(power), W, X[:1])
    )


def test_the_net_is_given_fukushimas_weights_at_length_one():
    torch.testing.assert_close(Fukushima().finished(torch.tensor([[3.0, 4.0]])), torch.tensor([[0.6, 0.8]]))


def test_oja_takes_away_what_the_output_has_of_the_weights():
    # < y x > - < y^2 > w, with < y^2 > = ((1 + 9) / 2, (16 + 0) / 2) = (5, 8).
    assert torch.equal(change(Oja()), torch.tensor([[5.0 - 5.0, 1.0], [2.0, 4.0 - 16.0]]))


@pytest.mark.parametrize("rule", [Oja(), NormalisedHebb()])
def test_every_unit_goes_to_the_first_principal_component_at_length_one(rule):
    inputs, axes = gaussian()
    weights = learned(rule, torch.randn(3, 4, generator=seeded(6)) / 4, inputs, 0.1, 400)
    torch.testing.assert_close((weights @ axes[:, 0]).abs(), torch.ones(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(weights.norm(dim=1), torch.ones(3), atol=1e-4, rtol=0)


def test_sangers_units_learn_what_those_before_them_leave():
    # < y y^T > = ((5, 2), (2, 8)); its lower triangle times w: (5 w1, 2 w1 + 8 w2) = ((5, 0), (2, 16)).
    assert torch.equal(change(Sanger()), torch.tensor([[0.0, 1.0], [0.0, -12.0]]))


def test_sangers_first_unit_is_ojas():
    assert torch.equal(change(Sanger())[0], change(Oja())[0])


def test_sangers_many_units_leave_what_the_triangle_of_their_products_says():
    weights = torch.randn(300, 7, generator=seeded(1), dtype=torch.float64)
    inputs = torch.randn(5, 7, generator=seeded(2), dtype=torch.float64)
    outputs = inputs @ weights.T
    expected = (outputs.T @ inputs - (outputs.T @ outputs).tril() @ weights) / 5
    torch.testing.assert_close(change(Sanger(), weights, inputs), expected)


def test_sangers_units_go_to_the_principal_components_in_their_order():
    inputs, axes = gaussian()
    weights = learned(Sanger(), torch.randn(4, 4, generator=seeded(6)) / 4, inputs, 0.1, 1500)
    torch.testing.assert_close((weights @ axes).abs(), torch.eye(4), atol=5e-3, rtol=0)


def test_sangers_units_beyond_the_number_of_inputs_lose_their_weights():
    inputs, _ = gaussian((2.0, 1.0))
    weights = learned(Sanger(), torch.randn(3, 2, generator=seeded(6)) / 4, inputs, 0.1, 800)
    # Nothing is left for unit three: |w|' = -variance |w|^3, so |w| falls as 1 / sqrt(2 variance time); 40.
    assert float(weights[2].norm()) < 1 / (2 * 1.0 * 40) ** 0.5
    assert (weights[:2].norm(dim=1) > 0.99).all()


def test_the_strongest_unit_answers_most_and_is_the_first_of_equals():
    answers = torch.tensor([[1.0, 3.0, 3.0], [-2.0, -5.0, -3.0]], requires_grad=True)
    assert strongest(answers).tolist() == [1, 0]


def test_what_winners_see_is_the_product_with_zeros_for_all_others():
    inputs, winner = torch.randn(5, 7, generator=seeded(1)), torch.tensor([3, 0, 3, 1, 3])
    shares = torch.rand(5, generator=seeded(2))  # unit 2 has none
    others_too = torch.zeros(5, 4).scatter_(1, winner[:, None], shares[:, None])
    torch.testing.assert_close(seen_by_winners(winner, shares, inputs, 4), correlation(others_too, inputs))
