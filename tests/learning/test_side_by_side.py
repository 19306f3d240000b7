"""Nets that learn in one batch against the same nets one after the other."""

import logging
from dataclasses import replace

import pytest
import torch

from neuro.learning import WinnerTakeAll, fit_side_by_side, history_of, presentations
from neuro.models.convnet import lenet5_as_taught
from neuro.models.neocognitron import FUKUSHIMA_1980, Stage, fukushima_1980, neocognitron
from neuro.patterns import standard_digits
from neuro.preparations import shifted_at_random
from neuro.stimuli import Stimuli

SMALL = (
    Stage(planes=5, s_padding=2, r=4.0, initial=0.002, c_window=3, c_padding=1),
    Stage(planes=4, s_window=3, s_padding=1, initial=0.0002, c_window=2, c_padding=0),
)
RULE = WinnerTakeAll(presentations=2, columns=(3, 6), schedule="together")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def shown(seed=0, times=1):
    return shifted_at_random(standard_digits(), times, 2, seeded(seed)).without("label")


def assert_equal(together, alone, rtol=1e-5):
    for one, other in zip(together, alone, strict=True):
        for name, value in other.state_dict().items():
            torch.testing.assert_close(
                one.state_dict()[name], value, rtol=rtol, atol=1e-5 * value.abs().max()
            )
        assert history_of(one).keys() == history_of(other).keys()
        for name in ("US1", "US2"):
            one_course, other_course = presentations(one, name), presentations(other, name)
            assert one_course.image.tolist() == other_course.image.tolist()
            for plane in range(len(one.US1.b)):
                assert one_course.seeds(plane).tolist() == other_course.seeds(plane).tolist()


@pytest.mark.parametrize("schedule", ["together", "layer by layer"])
def test_nets_side_by_side_are_the_nets_one_by_one(schedule, caplog):
    caplog.set_level(logging.ERROR)
    # Everything that may differ does: r, q, alpha, c, d, initial weights, images, order.
    stages = [
        (replace(SMALL[0], r=r, gamma=gamma, alpha=alpha), replace(SMALL[1], delta=gamma))
        for r, gamma, alpha in ((4.0, 0.5, 0.5), (2.0, 0.8, 0.4), (1.7, 0.9, 1.0))
    ]
    models = [neocognitron(own) for own in stages]
    rules = [replace(RULE, q=(1.0, q), schedule=schedule) for q in (16.0, 4.0, 8.0)]
    stimuli = [shown(seed) for seed in range(3)]
    alone = [
        rule.fit(model, own, seeded(n))
        for n, (rule, model, own) in enumerate(zip(rules, models, stimuli, strict=True))
    ]
    before = models[0].US1.a.clone()
    together = fit_side_by_side(rules, models, stimuli, [seeded(n) for n in range(3)])
    assert_equal(together, alone)
    assert torch.equal(models[0].US1.a, before)
    assert not torch.equal(together[0].US2.a, together[1].US2.a)


def test_the_nets_of_1980_side_by_side_are_those_one_by_one(caplog):
    caplog.set_level(logging.ERROR)
    rule = WinnerTakeAll(presentations=1, schedule="together")
    stimuli = [shown(seed, times=2) for seed in range(4)]
    models = [neocognitron((FUKUSHIMA_1980[0], replace(FUKUSHIMA_1980[1], r=1.0 + n / 2), FUKUSHIMA_1980[2]))
              for n in range(4)]  # fmt: skip
    alone = [rule.fit(model, own, seeded()) for model, own in zip(models, stimuli, strict=True)]
    assert_equal(fit_side_by_side([rule] * 4, models, stimuli, [seeded() for _ in range(4)]), alone)


def test_learning_thresholds_hold_side_by_side_as_they_do_alone(caplog):
    caplog.set_level(logging.ERROR)
    models = [neocognitron((replace(SMALL[0], r_learning=high), SMALL[1])) for high in (6.0, None)]
    rule = replace(RULE, schedule="layer by layer")
    alone = [rule.fit(model, shown(), seeded()) for model in models]
    together = fit_side_by_side([rule] * 2, models, [shown()] * 2, [seeded(), seeded()])
    assert_equal(together, alone)
    assert [net.US1.r for net in together] == [4.0, 4.0]
    assert not torch.equal(together[0].US1.a, together[1].US1.a)


def test_nets_that_cannot_stand_side_by_side_are_refused():
    net, own = neocognitron(SMALL), shown()
    with pytest.raises(ValueError, match=r"one rule, model, stimuli and generator for each net; got \[1, 2,"):
        fit_side_by_side([RULE], [net, net], [own] * 2, [seeded()] * 2)
    with pytest.raises(ValueError, match="one rule, model, stimuli and generator for each net"):
        fit_side_by_side([], [], [], [])
    with pytest.raises(ValueError, match="may differ in q alone"):
        fit_side_by_side([RULE, replace(RULE, columns=(4,))], [net] * 2, [own] * 2, [seeded(), seeded(1)])
    with pytest.raises(ValueError, match="equally many images of one size"):
        fit_side_by_side([RULE] * 2, [net] * 2, [own, own[:3]], [seeded(), seeded(1)])
    with pytest.raises(ValueError, match="one architecture; got 2"):
        fit_side_by_side([RULE] * 2, [net, fukushima_1980()], [own] * 2, [seeded(), seeded(1)])
    wider = neocognitron((replace(SMALL[0], s_padding=1), SMALL[1]))
    with pytest.raises(ValueError, match=r"nets side by side have one padding; got \['1', '2'\]"):
        fit_side_by_side([RULE] * 2, [net, wider], [own] * 2, [seeded(), seeded(1)])
    with pytest.raises(ValueError, match="learns without a teacher"):
        fit_side_by_side([RULE], [net], [Stimuli(own.images, {"label": range(len(own))})], [seeded()])
    with pytest.raises(ValueError, match="this rule reinforces S-layers"):
        fit_side_by_side([RULE], [lenet5_as_taught()], [own], [seeded()])
    net.US1.c[0, :, 0, 0] *= 2
    two_channels = neocognitron(SMALL, channels=2)
    two_channels.US1.c[0, 0, 0, 0] *= 2
    with pytest.raises(ValueError, match="c to be a function of place alone"):
        fit_side_by_side([RULE], [two_channels], [Stimuli(own.images.repeat(1, 2, 1, 1))], [seeded()])


def test_a_net_that_is_silent_is_an_error_side_by_side_as_well(caplog):
    caplog.set_level(logging.ERROR)
    nets = [neocognitron(SMALL), neocognitron(SMALL)]
    nets[1].US2.a.data.zero_()
    with pytest.raises(ValueError, match="no plane of US2 ever won"):
        fit_side_by_side([RULE] * 2, nets, [shown()] * 2, [seeded(), seeded()])
