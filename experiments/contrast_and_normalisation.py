"""A pool of neighbours divides the answer: a mask suppresses, and contrast leaves the tuning width alone.

Stimuli   gratings of 13 contrasts, at the best orientation and 20 degrees off it; of 5 contrasts at 36
          orientations; plaids, the grating with one of a contrast of 0.25 laid across; 4 phases of each.
Model     normalised_cortex(): Gabor simple cells, each divided by the mean of all orientations within 2
          degrees. Controls: a static compression of each cell by its own drive, saturating_cortex(); the
          linear Gabor cell; a wired simple cell, with its fixed threshold; a pool of one orientation.
Measured  mean over the phases: contrast response with its Naka-Rushton fit, half-width, suppression by the
          mask. That the curve saturates, with c50 near 0.3 and exponent 2, is how the pool was set: no claim.
          The mask's contrast was halved after a first look, so that the curve with it bends; bands were not.
Expected  saturation follows contrast, not response (Albrecht & Hamilton 1982, reported); tuning does not
          widen with contrast, and a mask shifts the contrast response to the right (Geisler & Albrecht 1992;
          their mask lay in counterphase at its null); a mask that alone does nothing suppresses, from a pool,
          which no static compression replaces (Carandini, Heeger & Movshon 1997).
"""

import numpy as np
from matplotlib.figure import Figure

from neuro.analysis import cross_orientation_suppression, fit_naka_rushton, half_width
from neuro.experiment import Claim, Result, Settings, checksum, main
from neuro.models import hubel_wiesel as cat
from neuro.physiology import centre_cell
from neuro.plotting import curves_panel, figure, image_panel, tuning_panel
from neuro.stimuli import gratings, plaids

COARSE, FINE = ({"field": field, "pixels_per_degree": scale} for field, scale in ((12.5, 2.0), (8.25, 4.0)))
FREQUENCY, PHASES, OBLIQUE, MASK = 0.45, np.arange(0, 360, 90), 20, 0.25
CONTRASTS, LEVELS = 2.0 ** np.arange(-6, 0.1, 0.5), np.array([0.05, 0.1, 0.25, 0.5, 1])
MASKED = CONTRASTS[CONTRASTS + MASK <= 1]  # what the screen can show with a mask
EQUAL = MASKED.tolist().index(MASK)
GABORS, ONE = (cat.gabor_cells(orientations, pixels_per_degree=2) for orientations in (8, 1))
CELLS = {  # chain, layer, screen
    "pool": (cat.normalised_cortex(GABORS), "normalised", COARSE),
    "static": (cat.saturating_cortex(GABORS), "saturated", COARSE),
    "linear": (GABORS, "simple", COARSE),
    "threshold": (cat.wired_cells(1), "simple", FINE),
    "one-orientation pool": (cat.normalised_cortex(ONE), "normalised", COARSE),
}
POOL, STATIC, _, THRESHOLD, ONE_POOL = range(len(CELLS))


def plaid(phase, **given):
    """A grating of the best orientation, 0 degrees, and a mask of the same phase."""
    return plaids(0, phase=phase, mask_phase=phase, **given)


EXAMPLES = plaid(0, contrast=MASK, mask_orientations=90, mask_contrast=[0, MASK], spatial_frequency=FREQUENCY)


def answers(draw, **axes):
    """Mean over PHASES of what the horizontal cells at the centre answer, (CELLS, *axes), and a checksum."""
    grid = np.meshgrid(*axes.values(), PHASES, indexing="ij")
    given = dict(zip((*axes, "phase"), (values.ravel() for values in grid), strict=True))
    coarse, fine = (draw(spatial_frequency=FREQUENCY, **given, **screen) for screen in (COARSE, FINE))
    cells = ((chain, coarse if at is COARSE else fine, layer) for chain, layer, at in CELLS.values())
    rates = [centre_cell(*cell, 0) for cell in cells]
    return np.reshape(rates, (-1, *grid[0].shape)).mean(-1), checksum(coarse, fine)


def run(settings: Settings) -> Result:
    turned = np.arange(-90, 90, settings.pick(30, 5, 5))
    rising, one = answers(gratings, orientations=[0, OBLIQUE], contrast=CONTRASTS)
    tuning, two = answers(gratings, contrast=LEVELS, orientations=turned)
    masked, three = answers(plaid, mask_contrast=[0, MASK], contrast=MASKED, mask_orientations=[90])
    masks, four = answers(plaid, mask_orientations=[90, 0], mask_contrast=[MASK], contrast=[0])
    masked, alone = masked[..., 0], masks[..., 0, 0] / masked[:, 0, EQUAL]
    fit, with_mask = fit_naka_rushton(rising, CONTRASTS), fit_naka_rushton(masked, MASKED)
    oblique, shift = (of.c50[:, 1] / of.c50[:, 0] for of in (fit, with_mask))
    lower = with_mask.r_max[POOL, 1] / with_mask.r_max[POOL, 0]
    width = half_width(tuning, turned)
    lowest = np.array([widths[np.isfinite(widths)][0] for widths in width]) / width[:, -1]
    suppressed = cross_orientation_suppression(*masked[:, :, EQUAL].T)

    carandini, geisler = "Carandini, Heeger & Movshon 1997", "Geisler & Albrecht 1992"
    ours, static = "set before the run", "static compression"
    # fmt: off
    claims = [
        Claim("saturation follows contrast, not response: c50 20 degrees off the best orientation / at it",
              "Albrecht & Hamilton 1982 (reported)", "alike", 0.8, 1.25, ours, oblique[POOL], static,
              oblique[STATIC]),
        Claim("tuning keeps its width: half-width at the lowest contrast answered / at full contrast",
              geisler, "selectivity invariant with contrast", 0.8, 1.2, f"{ours}: within a fifth",
              lowest[POOL], "a fixed threshold", lowest[THRESHOLD], f"{static} {lowest[STATIC]:.2f}"),
        Claim("an orthogonal mask of the same contrast suppresses: 1 - with it / without", carandini,
              "from a divisive pool", 0.2, None, ours, suppressed[POOL], static, suppressed[STATIC],
              f"a pool of the cell's own orientation alone {suppressed[ONE_POOL]:.2f}"),
        Claim("that mask alone does nothing: mask / grating", carandini, "no response", None, 0.05, ours,
              alone[POOL, 0], "mask of the best orientation", alone[POOL, 1]),
        Claim("the mask shifts the contrast response to the right: c50 with it / without", geisler,
              "primarily to the right", 1.25, None, ours, shift[POOL], static, shift[STATIC],
              f"and downwards: fitted r_max with it / without {lower:.2f}"),
    ]
    # fmt: on
    numbers = {"c50 (set; Sclar & al. 1990 reported: 0.33)": fit.c50[POOL, 0]}
    numbers |= {"exponent (set; Sclar & al. 1990 reported: 2.4)": fit.n[POOL, 0]}
    numbers |= {f"suppression by the mask, {n}": value for n, value in zip(CELLS, suppressed, strict=True)}
    widest = zip(CELLS, width[:, -1], strict=True)
    numbers |= {f"half-width at full contrast, {name} (degrees)": value for name, value in widest}
    series = {"turned": turned, "tuning": tuning[POOL] / tuning[POOL].max(), "width": width}
    series |= {"rising": rising / rising[:, :, -1:], "masked": masked / masked[:, :1, -1:]}
    return Result(numbers, series, claims, data=" ".join((one, two, three, four)))


def draw(result: Result) -> Figure:
    page, series = figure(7, 4.8), result.series
    (rising, masked), (turned, width) = page.subplots(2, 2)
    for axes, what, contrasts, n in ((rising, "rising", CONTRASTS, 3), (masked, "masked", MASKED, 2)):
        solid, dotted = np.moveaxis(series[what][:n], 1, 0)
        curves_panel(axes, contrasts, dict(zip(CELLS, solid, strict=False)), "contrast", "response / largest")
        for line, values in zip(axes.lines, dotted, strict=True):
            axes.plot(contrasts, values, "o", color=line.get_color(), markersize=3)
    rising.set_title(f"the best grating (dots: {OBLIQUE} degrees off)")
    masked.set_title("the best grating (dots: with a mask)")
    by_contrast = {f"contrast {c:g}": curve for c, curve in zip(LEVELS, series["tuning"], strict=True)}
    tuning_panel(turned, series["turned"], by_contrast, "response / largest")
    turned.set(title="tuning of the cell with a pool", ylim=(0, 1.1))
    widths = dict(zip(CELLS, series["width"][:4], strict=False))
    curves_panel(width, LEVELS, widths, "contrast", "half-width (degrees)")
    for axes in (rising, masked, width):
        axes.set(xscale="log")
        axes.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], ["0.02", "0.05", "0.1", "0.2", "0.5", "1"])
        axes.minorticks_off()
    width.set(title="width of tuning", xlim=(0.04, 1.1), yticks=range(0, 91, 30), ylim=(0, 95))
    for left, image in zip((0.03, 0.25), EXAMPLES.images[:, 0], strict=True):
        image_panel(masked.inset_axes((left, 0.42, 0.2, 0.27)), image)
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
