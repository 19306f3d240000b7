"""The teacher's patterns: complete, distinct, and inside what their seed cells see."""

import hashlib

import numpy as np
import pytest
import torch

from neuro.distortions import shifted
from neuro.patterns_1988 import JOINED_1988, TOP_1988, TOP_TWO_PER_CLASS, digits_1988, lessons_1988


def of_layer(name, top=TOP_1988):
    lessons = lessons_1988(top)
    return lessons[lessons.condition("layer") == name]


def test_there_are_lessons_for_every_plane_of_every_layer_in_order():
    planes = {"US1": 12, "US2": 38, "US3": 35, "US4": 11}
    each = {"US1": 1, "US2": 3, "US3": 2, "US4": 3}
    for name, number in planes.items():
        assert of_layer(name).condition("plane").tolist() == np.repeat(np.arange(number), each[name]).tolist()
    names = lessons_1988().condition("layer").tolist()
    assert names == sorted(names)
    assert len(names) == 229


def test_joined_planes_make_the_reported_numbers_of_c_planes():
    assert {name: (len(joined), max(joined) + 1) for name, joined in JOINED_1988.items()} == {
        "US1": (12, 8),
        "US2": (38, 19),
        "US3": (35, 23),
    }
    assert all(sorted(set(joined)) == list(range(max(joined) + 1)) for joined in JOINED_1988.values())


def test_images_are_black_and_white_and_no_two_features_are_taught_the_same_pattern():
    assert set(lessons_1988().images.unique().tolist()) == {0.0, 1.0}
    for name, joined in (*JOINED_1988.items(), ("US4", TOP_1988)):
        lessons = of_layer(name)
        seeds = (lessons.condition(of) for of in ("plane", "row", "column"))
        features = {}  # by image and place of the seed cell
        for image, plane, row, column in zip(lessons.images, *seeds, strict=True):
            feature = features.setdefault((image.numpy().tobytes(), row, column), joined[plane])
            assert feature == joined[plane]


def test_the_first_stage_is_taught_lines_through_the_middle_of_three_by_three_pixels():
    images = of_layer("US1").images[:, 0]
    assert (images.sum((1, 2)) == 3).all()
    assert (images[:, 8:11, 8:11].sum((1, 2)) == 3).all()
    assert (images[:, 9, 9] == 1).all()
    # Turned by a quarter, the set is itself.
    pieces = {image.numpy().tobytes() for image in images}
    assert {image.rot90().contiguous().numpy().tobytes() for image in images} == pieces


def test_joined_pieces_are_point_reflections_of_each_other():
    images, joined = of_layer("US1").images[:, 0], np.array(JOINED_1988["US1"])
    for plane in range(8):
        pieces = images[torch.from_numpy(joined == plane)]
        assert torch.equal(pieces.flip(0), pieces.flip(1, 2))


def test_an_end_has_one_ray_and_a_crossing_four():
    lessons = of_layer("US2")
    ink = lessons.images.sum((1, 2, 3)).numpy()
    joined = np.array(JOINED_1988["US2"])[lessons.condition("plane")]
    ends, bends, crossings = ink[joined < 8], ink[(joined >= 8) & (joined < 16)], ink[joined == 16]
    assert ends.max() < bends.min() <= bends.max() < crossings.min()


@pytest.mark.parametrize(("layer", "size"), [("US1", 19), ("US2", 21), ("US3", 13), ("US4", 3)])
def test_seed_cells_lie_inside_their_layers(layer, size):
    lessons = of_layer(layer)
    for name in ("row", "column"):
        assert 0 <= lessons.condition(name).min() <= lessons.condition(name).max() < size


def test_the_seed_cell_of_a_part_lies_on_its_side_of_the_middle():
    lessons = of_layer("US3")
    to_side = np.stack([lessons.condition("row"), lessons.condition("column")], axis=1) - 6
    assert (np.abs(to_side).sum(1) == 2).all()  # two cells, of two pixels each, from the middle one
    for image, side in zip(lessons.images[:, 0], to_side, strict=True):
        reach = (image.nonzero().numpy() - 9) @ side / 2
        assert reach.min() >= -1  # a pixel over the middle at most


def test_a_second_plane_of_a_digit_is_taught_another_writing():
    reported, double = of_layer("US4"), of_layer("US4", TOP_TWO_PER_CLASS)
    assert len(double) == 60
    images = {
        top: {image.numpy().tobytes() for image in of_layer("US4", top).images}
        for top in (TOP_1988, TOP_TWO_PER_CLASS)
    }
    assert images[TOP_1988] < images[TOP_TWO_PER_CLASS]
    assert len(images[TOP_1988]) == len(reported) == 33


@pytest.mark.parametrize("top", [(0, 0, 0), (10,), (-1,)])
def test_a_digit_without_drawings_left_is_refused(top):
    with pytest.raises(ValueError, match="US4 is taught the digits 0 to 9, each by one or two planes; got"):
        lessons_1988(top)


def test_the_standard_digits_keep_their_ink_when_moved_by_two():
    digits = digits_1988()
    assert digits.labels.tolist() == list(range(10))
    for shift in ((2, 2), (2, -2), (-2, 2), (-2, -2)):
        assert shifted(digits, *shift).images.sum() == digits.images.sum()


def test_the_patterns_are_those_drawn_before_any_net_was_scored():
    drawn = lessons_1988(TOP_TWO_PER_CLASS).images.numpy().astype(np.uint8).tobytes()
    assert (
        hashlib.sha256(drawn).hexdigest()
        == "d6c98cfdac81f7e7b3ab36f35c66ae392aa85048a53ca91dcd19941d88ec5c7f"
    )
