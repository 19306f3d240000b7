"""Growing planes against a loop over places with an S-layer in plain numpy, and on rings of directions."""

import logging

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from neuro.learning import AddIfSilent, WinnerKillLoser, WinnerTakeAll, history_of, presentations
from neuro.models.convnet import lenet5_as_taught
from neuro.models.neocognitron import SLayer, Stage, fukushima_1988, handwritten, neocognitron
from neuro.patterns import standard_digits
from neuro.stimuli import Stimuli

TWO = (
    Stage(planes=3, s_window=5, s_padding=2, r=2.0, c_window=3, c_padding=1, c_step=2),
    Stage(planes=2, s_window=3, s_padding=1, r=1.0, c_window=2, c_padding=0),
)
RULES = [AddIfSilent(), WinnerKillLoser()]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def seeded_for(order):
    """A generator that shows the stimuli in this order."""
    seeds = range(100)
    return seeded(next(n for n in seeds if torch.randperm(len(order), generator=seeded(n)).tolist() == order))


def digits():
    return standard_digits().without("label")


def directions(degrees, r):
    """One S-cell that sees two pixels, and images that are directions in their plane."""
    model = nn.Sequential()
    model.add_module("US1", SLayer(2, 1, 1, r=r))
    angles = torch.deg2rad(torch.as_tensor(degrees, dtype=torch.float32))
    return model, Stimuli(torch.stack([angles.cos(), angles.sin()], dim=1)[:, :, None, None])


def learned_angles(model):
    return np.rad2deg(np.arctan2(*model.US1.a.detach().flatten(1).numpy().T[::-1]))


def by_hand(kill, degrees, r):
    """The templates that are left, when unit vectors come one by one; planes answer above cos = r/(1+r).

    And by how little a decision was made: the least difference of a cosine from the threshold or the next.
    """
    theta, templates, margin = r / (1 + r), [], np.inf
    for angle in np.deg2rad(degrees):
        x = np.array([np.cos(angle), np.sin(angle)])
        cosines = [t @ x / np.linalg.norm(t) for t in templates]
        ranked = np.sort([theta, *cosines])
        margin = min(margin, np.diff(ranked).min(initial=np.inf))
        answering = [k for k, cosine in enumerate(cosines) if cosine > theta]
        if not answering:
            templates.append(x)
        elif kill:
            winner = max(answering, key=lambda k: cosines[k])
            templates[winner] = templates[winner] + x
            templates = [t for k, t in enumerate(templates) if k == winner or k not in answering]
    return np.rad2deg([np.arctan2(t[1], t[0]) for t in templates]), margin


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([20.0, 100.0]))
@pytest.mark.parametrize("rule", RULES)
def test_directions_that_come_one_by_one_leave_the_planes_that_the_rule_says(rule, seed, number, r):
    degrees = np.random.default_rng(seed).uniform(1, 89, number)
    model, shown = directions(degrees, r)
    order = torch.randperm(number, generator=seeded()).numpy()
    expected, margin = by_hand(isinstance(rule, WinnerKillLoser), degrees[order], r)
    assume(margin > 1e-5)  # nearer decisions are a matter of rounding, in single precision
    np.testing.assert_allclose(learned_angles(rule.fit(model, shown, seeded())), expected, atol=0.02)


@pytest.mark.parametrize("rule", RULES)
def test_the_directions_by_hand_are_kept_and_reinforced(rule):
    # theta = 0.985, about 10 degrees: 0 and 30 do not answer each other, 4 is answered by 0 alone.
    model, shown = directions([0, 30, 4], 65.0)
    grown = rule.fit(model, shown, seeded_for([0, 1, 2]))
    kill = isinstance(rule, WinnerKillLoser)
    np.testing.assert_allclose(learned_angles(grown), [2.0 if kill else 0.0, 30.0], atol=1e-3)
    assert history_of(grown)["US1 wins"] == ([2, 1] if kill else [1, 1])
    assert presentations(grown, "US1").seeds(0)[:, 0].tolist() == ([0, 2] if kill else [0])
    assert presentations(grown, "US1").silent.tolist() == [1, 1, 0]


def test_a_loser_is_deleted_and_with_it_what_is_known_of_it():
    # 0 and 12 do not answer each other within 10 degrees; 5 is answered by both, and 0 is nearer.
    model, shown = directions([0, 12, 5], 65.0)
    grown = WinnerKillLoser().fit(model, shown, seeded_for([1, 0, 2]))
    np.testing.assert_allclose(learned_angles(grown), [2.5], atol=1e-3)
    assert history_of(grown)["US1 wins"] == [2]
    assert presentations(grown, "US1").seeds(0)[:, 0].tolist() == [0, 2]


def test_a_plane_that_is_reinforced_again_keeps_the_inhibition_that_matches_it():
    model, shown = directions([0, 4, 2, 6], 65.0)
    grown = WinnerKillLoser(presentations=3).fit(model, shown, seeded())
    torch.testing.assert_close(grown.US1.b.detach(), grown.US1.matched_inhibition())
    assert sum(history_of(grown)["US1 wins"]) == 12


def test_once_all_is_grown_no_place_that_was_looked_at_is_silent():
    grown = AddIfSilent(columns=(3,)).fit(neocognitron(TWO), digits(), seeded())
    again = AddIfSilent(columns=(3,)).fit(neocognitron(TWO), digits()[[0, 1, 2, 3, 4] * 2], seeded())
    assert len(again.US1.b) <= len(grown.US1.b) + 3  # nothing new in what is shown twice, but for its order
    with torch.no_grad():
        answers, v = grown.US1(digits().images), grown.US1.inhibition(digits().images)
    strongest = v == nn.functional.max_pool2d(v, 3, stride=1, padding=1)
    looked_at = (v > 0) & strongest  # the middle of a column of which it is the largest
    looked_at[..., [0, -1], :] = looked_at[..., [0, -1]] = False
    alone = (v == v.amax((2, 3), keepdim=True)).sum((2, 3), keepdim=True) == 1
    assert (answers.amax(1, keepdim=True)[looked_at & alone] > 0).all()


@pytest.mark.parametrize("batches", [1, 300])
def test_add_if_silent_is_one_place_after_the_other_over_all_batches(batches):
    # Five images over and over: a plane that an earlier batch has found is not found again. Of noise, since
    # in drawings equal places would be told apart by rounding.
    noise = Stimuli(torch.rand(5, 1, 16, 16, generator=seeded()) ** 4)
    shown = noise[np.tile(np.arange(5), batches)]
    grown = AddIfSilent(columns=(5,)).fit(neocognitron(TWO[:1]), shown, seeded())
    planes, c = [], grown.US1.c[0, 0].numpy()
    for n in torch.randperm(len(shown), generator=seeded()).tolist()[:50]:
        image = np.pad(shown.images[n, 0].numpy(), 2)
        patches = np.lib.stride_tricks.sliding_window_view(image, (5, 5))
        v = np.sqrt((c * patches**2).sum((2, 3)))
        windows = np.lib.stride_tricks.sliding_window_view(v, (5, 5)).reshape(12 * 12, 25)
        first = np.unravel_index(windows.argmax(1), (5, 5))
        tops = np.stack(np.unravel_index(np.arange(144), (12, 12))) + np.stack(first)
        places = sorted({(-np.float32(v[i, j]), i, j) for i, j in tops.T if v[i, j] > 0})
        for _, i, j in places:
            x = patches[i, j]
            cosines = [(c * x * y).sum() / v[i, j] / np.sqrt((c * y**2).sum()) for y in planes]
            if not planes or max(cosines) <= 2 / 3 + 1e-6:
                planes.append(x)
    expected = 1e5 * c * np.array(planes)
    assert len(planes) > 5
    np.testing.assert_allclose(grown.US1.a[:, 0].detach(), expected, rtol=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_layers_grow_one_upon_the_other_and_the_original_is_untouched(rule):
    model = neocognitron(TWO)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    once, again = (rule.fit(model, digits(), seeded()) for _ in range(2))
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in once.state_dict().items())
    first, second = len(once.US1.b), len(once.US2.b)
    assert min(first, second) > 1
    assert once.US2.a.shape == (second, first, 3, 3)
    assert once.US2.c.sum().item() == pytest.approx(1)  # eq. 9
    assert once(digits().images).shape[1] == second
    assert len(history_of(once)["US1 wins"]) == first


@pytest.mark.parametrize("rule", [AddIfSilent(most=(2, 3)), WinnerKillLoser(most=(2, 3))])
def test_a_layer_stops_growing_at_most_and_says_so(rule, caplog):
    with caplog.at_level(logging.WARNING, "neuro.learning"):
        grown = rule.fit(neocognitron(TWO), digits(), seeded())
    assert len(grown.US1.b) == 2
    assert caplog.messages[0] == "US1: all 2 planes grown, and no room for more"


def test_a_higher_learning_threshold_makes_more_planes_and_is_gone_afterwards():
    stages = [(Stage(s_padding=2, r=2.0, r_learning=high),) for high in (None, 4.0)]
    plain, fine = (AddIfSilent().fit(neocognitron(stage), digits(), seeded()) for stage in stages)
    assert len(fine.US1.b) > len(plain.US1.b)
    assert fine.US1.r == plain.US1.r == 2.0


def test_labels_above_a_grown_layer_are_unset():
    images = torch.rand(3, 1, 28, 28, generator=seeded())
    grown = AddIfSilent(most=(4,)).fit(handwritten(), Stimuli(images), seeded())
    assert grown.UC4.labels.tolist() == [-1] * len(grown.US4.b)
    assert grown(images).shape == (3, 10)


@pytest.mark.parametrize("rule", RULES)
def test_what_cannot_grow_is_refused(rule):
    with pytest.raises(ValueError, match="learns without a teacher"):
        rule.fit(neocognitron(TWO), standard_digits(), seeded())
    with pytest.raises(ValueError, match="nothing to grow from in US1: its input is blank"):
        rule.fit(neocognitron(TWO), Stimuli(torch.zeros(2, 1, 16, 16)), seeded())
    with pytest.raises(
        ValueError, match="UC1, a JoinedCLayer, joins planes that have a meaning; planes that grow have none"
    ):
        rule.fit(fukushima_1988(), Stimuli(torch.rand(2, 1, 19, 19, generator=seeded())), seeded())
    with pytest.raises(ValueError, match="this rule reinforces S-layers"):
        rule.fit(lenet5_as_taught(), digits(), seeded())


@pytest.mark.parametrize("rule", [AddIfSilent, WinnerKillLoser])
def test_settings_that_make_no_sense_are_refused(rule):
    for wrong in ({"q": ()}, {"q": (0.0,)}, {"columns": (0,)}, {"most": (0,)}):
        with pytest.raises(ValueError, match="q above zero and finite, columns and most at least 1"):
            rule(**wrong)
    with pytest.raises(ValueError, match="presentations >= 1"):
        WinnerKillLoser(presentations=0)


def test_a_grown_net_can_go_on_learning_by_winner_take_all():
    grown = AddIfSilent().fit(neocognitron(TWO), digits(), seeded())
    learned = WinnerTakeAll(presentations=1).fit(grown, digits(), seeded())
    assert len(history_of(learned)["US1 wins"]) == len(grown.US1.b)
