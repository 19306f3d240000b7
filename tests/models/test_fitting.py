"""Images that do not fit: the layer, the sizes it met, and what would fit, for every net of 1988 to 1998."""

import re
from collections import OrderedDict
from functools import partial

import pytest
import torch
from torch import nn

from neuro.learning import Backpropagation
from neuro.models import convnet
from neuro.models.fitting import fitting_sizes, misfits_named
from neuro.recording import record
from neuro.stimuli import Stimuli

# Of each net: the sides that fit, the layer at which images of 8 pixels fail, and one that sees 3 channels.
NETS = {
    "lecun_1989": (convnet.lecun_1989, [16], "retina", "retina"),
    "lecun_1989_nips": (convnet.lecun_1989_nips, [28], "retina", "retina"),
    "net_1": (convnet.net_1, [16], "retina", "retina"),
    "net_2": (convnet.net_2, [16], "retina", "retina"),
    "net_3": (convnet.net_3, [16], "retina", "retina"),
    "net_4": (convnet.net_4, [16], "retina", "retina"),
    "net_5": (convnet.net_5, [16], "retina", "retina"),
    "lenet5": (convnet.lenet5, [32], "retina", "retina"),
    "lenet5_as_taught": (convnet.lenet5_as_taught, [32, 33, 34, 35], "conv2.filters", "conv1.filters"),
    "small_convnet": (convnet.small_convnet, [16, 17, 18, 19], "decision", "conv1.filters"),
    "mlp": (partial(convnet.mlp, 5), [16], "hidden.linear", "hidden.linear"),
    "homma": (partial(convnet.homma_atlas_marks, torch.ones(2, 3, 4)), [3], "neurons", "neurons"),
}
each_net = pytest.mark.parametrize("name", NETS)


def labelled(*shape):
    return Stimuli(torch.rand(6, *shape), {"label": [0, 1] * 3})


@each_net
def test_the_sides_that_fit_are_found_and_the_model_is_left_as_it_is(name):
    build, sides, *_ = NETS[name]
    net = build()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    assert fitting_sizes(net, 1) == sides
    assert net.training
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


@each_net
@pytest.mark.parametrize("channels", [1, 3])
def test_a_record_of_images_that_do_not_fit_names_the_layer_the_sizes_it_met_and_what_fits(name, channels):
    build, sides, *layers = NETS[name]
    fits = " or ".join(map(str, sides))
    found = (
        f"layer '{layers[channels == 3]}' .*; it met .*; images of 1 channel fit with {fits} pixels a side"
    )
    with pytest.raises(ValueError, match=found):
        record(build(), labelled(channels, 8, 8))


@pytest.mark.parametrize("name", ["lenet5", "lenet5_as_taught", "small_convnet", "net_5"])
def test_so_does_learning_from_them(name):
    build, sides, *_ = NETS[name]
    with pytest.raises(ValueError, match=f"layer .* it met .* fit with {sides[0]}"):
        Backpropagation(epochs=1).fit(build(), labelled(1, 12, 12), torch.Generator())


def test_the_sizes_are_those_that_the_layer_met():
    net = nn.Sequential(nn.Conv2d(2, 3, 5), nn.MaxPool2d(2), nn.Conv2d(3, 1, 5, padding=1))
    wanted = (
        "layer '2' looks through windows that reach over 5 by 5 cells, with padding (1, 1); it met 3 by 1 by "
        "2; images of 2 channels fit from 10 pixels a side"  # (10 - 4) / 2 + 2 = 5
    )
    with pytest.raises(ValueError, match=re.escape(wanted)):
        record(net, labelled(2, 7, 8))


def test_of_a_net_in_double_precision_the_layer_is_named_too():
    wanted = r"'full1.linear' takes 400 inputs; it met 256; .* fit with 32 or"
    with (
        pytest.raises(ValueError, match=wanted),
        misfits_named(net := convnet.lenet5_as_taught().double(), (1, 28, 28)),
    ):
        net(torch.zeros(1, 1, 28, 28, dtype=torch.float64))


class Rows(nn.Module):
    """Takes what its filters answer as rows of nine."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(1, 1, 3)

    def forward(self, images):
        return self.filters(images).reshape(-1, 9)


def test_a_layer_whose_own_step_fails_is_named_and_not_the_part_of_it_that_went_well():
    with pytest.raises(ValueError, match=r"layer 'rows' .*; it met 1 by 4 by 4; .* fit with 5 or 8 or 11 or"):
        record(nn.Sequential(OrderedDict(rows=Rows())), labelled(1, 4, 4)[:1])


def test_errors_that_are_not_the_images_fault_pass_as_they_are():
    class Broken(nn.Module):
        def forward(self, images):
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match=r"^broken$"):
        record(nn.Sequential(Broken()), labelled(1, 4, 4))
    with pytest.raises(ValueError, match=r"^something else$"), misfits_named(nn.Identity(), (1, 4, 4)):
        raise ValueError("something else")
