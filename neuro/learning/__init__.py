"""Learning rules: one file per family, each with its source, its equation and its condition of use.

A rule is a Learner: `fit(model, stimuli, generator)` gives a trained copy and leaves the original alone.
"""

from neuro.learning.backpropagation import Backpropagation
from neuro.learning.batches import BatchedWinnerTakeAll
from neuro.learning.competitive import HardCompetitive, KrotovHopfield, SoftHebb
from neuro.learning.controls import ImprintedPatches, Imprinting, RandomGabor, Untrained
from neuro.learning.feedback import (
    DirectFeedbackAlignment,
    FeedbackAlignment,
    LastLayerOnly,
    SignSymmetry,
)
from neuro.learning.forward_forward import ForwardForward
from neuro.learning.growing import AddIfSilent, WinnerKillLoser
from neuro.learning.hebbian import Fukushima, NormalisedHebb, Oja, PlainHebb, Sanger
from neuro.learning.labelled import LabelledTop
from neuro.learning.layer_by_layer import LayerByLayer, Rule
from neuro.learning.learner import Learner, history_of
from neuro.learning.patches import Patches
from neuro.learning.presentations import Presentations, presentations
from neuro.learning.side_by_side import fit_side_by_side
from neuro.learning.supervised_seeds import SupervisedSeedCells
from neuro.learning.templates import PCATemplates, SphericalKMeans, Templates
from neuro.learning.winner_take_all import WinnerTakeAll

__all__ = [
    "AddIfSilent",
    "Backpropagation",
    "BatchedWinnerTakeAll",
    "DirectFeedbackAlignment",
    "FeedbackAlignment",
    "LastLayerOnly",
    "ForwardForward",
    "Fukushima",
    "HardCompetitive",
    "ImprintedPatches",
    "Imprinting",
    "KrotovHopfield",
    "LayerByLayer",
    "LabelledTop",
    "Learner",
    "NormalisedHebb",
    "Oja",
    "PCATemplates",
    "Patches",
    "PlainHebb",
    "Presentations",
    "SignSymmetry",
    "RandomGabor",
    "Rule",
    "Sanger",
    "SoftHebb",
    "SphericalKMeans",
    "SupervisedSeedCells",
    "Templates",
    "Untrained",
    "WinnerKillLoser",
    "WinnerTakeAll",
    "fit_side_by_side",
    "history_of",
    "presentations",
]
