"""Images with labels as stimuli: the bundled digits, MNIST and its kin, USPS zip codes, folders of images.

Pixels lie in [0, 1]; the ink of a digit is 1 on black 0. Conditions: `label`, and `id`, which no two images
of a set share. A published test part is kept as it is, and a validation part is held out of the training part
at random. A set without published parts is split at random, so that the spread of seeds includes the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from neuro import data_files
from neuro.stimuli import Stimuli, concatenate, resized

# Of each class, where no parts are published.
VALIDATION_SHARE = 0.15
TEST_SHARE = 0.35
# Of a published training part: 5,000 of MNIST's 60,000.
HELD_OUT_SHARE = 1 / 12

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".tif", ".tiff", ".webp")

LARGE = ("mnist", "fashion-mnist")  # sets of tens of thousands of images

_DIGITS = tuple("0123456789")
_GARMENTS = "T-shirt/top,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot"
_CLASSES = {"mnist": _DIGITS, "fashion-mnist": tuple(_GARMENTS.split(","))}
_LICENCES = {"mnist": "CC BY-SA 3.0", "fashion-mnist": "MIT, Zalando SE"}


@dataclass(frozen=True)
class Splits:
    """The three parts of a set. The test part is never used to choose anything.

    Shapes: the images of each part (B, 1, H, W).
    """

    name: str
    train: Stimuli
    validation: Stimuli
    test: Stimuli
    classes: tuple[str, ...]
    licence: str = "none stated"


def load(name: str, generator: torch.Generator, data_dir: str | Path | None = None) -> Splits:
    """A set by its name (digits, mnist, fashion-mnist, usps), or a folder of class folders by its path.

    Files are looked for in `<data_dir>/<name>/` ($NEURO_DATA where data_dir is None), then in the user's
    cache folder, to which MNIST and Fashion-MNIST are downloaded once.
    Raises ValueError or FileNotFoundError that say which file, what is wrong with it and what to do.
    """
    if name == "digits":
        return digits(generator)
    if name == "usps":
        return _usps(generator, data_dir)
    if name in data_files.FILES:
        return _mnist_like(name, generator, data_dir)
    if Path(name).is_dir():
        return folder(name, generator)
    names = ", ".join(["digits", *data_files.FILES])
    raise ValueError(f"no data set {name!r}; there are {names}, and folders of class folders by their path")


def digits(generator: torch.Generator) -> Splits:
    """The 1,797 handwritten digits, 8 x 8, that come with scikit-learn.

    Of each class about 50 % train, 15 % validate and 35 % test.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI (their test part).
    """
    # The file that load_digits() reads, as scikit-learn itself takes most of a second to import.
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    rows = np.loadtxt(Path(package.origin).parent / "datasets/data/digits.csv.gz", delimiter=",")
    images = torch.from_numpy(rows[:, :64].reshape(-1, 1, 8, 8) / 16).float()
    return _split("digits", images, rows[:, 64].astype(np.int64), _DIGITS, generator, "CC BY 4.0")


def folder(path: str | Path, generator: torch.Generator, size: int | None = None) -> Splits:
    """Images in class folders, `<path>/<class>/<image>`, split as `digits` is.

    Classes are the names of the folders, sorted. Size and grey values as in `pictures`.
    Raises ValueError if there are fewer than two class folders, or fewer than three images in one.
    """
    path = Path(path)
    names = sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    if len(names) < 2:
        raise ValueError(f"{path} needs two or more class folders, <class>/<image>; it has {len(names)}")
    files = [_image_files(path / name) for name in names]
    labels = np.repeat(np.arange(len(names)), [len(of_class) for of_class in files])
    images = _images([file for of_class in files for file in of_class], size)
    return _split(path.resolve().name, images, labels, tuple(names), generator, "the user's own")


def pictures(path: str | Path, size: int | None = None) -> Stimuli:
    """The images that lie in a folder, in grey and in the order of their names; no labels.

    With a `size`, the central square of each is scaled to size x size; without, all must be square and of one
    size as they are. White is 1. Conditions: `id`, `file`.
    Raises FileNotFoundError if there is no image; ValueError for one that cannot be read, or another size.
    """
    files = _image_files(Path(path))
    names = np.array([file.name for file in files])
    return Stimuli(_images(files, size), {"id": np.arange(len(files)), "file": names})


def all_pictures(path: str | Path, size: int) -> Stimuli:
    """All the pictures of a folder, size x size: labelled if they lie in class folders, else not.

    Raises as `folder` and `pictures`.
    """
    if not [part for part in Path(path).glob("[!.]*") if part.is_dir()]:
        return pictures(path, size)
    parts = folder(path, torch.Generator().manual_seed(0), size)
    return concatenate([parts.train, parts.validation, parts.test])


def subset(stimuli: Stimuli, n_per_class: int, generator: torch.Generator) -> Stimuli:
    """n images of each class, drawn at random: an experiment with few labels.

    Raises ValueError if a class has fewer.
    """
    labels = stimuli.labels.numpy()
    classes, counts = np.unique(labels, return_counts=True)
    if n_per_class < 1 or not len(labels) or counts.min() < n_per_class:
        there = ", ".join(f"{n} of class {c}" for c, n in zip(classes, counts, strict=True)) or "none"
        raise ValueError(f"cannot take {n_per_class} images of each class; there are {there}")
    order = torch.randperm(len(labels), generator=generator).numpy()
    return stimuli[order[_rank_in_class(labels[order]) < n_per_class]]


def _mnist_like(name: str, generator: torch.Generator, data_dir: str | Path | None) -> Splits:
    train, train_labels, test, test_labels = data_files.read(name, data_dir, data_files.read_idx)
    parts = [(train, train_labels), (test, test_labels)]
    for images, labels in parts:
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            shapes = f"{images.shape} and {labels.shape}"
            raise ValueError(f"{name}: these images and labels do not belong together: {shapes}")
    scaled = [(torch.from_numpy(images / np.float32(255))[:, None], labels) for images, labels in parts]
    return _published(name, scaled, _CLASSES[name], generator, _LICENCES[name])


def _usps(generator: torch.Generator, data_dir: str | Path | None) -> Splits:
    """The zip-code digits, 16 x 16, of LeCun et al. 1989, in their deslanted form."""
    tables = data_files.read("usps", data_dir, data_files.read_zip_codes)
    parts = [((torch.from_numpy(t[:, 1:]).reshape(-1, 1, 16, 16) + 1) / 2, t[:, 0]) for t in tables]
    return _published("usps", parts, _DIGITS, generator, "none stated; do not hand on")


def _published(
    name: str,
    parts: Sequence[tuple[Tensor, np.ndarray]],
    classes: tuple[str, ...],
    generator: torch.Generator,
    licence: str,
) -> Splits:
    """The published test part; the validation part held out of the published training part."""
    (images, labels), (test_images, test_labels) = parts
    train = _stimuli(images, labels)
    test = _stimuli(test_images, test_labels, first_id=len(train))
    order = torch.randperm(len(train), generator=generator).numpy()
    held_out = round(len(train) * HELD_OUT_SHARE)
    return Splits(name, train[order[held_out:]], train[order[:held_out]], test, classes, licence)


def _split(
    name: str,
    images: Tensor,
    labels: np.ndarray,
    classes: tuple[str, ...],
    generator: torch.Generator,
    licence: str,
) -> Splits:
    """Each class shuffled and cut in VALIDATION_SHARE, TEST_SHARE and the rest; at least one image each."""
    n = np.bincount(labels, minlength=len(classes))
    if n.min() < 3:
        raise ValueError(
            f"{name}: class {classes[n.argmin()]} has {n.min()} images; a split in three needs 3"
        )
    n_validation = np.maximum(1, np.rint(VALIDATION_SHARE * n).astype(int))
    n_test = np.maximum(1, np.rint(TEST_SHARE * n).astype(int))
    order = torch.randperm(len(labels), generator=generator).numpy()
    rank, label = _rank_in_class(labels[order]), labels[order]
    stimuli = _stimuli(images, labels)
    validates = rank < n_validation[label]
    tests = ~validates & (rank < (n_validation + n_test)[label])
    train = stimuli[order[~validates & ~tests]]
    return Splits(name, train, stimuli[order[validates]], stimuli[order[tests]], classes, licence)


def _stimuli(images: Tensor, labels: np.ndarray, first_id: int = 0) -> Stimuli:
    ids = np.arange(first_id, first_id + len(labels))
    return Stimuli(images, {"label": labels.astype(np.int64), "id": ids})


def _rank_in_class(labels: np.ndarray) -> np.ndarray:
    """For each label, how many before it are the same."""
    rank = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        same = labels == label
        rank[same] = np.arange(same.sum())
    return rank


def _image_files(path: Path) -> list[Path]:
    files = sorted(p for p in path.glob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise FileNotFoundError(f"no image in {path}; looked for {', '.join(IMAGE_SUFFIXES)}")
    return files


def _images(files: Sequence[Path], size: int | None) -> Tensor:
    """Images in grey, brought to size x size, or refused if they are not all square and of one size."""
    images = [_grey(file) for file in files]
    if size is not None:
        images = [resized(Stimuli(_central_square(image)[None]), size).images[0] for image in images]
    met = sorted({(image.shape[-1], image.shape[-2]) for image in images})
    if len(met) > 1 or met[0][0] != met[0][1]:
        sizes = ", ".join(f"{width}x{height}" for width, height in met[:5])
        raise ValueError(
            f"images in {files[0].parent} are not square and of one size but {sizes}; give a size"
        )
    return torch.stack(images)


def _grey(file: Path) -> Tensor:
    """Shapes: (1, H, W)."""
    try:
        with Image.open(file) as image:
            upright = ImageOps.exif_transpose(image)
            # 16-bit grey, which PIL would clip to its lowest 8 bits.
            deep = upright.mode.startswith("I")
            grey = (
                np.array(upright, np.float32) / 65535
                if deep
                else np.array(upright.convert("L"), np.float32) / 255
            )
    except OSError as error:
        raise ValueError(f"{file} cannot be read as an image: {error}; mend or remove it") from None
    return torch.from_numpy(grey)[None].clamp(0, 1)


def _central_square(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[:, top : top + side, left : left + side]


def photographs(
    patches: int,
    size: int,
    generator: torch.Generator,
    name: str | Path = "bundled",
    data_dir: str | Path | None = None,
) -> Stimuli:
    """Square patches, size x size pixels, cut at random from natural photographs, in grey.

    From the two photographs that come with scikit-learn (427 x 640, CC BY); with the name "kodak" from the
    images in `<data_dir>/kodak/` ($NEURO_DATA where data_dir is None); or from those in a folder by its path.
    Each is as likely as the others, and each place in it. Grey values are as in the file: gamma-encoded.
    Conditions: `id`, `file`, and `left`, `top`, the place of the patch in pixels.
    Raises FileNotFoundError if the folder holds no image, ValueError for an image smaller than a patch.
    """
    from sklearn.datasets import load_sample_images

    if patches < 1 or size < 1:
        raise ValueError(f"patches and size are one or more; got {patches} and {size}")
    if name == "bundled":
        files = [Path(file) for file in load_sample_images().filenames]
    else:
        files = _image_files(data_files.kodak(data_dir) if name == "kodak" else Path(name))
    of_file = torch.randint(len(files), (patches,), generator=generator)
    place = torch.rand(2, patches, generator=generator, dtype=torch.float64)
    corner = torch.empty(2, patches, dtype=torch.int64)
    images = torch.empty(patches, 1, size, size)
    within = torch.arange(size)
    for i, file in enumerate(files):
        (grey,), here = _grey(file), of_file == i
        room = torch.tensor(grey.shape) - size + 1
        if room.min() < 1:
            raise ValueError(
                f"{file} is {grey.shape[1]}x{grey.shape[0]}: smaller than a patch of {size}x{size}"
            )
        corner[:, here] = top, left = (place[:, here] * room[:, None]).long()
        images[here, 0] = grey[(top[:, None] + within)[:, :, None], (left[:, None] + within)[:, None]]
    names = np.array([file.name for file in files])[of_file.numpy()]
    top, left = corner.numpy()
    return Stimuli(images, {"id": np.arange(patches), "file": names, "left": left, "top": top})


def whitened(images: Tensor, margin: int, cutoff: float = 0.4) -> Tensor:
    """The images without their mean, every frequency f multiplied by f exp(-(f / cutoff)^4).

    Flattens the spectrum of natural images, which falls as 1 / f, up to the cutoff (Olshausen & Field 1997,
    reported, whose 200 cycles in 512 pixels are the default); f in cycles/pixel. As each image is taken
    for one that goes on beyond its edge at the other side, a `margin` of pixels is then cut off.
    Shapes: (..., H, W) -> (..., H - 2 margin, W - 2 margin). Raises ValueError if nothing is left.
    """
    height, width = images.shape[-2:]
    if margin < 0 or 2 * margin >= min(height, width):
        raise ValueError(f"a margin of {margin} leaves nothing of images of {width}x{height} pixels")
    f = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width))
    spectrum = torch.fft.rfft2(images) * f * torch.exp(-((f / cutoff) ** 4))
    flat: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return flat[..., margin : height - margin, margin : width - margin]
