"""Gradients written out, held against autograd and against each other, in double precision."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neuro.learning.chain_rule import backward, contributions, gradients_by_hand
from neuro.models.convnet import lenet5_as_taught, small_convnet

# fmt: off
LAYERS = [
    nn.Conv2d(3, 4, 3),
    nn.Conv2d(3, 4, 3, stride=2),
    nn.Conv2d(3, 4, 3, padding=1),
    nn.Conv2d(3, 4, 3, dilation=2),
    nn.Conv2d(3, 2, (3, 2), stride=(2, 3), padding=(2, 1), dilation=(1, 2), bias=False),
    nn.MaxPool2d(2), nn.MaxPool2d(3, stride=2), nn.MaxPool2d(3, stride=1, padding=1),
    nn.AvgPool2d(2), nn.AvgPool2d(3, stride=2, padding=1),
    nn.ReLU(),
    nn.Sequential(nn.Flatten(), nn.Linear(3 * 9 * 10, 5)),
]
# fmt: on


def noise(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def by_autograd(layer, x, dy):
    x = x.clone().requires_grad_()
    parameters = dict(layer.named_parameters())
    of_x, *others = torch.autograd.grad(layer(x), [x, *parameters.values()], dy)
    return of_x, dict(zip(parameters, others, strict=True))


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("layer", LAYERS[:-1], ids=str)
def test_each_layer_passes_back_what_autograd_does(layer):
    layer = layer.double()
    x = noise(2, 3, 9, 10)
    dy = noise(*layer(x).shape, seed=1)
    (dx, own), (truth, others) = backward(layer, x, dy), by_autograd(layer, x, dy)
    assert_equal(dx, truth)
    assert own.keys() == others.keys()
    for name, value in others.items():
        assert_equal(own[name], value)


@pytest.mark.parametrize(("model", "size"), [(lenet5_as_taught, 32), (small_convnet, 16)])
def test_a_whole_net_has_the_gradients_of_autograd(model, size):
    torch.manual_seed(0)
    net = model().double()
    images = noise(3, 1, size, size).requires_grad_()
    labels = torch.tensor([1, 7, 7])
    F.cross_entropy(net(images), labels).backward()
    found = gradients_by_hand(net, images.detach(), labels)
    truth = {name: parameter.grad for name, parameter in net.named_parameters()} | {"images": images.grad}
    assert found.keys() == truth.keys()
    for name, value in truth.items():
        assert_equal(found[name], value)


def test_a_maximum_sends_everything_to_the_largest_cell_and_of_equal_ones_to_the_first():
    blocks = torch.tensor([[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 5, 5], [1, 2, 5, 5]])[None, None]
    dx, own = backward(nn.MaxPool2d(2), blocks, torch.tensor([[[[10.0, 20], [30, 40]]]]))
    assert dx[0, 0].tolist() == [[0, 0, 0, 0], [0, 10, 0, 20], [30, 0, 40, 0], [0, 0, 0, 0]]
    assert own == {}


def test_a_mean_shares_alike():
    dx, _ = backward(nn.AvgPool2d(2), torch.zeros(1, 1, 2, 4), torch.tensor([[[[4.0, 8.0]]]]))
    assert dx[0, 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_a_shared_weight_gets_the_sum_of_what_copies_of_their_own_would_get():
    layer = nn.Conv2d(2, 3, 3, stride=2, padding=1).double()
    x = noise(2, 2, 7, 7)
    dy = noise(*layer(x).shape, seed=1)
    patches = F.unfold(x, 3, stride=2, padding=1)  # (B, C k k, places)
    copies = layer.weight.detach().flatten(1)[:, :, None].repeat(1, 1, patches.shape[2]).requires_grad_()
    answers = torch.einsum("kvp,bvp->bkp", copies, patches)
    (of_copies,) = torch.autograd.grad(answers, copies, dy.flatten(2))
    assert_equal(contributions(layer, x, dy), of_copies)
    assert_equal(backward(layer, x, dy)[1]["weight"].flatten(1), of_copies.sum(2))


@pytest.mark.parametrize("layer", LAYERS[:5], ids=str)
def test_the_backward_pass_of_a_convolution_is_its_transpose(layer):
    layer = layer.double()
    x = noise(2, 3, 9, 10)
    linear = layer(x) - layer(torch.zeros_like(x))
    dy = noise(*linear.shape, seed=1)
    assert_equal((linear * dy).sum(), (x * backward(layer, x, dy)[0]).sum())


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(2, 2, 3, groups=2), nn.Tanh(), nn.MaxPool2d(2, ceil_mode=True)], ids=str
)
def test_a_layer_that_is_not_written_out_is_refused(layer):
    with pytest.raises(TypeError, match="is not written out; there are Conv2d"):
        backward(layer, noise(1, 2, 5, 5), noise(1, 2, 3, 3))


def test_images_that_do_not_fit_are_refused_with_the_layer_and_those_that_do():
    with pytest.raises(ValueError, match=r"'full1.linear' takes 400 inputs; it met 256; .* fit with 32 or"):
        gradients_by_hand(lenet5_as_taught().double(), noise(2, 1, 28, 28), torch.tensor([0, 1]))
