"""Cells that tell the two ways of a movement apart see a flickering grating as one that drifts.

Stimuli   a spot of 1 degree, a slit of 8 by 1 degrees and a grating, moving in 16 directions at the speed
          that the cells prefer; a grating that stands still and reverses its contrast, in 16 phases.
Model     moving_cortex(): four simple cells and the complex cell, their motion energy, that prefer movement
          to the right. Control, and second kind: separable_cortex(), their fields through one filter of time.
Measured  mean rate of a sweep, or of a cycle from 500 ms on; direction selectivity index (DSI), (one way -
          the other) / their sum; F1/F0; null index over the phases of the flicker; doubling, (F2 - F1) / F0.
Expected  spots and slits drive the cells one way (Hubel & Wiesel 1959), the control both ways alike; simple
          cells follow a drifting grating, complex cells do not (Skottun & al. 1991); to flicker simple cells
          have a null phase and complex cells answer twice a cycle. De Valois & al. 1982 find selective and
          unselective cells in two heaps, of which two kinds wired to be so are no test.
"""

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import direction_selectivity_index, f1_f0, f2_f0, null_index, poisson_spikes
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models.moving_cells import moving_cortex, separable_cortex
from neuro.plotting import COLOURS, figure, raster_column, tuning_panel
from neuro.recording import record
from neuro.stimuli import counterphase_gratings, drifting_gratings, moving_bars, moving_spots

SF, TF = 0.45, 4.0  # cycles/degree and Hz that the cells prefer; their speed is TF / SF, 8.9 degrees/s
KINDS = {"direction-selective": moving_cortex, "control": separable_cortex}
MOVED, CLASSES = ("spot", "slit", "grating"), {"simple": 0, "complex": 4}  # the classes' place in `answers`
DT, SETTLED = 10, 50  # ms a frame; frames until the answer to a grating is steady
DRAWN = {90: {"linewidth": 3, "alpha": 0.4}, 0: {"linestyle": ":"}}  # phases of the flicker, degrees
SPONTANEOUS, BEST = 0.85, 33.4  # spikes/s, medians of 308 cells (Ringach, Shapley & Hawken 2002)


def answers(model, stimuli, since):
    """Four simple cells and their complex cell at the centre, from a frame on. Shapes: (5, stimuli, T)."""
    recording = record(model, stimuli, list(CLASSES), "centre")
    cells = np.concatenate([recording[layer][:, since:, :, 0, 0] for layer in CLASSES], axis=2)
    return np.moveaxis(cells, 2, 0).astype(float)


def run(settings: Settings) -> Result:
    phases = np.arange(0, 360, settings.pick(90, 22.5, 11.25))
    directions, right = phases - 180, len(phases) // 2
    screen = {"size": settings.pick(33, 41, 41), "pixels_per_degree": 4.0}
    cycle = {"duration": 750, **screen}  # 500 ms to settle, then one cycle
    shown = {
        "spot": (moving_spots(directions, TF / SF, **screen), 0),
        "slit": (moving_bars(directions, TF / SF, **screen), 0),
        "grating": (drifting_gratings(directions, SF, TF, **cycle), SETTLED),
        "flicker": (counterphase_gratings(90, SF, phases, TF, **cycle), SETTLED),
    }
    seen = [{what: answers(make(1), *movie) for what, movie in shown.items()} for make in KINDS.values()]
    tuning = np.array([[each[what].mean(2) for what in MOVED] for each in seen])
    selectivity = direction_selectivity_index(tuning, directions)  # of KINDS, MOVED, five cells
    modulation = f1_f0(seen[0]["grating"][:, right])
    flicker = np.stack([each["flicker"] for each in seen])  # KINDS, five cells, phases, frames
    null, doubling = null_index(flicker.mean(3)), f2_f0(flicker) - f1_f0(flicker)
    doubled, followed = doubling[:, 4].min(1), doubling[:, 0, right // 2]  # the latter at 90 degrees
    slit = np.stack([each["slit"][4, [right, 0]] for each in seen])  # complex cells, to the right and left
    rates = SPONTANEOUS + (BEST - SPONTANEOUS) * slit / slit.max((1, 2), keepdims=True)
    trials, generator = settings.pick(5, 10, 50), np.random.default_rng(settings.seed)
    spikes = poisson_spikes(rates.repeat(DT, axis=2), 1.0, trials, generator)

    ours, classic = "our rule, set after trial runs", "Movshon & al. 1978 (reported)"
    control, twice = "one filter of time", f"{ours}: twice as much one way"
    why = "a flickering grating is two that drift, and this cell sees one of them:"
    # fmt: off
    claims = [
        Claim("a spot drives cells more one way than the other: DSI, the least of five cells",
              "lecture slides, of Hubel & Wiesel 1959", "greater response for some directions", 1 / 3, None,
              twice, selectivity[0, 0].min(), control, selectivity[1, 0].max()),
        Claim("so does a slit: DSI, the least of five cells", "Hubel's Nobel lecture", "in some cells", 1 / 3,
              None, twice, selectivity[0, 1].min(), control, selectivity[1, 1].max()),
        Claim("direction-selective simple cells follow a drifting grating: F1/F0, the least of four",
              "Skottun & al. 1991", "above 1, complex below", 1, None, "the paper", modulation[:4].min(),
              "complex cell", modulation[4]),
        Claim("a simple cell of one filter of time has a null phase to flicker: null index", classic, "null",
              0.8, None, f"{ours}: the least that 16 phases show of a linear cell", null[1, 0],
              "complex cell", null[1, 4]),
        Claim("a direction-selective simple cell has one too: null index", classic, "null", 0.8, None, ours,
              null[0, 0], "complex cell", null[0, 4], f"{why} phase only shifts the time of its answer"),
        Claim("a complex cell of one filter of time doubles the flicker: (F2 - F1) / F0, the least of all "
              "phases", classic, "doubling", 1 / 3, None, f"{ours}: half of |cos|", doubled[1],
              "simple cell", followed[1]),
        Claim("a direction-selective complex cell doubles it too: (F2 - F1) / F0, the least of all phases",
              classic, "doubling", 1 / 3, None, ours, doubled[0], "simple cell", followed[0],
              f"{why} its energy is constant"),
    ]
    # fmt: on
    numbers = {
        f"DSI, complex cell, {what}": dsi for what, dsi in zip(MOVED, selectivity[0, :, 4], strict=True)
    }
    flicker = flicker[:, :, [right // 2, 0]] / flicker.max((2, 3), keepdims=True)  # as DRAWN
    tuning = np.append(tuning, tuning[..., :1], axis=3) / tuning.max(3, keepdims=True)  # from -180 to 180
    series = {"directions": np.append(directions, 180), "tuning": tuning, "selectivity": selectivity}
    series |= {"flicker": flicker, "times": DT * np.arange(flicker.shape[3])}
    series |= {"spikes": spikes.astype(np.uint8), "fired": 1000 * spikes.mean((0, 3))}
    series |= {"slit": shown["slit"][0].images[[right, 0], 50, 0]}
    return Result(numbers, series, claims, data=checksum(*(movie for movie, _ in shown.values())))


def draw(result: Result) -> Figure:
    page, series = figure(7, 6.2), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1, 2.4))
    for k, (part, kind) in enumerate(zip(above.subfigures(1, 2), KINDS, strict=True)):
        raster_column(part, series["slit"], series["spikes"][:, k], 1.0, None, series["fired"][k])
        part.suptitle(f"{kind} complex cell: slit, spikes")
        for axes, way in zip(part.axes[::2], "→←", strict=True):
            axes.set_ylabel(way, rotation=0, fontsize=14, ha="right", va="center")
    turned, flickered = below.subplots(2, 2)
    for axes, (name, cell) in zip(turned, CLASSES.items(), strict=True):
        (dsi, in_control), tuned = series["selectivity"][..., cell], series["tuning"][..., cell, :]
        labels = [f"{what}, {index:.2f}" for what, index in zip(MOVED, dsi, strict=True)]
        tuning_panel(axes, series["directions"], dict(zip(labels, tuned[0], strict=True)), "mean rate / best")
        axes.plot(series["directions"], tuned[1, 1], ":k", label=f"control: slit, {in_control[1]:.2f}")
        axes.set(title=f"{name} cell: movement turned, and DSI", xlabel="direction of movement (degrees)")
        axes.set_xticks(range(-180, 181, 90))
    for axes, kind, cells in zip(flickered, KINDS, series["flicker"], strict=True):
        for name, cell in CLASSES.items():
            for phase, rate in zip(DRAWN, cells[cell], strict=True):
                label = f"{name}, {phase} deg"
                axes.plot(series["times"], rate, color=COLOURS[name], label=label, **DRAWN[phase])
        axes.set(title=f"{kind} cells: flicker in two phases", xlabel="time in the cycle (ms)")
        axes.set_ylabel("rate / best")
    for axes in (*turned, *flickered):
        axes.set(ylim=(-0.04, 1.5), yticks=(0, 0.5, 1))
        axes.legend(loc="upper left", ncols=2, columnspacing=1)
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
