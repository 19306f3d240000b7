"""What every experiment shares: its settings, its result, its claims, its command line."""

from neuro.experiment.cache import fit_cached, found_cached
from neuro.experiment.claims import Claim
from neuro.experiment.command_line import main
from neuro.experiment.errors import UserError
from neuro.experiment.provenance import checksum
from neuro.experiment.result import Result
from neuro.experiment.settings import Settings, over_seeds

__all__ = [
    "Claim",
    "Result",
    "Settings",
    "UserError",
    "checksum",
    "fit_cached",
    "found_cached",
    "main",
    "over_seeds",
]
