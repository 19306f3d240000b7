"""The population: its parameters against the published counts, its cells against closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from neuro.analysis.published import PEAK_FREQUENCY, PREFERRED_ORIENTATION, SUBREGIONS
from neuro.models.population import (
    FREQUENCY_COUNTS,
    FREQUENCY_EDGES,
    ORIENTATION_COUNTS,
    SHAPE_COUNTS,
    SHAPE_EDGES,
    Cells,
    drawn_cells,
    macaque_population,
    population,
)
from neuro.recording import record
from neuro.stimuli import full_field, gratings

MANY = 20_000
PHASES = np.arange(0, 360, 22.5)
HALF_TURN = st.floats(0, 180, exclude_max=True)  # at 180 the phase would run the other way
SCREEN = {"size": 65, "pixels_per_degree": 4.0}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def cells(**given):
    """Horizontal, even, simple cells without a floor, of 0.5 cycles/degree, but for what is given."""
    usual = {"n_x": 0.4, "n_y": 0.5, "spatial_frequency": 0.5, "orientation": 0.0, "phase": 0.0}
    usual |= {"mixture": 1.0, "floor": 0.0} | given
    values = [torch.as_tensor(value, dtype=torch.float64).reshape(-1) for value in usual.values()]
    return Cells(**dict(zip(usual, torch.broadcast_tensors(*values), strict=True)))


def membrane(of, orientation=0.0, phase=PHASES, **options):
    """What the cells' membranes answer to full gratings of their frequency. Shapes: (stimuli, cells)."""
    model = population(of, 65 / 4, 4.0)
    shown = gratings(orientation, float(of.spatial_frequency[0]), phase, **SCREEN, **options)
    return record(model, shown, ["membrane"])["membrane"][:, :, 0, 0]


def assert_shares(values, edges, counts):
    """The shares of the bins are those of the counts, within four standard errors of a draw of this many."""
    expected = np.asarray(counts).ravel() / np.sum(counts)
    binned = np.histogramdd(np.asarray(values), edges)[0].ravel()
    assert binned.sum() == len(values)
    error = 4 * np.sqrt(expected * (1 - expected) / len(values))
    assert (np.abs(binned / len(values) - expected) <= error).all()


def test_the_tables_drawn_from_are_the_published_ones_that_populations_are_held_against():
    assert (np.sum(SHAPE_COUNTS), sum(FREQUENCY_COUNTS), sum(ORIENTATION_COUNTS)) == (79, 363, 385)
    assert (SUBREGIONS.edges, SUBREGIONS.counts) == (SHAPE_EDGES, SHAPE_COUNTS)
    assert (PEAK_FREQUENCY.edges, PEAK_FREQUENCY.counts) == (FREQUENCY_EDGES, FREQUENCY_COUNTS)
    assert PREFERRED_ORIENTATION.counts == ORIENTATION_COUNTS


def test_shapes_follow_the_joint_histogram_not_only_its_margins():
    drawn = drawn_cells(MANY, seeded())
    shapes = torch.stack([drawn.n_x, drawn.n_y], dim=1)
    assert_shares(shapes, [np.array(SHAPE_EDGES)] * 2, SHAPE_COUNTS)


def test_within_a_bin_shapes_are_even_in_the_logarithm():
    n_y = drawn_cells(MANY, seeded()).n_y.numpy()
    low, high = SHAPE_EDGES[2:4]
    inside = n_y[(n_y > low) & (n_y < high)]
    assert kstest(np.log(inside / low) / np.log(high / low), "uniform").pvalue > 0.001


def test_where_the_field_can_show_all_frequencies_they_follow_the_histogram():
    drawn = drawn_cells(MANY, seeded(), field=20, pixels_per_degree=90).spatial_frequency
    assert_shares(drawn[:, None], [np.array(FREQUENCY_EDGES)], FREQUENCY_COUNTS)


@settings(max_examples=20, deadline=None)
@given(st.floats(3, 12), st.floats(16, 60), st.integers(0, 99))
def test_every_cell_fits_into_the_field_and_onto_the_pixels(field, pixels_per_degree, seed):
    drawn = drawn_cells(50, seeded(seed), field=field, pixels_per_degree=pixels_per_degree)
    sd = torch.maximum(drawn.n_x, drawn.n_y) / drawn.spatial_frequency
    assert (4 * sd <= field * 1.000001).all()
    assert (pixels_per_degree / drawn.spatial_frequency >= 4 * 0.999999).all()


def test_orientations_follow_the_published_counts_about_the_axes():
    turned = (drawn_cells(MANY, seeded()).orientation + 22.5) % 180
    assert_shares(turned[:, None], [np.arange(0, 181, 45)], ORIENTATION_COUNTS)


def test_mixture_floor_and_phase_are_uniform():
    drawn = drawn_cells(MANY, seeded(), floor=0.7)
    for values in (drawn.mixture, drawn.floor / 0.7, drawn.phase / 360):
        assert kstest(values.numpy(), "uniform").pvalue > 0.001


def test_a_population_comes_from_its_generator():
    light = torch.rand(1, 1, 40, 40, generator=seeded())
    one, again, other = (
        macaque_population(5, seeded(seed), field=4, pixels_per_degree=10)(light) for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_the_chain_is_membrane_and_cells_with_one_receptive_field_a_cell():
    model = macaque_population(7, seeded(), field=4, pixels_per_degree=10)
    shown = gratings([0, 45, 90], 1.0, size=40, pixels_per_degree=10)
    answers = record(model, shown)
    assert list(answers.responses) == ["membrane", "cells"]
    assert answers["cells"].shape == (3, 7, 1, 1)
    np.testing.assert_allclose(answers["cells"], answers["membrane"].clip(min=0) ** 2)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 1))
def test_diffuse_light_gives_exactly_nothing(luminance):
    model = macaque_population(20, seeded(), field=4, pixels_per_degree=10)
    assert not model(full_field(luminance, size=40, pixels_per_degree=10).images).any()


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 360), HALF_TURN, st.floats(0.2, 0.9), st.floats(0.2, 0.9))
def test_a_linear_cell_answers_its_grating_with_the_cosine_of_the_phase_between_them(phase, o, n_x, n_y):
    answers = membrane(cells(phase=phase, orientation=o, n_x=n_x, n_y=n_y), orientation=o)[:, 0]
    np.testing.assert_allclose(answers, np.cos(np.deg2rad(PHASES - phase)), atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(HALF_TURN, st.floats(0.2, 0.9), st.floats(0.2, 0.9))
def test_an_energy_cell_answers_every_phase_of_its_grating_with_one(orientation, n_x, n_y):
    of = cells(mixture=0.0, orientation=orientation, n_x=n_x, n_y=n_y)
    np.testing.assert_allclose(membrane(of, orientation=orientation), 1, atol=1e-3)


@pytest.mark.parametrize("phase", [0.0, 90.0])
def test_tuning_is_the_fourier_transform_of_a_gabor_without_its_mean(phase):
    n_x, n_y, turned = 0.35, 0.5, np.arange(0, 180, 10.0)
    answers = membrane(cells(n_x=n_x, n_y=n_y, phase=phase), turned, phase)[:, 0]
    u, v = np.cos(np.deg2rad(turned)), np.sin(np.deg2rad(turned))  # across and along, in its own frequency

    def lobe(centre, u):
        return np.exp(-2 * math.pi**2 * n_x**2 * (u - centre) ** 2)

    def amplitude(u, v):
        even = (lobe(1, u) + lobe(-1, u)) / 2 - lobe(0, 1.0) * lobe(0, u)
        odd = (lobe(1, u) - lobe(-1, u)) / 2
        return np.exp(-2 * math.pi**2 * n_y**2 * v**2) * (even if phase == 0 else odd)

    np.testing.assert_allclose(answers, amplitude(u, v) / amplitude(1.0, 0.0), atol=2e-3)


def test_the_floor_adds_the_same_to_every_orientation_and_phase():
    turned, phase = (grid.ravel() for grid in np.meshgrid(np.arange(0, 180, 20), PHASES))
    above, without = (membrane(cells(floor=b, orientation=30), turned, phase) for b in (0.6, 0.0))
    np.testing.assert_allclose(above - without, 0.6, rtol=0.01)


def test_the_drive_is_proportional_to_contrast():
    of = cells(mixture=[0.0, 0.5, 1.0], floor=0.3)
    full, faint = membrane(of), membrane(of, contrast=0.01)
    np.testing.assert_allclose(faint, full / 100, atol=2e-5)


def test_a_mixed_cell_is_the_mixture_of_a_simple_and_a_complex_one():
    turned, phase = (grid.ravel() for grid in np.meshgrid(np.arange(0, 180, 20), PHASES))
    simple, half, complex_ = membrane(cells(mixture=[1.0, 0.3, 0.0], phase=40.0), turned, phase).T
    np.testing.assert_allclose(half, 0.3 * simple + 0.7 * complex_, atol=1e-6)


def test_turning_cells_and_light_by_90_degrees_changes_nothing():
    of = drawn_cells(10, seeded(), spatial_frequency=0.5, field=65 / 4, pixels_per_degree=4)
    light = torch.rand(3, 1, 65, 65, generator=seeded())
    turned = population(replace(of, orientation=of.orientation + 90), 65 / 4, 4.0)(light.rot90(1, (2, 3)))
    torch.testing.assert_close(turned, population(of, 65 / 4, 4.0)(light), atol=1e-5, rtol=0)


def test_frequency_only_sets_the_scale():
    light = torch.rand(3, 1, 40, 40, generator=seeded())
    coarse, fine = (
        macaque_population(10, seeded(), 1.0, 0.5 * zoom, 16 / zoom, 2.5 * zoom)(light) for zoom in (1, 8)
    )
    torch.testing.assert_close(coarse, fine, atol=1e-5, rtol=1e-4)


def test_a_simple_cell_with_half_squaring_has_an_f1_f0_of_16_over_3_pi():
    rate = membrane(cells())[:, 0].clip(min=0) ** 2
    # F0 = 1/4 and F1 = (1/pi) times the integral of cos^3 from -90 to 90 degrees, 4/3.
    assert 2 * np.abs(np.fft.fft(rate)[1]) / rate.sum() == pytest.approx(16 / (3 * math.pi), rel=1e-3)


def test_the_gradient_is_finite_even_in_uniform_light():
    light = torch.full((1, 1, 40, 40), 0.5, requires_grad=True)
    macaque_population(5, seeded(), field=4, pixels_per_degree=10)[0](light).sum().backward()
    assert torch.isfinite(light.grad).all()


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="at least one cell and no negative floor; got 0 and 1"):
        drawn_cells(0, seeded())
    with pytest.raises(ValueError, match="at least one cell and no negative floor; got 3 and -1"):
        drawn_cells(3, seeded(), floor=-1)
    with pytest.raises(ValueError, match=r"shows all cells at .* to 7 cycles/degree; got 9"):
        drawn_cells(3, seeded(), spatial_frequency=9)
    with pytest.raises(ValueError, match="no published frequency fits this field"):
        drawn_cells(3, seeded(), field=0.1)
    with pytest.raises(ValueError, match="look at 1 x 40 x 40 pixels, 10 per degree; got 1 x 65 x 65"):
        macaque_population(2, seeded(), field=4, pixels_per_degree=10)(torch.zeros(1, 1, 65, 65))
