"""The published files of MNIST, Fashion-MNIST and USPS: found in a folder or downloaded, checked, and read.

A file is looked for in `<data_dir>/<set>/`, data_dir being $NEURO_DATA unless it is given, and then in the
user's cache folder, to which MNIST and Fashion-MNIST are downloaded once. Every error is one line that says
which file, what is wrong with it and what to do.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pooch

# In the order: training images, training labels, test images, test labels. The MD5 sums of MNIST are those
# everybody checks against, of Fashion-MNIST those its authors print; USPS is training part, test part.
FILES = {
    "mnist": {
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    },
    "fashion-mnist": {
        "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
    },
    "usps": {
        "zip.train.gz": "sha256:66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
        "zip.test.gz": "sha256:8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
    },
}
MIRRORS = {
    "mnist": "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "fashion-mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
USPS_PAGE = (
    'the data page of "The Elements of Statistical Learning" (https://hastie.su.domains/ElemStatLearn/)'
)

_FETCH_AGAIN = "delete it and fetch it again"


def read(
    name: str, data_dir: str | Path | None, parse: Callable[[str | Path], np.ndarray]
) -> list[np.ndarray]:
    """The arrays in the files of a set, in the order of FILES.

    Raises FileNotFoundError for a file that is missing and cannot be downloaded; ValueError for one that is
    truncated, wrong in format, or other than the one published.
    """
    arrays = []
    for file, checksum in FILES[name].items():
        path = find(name, file, data_dir)
        arrays.append(parse(path))  # before the checksum: it can say more about what is wrong
        verify(path, checksum)
    return arrays


def find(name: str, file: str, data_dir: str | Path | None = None) -> Path:
    """Where a file of a set lies, downloaded if need be."""
    root = _root(data_dir)
    if root and (path := root / name / file).is_file():
        return path
    where = (root or Path("<data folder>")) / name / file
    if name in MIRRORS:
        return _downloaded(name, file, where)
    raise FileNotFoundError(
        f"no {where}: {name} is never downloaded; get {file} from {USPS_PAGE}, put it there, "
        "and name the data folder by --data-dir or NEURO_DATA"
    )


def kodak(data_dir: str | Path | None = None) -> Path:
    """The folder of the Kodak photographs, 24 of 768 x 512; raises FileNotFoundError if there is none.

    They are neither downloaded nor checked: no sums are published for them.
    """
    root = _root(data_dir)
    where = (root or Path("<data folder>")) / "kodak"
    if root and where.is_dir():
        return where
    raise FileNotFoundError(
        f"no {where}: kodak is never downloaded; put the 24 photographs (kodim01.png to kodim24.png of "
        "https://r0k.us/graphics/kodak/) there, and name the data folder by --data-dir or NEURO_DATA"
    )


def _root(data_dir: str | Path | None) -> Path | None:
    """The data folder that was named, if any was; FileNotFoundError if there is none of that name."""
    root = data_dir or os.environ.get("NEURO_DATA")
    if root and not Path(root).is_dir():
        raise FileNotFoundError(f"there is no data folder {root}; it is named by --data-dir or NEURO_DATA")
    return Path(root) if root else None


def verify(path: Path, checksum: str) -> None:
    """Raises ValueError, naming both checksums, unless the file has this one ("md5:..." or "sha256:...")."""
    algorithm, _, published = checksum.partition(":")
    found = pooch.file_hash(str(path), alg=algorithm)
    if found != published:
        raise ValueError(
            f"{path} is not the published file: its {algorithm} is {found}, not {published}; {_FETCH_AGAIN}"
        )


def read_idx(path: str | Path) -> np.ndarray:
    """The array of bytes in a gzipped IDX file, the format of MNIST: 0, 0, 8, number of axes, sizes, values.

    Raises ValueError if the file is truncated, is not gzip or IDX, or does not hold what its header says.
    """
    content = _unzipped(path)
    if content[:3] != b"\0\0\x08" or len(content) < 4:
        raise ValueError(
            f"{path} is not an IDX file of bytes: it begins {content[:3].hex()}, not 000008; {_FETCH_AGAIN}"
        )
    header = 4 + 4 * content[3]
    shape = [int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4)]
    if len(content) != header + math.prod(shape):
        values = max(0, len(content) - header)
        raise ValueError(f"{path} holds {values} values where its header says {shape}; {_FETCH_AGAIN}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_zip_codes(path: str | Path) -> np.ndarray:
    """The table in a gzipped file of USPS: a row an image, its label and then its 256 pixels in [-1, 1].

    Shapes: (B, 257). Raises ValueError if the file is truncated, not gzip, or not such a table.
    """
    try:
        table = np.loadtxt(_unzipped(path).decode("ascii").splitlines(), dtype=np.float32, ndmin=2)
    except ValueError as error:
        raise ValueError(f"{path} is not a table of numbers: {error}") from None
    if table.shape[1:] != (257,) or np.abs(table[:, 1:]).max(initial=0) > 1:
        raise ValueError(
            f"{path} must hold a label and 256 pixels in [-1, 1] a row; it is {table.shape}; {_FETCH_AGAIN}"
        )
    return table


def _unzipped(path: str | Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read()
    except EOFError:
        raise ValueError(f"{path} is truncated; {_FETCH_AGAIN}") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a sound gzip file: {error}; {_FETCH_AGAIN}") from None


def _downloaded(name: str, file: str, where: Path) -> Path:
    """The file in the cache folder. Pooch writes aside, checks, and renames: it is whole or not there."""
    url = MIRRORS[name] + file
    cache = pooch.os_cache("neuro") / name
    try:
        fetch = pooch.HTTPDownloader(progressbar=True, timeout=30)
        return Path(pooch.retrieve(url, FILES[name][file], fname=file, path=cache, downloader=fetch))
    except (OSError, ValueError) as error:
        raise FileNotFoundError(
            f"no {where}, and no download from {url}: {error}; put the file there by hand, "
            "and name the data folder by --data-dir or NEURO_DATA"
        ) from error
