"""A column of a table against a histogram."""

import numpy as np
import pytest

from neuro.physiology import population_distance


def test_units_without_a_value_are_left_out_and_counted():
    # Three of four cells are in the first bin, one of two published cells: 3/4 - 1/2.
    found = population_distance([0.1, 0.2, np.nan, 0.3, 1.5], [0, 1, 2], [1, 1], np.random.default_rng(0))
    assert found.distance == pytest.approx(0.25)
    assert (found.units, found.left_out) == (4, 1)
    assert 0 <= found.low <= found.high <= 1


def test_a_column_without_any_value_is_refused():
    with pytest.raises(ValueError, match="sample"):
        population_distance([np.nan], [0, 1], [1], np.random.default_rng(0))
