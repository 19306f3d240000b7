"""Are simple cells more susceptible to fuzziness and noise than complex cells? Where they lie, they are not.

Stimuli   a slit, 8 by 0.5 degrees, blurred by up to 1 degree; and in noise, vertical or horizontal, in the
          middle of the field or anywhere within 1.5 degrees of it, at half contrast.
Model     a simple cell of gabor_cells() and complex cells over it by sum, maximum and energy, at 13 places
          within 1.5 degrees. Control: the same pools at one place.
Measured  the answer kept out of focus; d', by how many standard deviations the answers to its slit and to the
          orthogonal one are apart, for five draws of places and noise, paired.
Expected  complex cells keep more than the simple cell, in all three (lecture slides: simple cells are
          susceptible to fuzziness and noise, complex cells robust to distortion). The third was added after a
          first run, in which slits lay in the middle only.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.analysis import paired_difference
from neuro.distortions import blurred, noisy
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models import hubel_wiesel as cat
from neuro.plotting import curves_panel, figure, image_grid
from neuro.recording import record
from neuro.stimuli import concatenate, slits

POOLS = {"sum": cat.sum_complex, "max": cat.max_complex, "energy": cat.energy_complex}
PLACES = (None, torch.zeros(1, 2))  # of the pools: the default, 13 within 1.5 degrees; and one
NAMES, VERTICAL = ("simple", *POOLS), cat.plane_of(90, 2)
BLUR, NOISE = np.arange(0, 4.1, 0.5), np.array([0.1, 0.2, 0.4])  # pixels, four to a degree; sd
BAR = partial(slits, length=8, width=0.5)
UNSHARP = blurred(BAR(np.full(len(BLUR), 90.0)), BLUR)
WHERE = {"in the middle": 0.0, "within 1.5 degrees": 1.5}


def answers(stimuli):
    """What the vertical cells at the centre answer: simple, then each pool. (PLACES, NAMES, stimuli)."""
    cells = cat.gabor_cells(2)
    planes = torch.from_numpy(record(cells, stimuli, ["simple"])["simple"])
    simple, centre = planes[:, 4 * VERTICAL], planes.shape[-1] // 2
    pools = [[make(cells, at).complex(planes)[:, VERTICAL] for make in POOLS.values()] for at in PLACES]
    return np.array([[cell[:, centre, centre].numpy() for cell in (simple, *of)] for of in pools], float)


def in_noise(trials, reach, seed):
    """Vertical, then horizontal slits within `reach` degrees of the middle, in noise of each sd."""
    generator = torch.Generator().manual_seed(seed)
    offset = reach * (2 * torch.rand(2 * trials, generator=generator).numpy() - 1)
    dim = BAR(np.repeat([90, 0], trials), offset=offset, contrast=0.5)
    return concatenate([noisy(dim, sd, generator) for sd in NOISE])


def apart(trials, reach, seed):
    """d' of the vertical slit against the horizontal one. Shapes: (PLACES, NAMES, NOISE)."""
    seen = answers(in_noise(trials, reach, seed)).reshape(len(PLACES), len(NAMES), len(NOISE), 2, trials)
    own, wrong = seen[..., 0, :], seen[..., 1, :]
    return (own.mean(-1) - wrong.mean(-1)) / np.sqrt((own.var(-1) + wrong.var(-1)) / 2)


def gain(runs, places):
    """Of each pool over the simple cell, d' averaged over NOISE: PairedDifference over seeds."""
    of = runs[:, places].mean(-1)
    return [paired_difference(of[:, 1 + k], of[:, 0]) for k in range(len(POOLS))]


def run(settings: Settings) -> Result:
    trials, seeds = settings.pick(5, 40, 200), settings.seed_list(2, 5, 10)
    runs = {
        where: np.stack(over_seeds(partial(apart, trials, reach), seeds, settings.jobs))
        for where, reach in WHERE.items()
    }
    kept = answers(UNSHARP)
    kept /= kept[..., :1]
    more = (kept[:, 1:] - kept[:, :1])[..., BLUR == 2].min((1, 2))
    gains = {where: [gain(of, places) for places in range(len(PLACES))] for where, of in runs.items()}
    middle, anywhere = ([min(each.low for each in pools) for pools in of] for of in gains.values())
    told, by, control = "simple cells susceptible", ("lecture slides", "the slides"), "pools at one place"
    # fmt: off
    claims = [
        Claim("complex cells mind fuzziness less: share kept at a blur of 0.5 degrees, least of 3 - simple",
              by[0], told, 0, None, by[1], more[0], control, more[1]),
        Claim("complex cells mind noise less: d' of a slit in the middle, least of 3 - simple, lower end",
              by[0], told, 0, None, by[1], middle[0], control, middle[1]),
        Claim("complex cells are robust to distortion: the same of a slit anywhere within 1.5 degrees", by[0],
              "complex cells robust", 0, None, by[1], anywhere[0], control, anywhere[1],
              "of the control, four phases at one place are enough"),
    ]
    # fmt: on
    numbers = {
        f"kept at a blur of 0.5 degrees, {n}": v for n, v in zip(NAMES, kept[0, :, BLUR == 2][0], strict=True)
    }
    for where, (pools, _) in gains.items():
        numbers |= {
            f"d' {where}, {name} - simple (mean)": of.mean for name, of in zip(POOLS, pools, strict=True)
        }
    drawn = in_noise(1, 1.5, settings.seed)[::2].images  # the vertical slits
    shown = torch.cat([UNSHARP.images[[0, 4, 8]], drawn])
    series = {"kept": kept[0], "shown": shown[:, 0]} | {where: of[:, 0] for where, of in runs.items()}
    return Result(numbers, series, claims, data=checksum(UNSHARP))


def draw(result: Result) -> Figure:
    page, series = figure(7, 3.9), result.series
    above, below = page.subfigures(2, 1, height_ratios=(1, 2))
    titles = [f"blur {blur / 4:g}°" for blur in BLUR[[0, 4, 8]]] + [f"noise {sd:g}" for sd in NOISE]
    image_grid(above, series["shown"], titles)
    unsharp, *noise = below.subplots(1, 3)
    curves_panel(
        unsharp, BLUR / 4, dict(zip(NAMES, series["kept"], strict=True)), "blur (degrees, sd)", "share kept"
    )
    unsharp.set(title="out of focus", ylim=(0, None))
    for axes, where in zip(noise, WHERE, strict=True):
        curves = dict(zip(NAMES, np.moveaxis(series[where], 0, 1), strict=True))
        curves_panel(axes, NOISE, curves, "noise (sd)", "d' (standard deviations)", legend=False)
        axes.set(title=f"slit {where}", ylim=(0, 14))
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
