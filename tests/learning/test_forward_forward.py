"""The forward-forward rule: loss and slope on paper, what each layer may hear of, what is refused."""

import copy
import logging
import math
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.learning import ForwardForward, history_of
from neuro.learning.forward_forward import layer_losses
from neuro.models.convnet import mlp
from neuro.models.goodness import EveryLabel, Goodness, goodness_net
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

SHORT = ForwardForward(batch_size=8, epochs=2)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(n=40, size=8):
    """Two classes: a horizontal or a vertical white bar somewhere below the first row, on weak noise."""
    images = 0.1 * torch.rand(n, 1, size, size, generator=seeded(5))
    for i in range(n):
        place = 1 + (i // 2) % (size - 1)
        images[i, 0, place if i % 2 else slice(None), slice(None) if i % 2 else place] = 1
    images[:, 0, 0] = 0
    return Stimuli(images, {"label": np.arange(n) % 2})


def net(hidden=(20, 20), seed=0):
    return randomised(goodness_net(hidden, 8, 2), seeded(seed))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def alike(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def one_cell():
    """y = max(0, w x) of two pixels, both of them label."""
    cells = nn.Linear(2, 1, bias=False)
    cells.weight.data = torch.tensor([[2.0, 1.0]])
    return nn.Sequential(OrderedDict(labelled=EveryLabel(2), hidden=nn.Sequential(cells, nn.ReLU()),
                                     decision=Goodness()))  # fmt: skip


def test_the_loss_and_its_slope_are_those_on_paper():
    # Label 0 right: x = (1, 0), y = 2, g = 4; wrong: x = (0, 1), y = 1, g = 1. z = (g - 3) / 2: 1/2 and -1.
    model = one_cell()
    shown = model.labelled.written(torch.zeros(1, 1, 1, 2), torch.tensor([[0, 1]]))
    (loss,) = layer_losses([model.hidden], shown, threshold=3.0, temperature=2.0)
    assert float(loss.detach()) == pytest.approx(math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-1)))
    loss.backward()
    # dL/dw = -(1 - p) 2 y x / 2 of the right, + p 2 y x / 2 of the wrong one, p = 1 / (1 + exp(-z)).
    slope = [-2 / (1 + math.exp(0.5)), 1 / (1 + math.exp(1))]
    torch.testing.assert_close(model.hidden[0].weight.grad, torch.tensor([slope]))


def test_a_silent_cell_learns_nothing_and_theta_counts_the_cells():
    model = nn.Linear(2, 2, bias=False)
    model.weight.data = torch.tensor([[2.0, 1.0], [-1.0, -1.0]])
    layer = nn.Sequential(model, nn.ReLU())
    shown = EveryLabel(2).written(torch.zeros(1, 1, 1, 2), torch.tensor([[0, 1]]))
    (loss,) = layer_losses([layer], shown, threshold=1.5)  # theta = 3
    assert float(loss.detach()) == pytest.approx(math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2)))
    loss.backward()
    assert model.weight.grad[1].tolist() == [0, 0]


def test_one_step_of_plain_descent_goes_down_that_slope():
    rule = ForwardForward("sgd", 0.1, batch_size=1, epochs=1, momentum=0, threshold=3.0, temperature=2.0)
    trained = rule.fit(one_cell(), Stimuli(torch.zeros(1, 1, 1, 2), {"label": [0]}), seeded())
    slope = torch.tensor([[-2 / (1 + math.exp(0.5)), 1 / (1 + math.exp(1))]])
    torch.testing.assert_close(trained.hidden[0].weight.detach(), torch.tensor([[2.0, 1.0]]) - 0.1 * slope)
    assert history_of(trained)["loss, hidden"] == pytest.approx(
        [math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-1))]
    )


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_later_steps_go_on_with_momentum(momentum):
    rule = ForwardForward("sgd", 0.1, batch_size=1, epochs=3, momentum=momentum, weight_decay=0.5)
    trained = rule.fit(one_cell(), Stimuli(torch.zeros(1, 1, 1, 2), {"label": [0]}), seeded())
    w, speed = torch.tensor([2.0, 1.0]), torch.zeros(2)
    for _ in range(3):
        z = w**2 - 1  # each weight makes y, of its own label; theta = 1
        slope = torch.stack([-2 * w[0] * torch.sigmoid(-z[0]), 2 * w[1] * torch.sigmoid(z[1])]) + 0.5 * w
        speed = momentum * speed + slope
        w = w - 0.1 * speed
    torch.testing.assert_close(trained.hidden[0].weight.detach()[0], w)


def test_the_loss_told_is_the_mean_over_all_stimuli_whatever_the_batches():
    model, stimuli = net(), bars(5)
    trained = ForwardForward("sgd", 1e-9, batch_size=3, epochs=1).fit(model, stimuli, seeded())
    both = torch.stack([stimuli.labels, 1 - stimuli.labels], 1)
    losses = layer_losses([model.hidden1, model.hidden2], model.labelled.written(stimuli.images, both))
    for told, loss in zip(history_of(trained).values(), losses.tolist(), strict=True):
        assert told == pytest.approx([loss], rel=1e-4)


def test_the_loss_of_a_layer_has_no_slope_in_the_weights_of_another():
    model = net()
    layers = [model.hidden1, model.hidden2]
    shown = model.labelled.written(bars().images, torch.tensor([[0, 1]] * 40))
    for k, loss in enumerate(layer_losses(layers, shown)):
        model.zero_grad(set_to_none=False)
        loss.backward(retain_graph=True)
        for i, layer in enumerate(layers):
            slopes = [parameter.grad for parameter in layer.parameters()]
            assert all((slope is not None and slope.any()) == (i == k) for slope in slopes)


def test_a_layer_learns_the_same_whatever_stands_above_it():
    alone, below, other = (net((20,)), net((20, 20)), net((20, 5)))
    for model in (below, other):
        model.hidden1.load_state_dict(alone.hidden1.state_dict())
    trained = [SHORT.fit(model, bars(), seeded()).hidden1.state_dict() for model in (alone, below, other)]
    assert alike(trained[0], trained[1])
    assert alike(trained[0], trained[2])


def test_losses_fall_and_a_separable_problem_is_learned():
    trained = ForwardForward(learning_rate=0.01, batch_size=8, epochs=20).fit(net(), bars(), seeded())
    history = history_of(trained)
    assert list(history) == ["loss, hidden1", "loss, hidden2"]
    for course in history.values():
        assert len(course) == 20
        assert course[-1] < 0.2 * course[0]
    assert (trained(bars().images).argmax(1) == bars().labels).all()


def test_wrong_labels_are_all_the_others_and_never_the_right_one():
    class Watched(EveryLabel):
        def written(self, images, labels):
            seen.extend(map(tuple, labels.tolist()))
            return super().written(images, labels)

    seen = []
    stimuli = Stimuli(torch.rand(60, 1, 8, 8, generator=seeded()), {"label": np.arange(60) % 3})
    model = randomised(goodness_net((5,), 8, 3), seeded())
    model.labelled = Watched(3)
    ForwardForward(batch_size=60, epochs=5).fit(model, stimuli, seeded())
    pairs = [pair for pair in seen if len(pair) == 2]
    assert len(pairs) == 5 * 60
    # Each of six pairs is drawn 50 times of 300, give or take 5; a miss is not to be expected.
    assert set(pairs) == {(right, wrong) for right in range(3) for wrong in range(3) if right != wrong}
    assert all(35 < pairs.count(pair) < 65 for pair in set(pairs))


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_the_original_is_untouched_and_one_seed_gives_one_result(schedule):
    rule = ForwardForward(batch_size=8, epochs=2, schedule=schedule)
    model = net()
    before = weights(model)
    once, again, other = (weights(rule.fit(model, bars(), seeded(seed))) for seed in (0, 0, 1))
    assert alike(weights(model), before)
    assert alike(once, again)
    assert not alike(once, other)
    assert not alike(once, before)


def test_torchs_own_generator_is_neither_used_nor_moved_and_the_net_is_left_at_rest():
    model, state = net(), torch.random.get_rng_state()
    trained = SHORT.fit(model, bars(), seeded())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not trained.training


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_learns_on_the_gpu_what_it_learns_on_the_cpu():
    here, there = SHORT.fit(net(), bars(), seeded()), SHORT.fit(net().cuda(), bars(), seeded())
    for name, value in here.state_dict().items():
        assert there.state_dict()[name].is_cuda
        torch.testing.assert_close(there.state_dict()[name].cpu(), value, rtol=0, atol=1e-3)


def test_frozen_layers_stay_frozen():
    model = net()
    model.hidden1.requires_grad_(False)
    trained = SHORT.fit(model, bars(), seeded())
    assert alike(weights(trained.hidden1), weights(model.hidden1))
    assert not alike(weights(trained.hidden2), weights(model.hidden2))


def test_cells_that_fell_silent_are_reported(caplog):
    model = net((4, 3))
    model.hidden1.cells.bias.data[2] = -1e6
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        SHORT.fit(model, bars(), seeded())
    assert "hidden1: 1 of 4 planes answer nothing: 2" in caplog.messages


def test_a_loss_that_is_not_finite_is_an_error():
    with pytest.raises(FloatingPointError, match="loss is not finite in epoch 1; lower the learning rate"):
        ForwardForward("sgd", 1e30, batch_size=8, epochs=2).fit(net(), bars(), seeded())


def test_stimuli_it_cannot_learn_from_are_refused():
    with pytest.raises(KeyError, match="no condition 'label'; these stimuli have none"):
        SHORT.fit(net(), bars().without("label"), seeded())
    with pytest.raises(ValueError, match="ForwardForward was given no stimuli"):
        SHORT.fit(net(), bars()[:0], seeded())
    for labels, there in ((np.full(40, 2), "2 to 2"), (np.arange(40) % 2 - 1, "-1 to 0")):
        with pytest.raises(ValueError, match=f"the model writes labels 0 to 1; there are {there}"):
            SHORT.fit(net(), Stimuli(bars().images, {"label": labels}), seeded())
    with pytest.raises(ValueError, match=r"^layer 'hidden1.*'.* fit with 8 pixels a side"):
        SHORT.fit(net(), bars(size=9), seeded())
    ten = goodness_net((5,), size=4)
    with pytest.raises(ValueError, match="10 labels need as many pixels; the image has 9"):
        SHORT.fit(ten, Stimuli(torch.zeros(2, 1, 3, 3), {"label": [0, 1]}), seeded())


def test_a_chain_of_another_kind_is_refused_with_the_layers_it_has():
    bare, headless = copy.deepcopy(net()), copy.deepcopy(net())
    bare.hidden2 = nn.ReLU()
    del headless.decision
    for model, there in [
        (mlp(5, 8, 2), r"flat \(Flatten\), hidden \(Sequential\), decision \(Linear\)"),
        (nn.Sequential(EveryLabel(2), Goodness()), r"0 \(EveryLabel\), 1 \(Goodness\)"),
        (bare, r"hidden2 \(ReLU\), decision"),
        (headless, r"hidden2 \(Sequential\)$"),
        (nn.Sequential(), "no layers"),
    ]:
        with pytest.raises(ValueError, match=rf"EveryLabel, hidden layers with weights, .* has .*{there}"):
            SHORT.fit(model, bars(), seeded())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "newton"}, "optimizer 'adam', 'sgd', 'rmsprop'; schedule"),
        ({"schedule": "cosine"}, "schedule 'constant' or 'one-cycle'"),
        ({"epochs": 0}, "are above zero"),
        ({"batch_size": 0}, "are above zero"),
        ({"learning_rate": float("nan")}, "are above zero"),
        ({"threshold": 0.0}, "are above zero"),
        ({"temperature": float("nan")}, "are above zero"),
        ({"momentum": 1.0}, "momentum is from 0 to below 1"),
        ({"weight_decay": -0.1}, "weight_decay 0 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ForwardForward(**settings)
    assert eval(repr(SHORT)) == SHORT
