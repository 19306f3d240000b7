"""The published sizes, counted."""

import pytest
import torch
from torch import nn

from neuro.models.convnet import (
    GainAndBias,
    dense_features,
    equal_mlp,
    feature_chain,
    layer_sizes,
    lenet5_as_taught,
    mlp,
    parameter_count,
    small_convnet,
    triangle_chain,
    wiring,
)

LENET5 = [
    ("conv1", (6, 28, 28), 156),  # 6 (25 + 1)
    ("pool1", (6, 14, 14), 0),
    ("conv2", (16, 10, 10), 2416),  # 16 (6 x 25 + 1)
    ("pool2", (16, 5, 5), 0),
    ("flat", (400,), 0),
    ("full1", (120,), 48120),  # 120 (400 + 1)
    ("full2", (84,), 10164),  # 84 (120 + 1)
    ("decision", (10,), 850),  # 10 (84 + 1)
]


def test_lenet5_as_taught_has_61706_parameters():
    assert parameter_count(lenet5_as_taught()) == 61_706


def test_lenet5_as_taught_has_the_layers_of_the_lecture():
    assert layer_sizes(lenet5_as_taught(), torch.zeros(1, 1, 32, 32)) == LENET5


def test_lenet5_answers_a_number_for_each_class():
    assert lenet5_as_taught(classes=4)(torch.zeros(3, 1, 32, 32)).shape == (3, 4)


def test_rectified_layers_are_never_negative_and_the_decision_is_not_rectified():
    torch.manual_seed(0)
    net = lenet5_as_taught()
    answer = torch.rand(8, 1, 32, 32)
    for name, layer in net.named_children():
        answer = layer(answer)
        assert (answer >= 0).all() or name == "decision"
    assert (answer < 0).any()


@pytest.mark.parametrize(("maps", "size"), [(8, 16), (3, 28)])
def test_a_small_convnet_has_two_stages_and_a_decision(maps, size):
    rows = layer_sizes(small_convnet(maps, size), torch.zeros(1, 1, size, size))
    assert rows == [
        ("conv1", (maps, size, size), 26 * maps),
        ("pool1", (maps, size // 2, size // 2), 0),
        ("conv2", (2 * maps, size // 2, size // 2), 2 * maps * (25 * maps + 1)),
        ("pool2", (2 * maps, size // 4, size // 4), 0),
        ("flat", (2 * maps * (size // 4) ** 2,), 0),
        ("decision", (10,), 10 * (2 * maps * (size // 4) ** 2 + 1)),
    ]


def test_a_field_that_the_pools_leave_no_cell_of_is_refused():
    with pytest.raises(ValueError, match="need 4 pixels a side or more; got 3"):
        small_convnet(8, 3)


def test_sizes_of_an_image_that_does_not_fit_are_refused_with_the_layer_and_the_images_that_do():
    for sizes in (layer_sizes, wiring):
        with pytest.raises(ValueError, match=r"'full1.linear' takes 400 inputs; it met 256; .* fit with 32"):
            sizes(lenet5_as_taught(), torch.zeros(1, 1, 28, 28))


def test_an_mlp_sees_every_pixel_from_every_hidden_unit():
    net = mlp(hidden=30, size=16)
    assert parameter_count(net) == 30 * (256 + 1) + 10 * (30 + 1)
    assert net(torch.zeros(2, 1, 16, 16)).shape == (2, 10)


def test_frozen_parameters_are_not_counted():
    net = mlp(hidden=2, size=2)
    net.hidden.requires_grad_(False)
    assert parameter_count(net) == 10 * 3


def test_an_equal_mlp_has_the_parameters_of_the_convnet_within_half_a_unit():
    convnet = small_convnet(8, 16)
    difference = parameter_count(equal_mlp(convnet)) - parameter_count(convnet)
    assert abs(difference) <= (16 * 16 + 1 + 10) / 2


@pytest.mark.parametrize("normalisation", [nn.BatchNorm2d, GainAndBias])
def test_a_gain_and_a_bias_for_each_map_come_with_normalisation(normalisation):
    plain, normalised = small_convnet(4, 8), small_convnet(4, 8, normalisation=normalisation)
    assert parameter_count(normalised) == parameter_count(plain) + 2 * (4 + 8)
    assert layer_sizes(normalised, torch.zeros(1, 1, 8, 8))[0] == ("conv1", (4, 8, 8), 26 * 4 + 2 * 4)


def test_normalised_maps_have_mean_0_and_variance_1_over_a_batch_before_they_are_rectified():
    net = small_convnet(4, 8, normalisation=nn.BatchNorm2d).train()
    answer = net.conv1[:2](5 * torch.rand(20, 1, 8, 8))
    torch.testing.assert_close(answer.mean((0, 2, 3)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(answer.var((0, 2, 3), correction=0), torch.ones(4), atol=1e-3, rtol=0)
    assert net.conv1(torch.rand(2, 1, 8, 8)).min() == 0


def test_gains_and_biases_change_nothing_at_first_and_then_each_map_alone():
    net = small_convnet(4, 8, normalisation=GainAndBias)
    bare = small_convnet(4, 8)
    bare.load_state_dict(net.state_dict(), strict=False)
    images = torch.rand(3, 1, 8, 8)
    assert torch.equal(net(images), bare(images))
    layer = GainAndBias(2)
    layer.gain.data[1], layer.bias.data[0] = 3.0, -1.0
    u = torch.rand(2, 2, 3, 3)
    assert torch.equal(layer(u), torch.stack([u[:, 0] - 1, 3 * u[:, 1]], 1))


def test_a_chain_of_features_has_a_stage_for_each_number_of_planes_and_no_decision():
    assert layer_sizes(feature_chain((48, 96)), torch.zeros(1, 1, 28, 28)) == [
        ("conv1", (48, 24, 24), 48 * 26),
        ("pool1", (48, 12, 12), 0),
        ("conv2", (96, 8, 8), 96 * (48 * 25 + 1)),
        ("pool2", (96, 4, 4), 0),
    ]
    one = layer_sizes(feature_chain((6,), window=3, pool=4, channels=3, padding=1), torch.zeros(1, 3, 8, 8))
    assert one == [("conv1", (6, 8, 8), 6 * 28), ("pool1", (6, 2, 2), 0)]


def test_a_triangle_chain_ends_with_nine_overlapping_means_of_each_plane():
    assert layer_sizes(triangle_chain((48, 96)), torch.zeros(1, 1, 28, 28)) == [
        ("conv1", (48, 24, 24), 48 * 26),
        ("pool1", (48, 12, 12), 0),
        ("conv2", (96, 8, 8), 96 * (48 * 25 + 1)),
        ("pool2", (96, 3, 3), 0),
    ]
    net = triangle_chain((2, 3), sds=0.5)
    assert isinstance(net.pool1, nn.MaxPool2d)
    assert isinstance(net.pool2, nn.AvgPool2d)
    assert [net.conv1.triangle.sds, net.conv2.triangle.sds] == [0.5, 0.5]


def test_dense_features_see_the_whole_image_and_are_rectified():
    net = dense_features(7, 64)
    assert [row[0] for row in layer_sizes(net, torch.zeros(1, 1, 8, 8))] == ["flat", "dense1"]
    assert net(torch.zeros(2, 1, 8, 8)).shape == (2, 7)
    assert (net(torch.rand(9, 1, 8, 8)) >= 0).all()
    assert parameter_count(net) == 7 * 65
