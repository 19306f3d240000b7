"""Divisive normalisation, against the hyperbolic ratio and the failures of a pool-less control."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.analysis.tuning import half_width
from neuro.models.hubel_wiesel import gabor_cells, normalised_cortex, saturating_cortex
from neuro.models.normalisation import DivisiveNormalisation, Saturation
from neuro.recording import record
from neuro.stimuli import gratings, plaids

CONTRASTS = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
SCREEN = {"size": 33, "spatial_frequency": 0.45}
CENTRE = [[0, 16, 16]]


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def shown_gratings(orientations, **given):
    return gratings(orientations, spatial_frequency=0.45, size=33, **given)


def test_every_cell_is_divided_by_the_mean_of_all_planes_about_it():
    drive, expected = noise(2, 3, 6, 7), torch.zeros(2, 3, 6, 7)
    for b, k, i, j in np.ndindex(*expected.shape):
        pool = drive[b, :, max(0, i - 2) : i + 3, max(0, j - 2) : j + 3].mean()
        expected[b, k, i, j] = drive[b, k, i, j] ** 2.5 / (0.3**2.5 + pool**2.5)
    torch.testing.assert_close(DivisiveNormalisation(0.3, 2.5, radius=2)(drive), expected)


def test_saturation_divides_every_cell_by_itself_alone():
    drive = noise(2, 3, 4, 4)
    torch.testing.assert_close(Saturation(0.3, 2.0)(drive), drive**2 / (0.09 + drive**2))


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 10), st.floats(0.5, 4), st.floats(0.001, 1))
def test_when_drive_and_pool_grow_with_contrast_the_answer_is_the_hyperbolic_ratio(sigma, exponent, contrast):
    drive, layer = noise(1, 2, 5, 5).double(), DivisiveNormalisation(sigma, exponent, radius=4)
    pool = drive.mean()  # the radius takes in the whole sheet
    half = sigma / pool
    largest = (drive / pool) ** exponent
    expected = largest * contrast**exponent / (half**exponent + contrast**exponent)
    torch.testing.assert_close(layer(contrast * drive), expected)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1e30), st.floats(0, 1e30), st.floats(1e-3, 1), st.floats(0.5, 4))
def test_the_answer_to_any_drive_is_finite_and_to_none_it_is_zero(drive, beside, sigma, exponent):
    drives = torch.tensor([drive, beside, 0.0]).reshape(1, 3, 1, 1)
    for layer in (DivisiveNormalisation(sigma, exponent, 1), Saturation(sigma, exponent)):
        answer = layer(drives)
        assert torch.isfinite(answer).all()
        assert (answer >= 0).all()
        assert answer[0, 2] == 0


def test_a_uniform_sheet_is_answered_at_its_rim_as_in_its_middle():
    answer = DivisiveNormalisation(0.1, 2.0, 3)(torch.full((1, 2, 9, 9), 0.4))
    torch.testing.assert_close(answer, torch.full((1, 2, 9, 9), 0.16 / 0.17))


@pytest.mark.parametrize(("sigma", "exponent"), [(0.0, 2.0), (-0.1, 2.0), (0.1, 0.0), (float("nan"), 2.0)])
def test_a_semi_saturation_or_exponent_that_is_not_above_zero_is_refused(sigma, exponent):
    for layer in (lambda: DivisiveNormalisation(sigma, exponent, 2), lambda: Saturation(sigma, exponent)):
        with pytest.raises(ValueError, match="semi-saturation and exponent must be above zero; got"):
            layer()
    with pytest.raises(ValueError, match="the pool's radius is a number of cells, 0 or more; got -1"):
        DivisiveNormalisation(0.1, 2.0, -1)


@pytest.mark.parametrize("layer", ["normalised", "complex"])
def test_contrast_saturates_half_way_at_a_contrast_of_0_3(layer):
    recording = record(normalised_cortex(), shown_gratings(0, contrast=CONTRASTS), [layer], CENTRE)
    answers = recording[layer].ravel()
    # Uniform scaling of the picture scales every drive and every pool: c^n / (c50^n + c^n).
    hyperbolic = CONTRASTS**2 / (0.3**2 + CONTRASTS**2)
    np.testing.assert_allclose(answers / answers[-1], hyperbolic / hyperbolic[-1], rtol=0.12)


@pytest.mark.parametrize("layer", ["normalised", "complex"])
def test_the_width_of_tuning_does_not_change_with_contrast(layer):
    orientations = np.arange(0, 180, 10.0)
    widths = [
        float(half_width(record(normalised_cortex(), shown, [layer], CENTRE)[layer].ravel(), orientations))
        for shown in (shown_gratings(orientations, contrast=c) for c in (0.05, 0.3, 1.0))
    ]
    assert max(widths) / min(widths) < 1.05
    # Saturation without a pool flattens the top of the curve, and so widens it.
    control = saturating_cortex()
    narrow, wide = (
        half_width(record(control, shown, ["saturated"], CENTRE)["saturated"].ravel(), orientations)
        for shown in (shown_gratings(orientations, contrast=c) for c in (0.05, 1.0))
    )
    assert wide > 1.15 * narrow


def test_an_orthogonal_mask_suppresses_by_way_of_the_pool_and_not_without_one():
    alone = shown_gratings(0, contrast=0.5)
    masked = plaids(0, 90, contrast=0.5, mask_contrast=0.5, **SCREEN)
    suppressed = {}
    for model, layer in ((normalised_cortex(), "normalised"), (saturating_cortex(), "saturated")):
        one, both = (float(record(model, shown, [layer], CENTRE)[layer].item()) for shown in (alone, masked))
        suppressed[layer] = 1 - both / one
    assert suppressed["normalised"] > 0.3
    # The fields are blind to the orthogonal grating: their drive is the same.
    assert suppressed["saturated"] == pytest.approx(0, abs=0.01)


def test_the_drive_of_the_normalised_cells_is_that_of_the_simple_cells():
    shown = shown_gratings([0, 30])
    recording = record(normalised_cortex(gabor_cells(4)), shown)
    expected = DivisiveNormalisation(0.015, 2.0, 8)(torch.from_numpy(recording["simple"]))
    np.testing.assert_allclose(recording["normalised"], expected, rtol=1e-5)
