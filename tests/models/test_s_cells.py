"""S-cells in three notations, their two thresholds, and the first stages that do not learn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from neuro.learning.competition import reinforce
from neuro.models.neocognitron import (
    FUKUSHIMA_1980,
    ContrastLayer,
    EdgeLayer,
    ReluLayer,
    SLayer,
    fukushima_1980,
    learning_thresholds,
    selectivity,
)
from neuro.patterns import standard_digits
from neuro.stimuli import slits


def random_tensor(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def reinforced(layer, *patterns, q=1e6):
    with torch.no_grad():
        for pattern in patterns:
            reinforce(layer, pattern[None].to(layer.a), torch.tensor([0]), torch.tensor([0]), q)
    return layer


# Notations.


class Later(nn.Module):
    """An S-layer as later papers write it, r/(1+r) b v, beginning as another layer begins."""

    def __init__(self, layer, factor):
        super().__init__()
        self.c, self.r, self.padding, self.factor = layer.c, layer.r, layer.padding, factor
        self.a, self.b = layer.a.detach().clone(), layer.b.detach().clone()

    def forward(self, u):
        v = F.conv2d(u**2, self.c, padding=self.padding).sqrt()
        excitation = F.conv2d(u, self.a, padding=self.padding)
        inhibition = self.factor * self.r / (1 + self.r) * self.b[:, None, None] * v
        return self.r * F.relu((1 + excitation) / (1 + inhibition) - 1)

    def reinforce(self, u, k, row, column, q):
        size, p = self.a.shape[-1], self.padding
        seen = F.pad(u[0], (p, p, p, p))[:, row : row + size, column : column + size]
        self.a[k] += q * self.c[0] * seen
        self.b[k] += q * (self.c[0] * seen**2).sum().sqrt()


def trained_side_by_side(factor, later_q):
    """The net of 1980 and its later writing, trained by the strongest cell of every layer at 40 images.

    Gives the winners of both, and what the top answers in the end.
    """
    net, images = fukushima_1980().double(), standard_digits().images.double()
    layers = {name: Later(layer, factor) for name, layer in net.named_children() if isinstance(layer, SLayer)}
    winners = ([], [])
    with torch.no_grad():
        for image in images.repeat(8, 1, 1, 1).split(1):
            here = there = image
            for (name, layer), q in zip(net.named_children(), (1, 0, 16, 0, 16, 0), strict=True):
                seen_here, seen_there = here, there
                here, there = layer(here), layers.get(name, layer)(there)
                if q:
                    places = [np.unravel_index(int(u.argmax()), u.shape[1:]) for u in (here, there)]
                    for won, place in zip(winners, places, strict=True):
                        won.append((name, *map(int, place)))
                    k, row, column = places[0]
                    index = torch.tensor([k]), torch.tensor([row * here.shape[-1] + column])
                    reinforce(layer, seen_here, *index, q)
                    layers[name].reinforce(seen_there, *places[1], later_q * q)
        here = there = images
        for name, layer in net.named_children():
            here, there = layer(here), layers.get(name, layer)(there)
    return winners, here, there


def test_both_published_notations_learn_the_same_network_cell_by_cell():
    (winners, later_winners), answers, later_answers = trained_side_by_side(factor=1, later_q=1)
    assert len(winners) == 120
    assert winners == later_winners
    assert (answers > 0).any()
    torch.testing.assert_close(answers, later_answers, rtol=1e-9, atol=1e-12)


def test_one_half_of_each_notation_is_another_network():
    (winners, mixed_winners), answers, mixed_answers = trained_side_by_side(factor=2, later_q=1)
    assert not torch.allclose(answers, mixed_answers, rtol=0.05)
    assert winners != mixed_winners


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 0.95), st.integers(0, 1000))
def test_the_theta_form_is_the_same_network(theta, seed):
    layer = SLayer(2, 3, 3, padding=1, r=selectivity(theta)).double()
    layer.a.data, layer.b.data = random_tensor(3, 2, 3, 3, seed=seed), random_tensor(3, seed=seed + 1)
    u = random_tensor(2, 2, 5, 5, seed=seed + 2)
    v = F.conv2d(u**2, layer.c, padding=1).sqrt()
    b = 2 * layer.b[:, None, None]  # of one q instead of half a q
    expected = theta / (1 - theta) * F.relu((1 + F.conv2d(u, layer.a, padding=1)) / (1 + theta * b * v) - 1)
    torch.testing.assert_close(layer(u), expected)
    assert layer.theta == pytest.approx(theta)


@pytest.mark.parametrize("theta", [0, 1, -0.2, math.nan])
def test_a_threshold_that_is_no_cosine_between_0_and_1_is_refused(theta):
    with pytest.raises(ValueError, match=f"theta is a cosine between 0 and 1; got {theta}"):
        selectivity(theta)


def test_the_fall_off_of_c_has_the_power_it_is_given():
    c = SLayer(1, 1, 5, gamma=0.5, power=2).c[0, 0]
    assert float(c[2, 4] / c[2, 2]) == pytest.approx(0.5**4)
    assert float(c[1, 1] / c[2, 2]) == pytest.approx(0.5**2)
    assert float(SLayer(1, 1, 5, gamma=0.5).c[0, 0, 2, 4] / SLayer(1, 1, 5, gamma=0.5).c[0, 0, 2, 2]) == 0.25


# Inhibition that follows excitation.


def test_after_one_reinforcement_inhibition_is_matched_as_it_is():
    layer = reinforced(SLayer(2, 1, 3).double(), random_tensor(2, 3, 3), q=16)
    torch.testing.assert_close(layer.matched_inhibition(), layer.b.detach())


@given(st.integers(2, 6), st.integers(0, 100), st.floats(0.2, 0.95))
@settings(max_examples=20, deadline=None)
def test_matched_inhibition_lets_an_average_be_answered_fully(n, seed, theta):
    patterns = random_tensor(n, 2, 3, 3, seed=seed)
    layer = reinforced(SLayer(2, 1, 3, r=selectivity(theta)).double(), *patterns)
    mean = patterns.mean(0, keepdim=True)
    assert layer(mean).item() < 1 - 1e-5
    layer.b.data = layer.matched_inhibition()
    assert layer(mean).item() == pytest.approx(1, abs=1e-4)  # (s - theta) / (1 - theta) at s = 1
    assert (layer(patterns) <= 1 + 1e-4).all()


# Dual thresholds.


def at_cosine(s):
    """Two patterns of two pixels with this cosine, where c is flat."""
    return torch.tensor([[[1.0, 0]]] * 1), torch.tensor([[[s, math.sqrt(1 - s**2)]]])


@pytest.mark.parametrize(("s", "learning", "recognition"), [(0.5, 0, 0), (0.6, 0, 1), (0.7, 1, 1)])
def test_a_cell_is_more_selective_while_learning_than_while_recognising(s, learning, recognition):
    layer = SLayer(2, 1, 1, r=selectivity(0.55), r_learning=selectivity(0.66))
    x, y = (pattern.reshape(1, 2, 1, 1) for pattern in at_cosine(s))
    model = nn.Sequential(reinforced(layer, x[0]))
    with learning_thresholds(model):
        assert layer.theta == pytest.approx(0.66)
        assert bool(model(y) > 0) == learning
    assert bool(model(y) > 0) == recognition


def test_recognition_comes_back_even_after_an_error():
    layer = SLayer(1, 1, 1, r=1.0, r_learning=2.0)

    def learn():
        with learning_thresholds(layer):
            assert layer.r == 2
            raise KeyError

    with pytest.raises(KeyError):
        learn()
    assert layer.r == 1


def test_layers_with_one_threshold_keep_it_while_learning():
    net = fukushima_1980()
    with learning_thresholds(net):
        assert [net.US1.r, net.US2.r, net.US3.r] == [stage.r for stage in FUKUSHIMA_1980]


def test_a_learning_selectivity_that_is_not_above_zero_is_refused():
    with pytest.raises(ValueError, match="selectivity r of S-cells must be above zero and finite; got 0"):
        SLayer(1, 1, 3, r_learning=0)


# Input that does not fit.


@pytest.mark.parametrize(
    ("shape", "found"),
    [((1, 2, 5, 5), "2 of 5 x 5"), ((1, 3, 2, 9), "3 of 2 x 9"), ((0, 1, 8, 8), "1 of 8 x 8")],
)
def test_planes_that_do_not_fit_the_cells_are_refused(shape, found):
    with pytest.raises(ValueError, match=f"these S-cells see 3 planes of at least 3 x 3 cells; got {found}"):
        SLayer(3, 2, 5, padding=1)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("layer", "who"),
    [(SLayer(1, 2, 3), "S-cells"), (ContrastLayer(), "contrast cells"), (EdgeLayer(), "edge cells")],
)
def test_what_is_no_batch_of_planes_is_refused_with_its_shape(layer, who):
    with pytest.raises(ValueError, match=rf"these {who} see images of shape .*; got \(1, 9, 9\)"):
        layer(torch.zeros(1, 9, 9))
    with pytest.raises(ValueError, match=rf"these {who} see . planes .*; got 3 of 9 x 9"):
        layer(torch.zeros(1, 3, 9, 9))


@pytest.mark.parametrize(("size", "answers"), [(12, False), (13, True), (16, True), (28, True)])
def test_the_net_of_1980_needs_thirteen_pixels_and_grows_with_the_image(size, answers):
    image = torch.rand(1, 1, size, size)
    if answers:
        assert fukushima_1980()(image).shape[1] == 24
    else:
        with pytest.raises(
            ValueError, match="these C-cells pool 24 planes of at least 2 x 2 cells; got 24 of 1 x 1"
        ):
            fukushima_1980()(image)


# Contrast.


@given(st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_uniform_light_has_no_contrast_at_all(light):
    assert not ContrastLayer()(torch.full((1, 1, 9, 9), light)).any()


def test_the_planes_of_contrast_are_lighter_and_darker():
    image = random_tensor(3, 1, 12, 12).float()
    answer, negative = ContrastLayer()(image), ContrastLayer()(1 - image)
    torch.testing.assert_close(answer.flip(1), negative, atol=1e-6, rtol=0)
    assert not (answer[:, 0] * answer[:, 1]).any()
    spot = torch.zeros(1, 1, 11, 11)
    spot[0, 0, 5, 5] = 1
    lighter, darker = ContrastLayer()(spot)[0]
    assert lighter.argmax() == 5 * 11 + 5
    assert darker[5, 5] == 0
    assert darker.sum() == pytest.approx(float(lighter.sum()), abs=1e-6)  # the field sums to zero


# Edges.


def test_an_edge_cell_is_an_s_cell_reinforced_once_by_the_ideal_edge():
    edges = EdgeLayer(planes=4, theta=0.6, gain=50.0).double()
    ideal = edges.a / edges.c
    cells = SLayer(2, 4, 7, padding=3, r=selectivity(0.6), gamma=0.9).double()
    with torch.no_grad():
        for k in range(4):
            reinforce(cells, ideal[k : k + 1], torch.tensor([k]), torch.tensor([3 * 7 + 3]), 50.0)
    seen = random_tensor(2, 2, 10, 10)
    torch.testing.assert_close(edges(seen), cells(seen).detach(), rtol=1e-5, atol=1e-7)


def border(orientation, size=33):
    """An image light to the left of a line through its middle, of this orientation modulo 360."""
    slit = slits(orientation % 180, length=60, width=30, offset=15 if orientation < 180 else -15, size=size)
    return (slit.images - 0.5) * 2  # black and white


@pytest.mark.parametrize("orientation", range(0, 360, 45))
def test_the_cell_of_an_edge_s_orientation_answers_it_most(orientation):
    answer = EdgeLayer(planes=16)(ContrastLayer()(border(orientation)))[0, :, 16, 16]
    assert answer.argmax() == orientation / 22.5
    assert answer[int(orientation / 22.5) - 8] == 0  # light on the other side


def test_the_edges_of_a_turned_image_are_the_turned_edges():
    image = random_tensor(2, 1, 15, 15).float()
    front = nn.Sequential(ContrastLayer(), EdgeLayer(planes=16))
    turned = front(image.rot90(1, (2, 3)))  # counter-clockwise
    torch.testing.assert_close(turned.roll(-4, 1), front(image).rot90(1, (2, 3)), atol=1e-5, rtol=1e-4)


def test_faint_edges_are_answered_less_and_strong_ones_alike():
    image = border(0)
    front = nn.Sequential(ContrastLayer(), EdgeLayer(planes=4, gain=1e4))
    peak = [float(front(contrast * image)[0, 0, 16, 16]) for contrast in (1e-5, 0.3, 1.0)]
    assert peak[0] < peak[1] / 4
    assert peak[1] == pytest.approx(peak[2], rel=0.01)


def test_the_first_stages_have_nothing_that_learns():
    assert not list(nn.Sequential(ContrastLayer(), EdgeLayer()).parameters())


@pytest.mark.parametrize("padding", [0, 1])
def test_a_relu_layer_answers_what_excites_it_cell_by_cell(padding):
    layer, seen = (
        ReluLayer(2, 3, 3, padding),
        torch.rand(2, 2, 5, 6, generator=torch.Generator().manual_seed(0)),
    )
    layer.a.data = torch.randn(3, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    padded = torch.nn.functional.pad(seen, (padding,) * 4)
    answers = layer(seen)
    for image, plane, row, column in np.ndindex(*answers.shape):
        received = (layer.a[plane] * padded[image, :, row : row + 3, column : column + 3]).sum()
        torch.testing.assert_close(answers[image, plane, row, column], received.clamp(min=0))


def test_the_weights_of_a_relu_layer_have_the_length_it_is_given_and_otherwise_stay():
    free, bound = ReluLayer(2, 3, 3), ReluLayer(2, 3, 3, length=2.0)
    weights = torch.rand(3, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    weights[1] = 0
    for layer in (free, bound):
        layer.a.data = weights.clone()
        layer.constrain()
    assert torch.equal(free.a, weights)
    lengths = bound.a.detach().flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([2.0, 0.0, 2.0]))
    torch.testing.assert_close(bound.a[0] / bound.a[0].norm(), weights[0] / weights[0].norm())


def test_a_relu_layer_begins_without_weights_and_without_bias_and_refuses_what_it_cannot_see():
    layer = ReluLayer(2, 3, 3)
    assert not layer.a.any()
    assert not layer.b.any()
    with pytest.raises(ValueError, match="S-cells see 2 planes of at least 3 x 3 cells; got 1 of 5 x 5"):
        layer(torch.zeros(1, 1, 5, 5))
    with pytest.raises(ValueError, match=r"length of a plane's weights is above zero, or None; got 0"):
        ReluLayer(2, 3, 3, length=0)


def test_s_cells_answer_and_descend_by_equations_1_to_3_in_either_layout():
    layer = SLayer(3, 4, 5, padding=2)
    layer.a.data = torch.rand(layer.a.shape, generator=torch.Generator().manual_seed(0))
    layer.b.data = torch.tensor([0.0, 1.0, 4.0, 9.0])
    seen = torch.rand(2, 3, 7, 8, generator=torch.Generator().manual_seed(1))
    e = F.conv2d(seen, layer.a, padding=2)
    v = F.conv2d(seen**2, layer.c, padding=2).sqrt()
    h = 2 * layer.r / (1 + layer.r) * layer.b[:, None, None] * v
    written = layer.r * F.relu((1 + e) / (1 + h) - 1)
    expected = torch.autograd.grad(written.sum(), [layer.a, layer.b])
    for layout in (torch.contiguous_format, torch.channels_last):
        answer = layer(seen.contiguous(memory_format=layout))
        assert answer.is_contiguous(memory_format=torch.channels_last)
        # Sums of 75 products in another order, and the ones added to them and taken away again.
        torch.testing.assert_close(answer, written, rtol=1e-5, atol=1e-5)
        for slope, other in zip(torch.autograd.grad(answer.sum(), [layer.a, layer.b]), expected, strict=True):
            torch.testing.assert_close(slope, other, rtol=1e-4, atol=1e-4)
        with torch.no_grad():
            assert torch.equal(layer(seen.contiguous(memory_format=layout)), answer)
