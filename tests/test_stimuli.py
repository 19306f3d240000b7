"""What must hold of anything shown: the light, the place and the refusals."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.geometry import pixel_grid
from neuro.stimuli import (
    Stimuli,
    concatenate,
    full_field,
    gratings,
    resized,
    rows_of_spots,
    slits,
    spots,
)

SIZE, SCALE = 33, 2.0  # 33 pixels of half a degree: eight degrees either side of the centre
orientations = st.floats(0, 180, exclude_max=True)


def three(**conditions):
    images = torch.arange(3 * 4 * 4).reshape(3, 1, 4, 4) / 48
    return Stimuli(images, {"label": [0, 1, 2], **conditions}, pixels_per_degree=2.0)


def light_and_centroid(stimuli):
    """Light in square degrees, and its centroid in degrees, of shapes drawn white on black."""
    x, y = pixel_grid(stimuli.images.shape[-1], stimuli.pixels_per_degree)
    images = stimuli.images[:, 0].double()
    light = images.sum((1, 2))
    centroid = torch.stack([(images * x).sum((1, 2)), (images * y).sum((1, 2))], 1) / light[:, None]
    return (light / stimuli.pixels_per_degree**2).numpy(), centroid.numpy()


# Stimuli: a batch that is sliced and joined like an array.


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[[[1.0, 2.0]]], [[[1.0]]]], "images must be one array, all of one size"),
        (["one", "two"], "images must be one array, all of one size"),
        (torch.zeros(3, 4, 4), r"images must be \(B, C, H, W\), or .* for movies; got \(3, 4, 4\)"),
        (torch.zeros(2, 3, 1, 4, 4), "movies .*, and only movies, need dt"),
        (torch.full((1, 1, 2, 2), torch.nan), "images hold NaN or infinite pixels"),
        (torch.full((1, 1, 2, 2), torch.inf), "images hold NaN or infinite pixels"),
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


# Slits.


@settings(max_examples=60, deadline=None)
@given(orientations, st.floats(-2.5, 2.5), st.floats(0.5, 3), st.floats(0.5, 6))
def test_the_light_of_a_slit_is_its_length_times_its_width_at_any_orientation_and_place(
    orientation, offset, width, length
):
    slit = slits(orientation, length, width, offset, background=0.0, size=SIZE, pixels_per_degree=SCALE)
    light, _ = light_and_centroid(slit)
    assert light[0] == pytest.approx(length * width, rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(orientations, st.floats(-2.5, 2.5), st.floats(0.5, 3))
def test_an_offset_moves_a_slit_by_exactly_as_much_to_the_left_of_its_direction(orientation, offset, width):
    slit = slits(orientation, 6, width, offset, background=0.0, size=SIZE, pixels_per_degree=SCALE)
    _, centroid = light_and_centroid(slit)
    angle = np.deg2rad(orientation)
    left = np.array([-np.sin(angle), np.cos(angle)])
    assert centroid[0] == pytest.approx(offset * left, abs=1e-3)


def test_a_horizontal_slit_moves_up_and_a_vertical_one_to_the_left():
    _, centroid = light_and_centroid(slits([0, 90], 4, 1, 1.5, background=0.0))
    assert centroid == pytest.approx(np.array([[0, 1.5], [-1.5, 0]]), abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(orientations)
def test_a_centred_slit_turned_by_180_degrees_is_itself(orientation):
    slit = slits(orientation, size=SIZE, pixels_per_degree=SCALE).images
    torch.testing.assert_close(slit, torch.rot90(slit, 2, (2, 3)))
    torch.testing.assert_close(slits(orientation + 180, size=SIZE, pixels_per_degree=SCALE).images, slit)


@settings(max_examples=30, deadline=None)
@given(orientations)
def test_turning_a_centred_slit_by_90_degrees_turns_the_picture(orientation):
    slit = slits([orientation, orientation + 90], size=SIZE, pixels_per_degree=SCALE).images
    torch.testing.assert_close(slit[1], torch.rot90(slit[0], 1, (1, 2)), atol=1e-6, rtol=0)


def test_orientation_runs_counter_clockwise():
    image = slits(45, length=10, width=3, size=11, pixels_per_degree=1).images[0, 0]
    assert image[3, 7] > 0.95  # two degrees above and to the right of the centre
    assert image[3, 3] < 0.55


def test_a_dark_slit_mirrors_the_bright_one_about_the_background():
    bright, dark = slits(20, width=3, polarity=[1, -1], contrast=0.6).images
    torch.testing.assert_close(bright - 0.5, 0.5 - dark)
    assert float(bright.max()) == pytest.approx(0.8, abs=1e-3)


def test_full_contrast_reaches_black_and_white_from_any_background():
    bright, dark = slits(0, width=3, polarity=[1, -1], background=0.2).images
    assert float(bright.max()) == pytest.approx(1)
    assert float(dark.min()) == pytest.approx(0, abs=1e-6)


def test_a_field_twice_as_fine_shows_the_same_light():
    coarse, fine = (slits(33, size=s, pixels_per_degree=p, background=0.0) for s, p in ((65, 4), (129, 8)))
    assert light_and_centroid(coarse)[0] == pytest.approx(light_and_centroid(fine)[0], rel=1e-3)


# Spots.


@settings(max_examples=40, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(1.5, 4))
def test_a_spot_lies_at_x_y_with_the_same_light_everywhere(x, y, diameter):
    shown = spots([x, 0], [y, 0], diameter, background=0.0, size=SIZE, pixels_per_degree=SCALE)
    light, centroid = light_and_centroid(shown)
    assert centroid[0] == pytest.approx([x, y], abs=5e-3)
    assert light[0] == pytest.approx(light[1], rel=2e-3)


def test_a_spot_turned_by_90_degrees_is_itself():
    image = spots(size=17).images
    torch.testing.assert_close(image, torch.rot90(image, 1, (2, 3)))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("spacing", [1.0, 1.6])
def test_a_row_of_spots_has_the_light_of_as_many_single_spots(count, spacing):
    row = rows_of_spots([0, 27, 90], count, spacing, diameter=0.8, background=0.0)
    one = spots(diameter=0.8, background=0.0)
    assert light_and_centroid(row)[0] == pytest.approx(count * light_and_centroid(one)[0][0], rel=2e-3)


def test_a_row_of_spots_is_its_spots_put_together():
    row = rows_of_spots(90, 3, spacing=2.0, diameter=0.8, offset=1.0, background=0.0)
    alone = spots(-1.0, [-2.0, 0.0, 2.0], 0.8, background=0.0)
    torch.testing.assert_close(row.images[0], alone.images.sum(0), atol=1e-5, rtol=0)


def test_spots_that_overlap_are_refused():
    with pytest.raises(ValueError, match=r"spots 2.0 degrees wide overlap at a spacing of 1.6 degrees"):
        rows_of_spots(0, diameter=2.0)
    assert len(rows_of_spots(0, count=1, diameter=2.0)) == 1


# Gratings and diffuse light.


def test_a_grating_of_half_a_cycle_per_degree_repeats_every_two_degrees():
    horizontal, vertical = gratings([0, 90], 0.5, pixels_per_degree=4).images[:, 0]
    torch.testing.assert_close(horizontal[8:], horizontal[:-8])
    torch.testing.assert_close(horizontal[4:] - 0.5, 0.5 - horizontal[:-4])
    torch.testing.assert_close(horizontal, horizontal[:, :1].expand(-1, 65))
    torch.testing.assert_close(vertical, torch.rot90(horizontal))


@settings(max_examples=30, deadline=None)
@given(orientations, st.floats(0.1, 1))
def test_a_grating_of_phase_zero_turned_by_180_degrees_is_itself(orientation, frequency):
    image = gratings(orientation, frequency, size=SIZE, pixels_per_degree=SCALE).images
    torch.testing.assert_close(image, torch.rot90(image, 2, (2, 3)))


def test_half_a_turn_of_phase_exchanges_light_and_dark():
    images = gratings(30, phase=[10, 190], contrast=0.4).images
    torch.testing.assert_close(images[0] - 0.5, 0.5 - images[1])


def test_a_quarter_turn_of_phase_moves_a_grating_a_quarter_period_to_the_right_of_its_direction():
    images = gratings(0, 0.5, phase=[0, 90], pixels_per_degree=4).images[:, 0]
    torch.testing.assert_close(images[1, 2:], images[0, :-2])  # two of eight pixels down


def test_contrast_is_michelson():
    image = gratings(0, 0.5, contrast=0.3).images
    assert float((image.max() - image.min()) / (image.max() + image.min())) == pytest.approx(0.3)


@pytest.mark.parametrize("frequency", [2.1, -2.1])
def test_a_grating_above_nyquist_is_refused(frequency):
    with pytest.raises(ValueError, match=r"above Nyquist: 4 pixels per degree carry at most 2"):
        gratings(0, [0.5, frequency])
    gratings(0, 2.0)


def test_diffuse_light_is_the_same_everywhere():
    shown = full_field([0, 0.25, 1], size=7)
    assert shown.images.shape == (3, 1, 7, 7)
    for image, luminance in zip(shown.images, (0, 0.25, 1), strict=True):
        assert (image == luminance).all()


# Parameters.


def test_parameters_are_broadcast_and_become_the_conditions():
    shown = slits([0, 190, -10], width=0.5, offset=[1, 2, 3])
    assert len(shown) == 3
    assert shown.condition("orientation").tolist() == [0, 10, 170]
    assert shown.condition("offset").tolist() == [1, 2, 3]
    assert shown.condition("width").tolist() == [0.5] * 3
    torch.testing.assert_close(shown[1].images, slits(10, width=0.5, offset=2).images)


@pytest.mark.parametrize(
    ("show", "message"),
    [
        (lambda: slits([0, 1], offset=[1, 2, 3]), r"of one length; got orientation \(2,\), offset \(3,\)"),
        (lambda: slits([0, np.nan]), "orientation must be a finite number or a list of them"),
        (lambda: slits([[0, 1]]), "orientation must be a finite number or a list of them"),
        (lambda: slits(0, contrast=1.1), "contrast lies between 0 and 1; got 1.1"),
        (lambda: gratings(0, contrast=-0.1), "contrast lies between 0 and 1; got -0.1"),
        (lambda: full_field(1.5), "luminance lies between 0 and 1; got 1.5"),
        (lambda: slits(0, polarity=0), r"polarity is \+1 \(light\) or -1 \(dark\); got 0"),
        (lambda: spots(polarity=[1, 2]), r"polarity is \+1 \(light\) or -1 \(dark\)"),
        (lambda: slits(0, width=0), "a slit needs a length and a width above zero"),
        (lambda: slits(0, length=-1), "a slit needs a length and a width above zero"),
        (lambda: spots(diameter=0), "a spot needs a diameter above zero"),
    ],
)
def test_parameters_that_cannot_be_shown_are_refused(show, message):
    with pytest.raises(ValueError, match=message):
        show()


@pytest.mark.parametrize("pixel", [-0.1, 255.0])
def test_pixels_beyond_black_and_white_are_refused(pixel):
    with pytest.raises(ValueError, match=r"between 0 .black. and 1 .white."):
        Stimuli(torch.full((1, 1, 2, 2), pixel))
