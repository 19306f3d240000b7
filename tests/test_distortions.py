"""What must hold of a shift, a scaling, noise, a deformation, a permutation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neuro.distortions import blurred, deformed, flipped_pixels, noisy, permuted, scaled, shifted
from neuro.stimuli import Stimuli

small = st.integers(-3, 3)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(n=4, height=9, width=9, frame=0, channels=1):
    images = torch.rand(n, channels, height - 2 * frame, width - 2 * frame, generator=seeded())
    images = torch.nn.functional.pad(images, (frame,) * 4)
    return Stimuli(images, {"label": np.arange(n), "id": np.arange(n) + 7})


@given(dx=st.lists(small, min_size=4, max_size=4), dy=small)
def test_a_shift_and_back_changes_nothing_as_long_as_all_ink_stays_inside(dx, dy):
    stimuli = random_images(height=11, frame=3)
    there = shifted(stimuli, dx, dy)
    back = shifted(there, -np.array(dx), -dy)
    assert torch.equal(back.images, stimuli.images)
    assert there.images.sum() == pytest.approx(float(stimuli.images.sum()), rel=1e-5)


def test_a_shift_is_to_the_right_and_up():
    image = torch.zeros(1, 1, 9, 8)
    image[0, 0, 5, 4] = 1
    moved = shifted(Stimuli(image), 2, 3)
    assert moved.images.nonzero().tolist() == [[0, 0, 2, 6]]


@given(dx=st.integers(-12, 12), dy=st.integers(-12, 12))
def test_nothing_wraps(dx, dy):
    moved = shifted(random_images(), dx, dy)
    kept = max(0, 9 - abs(dx)) * max(0, 9 - abs(dy))
    assert (moved.images[0] > 0).sum() == kept


def test_a_distortion_keeps_the_conditions_and_adds_its_amount():
    moved = shifted(random_images(), [0, 1, 2, 3], -1)
    assert moved.condition("label").tolist() == [0, 1, 2, 3]
    assert moved.condition("id").tolist() == [7, 8, 9, 10]
    assert moved.condition("shift_x").tolist() == [0, 1, 2, 3]
    assert moved.condition("shift_y").tolist() == [-1] * 4
    assert noisy(moved, 0.1, seeded()).conditions.keys() >= {"shift_x", "noise_sd"}


def test_a_fraction_of_a_pixel_is_no_shift():
    with pytest.raises(ValueError, match="whole number of pixels"):
        shifted(random_images(), 0.5, 0)


def test_doubling_the_size_makes_four_times_the_light_about_the_same_centre():
    stimuli = random_images(height=16, width=16, frame=5)
    large = scaled(stimuli, 2)
    light, before = large.images.sum((1, 2, 3)), stimuli.images.sum((1, 2, 3))
    torch.testing.assert_close(light, 4 * before)
    position = torch.arange(16) - 7.5
    for axis in (2, 3):
        centre_before = stimuli.images.sum((1, 5 - axis)) @ position / before
        torch.testing.assert_close(large.images.sum((1, 5 - axis)) @ position / light, 2 * centre_before)


def test_each_image_may_have_a_scale_of_its_own():
    stimuli = random_images()
    both = scaled(stimuli, [1, 2, 0.5, 1])
    torch.testing.assert_close(both.images[0], stimuli.images[0])
    torch.testing.assert_close(both[1].images, scaled(stimuli[1], 2).images)
    with pytest.raises(ValueError, match="a factor must be positive; got 0"):
        scaled(stimuli, 0)


def test_noise_on_grey_has_the_standard_deviation_asked_for():
    grey = Stimuli(torch.full((2, 1, 200, 200), 0.5))
    noise = noisy(grey, [0, 0.1], seeded()).images - 0.5
    assert (noise[0] == 0).all()
    # The standard error of a standard deviation of 40,000 values is 0.35 %.
    assert noise[1].std() == pytest.approx(0.1, rel=0.02)
    assert noise[1].mean() == pytest.approx(0, abs=0.002)


def test_noise_is_clipped_to_black_and_white():
    images = noisy(random_images(), 5.0, seeded()).images
    assert (images.min(), images.max()) == (0, 1)


@given(share=st.floats(0, 1), seed=st.integers(0, 99))
def test_exactly_the_share_of_pixels_flips_and_flips_back(share, seed):
    stimuli = Stimuli(torch.zeros(3, 2, 9, 8))
    flipped = flipped_pixels(stimuli, share, seeded(seed))
    assert flipped.images.sum((2, 3)).tolist() == [[round(share * 72)] * 2] * 3
    assert torch.equal(flipped_pixels(flipped, share, seeded(seed)).images, stimuli.images)


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match=r"a share must be finite and lie in \[0, 1\]; got 1\.5"):
        flipped_pixels(random_images(), 1.5, seeded())


def test_a_deformation_of_amplitude_zero_is_none():
    stimuli = random_images()
    # The grid is in 32 bits: positions are right to about 1e-6 pixels.
    torch.testing.assert_close(deformed(stimuli, 0, seeded()).images, stimuli.images, atol=1e-5, rtol=0)


def displacement(amplitude, smoothness, n=40, size=64, frame=8):
    """Read off ramps: where the light is the coordinate, its change is the displacement."""
    ramp = (torch.arange(size) / size).expand(size, size)
    ramps = Stimuli(torch.stack([ramp, ramp.T]).expand(n, 2, size, size))
    change = (deformed(ramps, amplitude, seeded(), smoothness).images - ramps.images) * size
    return change[..., frame:-frame, frame:-frame]


def test_the_amplitude_is_the_root_mean_square_displacement():
    amplitudes = np.repeat([0.5, 2.0], 20)
    rms = displacement(amplitudes, smoothness=2.0).square().sum(1).mean((1, 2)).sqrt()
    # Normalised over the whole image, of which the frame is left out here: some per cent of scatter.
    assert rms[:20].mean() == pytest.approx(0.5, rel=0.05)
    assert rms[20:].mean() == pytest.approx(2.0, rel=0.05)


def test_neighbours_are_displaced_alike_as_far_as_the_smoothness_reaches():
    # White noise blurred by a Gaussian of s has the correlation exp(-d^2 / 4 s^2) at distance d.
    field = displacement(1.0, smoothness=2.0)
    for d in (1, 2, 4):
        correlation = (field[..., d:] * field[..., :-d]).mean() / field.square().mean()
        assert correlation == pytest.approx(np.exp(-(d**2) / 16), abs=0.05)


def test_the_rim_is_displaced_as_much_as_the_middle():
    field = displacement(0.2, smoothness=4.0, n=160, frame=1)
    across, down = (field.square().mean(kept).sqrt() for kept in ((0, 1, 2), (0, 1, 3)))
    for profile in (across, down):
        # 160 images of some 9 independent samples a column: about 3 % of scatter.
        torch.testing.assert_close(profile, profile.mean().expand_as(profile), rtol=0.12, atol=0)


def test_a_deformation_without_smoothness_or_of_negative_amplitude_is_refused():
    with pytest.raises(ValueError, match="smoothness must be positive; got 0"):
        deformed(random_images(), 1, seeded(), smoothness=0)
    with pytest.raises(ValueError, match=r"an amplitude must be finite and lie in \[0, inf\]"):
        deformed(random_images(), -1, seeded())


@given(seed=st.integers(0, 99))
def test_the_inverse_permutation_brings_the_image_back(seed):
    stimuli = random_images(height=4, width=6, channels=2)
    order = np.random.default_rng(seed).permutation(24)
    mixed = permuted(stimuli, order)
    assert torch.equal(mixed.images.flatten(2).sort().values, stimuli.images.flatten(2).sort().values)
    assert torch.equal(permuted(mixed, np.argsort(order)).images, stimuli.images)


def test_pixel_i_shows_what_pixel_order_i_did():
    stimuli = Stimuli(torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]]))
    torch.testing.assert_close(
        permuted(stimuli, [3, 0, 2, 1]).images.flatten(), torch.tensor([0.4, 0.1, 0.3, 0.2])
    )


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1, 2, 2]])
def test_what_is_no_permutation_is_refused(order):
    with pytest.raises(ValueError, match="order must hold each of 0 to 3 once"):
        permuted(Stimuli(torch.zeros(1, 1, 2, 2)), order)


@pytest.mark.parametrize(
    "distort",
    [
        lambda stimuli, generator: noisy(stimuli, 0.2, generator),
        lambda stimuli, generator: flipped_pixels(stimuli, 0.2, generator),
        lambda stimuli, generator: deformed(stimuli, 1.0, generator),
    ],
)
def test_one_seed_one_distortion(distort):
    stimuli = random_images()
    assert torch.equal(distort(stimuli, seeded(1)).images, distort(stimuli, seeded(1)).images)
    assert not torch.equal(distort(stimuli, seeded(1)).images, distort(stimuli, seeded(2)).images)


def test_amounts_that_fit_neither_one_nor_all_images_are_refused():
    with pytest.raises(
        ValueError, match=r"a shift must be one number, or one for each of 4 images; got \(3,\)"
    ):
        shifted(random_images(), [1, 2, 3], 0)


def test_a_movie_is_refused():
    with pytest.raises(ValueError, match="still images"):
        shifted(Stimuli(torch.zeros(1, 2, 1, 4, 4), dt=10.0), 1, 0)


def test_blurring_a_gaussian_adds_the_variances():
    x = torch.arange(41) - 20.0
    spot = torch.exp(-(x**2 + x[:, None] ** 2) / (2 * 2.0**2))[None, None]
    wide = torch.exp(-(x**2 + x[:, None] ** 2) / (2 * (2.0**2 + 1.5**2))) * 2.0**2 / (2.0**2 + 1.5**2)
    images = blurred(Stimuli(torch.cat([spot, spot])), [0.0, 1.5]).images
    torch.testing.assert_close(images[0, 0], spot[0, 0])
    torch.testing.assert_close(images[1, 0], wide, atol=1e-4, rtol=0)  # sampled once in a pixel


def test_a_uniform_image_stays_uniform_when_blurred():
    grey = Stimuli(torch.full((1, 1, 9, 12), 0.3))
    torch.testing.assert_close(blurred(grey, 2.0).images, grey.images)
    assert blurred(grey, 2.0).condition("blur").tolist() == [2.0]
