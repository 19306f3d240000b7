"""One learner for every local rule: who is trained, in which order, at what rate, and what is told of it."""

import logging
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from neuro.learning import LayerByLayer, Oja, Patches, PlainHebb, history_of
from neuro.models.convnet import dense_features, feature_chain
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

RAW = Patches("raw", places=None)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=12, size=6):
    return Stimuli(0.1 + 0.9 * torch.rand(n, 1, size, size, generator=seeded(8)))


def dense(units=3, inputs=36):
    return randomised(dense_features(units, inputs), seeded(1))


def one(weights, inputs, outputs):
    """Every weight grows by the learning rate."""
    return torch.ones_like(weights)


@dataclass(frozen=True)
class FirstUnitOnly:
    """Nothing but the first unit ever learns."""

    def update(self, weights, inputs, outputs):
        return torch.eye(len(weights))[:, :1].expand_as(weights)


@dataclass(frozen=True)
class Stepwise:
    """Counts its steps, from one in every layer; holds weights below 2.5; hands over twice of them."""

    def begin(self, weights, generator):
        steps = []

        def update(weights, inputs, outputs):
            steps.append(1)
            return torch.full_like(weights, len(steps)) - weights

        return update

    def constrained(self, weights):
        return weights.clamp(max=2.5)

    def finished(self, weights):
        return 2 * weights


def test_the_rule_is_given_weights_inputs_and_their_weighted_sums():
    seen = []

    def watch(weights, inputs, outputs):
        seen.append((weights.clone(), inputs, outputs))
        return torch.zeros_like(weights)

    model = dense()
    LayerByLayer(watch, batch_size=5, patches=RAW).fit(model, noise(), seeded())
    assert [len(inputs) for _, inputs, _ in seen] == [5, 5, 2]
    order = torch.randperm(12, generator=seeded())
    assert torch.equal(torch.cat([inputs for _, inputs, _ in seen]), noise().images.flatten(1)[order])
    for weights, inputs, outputs in seen:
        assert torch.equal(weights, model.dense1.linear.weight)
        torch.testing.assert_close(outputs, inputs @ weights.T)


def test_batches_of_one_image_are_the_online_rule_one_presentation_after_the_other():
    rule = LayerByLayer(Oja(), 0.05, batch_size=1, patches=RAW, decay="constant")
    model = dense()
    weights = model.dense1.linear.weight.detach().clone()
    for image in torch.randperm(12, generator=seeded()).tolist():
        x = noise().images[image].flatten()
        for unit in weights:
            y = float(unit @ x)
            unit += 0.05 * y * (x - y * unit)
    torch.testing.assert_close(rule.fit(model, noise(), seeded()).dense1.linear.weight.data, weights)


def test_a_convolution_of_one_window_learns_what_a_dense_layer_learns():
    convolution = nn.Sequential(OrderedDict(conv1=nn.Conv2d(1, 3, 6)))
    convolution.conv1.weight.data = dense().dense1.linear.weight.data.view(3, 1, 6, 6).clone()
    rule = LayerByLayer(Oja(), 0.1, epochs=2, batch_size=4, patches=Patches(places=None))
    by_window = rule.fit(convolution, noise(), seeded()).conv1.weight.flatten(1)
    torch.testing.assert_close(by_window, rule.fit(dense(), noise(), seeded()).dense1.linear.weight)


def test_each_layer_learns_from_the_finished_layers_below_it():
    model, rule = (
        randomised(feature_chain((3, 4), window=3), seeded(1)),
        LayerByLayer(Oja(), 0.5, patches=RAW),
    )
    both = rule.fit(model, noise(size=14), seeded())
    generator = seeded()
    first = LayerByLayer(Oja(), 0.5, patches=RAW, layers=("conv1.filters",)).fit(
        model, noise(size=14), generator
    )
    then = LayerByLayer(Oja(), 0.5, patches=RAW, layers=("conv2.filters",)).fit(
        first, noise(size=14), generator
    )
    assert torch.equal(first.conv2.filters.weight, model.conv2.filters.weight)
    assert torch.equal(first.conv1.filters.weight, both.conv1.filters.weight)
    assert torch.equal(then.conv2.filters.weight, both.conv2.filters.weight)
    assert not torch.equal(both.conv2.filters.weight, model.conv2.filters.weight)


@pytest.mark.parametrize(
    ("decay", "total"), [("constant", 6.0), ("linear", 1 + 5 / 6 + 4 / 6 + 3 / 6 + 2 / 6 + 1 / 6)]
)
def test_the_learning_rate_stays_or_falls_in_equal_steps_to_zero(decay, total):
    rule = LayerByLayer(one, 0.1, epochs=2, batch_size=4, patches=RAW, decay=decay)
    moved = rule.fit(dense(), noise(), seeded()).dense1.linear.weight - dense().dense1.linear.weight
    torch.testing.assert_close(moved, torch.full_like(moved, 0.1 * total))


def test_the_largest_step_is_the_learning_rate_if_so_wished():
    model = dense()
    rule = LayerByLayer(PlainHebb(), 0.1, patches=RAW, step="largest")
    moved = rule.fit(model, noise(), seeded()).dense1.linear.weight - model.dense1.linear.weight
    assert float(moved.detach().abs().max()) == pytest.approx(0.1)
    inputs = noise().images.flatten(1)
    change = (inputs @ model.dense1.linear.weight.T).T @ inputs
    torch.testing.assert_close(moved, 0.1 * change / change.abs().max())


def test_a_rule_may_have_a_memory_a_constraint_and_a_last_word():
    rule = LayerByLayer(Stepwise(), 1.0, batch_size=4, patches=RAW, decay="constant")
    trained = rule.fit(randomised(feature_chain((2, 2), window=3), seeded()), noise(size=14), seeded())
    for layer in (
        trained.conv1.filters,
        trained.conv2.filters,
    ):  # three batches each: 1, 2, then 3 held at 2.5
        torch.testing.assert_close(layer.weight, torch.full_like(layer.weight, 5.0))


@dataclass(frozen=True)
class EachItsRate:
    """All weights grow, of the first unit by half of the learning rate, of the second by a quarter."""

    def update(self, weights, inputs, outputs):
        return torch.full_like(weights, 7.0)

    def rates(self, weights):
        return torch.tensor([[0.5], [0.25]])


def test_units_may_have_rates_of_their_own_beside_a_step_of_the_learning_rate():
    rule = LayerByLayer(EachItsRate(), 0.1, patches=RAW, step="largest")
    moved = rule.fit(dense(2), noise(), seeded()).dense1.linear.weight - dense(2).dense1.linear.weight
    torch.testing.assert_close(moved, torch.tensor([[0.05], [0.025]]).expand(2, 36))


def test_weights_that_are_given_centred_patches_sum_to_zero_whatever_the_rule():
    sums = []

    def watch(weights, inputs, outputs):
        sums.append(weights.sum(1))
        return torch.ones_like(weights)

    model = randomised(feature_chain((5,), window=3), seeded())
    trained = LayerByLayer(watch, 0.1).fit(model, noise(), seeded())
    for found in (sums[0], trained.conv1.filters.weight.sum((1, 2, 3))):
        torch.testing.assert_close(found, torch.zeros(5), atol=1e-6, rtol=0)


def test_units_may_start_as_patches():
    rule = LayerByLayer(FirstUnitOnly(), 1e-9, patches=RAW, start="patches")
    trained = rule.fit(dense(), noise(), seeded())
    distance = torch.cdist(trained.dense1.linear.weight, noise().images.flatten(1))
    assert (distance.amin(1) < 1e-3).all()
    assert len(distance.argmin(1).unique()) == 3


def test_biases_are_zero_the_original_is_untouched_and_one_seed_gives_one_result():
    model = feature_chain((4,), window=3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    results = [LayerByLayer(Oja()).fit(model, noise(), seeded(seed)).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert (before["conv1.filters.bias"] != 0).all()
    assert (results[0]["conv1.filters.bias"] == 0).all()
    assert all(torch.equal(results[0][name], results[1][name]) for name in before)
    assert not torch.equal(results[0]["conv1.filters.weight"], results[2]["conv1.filters.weight"])


def test_the_history_tells_how_far_the_weights_went_and_who_moved(caplog):
    model = dense(units=4)
    rule = LayerByLayer(FirstUnitOnly(), 0.5, epochs=2, patches=RAW, decay="constant")
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        trained = rule.fit(model, noise(), seeded())
    assert "dense1.linear: 3 of 4 planes never changed: 1, 2, 3" in caplog.messages
    first, last = (net.dense1.linear.weight.detach() for net in (model, trained))
    half = first.clone()
    half[0] += 0.5  # in each of the two epochs all 36 weights of one unit grow by a half: a length of 3
    history = {name.removeprefix("dense1.linear "): value for name, value in history_of(trained).items()}
    assert history["change"] == pytest.approx([3 / float(first.norm()), 3 / float(half.norm())])
    assert history["distance"] == pytest.approx([3 / float(first.norm()), 6 / float(first.norm())])
    assert history["changed"] == [0.25, 0.25]
    assert history["lengths"] == pytest.approx(last.norm(dim=1).tolist())
    assert history["length"] == pytest.approx(
        [float(half.norm(dim=1).mean()), float(last.norm(dim=1).mean())]
    )
    best = (noise().images.flatten(1) @ half.T).argmax(1)  # the second epoch is one batch, answered by `half`
    assert history["wins"] == pytest.approx((torch.bincount(best, minlength=4) / 12).tolist())
    assert history["patches"] == [12]


@pytest.mark.parametrize(
    ("model", "layer"),
    [(dense_features(3, 36), "dense1.linear"), (feature_chain((3,), window=3), "conv1.filters")],
)
def test_units_that_never_answer_above_zero_are_reported(model, layer, caplog):
    def all_but_the_second_fall(weights, inputs, outputs):
        return torch.tensor([[-10.0], [10.0], [-10.0]]).expand_as(weights)

    with caplog.at_level(logging.WARNING, "neuro.learning"):
        LayerByLayer(all_but_the_second_fall, 1.0, patches=RAW).fit(model, noise(), seeded())
    assert caplog.messages == [f"{layer}: 2 of 3 planes never answer above zero: 0, 2"]


def test_images_that_do_not_fit_are_refused_by_the_name_of_the_layer():
    with pytest.raises(ValueError, match=r"layer 'dense1\.linear' takes 36 inputs; it met 30"):
        LayerByLayer(Oja()).fit(dense(), Stimuli(torch.rand(4, 1, 6, 5)), seeded())


def test_a_rule_that_diverges_is_named_with_its_layer():
    with pytest.raises(
        FloatingPointError, match=r"PlainHebb in dense1\.linear diverges in epoch \d+; lower the"
    ):
        LayerByLayer(PlainHebb(), 1e6, epochs=20, patches=RAW).fit(dense(), noise(), seeded())


def test_weights_whose_length_overflows_diverge_though_each_is_finite():
    def enormous(weights, inputs, outputs):
        return torch.full_like(weights, 1e25)

    with pytest.raises(FloatingPointError, match=r"enormous in dense1\.linear diverges in epoch 1"):
        LayerByLayer(enormous, 1.0, patches=RAW).fit(dense(), noise(), seeded())


def test_blank_stimuli_labels_nothing_and_unknown_layers_are_refused():
    blank = Stimuli(torch.full((3, 1, 6, 6), 0.5))
    with pytest.raises(ValueError, match=r"nothing to learn for one in dense1\.linear: its input is blank"):
        LayerByLayer(one).fit(dense(), blank, seeded())
    with pytest.raises(ValueError, match="Oja learns without a teacher"):
        LayerByLayer(Oja()).fit(dense(), Stimuli(blank.images, {"label": np.arange(3)}), seeded())
    with pytest.raises(ValueError, match="Oja was given no stimuli"):
        LayerByLayer(Oja()).fit(dense(), noise()[:0], seeded())
    with pytest.raises(ValueError, match=r"no plastic layer conv9; this model has dense1\.linear"):
        LayerByLayer(Oja(), layers=("conv9",)).fit(dense(), noise(), seeded())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, "must be above zero"),
        ({"epochs": 0}, "must be above zero"),
        ({"batch_size": 0}, "must be above zero"),
        ({"decay": "cosine"}, "expected one of linear, constant; got 'cosine'"),
        ({"step": "sum"}, "expected one of mean, largest"),
        ({"start": "zero"}, "expected one of given, patches"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        LayerByLayer(Oja(), **settings)


def test_the_repr_records_the_rule_and_what_it_is_given():
    assert "Oja()" in repr(LayerByLayer(Oja()))
    assert "contrast-normalised" in repr(LayerByLayer(Oja()))
