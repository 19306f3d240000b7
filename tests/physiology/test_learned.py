"""What planes have learned, of planes whose weights are known."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neuro.learning import AddIfSilent, WinnerTakeAll, presentations
from neuro.learning.competition import patches_at
from neuro.models.neocognitron import (
    CLayer,
    ContrastLayer,
    EdgeLayer,
    JoinedCLayer,
    MaxLayer,
    Rim,
    SLayer,
    Stage,
    SurroundCLayer,
    handwritten,
    neocognitron,
)
from neuro.patterns import standard_digits
from neuro.physiology import (
    SeedCells,
    duplicates,
    learned_features,
    response_weighted_average,
    retinal_features,
    seed_cells,
    weight_changes,
)
from neuro.physiology.layer_arithmetic import layer_table
from neuro.stimuli import Stimuli


def test_a_response_weighted_average_weighs_each_image_by_the_answer_of_one_cell():
    # Two pixels, each its own cell; the first answers most of all: 1 to the first image, 0.5 to the second.
    shown = Stimuli(torch.tensor([[1.0, 0.0], [0.5, 0.8]])[:, None, None])
    average = response_weighted_average(nn.Sequential(OrderedDict(cells=nn.Identity())), shown, ["cells"])
    assert average["cells"] == pytest.approx(np.array([[[1.25, 0.4]]]) / 1.5)


def test_a_plane_that_answers_nothing_has_no_average():
    cells = nn.Conv2d(1, 2, 1)
    cells.weight.data, cells.bias.data = torch.tensor([[[[1.0]]], [[[-1.0]]]]), torch.zeros(2)
    model = nn.Sequential(OrderedDict(cells=cells))
    average = response_weighted_average(model, Stimuli(torch.ones(2, 1, 3, 3)), ["cells"])["cells"]
    assert average[0] == pytest.approx(1.0)
    assert np.isnan(average[1]).all()


def test_noise_averaged_by_a_rectified_linear_cell_gives_the_cells_weights_back():
    # Bussgang's theorem; 20,000 images leave an error of about 1 / sqrt(20,000) a pixel, 0.02 of the largest.
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 1, 5, 5, generator=generator)
    noise = Stimuli((0.5 + 0.1 * noise).clamp(0, 1))
    cell = nn.Conv2d(1, 1, 5)
    cell.weight.data = torch.randn(1, 1, 5, 5, generator=generator)
    cell.bias.data = -0.5 * cell.weight.data.sum((1, 2, 3))  # mean grey leaves the cell at its threshold
    average = response_weighted_average(nn.Sequential(OrderedDict(cell=cell)), noise, ["cell"])["cell"]
    weights = cell.weight.detach().numpy().ravel()
    assert np.corrcoef(average.ravel(), weights)[0, 1] > 0.995


def reinforced(*planes):
    """A layer of windows of one pixel, two channels deep; a plane that holds zeros never learned."""
    layer = SLayer(2, len(planes), window=1)
    layer.a.data = torch.tensor(planes)[:, :, None, None]
    layer.b.data = layer.a.data.flatten(1).sum(1)
    return nn.Sequential(OrderedDict(US1=layer))


def test_duplicates_are_counted_among_planes_that_learned():
    net = reinforced([1.0, 0.0], [5.0, 0.1], [0.0, 2.0], [0.0, 0.0], [0.0, 0.0])
    assert duplicates(net, 0.95) == 1


def test_a_learned_feature_is_the_first_layers_weights_scaled_and_black_where_nothing_was_learned():
    net = neocognitron([Stage(planes=2)] * 2)
    net.US1.b.data[0] = 1
    drawn = learned_features(net, standard_digits())
    ridge = net.US1.a[0, 0].detach()
    assert drawn["US1"][0] == pytest.approx((ridge / ridge.max()).numpy())
    assert not drawn["US1"][1].any()
    assert drawn["US2"].shape == (2, 16, 16)
    assert not drawn["US2"].any()


def test_planes_that_see_edges_are_drawn_by_what_they_answer_and_not_by_their_weights():
    net = handwritten(planes=(2, 1), recognition=(0.5, 0.3), learning=(None, None))
    assert learned_features(net, Stimuli(torch.rand(2, 1, 28, 28)))["US2"].shape == (2, 28, 28)


def test_weight_changes_are_lengths_relative_to_the_whole_layer():
    # The layer is 5 long (3, 4, and 0); its first plane moves by 1, its last by 2; biases do not count.
    before, after = (nn.Sequential(OrderedDict(a=nn.Linear(1, 3), relu=nn.ReLU())) for _ in range(2))
    before.a.weight.data, after.a.weight.data = torch.tensor([[[3.0], [4], [0]], [[2.0], [4], [2]]])
    changes = weight_changes(before, after)
    assert list(changes) == ["a"]
    assert changes["a"] == pytest.approx([0.2, 0, 0.4])
    grown = nn.Sequential(OrderedDict(a=nn.Linear(1, 4), relu=nn.ReLU()))
    with pytest.raises(ValueError, match="a had 3 planes and has 4"):
        weight_changes(before, grown)


# Features drawn back to the retina.


def chain(c_cells, *rims):
    """Two S-layers with C-cells between them, all weights random and every plane reinforced."""
    layers = {"US1": SLayer(1, 3, 3, padding=1), "UC1": c_cells}
    layers |= dict(rims) | {"US2": SLayer(2 if isinstance(c_cells, JoinedCLayer) else 3, 2, 3)}
    net, generator = nn.Sequential(OrderedDict(layers)), torch.Generator().manual_seed(0)
    for layer in (net.US1, net.US2):
        layer.a.data = torch.rand(layer.a.shape, generator=generator)
        layer.b.data = torch.rand(layer.b.shape, generator=generator) + 0.5
    return net


def excited(net, image):
    """What the layers come to if nothing inhibits and nothing saturates, each plane's weights over its b."""
    for layer in net:
        if isinstance(layer, SLayer):
            image = F.conv2d(image, layer.a / layer.b[:, None, None, None], padding=layer.padding)
        elif isinstance(layer, Rim):
            image = layer(image)
        elif isinstance(layer, ContrastLayer):
            image = F.conv2d(image, layer.g, padding=layer.g.shape[-1] // 2)
        elif isinstance(layer, EdgeLayer):
            image = F.conv2d(image, layer.a, padding=layer.padding)
        else:
            joined = F.conv2d(image, layer.join) if isinstance(layer, JoinedCLayer) else image
            d = layer.d[:1].expand(joined.shape[1], -1, -1, -1)
            image = F.conv2d(joined, d, stride=layer.step, padding=layer.padding, groups=len(d))
    return image


def seeing_edges():
    """The same S-layer behind C-cells, on edges instead of the retina."""
    layers = chain(SurroundCLayer(5, 2, 2))[1:].named_children()
    return nn.Sequential(OrderedDict([("UG", ContrastLayer()), ("US1", EdgeLayer(3, 5, 2)), *layers]))


CHAINS = {
    "1980": chain(CLayer(3, 3, 1, 2, delta=0.6)),
    "even windows": chain(CLayer(3, 2, 1, 2, delta=0.6)),
    "surround": chain(SurroundCLayer(5, 2, 2)),
    "joined": chain(JoinedCLayer([0, 1, 0], 3, 2, 2, delta=0.7, d_scale=4.0)),
    "rim": chain(CLayer(3, 3, 0, 2), ("rim", Rim(1, "replicate"))),
    "edges": seeing_edges(),
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("cell", [(0, 4, 5), (1, 5, 4)])
def test_a_feature_drawn_back_is_what_each_pixel_adds_to_a_cell_without_inhibition(name, cell):
    # By the chain rule, another way to the same sums over paths; and at the place of the cell's field.
    net, image = CHAINS[name], torch.zeros(1, 1, 24, 24, requires_grad=True)
    plane, row, column = cell
    excited(net, image)[0, plane, row, column].backward()
    picture = retinal_features(net)["US2"][plane]
    table = layer_table(net, (1, 24, 24), ["US2"])
    assert picture.shape == (table["field_height"][0], table["field_width"][0])
    (top, left), (height, width) = table.field_starts("US2", row, column), picture.shape
    expected = image.grad[0, 0].double().numpy()
    there = expected[top : top + height, left : left + width]
    assert abs(there).sum() == pytest.approx(abs(expected).sum())  # none of it lies outside
    assert picture == pytest.approx(there / there.max(), abs=1e-6)


def test_the_feature_of_a_first_layer_is_its_weights():
    net = nn.Sequential(OrderedDict(US1=SLayer(1, 2, 3)))
    net.US1.a.data = torch.arange(18.0).reshape(2, 1, 3, 3)
    net.US1.b.data = torch.ones(2)
    drawn = retinal_features(net)["US1"]
    assert drawn[0] == pytest.approx(np.arange(9).reshape(3, 3) / 8)
    assert drawn[1] == pytest.approx(np.arange(9, 18).reshape(3, 3) / 17)


def test_a_plane_reinforced_ten_times_as_often_is_drawn_as_the_same_and_counts_the_same_above():
    net = chain(CLayer(3, 3, 1, 2))
    before = retinal_features(net)
    for weights in (net.US1.a, net.US1.b):
        weights.data[1] *= 10
    after = retinal_features(net)
    for layer in before:
        assert after[layer] == pytest.approx(before[layer], abs=1e-6)


def test_planes_that_never_learned_are_black_and_add_nothing_to_those_above():
    net = chain(CLayer(3, 1, 0, 1))
    net.US1.b.data[0] = net.US2.b.data[1] = 0
    drawn = retinal_features(net)
    assert not drawn["US1"][0].any()
    assert not drawn["US2"][1].any()
    before = drawn["US2"][0]
    net.US1.a.data[0] *= 100
    assert (retinal_features(net)["US2"][0] == before).all()


def test_behind_contrast_and_edges_a_plane_that_learned_a_bar_is_drawn_as_that_bar():
    bars = torch.zeros(2, 1, 28, 28)
    bars[0, :, 7:21, 13:15] = bars[1, :, 13:15, 7:21] = 1
    net = AddIfSilent(columns=(14,), most=(2,)).fit(
        handwritten((1,), 10, (0.5,), (None,)), Stimuli(bars), torch.Generator().manual_seed(0)
    )
    seeds, drawn = seed_cells(net, "US2", (1, 28, 28)), retinal_features(net)["US2"]
    pictures = seeds.on_retina(drawn, (28, 28)).reshape(2, -1)
    likeness = np.corrcoef(pictures, bars[seeds.image].reshape(2, -1))[:2, 2:]
    assert likeness.diagonal().min() > 0.6
    assert likeness[0, 1] < 0.3


def test_a_layer_that_does_not_sum_what_it_sees_is_refused_by_name():
    net = nn.Sequential(OrderedDict(first=MaxLayer(3, 1, 1), US2=SLayer(3, 2, 3)))
    with pytest.raises(ValueError, match="S-, C-, edge and contrast layers; 'first' is a MaxLayer"):
        retinal_features(net)


# Seed cells.


def test_the_first_seed_of_each_plane_is_that_of_the_log_and_saw_what_reinforced_it():
    shown = standard_digits().without("label")
    net = neocognitron([Stage(planes=6, s_padding=2, r=4.0, initial=0.002), Stage(planes=4, s_padding=1)])
    net = WinnerTakeAll(presentations=1, schedule="together").fit(
        net, shown, torch.Generator().manual_seed(0)
    )
    for layer in ("US1", "US2"):
        seeds, course = seed_cells(net, layer, (1, 16, 16)), presentations(net, layer)
        assert seeds.plane.tolist() == sorted({*course.plane.tolist()})
        for plane, *first in zip(seeds.plane, seeds.image, seeds.row, seeds.column, strict=True):
            assert course.seeds(plane)[0].tolist() == first
    assert (seeds.height, seeds.width) == (17, 17)  # 5, and 4 steps of 2 of windows of 5, and 4 more
    seeds = seed_cells(net, "US1", (1, 16, 16))
    places = torch.from_numpy(seeds.row * 16 + seeds.column)
    patches = patches_at(shown.images, 5, 2, torch.from_numpy(seeds.image), places)[:, 0]
    assert seeds.seen(shown) == pytest.approx(patches.numpy())


def seeds_at(top, left):
    """Two seed cells, of images 1 and 0, whose fields are 2 by 3 pixels and begin at these places."""
    none = np.zeros(2, dtype=int)
    return SeedCells(np.array([0, 1]), np.array([1, 0]), none, none, np.array(top), np.array(left), 2, 3)


def test_what_a_seed_saw_is_cut_from_its_image_with_zeros_beyond_the_rim():
    images = torch.arange(1.0, 25).reshape(2, 1, 3, 4)
    seen = seeds_at([1, -1], [0, 2]).seen(Stimuli(images / 24)) * 24
    assert seen == pytest.approx(np.array([[[17, 18, 19], [21, 22, 23]], [[0, 0, 0], [3, 4, 0]]]))


def test_a_picture_of_a_field_is_put_where_the_field_is():
    pictures = np.arange(1.0, 13).reshape(2, 2, 3)
    put = seeds_at([1, -1], [0, 2]).on_retina(pictures, (3, 4))
    assert put[0].tolist() == [[0, 0, 0, 0], [1, 2, 3, 0], [4, 5, 6, 0]]
    assert put[1].tolist() == [[0, 0, 10, 11], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_centres_of_fields_are_pixels_right_of_and_above_the_middle_of_the_image():
    # In 3 by 4 pixels the middle is row 1, column 1.5; the fields' are rows 1.5 and -0.5, columns 1 and 3.
    assert seeds_at([1, -1], [0, 2]).centres((3, 4)).tolist() == [[-0.5, -0.5], [1.5, 1.5]]
