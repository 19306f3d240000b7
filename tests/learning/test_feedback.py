"""Feedback rules: against autograd where B = W, by hand on paper, and what they must leave as it is."""

import math
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from neuro.learning import (
    Backpropagation,
    DirectFeedbackAlignment,
    FeedbackAlignment,
    LastLayerOnly,
    SignSymmetry,
    history_of,
)
from neuro.learning.feedback import (
    _FedBack,
    angle,
    drawn_feedback,
    fed,
    feedback_angles,
    unwatched,
    update_angles,
)
from neuro.models.convnet import (
    FeatureMaps,
    GainAndBias,
    LocalFields,
    Subsampling,
    lenet5,
    mlp,
    small_convnet,
)
from neuro.models.initial import randomised, uniform
from neuro.models.neocognitron import Stage, neocognitron, supervised
from neuro.stimuli import Stimuli

SHORT = Backpropagation("sgd", 0.05, batch_size=8, epochs=2, validation=0)
RULES = [
    FeedbackAlignment(SHORT),
    DirectFeedbackAlignment(SHORT),
    *(SignSymmetry(SHORT, magnitude) for magnitude in ("uniform", "fixed", "batchwise")),
]
each_rule = pytest.mark.parametrize("rule", RULES, ids=["FA", "DFA", "uSF", "frSF", "brSF"])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=seeded(seed))


def bars(n=40, size=8):
    """Two classes: a horizontal or a vertical white bar somewhere on weak noise."""
    images = 0.1 * torch.rand(n, 1, size, size, generator=seeded(5))
    for i in range(n):
        place = (i // 2) % size
        images[i, 0, place if i % 2 else slice(None), slice(None) if i % 2 else place] = 1
    return Stimuli(images, {"label": np.arange(n) % 2})


def dense():
    layers = nn.Linear(64, 9), nn.Tanh(), nn.Linear(9, 7), nn.Tanh(), nn.Linear(7, 2)
    return randomised(nn.Sequential(nn.Flatten(), *layers), seeded())


def strided():
    """Convolutions with stride, padding, groups, a frame, and a nested chain; LeCun's layers between them."""
    rows = [nn.Conv2d(1, 4, 3, stride=2, padding=2), nn.Tanh(), nn.Conv2d(4, 6, 3, padding="same", groups=2)]
    lecun = [FeatureMaps(6, ((0, 1), (2, 5)), 3, 2, 1), nn.Tanh(), Subsampling(2, 3), LocalFields(2, 1, 1)]
    return randomised(nn.Sequential(nn.Sequential(*rows), *lecun, nn.Flatten(), nn.Linear(1, 2)), seeded())


def slopes(rule, net, feedback, images, labels):
    """The rule's and the true gradient of every parameter."""
    found = []
    for answers in (rule.answers(net, feedback, images), net(images)):
        found.append(torch.autograd.grad(F.cross_entropy(answers, labels), list(net.parameters())))
    names = [name for name, _ in net.named_parameters()]
    return [dict(zip(names, each, strict=True)) for each in found]


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("net", [dense(), small_convnet(4, 8, 2), strided(), lenet5(2)], ids=len)
def test_passed_back_through_the_forward_weights_the_gradient_is_that_of_autograd(net):
    net, rule = net.double(), FeedbackAlignment()
    size = 32 if hasattr(net, "C1") else 8
    images, labels = noise(3, 1, size, size), torch.tensor([0, 1, 1])
    same = {name: layer.weight.detach().clone() for name, layer in fed(net).items()}
    own, true = slopes(rule, net, same, images, labels)
    for name, value in true.items():
        assert_equal(own[name], value)
    other = rule.feedback(net, images, seeded())
    own, true = slopes(rule, net, other, images, labels)
    assert not torch.allclose(*(each[next(iter(true))] for each in (own, true)))


def two_two_one():
    """Two inputs, two rectified cells, one answer."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(2, 2, bias=False), nn.ReLU(), nn.Linear(2, 1, bias=False))
    net[1].weight.data = torch.tensor([[1.0, 1.0], [2.0, -1.0]])
    net[3].weight.data = torch.tensor([[1.0, -2.0]])
    return net


@pytest.mark.parametrize("rule", [FeedbackAlignment(), DirectFeedbackAlignment()], ids=["FA", "DFA"])
def test_one_step_is_the_one_computed_by_hand(rule):
    # x = (1, 3): y = (4, -1), h = (4, 0), the answer is 4; the error e = 4 - 1 = 3 of the loss (a - 1)^2 / 2.
    net, x = two_two_one(), torch.tensor([[[[1.0, 3.0]]]])
    answer = rule.answers(net, {"3": torch.tensor([[5.0, 7.0]])}, x)
    assert answer.item() == 4
    ((answer - 1) ** 2 / 2).sum().backward()
    # d = f' * B' e = (15, 0), as the second cell is silent; true would be (3, 0).
    assert net[1].weight.grad.tolist() == [[15.0, 45.0], [0.0, 0.0]]
    assert net[3].weight.grad.tolist() == [[12.0, 0.0]]


def test_the_direct_error_reaches_the_first_hidden_layer_by_its_own_weights_alone():
    # As above, and a third layer between: h2 = tanh(0 h) = 0, f' = 1; the answer is 0, e = -1.
    net = nn.Sequential(
        *two_two_one()[:3], nn.Linear(2, 1, bias=False), nn.Tanh(), nn.Linear(1, 1, bias=False)
    )
    nn.init.zeros_(net[3].weight)
    nn.init.constant_(net[5].weight, 3.0)
    x, feedback = (
        torch.tensor([[[[1.0, 3.0]]]]),
        {"3": torch.tensor([[5.0, 7.0]]), "5": torch.tensor([[2.0]])},
    )
    answer = DirectFeedbackAlignment().answers(net, feedback, x)
    ((answer - 1) ** 2 / 2).sum().backward()
    assert net[1].weight.grad.tolist() == [[-5.0, -15.0], [0.0, 0.0]]  # -1 (5, 7), the second cell silent
    assert net[3].weight.grad.tolist() == [[-8.0, 0.0]]  # -1 * 2 * h, h = (4, 0)
    assert net[5].weight.grad.tolist() == [[0.0]]


def test_a_direct_error_passes_the_pooling_to_the_cell_that_was_largest():
    net = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 1, bias=False)
    )
    nn.init.ones_(net[0].weight)
    x = torch.tensor([[[[1.0, 2.0, 9.0, 3.0], [4.0, 3.0, 5.0, 6.0]]]])
    feedback = {"3": torch.tensor([[10.0, 100.0]])}
    DirectFeedbackAlignment().answers(net, feedback, x).sum().backward()
    assert net[0].weight.grad.item() == 10 * 4 + 100 * 9


def test_sign_symmetry_passes_back_through_the_signs_of_the_present_weights():
    net, rule = two_two_one(), SignSymmetry()
    drawn = rule.feedback(net, torch.zeros(1, 1, 1, 2), seeded())
    size = math.sqrt((1 + 4) / 2)  # r.m.s. of 1 and -2
    for weights, signs in (([1.0, -2.0], [1, -1]), ([-9.0, 0.1], [-1, 1]), ([0.0, 3.0], [0, 1])):
        net[3].weight.data = torch.tensor([weights])
        backward = rule.backward_weights(net, drawn)
        torch.testing.assert_close(backward["3"], size * torch.tensor([signs], dtype=torch.float32))
        net.zero_grad()
        rule.answers(net, drawn, torch.tensor([[[[1.0, 0.0]]]])).sum().backward()
        torch.testing.assert_close(net[1].weight.grad[:, 0], backward["3"][0])  # both cells answer


@pytest.mark.parametrize(("magnitude", "anew"), [("fixed", False), ("batchwise", True), ("uniform", False)])
def test_random_magnitudes_keep_the_sign_and_the_size_and_are_drawn_once_or_anew(magnitude, anew):
    net, rule = randomised(mlp(400, 8, 50), seeded()), SignSymmetry(magnitude=magnitude)
    drawn = rule.feedback(net, torch.zeros(1, 1, 8, 8), seeded(1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        one, other = (rule.backward_weights(net, drawn)["decision"] for _ in range(2))
    weight = net.decision.weight.detach()
    assert torch.equal(one.sign(), weight.sign())
    assert torch.equal(one, other) != anew
    # The r.m.s. of 20,000 draws is within 2 % of its expectation but for one time in thousands.
    assert float(one.square().mean() / weight.square().mean()) == pytest.approx(1, rel=0.04)
    # cos = E|w| M / (r.m.s. of both): sqrt(2 / pi) with M alike, 2 / pi with M half-normal.
    expected = math.acos(math.sqrt(2 / math.pi) if magnitude == "uniform" else 2 / math.pi)
    assert angle(weight, one) == pytest.approx(math.degrees(expected), abs=1)


def test_random_feedback_is_as_large_as_the_initial_weights_and_unrelated_to_them():
    net = randomised(mlp(400, 8, 50), seeded())
    for rule in (FeedbackAlignment(), DirectFeedbackAlignment()):
        drawn = rule.feedback(net, torch.zeros(1, 1, 8, 8), seeded(1))
        assert {name: tuple(value.shape) for name, value in drawn.items()} == {"decision": (50, 400)}
        assert float(drawn["decision"].std()) == pytest.approx(math.sqrt(2 / 400), rel=0.03)
        # 90 degrees but for 1 / sqrt(20,000) = 0.4 degrees s.d.
        assert feedback_angles(rule, net, drawn)["decision"] == pytest.approx(90, abs=2)


@each_rule
@pytest.mark.parametrize("net", [dense(), strided(), small_convnet(3, 8, 2)], ids=len)
def test_answers_are_those_of_the_model_and_the_last_layer_gets_the_true_gradient(rule, net):
    images, labels = bars().images[:6], bars().labels[:6]
    feedback = rule.feedback(net, images, seeded(1))
    assert torch.equal(rule.answers(net, feedback, images), net(images))
    own, true = slopes(rule, net, feedback, images, labels)
    *_, last = fed(net)
    for name in (f"{last}.weight", f"{last}.bias"):
        torch.testing.assert_close(own[name], true[name])
    first = next(iter(true))
    assert not torch.allclose(own[first], true[first])


@each_rule
def test_what_comes_out_is_the_same_architecture_trained_and_the_original_is_untouched(rule):
    net = randomised(small_convnet(3, 8, 2), seeded())
    before = {name: value.clone() for name, value in net.state_dict().items()}
    trained = rule.fit(net, bars(), seeded())
    assert str(trained) == str(net)
    assert trained.state_dict().keys() == before.keys()
    for name, value in before.items():
        assert torch.equal(net.state_dict()[name], value)
        assert name.endswith("bias") or not torch.equal(trained.state_dict()[name], value)
    assert all(parameter.requires_grad for parameter in trained.parameters())
    assert not trained.training


@each_rule
def test_one_seed_gives_one_net_and_another_seed_another(rule):
    nets = [rule.fit(dense(), bars(), seeded(seed)).state_dict() for seed in (3, 3, 4)]
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])
    assert not torch.equal(nets[0]["1.weight"], nets[2]["1.weight"])


def test_through_the_forward_weights_a_training_is_backpropagation_to_rounding_in_the_same_order():
    class WeightTransport(FeedbackAlignment):
        def answers(self, model, feedback, images):
            present = {name: layer.weight.detach() for name, layer in fed(model).items()}
            return super().answers(model, present, images)

    descent = Backpropagation("sgd", 0.05, batch_size=8, epochs=3, validation=0.2)
    one = WeightTransport(descent).fit(dense(), bars(), seeded())
    other = descent.fit(dense(), bars(), seeded())
    for name, value in other.state_dict().items():
        torch.testing.assert_close(one.state_dict()[name], value)
    assert history_of(one)["training loss"] == pytest.approx(history_of(other)["training loss"])
    assert max(history_of(one)["update angle, 1"]) < 1e-3


def test_feedback_alignment_learns_and_its_angles_fall_from_a_right_one():
    net = randomised(mlp(40, 8, 2), seeded())
    descent = Backpropagation("sgd", 0.05, batch_size=8, epochs=20, validation=0)
    trained = FeedbackAlignment(descent).fit(net, bars(), seeded())
    history = history_of(trained)
    assert (trained(bars().images).argmax(1) == bars().labels).all()
    for name in ("feedback angle, decision", "update angle, hidden.linear"):
        assert len(history[name]) == 21  # before every epoch, and in the end
        assert history[name][0] > 65  # of 80 weights and of 40 cells: 90, give or take
        assert history[name][-1] < history[name][0] - 15
    assert history["update angle, decision"] == pytest.approx([0] * 21, abs=1e-3)


def test_looking_at_angles_draws_nothing_and_leaves_no_slope_behind():
    net = randomised(nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Dropout(), nn.Linear(8, 2)), seeded())
    rule, images, labels = RULES[-1], bars().images, bars().labels
    chain = _FedBack(rule, net, rule.feedback(net, images, seeded()), images, labels)
    state = torch.random.get_rng_state()
    chain.train()
    assert torch.equal(state, torch.random.get_rng_state())
    assert net.training
    assert all(parameter.grad is None for parameter in net.parameters())
    assert [len(course) for course in chain.course.values()] == [1, 1, 1]
    assert chain.course["update angle, 3"] == pytest.approx([0], abs=1e-3)  # with all cells there


@each_rule
def test_unwatched_a_rule_learns_the_same_and_notes_no_angle(rule):
    start = dense()
    watched = rule.fit(start, bars(), seeded())
    with unwatched():
        alone = rule.fit(start, bars(), seeded())
    assert all(map(torch.equal, watched.parameters(), alone.parameters()))
    assert not any("angle" in name for name in history_of(alone))
    assert any("angle" in name for name in history_of(rule.fit(start, bars(), seeded())))


def test_the_angle_of_the_update_is_that_between_the_gradients():
    # By hand: d = (15, 0) against (3, 0): parallel. With B = (-5, 7) it is opposite.
    net, x = two_two_one(), torch.tensor([[[[1.0, 3.0]]]])
    rule, labels = FeedbackAlignment(Backpropagation(loss="squares")), torch.tensor([0])
    for b, degrees in ((5.0, 0), (-5.0, 180)):
        found = update_angles(rule, net, {"3": torch.tensor([[b, 7.0]])}, x, labels)
        assert found == pytest.approx({"1": degrees, "3": 0}, abs=1e-6)
    net[1].weight.requires_grad_(False)
    assert list(update_angles(rule, net, {"3": torch.tensor([[5.0, 7.0]])}, x, labels)) == ["3"]


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 180), st.floats(0.01, 100))
def test_an_angle_is_that_of_directions_whatever_their_lengths(degrees, length):
    turned = length * torch.tensor(
        [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))], dtype=torch.float64
    )
    assert angle(torch.tensor([2.0, 0.0], dtype=torch.float64), turned) == pytest.approx(degrees, abs=1e-9)


def test_the_feedback_of_a_training_can_be_drawn_again_and_costs_the_generator_nothing():
    rule, net, generator = FeedbackAlignment(SHORT), dense(), seeded(8)
    drawn = drawn_feedback(rule, net, bars().images, generator)
    assert torch.equal(generator.get_state(), seeded(8).get_state())
    trained = rule.fit(net, bars(), generator)
    found = feedback_angles(rule, trained, drawn)
    assert found == {name: history_of(trained)[f"feedback angle, {name}"][-1] for name in ("3", "5")}


def test_with_one_hidden_layer_the_two_kinds_of_alignment_are_one_rule():
    net = randomised(mlp(9, 8, 2), seeded())
    one, other = (rule.fit(net, bars(), seeded()) for rule in RULES[:2])
    torch.testing.assert_close(one.hidden.linear.weight, other.hidden.linear.weight)


def test_there_is_no_angle_to_nothing():
    assert math.isnan(angle(torch.zeros(3), torch.ones(3)))


def test_only_the_last_layer_learns_in_the_control_and_what_was_frozen_stays_so():
    net = dense()
    net[5].bias.requires_grad_(False)
    trained = LastLayerOnly(SHORT).fit(net, bars(), seeded())
    moved = [name for name, value in net.state_dict().items() if (value != trained.state_dict()[name]).any()]
    assert moved == ["5.weight"]
    assert [p.requires_grad for p in trained.parameters()] == [True] * 5 + [False]


def test_the_means_that_batch_normalisation_keeps_follow_the_stimuli_in_the_control_too():
    layers = nn.Flatten(), nn.Linear(64, 9), nn.BatchNorm1d(9), nn.Linear(9, 2)
    net = randomised(nn.Sequential(*layers), seeded())
    trained = LastLayerOnly(SHORT).fit(net, bars(), seeded())
    moved = [name for name, value in net.state_dict().items() if (value != trained.state_dict()[name]).any()]
    kept = [f"2.{what}" for what in ("running_mean", "running_var", "num_batches_tracked")]
    assert moved == [*kept, "3.weight", "3.bias"]


def test_the_control_is_a_readout_of_random_cells():
    net = randomised(nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Sigmoid(), nn.Linear(9, 2)), seeded())
    seen = Stimuli(net[:3](bars().images).detach()[:, :, None, None], bars().conditions)
    readout = SHORT.fit(nn.Sequential(nn.Flatten(), net[3]), seen, seeded())
    torch.testing.assert_close(LastLayerOnly(SHORT).fit(net, bars(), seeded())[3].weight, readout[1].weight)


@each_rule
def test_a_model_without_a_hidden_layer_is_refused(rule):
    for one in (rule, LastLayerOnly()):
        with pytest.raises(ValueError, match="without a hidden layer; with weights it has 1"):
            one.fit(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), bars(), seeded())


@each_rule
def test_what_it_cannot_do_is_said(rule):
    s_cells = supervised(randomised(neocognitron([Stage(planes=3)]), seeded()), classes=2, size=8)
    with pytest.raises(TypeError, match=r"US1: no way back through a SLayer but its own; there are Linear"):
        rule.fit(s_cells, bars(), seeded())
    with pytest.raises(TypeError, match=r"conv1.normalised: no way back through a GainAndBias"):
        rule.fit(small_convnet(3, 8, 2, GainAndBias), bars(), seeded())
    net = dense()
    nn.init.zeros_(net[5].weight)
    with pytest.raises(ValueError, match="5 starts with weights of zero, which tell no size"):
        rule.fit(net, bars(), seeded())
    with pytest.raises(ValueError, match="was given no stimuli"):
        rule.fit(dense(), bars()[:0], seeded())
    with pytest.raises(KeyError, match="no condition 'label'"):
        rule.fit(dense(), bars().without("label"), seeded())
    for one in (rule, LastLayerOnly(SHORT)):
        with pytest.raises(ValueError, match=r"^layer '1' takes 64 inputs; it met 81; .* fit with 8 pixels"):
            one.fit(dense(), bars(size=9), seeded())
    with pytest.raises(ValueError, match="magnitude 'uniform', 'fixed' or 'batchwise'; got 'none'"):
        SignSymmetry(magnitude="none")


def test_a_chain_may_hold_one_module_twice_and_batch_normalisation():
    relu = nn.ReLU()
    layers = nn.Linear(64, 6), relu, nn.BatchNorm1d(6), nn.Linear(6, 5), relu, nn.Linear(5, 2)
    net = randomised(nn.Sequential(OrderedDict(flat=nn.Flatten(), body=nn.Sequential(*layers))), seeded())
    for rule in RULES[:2]:
        feedback = rule.feedback(net.eval(), bars().images, seeded())
        assert torch.equal(rule.answers(net, feedback, bars().images), net(bars().images))
        assert not torch.equal(rule.fit(net, bars(), seeded()).body[2].weight, net.body[2].weight)


@each_rule
def test_lenet5_as_published_can_be_trained_by_it(rule):
    stimuli = Stimuli(torch.rand(8, 1, 32, 32, generator=seeded()), {"label": np.arange(8) % 10})
    trained = rule.fit(uniform(lenet5(), seeded(), power=0.5), stimuli, seeded())
    history = history_of(trained)
    assert np.isfinite(history["training loss"]).all()
    assert {"update angle, C1.cells", "update angle, C3.cells"} <= history.keys()
