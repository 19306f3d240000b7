"""The labelled top against a loop in plain numpy over images one by one, and by hand."""

import logging
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from neuro.learning import AddIfSilent, LabelledTop, Untrained, history_of, labelled, presentations
from neuro.models.convnet import lenet5_as_taught
from neuro.models.neocognitron import JoinedCLayer, LabelledCLayer, SLayer, handwritten, selectivity
from neuro.stimuli import Stimuli


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def seeded_for(order):
    """A generator that shows the stimuli in this order."""
    return seeded(
        next(n for n in range(500) if torch.randperm(len(order), generator=seeded(n)).tolist() == order)
    )


def top(channels=2, theta=0.3, learning=None, window=1, classes=3):
    """A top alone, on whatever it is shown."""
    r_learning = None if learning is None else selectivity(learning)
    model = nn.Sequential()
    model.add_module(
        "US4", SLayer(channels, 1, window, r=selectivity(theta), gamma=0.9, r_learning=r_learning)
    )
    model.add_module("UC4", LabelledCLayer([-1], classes))
    return model


def directions(degrees, labels):
    """Images of two planes and one place that are directions in their plane."""
    angles = torch.deg2rad(torch.as_tensor(degrees, dtype=torch.float32))
    images = torch.stack([angles.cos(), angles.sin()], dim=1)[:, :, None, None]
    return Stimuli(images, {"label": np.asarray(labels)})


def learned_angles(model):
    return np.rad2deg(np.arctan2(*model.US4.a.detach().flatten(1).numpy().T[::-1]))


def test_by_hand_a_right_winner_is_reinforced_and_a_wrong_one_makes_a_plane():
    # 10 is won by 0, of its label; 30 by the plane now at 5, of another, and so makes its own; that wins 28.
    shown = directions([0, 10, 30, 28], [0, 0, 2, 2])
    net = LabelledTop(rounds=1).fit(top(), shown, seeded_for([0, 1, 2, 3]))
    np.testing.assert_allclose(learned_angles(net), [5, 29], atol=1e-3)
    assert net.UC4.labels.tolist() == [0, 2]
    history = history_of(net)
    assert history["US4 planes"] == [2]
    assert history["US4 errors"] == [1]
    assert history["US4 silent images"] == [1]  # the first, of no planes
    assert history["US4 wins"] == [2, 2]
    assert presentations(net, "US4").seeds(1).tolist() == [[2, 0, 0], [3, 0, 0]]


def test_by_hand_what_is_silent_makes_a_plane_though_the_nearest_has_its_label():
    # In learning planes answer within acos 0.98 = 11.5 degrees, in recognition within 72.5.
    shown = directions([0, 20, 10], [1, 1, 1])
    net = LabelledTop(rounds=1).fit(top(learning=0.98), shown, seeded_for([0, 1, 2]))
    np.testing.assert_allclose(learned_angles(net), [5, 20], atol=1e-3)
    assert net.UC4.labels.tolist() == [1, 1]
    assert history_of(net)["US4 errors"] == [0]
    assert history_of(net)["US4 silent images"] == [2]
    assert (net(shown.images)[:, 1] > 0).all()
    assert net.US4.theta == pytest.approx(0.3)


def one_by_one(images, labels, orders, c, theta):
    """Planes and their labels when images come one by one, by ratios; and the narrowest decision.

    A cell's ratio is that of excitation to inhibition, (1 + a x) / (1 + theta |x| |a|) with r/(1+r) = theta,
    norms by c and 1/c. Shapes: images (N, places, D), each place a patch.
    """
    planes, names, margin = [], [], np.inf
    for order in orders:
        for n in order:
            norms = np.sqrt((c * images[n] ** 2).sum(1))
            ratios = [
                (1 + 1e5 * (p * images[n]).sum(1)) / (1 + 1e5 * theta * norms * np.sqrt((p**2 / c).sum()))
                for p in planes
            ]
            flat = np.ravel(ratios)
            margin = min(margin, np.diff(np.sort([1.0, *flat])).min(initial=np.inf))
            best = int(flat.argmax()) if len(flat) else 0
            if len(flat) and flat[best] > 1 and names[best // len(norms)] == labels[n]:
                planes[best // len(norms)] = planes[best // len(norms)] + c * images[n][best % len(norms)]
            else:
                planes.append(c * images[n][norms.argmax()])
                names.append(labels[n])
    return np.array(planes), names, margin


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3]), st.sampled_from([0.3, 0.9]))
def test_images_in_batches_leave_what_images_one_by_one_leave(seed, size, theta):
    rng = np.random.default_rng(seed)
    images, labels = rng.random((20, 3, size, size)).astype(np.float32), rng.integers(0, 3, 20)
    model, generator = top(3, theta, window=2), seeded(seed)
    orders = [torch.randperm(20, generator=generator).tolist() for _ in range(2)]
    windows = np.lib.stride_tricks.sliding_window_view(images, (2, 2), axis=(2, 3))
    patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(20, (size - 1) ** 2, -1).astype(float)
    c = model.US4.c.flatten().double().numpy()
    expected, names, margin = one_by_one(patches, labels, orders, c, theta)
    assume(margin > 1e-5)  # nearer decisions are a matter of rounding, in single precision
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labelled, "BATCH", 7)
        net = LabelledTop(rounds=2).fit(
            model, Stimuli(torch.from_numpy(images), {"label": labels}), seeded(seed)
        )
    rounds = len(history_of(net)["US4 planes"])
    if rounds == 1:  # the second would have added no plane; it was not needed to know that
        expected, names, _ = one_by_one(patches, labels, orders[:1], c, theta)
    assert net.UC4.labels.tolist() == names
    np.testing.assert_allclose(net.US4.a.detach().flatten(1), 1e5 * expected, rtol=1e-4)
    torch.testing.assert_close(net.US4.b.detach(), net.US4.matched_inhibition(), rtol=1e-4, atol=0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_round_that_made_no_plane_is_the_last_and_had_no_errors(seed):
    rng = np.random.default_rng(seed)
    shown = directions(rng.uniform(0, 90, 12), rng.integers(0, 3, 12))
    history = history_of(LabelledTop(rounds=50).fit(top(), shown, seeded(seed)))
    growth = np.diff([0, *history["US4 planes"]])
    assert (growth == np.add(history["US4 errors"], history["US4 silent images"])).all()
    assert (growth[:-1] > 0).all()
    assert growth[-1] == 0 or len(growth) == 50


def test_a_plane_an_image_recognises_every_image_by_its_label():
    # At a learning threshold that nothing but the image itself passes.
    images, labels = torch.rand(30, 2, 3, 3, generator=seeded()), np.arange(30) % 3
    shown = Stimuli(images, {"label": labels})
    net = LabelledTop().fit(top(learning=0.9999, window=3), shown, seeded())
    assert len(net.US4.b) == 30
    assert net(images).argmax(1).tolist() == labels.tolist()


def test_the_layers_below_learn_first_and_without_labels():
    images = torch.rand(6, 1, 28, 28, generator=seeded())
    shown = Stimuli(images, {"label": np.arange(6) % 2})
    model, below = (
        handwritten(planes=(1, 1), recognition=(0.5, 0.3), learning=(0.6, None)),
        AddIfSilent(most=(7,)),
    )
    before = {name: value.clone() for name, value in model.state_dict().items()}
    net = LabelledTop(below).fit(model, shown, seeded())
    alone = below.fit(model[:-2], shown.without("label"), seeded())
    assert torch.equal(net.US2.a, alone.US2.a)
    assert net.US3.a.shape[1] == len(alone.US2.b) == 7
    assert net.US3.c.sum().item() == pytest.approx(1)  # eq. 9
    assert {"US2 wins", "US3 wins"} <= set(history_of(net))
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
    assert net(images).shape == (6, 10)


def test_layers_below_that_did_not_grow_stay_as_they_were_and_may_be_joined():
    model = nn.Sequential(
        OrderedDict(US1=SLayer(1, 5, 3, 1), UC1=JoinedCLayer([0, 1, 2, 1, 0], 3, 1, 1, 0.7, 4.0))
    )
    for layer in top(channels=3, window=5).named_children():
        model.add_module(*layer)
    model.US1.a.data = torch.rand(5, 1, 3, 3, generator=seeded())
    model.US1.b.data = model.US1.matched_inhibition()
    shown = Stimuli(torch.rand(4, 1, 5, 5, generator=seeded()), {"label": np.arange(4) % 3})
    net, alone = (LabelledTop(below).fit(model, shown, seeded()) for below in (Untrained(), None))
    assert torch.equal(net.US1.a, model.US1.a)
    assert torch.equal(net.US4.c, model.US4.c)
    assert torch.equal(net.US4.a, alone.US4.a)
    assert net.US4.a.any()


def test_a_class_without_planes_and_a_top_that_is_full_are_reported(caplog):
    shown = directions([0, 90, 45], [0, 1, 0])
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        net = LabelledTop(most=1, rounds=1).fit(top(), shown, seeded_for([0, 1, 2]))
    assert net.UC4.labels.tolist() == [0]
    assert caplog.messages == [
        "US4: all 1 planes grown, and no room for more",
        "UC4: 2 of 3 planes have no S-plane of their label: 1, 2",
    ]


def test_a_blank_image_teaches_nothing():
    lit = directions([0, 90], [0, 1])
    images = torch.cat([lit.images, torch.zeros(1, 2, 1, 1)])
    net = LabelledTop(rounds=1).fit(top(), Stimuli(images, {"label": np.array([0, 1, 2])}), seeded())
    assert sorted(net.UC4.labels.tolist()) == [0, 1]
    assert history_of(net)["US4 silent images"] == [3]  # it, and the two that no plane knew


def test_what_it_cannot_learn_is_refused():
    shown = directions([0, 90], [0, 1])
    with pytest.raises(KeyError, match="no condition 'label'"):
        LabelledTop().fit(top(), shown.without("label"), seeded())
    with pytest.raises(ValueError, match="this model has classes 0 to 2; the labels are 0 to 3"):
        LabelledTop().fit(top(), directions([0, 90], [0, 3]), seeded())
    with pytest.raises(ValueError, match="this model has classes 0 to 2; the labels are none"):
        LabelledTop().fit(top(), shown[:0], seeded())
    with pytest.raises(ValueError, match=r"this model ends with .*Linear"):
        LabelledTop().fit(lenet5_as_taught(), shown, seeded())
    with pytest.raises(ValueError, match="nothing to grow from in US4: its input is blank"):
        LabelledTop().fit(top(), Stimuli(torch.zeros(2, 2, 1, 1), {"label": np.array([0, 1])}), seeded())
    unlearned = handwritten((2, 1), 10, (0.5, 0.3), (None, None))
    seen = Stimuli(torch.rand(2, 1, 28, 28, generator=seeded()), {"label": np.array([0, 1])})
    with pytest.raises(ValueError, match="nothing to grow from in US3: its input is blank"):
        LabelledTop(Untrained()).fit(unlearned, seen, seeded())
    small = Stimuli(torch.rand(2, 1, 24, 24), seen.conditions)
    coloured = Stimuli(torch.rand(2, 3, 28, 28), seen.conditions)
    with pytest.raises(ValueError, match="S-cells see 2 planes of at least 7 x 7 cells; got 2 of 6 x 6"):
        LabelledTop(AddIfSilent()).fit(unlearned, small, seeded())
    with pytest.raises(ValueError, match=r"contrast cells see 1 planes .* got 3 of 28 x 28"):
        LabelledTop(AddIfSilent()).fit(unlearned, coloured, seeded())


def test_settings_that_make_no_sense_are_refused():
    for wrong in ({"q": 0.0}, {"q": float("inf")}, {"most": 0}, {"rounds": 0}):
        with pytest.raises(ValueError, match="q above zero and finite, most and rounds at least 1"):
            LabelledTop(**wrong)
