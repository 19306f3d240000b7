"""LeNet-5 as published: every total, the table, the output, and the ledger to the net as taught."""

import pytest
import torch
from torch.nn import functional as F

from neuro.models.convnet import (
    RadialOutput,
    lecun_1989,
    ledger,
    lenet5,
    lenet5_as_taught,
    parameter_count,
    totals,
    wiring,
)
from neuro.models.lenet5 import C3_TABLE, characters

# Units, links and trainable parameters of each layer, as the paper gives them.
LENET5 = [
    ("input", 1024, 0, 0),
    ("C1", 6 * 28 * 28, 122_304, 156),
    ("S2", 6 * 14 * 14, 5_880, 12),
    ("C3", 16 * 10 * 10, 151_600, 1_516),
    ("S4", 16 * 5 * 5, 2_000, 32),
    ("C5", 120, 48_120, 48_120),
    ("F6", 84, 10_164, 10_164),
    ("decision", 10, 840, 0),
]


def test_every_layer_has_the_cells_links_and_parameters_of_the_paper():
    rows = wiring(lenet5(), torch.zeros(1, 1, 32, 32))
    assert rows == LENET5
    assert totals(rows)[2:] == (340_908, 60_000)


def test_the_ledger_leads_from_60000_to_61706():
    published, taught = lenet5(), lenet5_as_taught()
    more = ledger(published, taught)
    assert more == {"S2": -12, "C3": 900, "S4": -32, "decision": 850}
    assert parameter_count(published) + sum(more.values()) == parameter_count(taught) == 61_706


def test_a_ledger_of_nets_that_cannot_be_paired_is_refused():
    with pytest.raises(ValueError, match=r"paired in order; got C1, S2, .* and H1, H2, H3, decision"):
        ledger(lenet5(), lecun_1989())


def test_the_table_has_60_links_of_maps_and_each_map_of_s2_is_seen_by_ten():
    # 6 rows of three neighbours, 6 of four, 3 of two and two, one of all: 18 + 24 + 12 + 6.
    assert sum(map(len, C3_TABLE)) == 60
    assert [sum(i in seen for seen in C3_TABLE) for i in range(6)] == [10] * 6
    assert [len(seen) for seen in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    assert len({frozenset(seen) for seen in C3_TABLE}) == 16


def test_the_four_maps_of_rows_12_to_14_are_not_four_neighbours():
    rings = {frozenset((k + j) % 6 for j in range(4)) for k in range(6)}
    assert all(frozenset(seen) in rings for seen in C3_TABLE[6:12])
    assert not any(frozenset(seen) in rings for seen in C3_TABLE[12:15])


def test_the_output_is_minus_the_squared_distance_to_each_character():
    patterns = characters()
    answers = RadialOutput(patterns)(patterns)
    apart = (patterns[:, None] != patterns).sum(2)  # cells in which two characters differ: 2 apart, 4 squared
    torch.testing.assert_close(answers, -4.0 * apart)
    assert (answers.argmax(1) == torch.arange(10)).all()


def test_the_cross_entropy_of_the_output_is_the_discriminative_criterion_of_the_paper():
    torch.manual_seed(0)
    patterns, f6, labels = characters(), torch.randn(5, 84), torch.tensor([3, 1, 4, 1, 5])
    distances = (f6[:, None] - patterns).square().sum(2)
    criterion = distances[range(5), labels] + torch.logsumexp(-distances, 1)
    torch.testing.assert_close(
        F.cross_entropy(RadialOutput(patterns)(f6), labels, reduction="none"), criterion
    )


def test_the_characters_are_ten_drawings_of_7_by_12_that_differ_in_ten_pixels_or_more():
    drawn = characters()
    assert drawn.shape == (10, 7 * 12)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    apart = (drawn[:, None] != drawn).sum(2)
    assert apart[~torch.eye(10, dtype=torch.bool)].min() >= 10


def test_fewer_classes_take_the_first_characters_and_more_are_refused():
    assert lenet5(classes=4)(torch.zeros(2, 1, 32, 32)).shape == (2, 4)
    assert torch.equal(characters(4), characters()[:4])
    with pytest.raises(ValueError, match="characters for 1 to 10 classes; got 11"):
        lenet5(classes=11)


def test_an_image_of_another_size_is_refused_with_the_size_that_fits():
    with pytest.raises(ValueError, match=r"takes images \(B, 1, 32, 32\); got \(1, 1, 28, 28\)"):
        lenet5()(torch.zeros(1, 1, 28, 28))
