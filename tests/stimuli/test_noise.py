"""Noise: every place and polarity alike, and nothing to be told from one check about another."""

import numpy as np
import pytest
import torch

from neuro.stimuli import dense_noise, sparse_noise
from tests.stimuli.light import light_and_centroid


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_place_of_the_grid_is_shown_equally_often_light_and_dark():
    shown = sparse_noise(3 * 2 * 16, seeded(), spot=2.0, size=16, field=8.0)
    kinds = np.stack([shown.condition(name) for name in ("x", "y", "polarity")], 1)
    unique, counts = np.unique(kinds, axis=0, return_counts=True)
    assert counts.tolist() == [3] * 32
    assert np.unique(unique[:, 0]).tolist() == np.unique(unique[:, 1]).tolist() == [-3, -1, 1, 3]


def test_a_frame_holds_one_square_spot_at_its_place():
    shown = sparse_noise(50, seeded(), spot=3.0, background=0.0)  # 5 x 5 places, within the rim of the field
    bright = shown[shown.condition("polarity") > 0]
    light, centroid = light_and_centroid(bright)
    places = np.stack([bright.condition("x"), bright.condition("y")], 1)
    assert light == pytest.approx(np.full(25, 9.0), rel=1e-3)
    assert centroid == pytest.approx(places, abs=2e-3)


def test_dark_spots_mirror_light_ones_about_grey():
    shown = sparse_noise(2, seeded(), spot=8.0, contrast=0.4, size=32, field=8.0)  # one place
    light, dark = shown.images[np.argsort(-shown.condition("polarity"))]
    torch.testing.assert_close(light - 0.5, 0.5 - dark)
    assert float(light.max()) == pytest.approx(0.7, abs=1e-3)


def test_a_spot_wider_than_the_field_is_refused():
    with pytest.raises(ValueError, match="a spot 9 degrees wide does not fit in a field of 8 degrees"):
        sparse_noise(1, seeded(), spot=9.0, field=8.0)


def test_dense_noise_is_two_greys_in_whole_checks():
    shown = dense_noise(20, seeded(), check=1.0, contrast=0.6, size=16, field=4.0)
    assert shown.images.unique().tolist() == pytest.approx([0.2, 0.8])
    checks = shown.images.reshape(20, 4, 4, 4, 4)  # a check is 4 x 4 pixels
    assert (checks == checks[:, :, :1, :, :1]).all()


def test_the_checks_of_dense_noise_are_independent_of_each_other_and_from_image_to_image():
    n = 20000
    signs = (
        dense_noise(n, seeded(), check=1.0, size=4, pixels_per_degree=1.0).images.flatten(1).double() * 2 - 1
    )
    covariance = signs.T @ signs / n
    five_sd = 5 / n**0.5
    assert (covariance - torch.eye(16)).abs().max() < five_sd
    assert signs.mean(0).abs().max() < five_sd
    assert (signs[1:].T @ signs[:-1] / n).abs().max() < five_sd


def test_checks_need_be_no_whole_number_of_pixels_and_the_last_are_cut():
    # 2.6 pixels: borders at 2.6, 5.2 and 7.8, so that the centres of three, two and three pixels are between.
    row = dense_noise(200, seeded(), check=0.65, size=8, pixels_per_degree=4.0).images[:, 0, 0]
    changes = (row[:, 1:] != row[:, :-1]).any(0)
    assert changes.tolist() == [False, False, True, False, True, False, False]


def test_a_check_smaller_than_a_pixel_is_refused():
    with pytest.raises(
        ValueError, match=r"a check of 0.2 degrees is less than a pixel at 4 pixels per degree"
    ):
        dense_noise(1, seeded(), check=0.2)


@pytest.mark.parametrize("noise", [sparse_noise, dense_noise])
def test_one_seed_makes_one_noise_and_no_frames_are_refused(noise):
    assert torch.equal(noise(5, seeded(3)).images, noise(5, seeded(3)).images)
    with pytest.raises(ValueError, match="noise has one frame or more; got 0"):
        noise(0, seeded())
