"""Competing units: updates on paper, who wins how often, and the lengths that weights go to."""

import pytest
import torch

from neuro.learning import HardCompetitive, KrotovHopfield, SoftHebb

# Two units, two inputs, two patches; u = x w^T.
W = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
X = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
U = torch.tensor([[1.0, 4.0], [3.0, 0.0]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def change(rule, weights=W, inputs=X):
    return rule.update(weights, inputs, inputs @ weights.T)


def circle(n):
    """Points spread evenly at random on the unit circle."""
    angle = 2 * torch.pi * torch.rand(n, generator=seeded(3))
    return torch.stack([angle.cos(), angle.sin()], 1)


def test_the_nearest_unit_moves_to_the_patch():
    # Squared distances: patch one 4 and 1, won by unit two; patch two 4 and 13, won by unit one.
    assert torch.equal(change(HardCompetitive()), torch.tensor([[1.0, 0.0], [0.5, 0.0]]))


def test_nearness_is_of_points_and_not_of_directions():
    weights = torch.tensor([[1.0, 0.0], [5.0, 0.5]])  # the second's weighted sum is larger
    assert HardCompetitive().winner(weights, torch.tensor([[1.0, 5.0]])).tolist() == [0]


def test_conscience_is_against_units_that_won_and_remembers_as_if_patches_came_singly():
    rule = HardCompetitive(conscience=10.0, memory=0.5)
    update = rule.begin(W, seeded())
    x = torch.tensor([[2.0, 0.0]])  # squared distances 1 and 8
    assert torch.equal(update(W, x, x @ W.T), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    assert update.p.tolist() == [0.75, 0.25]  # b is now (-2.5, 2.5): 1 + 2.5 against 8 - 2.5
    assert torch.equal(update(W, x, x @ W.T), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    assert update.p.tolist() == [0.875, 0.125]  # b is (-3.75, 3.75): 4.75 against 4.25
    assert torch.equal(update(W, x, x @ W.T), torch.tensor([[0.0, 0.0], [2.0, -2.0]]))
    assert update.p.tolist() == [0.4375, 0.5625]
    together = rule.begin(W, seeded())
    together(W, x.expand(2, 2), x.expand(2, 2) @ W.T)  # two at once, both won by the first
    assert together.p.tolist() == [0.875, 0.125]


def wins(conscience, n=3000):
    """How often each of eight units wins while they learn even data, the first half left out."""
    weights = 0.1 * torch.randn(8, 2, generator=seeded(1)) + torch.tensor([3.0, 0.0])  # all far away
    update, shares = HardCompetitive(conscience, memory=0.01).begin(weights, seeded()), []
    for step, inputs in enumerate(circle(n).split(4)):
        weights = weights + 2.0 * (1 - 4 * step / n) * update(weights, inputs, inputs @ weights.T)
        shares.append(update.p.clone())
    return torch.stack(shares[len(shares) // 2 :]).mean(0)


def test_with_a_conscience_all_units_win_about_equally_often_on_even_data():
    # A unit is 4 in squared distance from the circle: seven others that win are held back by 40 / 7 > 4.
    assert wins(40.0).sub(1 / 8).abs().max() < 0.02


def test_without_a_conscience_some_never_win():
    assert wins(0.0).min() < 0.001


def test_a_conscience_of_nothing_is_plain_competition():
    update = HardCompetitive(conscience=0.0).begin(W, seeded())
    for _ in range(3):
        assert torch.equal(update(W, X, U), change(HardCompetitive()))


def test_krotov_and_hopfields_winner_learns_and_the_next_unlearns():
    # Patch one: unit two wins with 4, unit one is second with 1. Patch two: unit one 3, unit two 0.
    # Unit one: (-0.4 ((1, 2) - 1 (1, 0)) + 1 ((3, 0) - 3 (1, 0))) / 2 = (-0.4 (0, 2) + (0, 0)) / 2
    # Unit two: (1 ((1, 2) - 4 (0, 2)) - 0.4 ((3, 0) - 0 (0, 2))) / 2 = ((1, -6) - (1.2, 0)) / 2
    torch.testing.assert_close(change(KrotovHopfield()), torch.tensor([[0.0, -0.4], [-0.1, -3.0]]))


def test_krotov_and_hopfields_current_has_weights_to_the_p_minus_one_with_their_sign():
    weights, x = torch.tensor([[2.0, -1.0], [1.0, 1.0]]), torch.tensor([[1.0, 1.0]])
    # p = 3: I = (4 - 1, 1 + 1) = (3, 2), though the weighted sums are 1 and 2. Unit one wins.
    expected = torch.tensor([[1 - 3 * 2.0, 1 + 3 * 1.0], [-0.4 * (1 - 2), -0.4 * (1 - 2)]])
    torch.testing.assert_close(change(KrotovHopfield(p=3.0), weights, x), expected)


def test_krotov_and_hopfield_pass_over_the_units_between_the_first_and_the_k_th():
    weights, x = torch.tensor([[3.0], [2.0], [0.5]]), torch.tensor([[1.0]])
    assert torch.equal(
        change(KrotovHopfield(k=3, delta=0.0), weights, x), torch.tensor([[1 - 9.0], [0], [0]])
    )
    assert (change(KrotovHopfield(k=3), weights, x) != 0).flatten().tolist() == [True, False, True]


@pytest.mark.parametrize("p", [2.0, 3.0])
def test_krotov_and_hopfields_weights_go_to_a_p_norm_of_one(p):
    inputs = torch.rand(200, 6, generator=seeded(2))
    weights = torch.rand(4, 6, generator=seeded(1))
    for step in range(600):
        weights = weights + 0.3 * (1 - step / 600) * change(KrotovHopfield(p, delta=0.1), weights, inputs)
    torch.testing.assert_close((weights.abs() ** p).sum(1), torch.ones(4), atol=1e-2, rtol=0)


def test_softhebb_shares_the_learning_by_a_softmax():
    # One patch (1, 0), u = (1, 0): at temperature 1 / ln 3 the shares are 3/4 and 1/4.
    weights, x = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([[1.0, 0.0]])
    rule = SoftHebb(temperature=1 / torch.tensor(3.0).log().item())
    # y (x - u w): 3/4 ((1, 0) - (1, 2)) and 1/4 ((1, 0) - 0).
    torch.testing.assert_close(change(rule, weights, x), torch.tensor([[0.0, -1.5], [0.25, 0.0]]))


def test_softhebbs_losers_may_unlearn():
    weights, x = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([[1.0, 0.0]])
    rule = SoftHebb(temperature=1 / torch.tensor(3.0).log().item(), losers="anti-Hebbian")
    torch.testing.assert_close(change(rule, weights, x), torch.tensor([[0.0, -1.5], [-0.25, 0.0]]))


def test_a_cold_softhebb_is_the_winner_alone():
    # Unit two wins patch one, unit one patch two: ((1, 2) - 4 (0, 2)) / 2 and ((3, 0) - 3 (1, 0)) / 2.
    torch.testing.assert_close(change(SoftHebb(1e-3)), torch.tensor([[0.0, 0.0], [0.5, -3.0]]))


def test_softhebbs_units_may_learn_less_the_nearer_they_are_to_length_one():
    # Lengths 1 and 2, then 5 and 10.
    assert SoftHebb(rate_power=0.5).rates(W).tolist() == [[0.0], [1.0]]
    assert SoftHebb(rate_power=2.0).rates(5 * W).tolist() == [[16.0], [81.0]]
    assert SoftHebb().rates(W).tolist() == [[1.0], [1.0]]


def test_softhebbs_weights_go_to_length_one():
    inputs = torch.nn.functional.normalize(torch.rand(200, 6, generator=seeded(2)))
    weights = torch.rand(4, 6, generator=seeded(1))
    for _ in range(300):
        weights = weights + 0.5 * change(SoftHebb(temperature=0.5), weights, inputs)
    torch.testing.assert_close(weights.norm(dim=1), torch.ones(4), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("rule", "settings", "message"),
    [
        (HardCompetitive, {"conscience": -1.0}, "conscience is zero or more"),
        (HardCompetitive, {"memory": 0.0}, "memory above 0"),
        (KrotovHopfield, {"k": 1}, "k 2 or more"),
        (KrotovHopfield, {"p": 0.5}, "p is 1 or more"),
        (KrotovHopfield, {"delta": -0.1}, "delta not negative"),
        (SoftHebb, {"temperature": 0.0}, "temperature is above zero"),
        (SoftHebb, {"rate_power": -1.0}, "rate_power not below"),
        (SoftHebb, {"losers": "silent"}, "losers are 'Hebbian' or 'anti-Hebbian'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(rule, settings, message):
    with pytest.raises(ValueError, match=message):
        rule(**settings)


def test_a_rank_beyond_the_units_is_refused():
    with pytest.raises(ValueError, match="there is no 3-th of 2 units; lower k"):
        change(KrotovHopfield(k=3))
