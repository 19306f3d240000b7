"""Units, links and parameters: by hand, and against what a change of one cell can reach."""

from collections import OrderedDict

import torch
from torch import nn

from neuro.models.counting import totals, wiring
from neuro.models.feature_maps import FeatureMaps, LocalFields, Subsampling, every
from neuro.models.neocognitron import FUKUSHIMA_1980, modern_neocognitron


def test_the_wiring_of_a_layer_of_each_kind_is_the_one_counted_by_hand():
    net = nn.Sequential(
        OrderedDict(
            maps=FeatureMaps(1, every(1, 3), 3, own_biases=6),  # 6 x 6 cells of 9 weights and a bias each
            rest=nn.Tanh(),
            pool=Subsampling(3),  # 3 x 3 cells of 4 inputs and a bias
            local=LocalFields(3, 2, 2),  # 2 x 2 cells of 12 weights and a bias, nothing shared
            flat=nn.Flatten(),
            decision=nn.Linear(4, 5),
        )
    )
    assert wiring(net, torch.zeros(1, 1, 8, 8)) == [
        ("input", 64, 0, 0),
        ("maps", 108, 108 * 10, 3 * 9 + 108),
        ("pool", 27, 27 * 5, 3 * 2),
        ("local", 4, 4 * 13, 4 * 13),
        ("decision", 5, 5 * 5, 5 * 5),
    ]


def test_links_are_the_pairs_of_cells_of_which_one_moves_the_other():
    torch.manual_seed(0)
    layer = FeatureMaps(4, [(0, 2), (3,), (0, 1, 2, 3)], 3, stride=2)
    image = torch.rand(1, 4, 9, 9)
    slopes = torch.autograd.functional.jacobian(layer, image)
    biases = 3 * 4 * 4
    assert wiring(nn.Sequential(layer), image)[1].links == int((slopes != 0).sum()) + biases


def test_torchs_own_convolution_counts_like_full_maps():
    image = torch.zeros(1, 2, 7, 7)
    own, torchs = FeatureMaps(2, every(2, 5), 3), nn.Conv2d(2, 5, 3)
    assert wiring(nn.Sequential(own), image) == wiring(nn.Sequential(torchs), image)


def test_links_of_chains_within_chains_are_all_counted():
    image, filters = torch.zeros(1, 1, 7, 7), nn.Conv2d(1, 2, 3)
    nested = nn.Sequential(nn.Sequential(nn.Sequential(filters, nn.ReLU()), nn.Tanh()))
    assert wiring(nested, image) == wiring(nn.Sequential(filters), image)


def test_totals_are_the_sums_over_layers():
    rows = wiring(nn.Sequential(nn.Conv2d(1, 2, 3, bias=False)), torch.zeros(1, 1, 4, 4))
    assert totals(rows) == ("total", 16 + 8, 8 * 9, 18)


def test_the_modern_s_cells_have_links_and_parameters():
    net = modern_neocognitron(FUKUSHIMA_1980[:1])
    rows = wiring(net, torch.zeros(1, 1, 16, 16))
    assert [(row.layer, row.units, row.links, row.parameters) for row in rows[1:]] == [
        ("US1", 24 * 16**2, 24 * 16**2 * 26, 24 * 26)
    ]
