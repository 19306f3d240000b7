"""One pass of each local rule over many images beside the bare forward pass of the same layers.

One stage of 48 planes, 5x5 windows, on 28 x 28 pixels, of which a rule is given eight patches an image; and
dense units, where sums and update are two products of matrices to the forward pass's one, which makes 2 the
least that is possible but where one unit learns from a patch; Sanger's K units have two more, of K x K by the
inputs and half of them zeros: 2 + K / batch. Both sides are timed at the best of several batch sizes, the
windows' rules at their own. The images are digits of MNIST where a folder that has them is the first
argument, else drawn ones.
"""

from __future__ import annotations

import logging
from functools import partial

import torch
from common import interleaved, report
from reinforcing import best_of, forward, images, seeded

from neuro.learning import (
    Fukushima,
    HardCompetitive,
    ImprintedPatches,
    KrotovHopfield,
    LayerByLayer,
    Learner,
    NormalisedHebb,
    Oja,
    Patches,
    PCATemplates,
    PlainHebb,
    Sanger,
    SoftHebb,
    SphericalKMeans,
    Templates,
)
from neuro.models.convnet import dense_features, feature_chain
from neuro.models.initial import randomised
from neuro.stimuli import Stimuli

COUNT, SOME, MANY, LIMIT = 6000, 12_288, 60_000, 2.2
BATCHES = (16, 64, 256, 1024, 2048, 4096)
RULES = (
    PlainHebb(),
    NormalisedHebb(),
    Fukushima(),
    Oja(),
    Sanger(),
    HardCompetitive(),
    KrotovHopfield(),
    SoftHebb(),
)
METHODS = (SphericalKMeans(), PCATemplates(), ImprintedPatches())


def compare(what: str, rule: Learner, chain: torch.nn.Sequential, shown: Stimuli) -> None:
    """Print learning over the forward pass at the best of several batch sizes."""
    batch = min(BATCHES, key=lambda size: best_of(lambda: forward(chain, shown.images[:SOME], size)))
    ours, theirs = interleaved(
        lambda: rule.fit(chain, shown, seeded(0)), lambda: forward(chain, shown.images, batch)
    )
    report(f"{what}, forward pass in batches of {batch}", ours, theirs, LIMIT)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    many = images(MANY)
    few = many[:COUNT]
    windows, dense = (randomised(net, seeded(0)) for net in (feature_chain((48,)), dense_features(500)))
    for each in RULES:
        compare(type(each).__name__, LayerByLayer(each, learning_rate=0.01), windows, few)
    for method in METHODS:
        compare(type(method).__name__, Templates(method), windows, few)
    everywhere = LayerByLayer(SoftHebb(), learning_rate=0.01, patches=Patches(places=None))
    compare("SoftHebb at all 576 places", everywhere, windows, few)
    for each in RULES:
        sized = [LayerByLayer(each, learning_rate=0.001, batch_size=size) for size in BATCHES[2:]]
        rule = min(sized, key=lambda rule: best_of(partial(rule.fit, dense, many[:SOME], seeded(0)), 2))
        compare(f"{type(each).__name__}, 500 dense units in batches of {rule.batch_size}", rule, dense, many)
