"""The published files: found, downloaded, checked, read."""

import gzip
import hashlib
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest

from neuro import data_files
from neuro.data_files import find, read_idx, read_zip_codes, verify

FILE = "train-labels-idx1-ubyte.gz"


def idx(array):
    """The bytes of a gzipped IDX file, put together by hand."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def md5(content):
    return "md5:" + hashlib.md5(content).hexdigest()


@contextmanager
def served(content, stop_after=None, hold=None):
    """A server that gives every path this content; it may stop after some bytes, at once or when released."""
    requests, begun = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:stop_after])
            self.wfile.flush()
            begun.set()
            if hold is not None:
                hold.wait(30)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", requests, begun
        finally:
            if hold is not None:
                hold.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("NEURO_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "neuro" / "mnist"


@pytest.fixture
def content(monkeypatch):
    """A tiny file that stands for the labels of MNIST."""
    content = idx(np.arange(10))
    monkeypatch.setitem(data_files.FILES, "mnist", {FILE: md5(content)})
    return content


def test_an_idx_file_made_by_hand_is_read_row_by_row(tmp_path):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])))
    np.testing.assert_array_equal(read_idx(path), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda whole: whole[:-12], r"x\.gz is truncated; delete it and fetch it again"),
        (lambda whole: b"<html>not found</html>", r"x\.gz is not a sound gzip file"),
        (lambda whole: whole[:10] + b"\xff" * 20, r"x\.gz is not a sound gzip file"),
        (lambda whole: gzip.compress(b"\0\0\x0d\x01\0\0\0\x01abcd"), r"begins 00000d, not 000008"),
        (lambda whole: gzip.compress(b""), r"is not an IDX file"),
        (lambda whole: gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2])), r"holds 2 values .* says \[5\]"),
        (lambda whole: gzip.compress(bytes([0, 0, 8, 3, 0, 0])), r"x\.gz holds 0 values"),
    ],
)
def test_a_damaged_idx_file_is_refused_by_name(tmp_path, damage, message):
    path = tmp_path / "x.gz"
    path.write_bytes(damage(idx(np.arange(200))))
    with pytest.raises(ValueError, match=message):
        read_idx(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0.5\n2 0.5", r"must hold a label and 256 pixels .* it is \(2, 2\)"),
        ("1" + " 3" * 256, r"pixels in \[-1, 1\]"),
        ("1 two 3", "not a table of numbers"),
    ],
)
def test_a_wrong_table_of_zip_codes_is_refused(tmp_path, text, message):
    path = tmp_path / "zip.gz"
    path.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ValueError, match=message):
        read_zip_codes(path)


def test_a_checksum_that_differs_is_named_beside_the_published_one(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    verify(path, "md5:900150983cd24fb0d6963f7d28e17f72")  # of "abc", RFC 1321
    with pytest.raises(ValueError, match=r"its md5 is 900150983cd24fb0d6963f7d28e17f72, not 00ff"):
        verify(path, "md5:00ff")


def test_a_file_in_the_data_folder_goes_before_the_environment_and_the_cache(tmp_path, monkeypatch, cache):
    for folder in ("argument", "environment"):
        (tmp_path / folder / "mnist").mkdir(parents=True)
        (tmp_path / folder / "mnist" / FILE).touch()
    monkeypatch.setenv("NEURO_DATA", str(tmp_path / "environment"))
    assert find("mnist", FILE, tmp_path / "argument") == tmp_path / "argument" / "mnist" / FILE
    assert find("mnist", FILE) == tmp_path / "environment" / "mnist" / FILE


def test_a_data_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no data folder .*nowhere; it is named by --data-dir"):
        find("mnist", FILE, tmp_path / "nowhere")


def test_usps_is_never_downloaded_but_its_source_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'usps/zip.train.gz: .* "The Elements of Statistical Learning"'
    ):
        find("usps", "zip.train.gz", tmp_path)


def test_a_file_is_downloaded_once(content, cache, monkeypatch):
    with served(content) as (url, requests, _):
        monkeypatch.setitem(data_files.MIRRORS, "mnist", url)
        paths = {find("mnist", FILE), find("mnist", FILE)}
    assert paths == {cache / FILE}
    assert requests == [f"/{FILE}"]
    np.testing.assert_array_equal(read_idx(cache / FILE), np.arange(10))


@pytest.mark.parametrize(
    ("sent", "stop_after", "message"),
    [(None, 12, "no download from http"), (b"<html>sign in</html>", None, "(?i)hash")],
    ids=["cut short", "another file"],
)
def test_a_failed_download_leaves_nothing_behind(content, cache, monkeypatch, sent, stop_after, message):
    with served(sent or content, stop_after) as (url, _, _):
        monkeypatch.setitem(data_files.MIRRORS, "mnist", url)
        with pytest.raises(FileNotFoundError, match=message):
            find("mnist", FILE)
    assert list(cache.iterdir()) == []


def test_without_a_network_one_line_says_where_to_put_the_file(cache, monkeypatch):
    with served(b"") as (url, _, _):
        pass  # the port is closed again
    monkeypatch.setitem(data_files.MIRRORS, "mnist", url)
    with pytest.raises(
        FileNotFoundError, match=f"no <data folder>/mnist/{FILE}.*put the file there"
    ) as error:
        find("mnist", FILE)
    assert "\n" not in str(error.value)


def test_a_killed_download_leaves_no_file_of_that_name(content, cache):
    with served(content, stop_after=12, hold=threading.Event()) as (url, _, begun):
        program = (
            "import pooch; from pathlib import Path; from neuro import data_files as d;"
            f"pooch.os_cache = lambda project: Path({str(cache.parent)!r}); d.MIRRORS['mnist'] = {url!r};"
            f"d.find('mnist', {FILE!r})"
        )
        process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
        try:
            assert begun.wait(30)
        finally:
            process.kill()
            process.wait()
    assert cache.is_dir()
    assert not (cache / FILE).exists()
