"""Descent of the gradient: one step by hand, a problem it must solve, and what it must leave alone."""

import logging
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from neuro.learning import Backpropagation, history_of
from neuro.learning.augmentation import Jitter
from neuro.models.convnet import lenet5_as_taught, mlp, small_convnet
from neuro.models.initial import randomised
from neuro.models.neocognitron import SLayer, Stage, neocognitron, supervised
from neuro.stimuli import Stimuli

TWO = (
    Stage(planes=3, s_window=3, s_padding=1, c_window=3, c_padding=1),
    Stage(planes=4, s_window=3, s_padding=1, c_window=2, c_padding=0),
)


class Augmented:
    """Whatever is shown goes dark."""

    def __call__(self, images):
        return 0 * images


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(n=40, size=8):
    """Two classes that a line separates: a horizontal or a vertical white bar somewhere on weak noise."""
    images = 0.1 * torch.rand(n, 1, size, size, generator=seeded(5))
    for i in range(n):
        place = (i // 2) % size
        images[i, 0, place if i % 2 else slice(None), slice(None) if i % 2 else place] = 1
    return Stimuli(images, {"label": np.arange(n) % 2})


def net(seed=0):
    return randomised(small_convnet(maps=4, size=8, classes=2), seeded(seed))


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def alike(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_the_loss_falls_and_a_separable_problem_is_learned_without_error():
    trained = Backpropagation(epochs=15, batch_size=8).fit(net(), bars(), seeded())
    history = history_of(trained)
    assert history["training loss"][-1] < 0.2 * history["training loss"][0]
    assert min(history["validation error"]) == 0
    with torch.no_grad():
        assert (trained(bars().images).argmax(1) == bars().labels).all()


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_gradient_descent_with_momentum_is_the_one_computed_by_hand(weight_decay):
    # All images and labels are alike, so it does not matter which are held out.
    x = torch.rand(1, 1, 2, 2, generator=seeded())
    stimuli = Stimuli(x.repeat(8, 1, 1, 1), {"label": [1] * 8})
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    nn.init.constant_(model[1].weight, 0.3)
    nn.init.zeros_(model[1].bias)
    rule = Backpropagation("sgd", 0.1, weight_decay, batch_size=64, epochs=3)
    trained = rule.fit(model, stimuli, seeded())
    weight, bias = torch.full((3, 4), 0.3), torch.zeros(3)
    weight_speed, bias_speed = torch.zeros(3, 4), torch.zeros(3)
    for _ in range(3):
        # The cross-entropy's slope by the logits is p - y.
        error = torch.softmax(weight @ x.flatten() + bias, 0) - torch.tensor([0.0, 1.0, 0.0])
        weight_speed = 0.9 * weight_speed + error[:, None] * x.flatten() + weight_decay * weight
        bias_speed = 0.9 * bias_speed + error + weight_decay * bias
        weight, bias = weight - 0.1 * weight_speed, bias - 0.1 * bias_speed
    torch.testing.assert_close(trained[1].weight.detach(), weight)
    torch.testing.assert_close(trained[1].bias.detach(), bias)
    assert history_of(trained)["training loss"][0] == pytest.approx(np.log(3))


def test_descent_of_the_squares_is_the_one_computed_by_hand():
    x = torch.rand(1, 1, 2, 2, generator=seeded())
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Tanh())
    rule = Backpropagation("sgd", 0.1, batch_size=1, epochs=1, validation=0, momentum=0, loss="squares")
    trained = rule.fit(model, Stimuli(x.repeat(5, 1, 1, 1), {"label": [1] * 5}), seeded())
    weight, bias = model[1].weight.detach().clone(), model[1].bias.detach().clone()
    for _ in range(5):
        answer = torch.tanh(weight @ x.flatten() + bias)
        # d/da of the mean over 3 classes of (tanh a - t)^2.
        error = 2 / 3 * (answer - torch.tensor([-1.0, 1.0, -1.0])) * (1 - answer**2)
        weight, bias = weight - 0.1 * error[:, None] * x.flatten(), bias - 0.1 * error
    torch.testing.assert_close(trained[1].weight.detach(), weight)
    torch.testing.assert_close(trained[1].bias.detach(), bias)


def test_with_nothing_held_out_all_is_trained_on_and_the_last_weights_are_kept():
    images = torch.eye(16).reshape(16, 1, 4, 4)
    stimuli = Stimuli(images, {"label": np.arange(16) % 2})
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    rule = Backpropagation("sgd", 0.1, epochs=12, patience=1, validation=0)
    trained = rule.fit(model, stimuli, seeded())
    assert (trained[1].weight != model[1].weight).all()  # each image lights a pixel of its own
    history = history_of(trained)
    assert len(history["training loss"]) == history["best epoch"][0] == 12
    assert history["validation error"] == []
    assert not trained.training


def test_an_augmentation_changes_what_is_learned_from_and_not_what_is_held_out():
    dark = Augmented()
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    trained = Backpropagation(epochs=2, augmentation=dark).fit(model, bars(), seeded())
    assert torch.equal(trained[1].weight, model[1].weight)  # black images teach the biases alone
    assert not torch.equal(trained[1].bias, model[1].bias)
    plain = Backpropagation(epochs=2).fit(model, bars(), seeded())
    assert history_of(plain)["validation loss"] != history_of(trained)["validation loss"]
    with torch.no_grad():  # the two classes of bars do not have one answer, as they would if shown black
        assert trained(bars().images).std(0).min() > 0


def test_an_augmentation_draws_from_the_seed():
    rule = Backpropagation(epochs=2, augmentation=Jitter(1, 10, 1.2, 10))
    once, again, other = (weights(rule.fit(net(), bars(), seeded(seed))) for seed in (0, 0, 1))
    assert alike(once, again)
    assert not alike(once, other)


def test_the_original_is_untouched_and_one_seed_gives_one_result():
    model, rule = net(), Backpropagation(epochs=2, batch_size=8)
    before = weights(model)
    once, again, other = (weights(rule.fit(model, bars(), seeded(seed))) for seed in (0, 0, 1))
    assert alike(weights(model), before)
    assert alike(once, again)
    assert not alike(once, other)
    assert not alike(once, before)


def test_torchs_own_generator_is_neither_used_nor_moved():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 2))
    rule = Backpropagation(epochs=2)
    state = torch.random.get_rng_state()
    once = weights(rule.fit(model, bars(), seeded()))
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(3)
    assert alike(weights(rule.fit(model, bars(), seeded())), once)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_generator_of_the_gpu_is_not_moved_either():
    state = torch.cuda.get_rng_state()
    Backpropagation(epochs=1).fit(net().cuda(), bars(), seeded())
    assert torch.equal(torch.cuda.get_rng_state(), state)


def test_the_weights_of_the_best_epoch_are_kept():
    # Learning of noise with a high rate: the validation error goes up and down.
    stimuli = Stimuli(torch.rand(40, 1, 8, 8, generator=seeded(1)), {"label": np.arange(40) % 2})
    trained = Backpropagation(learning_rate=0.1, epochs=12, patience=12).fit(net(), stimuli, seeded())
    history = history_of(trained)
    scores = list(zip(history["validation error"], history["validation loss"], strict=True))
    best = int(history["best epoch"][0])
    assert scores[best - 1] == min(scores)
    assert best < len(scores)
    # The training up to that epoch, and no further, gives the same weights.
    shorter = Backpropagation(learning_rate=0.1, epochs=best).fit(net(), stimuli, seeded())
    assert alike(weights(trained), weights(shorter))
    assert not trained.training


def test_training_ends_when_patience_is_at_an_end():
    stimuli = Stimuli(torch.rand(40, 1, 8, 8, generator=seeded(1)), {"label": np.arange(40) % 2})
    trained = Backpropagation(learning_rate=0.1, epochs=40, patience=3).fit(net(), stimuli, seeded())
    history = history_of(trained)
    assert len(history["training loss"]) == history["best epoch"][0] + 3 < 40


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_one_cycle_runs_all_its_epochs(optimizer):
    rule = Backpropagation(optimizer, 0.1, epochs=12, patience=1, schedule="one-cycle")
    trained = rule.fit(net(), bars(), seeded())
    assert len(history_of(trained)["training loss"]) == 12


def test_the_share_held_out_is_never_trained_on():
    # Each image lights a pixel of its own: the weights from the pixels of held-out images stay as they were.
    images = torch.eye(16).reshape(16, 1, 4, 4)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    trained = Backpropagation(epochs=2, validation=0.25).fit(
        model, Stimuli(images, {"label": np.arange(16) % 2}), seeded()
    )
    unchanged = (trained[1].weight == model[1].weight).all(0)
    assert unchanged.sum() == 4


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_c_cells_stay_as_they_are_and_s_cells_and_the_decision_learn(schedule):
    model = supervised(randomised(neocognitron(TWO), seeded(), strength=5.0), classes=2, size=8)
    before = weights(model)
    after = weights(Backpropagation(epochs=2, batch_size=8, schedule=schedule).fit(model, bars(), seeded()))
    fixed = [name for name, _ in model.named_buffers()]
    assert {name.split(".")[1] for name in fixed} == {"c", "d"}
    assert all(torch.equal(after[name], before[name]) for name in fixed)
    assert not torch.equal(after["decision.linear.weight"], before["decision.linear.weight"])
    assert not torch.equal(after["US1.a"], before["US1.a"])


class Unconstrained(SLayer):
    """The control: S-cells whose inhibition may fall below zero."""

    def constrain(self):
        pass


@pytest.mark.parametrize(("kind", "falls_below_zero"), [(SLayer, False), (Unconstrained, True)])
def test_inhibition_never_falls_below_zero_when_the_loss_pushes_it_there(kind, falls_below_zero):
    # Every answer of the S-cells speaks for the one class there is, so the loss pushes b down.
    layer = kind(channels=1, planes=2, window=3)
    nn.init.constant_(layer.a, 0.5)
    nn.init.constant_(layer.b, 0.01)
    decision = nn.Sequential(nn.Flatten(), nn.Linear(2 * 36, 2))
    nn.init.zeros_(decision[1].bias)
    decision[1].weight.data = torch.tensor([[-0.002], [0.002]]).repeat(1, 72)
    stimuli = Stimuli(torch.full((20, 1, 8, 8), 0.3), {"label": [1] * 20})
    model = nn.Sequential(OrderedDict(US1=layer, decision=decision))
    trained = Backpropagation("sgd", 0.5, epochs=4).fit(model, stimuli, seeded())
    assert bool((trained.US1.b < 0).any()) == falls_below_zero
    assert not torch.equal(trained.US1.a, layer.a)


def test_a_blank_image_among_the_stimuli_breaks_nothing():
    stimuli = bars()
    stimuli.images[:10] = 0
    model = supervised(randomised(neocognitron(TWO), seeded(), strength=5.0), classes=2, size=8)
    trained = Backpropagation(epochs=3).fit(model, stimuli, seeded())
    assert all(value.isfinite().all() for value in weights(trained).values())


def test_a_loss_that_is_not_finite_is_an_error():
    with pytest.raises(
        FloatingPointError, match="the loss is not finite in epoch 1; lower the learning rate"
    ):
        Backpropagation("sgd", learning_rate=1e30, epochs=2, batch_size=8).fit(net(), bars(), seeded())


def test_there_is_no_supervised_learning_without_labels():
    with pytest.raises(KeyError, match="no condition 'label'; these stimuli have none"):
        Backpropagation().fit(net(), bars().without("label"), seeded())


def test_too_few_stimuli_and_nothing_to_train_are_refused():
    with pytest.raises(ValueError, match="1 stimuli leave nothing to train on once 1 are held out"):
        Backpropagation().fit(net(), bars()[:1], seeded())
    with pytest.raises(ValueError, match="the model has no parameters to train"):
        Backpropagation().fit(nn.Sequential(nn.Flatten()), bars(), seeded())


@pytest.mark.parametrize("loss", ["cross-entropy", "squares"])
def test_labels_without_an_answer_are_refused(loss):
    more = Stimuli(bars().images, {"label": np.arange(len(bars()))})
    with pytest.raises(
        ValueError, match=rf"the model tells 2 classes apart, 0 to 1; .* label {len(more) - 1}"
    ):
        Backpropagation(loss=loss).fit(net(), more, seeded())


def test_labels_below_zero_are_refused():
    with pytest.raises(ValueError, match="labels are counted from 0; there is -100"):
        Backpropagation().fit(net(), Stimuli(bars().images, {"label": np.full(len(bars()), -100)}), seeded())


def test_frozen_layers_stay_frozen():
    model = net()
    model.conv1.requires_grad_(False)
    trained = Backpropagation(epochs=1).fit(model, bars(), seeded())
    assert torch.equal(trained.conv1.filters.weight, model.conv1.filters.weight)
    assert not torch.equal(trained.conv2.filters.weight, model.conv2.filters.weight)


def test_planes_that_fell_silent_are_reported(caplog):
    model = mlp(hidden=4, size=8, classes=2)
    convolution = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    nn.init.constant_(convolution[0].weight, 1.0)
    convolution[0].bias.data = torch.tensor([0.0, 0.0, -100.0])
    model = nn.Sequential(OrderedDict(maps=convolution, flat=nn.Flatten(), decision=nn.Linear(3 * 64, 2)))
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        Backpropagation(epochs=1).fit(model, bars(), seeded())
    assert caplog.messages == ["maps: 1 of 3 planes answer nothing: 2"]


def test_lenet5_can_be_trained_by_it():
    stimuli = Stimuli(torch.rand(12, 1, 32, 32, generator=seeded()), {"label": np.arange(12) % 10})
    trained = Backpropagation(epochs=1).fit(lenet5_as_taught(), stimuli, seeded())
    assert np.isfinite(history_of(trained)["training loss"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"validation": -0.1}, "validation is the share held out, from 0 to below 1; got -0.1"),
        ({"validation": 1.0}, "validation is the share held out"),
        ({"loss": "hinge"}, "no loss 'hinge'; there are cross-entropy, squares"),
        ({"optimizer": "newton"}, "optimizer 'adam', 'sgd', 'rmsprop'; schedule"),
        ({"schedule": "cosine"}, "schedule 'constant' or 'one-cycle'"),
        ({"epochs": 0}, "must be above zero"),
        ({"patience": 0}, "must be above zero"),
        ({"batch_size": 0}, "must be above zero"),
        ({"learning_rate": 0.0}, "must be above zero"),
        ({"learning_rate": float("nan")}, "must be above zero"),
        ({"momentum": 1.0}, "momentum is from 0 to below 1"),
        ({"weight_decay": -0.1}, "weight_decay 0 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Backpropagation(**settings)
