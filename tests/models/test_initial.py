"""Random initial weights: their closed forms and their generator."""

import pytest
import torch
from torch import nn

from neuro.models.convnet import lecun_1989, lecun_1989_nips, lenet5, lenet5_as_taught, net_3
from neuro.models.initial import randomised, uniform
from neuro.models.neocognitron import FUKUSHIMA_1980, SLayer, fukushima_1980, modern_neocognitron


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("build", [fukushima_1980, lenet5_as_taught])
def test_one_generator_gives_one_net(build):
    one, same, other = (randomised(build(), seeded(seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    # Biases and inhibition are zero and the fixed weights fixed; all else differs.
    drawn = [name for name in one if name.split(".")[-1] in ("a", "weight")]
    assert drawn
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_a_random_s_plane_is_excited_by_noise_and_not_inhibited():
    layer = SLayer(3, 50, 5)
    torch.nn.init.ones_(layer.b)
    randomised(layer, seeded(), strength=7.0)
    noise = (layer.a / (7.0 * layer.c)).detach()
    assert noise.min() >= 0
    assert noise.max() <= 1
    # Of 3750 draws from [0, 1) the mean is known to 0.005, the variance 1/12 to 0.0012.
    assert float(noise.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(noise.var()) == pytest.approx(1 / 12, abs=0.005)
    assert not layer.b.any()


def test_the_weights_of_convolutions_and_dense_layers_have_variance_two_over_inputs():
    net = randomised(nn.Sequential(nn.Conv2d(4, 60, 5), nn.Linear(300, 100)), seeded())
    for layer, inputs in ((net[0], 100), (net[1], 300)):
        # Of n normal draws the variance is known to sqrt(2/n): 1.8 % of 6000, 0.8 % of 30000.
        assert float(layer.weight.detach().var()) == pytest.approx(2 / inputs, rel=0.08)
        assert float(layer.weight.detach().mean()) == pytest.approx(0, abs=0.01)
        assert not layer.bias.any()


def test_the_model_itself_is_changed_and_its_fixed_weights_are_not():
    net = fukushima_1980()
    fixed = {name: buffer.clone() for name, buffer in net.named_buffers()}
    assert randomised(net, seeded()) is net
    assert all(torch.equal(fixed[name], buffer) for name, buffer in net.named_buffers())
    assert all(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.parametrize("draw", [randomised, uniform])
def test_a_model_stays_on_its_device(draw):
    for build in (fukushima_1980, lenet5_as_taught):
        drawn = draw(build().to("meta"), seeded())
        assert {parameter.device.type for parameter in drawn.parameters()} == {"meta"}


def test_layers_without_a_bias_and_the_modern_chain_are_randomised_too():
    assert randomised(nn.Conv2d(1, 2, 3, bias=False), seeded()).bias is None
    modern = modern_neocognitron(FUKUSHIMA_1980)
    before = modern.US3.filters.weight.detach().clone()
    assert not torch.equal(randomised(modern, seeded()).US3.filters.weight, before)


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_uniform_weights_reach_as_far_as_the_inputs_of_the_cell_allow(power):
    net = uniform(lecun_1989(), seeded(), power=power)
    # Cells of H1 hear 25 pixels, of H2 8 windows of 25, of H3 all 192, of the decision all 30.
    for layer, inputs in ((net.H1, 25), (net.H2, 200), (net.H3, 192), (net.decision, 30)):
        weight, reach = layer.cells.weight.detach(), 2.4 / inputs**power
        assert 0.95 * reach < weight.abs().max() <= reach
        assert not layer.cells.bias.any()
        # The largest of n draws misses the end by about 1 / n, the s.d. is known to about 1 / sqrt(n).
        assert float(weight.std()) == pytest.approx(reach / 3**0.5, rel=0.1)


def test_a_cell_that_sees_fewer_maps_draws_larger_weights():
    weight = uniform(lecun_1989_nips(), seeded()).H3.cells.weight.detach()
    assert weight[0].abs().max() > 2.4 / 50  # the first map sees one map below, most others two
    assert weight[0].abs().max() <= 2.4 / 25
    assert weight[1:5].abs().max() <= 2.4 / 50


@pytest.mark.parametrize("build", [net_3, lenet5, lenet5_as_taught, lecun_1989_nips])
def test_every_weight_is_drawn_from_the_generator_and_no_two_generators_agree(build):
    one, same, other = (uniform(build(), seeded(seed)).state_dict() for seed in (0, 0, 1))
    drawn = [name for name in one if name.endswith("weight")]
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in drawn)
