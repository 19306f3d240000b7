"""Training LeNet-5 through the learner beside a bare loop doing the same work. Limit: 1.10."""

from __future__ import annotations

import torch
from common import interleaved, report
from torch.nn import functional as F

from neuro.learning import Backpropagation
from neuro.models.convnet import lenet5_as_taught
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

IMAGES, BATCH, EPOCHS = 4000, 128, 2
RULE = Backpropagation(learning_rate=1e-3, batch_size=BATCH, epochs=EPOCHS, patience=EPOCHS, validation=0.1)


def bare(model: torch.nn.Module, stimuli: Stimuli, generator: torch.Generator) -> None:
    """What anybody would write: the same batches, optimizer and validation pass, and nothing else."""
    images, labels = stimuli.images, stimuli.labels
    validation, training = torch.randperm(len(images), generator=generator).split(
        [IMAGES // 10, IMAGES - IMAGES // 10]
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    for _ in range(EPOCHS):
        model.train()
        for batch in training[torch.randperm(len(training), generator=generator)].split(BATCH):
            loss = F.cross_entropy(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            (model(images[validation]).argmax(1) != labels[validation]).float().mean().item()


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(IMAGES, 1, 32, 32, generator=generator)
    stimuli = Stimuli(pixels, {"label": torch.randint(10, (IMAGES,), generator=generator).numpy()})
    model = randomised(lenet5_as_taught(), generator)
    ours, theirs = interleaved(
        lambda: RULE.fit(model, stimuli, torch.Generator().manual_seed(1)),
        lambda: bare(randomised(lenet5_as_taught(), generator), stimuli, torch.Generator().manual_seed(1)),
    )
    report("training LeNet-5: learner / bare loop", ours, theirs, 1.10)
