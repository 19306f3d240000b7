"""Run the experiments side by side and print the board of all their claims.

python -m experiments [NAME ...]    no NAME: all of them; --list says which there are
"""

from pathlib import Path

from experiments import STORY
from neuro.experiment import story

if __name__ == "__main__":
    story.main(Path(__file__).resolve().parent, STORY, __doc__)
