import importlib.util

import pytest

# A whole experiment, small: two numbers (one may be undefined), one series, two claims.
SCRIPT = '''"""Dice fall on every side alike.

Measured  the mean of a few throws.
"""

import numpy as np
from matplotlib.figure import Figure

from neuro.experiment import Claim, Result, Settings, main, over_seeds

SIDES = 6


def throws(seed):
    return np.random.default_rng(seed).integers(1, SIDES + 1, 100)


def run(settings: Settings) -> Result:
    n = len(settings.seed_list(2, 3, 4))
    thrown = np.array(over_seeds(throws, settings.seed_list(2, 3, 4), settings.jobs))
    claims = [
        Claim("the mean is 3.5", "Pascal 1654", 3.5, 3.0, 4.0, "by hand", thrown.mean()),
        Claim("a 7 is thrown", "nobody", 7, 7, None, "by hand", thrown.max()),
    ]
    numbers = {"mean": thrown.mean(), "runs": n, "sevens": np.nan}
    took = {"seconds of one throw": 0.5}
    return Result(numbers, {"throws": thrown}, claims, {"sevens": "no die has seven sides"}, run=took)


def draw(result: Result) -> Figure:
    figure = Figure()
    figure.subplots().plot(result.series["throws"].T)
    return figure


if __name__ == "__main__":
    main(run, draw)
'''


@pytest.fixture
def write_script(tmp_path):
    """Writes experiments/<name>.py, the experiment above with some of its text replaced; gives its path."""

    def write(name="dice", **replaced):
        text = SCRIPT
        for old, new in replaced.get("change", {}).items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "experiments" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def experiment(write_script):
    """Writes an experiment as `write_script` does, and imports it."""

    def load(name="dice", **replaced):
        spec = importlib.util.spec_from_file_location(name, write_script(name, **replaced))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
