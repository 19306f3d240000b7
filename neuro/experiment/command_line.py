"""The command line that every experiment shares."""

from __future__ import annotations

import argparse
import ast
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from neuro.experiment.board import full_folder, text_table
from neuro.experiment.errors import UserError, refusals
from neuro.experiment.files import METADATA, save_picture, written_aside
from neuro.experiment.provenance import run_record, script_hash
from neuro.experiment.result import Result
from neuro.experiment.settings import Settings

Run = Callable[[Settings], Result]
Draw = Callable[[Result], Figure]


def main(
    run: Run, draw: Draw, argv: Sequence[str] | None = None, takes: Sequence[str] = ("dataset",)
) -> None:
    """Run one experiment as the command line says; `takes` may name `dataset`, `model` and `images`.

    Exit status: 0; 1 if --check finds that a claim fails which the committed result says holds; 2 for bad
    input, said in one line (`python -X dev` shows its traceback); 130 when interrupted.
    """
    script = Path(inspect.getfile(run)).resolve()
    parser = make_parser(script.stem, ast.get_docstring(ast.parse(script.read_bytes())) or "", takes)
    args = parser.parse_args(argv)
    if args.dataset and "dataset" not in takes:
        print(f"{script.stem}: shows no data set; --dataset {args.dataset} changes nothing", file=sys.stderr)
    exit_with(lambda: _main(script, run, draw, args), script.stem)


def exit_with(work: Callable[[], int], name: str) -> None:
    """Do the work and leave with its exit status, or with one line if the user's input was bad."""
    try:
        with refusals():
            status = work()
    except UserError as error:
        if sys.flags.dev_mode:
            raise
        print(f"{name}: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted; earlier results are untouched", file=sys.stderr)
        status = 130
    if status:
        raise SystemExit(status)


def make_parser(name: str, description: str, takes: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The options of every script, and of `python -m experiments`."""
    layout = argparse.RawDescriptionHelpFormatter
    # Without its usage, an error of argparse is one line.
    parser = argparse.ArgumentParser(
        name, argparse.SUPPRESS, description, formatter_class=layout, allow_abbrev=False
    )
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument(
        "--quick", action="store_true", help="seconds, to see that it works; numbers mean little"
    )
    scale.add_argument("--full", action="store_true", help="larger than the default; on the real data sets")
    add = parser.add_argument
    add("--seed", type=int, default=0, metavar="N", help="the first seed (0)")
    add("--seeds", type=int, metavar="N", help="how many seeds (the script's own choice)")
    add("--dataset", metavar="NAME", help="digits, mnist, fashion-mnist, usps, or a folder of class folders")
    add("--data-dir", metavar="DIR", default=os.environ.get("NEURO_DATA"), help="data sets ($NEURO_DATA)")
    add("--device", choices=["cpu", "cuda", "auto"], default="cpu", help="auto: cuda if there is one (cpu)")
    add("--out", metavar="DIR", help="write here (figures/, or figures/runs/NAME-SETTINGS/)")
    add("--redraw", action="store_true", help="draw again from the saved result")
    add("--jobs", type=int, metavar="N", help="seeds, or with python -m experiments scripts, side by side")
    add("--resume", action="store_true", help="skip what is saved from the same settings and code")
    add("--format", choices=sorted(METADATA), default="png", help="of the picture (png)")
    add("--list", action="store_true", help="what there is, and whether it has been run")
    add("--check", action="store_true", help="run aside; status 1 if a claim fails that holds in figures/")
    add("--no-cache", action="store_true", help="train every net anew")
    if "model" in takes:
        add("--model", metavar="MODULE:FUNCTION", help="your own net: a function that returns it")
    if "images" in takes:
        add("--images", metavar="DIR", help="your own pictures")
    return parser


def settings_from(args: argparse.Namespace, root: Path) -> Settings:
    """The settings of the arguments; UserError for a device that is not there."""
    there = torch.cuda.is_available()
    if args.device == "cuda" and not there:
        raise UserError("--device cuda: this machine, or this build of torch, has no CUDA device; use cpu")
    return Settings(
        scale="quick" if args.quick else "full" if args.full else "default",
        seed=args.seed,
        seeds=args.seeds,
        dataset=args.dataset,
        model=getattr(args, "model", None),
        images=getattr(args, "images", None),
        device="cuda" if there and args.device != "cpu" else "cpu",
        jobs=1 if args.jobs is None else args.jobs,
        data_dir=Path(args.data_dir) if args.data_dir else None,
        cache=None if args.no_cache else root / ".cache" / "neuro",
    )


def out_folder(args: argparse.Namespace, settings: Settings, root: Path, name: str) -> Path:
    """Where the files go: `--out`, or figures/ for the default run, else a folder of its own."""
    if args.out:
        return Path(args.out)
    figures = root / "figures"
    return figures if settings.is_default else figures / "runs" / f"{name}-{settings.slug}"


def listing(scripts: Iterable[Path], figures: Path) -> str:
    """One line per script: its name, what its docstring begins with, and the seconds of its last run."""
    lines = []
    for script in scripts:
        about = (ast.get_docstring(ast.parse(script.read_bytes())) or "").partition("\n")[0]
        lines.append(f"{script.stem:32} {last_seconds(figures, script.stem):>10}  {about}")
    return "\n".join(lines)


def last_seconds(figures: Path, name: str) -> str:
    """How long the run in figures/ took, or `not run`."""
    if not (figures / f"{name}.json").exists():
        return "not run"
    return f"{Result.load(figures, name).run['seconds']:.1f} s"


def _main(script: Path, run: Run, draw: Draw, args: argparse.Namespace) -> int:
    root, name = script.parents[1], script.stem
    if args.list:
        print(listing([script], root / "figures"))
        return 0
    mpl.use("Agg")
    torch.set_num_threads(1)
    settings = settings_from(args, root)
    folder = out_folder(args, settings, root, name)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out {folder} is a file; name a folder")
    if args.check:
        return _check(script, run, draw, args, settings)
    if args.redraw:
        _redraw(Result.load(folder, name), draw, folder, args.format)
    elif args.resume and _is_done(script, settings, folder):
        if not (folder / f"{name}.{args.format}").exists():
            _redraw(Result.load(folder, name), draw, folder, args.format)
        print(f"{name}: already in {folder}")
    else:
        _run(script, run, draw, args, settings, folder)
    return 0


def _run(
    script: Path, run: Run, draw: Draw, args: argparse.Namespace, settings: Settings, folder: Path
) -> Result:
    """Compute, draw, and only then write; print the claims."""
    start, code = time.perf_counter(), script_hash(script)  # of the code as it is now, not after the run
    result = replace(run(settings), name=script.stem, settings=settings.record(), code=code)
    figure = _drawn(draw, result)
    seconds = time.perf_counter() - start
    about = run_record(script.parents[1], settings.device, settings.jobs, seconds)
    replace(result, run={**about, **result.run}).save(folder, figure, args.format)
    print(f"{script.stem}: {seconds:.1f} s, {folder / script.stem}.{args.format}")
    print(text_table(result.claims))
    return result


def _redraw(result: Result, draw: Draw, folder: Path, suffix: str) -> None:
    figure = _drawn(draw, result)
    with written_aside(folder, result.name) as aside:
        save_picture(figure, aside / f"{result.name}.{suffix}")
    print(f"{result.name}: drawn again, {folder / result.name}.{suffix}")


def _drawn(draw: Draw, result: Result) -> Figure:
    figure = draw(result)
    if result.settings["scale"] == "quick":
        figure.text(0.995, 0.995, "quick run", ha="right", va="top", color="firebrick")
    return figure


def _is_done(script: Path, settings: Settings, folder: Path) -> bool:
    own = settings.model or settings.images or (settings.dataset and Path(settings.dataset).is_dir())
    if own or not (folder / f"{script.stem}.json").exists():
        return False  # what is the user's own may have changed behind the same name
    saved = Result.load(folder, script.stem)
    return saved.settings == settings.record() and saved.code == script_hash(script)


def _check(script: Path, run: Run, draw: Draw, args: argparse.Namespace, settings: Settings) -> int:
    """1 if a claim that holds in the committed result does not hold in a new run, else 0."""
    figures = script.parents[1] / "figures"
    kept = full_folder(figures, settings.dataset) if settings.scale == "full" else figures
    committed = Result.load(kept, script.stem)
    with TemporaryDirectory() as aside:
        result = _run(script, run, draw, args, settings, Path(args.out or aside))
    now = {(claim.what, claim.source): claim.verdict for claim in result.claims}
    held = [claim for claim in committed.claims if claim.verdict == "holds"]
    lost = [claim for claim in held if now.get((claim.what, claim.source)) != "holds"]
    for claim in lost:
        verdict = now.get((claim.what, claim.source), "no longer made")
        print(f"{script.stem}: {verdict}, though committed as holding: {claim.what}", file=sys.stderr)
    return 1 if lost else 0
