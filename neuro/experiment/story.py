"""All experiments from one command: side by side, in the order of the story, ending with the board."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from neuro.experiment import readme
from neuro.experiment.board import (
    collect,
    committed,
    committed_folders,
    count_line,
    heading,
    text_table,
    write,
)
from neuro.experiment.command_line import exit_with, listing, make_parser, out_folder, settings_from
from neuro.experiment.errors import UserError
from neuro.experiment.result import Result


def main(folder: Path, story: Sequence[str], about: str, argv: Sequence[str] | None = None) -> None:
    """Run the scripts of a folder; the exit status is 1 if one of them fails, which stops no other.

    The board of all committed results is written after a run into figures/, figures/full/ or one of its
    folders; after any other run the board of what was run is printed.
    """
    parser = make_parser("experiments", about, takes=("model", "images"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="the scripts to run (all)")
    exit_with(lambda: _main(folder, story, parser.parse_args(argv)), "experiments")


def scripts(folder: Path, story: Sequence[str]) -> list[str]:
    """The names of the scripts on disk: in the order of the story, what it leaves out at the end."""
    there = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    return sorted(there, key=lambda name: story.index(name) if name in story else len(story))


def _main(folder: Path, story: Sequence[str], args: argparse.Namespace) -> int:
    there = scripts(folder, story)
    unknown = [name for name in args.names if name not in there]
    if unknown:
        raise UserError(f"no experiment {', '.join(unknown)}; there are {', '.join(there) or 'none'}")
    names = [name for name in there if name in args.names] if args.names else there
    if args.model or args.images:
        names = _takers(folder, names, named=bool(args.names))
    root = folder.parent
    figures = root / "figures"
    if args.list:
        print(listing([folder / f"{name}.py" for name in names], figures))
        return 0
    settings = settings_from(args, root)
    jobs = (os.cpu_count() or 1) if args.jobs is None else settings.jobs
    flags = _flags(args, max(1, jobs // max(1, len(names))))
    commands = {name: [str(folder / f"{name}.py"), *flags] for name in names}
    failed = _side_by_side(commands, jobs, figures)
    if not args.check:
        folders = [out_folder(args, settings, root, name) for name in names]
        _print_board(folders, figures, story)
    for name in failed:
        print(f"experiments: {name} failed", file=sys.stderr)
    return 1 if failed else 0


def _takers(folder: Path, names: list[str], named: bool) -> list[str]:
    """The scripts that take the user's own net or pictures; UserError if one was named that does not."""
    takers = [name for name in names if '"model"' in (folder / f"{name}.py").read_text(encoding="utf-8")]
    if not takers or (named and takers != names):
        others = ", ".join(name for name in names if name not in takers)
        raise UserError(f"--model and --images are not for {others}")
    return takers


def _flags(args: argparse.Namespace, jobs: int) -> list[str]:
    """The arguments as a script takes them."""
    flags = []
    for name, value in vars(args).items():
        if name in ("names", "jobs") or value is None or value is False:
            continue
        flags += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return [*flags, "--jobs", str(jobs)]


def _side_by_side(commands: dict[str, list[str]], jobs: int, figures: Path) -> list[str]:
    """Run the scripts, the longest first; the names of those that failed. None outlives this function."""
    waiting = sorted(commands, key=lambda name: -_expected_seconds(figures, name))
    running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}
    failed = []
    previous = signal.signal(signal.SIGTERM, _interrupt)
    bar: tqdm[Any] = tqdm(total=len(commands), unit="script", disable=None)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                name = waiting.pop(0)
                running[name] = _start(commands[name])
            time.sleep(0.05)
            for name in [name for name, (process, _) in running.items() if process.poll() is not None]:
                process, output = running.pop(name)
                _show(output, bar)
                if process.returncode:
                    failed.append(name)
    finally:
        for process, _ in running.values():
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        bar.close()
        signal.signal(signal.SIGTERM, previous)
    return [name for name in commands if name in failed]


def _start(command: list[str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """A script in a process group of its own, so that its worker processes can be ended with it."""
    # A file, since a pipe would fill up and block the script; _show closes it.
    output = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        [sys.executable, *command], stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    return process, output


def _show(output: IO[bytes], bar: tqdm[Any]) -> None:
    with output:
        output.seek(0)
        text = output.read().decode(errors="replace").rstrip()
    bar.clear()
    print(text, flush=True)
    bar.update()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _expected_seconds(figures: Path, name: str) -> float:
    """What the last run took; a script that never ran may take longest."""
    try:
        return float(Result.load(figures, name).run["seconds"])
    except (OSError, ValueError, KeyError):
        return float("inf")


def _print_board(folders: Sequence[Path], figures: Path, story: Sequence[str]) -> None:
    kept = {folder.resolve() for folder in committed_folders(figures)}
    is_committed = {folder.resolve() for folder in folders} <= kept
    results = committed(figures, story) if is_committed else collect(dict.fromkeys(folders), story)
    for result in results:
        print(f"\n{heading(result)}\n{text_table(result.claims)}")
    print("\n" + count_line(claim for result in results for claim in result.claims))
    if is_committed:
        write(figures, story)
        readme.update(figures.parent, story)
        print(f"written to {figures / 'CLAIMS.md'} and {figures / 'claims.csv'}")
