import numpy as np
import pytest
import torch

from neuro.experiment import checksum
from neuro.experiment.provenance import code_hash, run_record
from neuro.stimuli import Stimuli

CODE = '''"""A module."""

import math


class Cell:
    """A cell."""

    r: float = 4.0

    def rate(self, x):
        """Spikes per second."""
        return f"{math.sqrt(x):.2f} 'r'"
'''


@pytest.fixture
def fingerprint(tmp_path):
    def of(code):
        path = tmp_path / "code.py"
        path.write_text(code)
        found = code_hash([path])
        path.unlink()
        return found

    return of


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A module."""', '"""Another text."""'),
        ('"""A module."""\n', ""),
        ('        """Spikes per second."""\n', ""),
        ('"""A cell."""', '"""Any cell."""'),
        ("4.0", "4.0  # from the paper"),
        ("r: float = 4.0", "r: float = (4.00)"),
        ("\n\n\n", "\n"),
    ],
)
def test_comments_layout_and_docstrings_do_not_change_the_hash_of_the_code(fingerprint, old, new):
    assert old in CODE
    assert fingerprint(CODE.replace(old, new)) == fingerprint(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("4.0", "4"), ("sqrt", "exp"), (".2f", ".3f"), ("(self, x)", "(self, x=0)"), ("'r'", "r")],
)
def test_code_changes_the_hash_of_the_code(fingerprint, old, new):
    assert old in CODE
    assert fingerprint(CODE.replace(old, new)) != fingerprint(CODE)


def test_a_changed_file_is_read_anew(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("a = 1")
    first = code_hash([path])
    path.write_text("a = 2")
    assert code_hash([path]) != first


def shown(value=0.5, **conditions):
    return Stimuli(torch.full((2, 1, 3, 3), value), conditions)


def test_the_checksum_depends_on_pixels_conditions_and_units():
    labels = np.array([1, 2])
    same = [checksum(shown(label=labels)), checksum(shown(label=labels.copy()))]
    assert same[0] == same[1]
    names = shown(label=np.array(["cat", "dog"], dtype=object))
    assert checksum(names) == checksum(shown(label=np.array(["cat", "dog"], dtype=object)))
    others = [shown(), shown(0.4, label=labels), shown(label=labels[::-1]), shown(id=labels), names]
    others += [Stimuli(torch.full((2, 1, 3, 3), 0.5), {"label": labels}, pixels_per_degree=4.0)]
    assert len({same[0], *map(checksum, others)}) == len(others) + 1
    assert checksum(shown(), shown(0.4)) != checksum(shown(0.4), shown())


def test_the_record_of_a_run_needs_no_git(tmp_path):
    about = run_record(tmp_path, "cpu", 2, 1.234)
    assert about["commit"] is None
    assert about["packages"]["torch"].startswith(torch.__version__.split("+")[0])
    assert (about["device"], about["jobs"], about["seconds"]) == ("cpu", 2, 1.23)
    assert 10 < about["peak_memory_mib"] < 100_000
