"""The controls: nothing learned, patches imprinted as they come, Gabor functions drawn at random."""

import copy
import logging

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neuro.learning import Imprinting, RandomGabor, Untrained, history_of
from neuro.models.convnet import dense_features, feature_chain
from neuro.models.neocognitron import Stage, neocognitron
from neuro.stimuli import Stimuli

ONE = (Stage(planes=6, s_window=3, s_padding=1, r=4.0, initial=0.0, c_window=3, c_padding=1),)
TWO = (*ONE, Stage(planes=3, s_window=3, s_padding=1, initial=0.0, c_window=2, c_padding=0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(n=5):
    return Stimuli(torch.rand(n, 1, 8, 8, generator=seeded(9)))


def patches_of(images):
    """What an S-cell of a 3x3 window, padding 1, sees at each place: (places, 9)."""
    return F.unfold(images, 3, padding=1).transpose(1, 2).flatten(0, 1)


def test_untrained_is_an_unchanged_copy_whatever_is_shown():
    model = neocognitron(ONE)
    copied = Untrained().fit(model, Stimuli(noise().images, {"label": np.arange(5)}), seeded())
    assert copied is not model
    assert copied.US1.a is not model.US1.a
    assert torch.equal(copied.US1.a, model.US1.a)
    assert history_of(copied) == {}


def test_each_plane_holds_one_patch():
    trained = Imprinting(q=(5.0,)).fit(neocognitron(ONE), noise(), seeded())
    patches = patches_of(noise().images)
    held = (trained.US1.a / (5.0 * trained.US1.c)).detach().flatten(1)
    distance = torch.cdist(held, patches, compute_mode="donot_use_mm_for_euclid_dist")
    assert (distance.amin(1) < 1e-5).all()
    norms = (trained.US1.c.flatten() * patches[distance.argmin(1)] ** 2).sum(1).sqrt()
    torch.testing.assert_close(trained.US1.b.detach(), 2.5 * norms)
    assert len(distance.argmin(1).unique()) > 1


def test_each_plane_fires_where_it_sees_its_own_patch_and_where_the_cosine_is_above_its_threshold():
    trained = Imprinting().fit(neocognitron(ONE), noise(), seeded())
    weights, patches = trained.US1.a.detach().flatten(1), patches_of(noise().images)
    # a = q c X, so sum a Y is q times the c-weighted product of X and Y.
    c = trained.US1.c.flatten()
    norm = (c * (weights / c) ** 2).sum(1).sqrt()[:, None] * (c * patches**2).sum(1).sqrt()
    cosine = weights @ patches.T / norm
    fired = trained.US1(noise().images).detach().flatten(2).transpose(0, 1).flatten(1) > 0
    clear = (cosine - 0.8).abs() > 1e-5  # single precision; r = 4
    assert torch.equal(fired[clear], (cosine > 0.8)[clear])
    assert (cosine.amax(1) > 0.9999).all()
    assert not fired.all()


def test_deeper_layers_hold_what_the_layers_below_make_of_an_image():
    trained = Imprinting(q=(1.0, 16.0)).fit(neocognitron(TWO), noise(), seeded())
    below = trained[:2](noise().images).detach()
    patches = F.unfold(below, 3, padding=1).transpose(1, 2).flatten(0, 1)
    held = (trained.US2.a / (16.0 * trained.US2.c)).detach().flatten(1)
    distance = torch.cdist(held, patches, compute_mode="donot_use_mm_for_euclid_dist")
    assert (distance.amin(1) < 1e-5).all()


def test_the_original_is_untouched_and_one_seed_gives_one_result():
    model = neocognitron(TWO)
    before = copy.deepcopy(model.state_dict())
    once, again, other = (Imprinting().fit(model, noise(), seeded(seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
    assert all(torch.equal(once[name], again[name]) for name in before)
    assert not torch.equal(once["US1.a"], other["US1.a"])


def test_patches_are_drawn_where_something_is_seen():
    images = torch.zeros(3, 1, 8, 8)
    images[:, :, 2, 5] = 1
    trained = Imprinting().fit(neocognitron(ONE), Stimuli(images), seeded())
    assert (trained.US1.b > 0).all()
    assert (trained.US1.a.flatten(1) > 0).sum(1).tolist() == [1] * 6  # the dot, somewhere in the window


def test_a_plane_that_drew_a_blank_image_is_reported(caplog):
    images = noise(2).images.clone()
    images[1] = 0
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        trained = Imprinting().fit(neocognitron(ONE), Stimuli(images), seeded())
    blank = (trained.US1.b == 0).nonzero().flatten().tolist()
    assert blank
    shown = ", ".join(map(str, blank))
    assert caplog.messages == [
        f"US1: {len(blank)} of 6 planes drew a blank image and kept their initial weights: {shown}"
    ]


def test_blank_stimuli_labels_and_nothing_at_all_are_refused():
    blank = torch.zeros(2, 1, 8, 8)
    with pytest.raises(ValueError, match="nothing to imprint in US1: its input is blank"):
        Imprinting().fit(neocognitron(ONE), Stimuli(blank), seeded())
    with pytest.raises(ValueError, match="Imprinting learns without a teacher"):
        Imprinting().fit(neocognitron(ONE), Stimuli(blank, {"label": [0, 1]}), seeded())
    with pytest.raises(ValueError, match="Imprinting was given no stimuli"):
        Imprinting().fit(neocognitron(ONE), noise()[:0], seeded())


def test_random_gabors_are_gabor_functions_of_length_one_and_of_no_mean():
    model = feature_chain((40,), window=9)
    weights = RandomGabor().fit(model, noise(), seeded()).conv1.filters.weight.detach()[:, 0]
    torch.testing.assert_close(weights.flatten(1).norm(dim=1), torch.ones(40))
    torch.testing.assert_close(weights.sum((1, 2)), torch.zeros(40), atol=1e-5, rtol=0)
    narrow = RandomGabor(wavelengths=(0.5, 0.5), widths=(0.2, 0.2))
    for field in narrow.fit(model, noise(), seeded()).conv1.filters.weight.detach()[:, 0]:
        # Of an elongation of one and a wavelength of 4.5 pixels the spectrum peaks at 2 cycles a field.
        spectrum = torch.fft.fft2(field, s=(90, 90)).abs()
        peak = torch.fft.fftfreq(90)[torch.tensor(np.unravel_index(int(spectrum.argmax()), (90, 90)))]
        assert float(peak.norm()) == pytest.approx(1 / 4.5, abs=0.02)


def test_random_gabors_are_drawn_over_all_orientations_and_without_looking():
    model = feature_chain((200,), window=9)
    once, again, other = (
        RandomGabor().fit(model, Stimuli(images), seeded(seed)).conv1.filters.weight.detach()[:, 0]
        for images, seed in ((noise().images, 0), (torch.zeros(1, 1, 9, 9), 0), (noise().images, 1))
    )
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    spectrum = torch.fft.fftshift(torch.fft.fft2(once, s=(32, 32)).abs(), dim=(1, 2))[
        :, 16:
    ]  # half the plane
    peak = spectrum.flatten(1).argmax(1)
    angle = np.degrees(np.arctan2((peak // 32).numpy(), (peak % 32).numpy() - 16)) % 180
    assert (np.histogram(angle, [0, 45, 90, 135, 180])[0] > 25).all()


def test_random_gabors_of_a_dense_layer_lie_somewhere_in_the_image():
    layer = RandomGabor(field=5).fit(dense_features(60, 144), noise(), seeded()).dense1.linear
    images = layer.weight.detach().unflatten(1, (12, 12)) != 0
    for seen in (images.any(1), images.any(2)):
        first, last = seen.int().argmax(1), 11 - seen.flip(1).int().argmax(1)
        assert int((last - first).max()) == 4
        assert set(first.tolist()) == set(range(8))
    assert (layer.bias == 0).all()


def test_random_gabors_above_the_first_layer_are_weighed_for_each_plane():
    weights = RandomGabor().fit(feature_chain((3, 4)), noise(), seeded()).conv2.filters.weight.detach()
    for unit in weights.flatten(2):
        assert int(torch.linalg.matrix_rank(unit, rtol=1e-4)) == 1
        assert len(unit.norm(dim=1).unique()) == 3


def test_random_gabors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="wants a square of 3 by 3 or more, 1 here"):
        RandomGabor().fit(feature_chain((3,), window=1), noise(), seeded())
    with pytest.raises(ValueError, match="wants a square of 3 by 3 or more, 10 here"):
        RandomGabor().fit(dense_features(3, 140), noise(), seeded())
    with pytest.raises(ValueError, match="wants a square of 3 by 3 or more, 10 here"):
        RandomGabor().fit(dense_features(3, 64), noise(), seeded())
    with pytest.raises(ValueError, match="above zero, the smaller first"):
        RandomGabor(wavelengths=(1.0, 0.5))
