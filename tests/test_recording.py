"""What the electrode keeps, and how it leaves the preparation."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neuro.recording import Recording, at_rest, device_of, layer_names, record
from neuro.stimuli import Stimuli


class Foreign(nn.Module):
    """Somebody's own net: functional calls between its layers, one of them in place, and dropout."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.inner = nn.Sequential(OrderedDict(second=nn.Conv2d(3, 4, 3), dropout=nn.Dropout(0.5)))
        self.dense = nn.Linear(4 * 5 * 5, 6)

    def forward(self, images):
        return self.dense(self.inner(F.relu_(self.first(images))).flatten(1))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Conv2d(1, 1, 3, padding=1)
        self.unused = nn.ReLU()

    def forward(self, images):
        return self.shared(self.shared(images))


class Pair(nn.Module):
    def forward(self, images):
        return images, images


class Sequence(nn.Module):
    def forward(self, images):
        return images.flatten(2)


class Broken(nn.Module):
    def forward(self, images):
        raise RuntimeError("broken net")


def shown(n=5, size=7):
    images = torch.rand(n, 1, size, size, generator=torch.Generator().manual_seed(1))
    return Stimuli(images, {"orientation": np.arange(n) * 10.0})


def foreign():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Foreign()


def chain():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            OrderedDict(conv=nn.Conv2d(1, 3, 2), relu=nn.ReLU(inplace=True), pool=nn.MaxPool2d(2))
        )


def hooks_of(model):
    return [hook for module in model.modules() for hook in module._forward_hooks.values()]


def test_a_recording_is_the_layers_run_by_hand():
    model, stimuli = chain(), shown()
    recording = record(model, stimuli)
    conv = F.conv2d(stimuli.images, model.conv.weight, model.conv.bias).detach()
    assert list(recording.responses) == ["conv", "relu", "pool"]
    np.testing.assert_allclose(recording["conv"], conv, atol=1e-6)
    np.testing.assert_allclose(recording["relu"], conv.clamp(min=0), atol=1e-6)
    np.testing.assert_allclose(recording["pool"], F.max_pool2d(conv.clamp(min=0), 2), atol=1e-6)


def test_a_relu_in_place_does_not_change_what_was_kept():
    assert (record(chain(), shown())["conv"] < 0).any()
    assert (record(foreign(), shown())["first"] < 0).any()


def test_layers_inside_anybodys_net_are_recorded_under_their_dotted_names():
    model, stimuli = foreign(), shown()
    recording = record(model, stimuli, layers=["inner.second", "dense"])
    with torch.no_grad():
        second = model.inner.second(F.relu(model.first(stimuli.images)))
        dense = model.dense(second.flatten(1))  # in eval mode dropout does nothing
    assert list(recording.responses) == ["inner.second", "dense"]
    np.testing.assert_allclose(recording["inner.second"], second, atol=1e-6)
    np.testing.assert_allclose(recording["dense"][:, :, 0, 0], dense, atol=1e-6)


def test_dense_layers_are_planes_of_one_cell():
    assert record(foreign(), shown())["dense"].shape == (5, 6, 1, 1)


def test_the_conditions_travel_with_the_responses():
    stimuli = shown()
    recording = record(chain(), stimuli)
    assert isinstance(recording, Recording)
    assert recording.conditions["orientation"].tolist() == [0, 10, 20, 30, 40]
    recording.conditions.clear()
    assert "orientation" in stimuli.conditions


def test_the_batch_size_does_not_change_the_numbers():
    model, stimuli = foreign(), shown()
    together = record(model, stimuli)
    for batch_size in (1, 2, 5):
        apart = record(model, stimuli, batch_size=batch_size)
        for layer in together.responses:
            # A batch may be summed in another order: a few units in the last place.
            np.testing.assert_allclose(apart[layer], together[layer], atol=1e-6)


def test_the_centre_is_the_middle_cell_of_each_plane():
    images = torch.arange(49.0).reshape(1, 1, 7, 7) / 49
    model = nn.Sequential(OrderedDict(same=nn.Identity()))
    centre = record(model, Stimuli(images), units="centre")["same"]
    assert centre.shape == (1, 1, 1, 1)
    assert centre.item() == images[0, 0, 3, 3]
    assert record(foreign(), shown(), ["first", "dense"], units="centre")["dense"].shape == (5, 6, 1, 1)


def test_single_cells_are_chosen_by_plane_row_and_column():
    model, stimuli = chain(), shown()
    whole = record(model, stimuli)
    cells = np.array([[2, 0, 1], [0, 1, 2]])
    kept = record(model, stimuli, ["conv"], cells)["conv"]
    assert kept.shape == (5, 2, 1, 1)
    np.testing.assert_array_equal(kept[:, 0, 0, 0], whole["conv"][:, 2, 0, 1])
    np.testing.assert_array_equal(kept[:, 1, 0, 0], whole["conv"][:, 0, 1, 2])


def test_each_layer_may_have_cells_of_its_own():
    model, stimuli = chain(), shown()
    kept = record(model, stimuli, ["conv", "pool"], {"conv": [[0, 5, 5]], "pool": [[1, 0, 0], [2, 2, 2]]})
    assert kept["conv"].shape == (5, 1, 1, 1)
    assert kept["pool"].shape == (5, 2, 1, 1)
    whole = record(model, stimuli)
    np.testing.assert_array_equal(kept["pool"][:, 1, 0, 0], whole["pool"][:, 2, 2, 2])


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("middle", r"units is 'centre' or an array of \(plane, row, column\); got 'middle'"),
        ([0, 1, 2], r"units must be \(n, 3\): plane, row, column; got \(3,\)"),
        ([[0, 6, 0]], r"layer 'conv' has \(3, 6, 6\) planes, rows, columns; got \[0 6 0\]"),
        ([[0, -1, 0]], r"layer 'conv' has \(3, 6, 6\) planes, rows, columns"),
        ({"pool": [[0, 0, 0]]}, "no units given for layer 'conv'; there are units for pool"),
    ],
)
def test_cells_that_are_not_there_are_refused(units, message):
    with pytest.raises(ValueError, match=message):
        record(chain(), shown(), ["conv"], units)


@pytest.mark.parametrize("name", ["US9", ""])
def test_an_unknown_layer_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match=f"no layer '{name}'; this model has conv, relu, pool"):
        record(chain(), shown(), [name])


def test_one_name_is_not_a_list_of_names():
    with pytest.raises(ValueError, match=r"layers is a list of names; write \['conv'\]"):
        record(chain(), shown(), "conv")


def test_a_layer_that_runs_twice_in_a_pass_is_refused_by_name():
    with pytest.raises(ValueError, match="layer 'shared' runs more than once in a pass"):
        record(Twice(), shown(), ["shared"], batch_size=2)


def test_a_layer_that_never_runs_is_refused_only_if_it_was_asked_for():
    with pytest.raises(ValueError, match="layer 'unused' did not run"):
        record(Twice(), shown(), ["unused"])
    model = Twice()
    model.shared = nn.Identity()
    model.forward = lambda images: model.shared(images)
    assert list(record(model, shown()).responses) == ["shared"]


def test_a_layer_that_gives_no_planes_is_refused():
    with pytest.raises(TypeError, match="layer 'pair' gives a tuple, not a tensor"):
        record(nn.Sequential(OrderedDict(pair=Pair())), shown())
    with pytest.raises(ValueError, match=r"layer 'sequence' gives \(5, 1, 49\); expected \(B, K, H, W\)"):
        record(nn.Sequential(OrderedDict(sequence=Sequence())), shown())


def test_nothing_shown_is_nothing_recorded():
    with pytest.raises(ValueError, match="no stimuli to show"):
        record(chain(), shown()[:0])


@pytest.mark.parametrize("broken", [False, True])
def test_the_model_is_left_as_it_was_found(broken):
    model = nn.Sequential(OrderedDict(net=foreign(), end=Broken() if broken else nn.Identity()))
    model.train()
    model.net.inner.eval()  # some layers in training mode, some not
    before = {name: module.training for name, module in model.named_modules()}
    if broken:
        with pytest.raises(RuntimeError, match="broken net"):
            record(model, shown(), ["net.first"])
    else:
        record(model, shown(), ["net.first"])
    assert {name: module.training for name, module in model.named_modules()} == before
    assert hooks_of(model) == []
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


def test_a_model_at_rest_is_in_eval_mode_and_without_gradients():
    model = foreign().train()
    with at_rest(model):
        assert not any(module.training for module in model.modules())
        assert not torch.is_grad_enabled()
    assert all(module.training for module in model.modules())


def test_a_movie_is_shown_frame_by_frame_and_folded_back():
    frames = torch.rand(2, 3, 1, 7, 7, generator=torch.Generator().manual_seed(2))
    model = chain()
    movie = record(model, Stimuli(frames, {"direction": [0.0, 90.0]}, dt=5.0), batch_size=4)
    assert movie["conv"].shape == (2, 3, 3, 6, 6)
    assert movie.conditions["direction"].shape == (2,)
    for film in range(2):
        np.testing.assert_allclose(
            movie["conv"][film], record(model, Stimuli(frames[film]))["conv"], atol=1e-6
        )
    centre = record(model, Stimuli(frames, dt=5.0), ["conv"], "centre")["conv"]
    np.testing.assert_array_equal(centre[..., 0, 0], movie["conv"][..., 3, 3])


class Change(nn.Module):
    """What changed from frame to frame, and in each frame as a whole."""

    sees_movies = True

    def __init__(self):
        super().__init__()
        self.pixels, self.dense, self.still = nn.Identity(), nn.Identity(), nn.Identity()
        self.shown = []

    def forward(self, movie):
        self.shown.append(tuple(movie.shape))
        change = self.pixels(torch.cat([movie[:, :1] * 0, movie.diff(dim=1)], dim=1))
        self.still(change[:, 0])
        return self.dense(change.mean((3, 4)))


def movies(n=5, frames=4, dt=5.0):
    light = torch.rand(n, frames, 2, 5, 7, generator=torch.Generator().manual_seed(2))
    return Stimuli(light, {"direction": np.arange(n) * 45.0}, dt=dt)


def test_a_model_that_sees_movies_is_shown_them_whole():
    shown, model = movies(), Change()
    recording = record(model, shown, ["pixels", "dense"])
    assert recording["pixels"].shape == (5, 4, 2, 5, 7)
    np.testing.assert_array_equal(recording["pixels"][:, 1:], shown.images.diff(dim=1))
    np.testing.assert_allclose(recording["dense"][..., 0, 0], recording["pixels"].mean((3, 4)), atol=1e-6)
    assert recording.conditions["direction"].tolist() == [0, 45, 90, 135, 180]


def test_the_cells_chosen_of_a_model_that_sees_movies_keep_their_time():
    whole = record(Change(), movies(), ["pixels"])["pixels"]
    centre = record(Change(), movies(), ["pixels"], "centre")["pixels"]
    np.testing.assert_array_equal(centre, whole[:, :, :, 2:3, 3:4])
    cells = record(Change(), movies(), ["pixels"], [[1, 0, 6], [0, 4, 2]])["pixels"]
    assert cells.shape == (5, 4, 2, 1, 1)
    np.testing.assert_array_equal(cells[:, :, 0, 0, 0], whole[:, :, 1, 0, 6])
    np.testing.assert_array_equal(cells[:, :, 1, 0, 0], whole[:, :, 0, 4, 2])
    with pytest.raises(ValueError, match=r"layer 'pixels' has \(2, 5, 7\) planes, rows, columns; got"):
        record(Change(), movies(), ["pixels"], [[2, 0, 0]])


@pytest.mark.parametrize(("batch_size", "at_once"), [(1, 1), (4, 1), (9, 2), (128, 5)])
def test_a_batch_of_whole_movies_has_no_more_frames_than_a_batch_of_stills(batch_size, at_once):
    model = Change()
    together = record(Change(), movies(), ["dense"])["dense"]
    apart = record(model, movies(), ["dense"], batch_size=batch_size)["dense"]
    np.testing.assert_allclose(apart, together, atol=1e-6)
    assert max(shape[0] for shape in model.shown) == at_once


def test_stills_and_movies_of_other_frames_than_its_own_are_refused_for_a_model_that_sees_movies():
    with pytest.raises(ValueError, match=r"sees movies \(B, T, C, H, W\) with a dt in ms; got stills"):
        record(Change(), shown())
    model = Change()
    model.dt = 10.0
    with pytest.raises(ValueError, match=r"frames of dt = 10.0 ms; those of the movie are 5.0 ms"):
        record(model, movies())
    assert record(model, movies(dt=10.0), ["dense"])["dense"].shape == (5, 4, 2, 1, 1)


def test_a_layer_that_has_lost_its_time_is_refused():
    with pytest.raises(ValueError, match=r"layer 'still' gives \(5, 2, 5, 7\); expected \(B, T, K, H, W\)"):
        record(Change(), movies(), ["still"])


def test_mere_flattening_is_no_layer_of_cells_but_can_be_recorded_by_name():
    model = nn.Sequential(OrderedDict(relu=nn.ReLU(), flat=nn.Flatten(), dense=nn.Linear(49, 2)))
    assert list(record(model, shown()).responses) == ["relu", "dense"]
    assert record(model, shown(), ["flat"])["flat"].shape == (5, 49, 1, 1)


def test_the_layers_of_a_model_are_its_children_and_a_model_without_weights_is_on_the_cpu():
    assert layer_names(foreign()) == ["first", "inner", "dense"]
    assert device_of(nn.ReLU()) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_model_on_the_gpu_gives_the_numbers_of_the_cpu():
    model, stimuli = foreign(), shown()
    on_cpu = record(model, stimuli)
    on_gpu = record(model.cuda(), stimuli, batch_size=2)
    for layer in on_cpu.responses:
        np.testing.assert_allclose(on_gpu[layer], on_cpu[layer], atol=1e-3)  # TF32 convolutions
