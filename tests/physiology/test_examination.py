"""One table for many units: what is in it, and that it does not matter who was examined together."""

import csv

import numpy as np
import pytest
import torch
from torch import nn

from neuro.models.convnet import small_convnet
from neuro.models.hubel_wiesel import moving_cortex, separable_cortex
from neuro.physiology import PROTOCOLS, Table, electrode, examine, findings, insert, orientation_tuning
from neuro.physiology.electrode import remembered
from neuro.stimuli import gratings

BY_UNIT = [
    name for name in PROTOCOLS if name not in ("direction", "bar direction", "reverse correlation", "spikes")
]


def mixture(lab):
    """Simple cells here and there, one flat, one dead, one that is always below zero."""
    fields = [lab.gabor(30.0), lab.gabor(120.0, 90.0, x=1.0), lab.gabor(75.0, y=-1.5)] + [lab.gabor()] * 3
    keep, plus = torch.tensor([1.0, 1, 1, 0, 0, 0]), torch.tensor([0.0, 0, 0, 1, 0, -1])
    return lab.model_of(fields, lambda sums: sums * keep + plus)


@pytest.fixture(scope="module")
def table(request):
    lab = request.getfixturevalue("lab")
    return examine(mixture(lab), "cells", **lab.screen)


def test_every_unit_has_a_row_and_every_measure_a_column(table):
    assert len(table) == 6
    assert list(table.columns)[:3] == ["plane", "row", "column"]
    assert list(table.columns)[-1] == "reason"
    assert table["plane"].tolist() == [0, 1, 2, 3, 4, 5]
    assert {"x", "f1_f0", "n_x", "c50", "max_index", "fano_factor", "clutter_tolerance"} <= set(table.columns)
    assert table["preferred_orientation"][:3] == pytest.approx([30, 120, 75], abs=2)
    assert table["x"][:3] == pytest.approx([0, 1, 0], abs=0.15)


def test_whatever_is_missing_has_its_reason_and_is_counted(table):
    missing = np.any([np.isnan(c) for c in table.columns.values() if c.dtype.kind == "f"], axis=0)
    assert (table["reason"][missing] != "").all()
    assert "undefined" not in " ".join(table["reason"])
    assert table["reason"][4:].tolist() == ["silent", "silent"]
    assert table.counts["silent"] == 2
    assert "orientation: no orientation is preferred" in table["reason"][3]
    assert len(table.measured("circular_variance")) == 4
    for name, column in table.columns.items():
        if column.dtype.kind == "f":
            assert np.isnan(column[4:]).all(), name


def test_the_csv_holds_the_table(table, tmp_path):
    table.to_csv(tmp_path / "units.csv")
    with (tmp_path / "units.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table.columns)
    for row, written in zip(table.rows(), rows, strict=True):
        assert int(written["plane"]) == row["plane"]
        assert written["reason"] == row["reason"]
        if np.isnan(row["f1_f0"]):
            assert written["f1_f0"] == ""
        else:
            assert float(written["f1_f0"]) == row["f1_f0"]


def test_units_examined_together_are_what_each_is_alone(lab):
    model, units = mixture(lab), [(0, 0, 0), (1, 0, 0), (2, 0, 0)]
    together = examine(model, "cells", units, BY_UNIT, **lab.screen)
    for n, unit in enumerate(units):
        alone = examine(model, "cells", [unit], BY_UNIT, **lab.screen)
        for name, column in alone.columns.items():
            if column.dtype.kind == "f":
                assert together[name][n] == pytest.approx(column[0], rel=1e-4, abs=1e-5, nan_ok=True), name


def test_how_many_stimuli_are_drawn_at_a_time_does_not_matter(lab, monkeypatch):
    def shown():
        inserted = lab.electrode_in([lab.gabor(), lab.gabor(90.0)])
        own = {"orientations": [45.0, 90.0]}
        return inserted.answers(gratings, own, spatial_frequency=[0.5, 1.0, 1.5], phase=[0, 90])

    at_once = shown()
    monkeypatch.setattr(electrode, "PIXELS", 5 * 40**2)
    assert at_once.shape == (2, 3, 2)
    assert shown() == pytest.approx(at_once, abs=1e-6)


def test_each_unit_is_shown_its_own_stimuli(lab):
    inserted = lab.electrode_in([lab.gabor(45.0), lab.gabor(135.0)])
    right = inserted.answers(gratings, {"orientations": [45.0, 135.0]}, spatial_frequency=[1.0])
    wrong = inserted.answers(gratings, {"orientations": [135.0, 45.0]}, spatial_frequency=[1.0])
    assert right[:, 0] == pytest.approx([1, 1], abs=0.01)
    assert wrong[:, 0] == pytest.approx([0, 0], abs=0.01)


def test_protocols_share_what_was_shown(lab):
    shown = []
    inserted = lab.electrode_in([lab.gabor()])
    inserted.model.register_forward_hook(lambda *_: shown.append(1))
    orientation_tuning(inserted)
    passes = len(shown)
    orientation_tuning(inserted)
    PROTOCOLS["phase"](inserted)
    assert len(shown) == passes > 0


def test_another_question_is_asked_anew(lab):
    @remembered
    def twice(electrode, number=1):
        return 2 * number

    inserted = lab.electrode_in([lab.gabor()])
    assert (twice(inserted), twice(inserted, number=3), twice(inserted)) == (2, 6, 2)


def test_a_protocol_of_ones_own_gives_columns_of_the_table(lab):
    def half_grey(electrode):
        return findings({"grey": electrode.spontaneous(0.5) + 2.0})

    table = examine(lab.model_of([lab.gabor()]), "cells", None, ["orientation", half_grey], **lab.screen)
    assert table["grey"] == pytest.approx([2], abs=1e-5)
    with pytest.raises(ValueError, match="half_grey' gives the column 'grey', which there is already"):
        examine(lab.model_of([lab.gabor()]), "cells", None, [half_grey, named_alike(half_grey)], **lab.screen)


def named_alike(protocol):
    def another(electrode):
        return protocol(electrode)

    another.__name__ = "another half_grey"
    return another


def test_a_net_of_three_channels_sees_the_grey_image_three_times(lab):
    one, three = nn.Conv2d(1, 2, 7, bias=False), nn.Conv2d(3, 2, 7, bias=False)
    torch.nn.init.normal_(three.weight, generator=torch.Generator().manual_seed(0))
    one.weight.data = three.weight.data.sum(1, keepdim=True)
    options = {"protocols": ["orientation", "spatial frequency"], "size": 24, "background": 0.0}
    grey, coloured = (examine(nn.Sequential(layer), "0", **options) for layer in (one, three))
    for name in ("circular_variance", "preferred_frequency"):
        assert grey[name] == pytest.approx(coloured[name], abs=1e-4)


def test_a_dense_layer_of_a_net_can_be_examined_whole():
    torch.manual_seed(0)
    net = small_convnet(size=16)
    table = examine(
        net, "decision", size=16, background=0.0, protocols=["receptive field", "orientation", "length"]
    )
    assert len(table) == 10
    assert set(table["row"]) == set(table["column"]) == {0}
    assert (table["circular_variance"][~np.isnan(table["circular_variance"])] <= 1).all()


def test_nothing_is_printed(lab, capsys):
    examine(lab.model_of([lab.gabor()]), "cells", None, ["orientation"], centres=(0, 0), **lab.screen)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": None, "field": None}, "say how large the model's image is"),
        ({"pixels_per_degree": 3.0}, "40"),
        ({"layer": "rods"}, "no layer 'rods'; this model has cells"),
        ({"units": [(9, 0, 0)]}, "has .1, 1, 1. planes, rows, columns"),
        ({"units": [(0, 0)]}, "units must be .n, 3. whole numbers"),
        ({"units": [(0.5, 0, 0)]}, "units must be .n, 3. whole numbers"),
        ({"units": np.empty((0, 3))}, "units must be .n, 3. whole numbers"),
        ({"units": "all"}, "units is 'centre' or an array"),
        ({"protocols": ["flavour"]}, "no protocol 'flavour'; there are receptive field, orientation"),
        ({"protocols": "orientation"}, r"write \['orientation'\]"),
        ({"centres": (0, 0, 0)}, "centres are x and y in degrees"),
        ({"centres": (0, np.nan)}, "centres are x and y in degrees"),
        ({"frequencies": [3.0]}, "above Nyquist"),
    ],
)
def test_what_cannot_be_examined_is_refused(lab, change, message):
    given = {"layer": "cells", "units": None, "protocols": ["orientation"], **lab.screen, **change}
    with pytest.raises(ValueError, match=message):
        examine(lab.model_of([lab.gabor()]), **given)


def test_columns_of_different_lengths_are_no_table():
    with pytest.raises(ValueError, match="columns must all be"):
        Table({"plane": np.arange(2), "reason": np.array([""])})
    with pytest.raises(KeyError, match="no column 'x'; this table has plane"):
        Table({"plane": np.arange(2)})["x"]


def test_the_cell_in_the_middle_of_each_plane_is_examined_by_default():
    layer = nn.Conv2d(1, 3, 5, bias=False)
    assert insert(nn.Sequential(layer), "0", size=12).units.tolist() == [[0, 4, 4], [1, 4, 4], [2, 4, 4]]


def test_a_unit_whose_field_is_not_found_is_said_to_be_shown_the_middle(lab):
    table = examine(lab.model_of([0 * lab.gabor(), lab.gabor()]), "cells", protocols=["phase"], **lab.screen)
    assert table["reason"].tolist() == ["silent", ""]
    flat = examine(
        lab.model_of([0 * lab.gabor()], lambda sums: sums + 1),
        "cells",
        protocols=["orientation"],
        **lab.screen,
    )
    assert flat["reason"][0].startswith("shown in the middle of the image: no receptive field found")


def test_units_that_answer_nan_are_named(lab):
    model = lab.model_of([lab.gabor(), lab.gabor() * np.nan])
    with pytest.raises(ValueError, match=r"layer 'cells' answer NaN or infinity, such as \(1, 0, 0\)"):
        examine(model, "cells", protocols=["phase"], centres=(0, 0), **lab.screen)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phases": 4}, "phases must be at least 5"),
        ({"orientations": [0, 10, 90]}, "orientations must be evenly spaced"),
        ({"centres": (40, 0)}, "a centre lies outside the model's field of 8 degrees"),
    ],
)
def test_options_that_cannot_be_shown_are_refused(lab, options, message):
    with pytest.raises(ValueError, match=message):
        insert(lab.model_of([lab.gabor()]), "cells", **lab.screen, **options)


def test_moving_cortex_answers_stills_that_come_on_and_doubles_to_a_reversing_grating_only_if_separable():
    options = {"size": 33, "pixels_per_degree": 4.0, "centres": (0, 0), "frequencies": [0.45], "phases": 8}
    tables = [
        examine(make(4), "complex", protocols=["counterphase", "position"], **options)
        for make in (moving_cortex, separable_cortex)
    ]
    # A reversing grating is two that drift; a direction-selective cell sees one: its energy is constant.
    moving, separable = (table["frequency_doubling"][0] for table in tables)
    assert separable > 0.9
    assert not moving > 0.9
    assert np.isfinite(tables[0]["position_tolerance"]).all()
