import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro.analysis import field_size, fit_gabor

SIZE, PIXELS_PER_DEGREE = 33, 8.0
AXIS = (np.arange(SIZE) - (SIZE - 1) / 2) / PIXELS_PER_DEGREE
X, Y = np.meshgrid(AXIS, -AXIS)


def along_across(orientation, x, y):
    angle = np.deg2rad(orientation)
    dx, dy = X - x, Y - y
    return dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)


def gabor(x, y, orientation, spatial_frequency, phase, sd_across, sd_along, amplitude=1.0):
    along, across = along_across(orientation, x, y)
    envelope = np.exp(-(along**2) / (2 * sd_along**2) - across**2 / (2 * sd_across**2))
    return amplitude * envelope * np.cos(2 * np.pi * spatial_frequency * across + np.deg2rad(phase))


def random_gabors(n, seed=0):
    """Fields of all phases and orientations, 0.2 to 0.8 cycles in an sd across, within the map."""
    generator = np.random.default_rng(seed)
    f = generator.uniform(0.8, 2.0, n)
    return {
        "x": generator.uniform(-0.5, 0.5, n),
        "y": generator.uniform(-0.5, 0.5, n),
        "orientation": generator.uniform(0, 180, n),
        "spatial_frequency": f,
        "phase": generator.uniform(0, 360, n),
        "sd_across": generator.uniform(0.2, 0.8, n) / f,
        "sd_along": generator.uniform(0.25, 0.8, n) / f,
        "amplitude": np.exp(generator.normal(0, 2, n)),
    }


def drawn(parameters):
    return np.stack([gabor(*p) for p in zip(*parameters.values(), strict=True)])


def apart(one, other, turn):
    return np.abs((one - other + turn / 2) % turn - turn / 2)


def assert_recovered(fit, true):
    """Within 1 %: of the value, or of a turn's 100 degrees and of a cycle for angles and places."""
    for name in ("spatial_frequency", "sd_across", "sd_along", "amplitude"):
        assert getattr(fit, name) == pytest.approx(true[name], rel=0.01)
    for name in ("x", "y"):
        assert getattr(fit, name) == pytest.approx(true[name], abs=0.005)
    assert (apart(fit.orientation, true["orientation"], 180) < 1).all()
    assert (apart(fit.phase, true["phase"], 360) < 1).all()
    assert (fit.r2 > 0.9999).all()


def test_a_hundred_gabor_fields_are_found_with_all_their_parameters():
    true = random_gabors(100)
    fit = fit_gabor(drawn(true), PIXELS_PER_DEGREE)
    assert_recovered(fit, true)
    assert fit.n_x == pytest.approx(true["sd_across"] * true["spatial_frequency"], rel=0.02)
    assert fit.n_y == pytest.approx(true["sd_along"] * true["spatial_frequency"], rel=0.02)


@settings(max_examples=40)
@given(
    orientation=st.floats(1, 179),
    phase=st.floats(0, 360),
    frequency=st.floats(0.8, 2),
    n_x=st.floats(0.25, 0.8),
    n_y=st.floats(0.25, 0.8),
    x=st.floats(-0.5, 0.5),
    y=st.floats(-0.5, 0.5),
)
def test_any_gabor_field_is_found(orientation, phase, frequency, n_x, n_y, x, y):
    true = {
        "x": x,
        "y": y,
        "orientation": orientation,
        "spatial_frequency": frequency,
        "phase": phase,
        "sd_across": n_x / frequency,
        "sd_along": n_y / frequency,
        "amplitude": 1.0,
    }
    assert_recovered(fit_gabor(gabor(**true), PIXELS_PER_DEGREE), true)


def test_equivalent_gabors_have_one_description():
    one = fit_gabor(gabor(0.1, 0.2, 30, 1, 70, 0.4, 0.6), PIXELS_PER_DEGREE)
    turned = fit_gabor(gabor(0.1, 0.2, 210, 1, -70, 0.4, 0.6), PIXELS_PER_DEGREE)
    negative = fit_gabor(gabor(0.1, 0.2, 30, 1, 250, 0.4, 0.6, -1), PIXELS_PER_DEGREE)
    for fit in (one, turned, negative):
        assert fit.orientation == pytest.approx(30)
        assert fit.phase == pytest.approx(70)
        assert fit.amplitude == pytest.approx(1)


def test_light_above_dark_is_a_horizontal_field_in_sine_phase():
    # Light at positive y, which is across = +: cos(w + 270 deg) = sin(w).
    fit = fit_gabor(np.where(Y > 0, 1, -1) * np.exp(-(X**2 + Y**2) / 0.5) * (Y != 0), PIXELS_PER_DEGREE)
    assert apart(fit.orientation, 0, 180) < 1
    sine = 270 if fit.orientation < 90 else 90
    assert apart(fit.phase, sine, 360) < 1


def test_pixels_per_degree_changes_degrees_and_nothing_else():
    fields = drawn(random_gabors(5, seed=1))
    coarse, fine = fit_gabor(fields, PIXELS_PER_DEGREE), fit_gabor(fields, 10 * PIXELS_PER_DEGREE)
    assert fine.sd_across == pytest.approx(coarse.sd_across / 10)
    assert fine.x == pytest.approx(coarse.x / 10)
    assert fine.spatial_frequency == pytest.approx(10 * coarse.spatial_frequency)
    assert fine.phase == pytest.approx(coarse.phase)
    assert fine.n_x == pytest.approx(coarse.n_x)


def test_maps_in_small_blocks_of_any_shape_are_each_map_alone(monkeypatch):
    true = random_gabors(6, seed=2)
    fields = drawn(true).reshape(2, 3, SIZE, SIZE)
    monkeypatch.setattr("neuro.analysis.field_fits.AT_ONCE", 4 * 8 * SIZE**2)
    fit = fit_gabor(fields, PIXELS_PER_DEGREE)
    assert fit.r2.shape == fit.n_x.shape == (2, 3)
    assert_recovered(fit, {name: values.reshape(2, 3) for name, values in true.items()})


def test_noise_lowers_r2_to_the_share_of_the_variance_that_is_the_field():
    generator = np.random.default_rng(3)
    fields = drawn({**random_gabors(30, seed=3), "amplitude": np.ones(30)})
    noisy = fields + generator.normal(0, 0.1, fields.shape)
    fit = fit_gabor(noisy, PIXELS_PER_DEGREE)
    signal = 1 - ((noisy - fields) ** 2).mean(axis=(1, 2)) / noisy.var(axis=(1, 2))
    # Eight parameters take up 8 of 1089 shares of the noise: at most a few per cent of it.
    assert (fit.r2 >= signal).all()
    assert (fit.r2 <= signal + 0.03 * (1 - signal)).all()


def test_r2_is_of_the_variance_about_the_mean_so_that_a_forgotten_grey_does_not_pass_for_a_fit():
    grey = 0.5 + np.random.default_rng(6).normal(0, 0.01, (SIZE, SIZE))
    assert fit_gabor(grey, PIXELS_PER_DEGREE).r2 < 0.1


def test_a_map_that_varies_by_rounding_only_is_flat():
    ripple = np.nextafter(np.float32(0.5), np.float32(1))
    assert np.isnan(fit_gabor(np.where(X > 0, ripple, np.float32(0.5)), PIXELS_PER_DEGREE).r2)


def test_a_flat_map_has_no_gabor_and_does_not_disturb_its_neighbour():
    field = gabor(0, 0, 30, 1, 70, 0.4, 0.6)
    fields = np.stack([0 * field, np.full_like(field, 0.5), field]).astype(np.float32)
    fit = fit_gabor(fields, PIXELS_PER_DEGREE)
    for values in (*vars(fit).values(), fit.n_x, fit.n_y):
        assert np.isnan(values).tolist() == [True, True, False]
    assert fit.orientation[2] == pytest.approx(30, abs=1e-3)


@pytest.mark.parametrize("field", ["noise", "pixel", "blob", "grating"])
def test_fields_that_are_no_gabor_still_get_the_finite_one_nearest(field):
    fields = {
        "noise": np.random.default_rng(4).normal(size=(SIZE, SIZE)),
        "pixel": np.eye(1, SIZE**2, 500).reshape(SIZE, SIZE),
        "blob": gabor(0, 0, 30, 0, 0, 0.3, 0.5),
        "grating": gabor(0, 0, 30, 1, 40, 99, 99),
    }
    fit = fit_gabor(fields[field], PIXELS_PER_DEGREE)
    assert all(np.isfinite(values) for values in vars(fit).values())
    # The blob is a Gabor of frequency zero, the grating one without end, the pixel one smaller than itself.
    assert (fit.r2 > 0.999) == (field != "noise")


def test_the_size_of_a_gaussian_field_is_its_two_sd():
    along, across = along_across(50, 0.3, -0.2)
    bump = 7 * np.exp(-(along**2) / (2 * 0.7**2) - across**2 / (2 * 0.3**2))
    longer, shorter = field_size(np.stack([bump, bump.T, 0 * bump, 0 * bump + 1]), X, Y)
    assert longer == pytest.approx([0.7, 0.7, np.nan, np.nan], nan_ok=True)
    assert shorter == pytest.approx([0.3, 0.3, np.nan, np.nan], nan_ok=True)


def test_the_size_may_be_measured_at_scattered_places():
    generator = np.random.default_rng(5)
    x, y = generator.uniform(-1, 1, (2, 60))
    longer, shorter = field_size(np.exp(-(x**2) / (2 * 0.4**2) - y**2 / (2 * 0.2**2)), x, y)
    assert (longer, shorter) == (pytest.approx(0.4), pytest.approx(0.2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fit_gabor(np.ones(9), 1),
            r"fields must be \(\.\.\., H, W\), 3x3 pixels or more; got shape \(9,\)",
        ),
        (lambda: fit_gabor(np.ones((2, 9)), 1), "3x3 pixels or more"),
        (lambda: fit_gabor(np.full((4, 4), np.nan), 1), "fields must be finite"),
        (lambda: fit_gabor(np.eye(4), 0), "pixels_per_degree must be above 0; got 0"),
        (lambda: field_size([1, 2, 3], [0, 1, 2], [0, 1, 2]), "six places or more, not in one line; got 3"),
        (lambda: field_size(np.ones(9), np.arange(9), np.zeros(9)), "not in one line; got 9"),
        (lambda: field_size(-np.eye(4), np.eye(4), np.eye(4)), "must not be negative"),
    ],
)
def test_fields_that_cannot_be_fitted_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
