"""Seed cells against loops over the columns; reinforcement against eqs. 7 and 8 by hand."""

import copy
import logging
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from neuro.learning import WinnerTakeAll, history_of, presentations
from neuro.learning.competition import patches_at, reinforce, seeds_of
from neuro.models.convnet import lenet5_as_taught
from neuro.models.neocognitron import SLayer, Stage, neocognitron
from neuro.stimuli import Stimuli, slits

ONE = (Stage(planes=4, s_window=5, s_padding=2, r=4.0, initial=0.002, c_window=3, c_padding=1),)
TWO = (*ONE, Stage(planes=3, s_window=3, s_padding=1, initial=0.0002, c_window=2, c_padding=0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def bars(n=6):
    """Black images with a white bar, as a line drawing: nothing but the bar is seen."""
    return slits(np.arange(n) * 180 / n, length=6, width=1.5, background=0.0, size=12, pixels_per_degree=1)


def seed_cells(answers, column):
    """Of one competition: the planes and places of the seed cells, and the share of silent columns."""
    _, plane, place, silent = seeds_of(answers[None], column)
    return plane, place, silent.item()


def columns_of(answers, column):
    """Each S-column as the list of its cells (answer, plane, row, column)."""
    planes, height, width = answers.shape
    tall, wide = min(column, height), min(column, width)
    for top in range(height - tall + 1):
        for left in range(width - wide + 1):
            yield [
                (answers[k, i, j], k, i, j)
                for i in range(top, top + tall)
                for j in range(left, left + wide)
                for k in range(planes)
            ]


def seed_cells_by_loops(answers, column):
    """The candidates, then the largest of each plane; of equal ones the first place, then the first plane."""
    candidates = []
    for cells in columns_of(answers, column):
        candidate = max(cells, key=lambda cell: (cell[0], -cell[2], -cell[3], -cell[1]))
        candidates.append(candidate if candidate[0] > 0 else None)
    seeds = {}
    for answer, plane, row, place in filter(None, candidates):
        rank = (answer, -row, -place)
        if plane not in seeds or rank > seeds[plane]:
            seeds[plane] = rank
    found = {(plane, -row, -place) for plane, (_, row, place) in seeds.items()}
    return found, candidates.count(None) / len(candidates)


shapes = st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6))
# Few different values, many of them zero: full of ties and silent columns.
few_values = arrays(
    np.float32, shapes, elements=st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0]), fill=st.nothing()
)
any_values = arrays(np.float32, shapes, elements=st.floats(0, 1, width=32), fill=st.nothing())


@settings(max_examples=200, deadline=None)
@given(few_values | any_values, st.integers(1, 7))
def test_seed_cells_are_those_found_by_going_through_the_columns_one_by_one(answers, column):
    planes, places, silent = seed_cells(torch.from_numpy(answers), column)
    width = answers.shape[-1]
    found = [
        (k, place // width, place % width) for k, place in zip(planes.tolist(), places.tolist(), strict=True)
    ]
    expected, expected_silence = seed_cells_by_loops(answers, column)
    assert len(planes.unique()) == len(planes)  # at most one seed cell in a plane
    assert set(found) == expected
    assert silent == pytest.approx(expected_silence)
    assert all(answers[cell] > 0 for cell in found)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float32, (3, 3, 5, 4), elements=st.sampled_from([0.0, 0.0, 0.5, 1.0]), fill=st.nothing()),
    st.integers(1, 6),
)
def test_competitions_held_at_once_are_those_held_one_by_one(answers, column):
    together = seeds_of(torch.from_numpy(answers), column)
    alone = [seed_cells(torch.from_numpy(own), column) for own in answers]
    for number, (planes, places, silent) in enumerate(alone):
        own = together.competition == number
        assert torch.equal(together.plane[own], planes)
        assert torch.equal(together.place[own], places)
        assert together.silent_columns[number] == silent


@settings(max_examples=60, deadline=None)
@given(any_values)
def test_a_column_as_large_as_the_plane_has_exactly_one_seed_cell_the_largest(answers):
    planes, places, silent = seed_cells(torch.from_numpy(answers), 6)
    assert len(planes) == (answers.max() > 0)
    assert silent == (answers.max() == 0)
    if len(planes):
        assert answers.reshape(len(answers), -1)[planes.item(), places.item()] == answers.max()


def test_silent_columns_have_no_candidate():
    planes, places, silent = seed_cells(torch.zeros(3, 4, 4), 2)
    assert len(planes) == len(places) == 0
    assert silent == 1


def test_a_plane_with_two_candidates_keeps_the_larger():
    answers = torch.zeros(2, 1, 6)
    answers[0, 0, 0], answers[0, 0, 5], answers[1, 0, 3] = 1.0, 2.0, 0.5
    planes, places, silent = seed_cells(answers, 2)
    assert sorted(zip(planes.tolist(), places.tolist(), strict=True)) == [(0, 5), (1, 3)]
    assert silent == pytest.approx(1 / 5)  # of the columns 01 12 23 34 45, only 12


def test_patches_are_what_a_convolution_looks_at():
    seen = torch.rand(2, 3, 6, 5, generator=seeded())
    unfolded = nn.functional.unfold(seen, 3, padding=1).reshape(2, 3, 3, 3, 6, 5)
    which, place = torch.tensor([1, 0, 1]), torch.tensor([0, 14, 29])
    found = patches_at(seen, 3, 1, which, place)
    for patch, image, row, column in zip(found, which, place // 5, place % 5, strict=True):
        assert torch.equal(patch, unfolded[image, ..., row, column])


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_reinforcement_adds_what_the_seed_cell_sees(padding):
    layer = SLayer(2, 4, 3, padding, gamma=0.7)
    before_a, before_b = torch.rand(4, 2, 3, 3, generator=seeded(1)), torch.rand(4, generator=seeded(2))
    layer.a.data, layer.b.data = before_a.clone(), before_b.clone()
    seen = torch.rand(1, 2, 5, 6, generator=seeded(3))
    width = 6 + 2 * padding - 2
    cells = {2: (0, 0), 0: (1, width - 1)}  # plane -> row, column; the corner sees the border
    places = [row * width + column for row, column in cells.values()]
    with torch.no_grad():
        reinforce(layer, seen, torch.tensor(list(cells)), torch.tensor(places), q=16.0)
    a, b = before_a.numpy().copy(), before_b.numpy().copy()
    c, image = layer.c[0].numpy(), seen[0].numpy()
    for plane, (row, column) in cells.items():
        square = 0.0
        for k, i, j in np.ndindex(2, 3, 3):
            y, x = row - padding + i, column - padding + j
            u = image[k, y, x] if 0 <= y < 5 and 0 <= x < 6 else 0.0
            a[plane, k, i, j] += 16.0 * c[k, i, j] * u  # eq. 7
            square += c[k, i, j] * u**2
        b[plane] += 8.0 * square**0.5  # eq. 8
    np.testing.assert_allclose(layer.a.detach(), a, rtol=1e-5)
    np.testing.assert_allclose(layer.b.detach(), b, rtol=1e-5)
    assert torch.equal(layer.a[[1, 3]], before_a[[1, 3]])


def test_one_presentation_reinforces_the_seed_cells_of_the_layer_as_it_was():
    model, one = neocognitron(ONE), bars()[1]
    trained = WinnerTakeAll(q=(2.0,), columns=(3,), presentations=1).fit(model, one, seeded())
    by_hand = copy.deepcopy(model)
    with torch.no_grad():
        planes, places, _ = seed_cells(by_hand.US1(one.images)[0], 3)
        reinforce(by_hand.US1, one.images, planes, places, 2.0)
    assert len(planes)
    assert torch.equal(trained.US1.a, by_hand.US1.a)
    assert torch.equal(trained.US1.b, by_hand.US1.b)
    assert history_of(trained)["US1 wins"] == [float(k in planes) for k in range(4)]


@pytest.mark.parametrize("schedule", ["together", "layer by layer"])
def test_the_original_is_untouched_and_one_seed_gives_one_result(schedule):
    model, rule = neocognitron(TWO), WinnerTakeAll(presentations=2, columns=(3, 6), schedule=schedule)
    before = copy.deepcopy(model.state_dict())
    once, again, other = (rule.fit(model, bars(), seeded(seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
    assert all(torch.equal(once[name], again[name]) for name in before)
    assert not torch.equal(once["US1.a"], other["US1.a"])  # another order of presentation
    fixed = [name for name in before if name.endswith((".c", ".d"))]
    assert fixed
    assert all(torch.equal(once[name], before[name]) for name in fixed)


def test_for_one_layer_both_schedules_are_one():
    both = [
        WinnerTakeAll(presentations=3, columns=(3,), schedule=schedule).fit(
            neocognitron(ONE), bars(), seeded()
        )
        for schedule in ("together", "layer by layer")
    ]
    assert torch.equal(both[0].US1.a, both[1].US1.a)
    assert history_of(both[0]) == history_of(both[1])


def test_layer_by_layer_the_first_layer_is_finished_before_the_second_begins():
    rule = WinnerTakeAll(presentations=2, columns=(3, 6), schedule="layer by layer")
    two = rule.fit(neocognitron(TWO), bars(), seeded())
    # By hand: the first stage alone; then the second alone, behind the finished first.
    generator, second = seeded(), neocognitron(TWO)[2:]
    one = rule.fit(neocognitron(ONE), bars(), generator)
    behind = nn.Sequential(OrderedDict(first=one, **dict(second.named_children())))
    alone = WinnerTakeAll(q=(16.0,), columns=(6,), presentations=2).fit(behind, bars(), generator)
    assert torch.equal(two.US1.a, one.US1.a)
    assert torch.equal(two.US2.a, alone.US2.a)
    assert torch.equal(two.US2.b, alone.US2.b)
    # A column as large as US2 has one seed cell: one win for each of 2 x 6 presentations.
    assert sum(history_of(two)["US2 wins"]) == 12
    assert history_of(two)["US2 silent columns"] == [0, 0]


def test_the_last_q_and_column_hold_for_all_further_layers():
    given = WinnerTakeAll(q=(1.0, 16.0), columns=(3, 3), presentations=1)
    short = WinnerTakeAll(q=(1.0, 16.0, 16.0), columns=(3,), presentations=1)
    one, other = (rule.fit(neocognitron(TWO), bars(), seeded()) for rule in (given, short))
    assert torch.equal(one.US2.a, other.US2.a)


def test_inhibition_of_a_plane_is_half_q_times_the_sum_of_what_its_v_cells_saw():
    # One stimulus, one place, shown n times: b = n q / 2 v.
    model = neocognitron((Stage(planes=1, s_window=3, s_padding=0, initial=0.01, c_window=1, c_padding=0),))
    image = torch.rand(1, 1, 3, 3, generator=seeded())
    trained = WinnerTakeAll(q=(4.0,), presentations=5).fit(model, Stimuli(image), seeded())
    v = (model.US1.c[0] * image[0] ** 2).sum().sqrt()
    torch.testing.assert_close(trained.US1.b.detach(), 5 * 2.0 * v[None])


def test_planes_that_never_won_are_reported(caplog):
    model = neocognitron(ONE)
    model.US1.a.data[2:] = 0
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        trained = WinnerTakeAll(presentations=2).fit(model, bars(), seeded())
    assert caplog.messages[0] == "US1: 2 of 4 planes never won: 2, 3"
    assert history_of(trained)["US1 wins"][2:] == [0, 0]


@pytest.mark.parametrize("schedule", ["together", "layer by layer"])
def test_a_layer_that_is_silent_from_beginning_to_end_is_an_error(schedule):
    model = neocognitron(TWO)
    model.US2.a.data.zero_()
    with pytest.raises(ValueError, match="no plane of US2 ever won: all its columns were silent"):
        WinnerTakeAll(presentations=1, schedule=schedule).fit(model, bars(), seeded())


def test_labels_play_no_part():
    labelled = Stimuli(bars().images, {"label": np.arange(6)})
    with pytest.raises(ValueError, match="WinnerTakeAll learns without a teacher"):
        WinnerTakeAll().fit(neocognitron(ONE), labelled, seeded())
    with pytest.raises(ValueError, match="WinnerTakeAll was given no stimuli"):
        WinnerTakeAll().fit(neocognitron(ONE), bars()[:0], seeded())


def test_a_model_without_s_layers_is_refused():
    with pytest.raises(ValueError, match="this rule reinforces S-layers"):
        WinnerTakeAll().fit(lenet5_as_taught(), bars(), seeded())


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"q": ()}, "q must be above zero"),
        ({"q": (1.0, 0.0)}, "q must be above zero"),
        ({"columns": (0,)}, "columns at least one cell wide"),
        ({"presentations": 0}, "presentations >= 1"),
        ({"schedule": "backwards"}, "schedule 'together' or 'layer by layer'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings_, message):
    with pytest.raises(ValueError, match=message):
        WinnerTakeAll(**settings_)


def test_unless_said_otherwise_the_settings_are_those_printed_in_1980():
    assert WinnerTakeAll() == WinnerTakeAll((1.0, 16.0, 16.0), (5, 5, 2), 20, "together")


def test_layers_before_the_first_s_layer_are_passed_through():
    inner = neocognitron(ONE)
    model = nn.Sequential(OrderedDict(eye=nn.Identity(), **dict(inner.named_children())))
    rule = WinnerTakeAll(presentations=1)
    assert torch.equal(rule.fit(model, bars(), seeded()).US1.a, rule.fit(inner, bars(), seeded()).US1.a)


@pytest.mark.parametrize("schedule", ["together", "layer by layer"])
def test_of_every_presentation_it_is_known_which_image_and_place_reinforced_which_plane(schedule):
    # Of weights that grow by what the seed cells saw, the log must tell all: rebuild them from it.
    rule = WinnerTakeAll(q=(2.0,), columns=(3, 6), presentations=2, schedule=schedule)
    model, shown = neocognitron(TWO), bars()
    trained = rule.fit(model, shown, seeded())
    course = presentations(trained, "US1")
    assert sorted(course.image[:6]) == sorted(course.image[6:]) == list(range(6))
    assert len(course.b) == len(course.silent) == len(course.reinforced) == 12
    a, b = model.US1.a.detach().clone(), model.US1.b.detach().clone()
    for plane in range(4):
        seeds = course.seeds(plane)
        assert len(seeds) == history_of(trained)["US1 wins"][plane]
        image, row, column = torch.from_numpy(seeds).T
        seen = patches_at(shown.images, 5, 2, image, row * 12 + column)
        a[plane] += 2.0 * (model.US1.c * seen).sum(0)
        b[plane] += (model.US1.c * seen**2).sum((1, 2, 3)).sqrt().sum()
    torch.testing.assert_close(trained.US1.a.detach(), a)
    torch.testing.assert_close(trained.US1.b.detach(), b)
    assert course.b[-1] == pytest.approx(b.mean().item())
    assert (np.diff(course.b) >= 0).all()
    assert np.bincount(course.presentation, minlength=12).tolist() == course.reinforced.tolist()


def test_the_presentations_of_a_layer_that_has_none_are_refused_with_those_there_are():
    trained = WinnerTakeAll(presentations=1).fit(neocognitron(ONE), bars(), seeded())
    with pytest.raises(KeyError, match="no presentations were kept for 'US2'; of these they were: US1"):
        presentations(trained, "US2")
    with pytest.raises(KeyError, match="of these they were: none"):
        presentations(neocognitron(ONE), "US1")


def test_a_learning_threshold_holds_while_its_layer_learns_and_not_for_the_layers_above():
    plain = neocognitron(TWO)
    higher = neocognitron(TWO)
    higher.US1.r_learning = 30.0
    rule = WinnerTakeAll(presentations=1, columns=(3, 6), schedule="layer by layer")
    taught, strict = (rule.fit(model, bars(), seeded()) for model in (plain, higher))
    assert strict.US1.r == plain.US1.r
    # By hand: the second layer behind the first one as it recognises.
    alone = rule.fit(neocognitron(ONE), bars(), seeded())  # the same draws for the first layer
    assert torch.equal(alone.US1.a, taught.US1.a)
    generator = seeded()
    torch.randperm(6, generator=generator)
    second = nn.Sequential(OrderedDict(first=strict[:2], **dict(neocognitron(TWO)[2:].named_children())))
    behind = WinnerTakeAll(q=(16.0,), columns=(6,), presentations=1).fit(second, bars(), generator)
    assert torch.equal(behind.US2.a, strict.US2.a)
    assert not torch.equal(strict.US2.a, taught.US2.a)
