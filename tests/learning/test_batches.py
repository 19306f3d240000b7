"""Batches of presentations against single ones."""

import copy

import pytest
import torch

from neuro.learning import BatchedWinnerTakeAll, WinnerTakeAll, history_of, presentations
from neuro.learning.batches import reinforce_all
from neuro.learning.competition import reinforce, seeds_of
from neuro.models.neocognitron import Stage, neocognitron
from neuro.patterns import standard_digits
from neuro.preparations import shifted_at_random

TWO = (
    Stage(planes=5, s_padding=2, r=4.0, initial=0.002, c_window=3, c_padding=1),
    Stage(planes=4, s_window=3, s_padding=1, initial=0.0002, c_window=2, c_padding=0),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def shown(times=2):
    return shifted_at_random(standard_digits(), times, 2, seeded()).without("label")


def test_a_batch_adds_what_its_images_would_add_one_by_one_to_the_same_weights():
    model, images = neocognitron(TWO), shown().images
    with torch.no_grad():
        seeds = seeds_of(model.US1(images), 5)
        together, one_by_one = copy.deepcopy(model.US1), copy.deepcopy(model.US1)
        reinforce_all(together, images, seeds, 2.0)
        for image in range(len(images)):
            own = seeds.competition == image
            reinforce(one_by_one, images[image : image + 1], seeds.plane[own], seeds.place[own], 2.0)
    assert len(seeds.plane) > len(images)
    torch.testing.assert_close(together.a, one_by_one.a)
    torch.testing.assert_close(together.b, one_by_one.b)


def test_batches_of_one_are_winner_take_all():
    common = {"q": (1.0, 16.0), "columns": (3, 6), "presentations": 2}
    batched = BatchedWinnerTakeAll(**common, batch_size=1).fit(neocognitron(TWO), shown(), seeded())
    single = WinnerTakeAll(**common, schedule="layer by layer").fit(neocognitron(TWO), shown(), seeded())
    for name, value in single.state_dict().items():
        torch.testing.assert_close(batched.state_dict()[name], value)
    assert history_of(batched)["US2 wins"] == history_of(single)["US2 wins"]
    for layer in ("US1", "US2"):
        one, other = presentations(batched, layer), presentations(single, layer)
        assert one.image.tolist() == other.image.tolist()
        assert one.seeds(1).tolist() == other.seeds(1).tolist()


def test_every_image_is_presented_once_in_each_round_whatever_the_batches():
    for batch_size, share in ((7, 0.5), (64, 1 / 16), (1000, 10.0)):
        rule = BatchedWinnerTakeAll(presentations=2, batch_size=batch_size, share=share)
        images = presentations(rule.fit(neocognitron(TWO), shown(), seeded()), "US1").image
        half = len(images) // 2
        assert sorted(images[:half]) == sorted(images[half:]) == list(range(len(shown())))


def test_a_batch_is_never_more_than_its_share_of_the_presentations_before():
    stimuli, by_hand, start, b = shown(8), neocognitron(TWO[:1]), 0, []
    order = torch.randperm(len(stimuli), generator=seeded())
    with torch.no_grad():
        # A quarter of those before, whole images, at least one and at most 8.
        for size in [1] * 8 + [2, 2, 3, 3, 4, 5, 6, 8]:
            seen = stimuli.images[order[start : start + size]]
            reinforce_all(by_hand.US1, seen, seeds_of(by_hand.US1(seen), 5), 1.0)
            b += [by_hand.US1.b.mean().item()] * len(seen)
            start += size
    assert start == len(stimuli) + 1
    taught = BatchedWinnerTakeAll(batch_size=8, share=0.25).fit(neocognitron(TWO[:1]), stimuli, seeded())
    torch.testing.assert_close(taught.US1.a, by_hand.US1.a)
    assert presentations(taught, "US1").b == pytest.approx(b)  # which within a batch does not change


def test_settings_that_make_no_sense_are_refused():
    for wrong in ({"batch_size": 0}, {"share": 0.0}):
        with pytest.raises(ValueError, match="batch_size >= 1 and share above zero"):
            BatchedWinnerTakeAll(**wrong)
    with pytest.raises(ValueError, match="q must be above zero"):
        BatchedWinnerTakeAll(q=(0.0,))
