"""Examining 1,000 cells with the full set of protocols. Limits: 60 s, and the whole over the model's share 2.

The cells are those of macaque_population(), each with an orientation and a frequency of its own: as many
different optima as there can be, all in one place. One thread; the limit is for two cores.
"""

from __future__ import annotations

import time

import torch
from threadpoolctl import threadpool_limits
from torch import nn

from neuro.models.population import macaque_population
from neuro.physiology import examine

CELLS, SECONDS, SHARE = 1000, 60.0, 2.0


class Timed(nn.Module):
    """A model, and the seconds and images that went through it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.seconds, self.images = model, 0.0, 0

    def forward(self, light: torch.Tensor) -> torch.Tensor:
        """The answer of the model."""
        start = time.perf_counter()
        answer: torch.Tensor = self.model(light)
        self.seconds += time.perf_counter() - start
        self.images += len(light)
        return answer


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = Timed(macaque_population(CELLS, torch.Generator().manual_seed(0)))
    start = time.perf_counter()
    with threadpool_limits(1):  # numpy's threads too
        table = examine(model, "model.cells", field=4.0, pixels_per_degree=28.0)
    whole = time.perf_counter() - start
    for what, found, limit in (
        (f"seconds to examine {len(table)} cells, {model.images} images", whole, SECONDS),
        ("the whole / the model's forward passes", whole / model.seconds, SHARE),
    ):
        print(f"{what}: {found:.2f}, limit {limit:g}: {'within' if found <= limit else 'MISSED'}")
