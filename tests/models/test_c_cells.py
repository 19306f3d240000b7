"""C-cells: joined planes, a surround, labels, and what lies beyond the border."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.models.convnet import layer_sizes
from neuro.models.neocognitron import (
    FUKUSHIMA_1980,
    CLayer,
    JoinedCLayer,
    LabelledCLayer,
    Rim,
    SLayer,
    Stage,
    SurroundCLayer,
    fukushima_1988,
    modern_neocognitron,
    neocognitron,
)


def random_tensor(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_planes_that_have_grown_are_pooled_as_by_a_layer_of_their_number():
    u_s = random_tensor(2, 7, 8, 8)
    small, large = CLayer(3, 5, 2, 2), CLayer(7, 5, 2, 2)
    assert torch.equal(small(u_s), large(u_s))


def test_the_fall_off_of_d_has_the_power_it_is_given():
    d = CLayer(1, 5, 0, 1, delta=0.5, d_scale=3, power=2).d[0, 0]
    assert float(d[2, 2]) == 3
    assert float(d[2, 4]) == pytest.approx(3 * 0.5**4)


def test_a_joined_c_layer_computes_its_cells_one_at_a_time():
    joined = (0, 1, 0, 1, 1)
    layer = JoinedCLayer(joined, window=3, padding=1, step=2, delta=0.7, d_scale=1.3)
    u_s = random_tensor(1, 5, 5, 5)
    expected = np.zeros((1, 2, 3, 3))
    for k, row, column in np.ndindex(2, 3, 3):
        drive = 0.0
        for s, i, j in np.ndindex(5, 3, 3):
            y, x = 2 * row - 1 + i, 2 * column - 1 + j
            if joined[s] == k and 0 <= y < 5 and 0 <= x < 5:
                drive += 1.3 * 0.7 ** math.hypot(i - 1, j - 1) * float(u_s[0, s, y, x])
        expected[0, k, row, column] = drive / (1 + drive)
    np.testing.assert_allclose(layer(u_s), expected, rtol=1e-5)


def test_every_joined_plane_needs_an_s_plane():
    with pytest.raises(ValueError, match=r"none of \(0, 2\) is 1"):
        JoinedCLayer((0, 2), 3, 1, 1, 0.9, 1.0)
    with pytest.raises(ValueError, match="the C-plane of each S-plane; got none"):
        fukushima_1988(top=())


@given(st.floats(0, 0.9), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_a_uniform_plane_is_answered_by_the_root_of_what_the_surround_leaves(inhibition, level):
    layer = SurroundCLayer(5, 0, 1, inhibition=inhibition)
    answer = layer(torch.full((1, 2, 5, 5), level))
    assert answer.flatten().tolist() == pytest.approx([math.sqrt((1 - inhibition) * level)] * 2, rel=1e-4)


def test_a_surround_silences_the_cells_beside_a_stroke_and_not_those_on_it():
    stroke = torch.zeros(1, 1, 15, 15)
    stroke[..., 7] = 1
    blur, surround = (SurroundCLayer(9, 4, 1, inhibition=one)(stroke)[0, 0, 7] for one in (0, 0.6))
    assert surround[7] > 0.3
    assert blur[11] > 0
    assert surround[11] == 0


def test_a_surround_layer_pools_each_plane_alone():
    u_s = random_tensor(2, 4, 9, 9)
    layer = SurroundCLayer(5, 2, 2)
    together = layer(u_s)
    assert torch.equal(together[:, 2:3], layer(u_s[:, 2:3]))
    assert together.shape == (2, 4, 5, 5)


def test_the_root_has_a_finite_slope_where_nothing_answers():
    u_s = torch.zeros(1, 2, 6, 6, requires_grad=True)
    SurroundCLayer(3, 1, 1)(u_s).sum().backward()
    assert u_s.grad.isfinite().all()


@pytest.mark.parametrize("inhibition", [-0.1, 1])
def test_a_surround_as_strong_as_its_centre_is_refused(inhibition):
    with pytest.raises(ValueError, match=f"0 to 1; got {inhibition}"):
        SurroundCLayer(5, 2, 2, inhibition=inhibition)


def test_a_class_answers_as_its_strongest_plane_at_its_strongest_place():
    layer = LabelledCLayer([1, 0, 1, -1], classes=3)
    u_s = torch.zeros(2, 4, 2, 2)
    u_s[0, 0, 1, 1], u_s[0, 1, 0, 1], u_s[0, 2, 0, 0], u_s[0, 3] = 0.2, 0.3, 0.7, 9.0
    assert layer(u_s).tolist() == [pytest.approx([0.3, 0.7, 0]), [0, 0, 0]]  # the silent image: undecided


def test_labels_are_classes_and_one_for_each_plane():
    with pytest.raises(ValueError, match=r"labels run from 0 to 2, or are -1 for none; got \[0, 3\]"):
        LabelledCLayer([0, 3], 3)
    with pytest.raises(ValueError, match="2 labels for 3 planes; each plane needs one"):
        LabelledCLayer([0, 1], 3)(torch.zeros(1, 3, 1, 1))


@pytest.mark.parametrize("layer", [CLayer(2, 5, 1, 1), SurroundCLayer(5, 1, 1)])
def test_planes_smaller_than_a_window_are_refused(layer):
    with pytest.raises(
        ValueError, match="these C-cells pool 2 planes of at least 3 x 3 cells; got 2 of 2 x 4"
    ):
        layer(torch.zeros(1, 2, 2, 4))


# Borders.


@pytest.mark.parametrize("build", [neocognitron, modern_neocognitron])
@pytest.mark.parametrize("border", ["replicate", "circular"])
def test_another_border_leaves_all_sizes_and_names_as_they_were(build, border):
    def sizes(stages):
        rows = layer_sizes(build(stages), torch.zeros(1, 1, 16, 16))
        return {name: shape for name, shape, _ in rows if not name.startswith("rim")}

    assert sizes([replace(stage, border=border) for stage in FUKUSHIMA_1980]) == sizes(FUKUSHIMA_1980)


def test_with_a_circular_border_a_shift_of_the_image_is_a_shift_of_the_answers():
    stage = Stage(planes=4, s_window=5, s_padding=2, c_window=3, c_padding=1, c_step=1, initial=0.1)
    image = random_tensor(1, 1, 12, 12)

    def moved(border):
        net = neocognitron([replace(stage, border=border)])
        return net(image.roll((3, -2), (2, 3))), net(image).roll((3, -2), (2, 3))

    torch.testing.assert_close(*moved("circular"), atol=1e-6, rtol=1e-5)
    assert not torch.allclose(*moved("zeros"), atol=1e-3)


def test_a_repeated_rim_hides_the_border_from_a_uniform_image():
    stage = Stage(planes=3, s_window=5, s_padding=2, initial=0.1, border="replicate")
    answer = neocognitron([stage])[:2](torch.full((1, 1, 8, 8), 0.7))
    assert [type(layer) for layer in neocognitron([stage])[:2]] == [Rim, SLayer]
    torch.testing.assert_close(answer, answer[..., 3:4, 3:4].expand_as(answer))


def test_a_border_there_is_not_is_refused():
    with pytest.raises(ValueError, match="border is 'zeros', 'replicate' or 'circular'; got 'mirror'"):
        neocognitron([replace(FUKUSHIMA_1980[0], border="mirror")])
