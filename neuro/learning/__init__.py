"""Learning rules: one file per family, each with its source, its equation and its condition of use.

A rule is a Learner: `fit(model, stimuli, generator)` gives a trained copy and leaves the original alone.
"""

from neuro.learning.backpropagation import Backpropagation
from neuro.learning.batches import BatchedWinnerTakeAll
from neuro.learning.controls import Imprinting, Untrained
from neuro.learning.feedback import (
    DirectFeedbackAlignment,
    FeedbackAlignment,
    LastLayerOnly,
    SignSymmetry,
)
from neuro.learning.growing import AddIfSilent, WinnerKillLoser
from neuro.learning.learner import Learner, history_of
from neuro.learning.presentations import Presentations, presentations
from neuro.learning.side_by_side import fit_side_by_side
from neuro.learning.supervised_seeds import SupervisedSeedCells
from neuro.learning.winner_take_all import WinnerTakeAll

__all__ = [
    "AddIfSilent",
    "Backpropagation",
    "BatchedWinnerTakeAll",
    "DirectFeedbackAlignment",
    "FeedbackAlignment",
    "Imprinting",
    "LastLayerOnly",
    "Learner",
    "Presentations",
    "SignSymmetry",
    "SupervisedSeedCells",
    "Untrained",
    "WinnerKillLoser",
    "WinnerTakeAll",
    "fit_side_by_side",
    "history_of",
    "presentations",
]
