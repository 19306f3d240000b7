"""What the command line decides: the scale of a run, its seeds, its data; and runs over seeds."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from torch import nn
from tqdm import tqdm

from neuro.experiment.errors import UserError, refusals

T = TypeVar("T")
SCALES = ("quick", "default", "full")


@dataclass(frozen=True)
class Settings:
    """The settings of one run. `seeds`, `dataset`, `model` and `images` are None where the script decides.

    `device`, `jobs`, `data_dir` and `cache` say how and where, not what: they are no part of `record()`.
    Raises ValueError for an unknown scale, a negative seed, or fewer than one seed or job.
    """

    scale: str = "default"
    seed: int = 0
    seeds: int | None = None
    dataset: str | None = None
    model: str | None = None
    images: str | None = None
    device: str = "cpu"
    jobs: int = 1
    data_dir: Path | None = None
    cache: Path | None = None

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"no scale {self.scale!r}; there are {', '.join(SCALES)}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"the seed must lie in 0 to {2**32 - 1}; got {self.seed}")
        if self.seeds is not None and self.seeds < 1:
            raise ValueError(f"the number of seeds must be at least 1; got {self.seeds}")
        if self.jobs < 1:
            raise ValueError(f"the number of jobs must be at least 1; got {self.jobs}")

    def pick(self, quick: T, default: T, full: T) -> T:
        """The value for this scale."""
        return dict(zip(SCALES, (quick, default, full), strict=True))[self.scale]

    def seed_list(self, quick: int, default: int, full: int) -> list[int]:
        """`seed`, `seed + 1`, ...: as many as `--seeds` says, else as this scale has."""
        return list(range(self.seed, self.seed + (self.seeds or self.pick(quick, default, full))))

    def record(self) -> dict[str, Any]:
        """What a result depends on and is saved with it."""
        return {
            name: getattr(self, name) for name in ("scale", "seed", "seeds", "dataset", "model", "images")
        }

    @property
    def is_default(self) -> bool:
        """Whether this is the run that the committed figures are from."""
        return self.record() == Settings().record() and self.device == "cpu"

    @property
    def slug(self) -> str:
        """The settings that differ from the default, as part of a folder's name."""
        parts = [] if self.scale == "default" else [self.scale]
        given = {"seed": self.seed or None, "seeds": self.seeds, "dataset": self.dataset}
        given |= {"model": self.model, "images": self.images}
        parts += [name + _file_name(str(value)) for name, value in given.items() if value is not None]
        return "-".join([*parts, *([] if self.device == "cpu" else [self.device])])

    def own_model(self) -> nn.Module:
        """The user's net, `--model module:function`, for images (B, 1, 32, 32); else raises UserError."""
        module, _, function = (self.model or "").partition(":")
        if not module or not function or module.endswith(".py"):
            raise UserError(f"--model wants module:function, without .py; got {self.model!r}")
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)  # a net with random weights is then the same every time
                model = getattr(importlib.import_module(module), function)()
            if isinstance(model, nn.Module):
                model.eval()(torch.zeros(1, 1, 32, 32))
        except Exception as error:  # whatever the user's code raises is the user's to mend
            raise UserError(f"--model {self.model}: {type(error).__name__}: {error}") from error
        if not isinstance(model, nn.Module):
            raise UserError(f"--model {self.model} gives a {type(model).__name__}, not a torch.nn.Module")
        return model


def _file_name(text: str) -> str:
    """The text if it can be a file's name; else its last part and a fingerprint of the whole."""
    if re.fullmatch(r"[\w.-]+", text):
        return text
    last = re.sub(r"[^\w.-]+", "_", Path(text).name)
    return f"{last}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def over_seeds(function: Callable[[int], T], seeds: Iterable[int], jobs: int = 1) -> list[T]:
    """`function(seed)` of every seed, in order, in `jobs` processes.

    Each call has one thread, so that the numbers do not depend on the number of processes.
    """
    seeds = list(seeds)
    one = partial(_one_thread, function)
    bar = partial(tqdm, total=len(seeds), unit="seed", leave=False, disable=None)
    if min(jobs, len(seeds)) <= 1:
        return [one(seed) for seed in bar(seeds)]
    results = Parallel(n_jobs=min(jobs, len(seeds)), return_as="generator")(delayed(one)(s) for s in seeds)
    return list(bar(results))


def _one_thread(function: Callable[[int], T], seed: int) -> T:
    torch.set_num_threads(1)
    with threadpool_limits(1), refusals():
        return function(seed)
