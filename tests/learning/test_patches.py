"""Patches: what a layer multiplies with its weights, and what of it a rule is given."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from neuro.learning.patches import Patches, below, plastic_layers, sample
from neuro.models.convnet import feature_chain
from neuro.models.counting import layers_of
from neuro.stimuli import Stimuli

EVERY = Patches("raw", places=None)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=3, channels=2, size=7):
    return 0.1 + 0.9 * torch.rand(n, channels, size, size, generator=seeded(3))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 5, 3),
        nn.Conv2d(2, 5, (3, 2), stride=(2, 1)),
        nn.Conv2d(2, 5, 3, padding=1),
        nn.Conv2d(2, 5, 3, padding="same", padding_mode="reflect"),
    ],
)
def test_weights_times_patches_are_what_the_convolution_computes(layer):
    sums = EVERY.drawn(layer, noise(), seeded()) @ layer.weight.flatten(1).T + layer.bias
    torch.testing.assert_close(sums, layer(noise()).permute(0, 2, 3, 1).flatten(0, 2))


def test_a_dense_layer_sees_all_of_its_input():
    seen = noise().flatten(1)
    assert torch.equal(EVERY.drawn(nn.Linear(98, 4), seen, seeded()), seen)


def test_so_many_places_of_each_image_are_drawn_and_each_is_a_window_of_that_image():
    layer = nn.Conv2d(2, 5, (3, 5))  # five rows of three places
    drawn = Patches("raw", places=99).drawn(layer, noise(), seeded()).unflatten(0, (3, 99))
    every = EVERY.drawn(layer, noise(), seeded()).unflatten(0, (3, 15))
    same = (drawn[:, :, None] == every[:, None]).all(-1)
    assert same.any(2).all()
    assert same.any(1).all()


@pytest.mark.parametrize(("given", "mean"), [("contrast-normalised", 0.0), ("unit length", None)])
def test_patches_are_given_at_length_one(given, mean):
    drawn = Patches(given, places=None).drawn(nn.Conv2d(2, 5, 3), noise(), seeded())
    torch.testing.assert_close(drawn.norm(dim=1), torch.ones(75))
    if mean is not None:
        torch.testing.assert_close(drawn.mean(1), torch.zeros(75), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("given", "left"), [("contrast-normalised", 1), ("unit length", 2), ("raw", 2)])
def test_blank_patches_are_left_out_and_uniform_light_is_blank_if_the_mean_is_taken_away(given, left):
    seen = torch.stack([torch.zeros(9), torch.full((9,), 0.3), torch.linspace(0, 1, 9)])
    assert len(Patches(given).drawn(nn.Linear(9, 2), seen, seeded())) == left


def test_faint_contrast_on_bright_ground_is_seen_and_what_rounding_makes_of_none_is_not():
    faint = 100 + 0.1 * torch.rand(1, 784, generator=seeded(1))
    grey = torch.full((1, 784), 0.3)
    rounded = grey.clone()
    rounded[0, ::2] = rounded[0, 0].nextafter(torch.tensor(1.0))
    shown = torch.cat([faint, grey, rounded])
    exact = faint.double() - faint.double().mean()
    given = Patches().drawn(nn.Linear(784, 1), shown, seeded())
    torch.testing.assert_close(given.double(), exact / exact.norm(), atol=1e-5, rtol=1e-3)


def test_centred_weights_answer_a_raw_patch_by_its_contrast_times_what_the_rule_was_given():
    patches, layer = Patches(places=None), nn.Linear(98, 4, bias=False)
    seen = noise().flatten(1)
    given = patches.drawn(layer, seen, seeded())
    weights = patches.centred(layer.weight.detach())
    contrast = (seen - seen.mean(1, keepdim=True)).norm(dim=1, keepdim=True)
    torch.testing.assert_close(seen @ weights.T, contrast * (given @ weights.T), atol=1e-6, rtol=1e-4)


def test_layers_have_their_full_names_and_all_before_one_is_below_it():
    chain = feature_chain((3, 4))
    assert [name for name, _ in layers_of(chain)] == [
        "conv1.filters",
        "conv1.relu",
        "pool1",
        "conv2.filters",
        "conv2.relu",
        "pool2",
    ]
    assert list(plastic_layers(chain)) == ["conv1.filters", "conv2.filters"]
    images = noise(channels=1, size=16)
    assert torch.equal(below(chain, "conv2.filters")(images), chain.pool1(chain.conv1(images)))


def test_a_sample_is_bounded_and_of_layers_as_they_see():
    stimuli = Stimuli(noise(n=40, channels=1, size=16))
    chain = feature_chain((3, 4))
    drawn, images = sample(chain, "conv2.filters", EVERY, stimuli, 50, seeded())
    assert drawn.shape == (50, 75)
    assert images == 40
    every = EVERY.drawn(chain.conv2.filters, chain.pool1(chain.conv1(stimuli.images)), seeded())
    assert (torch.cdist(drawn, every, compute_mode="donot_use_mm_for_euclid_dist").amin(1) == 0).all()


def test_what_cannot_be_done_is_refused():
    chain = feature_chain((3,))
    with pytest.raises(ValueError, match=r"no plastic layer pool1; this model has conv1\.filters"):
        plastic_layers(chain, ("pool1",))
    with pytest.raises(ValueError, match="no plastic layer none; this model has none"):
        plastic_layers(nn.Sequential(OrderedDict(flat=nn.Flatten())))
    with pytest.raises(ValueError, match="without groups and dilation"):
        Patches().drawn(nn.Conv2d(2, 4, 3, groups=2), noise(), seeded())
    with pytest.raises(ValueError, match=r"conv1\.filters has 3 units and sees only 2 patches"):
        sample(chain, "conv1.filters", Patches(places=1), Stimuli(noise(2, 1)), 100, seeded())
    with pytest.raises(ValueError, match="patches are 'raw', 'unit length' or"):
        Patches("whitened")
    with pytest.raises(ValueError, match="places is how many of every image"):
        Patches(places=0)


def test_a_nonlinearity_that_stands_in_two_places_is_below_a_layer_in_both():
    relu = nn.ReLU()
    chain = nn.Sequential(
        OrderedDict(a=nn.Linear(2, 2), r=relu, b=nn.Linear(2, 2), again=relu, c=nn.Linear(2, 2))
    )
    assert len(below(chain, "c")) == 4
    seen = torch.randn(20, 2, generator=seeded())
    assert float(below(chain, "c")(seen).detach().min()) >= 0
