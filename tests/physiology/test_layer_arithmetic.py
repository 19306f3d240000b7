"""Counts held against the published ones, and receptive fields against the support of a gradient."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neuro.models.convnet import (
    lecun_1989,
    lecun_1989_nips,
    lenet5,
    lenet5_as_taught,
    net_3,
    net_5,
    small_convnet,
)
from neuro.models.neocognitron import FUKUSHIMA_1980, handwritten, modern_neocognitron
from neuro.physiology.layer_arithmetic import layer_table


def net(*layers):
    return nn.Sequential(*layers)


def support(model, image, row, column):
    """Height and width, in pixels, of what one cell's answer changes with: positive weights, mean pools."""
    for parameter in model.parameters():
        parameter.data = torch.ones_like(parameter)
    x = torch.ones(1, *image, requires_grad=True)
    model(x)[0, 0, row, column].backward()
    rows, columns = (x.grad[0].sum(0) > 0).nonzero().T
    return (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1)


def test_lenet5_as_taught_has_the_sizes_parameters_and_fields_of_the_lecture():
    table = layer_table(lenet5_as_taught(), (1, 32, 32))
    rows = [*zip(*(table[name].tolist() for name in table.columns), strict=True)]
    # layer, planes, height, width, parameters, links, macs, field, jump, unseen
    assert rows == [
        ("conv1", 6, 28, 28, 156, 122304, 117600, 5, 5, 1, 1, 0),
        ("pool1", 6, 14, 14, 0, 4704, 0, 6, 6, 2, 2, 0),
        ("conv2", 16, 10, 10, 2416, 241600, 240000, 14, 14, 2, 2, 0),
        ("pool2", 16, 5, 5, 0, 1600, 0, 16, 16, 4, 4, 0),
        ("full1", 120, 1, 1, 48120, 48120, 48000, 32, 32, 0, 0, 0),
        ("full2", 84, 1, 1, 10164, 10164, 10080, 32, 32, 0, 0, 0),
        ("decision", 10, 1, 1, 850, 850, 840, 32, 32, 0, 0, 0),
    ]
    assert table.total("parameters") == 61_706


def test_the_shapes_are_those_that_the_layers_give():
    model = modern_neocognitron(FUKUSHIMA_1980)
    answer = torch.zeros(1, 1, 16, 16)
    table = layer_table(model, (1, 16, 16))
    for k, layer in enumerate(model):
        answer = layer(answer)
        assert tuple(table[name][k] for name in ("planes", "height", "width")) == answer.shape[1:]


# fmt: off
CHAINS = [
    (net(nn.Conv2d(1, 2, 5), nn.AvgPool2d(2), nn.Conv2d(2, 2, 5), nn.AvgPool2d(2)), 60),
    (net(nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(1, 1, (3, 5), dilation=(2, 1))), 40),
    (net(nn.Conv2d(1, 1, 11, stride=4), nn.AvgPool2d(3, 2), nn.Conv2d(1, 1, 5, padding=2),
         nn.AvgPool2d(3, 2), nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1),
         nn.Conv2d(1, 1, 3, padding=1), nn.AvgPool2d(3, 2)), 600),
    (net(nn.Conv2d(1, 1, 5, padding="same"), nn.ZeroPad2d((3, 1, 2, 0)), nn.Conv2d(1, 1, 3)), 40),
]
# fmt: on


@pytest.mark.parametrize(("model", "size"), CHAINS)
def test_a_receptive_field_is_what_the_gradient_reaches(model, size):
    last = str(len(model) - 1)
    table = layer_table(model, (1, size, size), [last])
    row, column = table["height"][0] // 2, table["width"][0] // 2
    field = (table["field_height"][0], table["field_width"][0])
    assert field == support(model, (1, size, size), row, column)


@pytest.mark.parametrize("cell", [(0, 0), (3, 5)])
def test_a_field_begins_where_the_gradient_does_or_beyond_the_rim(cell):
    model, x = net(nn.Conv2d(1, 1, 5, padding=1), nn.AvgPool2d(3, 2)), torch.ones(1, 1, 20, 20)
    model[0].weight.data.fill_(1)
    model(x.requires_grad_())[0, 0, *cell].backward()
    first = (x.grad[0, 0] > 0).nonzero().amin(0)
    start = layer_table(model, (1, 20, 20)).field_starts("1", *cell)
    assert start.tolist() == [2 * place - 1 for place in cell]
    assert first.tolist() == start.clip(0).tolist()


def test_the_last_pool_of_alexnet_sees_195_pixels_in_steps_of_32():
    table = layer_table(CHAINS[2][0], (1, 227, 227))
    assert table["field_height"].tolist() == [11, 19, 51, 67, 99, 131, 163, 195]
    assert table["jump_y"].tolist()[-1] == 32
    assert table["height"].tolist() == [55, 27, 27, 13, 13, 13, 13, 6]


def test_the_pixel_that_contrast_cells_subtract_everywhere_is_no_part_of_what_they_see():
    # Windows of 7 pixels, then three of 5: 7, + 4 and + 4 at steps of one pixel, and so on.
    assert layer_table(handwritten(), (1, 28, 28))["field_height"][:4].tolist() == [7, 11, 15, 19]


class Block(nn.Module):
    """Two branches that meet: a residual block with a strided shortcut."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 1, 3, 2, 1), nn.Conv2d(1, 1, 3, 1, 1)
        self.shortcut = nn.Conv2d(1, 1, 1, 2)

    def forward(self, x):
        return self.two(F.relu(self.one(x), inplace=True)) + self.shortcut(x)


def test_where_branches_meet_the_field_is_that_of_both():
    model = net(Block(), Block())
    table = layer_table(model, (1, 33, 33))
    assert table["field_height"].tolist() == [7, 19]  # 1 + 2 + 2 x 2, + 2 x 2 + 2 x 4
    assert table["jump_x"].tolist() == [2, 4]
    assert support(model, (1, 33, 33), 4, 4) == (19, 19)
    assert table["parameters"].tolist() == [22, 22]


class Shifted(nn.Module):
    """What is seen, and beside it what lies 2 pixels above and 3 to the left."""

    def forward(self, x):
        return x + F.pad(x, (3, -3, 2, -2))


def test_a_branch_that_is_shifted_looks_elsewhere():
    table = layer_table(net(Shifted()), (1, 9, 9))
    assert (table["field_height"][0], table["field_width"][0]) == (3, 4)


def test_shared_and_grouped_filters_have_the_links_of_the_formula():
    # Hout Wout Cout (Cin / g k^2 + 1)
    table = layer_table(net(nn.Conv2d(4, 8, 3, padding=1, groups=2)), (4, 6, 6))
    assert table.total("links") == 6 * 6 * 8 * (2 * 9 + 1)
    assert table.total("macs") == 6 * 6 * 8 * 2 * 9
    assert table.total("parameters") == 8 * (2 * 9 + 1)


@pytest.mark.parametrize(
    ("model", "size", "parameters", "links"),
    [
        (lenet5, 32, 60_000, 340_908),
        (lecun_1989, 16, 9_760, 64_660),
        (lecun_1989_nips, 28, 2_578, 98_442),
        (net_3, 16, 1_226, 1_226),
        (net_5, 16, 1_060, 5_194),
    ],
)
def test_the_nets_have_the_published_parameters_and_links(model, size, parameters, links):
    table = layer_table(model(), (1, size, size))
    assert (table.total("parameters"), table.total("links")) == (parameters, links)


def test_the_net_of_1989_multiplies_63660_times():
    assert layer_table(lecun_1989(), (1, 16, 16)).total("macs") == 63_660  # its links less 1,000 biases


def test_layers_inside_layers_can_be_asked_for():
    table = layer_table(lenet5_as_taught(), (1, 32, 32), ["conv2.filters", "conv2"])
    assert table["links"].tolist() == [241600, 241600]
    assert table["layer"].tolist() == ["conv2.filters", "conv2"]


def test_a_layer_run_as_an_adaptive_mean_sees_all_before_it():
    table = layer_table(net(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(1)), (1, 9, 9))
    assert table["field_height"].tolist() == [3, 9]


def test_the_table_is_written_as_it_is(tmp_path):
    layer_table(small_convnet(), (1, 16, 16)).to_csv(tmp_path / "layers.csv")
    lines = (tmp_path / "layers.csv").read_text().splitlines()
    assert lines[0].startswith("layer,planes,height,width,parameters,links,macs,field_height")
    assert lines[1] == "conv1,8,16,16,208,53248,51200,5,5,1,1,0"
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("model", "shape", "complaint"),
    [
        (lenet5_as_taught(), (1, 28, 28), r"'full1.linear' takes 400 inputs; it met 256; .* with 32 or 33"),
        (
            lenet5_as_taught(),
            (3, 32, 32),
            r"'conv1.filters' takes 1 channel; it met 3 by 32 by 32; .* 1 chan",
        ),
        (lenet5_as_taught(), (1, 12, 12), r"'conv2.filters' looks .* 5 by 5 cells.*; it met 6 by 4 by 4"),
        (
            net(nn.Conv2d(1, 4, 5), nn.Conv2d(3, 4, 5)),
            (1, 16, 16),
            r"'1' takes 3 .*; it met 4 by 12.*no square",
        ),
        (net(nn.Conv2d(1, 1, 5), nn.Conv2d(1, 1, 5)), (1, 7, 7), r"'1' .* fit from 9 pixels a side"),
        (net(nn.Conv2d(1, 1, 3, dilation=3)), (1, 6, 6), r"'0' .* 7 by 7 cells.*fit from 7 pixels"),
    ],
)
def test_what_does_not_fit_names_the_layer_what_it_met_and_what_would(model, shape, complaint):
    with pytest.raises(ValueError, match=complaint):
        layer_table(model, shape)


def test_a_step_that_leaves_cells_out_is_counted_and_can_be_refused():
    table = layer_table(net(nn.Conv2d(1, 1, 2, stride=3)), (1, 10, 10))
    assert table["unseen"].tolist() == [100 - 6 * 6]
    with pytest.raises(
        ValueError, match=r"'0': windows of 2 in steps of 3 never look at 4 of 10.*fit: 1 or 2"
    ):
        table.refuse_unseen()
    whole = layer_table(lenet5_as_taught(), (1, 32, 32))
    assert whole.refuse_unseen() is whole


def test_a_layer_that_is_not_there_or_runs_twice_is_refused():
    with pytest.raises(ValueError, match="no layer 'conv9'; this model has conv1, pool1"):
        layer_table(lenet5_as_taught(), (1, 32, 32), ["conv9"])
    shared = nn.ReLU()
    with pytest.raises(ValueError, match=r"layer '0' must run once .*; it ran 2 times"):
        layer_table(net(shared, shared), (1, 4, 4), ["0"])


def test_a_failure_between_layers_is_told_of_the_model():
    model = net()
    model.forward = lambda image: image @ image[:, :, :2]
    with pytest.raises(ValueError, match=r"^the model cannot take what it met .*; it met 1 by 4 by 4"):
        layer_table(model, (1, 4, 4))


def test_a_net_in_double_precision_has_the_same_table():
    one, other = (layer_table(each, (1, 32, 32)) for each in (lenet5(), lenet5().double()))
    assert all((one[name] == other[name]).all() for name in one.columns)


def test_the_model_is_left_as_it_was():
    model = lenet5_as_taught().train()
    layer_table(model, (1, 32, 32))
    assert model.training
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
