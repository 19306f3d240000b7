import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro.experiment import Claim


def claim(low=0.2, high=0.4, measured=0.3, **more):
    return Claim("cells fire", "Hubel 1962, p. 1", 0.3, low, high, "the paper", measured, **more)


@pytest.mark.parametrize(
    ("low", "high", "measured", "control", "verdict"),
    [
        (0.2, 0.4, 0.3, None, "holds"),
        (0.2, 0.4, 0.2, None, "holds"),
        (0.2, 0.4, 0.4, None, "holds"),
        (0.2, 0.4, 0.5, None, "fails"),
        (0.2, None, 9.0, None, "holds"),
        (None, 0.4, -9.0, None, "holds"),
        (None, 0.4, 0.5, None, "fails"),
        (None, None, 0.3, None, "not comparable"),
        (0.2, 0.4, None, None, "not checked"),
        (None, None, None, None, "not checked"),
        (0.2, 0.4, 0.3, 0.9, "holds"),
        (0.2, 0.4, 0.3, 0.3, "fails"),
        (0.2, 0.4, 0.9, 0.9, "fails"),
        (0.2, 0.4, 0.3, math.nan, "fails"),
        (0.2, 0.4, math.nan, None, "fails"),
        (0.2, None, math.inf, None, "fails"),
        (0, 0, 0, None, "holds"),
    ],
)
def test_the_verdict_by_hand(low, high, measured, control, verdict):
    name = "" if control is None else "unaligned cells"
    assert claim(low, high, measured, control=name, control_measured=control).verdict == verdict


def test_a_value_that_is_not_finite_says_so_in_the_note():
    assert claim(measured=math.nan).note == "not finite"
    assert claim(measured=math.nan, note="five seeds").note == "five seeds; not finite"


def test_a_measured_claim_needs_the_value_of_its_control():
    with pytest.raises(ValueError, match="names the control 'unaligned cells' but not its value"):
        claim(control="unaligned cells")
    assert claim(measured=None, control="unaligned cells").verdict == "not checked"


def test_a_control_value_needs_a_name():
    with pytest.raises(ValueError, match="does not name the control"):
        claim(control_measured=0.1)


def test_a_band_upside_down_is_refused():
    with pytest.raises(ValueError, match=r"the band runs from 0\.4 to 0\.2"):
        claim(0.4, 0.2)


@pytest.mark.parametrize(
    ("low", "high", "band"),
    [(0.2, 0.4, "0.2 to 0.4"), (None, 0.4, "at most 0.4"), (0.2, None, "at least 0.2"), (None, None, "-")],
)
def test_the_band_in_words(low, high, band):
    assert claim(low, high).band == band


bounds = st.none() | st.floats(-1, 0)


@given(bounds, bounds.map(lambda x: x and -x), st.none() | st.floats(), st.none() | st.floats())
def test_a_claim_survives_json_with_its_verdict(low, high, measured, control):
    name = "" if control is None else "control"
    before = claim(low, high, measured, control=name, control_measured=control)
    record = json.loads(json.dumps(before.to_json(), allow_nan=False))
    after = Claim.from_json(record)
    assert repr(after) == repr(before)  # repr, since NaN does not equal itself
    assert record["verdict"] == after.verdict
