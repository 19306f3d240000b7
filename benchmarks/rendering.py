"""Drawing 10,000 anti-aliased slits of 64 x 64 pixels beside filling as many with grey. Limit: 0.6 s."""

from __future__ import annotations

import statistics

import torch
from common import interleaved, report

from neuro.stimuli import slits

N, SIZE, SECONDS = 10_000, 64, 0.6

if __name__ == "__main__":
    orientations = torch.linspace(0, 180, N).numpy()
    drawn, filled = interleaved(
        lambda: slits(orientations, offset=0.3, size=SIZE),
        lambda: torch.full((N, 1, SIZE, SIZE), 0.5),
    )
    what = f"{N} slits of {SIZE} x {SIZE} on one thread / the {SECONDS} s they may take"
    report(what, drawn, [SECONDS] * len(drawn), 1.0)
    print(f"as long as {statistics.median(drawn) / statistics.median(filled):.1f} fillings with grey")
