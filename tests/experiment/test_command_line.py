import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from neuro.experiment import Result, main


@pytest.fixture
def do(tmp_path, monkeypatch):
    """Runs an imported experiment with a command line; gives the exit status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEURO_DATA", raising=False)
    threads = torch.get_num_threads()

    def command(module, line="", **more):
        try:
            main(module.run, module.draw, line.split(), **more)
        except SystemExit as exit:
            return exit.code or 0
        return 0

    yield command
    torch.set_num_threads(threads)


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def record(folder, name="dice"):
    return json.loads((folder / f"{name}.json").read_text())


def but_run(record):
    return {key: value for key, value in record.items() if key != "run"}


def test_a_default_run_writes_picture_json_and_npz_to_figures(do, experiment, tmp_path, capsys):
    assert do(experiment()) == 0
    assert sorted(files(tmp_path / "figures")) == ["dice.json", "dice.npz", "dice.png"]
    found = record(tmp_path / "figures")
    assert found["name"] == "dice"
    assert found["settings"]["scale"] == "default"
    assert found["numbers"]["runs"] == 3
    assert found["numbers"]["sevens"] is None
    assert [claim["verdict"] for claim in found["claims"]] == ["holds", "fails"]
    assert {"seconds", "peak_memory_mib", "threads", "device", "commit", "packages"} <= found["run"].keys()
    assert found["run"]["seconds of one throw"] == 0.5  # what the script itself says of its run
    told = capsys.readouterr()
    assert str(tmp_path / "figures" / "dice.png") in told.out
    assert "fails" in told.out
    assert told.err == ""


def test_one_seed_run_twice_repeats_all_but_the_run(do, experiment, tmp_path):
    module = experiment()
    for folder in ("a", "b"):
        do(module, f"--out {folder}")
    assert but_run(record(tmp_path / "a")) == but_run(record(tmp_path / "b"))
    for name in ("dice.npz", "dice.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    do(module, "--out c --seed 1")
    assert record(tmp_path / "c")["numbers"] != record(tmp_path / "a")["numbers"]


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("--quick", "runs/dice-quick"),
        ("--full --dataset mnist", "runs/dice-full-datasetmnist"),
        ("--seed 2", "runs/dice-seed2"),
        ("--seeds 3", "runs/dice-seeds3"),
        ("--seed 0 --jobs 1 --device cpu --no-cache --data-dir /", "."),
    ],
)
def test_only_a_default_run_writes_to_figures(do, experiment, tmp_path, line, folder):
    assert do(experiment(), line) == 0
    written = {os.path.dirname(name) or "." for name in files(tmp_path / "figures")}
    assert written == {folder}


def test_the_seeds_are_as_many_as_asked_for(do, experiment, tmp_path):
    do(experiment(), "--seeds 5 --seed 3 --out out")
    assert Result.load(tmp_path / "out", "dice").series["throws"].shape == (5, 100)
    do(experiment(), "--quick --out out")
    assert Result.load(tmp_path / "out", "dice").series["throws"].shape == (2, 100)


def test_a_quick_picture_says_that_it_is_quick(do, experiment, tmp_path):
    same_seeds = experiment(change={"seed_list(2, 3, 4)": "seed_list(3, 3, 3)"})
    do(same_seeds, "--out default --format svg")
    do(same_seeds, "--out quick --quick --format svg")
    assert "quick run" in (tmp_path / "quick" / "dice.svg").read_text()
    assert "quick run" not in (tmp_path / "default" / "dice.svg").read_text()


@pytest.mark.parametrize(("suffix", "first"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_picture_has_the_format_asked_for(do, experiment, tmp_path, suffix, first):
    do(experiment(), f"--format {suffix}")
    assert (tmp_path / "figures" / f"dice.{suffix}").read_bytes().startswith(first)


def test_help_prints_the_docstring_and_every_option(do, experiment, capsys):
    assert do(experiment(), "--help") == 0
    told = capsys.readouterr().out
    assert "Dice fall on every side alike." in told
    assert "Measured  the mean of a few throws." in told
    options = (
        "quick full seed seeds dataset data-dir device out redraw jobs resume format list check no-cache"
    )
    for option in options.split():
        assert f"--{option}" in told
    assert "--model" not in told


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--quick --full", "not allowed with argument"),
        ("--seeds 0", "the number of seeds must be at least 1; got 0"),
        ("--seeds two", "invalid int value: 'two'"),
        ("--seed -1", "the seed must lie in"),
        ("--jobs 0", "the number of jobs must be at least 1; got 0"),
        ("--format bmp", "invalid choice: 'bmp'"),
        ("--model a:b", "unrecognized arguments: --model a:b"),
        ("--images a", "unrecognized arguments: --images a"),
        ("--qui", "unrecognized arguments: --qui"),
        ("--redraw", "no saved result"),
        ("--check", "no saved result"),
    ],
)
def test_bad_input_ends_in_one_line_and_writes_nothing(do, experiment, tmp_path, capsys, line, message):
    module = experiment()
    before = files(tmp_path)
    assert do(module, line) == 2
    told = capsys.readouterr()
    assert told.out == ""
    (only,) = told.err.splitlines()
    assert only.startswith("dice: ")
    assert message in only
    assert files(tmp_path) == before
    assert not (tmp_path / "figures").exists()


def test_a_folder_that_cannot_be_written_ends_in_one_line(do, experiment, tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert do(experiment(), "--out taken") == 2
    assert "taken" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_ends_in_one_line(do, experiment, tmp_path, capsys):
    assert do(experiment(), "--device cuda") == 2
    assert "no CUDA device; use cpu" in capsys.readouterr().err
    assert do(experiment(), "--device auto") == 0
    assert (tmp_path / "figures" / "dice.json").exists()


DATASETS = {"import numpy as np\n": "import numpy as np\nfrom neuro import datasets\n"}


def test_a_refusal_by_the_library_ends_in_one_line(do, experiment, tmp_path, capsys):
    reads = experiment(
        change={"    n = len": "    datasets.load(settings.dataset, None)\n    n = len", **DATASETS}
    )
    assert do(reads, "--dataset no-such-set") == 2
    (only,) = capsys.readouterr().err.splitlines()
    assert "no-such-set" in only
    assert not (tmp_path / "figures").exists()


def test_a_bug_keeps_its_traceback_and_leaves_the_earlier_files(do, experiment, tmp_path):
    do(experiment())
    before = files(tmp_path / "figures")
    for place in ("    n = len", "    figure = Figure()"):
        with pytest.raises(ZeroDivisionError):
            do(experiment(change={place: f"    1 / 0\n{place}"}))
        assert files(tmp_path / "figures") == before


def test_a_number_that_is_not_finite_and_has_no_reason_is_refused(do, experiment, tmp_path, capsys):
    silent = experiment(change={', {"sevens": "no die has seven sides"}': ""})
    assert do(silent) == 2
    assert "number 'sevens' is nan: say why" in capsys.readouterr().err
    assert not (tmp_path / "figures").exists()


def test_redraw_draws_from_the_saved_result_without_computing(do, experiment, tmp_path):
    do(experiment())
    before = files(tmp_path / "figures")
    (tmp_path / "figures" / "dice.png").unlink()
    broken = experiment(change={"    n = len": "    1 / 0\n    n = len"})
    assert do(broken, "--redraw") == 0
    assert files(tmp_path / "figures") == before
    assert do(broken, "--redraw --format svg") == 0
    assert files(tmp_path / "figures").keys() == before.keys() | {"dice.svg"}


def test_redraw_refuses_a_damaged_result_by_name(do, experiment, tmp_path, capsys):
    do(experiment())
    (tmp_path / "figures" / "dice.npz").write_bytes(b"PK")
    capsys.readouterr()
    assert do(experiment(), "--redraw") == 2
    (only,) = capsys.readouterr().err.splitlines()
    assert "dice.npz is damaged" in only


def test_resume_skips_what_is_saved_from_the_same_settings_and_code(do, experiment, tmp_path, capsys):
    do(experiment(), "--out out")
    (tmp_path / "out" / "dice.npz").touch()
    before = (tmp_path / "out" / "dice.json").stat().st_mtime_ns
    with_comment = experiment(change={"SIDES = 6": "SIDES = 6  # as Pascal's"})
    assert do(with_comment, "--out out --resume") == 0
    assert (tmp_path / "out" / "dice.json").stat().st_mtime_ns == before
    assert "already in out" in capsys.readouterr().out
    do(with_comment, "--out out --resume --format svg")
    assert (tmp_path / "out" / "dice.svg").exists()
    assert (tmp_path / "out" / "dice.json").stat().st_mtime_ns == before


@pytest.mark.parametrize(("change", "line"), [({"SIDES = 6": "SIDES = 5"}, ""), ({}, "--seed 1")])
def test_resume_runs_again_with_other_code_or_settings(do, experiment, tmp_path, change, line):
    do(experiment(), "--out out")
    before = record(tmp_path / "out")
    do(experiment(change=change), f"--out out --resume {line}")
    assert record(tmp_path / "out")["numbers"] != before["numbers"]


def test_check_fails_only_if_a_claim_fails_that_was_committed_as_holding(do, experiment, tmp_path, capsys):
    do(experiment())
    before = files(tmp_path / "figures")
    assert do(experiment(), "--check") == 0
    loaded = experiment(change={"SIDES = 6": "SIDES = 2"})
    capsys.readouterr()
    assert do(loaded, "--check") == 1
    assert "fails, though committed as holding: the mean is 3.5" in capsys.readouterr().err
    assert files(tmp_path / "figures") == before


def test_check_of_a_full_run_is_against_that_on_its_data_set(do, experiment, capsys):
    assert do(experiment(), "--full --dataset mnist --out figures/full/mnist") == 0
    assert do(experiment(), "--full --dataset mnist --check") == 0
    assert do(experiment(), "--full --dataset usps --check") == 2
    assert "no saved result" in capsys.readouterr().err


def test_check_fails_if_a_claim_that_held_is_no_longer_made(do, experiment, capsys):
    do(experiment())
    assert do(experiment(change={'"the mean is 3.5"': '"the mean is three and a half"'}), "--check") == 1
    assert "no longer made, though committed as holding: the mean is 3.5" in capsys.readouterr().err


def test_list_tells_whether_there_is_a_result(do, experiment, capsys):
    do(experiment(), "--list")
    line = capsys.readouterr().out
    assert line.split()[:3] == ["dice", "not", "run"]
    assert line.strip().endswith("Dice fall on every side alike.")
    do(experiment())
    capsys.readouterr()
    do(experiment(), "--list")
    assert " s  Dice" in capsys.readouterr().out


def test_a_model_and_images_are_taken_by_the_scripts_that_ask_for_them(do, experiment, tmp_path):
    takes = ("model", "images")
    assert do(experiment(), "--model my_net:net --images pictures", takes=takes) == 0
    (folder,) = (tmp_path / "figures" / "runs").iterdir()
    assert record(folder)["settings"]["model"] == "my_net:net"
    assert record(folder)["settings"]["images"] == "pictures"


def test_a_script_without_data_says_that_a_data_set_changes_nothing(do, experiment, tmp_path, capsys):
    assert do(experiment(), "--quick --dataset mnist --out out", takes=()) == 0
    assert capsys.readouterr().err == "dice: shows no data set; --dataset mnist changes nothing\n"
    assert do(experiment(), "--quick --dataset mnist --out out") == 0
    assert capsys.readouterr().err == ""


def test_the_data_folder_comes_from_the_environment(do, experiment, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEURO_DATA", "/from/environment")
    telling = experiment(change={"    n = len": "    print(settings.data_dir, settings.cache)\n    n = len"})
    do(telling, "--out out")
    do(telling, "--out out --data-dir here --no-cache")
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("/from", "here"))]
    assert told == [f"/from/environment {tmp_path / '.cache' / 'neuro'}", "here None"]


SLOWLY = {"    n = len": "    print('computing', flush=True)\n    time.sleep(60)\n    n = len"}
SLOWLY |= {"import numpy as np\n": "import time\n\nimport numpy as np\n"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, -15)]
)
def test_a_run_that_is_killed_leaves_the_earlier_files(do, experiment, write_script, tmp_path, how, status):
    do(experiment())
    before = files(tmp_path / "figures")
    script = write_script(change=SLOWLY)
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"computing\n"
    time.sleep(0.2)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode == status
    assert b"Traceback" not in told
    assert files(tmp_path / "figures") == before


@pytest.mark.slow
def test_a_script_runs_from_any_folder_and_its_errors_have_no_traceback(write_script, tmp_path):
    script = write_script()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run([sys.executable, script], cwd=elsewhere, capture_output=True, text=True)
    assert done.returncode == 0
    assert (tmp_path / "figures" / "dice.png").exists()
    done = subprocess.run(
        [sys.executable, script, "--seeds", "0"], cwd=elsewhere, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == "dice: the number of seeds must be at least 1; got 0\n"
