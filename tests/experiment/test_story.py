import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import experiments
from neuro.experiment import story

HERE = Path(experiments.__file__).parent

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path, write_script):
    """A folder of two small scripts, to be run by `python -m experiments`."""
    write_script("dice")
    write_script("coins", change={"SIDES = 6": "SIDES = 2", "Dice fall": "Coins fall"})
    shutil.copy(HERE / "__main__.py", tmp_path / "experiments")
    (tmp_path / "experiments" / "__init__.py").write_text('STORY = ("dice", "coins")\n')
    return tmp_path / "experiments"


@pytest.fixture
def do(folder, monkeypatch, capsys):
    """Runs the scripts of the folder as that command does; gives exit status, stdout and stderr."""
    monkeypatch.chdir(folder.parent)

    def command(line=""):
        status = 0
        try:
            story.main(folder, ("dice", "coins"), "All of them.", line.split())
        except SystemExit as exit:
            status = exit.code
        return status, *capsys.readouterr()

    return command


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_command_writes_every_result_and_the_board(folder, tmp_path):
    command = [sys.executable, "-m", "experiments", "--jobs", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pairs = [f"{name}.{suffix}" for name in ("coins", "dice") for suffix in ("json", "npz", "png")]
    assert names(tmp_path / "figures") == sorted([*pairs, "CLAIMS.md", "claims.csv"])
    board = (tmp_path / "figures" / "CLAIMS.md").read_text()
    assert board.index("## dice") < board.index("## coins")
    assert "claims: 4 (1 holds, 3 fails)" in done.stdout
    assert done.stdout.index("\ndice\n") < done.stdout.index("\ncoins\n")


def test_after_a_run_the_story_can_be_listed_checked_and_resumed(do, tmp_path):
    assert do("dice --jobs 1")[0] == 0
    figures = tmp_path / "figures"
    before = {name: (figures / name).read_bytes() for name in names(figures)}
    _, told, _ = do("--list")
    assert [line.split()[0] for line in told.splitlines()] == ["dice", "coins"]
    assert ["not run" in line for line in told.splitlines()] == [False, True]
    assert do("dice --check --jobs 1")[0] == 0
    (figures / "CLAIMS.md").unlink()
    status, told, _ = do("dice --resume")
    assert status == 0
    assert "already in" in told
    assert {name: (figures / name).read_bytes() for name in names(figures)} == before


def test_the_check_of_the_story_fails_with_its_script(do, write_script, tmp_path):
    do("dice --jobs 1")
    write_script("dice", change={"SIDES = 6": "SIDES = 2"})
    status, told, errors = do("dice --check --jobs 1")
    assert status == 1
    assert "though committed as holding: the mean is 3.5" in told
    assert errors.splitlines()[-1] == "experiments: dice failed"


def test_the_number_of_jobs_does_not_change_the_numbers(do, tmp_path):
    numbers = []
    for jobs in (1, 4):
        do(f"dice --jobs {jobs}")
        numbers.append(json.loads((tmp_path / "figures" / "dice.json").read_text())["numbers"])
    assert numbers[0] == numbers[1]


def test_another_setting_leaves_figures_and_its_board_alone(do, tmp_path):
    status, told, _ = do("dice --quick --jobs 1")
    assert status == 0
    assert "dice (quick)" in told
    assert "claims: 2" in told
    prefix = "runs/dice-quick/dice."
    assert names(tmp_path / "figures") == [prefix + suffix for suffix in ("json", "npz", "png")]


def test_full_results_that_are_committed_count_on_the_board_and_in_the_readme(do, tmp_path):
    (tmp_path / "README.md").write_text("<!-- table -->\n<!-- end of table -->\n")
    for folder in ("figures", "figures/full", "figures/full/mnist"):
        full = "" if folder == "figures" else "--full "
        assert do(f"dice {full}--jobs 1 --out {folder}")[0] == 0
    assert (tmp_path / "figures" / "CLAIMS.md").read_text().count("## dice (full)") == 2
    rows = (tmp_path / "README.md").read_text().splitlines()
    assert [row.split(" | ")[3] for row in rows if "`dice`" in row] == ["3 holds, 3 fails"]


def test_a_script_that_fails_stops_no_other(do, write_script, tmp_path):
    write_script("dice", change={"    n = len": "    1 / 0\n    n = len"})
    status, told, errors = do("--jobs 1")
    assert status == 1
    assert "ZeroDivisionError" in told
    assert errors.splitlines()[-1] == "experiments: dice failed"
    assert (tmp_path / "figures" / "coins.json").exists()
    assert not (tmp_path / "figures" / "dice.json").exists()


def test_an_unknown_name_is_refused_with_the_names_there_are(do, tmp_path):
    status, _, errors = do("dice cards")
    assert status == 2
    assert errors == "experiments: no experiment cards; there are dice, coins\n"
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_no_script_outlives_an_interrupted_story(folder, write_script, tmp_path, how):
    slowly = "    open('pid', 'w').write(str(os.getpid()))\n    time.sleep(60)\n    n = len"
    write_script(
        "dice",
        change={"    n = len": slowly, "import numpy as np\n": "import os, time\nimport numpy as np\n"},
    )
    command = [sys.executable, "-m", "experiments", "dice"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    started = tmp_path / "pid"
    for _ in range(300):
        if started.exists() and started.read_text():
            break
        time.sleep(0.1)
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.endswith(b"experiments: interrupted; earlier results are untouched\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
