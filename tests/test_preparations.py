"""Preparations: what they were shown, and that one seed raises one net."""

import numpy as np
import pytest
import torch
from torch import nn

from neuro.analysis import winner
from neuro.experiment import Settings
from neuro.models.convnet import parameter_count
from neuro.models.neocognitron import fukushima_1980, neocognitron
from neuro.patterns import standard_digits
from neuro.preparations import (
    DISTORTIONS,
    LADDER,
    RULE_1980,
    SHIFT,
    UNPOOLED_1980,
    best,
    distorted,
    few_digits,
    lenet,
    neocognitron_1980,
    neocognitrons_1980,
    shifted_at_random,
    shown_1980,
    small_neocognitron,
    tanh_nets,
    zip_code_net,
)
from neuro.recording import record
from neuro.stimuli import Stimuli


def test_patterns_shifted_at_random_come_in_rounds_and_reach_every_place_and_none_beyond():
    dots = torch.zeros(2, 1, 9, 9)
    dots[:, 0, 4, 4] = 1
    shown = shifted_at_random(
        Stimuli(dots, {"label": np.array([3, 7])}), 200, 2, torch.Generator().manual_seed(0)
    )
    assert shown.condition("label").tolist() == [3, 7] * 200
    # Light falls on each of the 25 places: one is missed with a chance of 25 (24/25)^400, 2e-6.
    assert torch.equal(shown.images.amax((0, 1)), nn.functional.pad(torch.ones(5, 5), (2, 2, 2, 2)))


def test_distorted_patterns_come_at_every_amount_and_are_themselves_at_none():
    digits = standard_digits()
    shown = distorted(digits, 2, torch.Generator().manual_seed(0))
    assert list(shown) == list(DISTORTIONS)
    for name, (images, amount) in shown.items():
        assert len(images) == len(amount)
        still = images[amount == (1 if name == "size (times)" else 0)]
        assert len(still) >= 5
        # Bilinear resampling at no displacement is exact up to rounding.
        expected = digits.images[still.condition("label")]
        torch.testing.assert_close(still.images, expected, atol=1e-5, rtol=0)
    # Places 0, 1, 2, 3 pixels away, the larger of x and y: 1, 8, 16, 24 of each of five digits.
    assert np.bincount(shown[SHIFT][1]).tolist() == [5, 40, 80, 120]
    assert (shown[SHIFT][0].images.sum((1, 2, 3)).reshape(-1, 5) == digits.images.sum((1, 2, 3))).all()


@pytest.mark.slow
def test_the_net_of_1980_is_raised_by_its_seed_and_sees_no_label():
    digits = standard_digits()
    net, again = (neocognitron_1980(0, None, patterns) for patterns in (None, digits.without("label")))
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in net.state_dict().items())
    assert len(set(winner(record(net, digits, ["UC3"])["UC3"][:, :, 0, 0]))) == 5


def test_nets_raised_side_by_side_are_those_raised_one_by_one_on_what_their_seed_is_shown():
    # Of two presentations of each digit, which takes a tenth of the time.
    for seed, net in zip((3, 5), neocognitrons_1980((3, 5), times=2, reach=1), strict=True):
        shown, order = shown_1980(seed, times=2, reach=1), torch.Generator().manual_seed(seed)
        alone = RULE_1980.fit(fukushima_1980(), shown, order).state_dict()
        for name, value in net.state_dict().items():
            torch.testing.assert_close(value, alone[name], rtol=1e-5, atol=1e-6)


def test_what_a_net_of_1980_is_shown_has_no_label_and_stays_in_place_if_it_is_not_to_move():
    shown = shown_1980(0, reach=0, times=3)
    assert "label" not in shown.conditions
    assert torch.equal(shown.images, standard_digits().images.repeat(3, 1, 1, 1))
    assert not torch.equal(shown_1980(0).images, shown_1980(1).images)


def test_cells_that_pool_nothing_leave_the_printed_grids_as_they_are():
    image = torch.zeros(1, 1, 16, 16)
    for pooled, unpooled in zip(fukushima_1980(), neocognitron(UNPOOLED_1980), strict=True):
        assert pooled(torch.zeros_like(image)).shape == unpooled(torch.zeros_like(image)).shape
        image = pooled(image)


def test_few_digits_are_so_many_of_each_class_and_no_part_shares_an_image():
    train, validation, test = few_digits(Settings(), 0, 7, 16)
    assert np.bincount(train.labels).tolist() == [7] * 10
    assert train.images.shape[1:] == (1, 16, 16)
    ids = [set(part.condition("id")) for part in (train, validation, test)]
    assert len(set.union(*ids)) == sum(map(len, ids))


def test_the_decision_of_a_small_neocognitron_prefers_no_class_at_first():
    # The decision layer begins at zero.
    net, other = small_neocognitron(0), small_neocognitron(1)
    assert torch.equal(net(torch.rand(2, 1, 16, 16)), torch.zeros(2, 10))
    assert not torch.equal(net.US1.a, other.US1.a)


def test_the_best_candidate_is_the_first_of_those_most_accurate_over_all_seeds():
    # A net that says "light" above its threshold; 0.2 is dark, 0.4 and 0.6 are light.
    def raised(threshold, seed):
        last = nn.Linear(1, 2)
        last.weight.data = torch.tensor([[0.0], [1.0]])
        last.bias.data = torch.tensor([threshold, 0.0])
        return nn.Sequential(nn.Flatten(), last)

    shown = {
        0: Stimuli(torch.tensor([0.2, 0.6])[:, None, None, None], {"label": np.array([0, 1])}),
        1: Stimuli(torch.tensor([0.4])[:, None, None, None], {"label": np.array([1])}),
    }
    assert best([0.1, 0.5, 0.3, 0.35], raised, shown) == 0.3


def test_every_rung_of_the_ladder_starts_from_the_same_weights_and_the_same_digits():
    quick = Settings("quick")
    (first, trained, splits), *others = (zip_code_net(quick, 3, rung) for rung in LADDER)
    assert parameter_count(trained) == 9_760
    assert not torch.equal(trained.H1.cells.weight, first.H1.cells.weight)
    for untrained, _, shown in others:
        assert torch.equal(shown.train.images, splits.train.images)
        for old, new in zip(first.parameters(), untrained.parameters(), strict=True):
            assert torch.equal(old, new)
    assert splits.test.images.shape[1:] == (1, 16, 16)


def test_both_forms_of_lenet5_see_the_same_digits():
    quick = Settings("quick")
    (_, taught, seen), (_, published, shown) = (
        lenet(quick, 3, form) for form in ("as taught", "as published")
    )
    assert (parameter_count(taught), parameter_count(published)) == (61_706, 60_000)
    assert torch.equal(seen.test.images, shown.test.images)


def test_lenet1_sees_the_digits_of_lenet5_smaller_in_the_middle_of_its_retina():
    quick = Settings("quick")
    untrained, trained, splits = lenet(quick, 3, "LeNet-1")
    *_, larger = lenet(quick, 3)
    assert parameter_count(trained) == 2_578
    assert not torch.equal(trained.H1.cells.weight, untrained.H1.cells.weight)
    assert splits.test.labels.tolist() == larger.test.labels.tolist()
    assert splits.test.images.shape[1:] == (1, 28, 28)
    inside = splits.test.images[..., 3:-3, 3:-3]
    assert inside.count_nonzero() == splits.test.images.count_nonzero() > 0


@pytest.mark.parametrize("size", [8, 28])
def test_tanh_nets_have_the_parameters_that_add_up(size):
    nets = tanh_nets(size, classes=3, width=5)
    one = 5 * size**2 + 5 + 3 * 5 + 3
    maps = 6 * 25 + 6 + 16 * 6 * 25 + 16  # of both convolutions
    full = 84 * 16 * (size // 4) ** 2 + 84 + 3 * 84 + 3
    assert [parameter_count(net) for net in nets.values()] == [one, one + 5 * 5 + 5, maps + full]
    assert {net(torch.zeros(2, 1, size, size)).shape for net in nets.values()} == {(2, 3)}
