"""The layers of 1989 to 1998 against torch's own, and one cell at a time."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from neuro.models.feature_maps import (
    FeatureMaps,
    LocalFields,
    Mixtures,
    Retina,
    ScaledTanh,
    Subsampling,
    Triangle,
    every,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(layer, seed=0):
    """The layer in double precision with random weights and biases."""
    for number, parameter in enumerate(layer.double().parameters()):
        parameter.data = torch.randn(parameter.shape, generator=seeded(seed + number), dtype=torch.float64)
    return layer


def images(*shape):
    return torch.randn(shape, generator=seeded(99), dtype=torch.float64)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(1, 2), st.integers(0, 2))
def test_maps_that_see_all_maps_and_zero_beyond_are_torchs_convolution(inputs, maps, window, stride, padding):
    layer = drawn(FeatureMaps(inputs, every(inputs, maps), window, stride, padding, beyond=0.0))
    seen = images(2, inputs, 6, 7)
    weight = layer.weight.reshape(maps, inputs, window, window)
    expected = F.conv2d(seen, weight, layer.bias.flatten(), stride, padding)
    torch.testing.assert_close(layer(seen), expected)


def test_a_map_answers_as_a_net_of_only_the_maps_in_its_row_of_the_table():
    table = [(1,), (0, 2), (2, 1)]
    layer, seen = drawn(FeatureMaps(3, table, 3)), images(2, 3, 5, 5)
    answer, first = layer(seen), 0
    for k, row in enumerate(table):
        weight = layer.weight[first : first + len(row)][None]
        torch.testing.assert_close(answer[:, k : k + 1], F.conv2d(seen[:, row], weight) + layer.bias[k])
        first += len(row)


def test_no_gradient_and_no_change_comes_from_a_map_the_table_leaves_out():
    layer, seen = drawn(FeatureMaps(2, [(0,)], 3)), images(1, 2, 5, 5).requires_grad_()
    layer(seen).sum().backward()
    assert not seen.grad[:, 1].any()
    assert seen.grad[:, 0].any()


def test_beyond_the_image_the_cells_meet_the_constant():
    layer, seen = drawn(FeatureMaps(1, [(0,)], 3, padding=1, beyond=-1.0)), images(1, 1, 4, 4)
    framed = torch.full((1, 1, 6, 6), -1.0, dtype=torch.float64)
    framed[:, :, 1:-1, 1:-1] = seen
    torch.testing.assert_close(layer(seen), F.conv2d(framed, layer.weight[None], layer.bias.flatten()))


def test_own_biases_are_added_cell_by_cell():
    own, shared = FeatureMaps(1, every(1, 2), 3, own_biases=4), FeatureMaps(1, every(1, 2), 3)
    shared.weight = own.weight
    own.bias.data = torch.rand(2, 4, 4, generator=seeded())
    seen = torch.rand(3, 1, 6, 6, generator=seeded(1))
    torch.testing.assert_close(own(seen), shared(seen) + own.bias)


def test_local_fields_of_equal_weights_are_a_map():
    local, shared = (
        drawn(LocalFields(2, 4, 3, stride=2, padding=1)),
        drawn(FeatureMaps(2, every(2, 1), 3, 2, 1, own_biases=4)),
    )
    local.weight.data = shared.weight.reshape(1, -1).repeat(16, 1).detach()
    local.bias.data = shared.bias.flatten().detach()
    seen = images(3, 2, 8, 8)
    torch.testing.assert_close(local(seen), shared(seen))


def test_a_local_weight_belongs_to_one_cell():
    local, seen = drawn(LocalFields(1, 3, 3)), images(1, 1, 5, 5)
    before = local(seen)
    local.weight.data[3] += 1  # the first cell of the middle row
    moved = (local(seen) != before)[0, 0]
    assert moved[1, 0]
    assert moved.sum() == 1
    torch.testing.assert_close((local(seen) - before)[0, 0, 1, 0], seen[0, 0, 1:4, 0:3].sum())


def test_subsampling_is_the_sum_of_a_block_scaled_and_shifted():
    layer, seen = drawn(Subsampling(2)), images(3, 2, 4, 6)
    blocks = seen.reshape(3, 2, 2, 2, 3, 2).sum((3, 5))
    torch.testing.assert_close(layer(seen), layer.weight * blocks + layer.bias)


def test_the_scaled_tanh_passes_through_one_and_is_steepest_in_the_middle():
    f, x = ScaledTanh(), torch.tensor([-1.0, 0.0, 1.0, 100.0], requires_grad=True)
    np.testing.assert_allclose(f(x).detach(), [-1, 0, 1, 1.7159], atol=2e-5)
    f(x)[1].backward()
    assert float(x.grad[1]) == pytest.approx(1.7159 * 2 / 3)


def test_the_retina_maps_black_and_white_to_its_two_levels():
    retina = Retina(2, -0.1, 1.175)
    image = torch.tensor([[0.0, 1.0], [0.5, 0.0]]).reshape(1, 1, 2, 2)
    np.testing.assert_allclose(retina(image).flatten(), [-0.1, 1.175, 0.5375, -0.1], atol=1e-6)


@pytest.mark.parametrize(
    "layer", [FeatureMaps(5, [(0, 1), (2, 3, 4)], 3), LocalFields(2, 3, 4), Subsampling(3, 3)]
)
def test_fan_in_is_the_number_of_cells_a_cell_hears(layer):
    side = {FeatureMaps: 3, LocalFields: 6, Subsampling: 3}[type(layer)]
    maps = {FeatureMaps: 5, LocalFields: 2, Subsampling: 3}[type(layer)]
    seen = torch.rand(1, maps, side, side, generator=seeded())
    slopes = torch.autograd.functional.jacobian(layer, seen)
    heard = (slopes != 0).flatten(4).flatten(1, 3).sum(-1).flatten()
    assert sorted(set(heard.tolist())) == sorted(set(layer.fan_in().flatten().tolist()))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (Retina(16), (2, 1, 28, 28), r"takes images \(B, 1, 16, 16\); got \(2, 1, 28, 28\); resized"),
        (
            FeatureMaps(3, every(3, 2), 5),
            (1, 2, 9, 9),
            r"takes \(B, 3, 5 or more, 5 or more\); got \(1, 2, 9",
        ),
        (
            FeatureMaps(1, every(1, 2), 5, padding=1),
            (1, 1, 2, 9),
            r"3 or more, 3 or more\); got \(1, 1, 2, 9",
        ),
        (
            FeatureMaps(1, every(1, 2), 5, own_biases=4),
            (1, 1, 9, 9),
            "for 4 cells a side; the input gives 5 x 5",
        ),
        (LocalFields(1, 4, 3), (1, 1, 8, 8), r"LocalFields has 16 cells; \(1, 8, 8\) feeds 36"),
        (Subsampling(4), (1, 4, 5, 4), r"takes 4 maps with sides that 2 divides; got \(4, 5, 4\)"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_with_the_sizes_that_would(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(torch.zeros(shape))


@pytest.mark.parametrize("table", [[(0, 3)], [(1, 1)], [(-1,)]])
def test_a_table_of_maps_that_are_not_there_is_refused(table):
    with pytest.raises(ValueError, match="a table names each of the maps 0 to 2 once at most"):
        FeatureMaps(3, table, 3)


@pytest.mark.parametrize("wrong", [{"window": 0}, {"stride": 0}, {"padding": -1}])
@pytest.mark.parametrize("layer", [partial(FeatureMaps, 1, every(1, 2)), partial(LocalFields, 1, 3)])
def test_windows_and_strides_that_are_none_are_refused(layer, wrong):
    with pytest.raises(ValueError, match="window and stride are whole numbers from 1"):
        layer(**{"window": 3, **wrong})


def test_weights_start_as_those_of_torchs_own_layers():
    torch.manual_seed(0)
    layers = FeatureMaps(4, every(4, 50), 5), nn.Conv2d(4, 50, 5)
    own, torchs = (layer.weight.detach() for layer in layers)
    assert float(own.abs().max()) == pytest.approx(float(torchs.abs().max()), rel=0.01)
    assert float(own.std()) == pytest.approx(float(torchs.std()), rel=0.05)


def test_a_triangle_is_what_exceeds_the_mean_of_all_planes_at_a_place():
    u = torch.tensor([[1.0, 2.0, 6.0], [-3.0, -3.0, -3.0]])
    assert torch.equal(Triangle()(u), torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]))
    maps = images(2, 5, 3, 4)
    of_places = Triangle()(maps.permute(0, 2, 3, 1).reshape(-1, 5))
    torch.testing.assert_close(Triangle()(maps), of_places.view(2, 3, 4, 5).permute(0, 3, 1, 2))
    moved = maps + images(2, 1, 3, 4)  # by a drive common to all planes
    torch.testing.assert_close(Triangle(0.7)(maps), Triangle(0.7)(moved))
    rows = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 0.0, 4.0]])  # mean 1, sd 1; mean 1, sd sqrt 3
    expected = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3 - 3**0.5]])
    torch.testing.assert_close(Triangle(1)(rows), expected)


def test_mixtures_of_two_images_have_the_product_of_the_kernel_of_degree_one():
    layer = Mixtures(3, 4, 40_000, seeded())
    x = images(2, 3, 2, 2).float()
    z = (x - x.mean(1, keepdim=True)).flatten(1)
    v = layer(x)[:, 12:]
    angle = torch.arccos(torch.cosine_similarity(z[0], z[1], dim=0))
    kernel = (torch.sin(angle) + (torch.pi - angle) * torch.cos(angle)) / (2 * torch.pi)
    expected = z[0].norm() * z[1].norm() / 12 * kernel
    torch.testing.assert_close((v[0] * v[1]).mean(), expected, rtol=0.03, atol=0)


def test_mixtures_leave_what_is_below_as_it_is_and_do_not_see_what_all_planes_share():
    layer, x = Mixtures(3, 4, 20, seeded()), images(5, 3, 2, 2).float()
    assert torch.equal(layer(x)[:, :12], x.flatten(1))
    brighter = x + torch.arange(4.0).view(1, 1, 2, 2)
    torch.testing.assert_close(layer(brighter)[:, 12:], layer(x)[:, 12:])


def test_mixtures_follow_from_their_generator_and_have_nothing_to_be_learned():
    one, same, other = (Mixtures(2, 9, 5, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.weights, same.weights)
    assert not torch.equal(one.weights, other.weights)
    assert one.seed != other.seed
    assert not one.state_dict()


def test_mixtures_refuse_what_they_cannot_see():
    with pytest.raises(ValueError, match=r"Mixtures sees 18 cells; got \(2, 2, 2\)"):
        Mixtures(2, 9, 5, seeded())(torch.zeros(1, 2, 2, 2))
