"""The drawn digits and letters: fixed, thin, inside the field."""

import hashlib

import numpy as np
import pytest
import torch

from neuro.distortions import shifted
from neuro.patterns import fukushima_digits, letters, standard_digits
from neuro.stimuli import Stimuli


def variant(name):
    digits = fukushima_digits()
    return digits[digits.condition("variant") == name]


def size(image):
    rows, columns = image[0].nonzero(as_tuple=True)
    return int(columns.max() - columns.min()) + 1, int(rows.max() - rows.min()) + 1


def test_there_are_ten_digits_in_seven_variants():
    digits = fukushima_digits()
    assert digits.images.shape == (70, 1, 16, 16)
    assert sorted(zip(digits.labels.tolist(), digits.condition("variant").tolist(), strict=True)) == [
        (label, name) for label in range(10) for name in "abcdefg"
    ]
    assert len(set(digits.condition("id"))) == 70


def test_the_first_experiment_has_thirty_five_images():
    assert (fukushima_digits().labels < 5).sum() == 35


def test_every_pixel_is_black_or_white_and_no_two_patterns_are_the_same():
    images = torch.cat([fukushima_digits().images, letters().images])
    assert set(images.unique().tolist()) == {0.0, 1.0}
    assert len({image.numpy().tobytes() for image in images}) == 74


def test_variants_b_and_c_are_the_standard_elsewhere_whole():
    standard = variant("a")
    assert torch.equal(variant("b").images, shifted(standard, -3, 2).images)
    assert torch.equal(variant("c").images, shifted(standard, 3, -2).images)
    assert torch.equal(variant("b").images.sum((1, 2, 3)), standard.images.sum((1, 2, 3)))
    assert torch.equal(variant("c").images.sum((1, 2, 3)), standard.images.sum((1, 2, 3)))


@pytest.mark.parametrize("shift", [(3, 3), (3, -3), (-3, 3), (-3, -3)])
@pytest.mark.parametrize("patterns", [standard_digits(range(10)), letters()], ids=["digits", "letters"])
def test_a_shift_by_up_to_three_pixels_loses_no_ink(patterns, shift):
    assert shifted(patterns, *shift).images.sum() == patterns.images.sum()


def test_variants_are_slim_and_tall_large_and_low():
    for images in zip(*(variant(name).images for name in "adef"), strict=True):
        standard, slim, large, low = map(size, images)
        assert slim[0] < standard[0]
        assert slim[1] > standard[1]
        assert large[1] > standard[1]
        assert low[1] < standard[1]


def test_in_variant_g_ink_is_missing_and_there_are_stray_dots():
    change = variant("g").images - variant("a").images
    for image in change:
        assert 1 <= (image < 0).sum() <= 3
        assert 2 <= (image > 0).sum() <= 3


def test_strokes_are_one_pixel_thick():
    # None fills a square of two by two.
    for patterns in (standard_digits(range(10)), letters()):
        blocks = torch.nn.functional.avg_pool2d(patterns.images, 2, stride=1)
        assert (blocks < 1).all()


def test_the_standard_digits_are_those_of_variant_a():
    assert torch.equal(standard_digits(range(10)).images, variant("a").images)
    assert standard_digits().labels.tolist() == [0, 1, 2, 3, 4]
    assert standard_digits([8, 3]).labels.tolist() == [8, 3]
    with pytest.raises(ValueError, match="no digit 11; there are 0 to 9"):
        standard_digits([1, 11])


def test_the_letters_are_x_y_t_z():
    assert letters().condition("letter").tolist() == ["X", "Y", "T", "Z"]
    assert letters().labels.tolist() == [0, 1, 2, 3]
    x, _, t, _ = letters().images[:, 0]
    assert torch.equal(x[:, 5:12], x[:, 5:12].flip(1))
    assert t.sum() == 7 + 8


def checksum(stimuli: Stimuli):
    return hashlib.sha256(stimuli.images.numpy().astype(np.uint8).tobytes()).hexdigest()


def test_the_patterns_are_those_drawn_before_any_net_was_scored():
    """They are evidence: a change of one pixel after a net was scored would be tuning on the test."""
    digits = "395af7c04c14467417bf99d988a1d9b14e2f1a8c77aaa0e093ab502572571be2"
    assert checksum(fukushima_digits()) == digits
    assert checksum(letters()) == "652e5833b60ed4176d5798093f15a92c6918d9b2313bf2578b827e2bc163ec38"
