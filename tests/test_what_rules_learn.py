"""The share of variance that units account for, whatever their lengths and angles."""

import numpy as np
import pytest

from experiments.what_rules_learn import accounted


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(20, 6))


def test_equal_units_account_for_what_one_of_them_does(rows):
    unit = np.random.default_rng(1).normal(size=(1, 6))
    equal = (np.tile(unit, (4, 1)) * [[1], [1], [-1], [3]]).astype(np.float32)
    alone = ((rows @ unit[0]) ** 2).sum() / (unit**2).sum()
    assert accounted(rows, equal) == pytest.approx(alone, rel=1e-5)  # of single precision


def test_units_at_any_angle_account_for_what_an_orthogonal_pair_of_their_plane_does(rows):
    units = np.array([[1, 0, 0, 0, 0, 0], [5, 0.1, 0, 0, 0, 0]])
    assert accounted(rows, units) == pytest.approx((rows[:, :2] ** 2).sum())


def test_as_many_units_as_pixels_account_for_everything(rows):
    units = np.random.default_rng(2).normal(size=(6, 6))
    assert accounted(rows, units) == pytest.approx((rows**2).sum())
