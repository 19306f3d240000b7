"""Complex cells, against pools summed one cell at a time and the invariances they are for."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from neuro.models.complex_cells import (
    ComplexCells,
    EnergyComplexCells,
    MaxComplexCells,
    SumComplexCells,
    grid_of_places,
    scattered_places,
)
from neuro.models.hubel_wiesel import (
    energy_complex,
    gabor_cells,
    max_complex,
    sum_complex,
    wired_cells,
)
from neuro.recording import record
from neuro.stimuli import Stimuli, slits

POOLS = {
    SumComplexCells: lambda s: s.mean(),
    MaxComplexCells: lambda s: s.max(),
    EnergyComplexCells: lambda s: s.square().sum(0).mean(),
}
CHAINS = [sum_complex, max_complex, energy_complex]
SQUARE = torch.cartesian_prod(torch.arange(-1.0, 2.0), torch.arange(-1.0, 2.0))


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("pool", POOLS)
def test_a_pool_is_its_rule_over_phases_and_places(pool):
    simple = noise(2, 2 * 3, 7, 8)
    places = torch.tensor([[0.0, 0.0], [0.5, 0.0], [0.0, 1.0], [-1.0, -0.5]])  # right, up, left and down
    rows, columns = [0, 0, -2, 1], [0, 1, 0, -2]  # of two cells to a degree, rows counted downwards
    expected = torch.zeros(2, 2, 7, 8)
    beyond = F.pad(simple, (2, 2, 2, 2))
    for b, o, i, j in np.ndindex(*expected.shape):
        pooled = [
            beyond[b, 3 * o : 3 * o + 3, i + 2 + r, j + 2 + c] for r, c in zip(rows, columns, strict=True)
        ]
        expected[b, o, i, j] = POOLS[pool](torch.stack(pooled, dim=1))
    torch.testing.assert_close(pool(places, 3, 2.0)(simple), expected)


def test_a_complex_cell_takes_the_largest_answer_over_phases_and_places():
    simple, radius = noise(2, 3 * 4, 6, 7), 2
    expected = torch.zeros(2, 3, 6, 7)
    for b, o, row, column in np.ndindex(*expected.shape):
        expected[b, o, row, column] = max(
            simple[b, 4 * o + phase, i, j]
            for phase in range(4)
            for i in range(max(0, row - radius), min(6, row + radius + 1))
            for j in range(max(0, column - radius), min(7, column + radius + 1))
        )
    assert torch.equal(ComplexCells(radius)(simple), expected)


def test_a_complex_cell_of_radius_zero_only_pools_phases():
    simple = noise(1, 8, 5, 5)
    assert torch.equal(ComplexCells(0)(simple), simple.unflatten(1, (2, 4)).amax(2))


def test_the_largest_answer_over_a_square_of_places_is_that_of_the_square_neighbourhood():
    simple = noise(2, 8, 9, 9)
    assert torch.equal(MaxComplexCells(SQUARE, 4, 1.0)(simple), ComplexCells(1)(simple))


@pytest.mark.parametrize("pool", POOLS)
def test_a_movie_is_pooled_frame_by_frame(pool):
    movie, cells = noise(2, 3, 8, 6, 6), pool(SQUARE, 4, 1.0)
    assert torch.equal(cells(movie).flatten(0, 1), cells(movie.flatten(0, 1)))


@pytest.mark.parametrize("places", [torch.zeros(0, 2), torch.zeros(3), torch.zeros(4, 3)])
def test_places_that_are_none_are_refused(places):
    with pytest.raises(ValueError, match=r"places must be \(n, 2\), x and y in degrees, at least one; got"):
        SumComplexCells(places, 4, 4.0)


def test_a_grid_of_places_is_every_node_within_the_radius():
    assert len(grid_of_places(0.5, 0.5)) == 5
    assert len(grid_of_places(0.6, 0.2)) == 29  # 0.6 / 0.2 is not quite 3 in floating point
    assert torch.equal(grid_of_places(0.0), torch.zeros(1, 2, dtype=torch.float64))
    places = grid_of_places(1.5, 0.3)
    assert float(places.norm(dim=1).max()) == pytest.approx(1.5)
    torch.testing.assert_close(places.mean(0), torch.zeros(2, dtype=torch.float64))


def test_scattered_places_fill_the_disc_evenly_and_come_from_the_generator():
    places = scattered_places(torch.Generator().manual_seed(0), 4000, radius=2.0)
    assert places.shape == (4000, 2)
    distance = places.norm(dim=1)
    assert distance.max() <= 2
    # Evenly over a disc: half of the places beyond radius / sqrt 2; no side preferred.
    assert float((distance > 2**0.5).double().mean()) == pytest.approx(0.5, abs=0.03)
    assert float(places.mean(0).abs().max()) < 0.06
    assert torch.equal(places, scattered_places(torch.Generator().manual_seed(0), 4000, 2.0))


def test_the_energy_of_gabor_cells_is_that_of_the_unrectified_quadrature_pair():
    light, chain = noise(2, 1, 49, 49), energy_complex(places=torch.zeros(1, 2))
    even, odd = (chain.simple.weights[phase::4] for phase in (0, 1))
    margin = even.shape[-1] // 2
    beyond = F.pad(light - light[..., :1, :1], (margin,) * 4, mode="replicate")
    expected = F.conv2d(beyond, even) ** 2 + F.conv2d(beyond, odd) ** 2
    torch.testing.assert_close(chain(light), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("cells", [gabor_cells, wired_cells])
def test_complex_cells_do_not_tell_light_from_dark(chain, cells):
    light = noise(2, 1, 33, 33)
    model = chain(cells())
    torch.testing.assert_close(model(1 - light), model(light), atol=1e-5, rtol=1e-4)


def half_height_width(curve, step):
    return (curve > curve.max() / 2).sum() * step


@pytest.mark.parametrize("chain", CHAINS)
def test_complex_cells_answer_a_slit_in_more_places_than_their_simple_cells(chain):
    units = {"simple": [[8, 32, 32]], "complex": [[2, 32, 32]]}
    recording = record(chain(), slits(45, offset=np.arange(-4, 4.1, 0.5)), ["simple", "complex"], units)
    simple, complex_ = (recording[layer][:, 0, 0, 0] for layer in ("simple", "complex"))
    assert half_height_width(complex_, 0.5) > 2 * half_height_width(simple, 0.5) > 0


@pytest.mark.parametrize("chain", CHAINS)
def test_complex_cells_keep_the_orientation_of_their_simple_cells(chain):
    eight = np.arange(8) * 22.5
    answers = record(chain(), slits(eight), ["complex"], "centre")["complex"][:, :, 0, 0]
    assert answers.argmax(1).tolist() == list(range(8))


@pytest.mark.parametrize("chain", CHAINS)
def test_uniform_light_gives_a_complex_cell_nothing_and_a_picture_turned_turns_the_answers(chain):
    assert not chain()(torch.full((1, 1, 33, 33), 0.7)).any()
    picture, model = noise(1, 1, 41, 41), chain()
    turned = model(picture.rot90(1, (2, 3)))
    torch.testing.assert_close(turned, model(picture).roll(4, 1).rot90(1, (2, 3)), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("chain", CHAINS)
def test_a_chain_pools_at_the_places_it_is_given(chain):
    light, simple = noise(1, 1, 21, 21), gabor_cells(2)
    alone = chain(simple, torch.zeros(1, 2))(light)
    shifted = chain(simple, torch.tensor([[0.5, 0.0]]))(light)  # half a degree to the right: two columns
    torch.testing.assert_close(shifted[..., :-2], alone[..., 2:])


def test_the_chains_are_named_after_their_cells_and_take_their_phases_from_them():
    assert list(dict(sum_complex().named_children())) == ["simple", "complex"]
    assert list(dict(max_complex(wired_cells()).named_children())) == ["lgn", "simple", "complex"]
    eight_phases = gabor_cells(orientations=3, phases=range(0, 360, 45))
    answers = record(energy_complex(eight_phases), Stimuli(noise(1, 1, 21, 21)))
    assert answers["simple"].shape == (1, 24, 21, 21)
    assert answers["complex"].shape == (1, 3, 21, 21)
