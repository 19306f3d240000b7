"""The totals as published, layer by layer, and what the nets of 1989 are."""

import numpy as np
import pytest
import torch
from torch import nn

from neuro.models.convnet import (
    lecun_1989,
    lecun_1989_nips,
    net_1,
    net_2,
    net_3,
    net_4,
    net_5,
    totals,
    wiring,
)
from neuro.models.lecun_1989 import H2_SEES, NIPS_TABLE

# CRG-TR-89-4: links and free parameters.
NETS = {
    net_1: (2570, 2570),
    net_2: (3214, 3214),
    net_3: (1226, 1226),
    net_4: (2266, 1132),
    net_5: (5194, 1060),
}
# Units, links and parameters of each layer, as the papers give them.
ZIP_CODES = [
    ("input", 256, 0, 0),
    ("H1", 768, 19_968, 1_068),
    ("H2", 192, 38_592, 2_592),
    ("H3", 30, 5_790, 5_790),
    ("decision", 10, 310, 310),
]
NIPS = [
    ("input", 784, 0, 0),
    ("H1", 2304, 59_904, 104),
    ("H2", 576, 2_880, 8),
    ("H3", 768, 32_768, 512),
    ("H4", 192, 960, 24),
    ("decision", 10, 1_930, 1_930),
]


@pytest.mark.parametrize("net", NETS)
def test_net_1_to_net_5_have_the_links_and_free_parameters_of_the_report(net):
    assert totals(wiring(net(), torch.zeros(1, 1, 16, 16)))[2:] == NETS[net]


@pytest.mark.parametrize(
    ("net", "layers"),
    [
        (net_3, [("H1", 64, 640, 640), ("H2", 16, 416, 416), ("decision", 10, 170, 170)]),
        (net_4, [("H1", 128, 1280, 146), ("H2", 16, 816, 816), ("decision", 10, 170, 170)]),
        (net_5, [("H1", 128, 1280, 146), ("H2", 64, 3264, 264), ("decision", 10, 650, 650)]),
    ],
)
def test_sharing_takes_parameters_away_and_leaves_links(net, layers):
    assert wiring(net(), torch.zeros(1, 1, 16, 16))[1:] == layers


@pytest.mark.parametrize(
    ("net", "size", "layers", "total"),
    [
        (lecun_1989, 16, ZIP_CODES, (1_256, 64_660, 9_760)),
        (lecun_1989_nips, 28, NIPS, (4_634, 98_442, 2_578)),
    ],
)
def test_the_zip_code_net_and_that_of_nips_have_the_totals_of_their_papers(net, size, layers, total):
    rows = wiring(net(), torch.zeros(1, 1, size, size))
    assert rows == layers
    assert totals(rows)[1:] == total


def test_without_the_links_to_biases_the_zip_code_net_multiplies_63660_times():
    rows = wiring(lecun_1989(), torch.zeros(1, 1, 16, 16))
    assert totals(rows).links - (totals(rows).units - rows[0].units) == 63_660


def test_each_map_of_h2_sees_8_of_12_and_each_map_of_h1_is_seen_by_8():
    seen = np.zeros((12, 12), dtype=int)
    for k, maps in enumerate(H2_SEES):
        seen[k, list(maps)] = 1
    assert (seen.sum(axis=0) == 8).all()
    assert (seen.sum(axis=1) == 8).all()


def test_the_table_of_nips_links_20_of_48_pairs_in_two_modules_that_share_nothing():
    assert sum(map(len, NIPS_TABLE)) == 20
    assert {i for seen in NIPS_TABLE[:6] for i in seen} == {0, 1}
    assert {i for seen in NIPS_TABLE[6:] for i in seen} == {2, 3}


@pytest.mark.parametrize("net", [*NETS, lecun_1989, lecun_1989_nips])
def test_a_net_answers_a_number_for_each_class_and_says_what_images_it_takes(net):
    size = 28 if net is lecun_1989_nips else 16
    assert net(classes=4)(torch.rand(3, 1, size, size)).shape == (3, 4)
    with pytest.raises(ValueError, match=rf"takes images \(B, 1, {size}, {size}\); got \(3, 1, 20, 20\)"):
        net()(torch.zeros(3, 1, 20, 20))


def test_later_ideas_change_the_cells_and_not_the_counts():
    later = lecun_1989(nonlinearity=nn.ReLU, answer=nn.Identity, dropout=0.5)
    assert wiring(later, torch.zeros(1, 1, 16, 16)) == ZIP_CODES
    torch.manual_seed(0)
    images = torch.rand(4, 1, 16, 16)
    assert (later.H2(later.H1(later.retina(images))) >= 0).all()
    assert not torch.equal(later(images), later(images))  # dropout, in training
    assert torch.equal(later.eval()(images), later(images))


def test_the_answers_of_1989_lie_between_minus_one_and_one():
    net = lecun_1989()
    net.decision.cells.weight.data *= 1000
    assert (net(torch.rand(20, 1, 16, 16)).abs() <= 1).all()
