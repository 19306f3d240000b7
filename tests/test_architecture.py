"""The rooms import in one direction only, and stay small enough to be read."""

import ast
from pathlib import Path

import pytest

import neuro

PACKAGE = Path(neuro.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# A room may import from those before it, and from its neighbours in the same set.
DIRECTION = [
    {"geometry"},
    {"stimuli", "data_files", "datasets", "distortions", "patterns", "patterns_1988"},
    {"models"},
    {"learning"},
    {"recording"},
    {"analysis"},
    {"physiology"},
    {"plotting"},
    {"experiment"},
    {"comparison", "preparations", "estimators"},
]
PLACE = {room: place for place, rooms in enumerate(DIRECTION) for room in rooms}
ARRAYS_ONLY = {"analysis"}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def imported_rooms(source):
    """The rooms of neuro a source imports, wherever in it; a relative import is given as '.'."""
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            rooms.add(".")
        elif isinstance(node, ast.ImportFrom):
            package, *inside = (node.module or "").split(".")
            if package == "neuro":
                rooms |= {inside[0]} if inside else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            rooms |= {name[1] if len(name) > 1 else "neuro" for name in names if name[0] == "neuro"}
    return rooms


def wrong_imports(room, source):
    """What this room must not import, in words."""
    if room not in PLACE:
        return [f"the room {room!r} has no place in DIRECTION"]
    wrong = []
    for other in sorted(imported_rooms(source) - {room}):
        if other not in PLACE:
            wrong.append(f"{room} imports {other!r}, which has no place in DIRECTION")
        elif room in ARRAYS_ONLY:
            wrong.append(f"{room} takes arrays and imports nothing of neuro; it imports {other}")
        elif PLACE[other] > PLACE[room]:
            wrong.append(f"{room} imports {other}, which comes after it")
    return wrong


def too_long(source):
    """Modules and functions that are longer than can be taken in."""
    wrong = []
    if (lines := len(source.splitlines())) > LONGEST_MODULE:
        wrong.append(f"{lines} lines")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                wrong.append(f"{node.name}: {lines} lines")
    return wrong


def room_of(path):
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_rooms_before_its_own_and_is_short(path):
    source = path.read_text(encoding="utf-8")
    if path != PACKAGE / "__init__.py":
        assert wrong_imports(room_of(path), source) == []
    else:
        assert imported_rooms(source) == set()
    assert too_long(source) == []


@pytest.mark.parametrize(
    ("room", "source", "complaint"),
    [
        ("models", "from neuro.learning.learner import fit", "models imports learning, which comes after it"),
        ("models", "def f():\n    import neuro.learning", "models imports learning, which comes after it"),
        ("learning", "from neuro import recording as r", "learning imports recording, which comes after it"),
        ("geometry", "import torch, neuro.stimuli", "geometry imports stimuli, which comes after it"),
        ("plotting", "if True:\n    from neuro.experiment import Result", "plotting imports experiment"),
        (
            "analysis",
            "from neuro.stimuli import Stimuli",
            "analysis takes arrays and imports nothing of neuro",
        ),
        ("recording", "from neuro.laboratory import x", "recording imports 'laboratory', which has no place"),
        ("laboratory", "import torch", "the room 'laboratory' has no place in DIRECTION"),
        ("models", "from . import initial", "models imports '.', which has no place in DIRECTION"),
        ("models", "import neuro", "models imports 'neuro', which has no place in DIRECTION"),
    ],
)
def test_an_import_against_the_direction_is_found(room, source, complaint):
    (wrong,) = wrong_imports(room, source)
    assert wrong.startswith(complaint)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("learning", "import torch\nfrom neuro.models.neocognitron import SLayer\nimport neuro.stimuli"),
        ("analysis", "from neuro.analysis.curves import silent\nimport numpy"),
        ("datasets", "from neuro import data_files\nfrom neuro.stimuli import Stimuli"),
        ("experiment", "from neuro.recording import record\nfrom neurons import recording"),
    ],
)
def test_an_import_along_the_direction_is_allowed(room, source):
    assert wrong_imports(room, source) == []


def test_what_is_too_long_is_found():
    assert too_long("x = 1\n" * 400) == []
    assert too_long("x = 1\n" * 401) == ["401 lines"]
    assert too_long("def f():\n" + "    x = 1\n" * 59) == []
    assert too_long("class A:\n    async def f():\n" + "        x = 1\n" * 60) == ["f: 61 lines"]
