"""Winner-take-all in nets of ReLU cells: the same competition, another reinforcement."""

import copy
import logging

import pytest
import torch

from neuro.learning import BatchedWinnerTakeAll, Imprinting, WinnerTakeAll, history_of, presentations
from neuro.learning.batches import reinforce_all
from neuro.learning.competition import patches_at, reinforce, seeds_of
from neuro.learning.learner import reinforced_layers
from neuro.learning.winner_take_all import answer_to_one
from neuro.models.convnet import lenet5_as_taught
from neuro.models.neocognitron import (
    FUKUSHIMA_1980,
    ReluLayer,
    SLayer,
    Stage,
    modern_neocognitron,
    neocognitron,
)
from neuro.patterns import standard_digits
from neuro.preparations import shifted_at_random
from neuro.stimuli import Stimuli

TWO = (
    Stage(planes=5, s_padding=2, r=4.0, initial=0.002, c_window=3, c_padding=1),
    Stage(planes=4, s_window=3, s_padding=1, initial=0.0002, c_window=2, c_padding=0),
)
LENGTHS = pytest.mark.parametrize("length", [None, 1.0])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def shown(times=2):
    return shifted_at_random(standard_digits(), times, 2, seeded()).without("label")


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.ERROR)


@LENGTHS
def test_a_seed_cell_adds_what_it_sees_without_c_and_the_plane_keeps_its_length(length):
    layer = ReluLayer(2, 3, 3, padding=1, length=length)
    layer.a.data = torch.rand(3, 2, 3, 3, generator=seeded(1))
    layer.constrain()
    before, seen = layer.a.detach().clone(), torch.rand(1, 2, 5, 5, generator=seeded(2))
    with torch.no_grad():
        reinforce(layer, seen, torch.tensor([2]), torch.tensor([12]), q=4.0)
    expected = before[2] + 4 * seen[0, :, 1:4, 1:4]  # place 12 is the middle of 5 x 5
    expected = expected if length is None else expected / expected.norm()
    torch.testing.assert_close(layer.a[2].detach(), expected)
    torch.testing.assert_close(layer.a[:2].detach(), before[:2])
    assert not layer.b.any()


@LENGTHS
def test_of_a_modern_net_the_log_tells_all_reinforcements(length):
    model, stimuli = modern_neocognitron(TWO[:1], length=length), shown()
    trained = WinnerTakeAll(q=(2.0,), columns=(5,), presentations=1).fit(model, stimuli, seeded())
    course, by_hand = presentations(trained, "US1"), model.US1.a.detach().clone()
    for number in range(len(course.image)):
        for plane in range(5):
            own = (course.presentation == number) & (course.plane == plane)
            if own.any():
                place = torch.from_numpy(course.row[own] * 16 + course.column[own])
                image = torch.from_numpy(course.image[[number]])
                by_hand[plane] += 2 * patches_at(stimuli.images, 5, 2, image, place)[0]
                by_hand[plane] /= 1 if length is None else by_hand[plane].norm()
    assert sum(history_of(trained)["US1 wins"]) == len(course.plane) > 10
    torch.testing.assert_close(trained.US1.a.detach(), by_hand)
    assert not trained.US1.filters.bias.any()
    assert torch.equal(model.US1.a, modern_neocognitron(TWO[:1], length=length).US1.a)


@LENGTHS
def test_batches_of_one_are_winner_take_all_in_modern_nets_too(length):
    common = {"q": (1.0, 16.0), "columns": (3, 6), "presentations": 2}
    model = modern_neocognitron(TWO, length=length)
    batched = BatchedWinnerTakeAll(**common, batch_size=1).fit(model, shown(), seeded())
    single = WinnerTakeAll(**common, schedule="layer by layer").fit(model, shown(), seeded())
    for name, value in single.state_dict().items():
        torch.testing.assert_close(batched.state_dict()[name], value)
    assert history_of(batched)["US2 wins"] == history_of(single)["US2 wins"]


def test_a_batch_adds_what_its_images_would_add_one_by_one_to_the_same_modern_weights():
    model, images = modern_neocognitron(TWO), shown().images
    with torch.no_grad():
        seeds = seeds_of(model.US1(images), 5)
        together, one_by_one = copy.deepcopy(model.US1), copy.deepcopy(model.US1)
        reinforce_all(together, images, seeds, 2.0)
        for image in range(len(images)):
            own = seeds.competition == image
            reinforce(one_by_one, images[image : image + 1], seeds.plane[own], seeds.place[own], 2.0)
    torch.testing.assert_close(together.a, one_by_one.a)


def test_weights_that_were_set_by_hand_have_their_length_before_the_first_competition():
    model = modern_neocognitron(TWO[:1], length=1.0)
    longer = copy.deepcopy(model)
    longer.US1.a.data *= torch.arange(1, 6)[:, None, None, None]
    for rule in (WinnerTakeAll(presentations=1), BatchedWinnerTakeAll()):
        one, other = (rule.fit(net, shown(1), seeded()).US1.a for net in (model, longer))
        torch.testing.assert_close(one, other)


def test_what_nothing_inhibits_and_nothing_bounds_wins_for_ever():
    # Images that share some light: after the first win, every answer of that plane is the largest.
    lit = torch.zeros(4, 1, 3, 3)
    lit[:, 0, 1, 1] = 1
    lit.view(4, 9)[torch.arange(4), torch.tensor([0, 2, 6, 8])] = 1
    stage = Stage(planes=6, s_window=3, c_window=1, c_padding=0, initial=0.01, r=2.0)
    rule = WinnerTakeAll(q=(16.0,), columns=(1,), presentations=5)
    wins = {}
    for build in (modern_neocognitron, neocognitron):
        wins[build] = history_of(rule.fit(build([stage]), Stimuli(lit), seeded()))["US1 wins"]
    assert sorted(wins[modern_neocognitron]) == [0, 0, 0, 0, 0, 20]
    # Two of these images make a cosine of 1 / (1 + 0.8^sqrt(2)) = 0.58, below r / (1 + r) = 2/3.
    assert sum(n > 0 for n in wins[neocognitron]) == 4


def test_patches_are_imprinted_in_modern_nets():
    trained = Imprinting(q=(3.0,)).fit(modern_neocognitron(TWO[:1]), shown(), seeded())
    held = ((trained.US1.a - modern_neocognitron(TWO[:1]).US1.a) / 3).detach().flatten(1)
    patches = torch.nn.functional.unfold(shown().images, 5, padding=2).transpose(1, 2).flatten(0, 1)
    assert (torch.cdist(held, patches, compute_mode="donot_use_mm_for_euclid_dist").amin(1) < 1e-5).all()


def test_plastic_are_the_s_layers_of_either_form():
    for build, kind in ((neocognitron, SLayer), (modern_neocognitron, ReluLayer)):
        layers = reinforced_layers(build(FUKUSHIMA_1980))
        assert list(layers) == ["US1", "US2", "US3"]
        assert all(isinstance(layer, kind) for layer in layers.values())
    with pytest.raises(ValueError, match="none of them an SLayer or ReluLayer"):
        reinforced_layers(lenet5_as_taught())


@pytest.mark.parametrize("size", [13, 16, 30])
def test_what_a_layer_answers_to_one_image_is_what_it_answers_in_a_batch(size):
    net = neocognitron(FUKUSHIMA_1980)
    for layer in (net.US1, net.US2, net.US3):
        layer.a.data = torch.rand(layer.a.shape, generator=seeded(3))
        layer.b.data = 8 * torch.rand(24, generator=seeded(4))
        seen = torch.rand(2, layer.a.shape[1], size, size + 1, generator=seeded(5))
        with torch.no_grad():
            # 600 products in float32, added up in another order: a few roundings of the sum.
            torch.testing.assert_close(answer_to_one(layer, seen[:1]), layer(seen)[:1], rtol=5e-6, atol=1e-5)
