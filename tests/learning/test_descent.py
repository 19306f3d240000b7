import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from neuro.learning.descent import Descent


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3))


def optimizer_of(name, parameters):
    if name == "adam":
        return torch.optim.AdamW(parameters, lr=0.02, weight_decay=0.1)
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=0.02, weight_decay=0.1)
    return torch.optim.SGD(parameters, lr=0.02, weight_decay=0.1, momentum=0.9)


@pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop"])
@pytest.mark.parametrize("cycle", [None, 20])
def test_the_steps_are_those_of_torchs_optimizer_to_the_last_bit(name, cycle):
    ours = net()
    theirs = copy.deepcopy(ours)
    descent = Descent(ours.parameters(), name, 0.02, 0.1, cycle)
    optimizer = optimizer_of(name, theirs.parameters())
    schedule = None
    if cycle:
        momenta = {"cycle_momentum": name != "rmsprop"}
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, cycle, **momenta)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        x, y = torch.randn(4, 5, generator=generator), torch.randint(3, (4,), generator=generator)
        for model in (ours, theirs):
            model.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
        descent.step()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(one, other)


def test_a_parameter_without_a_gradient_stays():
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    descent = Descent([used, unused], "adam", 0.1, 0.1)
    (used**2).sum().backward()
    descent.step()
    assert (used != 1).all()
    assert (unused == 1).all()
    descent.forget()
    assert used.grad is None


@pytest.mark.slow
def test_a_descent_does_not_import_the_compiler():
    code = (
        "import sys, torch; from neuro.learning.descent import OPTIMIZERS, Descent;"
        "p = torch.nn.Parameter(torch.ones(1)); (p**2).sum().backward();"
        "[Descent([p], name, 0.1, 0.0).step() for name in OPTIMIZERS];"
        "assert 'torch._dynamo' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_momentum_a_step_is_the_rate_times_the_slope():
    weight = nn.Parameter(torch.tensor([3.0]))
    descent = Descent([weight], "sgd", 0.1, 0.0, momentum=0.0)
    for expected in (2.4, 1.92):  # w - 0.1 * 2 w
        descent.forget()
        (weight**2).sum().backward()
        descent.step()
        assert weight.item() == pytest.approx(expected)


def test_steps_of_rmsprop_are_those_computed_by_hand():
    weight = nn.Parameter(torch.tensor([3.0, -0.01]))
    descent = Descent([weight], "rmsprop", 0.1, 0.0)
    expected, squares = weight.detach().double(), torch.zeros(2, dtype=torch.float64)
    for _ in range(3):
        squares = 0.99 * squares + 0.01 * (2 * expected) ** 2
        expected = expected - 0.1 * 2 * expected / (squares.sqrt() + 1e-8)
        descent.forget()
        (weight**2).sum().backward()
        descent.step()
        torch.testing.assert_close(weight.detach().double(), expected, atol=1e-5, rtol=0)


def test_the_first_step_of_rmsprop_is_ten_rates_long_whatever_the_slope():
    for slope in (1e-4, 1.0, 1e4):
        weight = nn.Parameter(torch.zeros(1))
        descent = Descent([weight], "rmsprop", 0.1, 0.0)
        (slope * weight).sum().backward()
        descent.step()
        # g / sqrt(0.01 g^2), but for epsilon = 1e-8 beside a root of 1e-5
        assert weight.item() == pytest.approx(-1.0, rel=2e-3)
