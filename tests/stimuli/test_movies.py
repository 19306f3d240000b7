"""A frame of a movie is the still of its moment; things move where, and as fast as, they are told."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.stimuli import (
    Stimuli,
    counterphase_gratings,
    drifting_gratings,
    gratings,
    moving_bars,
    moving_spots,
    slits,
    spots,
)
from tests.stimuli.light import ON_BLACK, SCREEN, light_and_centroid

SHORT = {"duration": 200.0, "dt": 25.0, **SCREEN}
exact = {"atol": 2e-6, "rtol": 0}
directions = st.floats(0, 360, exclude_max=True)


def test_a_movie_has_a_frame_every_dt():
    movie = drifting_gratings([0, 90, 180], duration=500, dt=20, size=16, field=4.0)
    assert movie.images.shape == (3, 25, 1, 16, 16)
    assert (movie.dt, movie.pixels_per_degree) == (20.0, 4.0)
    assert movie.condition("direction").tolist() == [0, 90, 180]
    assert drifting_gratings(0, duration=1000, dt=1000 / 60, size=4).images.shape[1] == 60


@settings(max_examples=20, deadline=None)
@given(st.floats(90, 270, exclude_max=True), st.floats(0, 1), st.floats(0, 20), st.floats(0, 360))
def test_a_drifting_grating_is_a_grating_whose_phase_runs_back(direction, frequency, hertz, phase):
    movie = drifting_gratings(direction, frequency, hertz, 0.7, phase, 6.0, x=1.0, **SHORT)
    phases = phase - 360 * hertz * np.arange(8) * 0.025
    stills = gratings(direction - 90, frequency, phases, 0.7, 6.0, x=1.0, **SCREEN)
    torch.testing.assert_close(movie.images[0], stills.images, **exact)


@pytest.mark.parametrize(("direction", "shift"), [(0, (0, 1)), (90, (-1, 0)), (180, (0, -1)), (270, (1, 0))])
def test_a_grating_drifts_in_its_direction_at_temporal_over_spatial_frequency(direction, shift):
    # 5 Hz / 0.5 cycles per degree = 10 degrees/s: in 50 ms half a degree, a pixel here.
    movie = drifting_gratings(direction, 0.5, 5.0, phase=30, duration=100, dt=50, **SCREEN).images[0, :, 0]
    moved = movie[0].roll(shift, (0, 1))
    torch.testing.assert_close(movie[1, 1:-1, 1:-1], moved[1:-1, 1:-1], **exact)


@settings(max_examples=20, deadline=None)
@given(directions)
def test_of_an_even_grating_the_opposite_direction_is_the_movie_turned_about(direction):
    there, back = drifting_gratings([direction, direction + 180], 0.6, 4.0, **SHORT).images
    torch.testing.assert_close(back, torch.rot90(there, 2, (-2, -1)), **exact)


def test_a_counterphase_grating_is_two_gratings_drifting_against_each_other():
    standing = counterphase_gratings(30, 0.5, 50, 4.0, 0.8, **SHORT).images
    there = drifting_gratings(120, 0.5, 4.0, 0.8, 50, **SHORT).images
    back = drifting_gratings(120 + 180, 0.5, 4.0, 0.8, -50, **SHORT).images
    torch.testing.assert_close(standing, (there + back) / 2, **exact)


def test_a_counterphase_grating_begins_as_the_still_and_reverses_after_half_a_cycle():
    movie = counterphase_gratings(20, 0.5, 30, 5.0, 0.6, 6.0, **SHORT).images[0]
    still = gratings(20, 0.5, 30, 0.6, 6.0, **SCREEN).images[0]
    torch.testing.assert_close(movie[0], still, **exact)
    torch.testing.assert_close(movie[4], 1 - still, **exact)  # 100 ms
    torch.testing.assert_close(movie[2], torch.full_like(still, 0.5), **exact)


@pytest.mark.parametrize("grating", [drifting_gratings, counterphase_gratings])
def test_a_frequency_above_nyquist_in_time_or_space_is_refused(grating):
    with pytest.raises(ValueError, match="51 Hz is above Nyquist: frames of 10 ms carry at most 50"):
        grating(0, temporal_frequency=[4, 51], dt=10)
    with pytest.raises(ValueError, match=r"2.1 cycles/degree is above Nyquist"):
        grating(0, spatial_frequency=2.1)
    grating(0, temporal_frequency=50, dt=10, duration=20, size=4)


@settings(max_examples=20, deadline=None)
@given(directions, st.floats(0, 20), st.floats(-1, 1), st.floats(-1, 1))
def test_bars_and_spots_move_in_their_direction_at_their_speed_and_are_at_x_y_in_mid_movie(
    direction, speed, x, y
):
    way = speed * (np.arange(8) - 3.5)[:, None] * 0.025
    angle = np.deg2rad(direction)
    expected = np.array([x, y]) + way * np.array([np.cos(angle), np.sin(angle)])
    timing = {"duration": 200.0, "dt": 25.0, "x": x, "y": y, **ON_BLACK}
    for movie in (
        moving_bars(direction, speed, 4.0, 1.0, **timing),
        moving_spots(direction, speed, 2.0, **timing),
    ):
        _, centroid = light_and_centroid(Stimuli(movie.images[0], pixels_per_degree=2.0))
        assert centroid == pytest.approx(expected, abs=5e-3)


@settings(max_examples=20, deadline=None)
@given(directions, st.floats(0, 20))
def test_a_movie_backwards_moves_in_the_opposite_direction(direction, speed):
    for moving in (moving_bars, moving_spots):
        there, back = moving([direction, direction + 180], speed, **SHORT).images
        torch.testing.assert_close(back, there.flip(0), **exact)


def test_a_bar_lies_across_its_motion_and_its_frames_are_slits():
    movie = moving_bars(120, 16.0, 6.0, 1.0, -1, 0.5, duration=200, dt=25, **SCREEN).images[0]
    stills = slits(30, 6.0, 1.0, 16.0 * (np.arange(8) - 3.5) * 0.025, -1, 0.5, **SCREEN).images
    torch.testing.assert_close(movie, stills, **exact)


def test_without_speed_a_spot_stays():
    movie = moving_spots(45, 0.0, 2.0, x=1.0, **SHORT).images[0]
    torch.testing.assert_close(movie, spots(1.0, 0.0, 2.0, **SCREEN).images.expand(8, -1, -1, -1))


@pytest.mark.parametrize(
    ("show", "message"),
    [
        (lambda: moving_bars(0, duration=0), "duration must be above zero; got 0"),
        (lambda: moving_bars(0, dt=-1), "dt must be above zero; got -1"),
        (lambda: drifting_gratings(0, dt=np.nan), "dt must be a finite number"),
        (lambda: moving_spots(0, duration=4, dt=10), "a movie of 4 ms has no frame of 10 ms"),
        (lambda: moving_spots(0, speed=-1), "speed must not be below zero; got -1"),
        (lambda: moving_spots([0, np.inf]), "direction must be a finite number or a list of them"),
    ],
)
def test_movies_that_cannot_be_shown_are_refused(show, message):
    with pytest.raises(ValueError, match=message):
        show()


def test_directions_are_folded_to_360_degrees():
    assert moving_spots([-90, 450], duration=10, size=4).condition("direction").tolist() == [270, 90]
