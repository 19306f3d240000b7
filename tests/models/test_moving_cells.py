"""Cells that see movies, against transfer functions on paper and movies they must be blind to."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neuro.geometry import along_and_across, pixel_grid
from neuro.models.moving_cells import (
    FAST,
    SLOW,
    MovingSimpleCells,
    biphasic,
    moving_cortex,
    quadrature_pair,
    separable_cortex,
)
from neuro.recording import record
from neuro.stimuli import Stimuli

BOTH = [moving_cortex, separable_cortex]
STEADY = slice(60, None)  # frames of 10 ms: by then the filters have forgotten the start
FREQUENCY, RATE = 0.45, 4.0  # cycles/degree and Hz that the chains prefer


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


def drifting(direction, contrast=1.0, rate=RATE, frames=110, size=41, dt=10.0):
    """A grating drifting this way: (1, T, 1, size, size)."""
    _, across = along_and_across(*pixel_grid(size, 4.0), torch.tensor(direction - 90.0))
    seconds = torch.arange(frames)[:, None, None] * dt / 1000
    wave = torch.cos(2 * math.pi * (FREQUENCY * across - rate * seconds))
    return (0.5 + 0.5 * contrast * wave).float()[None, :, None]


def at_centre(model, movie):
    """What the cells in the middle answer, each layer (T, K)."""
    middle = movie.shape[-1] // 2
    simple = model.simple(movie)
    return simple[0, :, :, middle, middle].numpy(), model.complex(simple)[0, :, :, middle, middle].numpy()


@pytest.mark.parametrize("order", [FAST, SLOW])
@pytest.mark.parametrize("rate", [1.0, 4.0, 8.0])
def test_a_filter_of_time_has_the_transfer_function_on_paper(order, rate):
    taps, dt = biphasic(order, rate, 2.0).numpy(), 0.002
    k = 2 * math.pi * rate / math.tan(math.pi / 8)
    seconds = np.arange(len(taps)) * dt

    def on_paper(frequency):
        lag = 1 + 2j * math.pi * frequency / k
        return lag ** -(order + 1) * (1 - lag**-2)

    for frequency in (0.5 * rate, rate, 2 * rate, 4 * rate):
        measured = taps @ np.exp(-2j * math.pi * frequency * seconds)
        assert measured == pytest.approx(on_paper(frequency) / abs(on_paper(rate)), abs=2e-3)
    assert taps.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("rate", "dt"), [(4.0, 10.0), (2.0, 16.0), (8.0, 5.0)])
def test_at_its_preferred_rate_the_slow_filter_lags_the_fast_one_by_a_quarter_of_a_cycle(rate, dt):
    gains = []
    for order in (FAST, SLOW):
        taps = biphasic(order, rate, dt).numpy()
        gains.append(taps @ np.exp(-2j * math.pi * rate * np.arange(len(taps)) * dt / 1000))
    assert abs(gains[0]) == pytest.approx(1)
    assert gains[1] / gains[0] == pytest.approx(-1j, abs=2e-3)


@pytest.mark.parametrize(("rate", "dt"), [(0.0, 10.0), (4.0, 50.0), (4.0, 0.0), (-1.0, 10.0)])
def test_frames_too_long_for_the_rate_are_refused(rate, dt):
    with pytest.raises(ValueError, match=f"a temporal frequency of {rate} Hz needs frames of at most a"):
        biphasic(FAST, rate, dt)


def test_a_quadrature_pair_answers_its_grating_with_its_amplitude_and_each_other_with_nothing():
    even, odd = quadrature_pair(30.0, FREQUENCY, 0.6, 1.5, 4.0)
    _, across = along_and_across(*pixel_grid(even.shape[-1], 4.0), torch.tensor(-60.0))
    phase = 2 * math.pi * FREQUENCY * across
    received = torch.tensor(
        [[(field * wave).sum() for wave in (phase.cos(), phase.sin())] for field in (even, odd)]
    )
    torch.testing.assert_close(received, torch.eye(2, dtype=torch.float64), atol=1e-6, rtol=0)
    assert float(even.sum()) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("direction", [0.0, 45.0, 135.0, 270.0])
def test_motion_energy_is_contrast_squared_one_way_and_nothing_the_other(direction):
    plane = round(direction / 45)
    simple, energy = at_centre(moving_cortex(), drifting(direction, contrast=0.6))
    np.testing.assert_allclose(energy[STEADY, plane], 0.36, rtol=0.02)
    assert energy[STEADY, (plane + 4) % 8].max() < 1e-4
    assert energy[STEADY].mean(0).argmax() == plane
    # A simple cell follows the grating: half of a sinusoid whose amplitude is the contrast.
    assert simple[STEADY, 4 * plane].max() == pytest.approx(0.6, rel=0.02)
    assert simple[STEADY, 4 * plane].mean() == pytest.approx(0.6 / math.pi, rel=0.02)


def test_the_four_phases_of_a_simple_cell_are_quarters_of_a_cycle_apart():
    simple, _ = at_centre(moving_cortex(4), drifting(0.0, frames=160))
    cycles = simple[60:160, :4]  # 100 frames of 10 ms: four cycles of 4 Hz
    phases = np.angle(np.fft.rfft(cycles, axis=0)[4], deg=True)
    np.testing.assert_allclose(np.diff(phases) % 360, 90, atol=1)


def test_the_control_answers_both_ways_alike_from_the_first_frame():
    model = separable_cortex()
    one, other = (at_centre(model, drifting(direction))[1] for direction in (45.0, 225.0))
    np.testing.assert_allclose(one[STEADY, 1], 1, rtol=0.02)
    np.testing.assert_allclose(other, one, atol=1e-4)
    np.testing.assert_allclose(one[:, 5], one[:, 1], atol=1e-4)


@pytest.mark.parametrize("cortex", BOTH)
def test_what_stands_still_and_uniform_light_that_flickers_give_exactly_nothing(cortex):
    still = noise(1, 1, 1, 31, 31).expand(2, 30, 1, 31, 31)
    flicker = noise(1, 30, 1, 1, 1).expand(1, 30, 1, 31, 31)
    for movie in (still, flicker):
        assert not cortex(directions=2)(movie).any()
        assert not cortex(directions=2).simple(movie).any()


@pytest.mark.parametrize("cortex", BOTH)
def test_an_answer_does_not_depend_on_frames_to_come(cortex):
    movie, model = noise(1, 20, 1, 31, 31), cortex(directions=2)
    until = model(movie[:, :12])
    torch.testing.assert_close(model(movie)[:, :12], until, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(model(movie[:, 8:])[:, :4], until[:, 8:], atol=1e-3)


def test_a_simple_cell_is_the_sum_over_places_and_delays_of_what_it_sees():
    generator = torch.Generator().manual_seed(5)
    fields = torch.randn(1, 2, 2, 3, 3, generator=generator)
    filters = torch.randn(2, 4, generator=generator)
    movie = noise(1, 7, 1, 6, 6)
    # Before the first frame, that frame; a field that is not balanced sees light less that of one pixel.
    contrast = movie - movie[..., :1, :1]
    held = F.pad((contrast - contrast[:, :1])[0, :, 0], (1,) * 4, mode="replicate")
    before = torch.cat([torch.zeros(3, 8, 8), held])
    cells = MovingSimpleCells(fields, filters)(movie)[0]
    for t, phase, i, j in np.ndindex(7, 2, 6, 6):
        seen = before[t : t + 4, i : i + 3, j : j + 3].flip(0)  # the delay first
        received = torch.einsum("fhw,fu,uhw->", fields[0, phase], filters, seen)
        answers = torch.stack([received, -received]).clamp(min=0)
        torch.testing.assert_close(cells[t, [phase, phase + 2], i, j], answers, atol=1e-4, rtol=1e-4)


def test_a_movie_turned_by_90_degrees_moves_every_answer_by_a_quarter_of_the_directions():
    movie, model = noise(1, 8, 1, 31, 31), moving_cortex(directions=4)
    turned = model(movie.rot90(1, (3, 4)))
    torch.testing.assert_close(turned, model(movie).roll(1, 2).rot90(1, (3, 4)), atol=1e-5, rtol=1e-3)


def test_the_electrode_hands_these_chains_whole_movies():
    movies, model = noise(3, 12, 1, 21, 21), moving_cortex(directions=2)
    recording = record(model, Stimuli(movies, {"direction": [0.0, 90.0, 180.0]}, dt=10.0))
    assert recording["simple"].shape == (3, 12, 8, 21, 21)
    assert recording["complex"].shape == (3, 12, 2, 21, 21)
    np.testing.assert_allclose(recording["complex"], model(movies), atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 1, 21, 21), (2, 5, 3, 21, 21)])
def test_what_is_no_movie_in_grey_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected movies \(B, T, 1, H, W\); got \(2, "):
        moving_cortex(directions=2)(torch.zeros(shape))
