"""The net for handwritten digits before it learns."""

import pytest
import torch

from neuro.learning.competition import reinforce
from neuro.models.convnet import layer_sizes
from neuro.models.neocognitron import SLayer, handwritten, learning_thresholds
from neuro.patterns import standard_digits
from neuro.stimuli import resized


@pytest.mark.parametrize(("size", "half", "quarter"), [(28, 14, 7), (30, 15, 8), (32, 16, 8)])
def test_its_layers_halve_the_image_from_stage_to_stage(size, half, quarter):
    net = handwritten(planes=(5, 6, 7))
    sizes = {name: shape[-3:] for name, shape, _ in layer_sizes(net, torch.zeros(1, 1, size, size))}
    assert sizes == {
        "UG": (2, size, size),
        "US1": (16, size, size),
        "UC1": (16, half, half),
        "US2": (5, half, half),
        "UC2": (5, quarter, quarter),
        "US3": (6, quarter, quarter),
        "UC3": (6, 4, 4),
        "US4": (7, 1, 1),
        "UC4": (10,),
    }


def test_the_thresholds_are_the_reported_ones():
    net = handwritten()
    assert [layer.theta for layer in (net.US2, net.US3, net.US4)] == pytest.approx([0.51, 0.58, 0.30])
    with learning_thresholds(net):
        assert [layer.theta for layer in (net.US2, net.US3, net.US4)] == pytest.approx([0.66, 0.67, 0.30])


def test_only_its_upper_s_layers_learn():
    net = handwritten()
    assert [name for name, layer in net.named_children() if isinstance(layer, SLayer)] == [
        "US2",
        "US3",
        "US4",
    ]
    assert {name.partition(".")[0] for name, _ in net.named_parameters()} == {"US2", "US3", "US4"}


@pytest.mark.parametrize("light", [0.0, 0.5, 1.0])
def test_a_uniform_image_is_answered_by_zeros_everywhere(light):
    answer = torch.full((1, 1, 28, 28), light)
    for layer in handwritten():
        answer = layer(answer)
        assert not answer.any()


def test_before_it_learns_an_image_drives_the_first_stage_only():
    image = resized(standard_digits([4]), 28).images
    net = handwritten(planes=(3, 3, 3))
    assert net[:3](image).any()
    assert not net(image).any()


def test_a_plane_reinforced_by_a_figure_answers_it_through_its_label():
    image = resized(standard_digits([4]), 28).images
    net = handwritten(planes=(1, 1, 1), classes=5)
    with torch.no_grad():
        for number, layer in enumerate(net):
            if isinstance(layer, SLayer):
                seen = net[:number](image)
                strongest = layer.inhibition(seen).flatten().argmax()
                reinforce(layer, seen, torch.tensor([0]), strongest[None], 1e5)
        assert not net(image).any()
        net.UC4.labels[0] = 4
        answer = net(image)
    assert answer[0, 4] == pytest.approx(1, abs=1e-3)  # a cosine of one with what it learned
    assert not answer[0, :4].any()


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("size", [28, 32])
def test_with_fewer_stages_the_top_sees_what_the_last_of_them_answers(stages, size):
    whole = handwritten(planes=(5, 6, 7))
    net = handwritten((5, 7)[-stages:], 10, (0.51, 0.3)[-stages:], (0.66, None)[-stages:])
    top = f"US{stages + 1}"
    assert list(net._modules) == [*list(whole._modules)[: 2 * stages + 1], top, f"UC{stages + 1}"]
    answers = layer_sizes(net, torch.zeros(1, 1, size, size))
    sizes = {name: shape[-3:] for name, shape, _ in answers}
    places = 1 + (size - 28) // 2**stages  # the window is all of an image of 28 pixels
    assert sizes[top] == (7, places, places)
    assert sizes[f"UC{stages + 1}"] == (10,)


def test_settings_that_are_not_of_three_layers_are_refused():
    with pytest.raises(
        ValueError, match="recognition needs as many values as planes, of US2, US3 and US4; got 2"
    ):
        handwritten(recognition=(0.5, 0.5))
    with pytest.raises(ValueError, match=r"planes needs as many values as planes, .* got 4"):
        handwritten(planes=(1, 1, 1, 1))
    with pytest.raises(ValueError, match=r"theta is a cosine between 0 and 1; got 1\.2"):
        handwritten(learning=(0.6, 1.2, None))
    for wrong in ({"planes": (4, 0, 1)}, {"classes": 0}, {"orientations": 0}):
        with pytest.raises(ValueError, match="planes, classes, orientations are 1 or more"):
            handwritten(**wrong)


def test_an_image_too_small_for_the_top_is_refused():
    with pytest.raises(ValueError, match="S-cells see 100 planes of at least 4 x 4 cells; got 100 of 2 x 2"):
        handwritten()(torch.zeros(1, 1, 16, 16))
