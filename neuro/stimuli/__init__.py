"""What is shown: images and movies, and the slits, spots, gratings and noise they show."""

from neuro.stimuli.bars import edges, slits, two_bars
from neuro.stimuli.core import Stimuli, concatenate, resized
from neuro.stimuli.drawing import EDGE
from neuro.stimuli.gratings import gratings, plaids
from neuro.stimuli.movies import counterphase_gratings, drifting_gratings, moving_bars, moving_spots
from neuro.stimuli.noise import dense_noise, sparse_noise
from neuro.stimuli.spots import annuli, full_field, rows_of_spots, scrambled_spots, spots

__all__ = [
    "EDGE",
    "Stimuli",
    "annuli",
    "concatenate",
    "counterphase_gratings",
    "dense_noise",
    "drifting_gratings",
    "edges",
    "full_field",
    "gratings",
    "moving_bars",
    "moving_spots",
    "plaids",
    "resized",
    "rows_of_spots",
    "scrambled_spots",
    "slits",
    "sparse_noise",
    "spots",
    "two_bars",
]
