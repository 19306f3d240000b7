"""Stimuli: a batch that is sliced and joined like an array, brought to one size, and refused when ragged."""

import numpy as np
import pytest
import torch

from neuro.stimuli import Stimuli, concatenate, full_field, resized, slits
from tests.stimuli.light import light_and_centroid


def three(**conditions):
    images = torch.arange(3 * 4 * 4).reshape(3, 1, 4, 4) / 48
    return Stimuli(images, {"label": [0, 1, 2], **conditions}, pixels_per_degree=2.0)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[[[1.0, 2.0]]], [[[1.0]]]], "images must be one array, all of one size"),
        (["one", "two"], "images must be one array, all of one size"),
        (torch.zeros(3, 4, 4), r"images must be \(B, C, H, W\), or .* for movies; got \(3, 4, 4\)"),
        (torch.zeros(2, 3, 1, 4, 4), "movies .*, and only movies, need dt"),
        (torch.full((1, 1, 2, 2), torch.nan), "images hold NaN or infinite pixels"),
        (torch.full((1, 1, 2, 2), torch.inf), "images hold NaN or infinite pixels"),
        (torch.tensor([0.5, -torch.inf]).reshape(1, 1, 1, 2), "images hold NaN or infinite pixels"),
        (torch.tensor([0.5, torch.nan]).reshape(1, 1, 1, 2), "images hold NaN or infinite pixels"),
    ],
)
def test_images_that_are_no_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        Stimuli(images)


def test_a_still_image_has_no_dt():
    with pytest.raises(ValueError, match="only movies, need dt"):
        Stimuli(torch.zeros(3, 1, 4, 4), dt=10.0)


@pytest.mark.parametrize("values", [[0, 1], [[0], [1], [2]], 1])
def test_a_condition_has_one_value_for_every_image(values):
    with pytest.raises(ValueError, match=r"condition 'contrast' must have shape \(3,\); got"):
        three(contrast=values)


def test_images_become_single_precision_and_conditions_arrays():
    stimuli = Stimuli(np.zeros((2, 1, 3, 3)), {"id": [4, 5]})
    assert stimuli.images.dtype == torch.float32
    assert isinstance(stimuli.condition("id"), np.ndarray)
    assert len(stimuli) == 2


@pytest.mark.parametrize(
    "index", [slice(1, None), slice(None, None, -2), [2, 0], np.array([True, False, True]), -1, []]
)
def test_stimuli_are_sliced_like_arrays_with_their_conditions(index):
    part = three()[index]
    which = np.atleast_1d(np.arange(3)[index])
    assert part.condition("label").tolist() == which.tolist()
    assert torch.equal(part.images, three().images[which.tolist()])
    assert part.pixels_per_degree == 2.0


def test_an_image_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        three()[3]


def test_iteration_goes_through_the_images_one_by_one():
    assert [one.condition("label").tolist() for one in three()] == [[0], [1], [2]]


def test_slices_put_together_again_are_the_stimuli():
    whole = concatenate([three()[:1], three()[1:1], three()[1:]])
    assert torch.equal(whole.images, three().images)
    assert whole.condition("label").tolist() == [0, 1, 2]
    assert whole.pixels_per_degree == 2.0


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Stimuli(torch.zeros(1, 1, 4, 4), {"label": [0]}), "pixels_per_degree differs: 2.0 and None"),
        (Stimuli(torch.zeros(1, 1, 5, 4), {"label": [0]}, 2.0), r"images differ in size: .*resized\(\)"),
        (Stimuli(torch.zeros(1, 1, 4, 4), {"id": [0]}, 2.0), r"conditions differ: \['label'\] and \['id'\]"),
        (Stimuli(torch.zeros(1, 2, 1, 4, 4), {"label": [0]}, 2.0, dt=5.0), "dt differs: None and 5.0"),
    ],
)
def test_stimuli_that_do_not_match_are_not_concatenated(other, message):
    with pytest.raises(ValueError, match=message):
        concatenate([three(), other])


def test_nothing_is_not_concatenated():
    with pytest.raises(ValueError, match="nothing to concatenate"):
        concatenate([])


def test_a_condition_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(KeyError, match="no condition 'orientation'; these stimuli have label, id"):
        three(id=[7, 8, 9]).condition("orientation")
    with pytest.raises(KeyError, match="no condition 'label'; these stimuli have none"):
        _ = three().without("label").labels


def test_labels_are_integers():
    labels = Stimuli(torch.zeros(2, 1, 1, 1), {"label": [3.0, 1.0]}).labels
    assert labels.dtype == torch.int64
    assert labels.tolist() == [3, 1]


def test_stimuli_without_a_condition_keep_the_others_and_the_original_keeps_all():
    stimuli = three(id=[7, 8, 9])
    unlabelled = stimuli.without("label")
    assert list(unlabelled.conditions) == ["id"]
    assert torch.equal(unlabelled.images, stimuli.images)
    assert list(stimuli.conditions) == ["label", "id"]


def test_a_margin_alone_changes_no_pixel():
    digits = Stimuli(torch.rand(2, 1, 28, 28), pixels_per_degree=4.0)
    framed = resized(digits, 32, margin=2)
    assert framed.images.shape == (2, 1, 32, 32)
    assert torch.equal(framed.images[:, :, 2:-2, 2:-2], digits.images)
    assert framed.images.sum() == pytest.approx(float(digits.images.sum()), rel=1e-5)
    assert framed.pixels_per_degree == 4.0


def test_half_the_pixels_make_half_the_pixels_per_degree_and_keep_uniform_light():
    small = resized(full_field([0.2, 0.7], size=12, pixels_per_degree=4.0), 8, margin=1)
    assert small.pixels_per_degree == 2.0
    torch.testing.assert_close(small.images[0, 0, 1:-1, 1:-1], torch.full((6, 6), 0.2))
    assert small.condition("luminance").tolist() == [0.2, 0.7]


def test_a_resized_slit_keeps_its_light_in_square_degrees_and_its_place():
    slit = slits(30, 6, 2, offset=1, background=0.0, size=128, pixels_per_degree=8)
    (light, small), (centroid, moved) = zip(
        light_and_centroid(slit), light_and_centroid(resized(slit, 32)), strict=True
    )
    assert small == pytest.approx(light, rel=1e-3)
    assert moved == pytest.approx(centroid, abs=1e-3)


def test_black_and_white_stay_the_darkest_and_lightest_there_is_at_any_size():
    step = torch.zeros(1, 1, 8, 8)
    step[..., 4:] = 1
    for size in (5, 16):
        image = resized(Stimuli(step), size).images
        assert float(image.min()) == 0
        assert float(image.max()) == 1


def test_a_movie_is_resized_frame_by_frame():
    movie = Stimuli(torch.rand(2, 3, 1, 8, 8), dt=5.0)
    small = resized(movie, 4)
    assert small.images.shape == (2, 3, 1, 4, 4)
    torch.testing.assert_close(small.images[:, 1], resized(Stimuli(movie.images[:, 1]), 4).images)


@pytest.mark.parametrize(("size", "margin"), [(4, 2), (4, -1), (0, 0)])
def test_a_margin_that_leaves_no_image_is_refused(size, margin):
    with pytest.raises(ValueError, match=f"a margin of {margin} leaves nothing of an image of {size}"):
        resized(three(), size, margin)


@pytest.mark.parametrize("pixel", [-0.1, 255.0])
def test_pixels_beyond_black_and_white_are_refused(pixel):
    with pytest.raises(ValueError, match=r"between 0 .black. and 1 .white."):
        Stimuli(torch.full((1, 1, 2, 2), pixel))
