"""From the formal neuron to the dynamic one, and where its two rules of learning end."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.models.homma import DynamicNeurons, homma_atlas_marks, matched_filters, separating_filters


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def neurons_of(weight, theta):
    layer = DynamicNeurons(weight.shape[1], weight.shape[2], weight.shape[0])
    layer.weight.data, layer.theta.data = weight, theta
    return layer


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 9))
def test_the_answer_is_the_sum_of_convolutions_over_time_less_the_threshold(inputs, delays, duration):
    weight, theta, x = random(3, inputs, delays), random(3, seed=1), random(2, 1, inputs, duration, seed=2)
    answer = neurons_of(weight, theta)(x).detach()
    for b, k in np.ndindex(2, 3):
        products = [np.convolve(x[b, 0, i], weight[k, i])[:duration] for i in range(inputs)]
        np.testing.assert_allclose(answer[b, k, 0], np.sum(products, 0) - float(theta[k]), atol=1e-5)


def test_with_one_delay_convolution_is_multiplication_and_the_neuron_the_formal_one():
    weight, theta, x = random(3, 4, 1), random(3, seed=1), random(2, 1, 4, 7, seed=2)
    formal = torch.einsum("ki,bit->bkt", weight[:, :, 0], x[:, 0]) - theta[:, None]
    torch.testing.assert_close(neurons_of(weight, theta)(x)[:, :, 0].detach(), formal)


def test_the_answer_now_knows_nothing_of_the_future():
    layer, x = neurons_of(random(3, 4, 5), random(3)), random(1, 1, 4, 9)
    later = x.clone()
    later[..., 6:] += 1
    assert torch.equal(layer(x)[..., :6], layer(later)[..., :6])
    assert not torch.equal(layer(x)[..., 6:], layer(later)[..., 6:])


def test_a_pattern_that_comes_later_is_answered_later_and_as_strongly():
    layer, pattern = neurons_of(random(2, 3, 4), torch.zeros(2)), random(1, 1, 3, 4)
    early, late = torch.zeros(1, 1, 3, 20), torch.zeros(1, 1, 3, 20)
    early[..., 2:6], late[..., 9:13] = pattern, pattern
    torch.testing.assert_close(layer(late)[..., 7:], layer(early)[..., :13])


def test_a_matched_filter_answers_its_own_pattern_by_one_as_it_ends_and_less_at_any_other_moment():
    patterns = random(6, 3, 5)
    patterns = patterns / patterns.square().sum((1, 2), keepdim=True).sqrt()  # all of one energy
    answer = neurons_of(matched_filters(patterns), torch.zeros(6))(patterns[:, None]).detach()[:, :, 0]
    own = answer[range(6), range(6)]
    np.testing.assert_allclose(own[:, -1], 1, atol=1e-6)
    # Schwarz: no other moment, and no other pattern of this energy, is answered more.
    assert (answer <= 1 + 1e-6).all()


def test_separating_filters_answer_their_own_pattern_by_one_and_the_others_by_nothing():
    patterns = random(6, 3, 5)
    answer = neurons_of(separating_filters(patterns), torch.zeros(6))(patterns[:, None]).detach()[:, :, 0]
    np.testing.assert_allclose(answer[..., -1], np.eye(6), atol=1e-5)


def test_the_delta_rule_from_zero_weights_ends_at_the_separating_filters():
    patterns = random(4, 2, 5)
    layer = neurons_of(torch.zeros(4, 2, 5), torch.zeros(4))
    for _ in range(2000):
        # dw_ki(tau) = rate (target_k - y_k(t)) x_i(t - tau), t the moment at which a pattern ends
        off = torch.eye(4) - layer(patterns[:, None]).detach()[:, :, 0, -1]
        layer.weight.data += 0.05 * torch.einsum("bk,bit->kit", off, patterns.flip(2))
    torch.testing.assert_close(layer.weight.data, separating_filters(patterns), atol=1e-4, rtol=0)


def test_the_net_gives_the_largest_answer_of_each_neuron_at_any_moment():
    weight, x = random(3, 4, 5), random(2, 1, 4, 9)
    net = homma_atlas_marks(weight)
    torch.testing.assert_close(net(x), net.neurons(2 * x - 1).amax((2, 3)))
    assert not net(torch.full((1, 1, 4, 9), 0.5)).any()  # silence


def test_input_that_does_not_fit_and_silent_patterns_are_refused():
    with pytest.raises(ValueError, match=r"DynamicNeurons takes \(B, 1, 4, T\); got \(2, 1, 3, 9\)"):
        DynamicNeurons(4, 2, 3)(torch.zeros(2, 1, 3, 9))
    for rule in (matched_filters, separating_filters):
        with pytest.raises(ValueError, match=r"none of them silent; got \(2, 3, 4\)"):
            rule(torch.zeros(2, 3, 4))
        with pytest.raises(ValueError, match=r"patterns are \(K, inputs, T\), .*; got \(3, 4\)"):
            rule(torch.ones(3, 4))
    with pytest.raises(ValueError, match=r"transfer functions are \(neurons, inputs, delays\); got \(3, 4\)"):
        homma_atlas_marks(torch.ones(3, 4))
