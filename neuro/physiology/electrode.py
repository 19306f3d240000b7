"""The electrode in a layer: many units at once, each shown its own stimuli at its own place.

Every protocol asks one thing of it: `electrode.answers(draw, own, **axes)`. Units that are to see the same
stimuli see them together, and no more is kept than the answers of the units meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from neuro.analysis.curves import Floats
from neuro.geometry import resolved
from neuro.recording import record
from neuro.stimuli import Stimuli, full_field

Draw = Callable[..., Stimuli]
PIXELS = 2**20  # drawn at a time
LEAD = 2  # frames of the background before a still, which a model of movies would else take for a standstill

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, eq=False)
class Electrode:
    """Units of one layer, the screen in front of the model, and the gratings that look for their optimum.

    units           (n, 3): plane, row, column
    centres         (n, 2): x and y of the receptive fields, in degrees, or None: they are then looked for
    background      of slits, bars and spots, 0-1; gratings always lie about the mean grey of 0.5
    channels        a model of three is shown the grey image three times
    orientations    degrees, spread evenly over 180, or over 360 for a model that sees movies
    frequencies     cycles/degree, rising
    phases          how many, of a grating in a still; in movies it is the frames of a cycle that count
    diameter        degrees, of the gratings
    cycle, dt       ms: a movie's gratings drift by one period in a cycle, from frame to frame in dt; a still
                    comes on after LEAD frames of background, for a cycle; the answer to it is the mean
    seed            what `noise` and `chance` begin with
    """

    model: nn.Module
    layer: str
    units: NDArray[np.int64]
    size: int
    pixels_per_degree: float
    centres: Floats | None
    background: float
    channels: int
    orientations: Floats
    frequencies: Floats
    phases: int
    diameter: float
    cycle: float
    dt: float
    seed: int
    memory: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.units)

    @property
    def field(self) -> float:
        """The width of the image in degrees."""
        return self.size / self.pixels_per_degree

    @property
    def screen(self) -> dict[str, Any]:
        """What every drawing function needs to know of the model's image."""
        return {"size": self.size, "pixels_per_degree": self.pixels_per_degree}

    @property
    def frames(self) -> int:
        """Of a movie of one cycle."""
        return round(self.cycle / self.dt)

    @property
    def sees_movies(self) -> bool:
        """Whether the model takes a movie whole, or one still after the other."""
        return bool(getattr(self.model, "sees_movies", False))

    def answers(self, draw: Draw, own: Mapping[str, ArrayLike], **axes: ArrayLike) -> Floats:
        """What each unit answers to the stimuli drawn for it; nothing is below zero.

        `own` are the parameters in which units differ, name -> (n,); `axes` those that every unit is shown
        all values of, crossed with each other. `draw` takes both, (B,) each, by name, and the screen.
        Activations below zero are rectified to zero.

        Shapes: (n, length of each of the axes in turn), and T at the end if movies were drawn.
        """
        grid = np.meshgrid(*(np.asarray(values, dtype=float) for values in axes.values()), indexing="ij")
        shape = np.broadcast_shapes(*(each.shape for each in grid))
        shared = {name: each.ravel() for name, each in zip(axes, grid, strict=True)}
        kinds, group = self._kinds(own)
        order = np.argsort(group, kind="stable")
        found: Floats | None = None
        for which, condition in self._portions(len(kinds), int(np.prod(shape))):
            given = {name: kinds[which, i] for i, name in enumerate(own)}
            given |= {name: values[condition] for name, values in shared.items()}
            first, last = np.searchsorted(group[order], [which[0], which[-1] + 1])
            here = order[first:last]
            recorded = self._recorded(draw(**given, **self.screen), self.units[here])
            if found is None:
                found = np.empty((len(self), int(np.prod(shape)), *recorded.shape[2:]))
            image, unit = np.nonzero(which[:, None] == group[here])
            found[here[unit], condition[image]] = recorded[image, unit]
        assert found is not None
        return found.reshape(len(self), *shape, *found.shape[2:])

    def spontaneous(self, luminance: float | None = None) -> Floats:
        """The answer to an empty screen, (n,): the background, or the luminance given."""
        light = self.background if luminance is None else luminance
        return self.answers(full_field, {}, luminance=[light])[:, 0]

    def noise(self) -> torch.Generator:
        """A generator for stimuli: the same for every protocol, whatever was run before it."""
        return torch.Generator().manual_seed(self.seed)

    def fits(self, what: str, degrees: ArrayLike) -> Floats:
        """The sizes, as an array; ValueError if one is larger than the model's field."""
        sizes = np.asarray(degrees, dtype=float)
        if not (sizes <= self.field * (1 + 1e-9)).all():
            largest = f"{sizes.max():g} degrees"
            raise ValueError(f"{what} of {largest} does not fit the model's field of {self.field:g}")
        return sizes

    def _kinds(self, own: Mapping[str, ArrayLike]) -> tuple[Floats, NDArray[np.intp]]:
        """The different sets of parameters, (groups, names), and which of them each unit is shown, (n,)."""
        if not own:
            return np.zeros((1, 0)), np.zeros(len(self), dtype=np.intp)
        values = [np.asarray(each, dtype=float) for each in own.values()]
        table = np.stack([np.broadcast_to(each, len(self)) for each in values], axis=1)
        kinds, group = np.unique(table, axis=0, return_inverse=True)
        return kinds, group.reshape(-1)

    def _portions(self, groups: int, conditions: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Group and condition of the stimuli shown at a time, so few that memory stays bounded."""
        frames = self.frames if self.sees_movies else 1
        step = max(1, PIXELS // (self.size**2 * self.channels * frames))
        for start in range(0, groups * conditions, step):
            yield np.divmod(np.arange(start, min(start + step, groups * conditions)), conditions)

    def _recorded(self, stimuli: Stimuli, units: NDArray[np.int64]) -> Floats:
        """(B, n), or (B, n, T) if movies were drawn; to a still held before a model of movies the mean."""
        recording = record(self.model, self._as_seen(stimuli), [self.layer], units=units)
        answers = np.maximum(recording[self.layer][..., 0, 0], 0.0)
        if answers.ndim == 3:
            answers = answers[:, LEAD:].mean(axis=1) if stimuli.dt is None else np.moveaxis(answers, 1, -1)
        if not np.isfinite(answers).all():
            raise ValueError(
                f"units of layer {self.layer!r} answer NaN or infinity, such as {_unit(units, answers)}"
            )
        return np.asarray(answers, dtype=np.float64)

    def _as_seen(self, stimuli: Stimuli) -> Stimuli:
        """The stimuli with the channels of the model, and stills as movies if it sees these."""
        images, dt = stimuli.images, stimuli.dt
        if self.sees_movies and dt is None:
            held = images[:, None].expand(-1, self.frames, -1, -1, -1)
            before = held.new_full((), self.background).expand(len(held), LEAD, *held.shape[2:])
            images, dt = torch.cat([before, held], 1), self.dt
        if self.channels > 1:
            images = images.expand(*images.shape[:-3], self.channels, *images.shape[-2:])
        return stimuli if images is stimuli.images else replace(stimuli, images=images, dt=dt)

    def middle_of_each_plane(self) -> NDArray[np.int64]:
        """The units (K, 3) in the middle of the planes of the layer."""
        blank = self._as_seen(full_field(self.background, **self.screen))
        planes, rows, columns = record(self.model, blank, [self.layer])[self.layer].shape[-3:]
        return np.array([(plane, rows // 2, columns // 2) for plane in range(planes)])


def insert(
    model: nn.Module,
    layer: str,
    units: Literal["centre"] | ArrayLike | None = None,
    *,
    size: int | None = None,
    field: float | None = None,
    pixels_per_degree: float | None = None,
    centres: ArrayLike | None = None,
    background: float = 0.5,
    channels: int | None = None,
    orientations: ArrayLike | None = None,
    frequencies: ArrayLike | None = None,
    phases: int = 8,
    diameter: float | None = None,
    cycle: float = 250.0,
    generator: torch.Generator | None = None,
) -> Electrode:
    """An electrode in a layer: at units (n, 3) of plane, row and column, or in the middle of every plane.

    The model's image must be told: `size` in pixels, `field` in degrees, `pixels_per_degree`, any two of
    them (one of the first two alone stands for 4 pixels per degree). `centres` (2,) or (n, 2), in degrees,
    where they are known: the receptive fields are then not looked for. `channels`: by default what the first
    convolution of the model takes. `generator` for noise and spikes; without one they are the same each time.
    The others are those of `Electrode`; by default 12 orientations in steps of 15 degrees (24 for a model of
    movies), 10 frequencies from one cycle in the grating to 0.8 of Nyquist, in a grating half the field wide.

    Raises ValueError for a model of unknown size, units that the layer does not have, a grating larger
    than the field, and what `record` refuses.
    """
    if size is None and field is None:
        raise ValueError("say how large the model's image is: any two of size, field and pixels_per_degree")
    size, pixels_per_degree = resolved(size, field, pixels_per_degree)
    turn = 360 if getattr(model, "sees_movies", False) else 180
    diameter = size / pixels_per_degree / 2 if diameter is None else diameter
    electrode = Electrode(
        model=model,
        layer=layer,
        units=np.empty((0, 3), dtype=np.int64),
        size=size,
        pixels_per_degree=pixels_per_degree,
        centres=None,
        background=background,
        channels=_channels(model) if channels is None else channels,
        orientations=_numbers(np.arange(0, turn, 15) if orientations is None else orientations),
        frequencies=_numbers(
            np.geomspace(1 / diameter, 0.4 * pixels_per_degree, 10) if frequencies is None else frequencies
        ),
        phases=phases,
        diameter=float(diameter),
        cycle=cycle,
        dt=float(getattr(model, "dt", 10.0)),
        seed=0 if generator is None else int(torch.randint(2**62, (1,), generator=generator)),
    )
    _refuse_what_tells_nothing(electrode)
    electrode = replace(electrode, units=_checked_units(electrode, units))
    return electrode if centres is None else replace(electrode, centres=_places(centres, electrode))


def _refuse_what_tells_nothing(electrode: Electrode) -> None:
    if electrode.phases < 5:
        raise ValueError(f"phases must be at least 5, for the second harmonic; got {electrode.phases}")
    if len(electrode.orientations) > 1 and not np.allclose(np.diff(electrode.orientations, 2), 0):
        raise ValueError(f"orientations must be evenly spaced; got {electrode.orientations.tolist()}")
    if electrode.frames < 2:
        cycle, dt = f"{electrode.cycle:g} ms", f"{electrode.dt:g} ms"
        raise ValueError(f"a cycle of {cycle} has fewer than two frames of {dt}")
    electrode.fits("a grating", electrode.diameter)


def remembered(ask: Callable[Concatenate[Electrode, P], T]) -> Callable[Concatenate[Electrode, P], T]:
    """What an electrode was told once it does not ask again: all protocols read the same answers."""

    @wraps(ask)
    def recalled(electrode: Electrode, /, *args: P.args, **options: P.kwargs) -> T:
        question = (recalled, args, tuple(sorted(options.items())))
        if question not in electrode.memory:
            electrode.memory[question] = ask(electrode, *args, **options)
        found: T = electrode.memory[question]
        return found

    return recalled


def _channels(model: nn.Module) -> int:
    """Of the image: what the first convolution takes; one if there is none."""
    convolutions = (layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Conv3d))
    return next((layer.in_channels for layer in convolutions), 1)


def _numbers(values: ArrayLike) -> Floats:
    return np.sort(np.asarray(values, dtype=np.float64))


def _checked_units(electrode: Electrode, units: str | ArrayLike | None) -> NDArray[np.int64]:
    if units is None or isinstance(units, str):
        if units not in (None, "centre"):
            raise ValueError(f"units is 'centre' or an array of (plane, row, column); got {units!r}")
        return electrode.middle_of_each_plane()
    where = np.asarray(units)
    if where.ndim != 2 or where.shape[1] != 3 or len(where) == 0 or (where != where.astype(np.int64)).any():
        raise ValueError(f"units must be (n, 3) whole numbers: plane, row, column; got {where.shape}")
    return where.astype(np.int64)


def _unit(units: NDArray[np.int64], answers: NDArray[Any]) -> tuple[int, ...]:
    """Plane, row and column of the first unit with an answer that is no number."""
    bad = ~np.isfinite(answers).all(axis=tuple(axis for axis in range(answers.ndim) if axis != 1))
    return tuple(units[bad.argmax()].tolist())


def _places(centres: ArrayLike, electrode: Electrode) -> Floats:
    places, n, field = np.asarray(centres, dtype=np.float64), len(electrode), electrode.field
    if places.shape not in ((2,), (n, 2)) or not np.isfinite(places).all():
        raise ValueError(f"centres are x and y in degrees, (2,) or ({n}, 2); got {places.shape}")
    if (np.abs(places) > field / 2).any():
        raise ValueError(f"a centre lies outside the model's field of {field:g} degrees; got {centres!r}")
    return np.array(np.broadcast_to(places, (n, 2)))
