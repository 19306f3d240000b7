"""Data sets as stimuli: counts, splits, folders."""

import gzip
import os

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from neuro import data_files
from neuro.datasets import all_pictures, digits, folder, load, photographs, pictures, subset, whitened
from neuro.stimuli import Stimuli, concatenate
from tests.test_data_files import idx, md5

real_data = pytest.mark.skipif(
    not os.environ.get("NEURO_DATA"), reason="NEURO_DATA does not name a folder of data"
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def parts(splits):
    return splits.train, splits.validation, splits.test


def ids(splits):
    return [part.condition("id").tolist() for part in parts(splits)]


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch):
    """24 training and 6 test images, 2 x 2, under the names and the format of MNIST."""
    train, test = np.arange(24) % 10, np.arange(6)
    arrays = [np.full((24, 2, 2), 51), train, np.full((6, 2, 2), 255), test]
    contents = dict(zip(data_files.FILES["mnist"], map(idx, arrays), strict=True))
    (tmp_path / "mnist").mkdir()
    for file, content in contents.items():
        (tmp_path / "mnist" / file).write_bytes(content)
    checksums = {file: md5(content) for file, content in contents.items()}
    monkeypatch.setitem(data_files.FILES, "mnist", checksums)
    return tmp_path


@pytest.fixture
def class_folders(tmp_path):
    """Cats 10 and dogs 3, each image of one grey that is its number."""
    for name, n in (("cat", 10), ("dog", 3)):
        (tmp_path / name).mkdir()
        for i in range(n):
            Image.new("L", (5, 5), i).save(tmp_path / name / f"{i:02}.png")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").touch()
    return tmp_path


def test_the_bundled_digits_are_1797_of_ten_classes_each_in_one_part_only():
    splits = digits(seeded())
    assert [len(part) for part in parts(splits)] == [899, 269, 629]
    assert sorted(np.concatenate(ids(splits))) == list(range(1797))
    assert splits.train.images.shape[1:] == (1, 8, 8)
    assert (splits.train.images.min(), splits.train.images.max()) == (0, 1)
    assert splits.classes == tuple("0123456789")


def test_every_class_is_split_in_the_same_shares():
    splits = digits(seeded())
    counts = np.array([np.bincount(part.labels, minlength=10) for part in parts(splits)])
    shares = counts / counts.sum(0)
    np.testing.assert_allclose(shares.T, np.tile([0.5, 0.15, 0.35], (10, 1)), atol=1 / counts.sum(0).min())


def test_the_labels_stay_with_their_images():
    first, second = digits(seeded(0)), digits(seeded(1))
    image_of = {}
    for splits in (first, second):
        for part in parts(splits):
            for i, label, image in zip(part.condition("id"), part.labels, part.images, strict=True):
                known = image_of.setdefault(i, (label, image))
                assert known[0] == label
                assert torch.equal(known[1], image)


def test_one_seed_one_split_and_another_seed_another():
    assert ids(digits(seeded(3))) == ids(digits(seeded(3)))
    assert ids(digits(seeded(3))) != ids(digits(seeded(4)))


def test_a_published_test_part_is_kept_and_a_twelfth_of_training_held_out(tiny_mnist):
    splits = load("mnist", seeded(), tiny_mnist)
    assert [len(part) for part in parts(splits)] == [22, 2, 6]
    train, validation, test = ids(splits)
    assert sorted(train + validation) == list(range(24))
    assert test == list(range(24, 30))
    np.testing.assert_array_equal(splits.train.labels, np.array(train) % 10)
    np.testing.assert_array_equal(splits.test.labels, np.arange(6))
    torch.testing.assert_close(splits.train.images, torch.full((22, 1, 2, 2), 0.2))
    assert ids(load("mnist", seeded(1), tiny_mnist))[1] != validation


def test_the_data_folder_may_come_from_the_environment(tiny_mnist, monkeypatch):
    monkeypatch.setenv("NEURO_DATA", str(tiny_mnist))
    assert len(load("mnist", seeded()).test) == 6


def test_a_truncated_file_is_told_from_another_file(tiny_mnist):
    path = tiny_mnist / "mnist" / "t10k-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is truncated"):
        load("mnist", seeded(), tiny_mnist)
    path.write_bytes(idx(np.zeros((6, 2, 2))))
    with pytest.raises(ValueError, match=r"t10k-images.* its md5 is [0-9a-f]{32}, not [0-9a-f]{32}"):
        load("mnist", seeded(), tiny_mnist)


def test_images_and_labels_of_different_numbers_are_refused(tiny_mnist, monkeypatch):
    path = tiny_mnist / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(idx(np.arange(5)))
    monkeypatch.setitem(data_files.FILES["mnist"], path.name, md5(path.read_bytes()))
    with pytest.raises(ValueError, match=r"do not belong together: \(6, 2, 2\) and \(5,\)"):
        load("mnist", seeded(), tiny_mnist)


def test_zip_codes_are_brought_from_minus_one_to_black(tmp_path, monkeypatch):
    rows = [[7, *[-1] * 255, 1], [3, *[0] * 256]]
    content = gzip.compress("\n".join(" ".join(map(str, row)) for row in rows).encode(), mtime=0)
    (tmp_path / "usps").mkdir()
    for file in data_files.FILES["usps"]:
        (tmp_path / "usps" / file).write_bytes(content)
        monkeypatch.setitem(data_files.FILES["usps"], file, md5(content))
    test = load("usps", seeded(), tmp_path).test
    assert test.labels.tolist() == [7, 3]
    assert test.images[0].sum() == test.images[0, 0, 15, 15] == 1
    assert (test.images[1] == 0.5).all()


@real_data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "counts", "shape", "test_counts"),
    [
        ("mnist", [55000, 5000, 10000], (1, 28, 28), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
        ("fashion-mnist", [55000, 5000, 10000], (1, 28, 28), [1000] * 10),
        ("usps", [6683, 608, 2007], (1, 16, 16), [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]),
    ],
)
def test_the_real_sets_have_their_published_counts(name, counts, shape, test_counts):
    splits = load(name, seeded())
    assert [len(part) for part in parts(splits)] == counts
    assert np.bincount(splits.test.labels).tolist() == test_counts
    assert np.unique(np.concatenate(ids(splits))).size == sum(counts)
    for part in parts(splits):
        assert part.images.shape[1:] == shape
        assert part.images.min() >= 0
        assert part.images.max() <= 1
    # Ink is light and rarer than paper.
    assert name == "fashion-mnist" or splits.train.images.mean() < 0.5


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ValueError, match="no data set 'minst'; there are digits, mnist, fashion-mnist, usps"):
        load("minst", seeded())


def test_a_folder_of_class_folders_is_a_data_set(class_folders):
    splits = load(str(class_folders), seeded())
    assert splits.classes == ("cat", "dog")
    assert sorted(np.concatenate(ids(splits))) == list(range(13))
    # Cats: 15 % and 35 % of 10 rounded to even; dogs: at least one of each.
    assert [np.bincount(part.labels).tolist() for part in parts(splits)] == [[4, 1], [2, 1], [4, 1]]
    for part in parts(splits):
        number = (part.images[:, 0, 0, 0] * 255).round().numpy()
        np.testing.assert_array_equal(number, part.condition("id") - 10 * part.labels.numpy())


def test_a_folder_needs_two_classes_of_three_images(class_folders):
    with pytest.raises(ValueError, match="cat needs two or more class folders"):
        folder(class_folders / "cat", seeded())
    (class_folders / "dog" / "00.png").unlink()
    with pytest.raises(ValueError, match="class dog has 2 images; a split in three needs 3"):
        folder(class_folders, seeded())


def test_all_pictures_are_labelled_if_they_lie_in_class_folders(class_folders):
    shown = all_pictures(class_folders, 8)
    assert shown.images.shape == (13, 1, 8, 8)
    assert np.bincount(shown.labels).tolist() == [10, 3]
    (class_folders / "cat" / ".thumbnails").mkdir()
    assert "label" not in all_pictures(class_folders / "cat", 8).conditions


def test_pictures_are_grey_in_order_and_without_labels(tmp_path):
    Image.new("RGB", (4, 4), (255, 255, 255)).save(tmp_path / "b.jpg")
    Image.fromarray(np.full((4, 4), 13107, np.uint16)).save(tmp_path / "a.png")  # 16 bits: a fifth of 65535
    shown = pictures(tmp_path)
    assert shown.condition("file").tolist() == ["a.png", "b.jpg"]
    assert "label" not in shown.conditions
    torch.testing.assert_close(shown.images[:, 0, 0, 0], torch.tensor([0.2, 1.0]))


def test_a_size_cuts_the_central_square_and_scales_it(tmp_path):
    wide = np.zeros((4, 10), np.uint8)
    wide[:, 3:7] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.new("L", (3, 3), 255).save(tmp_path / "small.png")
    shown = pictures(tmp_path, size=8)
    assert shown.images.shape == (2, 1, 8, 8)
    torch.testing.assert_close(shown.images, torch.ones(2, 1, 8, 8))
    with pytest.raises(ValueError, match="not square and of one size but 3x3, 10x4; give a size"):
        pictures(tmp_path)


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    Image.new("L", (64, 64)).save(tmp_path / "good.png")
    whole = (tmp_path / "good.png").read_bytes()
    for bad in (b"no image", whole[:-40]):
        (tmp_path / "bad.png").write_bytes(bad)
        with pytest.raises(ValueError, match=r"bad\.png cannot be read as an image"):
            pictures(tmp_path)


def test_a_folder_without_images_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no image in .*; looked for \.png"):
        pictures(tmp_path)


@given(n=st.integers(1, 5), seed=st.integers(0, 99))
def test_a_subset_holds_n_different_images_of_each_class(n, seed):
    labels = np.repeat([0, 1, 2], [5, 6, 9])
    stimuli = Stimuli(torch.zeros(20, 1, 1, 1), {"label": labels, "id": np.arange(20)})
    few = subset(stimuli, n, seeded(seed))
    assert np.bincount(few.labels).tolist() == [n, n, n]
    assert len(set(few.condition("id"))) == 3 * n
    np.testing.assert_array_equal(few.labels, labels[few.condition("id")])


def test_a_subset_larger_than_a_class_is_refused():
    stimuli = Stimuli(torch.zeros(3, 1, 1, 1), {"label": np.array([0, 0, 1])})
    with pytest.raises(
        ValueError, match="cannot take 2 images of each class; there are 2 of class 0, 1 of class 1"
    ):
        subset(stimuli, 2, seeded())


def test_patches_of_photographs_are_cut_at_random_from_the_two_that_are_bundled():
    shown = photographs(200, 32, seeded())
    assert shown.images.shape == (200, 1, 32, 32)
    assert set(shown.condition("file")) == {"china.jpg", "flower.jpg"}
    for side, pixels in (("left", 640), ("top", 427)):
        place = shown.condition(side)
        # 200 uniform draws leave a gap of a tenth at either end about once in 10^9 times.
        assert 0 <= place.min() < pixels / 10
        assert 0.9 * (pixels - 32) < place.max() <= pixels - 32
    assert torch.equal(shown.images, photographs(200, 32, seeded()).images)
    assert not torch.equal(shown.images, photographs(200, 32, seeded(1)).images)


def test_a_patch_is_the_part_of_the_photograph_that_its_conditions_say(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (9, 14), np.uint8)
    Image.fromarray(grey).save(tmp_path / "noise.png")
    for patch in photographs(30, 5, seeded(), tmp_path):
        ((left, top),) = zip(patch.condition("left"), patch.condition("top"), strict=True)
        expected = torch.from_numpy(grey[top : top + 5, left : left + 5] / np.float32(255))
        torch.testing.assert_close(patch.images[0, 0], expected)
    whole = photographs(1, 9, seeded(), tmp_path)  # as high as the photograph: every top is 0
    assert whole.condition("top").tolist() == [0]


def test_patches_that_cannot_be_cut_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"china.jpg is 640x427: smaller than a patch of 428x428"):
        photographs(1, 428, seeded())
    with pytest.raises(ValueError, match="patches and size are one or more; got 0 and 8"):
        photographs(0, 8, seeded())
    with pytest.raises(FileNotFoundError, match="no image in"):
        photographs(1, 8, seeded(), tmp_path)


def test_the_photographs_of_a_set_are_looked_for_under_its_name(tmp_path, monkeypatch):
    (tmp_path / "kodak").mkdir()
    Image.new("L", (9, 9), 51).save(tmp_path / "kodak" / "kodim01.png")
    shown = photographs(3, 4, seeded(), "kodak", tmp_path)
    assert set(shown.condition("file")) == {"kodim01.png"}
    torch.testing.assert_close(shown.images, torch.full((3, 1, 4, 4), 0.2))
    monkeypatch.setenv("NEURO_DATA", str(tmp_path))
    assert torch.equal(photographs(3, 4, seeded(), "kodak").images, shown.images)
    with pytest.raises(FileNotFoundError, match=r"no .*kodak/kodak: kodak is never downloaded; put"):
        photographs(3, 4, seeded(), "kodak", tmp_path / "kodak")
    with pytest.raises(FileNotFoundError, match=r"^there is no data folder .*elsewhere; .* or NEURO_DATA$"):
        photographs(3, 4, seeded(), "kodak", tmp_path / "elsewhere")


@pytest.mark.parametrize("f", [1 / 8, 1 / 4])
def test_whitening_multiplies_a_grating_by_its_frequency_up_to_the_cutoff(f):
    x = torch.arange(16) * 2 * torch.pi * f
    grating = (0.5 + 0.3 * torch.cos(x)).expand(16, 16)
    for image in (grating, grating.T):
        flat = whitened(image, 0, cutoff=0.3)
        torch.testing.assert_close(flat, f * np.exp(-((f / 0.3) ** 4)) * (image - 0.5), atol=1e-6, rtol=1e-5)
        assert torch.equal(whitened(image, 3, cutoff=0.3), flat[3:-3, 3:-3])


def test_a_margin_as_large_as_the_image_is_refused():
    with pytest.raises(ValueError, match="a margin of 4 leaves nothing of images of 9x8 pixels"):
        whitened(torch.zeros(1, 8, 9), 4)


def test_the_digits_are_those_that_scikit_learn_loads():
    bunch = load_digits()
    splits = digits(torch.Generator().manual_seed(3))
    parts = concatenate([splits.train, splits.validation, splits.test])
    order = np.argsort(parts.condition("id"))
    np.testing.assert_array_equal(16 * parts.images[order, 0].numpy(), bunch.images)
    np.testing.assert_array_equal(parts.condition("label")[order], bunch.target)
