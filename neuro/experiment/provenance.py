"""Where a number comes from: fingerprints of the code and of the data, and the machine it was made on."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from neuro.experiment.errors import PACKAGE
from neuro.stimuli import Stimuli

PACKAGES = ("neuro", "numpy", "scipy", "scikit-learn", "matplotlib", "torch")


def checksum(*parts: Stimuli) -> str:
    """A fingerprint of the stimuli used: their pixels and all their conditions."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr((tuple(part.images.shape), part.pixels_per_degree, part.dt)).encode())
        digest.update(part.images.cpu().contiguous().numpy().tobytes())
        for name in sorted(part.conditions):
            digest.update(repr((name, part.conditions[name].tolist())).encode())
    return digest.hexdigest()[:16]


def code_hash(paths: Iterable[Path]) -> str:
    """A fingerprint of Python files: their syntax trees, without comments, layout and docstrings."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.name} {_tree_hash(path, path.stat().st_mtime_ns)}".encode())
    return digest.hexdigest()[:16]


def script_hash(script: Path) -> str:
    """The fingerprint of a script and of this whole package."""
    return code_hash([script, *PACKAGE.rglob("*.py")])


@cache
def _tree_hash(path: Path, changed: int) -> str:
    return hashlib.sha256(_skeleton(ast.parse(path.read_bytes())).encode()).hexdigest()


def _skeleton(node: object) -> str:
    """A syntax tree as text. `ast.dump` would do, but it changes from one Python to the next."""
    if isinstance(node, list):
        return "[" + ",".join(map(_skeleton, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        documented = ast.get_docstring(node, clean=False) is not None
        parts["body"] = node.body[documented:]
    kept = [f"{name}={_skeleton(part)}" for name, part in parts.items() if part not in (None, [])]
    return f"{type(node).__name__}({','.join(kept)})"


def run_record(root: Path, device: str, jobs: int, seconds: float) -> dict[str, Any]:
    """What may differ between two runs of one result: versions, commit, machine, time and memory."""
    # ru_maxrss is in KiB, but in bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(root),
        "device": torch.cuda.get_device_name() if device == "cuda" else device,
        "threads": torch.get_num_threads(),
        "jobs": jobs,
        "seconds": round(seconds, 2),
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit),
    }


def _commit(root: Path) -> str | None:
    """The commit checked out, or None where there is no git or no commit."""
    try:
        command = ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"]
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
        found = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()
