"""Correlation of one image with one filter, directly and by Fourier transform: seconds against filter size.

The fastest of the turns counts: whatever else runs can only add. Writes correlation.csv beside this script,
which `convolution_arithmetic` draws: times differ from run to run and from machine to machine, so they are
measured here, and not in an experiment.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch
from common import interleaved
from scipy.signal import correlate2d, fftconvolve

SIDE, WINDOWS = 256, (3, 5, 7, 9, 11, 15, 21, 31)


if __name__ == "__main__":
    noise = np.random.default_rng(0)
    image = noise.standard_normal((SIDE, SIDE))
    sheet = torch.from_numpy(image)[None, None]
    rows = []
    for window in WINDOWS:
        weights = noise.standard_normal((window, window))
        shared = torch.from_numpy(weights)[None, None]
        turned = weights[::-1, ::-1]
        scanned, transformed = interleaved(
            lambda w=weights: correlate2d(image, w, "valid"),
            lambda w=turned: fftconvolve(image, w, "valid"),
        )
        tiled, _ = interleaved(lambda w=shared: torch.conv2d(sheet, w), lambda: None)
        rows.append([window, *(min(turns) for turns in (scanned, tiled, transformed))])
        print("filter {}: scan {:.2g} s, conv2d of torch {:.2g} s, Fourier {:.2g} s".format(*rows[-1]))
    with (Path(__file__).parent / "correlation.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["window", "scan (s)", "conv2d (s)", "Fourier (s)"])
        writer.writerows([n, *(f"{seconds:.3g}" for seconds in times)] for n, *times in rows)
