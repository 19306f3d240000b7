"""Learning rules: one file per family, each with its source, its equation and its condition of use.

A rule is a Learner: `fit(model, stimuli, generator)` gives a trained copy and leaves the original alone.
"""

from neuro.learning.backpropagation import Backpropagation
from neuro.learning.controls import Imprinting, Untrained
from neuro.learning.learner import Learner, history_of
from neuro.learning.winner_take_all import WinnerTakeAll

__all__ = ["Backpropagation", "Imprinting", "Learner", "Untrained", "WinnerTakeAll", "history_of"]
