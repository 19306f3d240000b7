import os
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from neuro.experiment import Settings, UserError, over_seeds
from neuro.experiment.errors import refusals
from neuro.experiment.files import save_picture


@pytest.mark.parametrize(("scale", "value"), [("quick", 1), ("default", 2), ("full", 3)])
def test_each_scale_has_its_value(scale, value):
    assert Settings(scale).pick(1, 2, 3) == value
    assert Settings(scale, seed=7).seed_list(1, 2, 3) == list(range(7, 7 + value))
    assert Settings(scale, seed=7, seeds=4).seed_list(1, 2, 3) == [7, 8, 9, 10]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scale": "huge"}, "no scale 'huge'; there are quick, default, full"),
        ({"seed": -1}, "the seed must lie in 0 to 4294967295; got -1"),
        ({"seeds": 0}, "the number of seeds must be at least 1; got 0"),
        ({"jobs": 0}, "the number of jobs must be at least 1; got 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


def test_how_and_where_a_run_is_made_is_no_other_setting(tmp_path):
    assert Settings(seed=0, jobs=4, data_dir=tmp_path, cache=tmp_path).is_default


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ({"scale": "quick"}, "quick"),
        ({"seed": 3, "seeds": 2}, "seed3-seeds2"),
        ({"scale": "full", "dataset": "mnist", "device": "cuda"}, "full-datasetmnist-cuda"),
    ],
)
def test_other_settings_name_a_folder_of_their_own(given, slug):
    settings = Settings(**given)
    assert settings.slug == slug
    assert not settings.is_default


def test_folders_of_one_name_in_two_places_do_not_share_their_results():
    one, two = (Settings(dataset=f"/{place}/my digits").slug for place in "ab")
    assert one.startswith("datasetmy_digits-")
    assert one != two
    assert "/" not in one + two


def draws(seed):
    """A product large enough that torch would use several threads, and the threads it had."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(200, 3000, generator=generator)
    return float((matrix @ matrix.T).sum()), torch.get_num_threads()


@pytest.mark.slow
def test_the_numbers_do_not_depend_on_the_number_of_processes():
    alone = over_seeds(draws, [3, 1, 2])
    assert over_seeds(draws, [3, 1, 2], jobs=2) == alone
    assert [threads for _, threads in alone] == [1, 1, 1]
    assert len(set(alone)) == 3


def test_no_seeds_give_no_results():
    assert over_seeds(draws, []) == []


def process(seed):
    return os.getpid()


def refused(seed):
    return Settings(seed=-seed)


@pytest.mark.slow
def test_two_jobs_are_other_processes_and_what_they_refuse_is_told_in_one_line():
    assert os.getpid() not in over_seeds(process, [1, 2], jobs=2)
    with pytest.raises(UserError, match="the seed must lie in"):
        over_seeds(refused, [1, 2], jobs=2)


def test_a_refusal_of_the_library_is_the_users_error():
    with pytest.raises(UserError, match="the seed must lie in"), refusals():
        Settings(seed=-1)


def test_a_missing_file_is_the_users_error(tmp_path):
    with pytest.raises(UserError, match=r"No such file or directory.*missing"), refusals():
        (tmp_path / "missing").read_text()


def own_refusal():
    raise ValueError("not the library's")


def look_up_in_the_library():
    save_picture(Figure(), Path("no picture.bmp"))


@pytest.mark.parametrize(
    "bug", [own_refusal, look_up_in_the_library, lambda: np.zeros(2) + np.zeros(3), lambda: int("x")]
)
def test_the_same_exceptions_from_elsewhere_are_bugs(bug):
    with pytest.raises((KeyError, ValueError)) as caught, refusals():
        bug()
    assert not isinstance(caught.value, UserError)


def test_a_net_of_ones_own_is_imported(tmp_path, monkeypatch):
    (tmp_path / "my_net.py").write_text(
        "import torch\n\ndef net():\n    return torch.nn.Linear(32, 3)\n\n"
        "def narrow():\n    return torch.nn.Linear(2, 3)\n\nx = dict\n"
    )
    monkeypatch.chdir(tmp_path)
    assert Settings(model="my_net:net").own_model().out_features == 3
    for model, message in [
        ("my_net", "--model wants module:function"),
        ("my_net.py:net", "without .py"),
        ("my_net:narrow", "cannot be multiplied"),
        ("my_net:other", "has no attribute 'other'"),
        ("no_such_module:net", "No module named 'no_such_module'"),
        ("my_net:x", "gives a dict, not a torch.nn.Module"),
    ]:
        with pytest.raises(UserError, match=message):
            Settings(model=model).own_model()
