"""Trained nets shared between scripts, and what a script found so far, kept under what they depend on."""

from __future__ import annotations

import copy
import hashlib
import inspect
import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from neuro.experiment.errors import PACKAGE
from neuro.experiment.files import load_arrays, save_arrays, written_aside
from neuro.experiment.provenance import checksum, code_hash, script_hash
from neuro.experiment.settings import Settings
from neuro.learning import Learner, history_of
from neuro.learning.learner import with_history
from neuro.stimuli import Stimuli

# The member of the file that holds the history and the mode; no parameter can have this name.
COURSE = "(course)"


def fit_cached(
    rule: Learner, model: nn.Sequential, stimuli: Stimuli, seed: int, cache: Path | None
) -> nn.Sequential:
    """`rule.fit(model, stimuli, generator of this seed)`, read from `cache` if it was done before.

    The key is made of all that the trained net follows from: the rule, the architecture, the initial weights,
    the stimuli, the seed, and the code. Planes may have grown; what is restored are the parameters, the
    buffers, the mode and `history`. With cache None nothing is read or written.

    Raises ValueError naming a file that is damaged, and for a rule whose repr leaves something out.
    """
    if cache is None:
        return _fitted(rule, model, stimuli, seed)
    name = f"{type(rule).__name__}-{training_key(rule, model, stimuli, seed)}"
    path = cache / f"{name}.npz"
    if path.exists():
        return _load(path, model)
    trained = _fitted(rule, model, stimuli, seed)
    arrays = {key: value.detach().cpu().numpy() for key, value in trained.state_dict().items()}
    course = {"history": history_of(trained), "training": trained.training, "seconds": seconds_of(trained)}
    arrays[COURSE] = np.array(json.dumps(course))
    with written_aside(cache, name) as aside:
        save_arrays(aside / path.name, arrays)
    return trained


def seconds_of(model: nn.Module) -> float | None:
    """The wall-clock time that fit_cached took to train this net, once; None if it did not train it."""
    seconds: float | None = getattr(model, "seconds", None)
    return seconds


def _fitted(rule: Learner, model: nn.Sequential, stimuli: Stimuli, seed: int) -> nn.Sequential:
    start = time.perf_counter()
    trained = rule.fit(model, stimuli, torch.Generator().manual_seed(seed))
    object.__setattr__(trained, "seconds", time.perf_counter() - start)
    return trained


def found_cached(
    function: Callable[[Settings, int], Mapping[str, Any]], settings: Settings, number: int
) -> dict[str, np.ndarray]:
    """`function(settings, number)`, numbers and arrays by name, read from the cache if it was found before.

    The key is the function's name, the settings it is handed, the number, and the code of its script and of
    the library: a long run goes on where it was interrupted. With no cache nothing is read or written.
    """
    if settings.cache is None:
        return {name: np.asarray(value) for name, value in function(settings, number).items()}
    script = Path(function.__code__.co_filename)
    about = (settings.record(), settings.device, number, script_hash(script), torch.__version__)
    name = f"{script.stem}-{function.__name__}-{hashlib.sha256(repr(about).encode()).hexdigest()[:24]}"
    path = settings.cache / f"{name}.npz"
    if path.exists():
        return load_arrays(path)
    found = {key: np.asarray(value) for key, value in function(settings, number).items()}
    with written_aside(settings.cache, name) as aside:
        save_arrays(aside / path.name, found)
    return found


def _load(path: Path, model: nn.Sequential) -> nn.Sequential:
    arrays = load_arrays(path)
    trained = copy.deepcopy(model)
    if set(arrays) != {*model.state_dict(), COURSE}:
        raise ValueError(f"{path} is damaged (it is not of this model); delete it and run again")
    course = json.loads(str(arrays.pop(COURSE)))
    for name, old in model.state_dict(keep_vars=True).items():
        # Not load_state_dict, which refuses a layer whose planes have grown.
        layer, _, leaf = name.rpartition(".")
        value = torch.from_numpy(arrays[name]).to(old.device)
        if isinstance(old, nn.Parameter):
            value = nn.Parameter(value, requires_grad=old.requires_grad)
        setattr(trained.get_submodule(layer), leaf, value)
    object.__setattr__(trained, "seconds", course.get("seconds"))
    return with_history(trained.train(course["training"]), course["history"])


def training_key(rule: Learner, model: nn.Module, stimuli: Stimuli, seed: int) -> str:
    """What fit_cached keeps a trained net under; raises ValueError as fit_cached does."""
    if "..." in repr(rule):
        raise ValueError(f"the repr of {type(rule).__name__} leaves something out, so it cannot be a key")
    digest = hashlib.sha256()
    layers = [(name, type(layer).__name__, _attributes(layer)) for name, layer in model.named_modules()]
    if "..." in repr(layers):
        raise ValueError("a layer holds an array too long for the key of the cache; use --no-cache")
    code = code_hash(_code_files(rule, model))
    parts = (rule, layers, checksum(stimuli), seed, code, torch.__version__)
    digest.update(re.sub(r" at 0x[0-9a-f]+", "", repr(parts)).encode())  # a function's repr holds its address
    for name, value in model.state_dict(keep_vars=True).items():
        about = (name, value.dtype, tuple(value.shape), value.device, value.requires_grad)
        digest.update(repr(about).encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:24]


def _attributes(layer: nn.Module) -> dict[str, object]:
    """Its plain attributes (a threshold, a stride), which neither its repr nor its state need hold."""
    return {key: value for key, value in vars(layer).items() if not key.startswith("_")}


def _code_files(rule: Learner, model: nn.Module) -> set[Path]:
    """The library's code that a trained net follows from, and the user's own layers and rule."""
    rooms = ("stimuli", "models", "learning")
    files = {PACKAGE / "geometry.py", *(path for room in rooms for path in (PACKAGE / room).rglob("*.py"))}
    parts = [rule, *getattr(rule, "__dict__", {}).values(), *model.modules()]  # a rule may be handed another
    kinds = {part if inspect.isfunction(part) else type(part) for part in parts}
    own = {kind for kind in kinds if kind.__module__.partition(".")[0] not in ("torch", "builtins")}
    return files | {Path(inspect.getfile(kind)) for kind in own}
