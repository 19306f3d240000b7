"""Every script on disk, and every committed result."""

import importlib
import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from joblib.externals.loky.backend.reduction import dumps

import experiments
from neuro.experiment import Claim, Result, board, main, story
from neuro.experiment.provenance import script_hash

HERE = Path(experiments.__file__).parent
FIGURES = HERE.parent / "figures"
SCRIPTS = story.scripts(HERE, experiments.STORY)
COMMITTED = [path for folder in board.committed_folders(FIGURES) for path in sorted(folder.glob("*.json"))]

each_script = pytest.mark.parametrize("name", SCRIPTS)
each_result = pytest.mark.parametrize(
    "path", COMMITTED, ids=lambda p: str(p.relative_to(FIGURES).with_suffix(""))
)


def test_the_story_tells_of_every_script_once():
    assert sorted(experiments.STORY) == sorted(SCRIPTS)


@pytest.mark.slow
@each_script
def test_a_quick_run_gives_a_picture_numbers_and_claims(name, tmp_path):
    module = importlib.import_module(f"experiments.{name}")
    main(module.run, module.draw, ["--quick", "--no-cache", "--out", str(tmp_path)])
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    result = Result.load(tmp_path, name)
    assert result.claims
    assert result.numbers
    for number, value in result.numbers.items():
        assert result.reasons[number] if value is None else math.isfinite(value)


@pytest.mark.slow
@each_script
def test_a_script_spreads_its_seeds_over_processes(name, tmp_path):
    module = importlib.import_module(f"experiments.{name}")
    flags = ["--quick", "--seeds", "2", "--jobs", "2", "--out", str(tmp_path)]
    main(module.run, module.draw, flags)
    assert Result.load(tmp_path, name).settings["seeds"] == 2


@each_script
def test_the_functions_of_a_script_run_by_its_name_can_be_sent_to_workers(name):
    # It is then __main__, which workers cannot import: its functions are sent by value, with all they name.
    spec = importlib.util.spec_from_file_location("not_imported", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == "not_imported"]
    assert own
    assert dumps(own)


@pytest.mark.slow
def test_a_script_runs_by_its_name(tmp_path):
    flags = ["--quick", "--seeds", "2", "--jobs", "2", "--out", str(tmp_path)]
    script = HERE / "hubel_wiesel_1959.py"
    done = subprocess.run([sys.executable, script, *flags], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Result.load(tmp_path, script.stem).settings["seeds"] == 2


@each_script
def test_a_script_has_a_committed_result(name):
    for suffix in ("json", "png"):
        assert (FIGURES / f"{name}.{suffix}").exists(), "missing: run make figures"


@each_result
def test_a_committed_verdict_follows_from_its_numbers(path):
    for claim in json.loads(path.read_text(encoding="utf-8"))["claims"]:
        assert claim["verdict"] == Claim.from_json(claim).verdict, claim["what"]


@each_result
def test_a_committed_result_is_whole(path):
    assert path.stem in SCRIPTS, f"{path} is of no script: delete it"
    assert Result.load(path.parent, path.stem).claims


@each_script
def test_a_committed_default_result_is_from_the_present_code(name):
    # Full runs take long and need data sets: they say which code made them, and may be of an earlier one.
    assert Result.load(FIGURES, name).code == script_hash(HERE / f"{name}.py"), "stale: run make figures"


@each_result
def test_a_committed_result_lies_in_the_folder_of_its_scale_and_data_set(path):
    settings = Result.load(path.parent, path.stem).settings
    full = settings["scale"] == "full"
    assert full or settings["scale"] == "default"
    assert path.parent == (board.full_folder(FIGURES, settings["dataset"]) if full else FIGURES)


@pytest.mark.skipif(not COMMITTED, reason="no result is committed yet")
def test_the_board_is_that_of_the_committed_results():
    results = board.committed(FIGURES, experiments.STORY)
    assert (FIGURES / "CLAIMS.md").read_text(encoding="utf-8") == board.markdown(results)
    assert (FIGURES / "claims.csv").read_text(encoding="utf-8") == board.csv_text(results)


@pytest.mark.default_run
@each_script
def test_a_default_run_gives_the_committed_verdicts(name, tmp_path):
    module = importlib.import_module(f"experiments.{name}")
    main(module.run, module.draw, ["--out", str(tmp_path)])
    now, committed = Result.load(tmp_path, name), Result.load(FIGURES, name)
    assert {c.what: c.verdict for c in now.claims} == {c.what: c.verdict for c in committed.claims}
