import csv
from dataclasses import replace

import numpy as np

from neuro.experiment import Claim, Result, board

HOLDS = Claim("lines | edges", "Hubel 1962", 0.5, 0.2, 0.6, "the paper", 0.5, "spots", 0.01, "5 seeds")
FAILS = Claim("more", "Fukushima 1980", "reported", 0.9, None, "by rule", 0.12345)
UNKNOWN = Claim("less", "LeCun 1998", 0.8, None, 1.0, "the paper", None)


def result(name, claims, **settings):
    return Result({}, claims=claims, name=name, settings={"scale": "default", "dataset": None, **settings})


RESULTS = [result("one", [HOLDS, FAILS]), result("two", [UNKNOWN], scale="full", dataset="mnist")]


def test_the_board_by_hand():
    lines = board.markdown(RESULTS).splitlines()
    assert lines[2] == "Claims: 3 (1 holds, 1 fails, 1 not checked)."
    tables = [line for line in lines if line.startswith(("##", "| "))]
    head = "| verdict | what | source | published | measured | band | control |"
    assert tables == [
        "## one",
        head,
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| holds | lines \\| edges (5 seeds) | Hubel 1962 | 0.5 | 0.5 | 0.2 to 0.6 (the paper)"
        " | spots: 0.01 |",
        "| fails | more | Fukushima 1980 | reported | 0.1235 | at least 0.9 (by rule) | - |",
        "## two (full, mnist)",
        head,
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| not checked | less | LeCun 1998 | 0.8 | - | at most 1 (the paper) | - |",
    ]


def test_the_csv_holds_every_field_of_every_claim():
    rows = list(csv.DictReader(board.csv_text(RESULTS).splitlines()))
    assert [row["script"] for row in rows] == ["one", "one", "two"]
    assert [row["verdict"] for row in rows] == ["holds", "fails", "not checked"]
    assert float(rows[1]["measured"]) == 0.12345
    assert rows[0]["note"] == "5 seeds"
    assert (rows[2]["dataset"], rows[2]["measured"]) == ("mnist", "")


def test_the_board_follows_the_story_and_counts_the_full_runs(tmp_path):
    for name in ("one", "two", "zero"):
        result(name, [HOLDS]).save(tmp_path)
    result("two", [FAILS], scale="full", dataset="mnist").save(tmp_path / "full" / "mnist")
    result("two", [FAILS], scale="full", dataset="usps").save(tmp_path / "full" / "usps")
    result("two", [FAILS], scale="full").save(tmp_path / "full")
    result("one", [FAILS]).save(tmp_path / "full" / ".one.partial")  # of a run that was cut off
    result("one", [FAILS]).save(tmp_path / "runs" / "one-quick")
    found = board.committed(tmp_path, ("zero", "two"))
    full = ["two (full)", "two (full, mnist)", "two (full, usps)"]
    assert [board.heading(r) for r in found] == ["zero", "two", *full, "one"]
    board.write(tmp_path, ("zero", "two"))
    assert (tmp_path / "CLAIMS.md").read_text() == board.markdown(found)
    assert (tmp_path / "claims.csv").read_text() == board.csv_text(found)


def test_a_claim_that_another_run_checked_is_told_once(tmp_path):
    full = {"scale": "full", "dataset": "mnist"}
    result("one", [HOLDS, UNKNOWN]).save(tmp_path)
    result("two", [UNKNOWN]).save(tmp_path)  # another script's, which no run of it checked
    result("one", [HOLDS, replace(UNKNOWN, measured=0.9)], **full).save(tmp_path / "full" / "mnist")
    found = board.committed(tmp_path, ("one", "two"))
    told = [(board.heading(r), [claim.verdict for claim in r.claims]) for r in found]
    assert told == [("one", ["holds"]), ("one (full, mnist)", ["holds", "holds"]), ("two", ["not checked"])]


def test_the_table_for_the_terminal_names_verdict_and_values():
    table = board.text_table([HOLDS, FAILS, UNKNOWN])
    assert len(table.splitlines()) == 4
    assert table.splitlines()[2].split() == ["fails", "0.1235", "at", "least", "0.9", "reported", "more"]


def test_a_long_statement_goes_over_several_lines():
    long = Claim("word " * 40, "x", 1.0, 0.0, 1.0, "y", np.float32(0.5))
    lines = board.text_table([long]).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 110
