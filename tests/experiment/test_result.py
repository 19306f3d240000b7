import json
import os
import time

import numpy as np
import pytest
from matplotlib.figure import Figure

from neuro.experiment import Claim, Result

CLAIM = Claim("a", "b", "reported", 0.0, None, "by hand", np.float64(1.5))


def result(**more):
    given = {
        "numbers": {"cells": np.int64(3), "width": np.float32(0.5)},
        "series": {"curve": np.arange(6.0).reshape(2, 3), "names": np.array(["US1", "UC1"])},
        "claims": [CLAIM],
        "name": "dice",
        "settings": {"scale": "default", "seed": 0},
    }
    return Result(**{**given, **more})


def figure():
    drawn = Figure()
    drawn.subplots().plot([1, 3, 2])
    return drawn


def test_a_loaded_result_equals_the_saved_one(tmp_path):
    saved = result(run={"seconds": 1.0}, code="abc", data="def")
    saved.save(tmp_path)
    loaded = Result.load(tmp_path, "dice")
    for name in ("numbers", "claims", "name", "settings", "code", "data", "run", "reasons"):
        assert getattr(loaded, name) == getattr(saved, name)
    assert loaded.series.keys() == saved.series.keys()
    for name in saved.series:
        np.testing.assert_array_equal(loaded.series[name], saved.series[name])
    assert type(loaded.numbers["cells"]) is type(saved.numbers["cells"]) is int


@pytest.mark.parametrize("value", [np.nan, np.inf, None])
def test_an_undefined_number_is_null_with_a_reason(tmp_path, value):
    with pytest.raises(ValueError, match=r"number 'width' is .*: say why in reasons"):
        result(numbers={"width": value})
    result(numbers={"width": value, "n": 1}, reasons={"width": "flat curve", "n": "none"}).save(tmp_path)
    record = json.loads((tmp_path / "dice.json").read_text())
    assert record["numbers"] == {"width": None, "n": 1}
    assert record["reasons"] == {"width": "flat curve"}


def test_a_series_of_objects_is_refused():
    with pytest.raises(ValueError, match="series 'curve' is not a plain array"):
        result(series={"curve": np.array([None, {}])})


def test_the_json_holds_the_fields_the_issue_names(tmp_path):
    result(code="abc", data="def").save(tmp_path)
    record = json.loads((tmp_path / "dice.json").read_text())
    assert list(record) == ["name", "settings", "numbers", "reasons", "series", "claims", "source", "run"]
    assert record["source"] == {"code": "abc", "data": "def"}
    assert record["claims"][0]["verdict"] == "holds"
    assert record["series"]["shapes"] == {"curve": [2, 3], "names": [2]}


@pytest.mark.slow
def test_one_result_gives_the_same_bytes_at_any_time(tmp_path):
    result().save(tmp_path / "now", figure())
    time.sleep(2.1)  # a zip file keeps times in steps of two seconds
    result().save(tmp_path / "later", figure())
    for suffix in ("json", "npz", "png"):
        now, later = (tmp_path / when / f"dice.{suffix}" for when in ("now", "later"))
        assert now.read_bytes() == later.read_bytes()


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_picture_does_not_hold_the_time_or_random_ids(tmp_path, suffix):
    for folder in ("one", "two"):
        result().save(tmp_path / folder, figure(), suffix)
    one, two = ((tmp_path / folder / f"dice.{suffix}").read_bytes() for folder in ("one", "two"))
    assert one == two
    assert b"CreationDate" not in one
    assert b"dc:date" not in one
    assert b"Software" not in one


def test_the_series_of_an_earlier_run_do_not_stay_behind(tmp_path):
    result().save(tmp_path)
    result(series={}).save(tmp_path)
    assert not (tmp_path / "dice.npz").exists()
    assert Result.load(tmp_path, "dice").series == {}


def test_a_table_is_a_csv_beside_and_does_not_outlive_its_result(tmp_path):
    table = "rule,accuracy\nOja,0.5\n\u00e9,\n"
    result(table=table).save(tmp_path)
    assert (tmp_path / "dice.csv").read_bytes() == table.encode()
    assert Result.load(tmp_path, "dice").table == table
    for other in (table.replace("0.5", "0.9").encode(), table.encode("latin-1")):
        (tmp_path / "dice.csv").write_bytes(other)
        with pytest.raises(ValueError, match=r"dice.csv is not the one its .json was saved with"):
            Result.load(tmp_path, "dice")
    result().save(tmp_path)
    assert not (tmp_path / "dice.csv").exists()
    assert Result.load(tmp_path, "dice").table == ""


def test_a_missing_result_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no saved result .*dice.json; run the script first"):
        Result.load(tmp_path, "dice")
    result().save(tmp_path)
    (tmp_path / "dice.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"dice.npz is missing beside its .json"):
        Result.load(tmp_path, "dice")


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:60] + b"?" + b[61:]]
)
def test_a_damaged_npz_is_refused_by_name(tmp_path, damage):
    result().save(tmp_path)
    path = tmp_path / "dice.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"dice.npz is damaged \(.*\); delete it and run again"):
        Result.load(tmp_path, "dice")


def test_a_pickle_is_never_opened(tmp_path):
    result().save(tmp_path)
    np.savez(tmp_path / "dice.npz", curve=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"dice.npz is damaged"):
        Result.load(tmp_path, "dice")


def test_the_npz_of_another_run_is_refused(tmp_path):
    result().save(tmp_path / "other")
    result(series={"curve": np.zeros(3)}).save(tmp_path)
    os.replace(tmp_path / "other" / "dice.npz", tmp_path / "dice.npz")
    with pytest.raises(ValueError, match=r"dice.npz is not the one its .json was saved with"):
        Result.load(tmp_path, "dice")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "dice"}'])
def test_a_damaged_json_is_refused_by_name(tmp_path, text):
    (tmp_path / "dice.json").write_text(text)
    with pytest.raises(ValueError, match=r"dice.json is not a whole result"):
        Result.load(tmp_path, "dice")


def test_a_failure_while_saving_leaves_the_earlier_files(tmp_path):
    result().save(tmp_path, figure())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    unsavable = result(settings={"scale": object()}, series={"curve": np.zeros(1)})
    with pytest.raises(TypeError):
        unsavable.save(tmp_path, figure())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
