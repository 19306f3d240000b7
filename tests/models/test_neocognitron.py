"""S- and C-layers against one cell at a time, and the theorems about a plane that has learned one pattern."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from neuro.learning.winner_take_all import reinforce
from neuro.models.convnet import layer_sizes, parameter_count
from neuro.models.initial import randomised
from neuro.models.neocognitron import (
    FUKUSHIMA_1980,
    CLayer,
    MaxLayer,
    SLayer,
    Stage,
    fukushima_1980,
    modern_neocognitron,
    neocognitron,
    supervised,
    weak_orientation_preference,
)

SMALL = (Stage(planes=3, s_window=3, s_padding=1, c_window=3, c_padding=1),)


def random_tensor(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def trained_once(pattern, q, r=1.5):
    """A plane without initial weights that was reinforced once by a pattern as large as its window."""
    channels, window = pattern.shape[0], pattern.shape[-1]
    layer = SLayer(channels, 1, window, r=r).double()
    with torch.no_grad():
        reinforce(layer, pattern[None], torch.tensor([0]), torch.tensor([0]), q)
    return layer


def at_cosine(s, c, seed=0):
    """Two patterns with this c-weighted cosine: a random one, and a mixture of it with an orthogonal one."""
    x, z = random_tensor(*c.shape[1:], seed=seed), random_tensor(*c.shape[1:], seed=seed + 1)
    norm = lambda u: (c[0] * u * u).sum().sqrt()  # noqa: E731
    z = z - (c[0] * x * z).sum() / norm(x) ** 2 * x
    return x, s * x / norm(x) + math.sqrt(1 - s**2) * z / norm(z)


# One cell at a time.


@pytest.mark.parametrize(("padding", "r"), [(0, 1.5), (1, 4.0), (2, 0.7)])
def test_an_s_layer_computes_its_cells_one_at_a_time(padding, r):
    layer = SLayer(channels=2, planes=3, window=3, padding=padding, r=r, gamma=0.6).double()
    layer.a.data, layer.b.data = a, b = random_tensor(3, 2, 3, 3), random_tensor(3, seed=1)
    u_c = random_tensor(1, 2, 6, 5, seed=2)
    height, width = 6 + 2 * padding - 2, 5 + 2 * padding - 2
    expected = np.zeros((1, 3, height, width))
    # c(v) = gamma^|v|, normalised over places and planes (eq. 9)
    c = {(i, j): 0.6 ** math.hypot(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    total = 2 * sum(c.values())
    for k, row, column in np.ndindex(3, height, width):
        excitation = square = 0.0
        for k_before in range(2):
            for (i, j), fall_off in c.items():
                y, x = row + 1 - padding + i, column + 1 - padding + j
                u = float(u_c[0, k_before, y, x]) if 0 <= y < 6 and 0 <= x < 5 else 0.0
                excitation += float(a[k, k_before, i + 1, j + 1]) * u
                square += fall_off / total * u**2
        inhibition = 2 * r / (1 + r) * float(b[k]) * math.sqrt(square)
        expected[0, k, row, column] = r * max(0.0, (1 + excitation) / (1 + inhibition) - 1)
    assert (expected > 0).any()
    np.testing.assert_allclose(layer(u_c).detach(), expected, rtol=1e-6, atol=1e-7)  # c is single precision


@pytest.mark.parametrize(("window", "padding", "step"), [(3, 1, 1), (3, 2, 2), (2, 0, 1)])
def test_a_c_layer_computes_its_cells_one_at_a_time(window, padding, step):
    layer = CLayer(3, window, padding, step, delta=0.7, d_scale=1.3, alpha=0.4).double()
    u_s = random_tensor(1, 3, 5, 6)
    rows, columns = ((n + 2 * padding - window) // step + 1 for n in (5, 6))
    expected = np.zeros((1, 3, rows, columns))
    middle = (window - 1) / 2
    for row, column in np.ndindex(rows, columns):
        pooled = np.zeros(3)
        for k, i, j in np.ndindex(3, window, window):
            y, x = row * step - padding + i, column * step - padding + j
            if 0 <= y < 5 and 0 <= x < 6:
                pooled[k] += 1.3 * 0.7 ** math.hypot(i - middle, j - middle) * float(u_s[0, k, y, x])
        v_s = pooled.mean()
        drive = np.maximum((1 + pooled) / (1 + v_s) - 1, 0)
        expected[0, :, row, column] = drive / (0.4 + drive)
    assert layer(u_s).shape == expected.shape
    np.testing.assert_allclose(layer(u_s), expected, rtol=1e-6, atol=1e-7)


def test_a_c_cell_is_driven_only_by_more_than_the_mean_of_its_neighbours():
    layer = CLayer(2, 1, 0, 1, alpha=0.5)
    answer = layer(torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1)).flatten()
    # v_S = 2; the second cell: 4/3 - 1 = 1/3, and 1/3 / (1/2 + 1/3) = 0.4.
    assert answer.tolist() == pytest.approx([0, 0.4])


@pytest.mark.parametrize("gamma", [0.3, 1.0])
@pytest.mark.parametrize("channels", [1, 24])
def test_the_weights_of_a_v_cell_sum_to_one_over_places_and_planes(gamma, channels):
    layer = SLayer(channels, 2, 5, gamma=gamma)
    assert float(layer.c.sum()) == pytest.approx(1, abs=1e-6)
    assert layer.inhibition(torch.full((1, channels, 5, 5), 3.0)).item() == pytest.approx(3, abs=1e-5)


def test_a_maximum_layer_is_max_pooling_where_that_allows_the_padding():
    u_s = random_tensor(2, 3, 8, 7)
    for window, padding, step in ((2, 0, 2), (3, 1, 1), (5, 2, 2)):
        assert torch.equal(MaxLayer(window, padding, step)(u_s), F.max_pool2d(u_s, window, step, padding))


def test_a_maximum_layer_takes_every_second_place_whose_window_touches_the_plane():
    u_s = torch.zeros(1, 1, 16, 16)
    u_s[0, 0, 0, 0] = 1
    answer = MaxLayer(5, 4, 2)(u_s)[0, 0]
    assert answer.shape == (10, 10)
    assert answer.nonzero().tolist() == [[i, j] for i in range(3) for j in range(3)]


# A plane that was reinforced once.


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.3, 9),
    st.floats(0.01, 1e4),
    st.floats(0.01, 10),
    st.floats(-0.9, 0.99),
    st.integers(0, 1000),
)
def test_an_s_cell_fires_if_and_only_if_the_weighted_cosine_is_above_r_over_1_plus_r(r, q, size, s, seed):
    theta = r / (1 + r)
    c = SLayer(2, 1, 3).double().c
    for cosine, fires in ((theta + 1e-9, True), (theta - 1e-9, False), (s, s > theta)):
        x, y = at_cosine(cosine, c, seed)
        assert bool(trained_once(x, q, r)(size * y[None]) > 0) == fires


@pytest.mark.parametrize(("r", "threshold"), [(4.0, 0.8), (1.5, 0.6), (1.0, 0.5)])
def test_the_published_selectivities_are_these_thresholds(r, threshold):
    c = SLayer(2, 1, 3).double().c
    for step in np.linspace(-0.05, 0.05, 10):
        x, y = at_cosine(threshold + step, c)
        assert bool(trained_once(x, 16.0, r)(y[None]) > 0) == (step > 0)


@given(st.floats(-1, 1), st.floats(0.3, 9))
@settings(max_examples=30, deadline=None)
def test_a_much_reinforced_cell_answers_the_cosine_above_threshold_in_parts_of_what_is_left(s, r):
    theta = r / (1 + r)
    x, y = at_cosine(s, SLayer(2, 1, 3).double().c)
    answer = trained_once(x, 1e9, r)(y[None]).item()
    assert answer == pytest.approx(max(0.0, (s - theta) / (1 - theta)), abs=1e-6)


@pytest.mark.parametrize("r", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("q", [1.0, 16.0, 1e5])
def test_the_notation_of_1980_and_the_later_one_are_one_network(r, q):
    x, y = random_tensor(2, 3, 3), random_tensor(1, 2, 9, 9, seed=1)
    layer = trained_once(x, q, r)
    c = layer.c
    # Later: r/(1+r) b v, with b reinforced by q v.
    b = q * (c[0] * x**2).sum().sqrt()
    v = F.conv2d(y**2, c).sqrt()
    later = r * F.relu((1 + F.conv2d(y, q * c * x)) / (1 + r / (1 + r) * b * v) - 1)
    torch.testing.assert_close(layer(y).detach(), later)


def test_a_plane_that_averages_two_orthogonal_patterns_is_silenced_by_its_own_inhibition():
    # The best cosine left is |X1 + X2| / (|X1| + |X2|) = 1/sqrt(2), below the threshold 0.8 of r = 4.
    layer = SLayer(1, 1, 2, r=4.0, gamma=1.0).double()
    patterns = torch.tensor([[1.0, 0], [0, 0]]), torch.tensor([[0.0, 0], [0, 1]])
    both = sum(patterns).double()[None, None]
    with torch.no_grad():
        for pattern in patterns:
            reinforce(layer, pattern.double()[None, None], torch.tensor([0]), torch.tensor([0]), 16.0)
        assert layer(both).item() == 0
        layer.r = 1.5  # threshold 0.6
        assert layer(both).item() > 0


# Gradients.


@pytest.mark.parametrize("build", [fukushima_1980, lambda: neocognitron(SMALL)])
def test_a_blank_image_is_answered_by_zero_and_its_gradients_are_finite(build):
    net = supervised(randomised(build(), torch.Generator().manual_seed(0)), classes=3, size=16)
    torch.nn.init.normal_(net.decision.linear.weight, generator=torch.Generator().manual_seed(0))
    for layer in net:
        if isinstance(layer, SLayer):
            torch.nn.init.ones_(layer.b)
    image = torch.zeros(2, 1, 16, 16, requires_grad=True)
    answer = image
    for name, layer in net.named_children():
        answer = layer(answer)
        assert name == "decision" or not answer.any()
    F.cross_entropy(answer, torch.tensor([0, 2])).backward()
    gradients = [parameter.grad for parameter in net.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    assert image.grad.isfinite().all()


def test_the_gradient_of_the_v_cell_is_that_of_a_root_where_anything_is_seen():
    layer = SLayer(1, 1, 3).double()
    u_c = random_tensor(1, 1, 4, 4).add_(0.1).requires_grad_()
    assert torch.autograd.gradcheck(layer.inhibition, (u_c,))


def test_constraining_an_s_layer_makes_negative_inhibition_zero_and_leaves_the_rest():
    layer = SLayer(1, 3, 3)
    layer.b.data = torch.tensor([-0.1, 0.0, 0.2])
    nn.init.normal_(layer.a, generator=torch.Generator().manual_seed(0))
    a = layer.a.detach().clone()
    layer.constrain()
    assert layer.b.tolist() == pytest.approx([0, 0, 0.2])
    assert torch.equal(layer.a, a)


def test_only_s_layers_have_parameters():
    net = fukushima_1980()
    assert {name.split(".")[0] for name, _ in net.named_parameters()} == {"US1", "US2", "US3"}
    assert list(CLayer(4, 3, 0, 1).parameters()) == list(MaxLayer(3, 0, 1).parameters()) == []


# The chains.


@pytest.mark.parametrize("build", [fukushima_1980, lambda: modern_neocognitron(FUKUSHIMA_1980)])
def test_the_layers_have_the_printed_sizes(build):
    sizes = {name: shape for name, shape, _ in layer_sizes(build(), torch.zeros(1, 1, 16, 16))}
    assert sizes == {
        "US1": (24, 16, 16),
        "UC1": (24, 10, 10),
        "US2": (24, 8, 8),
        "UC2": (24, 6, 6),
        "US3": (24, 2, 2),
        "UC3": (24, 1, 1),
    }


def test_an_s_cell_has_the_printed_numbers_of_synapses():
    net = fukushima_1980()
    assert [layer.a[0].numel() for layer in (net.US1, net.US2, net.US3)] == [25, 600, 600]
    assert parameter_count(net) == 24 * (25 + 1) + 2 * 24 * (600 + 1)


def test_the_net_of_1980_has_the_printed_selectivities_and_saturation():
    net = fukushima_1980()
    assert [layer.r for layer in (net.US1, net.US2, net.US3)] == [4.0, 1.5, 1.5]
    assert [layer.alpha for layer in (net.UC1, net.UC2, net.UC3)] == [0.5] * 3
    assert not any(layer.b.any() for layer in (net.US1, net.US2, net.US3))


@pytest.mark.parametrize("r", [0, -1.5, math.inf])
def test_a_selectivity_that_is_not_above_zero_is_refused(r):
    with pytest.raises(ValueError, match=f"selectivity r of S-cells must be above zero and finite; got {r}"):
        SLayer(1, 1, 3, r=r)


def test_initial_excitation_is_a_ridge_that_turns_with_the_plane():
    a = weak_orientation_preference(planes=8, channels=1, window=5)
    assert (a > 0).all()
    torch.testing.assert_close(a[0, 0, 2], torch.ones(5))  # plane 0: horizontal
    torch.testing.assert_close(a[0, 0, 0], torch.full((5,), math.exp(-2)))
    torch.testing.assert_close(a[4, 0], a[0, 0].rot90())  # plane K/2: vertical
    torch.testing.assert_close(a[7, 0], a[1, 0].fliplr())
    assert len(a.reshape(8, -1).unique(dim=0)) == 8


def test_initial_excitation_is_strongest_from_the_plane_of_the_same_fraction():
    a = weak_orientation_preference(planes=4, channels=8, window=3)
    centre = a[:, :, 1, 1]
    assert centre.argmax(1).tolist() == [0, 2, 4, 6]
    assert float(centre[3, 0]) == pytest.approx(1 - 3 / 4)


def test_a_decision_layer_is_put_behind_the_same_layers():
    chain = fukushima_1980()
    net = supervised(chain, classes=5, size=16)
    assert list(dict(net.named_children())) == [*dict(chain.named_children()), "decision"]
    assert all(getattr(net, name) is layer for name, layer in chain.named_children())
    assert net.decision.linear.weight.shape == (5, 24)
    answer = net(torch.rand(3, 1, 16, 16))
    assert torch.equal(answer, torch.zeros(3, 5))  # no class is preferred


def test_a_chain_may_have_any_number_of_stages_and_channels():
    net = neocognitron([*SMALL, *SMALL], channels=2)
    assert list(dict(net.named_children())) == ["US1", "UC1", "US2", "UC2"]
    assert net(torch.rand(2, 2, 12, 12)).shape == (2, 3, 3, 3)
    assert isinstance(modern_neocognitron(SMALL, channels=2).US1.filters, nn.Conv2d)


def test_the_modern_chain_begins_with_the_weights_of_the_original_or_with_these_at_one_length():
    original, modern = fukushima_1980(), modern_neocognitron(FUKUSHIMA_1980)
    bound = modern_neocognitron(FUKUSHIMA_1980, length=1.0)
    for name in ("US1", "US2", "US3"):
        weights = original.get_submodule(name).a
        assert torch.equal(modern.get_submodule(name).a, weights)
        planes = bound.get_submodule(name).a.detach().flatten(1)
        torch.testing.assert_close(planes.norm(dim=1), torch.ones(24))
        torch.testing.assert_close(planes, torch.nn.functional.normalize(weights.detach().flatten(1)))
