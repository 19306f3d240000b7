"""Recording beside a bare batched forward pass. Limits: two layers 1.15, every layer 1.5."""

from __future__ import annotations

import torch
from common import interleaved, report

from neuro.models.convnet import lenet5_as_taught
from neuro.models.initial import randomised
from neuro.recording import record
from neuro.stimuli import Stimuli

IMAGES, BATCH = 4000, 128


def bare(model: torch.nn.Module, images: torch.Tensor) -> None:
    """The forward pass alone, in batches of the same size."""
    with torch.no_grad():
        for batch in images.split(BATCH):
            model(batch)


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    stimuli = Stimuli(torch.rand(IMAGES, 1, 32, 32, generator=generator))
    model = randomised(lenet5_as_taught(), generator).eval()
    for layers, limit in ((["pool2", "full2"], 1.15), (None, 1.5)):
        ours, theirs = interleaved(
            lambda layers=layers: record(model, stimuli, layers, batch_size=BATCH),
            lambda: bare(model, stimuli.images),
        )
        what = "every layer" if layers is None else " and ".join(layers)
        report(f"record of {what} of LeNet-5 / forward pass", ours, theirs, limit)
