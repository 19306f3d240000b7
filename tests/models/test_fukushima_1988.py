"""The net of 1988: its reported sizes, and what a teacher makes of it."""

import pytest
import torch

from neuro.distortions import shifted
from neuro.learning.competition import reinforce
from neuro.models.convnet import layer_sizes
from neuro.models.fukushima_1988 import Q_1988
from neuro.models.neocognitron import SLayer, fukushima_1988
from neuro.patterns_1988 import TOP_1988, TOP_TWO_PER_CLASS, digits_1988, lessons_1988


@torch.no_grad()
def taught(top=TOP_1988):
    """The net after its lessons, one reinforcement each, layer by layer."""
    net, lessons = fukushima_1988(top), lessons_1988(top)
    for number, (name, layer) in enumerate(net.named_children()):
        if isinstance(layer, SLayer):
            own = lessons[lessons.condition("layer") == name]
            seen = net[:number](own.images)
            width = layer(seen).shape[-1]
            conditions = (torch.from_numpy(own.condition(of)) for of in ("plane", "row", "column"))
            for image, plane, row, column in zip(seen, *conditions, strict=True):
                reinforce(layer, image[None], plane[None], (row * width + column)[None], Q_1988)
    return net


@pytest.fixture(scope="module")
def net():
    return taught()


def test_the_layers_have_the_reported_sizes():
    sizes = {name: shape for name, shape, _ in layer_sizes(fukushima_1988(), torch.zeros(1, 1, 19, 19))}
    assert sizes == {
        "US1": (12, 19, 19),
        "UC1": (8, 21, 21),
        "US2": (38, 21, 21),
        "UC2": (19, 13, 13),
        "US3": (35, 13, 13),
        "UC3": (23, 7, 7),
        "US4": (11, 3, 3),
        "UC4": (10, 1, 1),
    }


def test_the_selectivities_and_windows_are_the_reported_ones():
    net = fukushima_1988()
    s_layers = (net.US1, net.US2, net.US3, net.US4)
    assert [layer.r for layer in s_layers] == [1.7, 4.0, 1.5, 1.0]
    assert [layer.a.shape[-1] for layer in s_layers] == [3, 5, 5, 5]
    c_layers = (net.UC1, net.UC2, net.UC3, net.UC4)
    assert [layer.d.shape[-1] for layer in c_layers] == [3, 7, 5, 3]
    assert [layer.step for layer in c_layers] == [1, 2, 2, 1]
    assert [float(layer.d[0].max()) for layer in c_layers] == [4.0, 4.0, 2.5, 1.0]


def test_before_it_is_taught_every_cell_is_silent():
    assert not fukushima_1988()(digits_1988().images).any()


@pytest.mark.parametrize(("layer", "middle"), [("US1", 9), ("US2", 10), ("US3", 6), ("US4", 1)])
def test_the_middle_cell_of_a_layer_looks_at_the_middle_of_the_image_and_is_the_seed_of_what_is_there(
    layer, middle
):
    net = fukushima_1988()
    for s_layer in net:
        if isinstance(s_layer, SLayer):
            torch.nn.init.constant_(s_layer.a, 0.01)
    image = torch.full((1, 1, 19, 19), 0.5, requires_grad=True)
    number = list(dict(net.named_children())).index(layer)
    net[: number + 1](image)[0, 0, middle, middle].backward()
    field = image.grad[0, 0]
    assert field[9, 9] > 0
    torch.testing.assert_close(field, field.flip(0, 1), rtol=1e-3, atol=1e-9)
    lessons = lessons_1988()
    own = lessons.condition("layer") == layer
    for name in ("row", "column"):
        away = abs(lessons.condition(name)[own] - middle)
        assert set(away) == ({0, 2} if layer == "US3" else {0})  # US3 is taught parts, four pixels away


def test_a_taught_net_names_every_standard_digit(net):
    answer = net(digits_1988().images).flatten(1)
    assert answer.argmax(1).tolist() == list(range(10))
    assert (answer.amax(1) > 0).all()


def test_digits_moved_by_one_pixel_keep_their_names(net):
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)):
        answer = net(shifted(digits_1988(), dx, dy).images).flatten(1)
        assert answer.argmax(1).tolist() == list(range(10))


def test_every_plane_has_been_taught(net):
    for layer in net:
        if isinstance(layer, SLayer):
            assert (layer.b > 0).all()


def test_a_class_may_have_two_planes_at_the_top():
    net = taught(TOP_TWO_PER_CLASS)
    assert net.US4.a.shape[0] == 20
    answer = net(digits_1988().images)
    assert answer.shape == (10, 10, 1, 1)
    assert answer.flatten(1).argmax(1).tolist() == list(range(10))
