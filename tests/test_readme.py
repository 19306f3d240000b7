"""Every command, path, table and example of the README."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from neuro.experiment.command_line import make_parser
from neuro.experiment.readme import with_table

ROOT = Path(experiments.__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_table_of_experiments_is_up_to_date():
    assert with_table(README, ROOT, experiments.STORY) == README, "run make figures"
    assert all(f"experiments/{name}.py" in README for name in experiments.STORY)


def test_every_make_target_named_is_in_the_makefile():
    targets = set(re.findall(r"^make ([\w-]+)|`make ([\w-]+)`", README, re.MULTILINE))
    named = {one or other for one, other in targets}
    assert {"figures", "test", "test-full"} <= named
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_option_is_documented_and_no_other():
    parser = make_parser("any", "", takes=("model", "images"))
    there = {option for action in parser._actions for option in action.option_strings if "--" in option}
    documented = {
        option
        for row in README.splitlines()
        if row.startswith("| `--")
        for option in re.findall(r"--[a-z-]+", row.split("|")[1])
    }
    assert documented == there - {"--help"}


def test_every_equation_lives_where_the_table_says():
    places = re.findall(r"`(neuro/\S+\.py)`: ((?:`\w+`(?:, )?)+)", README)
    assert len(places) >= 15
    for path, names in places:
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE), name


def test_every_link_leads_to_a_file():
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example, tmp_path):
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_rule_of_your_own_takes_fewer_than_thirty_lines_and_is_held_against_no_learning(tmp_path):
    (example,) = (each for each in EXAMPLES if "LayerByLayer" in each)
    assert len(example.splitlines()) < 30
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True)
    untrained, trained, lengths = done.stdout.splitlines()
    assert re.fullmatch(r"untrained: \d+\.\d%", untrained)
    assert re.fullmatch(r"BCM: \d+\.\d%", trained)
    assert trained.partition(": ")[2] != untrained.partition(": ")[2]
    assert len(lengths.split(", ")) == 8


def test_there_are_examples():
    assert len(EXAMPLES) >= 2
