import csv
import pickle
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from neuro.analysis import cell_vote, linear, nearest
from neuro.comparison import Comparison, Design, Parts, Row, Search, compare, one_of
from neuro.comparison.search import whole
from neuro.comparison.table import with_gains
from neuro.distortions import shifted
from neuro.experiment import UserError
from neuro.learning import (
    Backpropagation,
    ImprintedPatches,
    Imprinting,
    Patches,
    PCATemplates,
    Templates,
    Untrained,
    WinnerTakeAll,
)
from neuro.models.initial import randomised
from tests.comparison.small import Broken, Diverging, Scaled, Silencing, bars, chain, design, parts

BACK = Search(
    Backpropagation,
    {"learning_rate": [1e-2, 1e-1], "epochs": [3], "batch_size": [8]},
    labels="all layers",
    source="1986",
)
RULES = {
    "untrained": one_of(Untrained()),
    "imprinted": one_of(Imprinting((1,)), Imprinting((10,))),
    "winner-take-all": Search(WinnerTakeAll, {"q": [(1,), (10,)], "presentations": [1], "columns": [(3,)]}),
    "backpropagation": BACK,
}
WRONG = {
    "diverging": one_of(Diverging()),
    "silent": one_of(Silencing()),
    "broken": one_of(Broken()),
}


@pytest.fixture(scope="module")
def table():
    options = {"readouts": {"k-NN": nearest, "cell vote": cell_vote}, "shifts": (1,), "noise": (0.3,)}
    return compare(RULES | WRONG, design(trials=2, **options), [3, 4])


def rows_of(table, rule):
    return [row for row in table.rows if row["rule"] == rule]


def test_there_is_a_row_for_every_rule_and_seed_in_their_order(table):
    assert [(row["rule"], row["seed"]) for row in table.rows] == [
        (r, s) for r in RULES | WRONG for s in (3, 4)
    ]
    assert table.rules == [*RULES, *WRONG]


def test_what_goes_wrong_stands_in_its_own_row_by_name(table):
    status = {rule: rows_of(table, rule)[0]["status"] for rule in WRONG}
    assert status == {
        "diverging": "diverged: the loss is not finite in epoch 1",
        "silent": "silent: UC1 answers nothing to the training part",
        "broken": "failed: ZeroDivisionError: a gain of nothing",
    }
    assert rows_of(table, "diverging")[0]["accuracy"] is None
    assert rows_of(table, "diverging")[0].blanks["accuracy"] == status["diverging"]
    assert rows_of(table, "silent")[0]["dead (share)"] == 1


def test_the_other_rules_are_as_they_would_be_without_it(table):
    options = {"readouts": {"k-NN": nearest, "cell vote": cell_vote}, "shifts": (1,), "noise": (0.3,)}
    alone = compare(RULES, design(trials=2, **options), [4])
    for row in alone.rows:
        (same,) = (each for each in rows_of(table, row["rule"]) if each["seed"] == 4)
        timeless = [{k: v for k, v in each.values.items() if k != "seconds"} for each in (row, same)]
        assert timeless[0] == timeless[1]
        assert row.blanks == same.blanks


def test_accuracies_are_those_of_the_readouts_on_the_parts_of_that_seed(table):
    generator = torch.Generator().manual_seed(3)
    stimuli = parts(generator)
    model = chain(generator)
    known = [whole(model, part) for part in (stimuli.train, stimuli.validation)]
    row = rows_of(table, "untrained")[0]
    read = linear(*known).read([whole(model, stimuli.test)])
    assert (row["accuracy"], row["alpha"], row["validation"]) == (
        read.accuracy,
        read.setting,
        read.validation_accuracy,
    )
    assert row["accuracy, k-NN"] == nearest(*known).read([whole(model, stimuli.test)]).accuracy
    moved = shifted(stimuli.test, np.resize([1, -1], 60), 0)
    assert row["accuracy, moved 1 px"] == linear(*known).read([whole(model, moved)]).accuracy
    assert 0 <= row["accuracy, noise 0.3"] <= 1


def test_gains_are_paired_with_the_control_of_the_same_seed(table):
    for rule in ("winner-take-all", "silent"):
        for column, control in (("gain over random", "untrained"), ("gain over imprinting", "imprinted")):
            expected = table.runs(rule, "accuracy") - table.runs(control, "accuracy")
            assert table.runs(rule, column).tolist() == expected.tolist()
    found = table.difference("winner-take-all", "untrained", np.random.default_rng(0))
    assert found.n == 2
    assert found.mean == pytest.approx(table.runs("winner-take-all", "gain over random").mean())


def test_controls_that_are_not_there_leave_a_blank_with_a_reason(table):
    rows = [
        Row({"rule": "a", "seed": 1, "accuracy": 0.5}, {}),
        Row({"rule": "b", "seed": 1, "accuracy": None}, {}),
    ]
    first, second = with_gains(rows, {"gain": "missing", "gap": "b", "own": "a"})
    assert first.blanks == {"gain": "'missing' is not in this comparison", "gap": "b has no accuracy"}
    assert first["own"] == 0
    assert second.blanks["own"] == "b has no accuracy"
    assert rows_of(table, "broken")[0].blanks["gain over random"] == "broken has no accuracy"


def test_columns_say_what_was_used(table):
    row = rows_of(table, "backpropagation")[0]
    assert (row["labels used"], row["source"], row["labels"], row["labels to choose"]) == (
        "all layers",
        "1986",
        45,
        30,
    )
    assert (row["trials"], row["failed trials"], row["features"]) == (2, 0, 16)
    assert row["architecture"] == "US1(4) UC1 decision(3)"
    assert (row["stimuli to learn from"], row["stimuli seen"], row["epochs"]) == (45, 135, 3)
    assert rows_of(table, "untrained")[0]["stimuli seen"] == 0
    assert rows_of(table, "winner-take-all")[0]["labels used"] == "readout"
    assert rows_of(table, "silent")[0]["stimuli seen"] == 7
    assert rows_of(table, "silent")[0]["angle to gradient (degrees)"] == 40
    assert rows_of(table, "imprinted")[0].blanks["stimuli seen"] == "the rule does not say"
    assert row.blanks["MACs forward"] == "not counted in this comparison"
    assert row.blanks["matches published"] == "no figure is published"


def test_representations_are_like_themselves_and_the_twins(table):
    untrained, back = rows_of(table, "untrained")[0], rows_of(table, "backpropagation")[0]
    assert untrained["CKA to random"] == untrained["RSA to random"] == pytest.approx(1)
    assert back["CKA to twin"] == back["RSA to twin"] == pytest.approx(1)
    assert untrained["CKA to twin"] == pytest.approx(back["CKA to random"])
    assert untrained["distance from start"] == 0
    assert back["distance from start"] > 0
    assert rows_of(table, "silent")[0]["distance from start"] == 1
    assert rows_of(table, "silent")[0].blanks["CKA to random"] == "all stimuli are answered alike"


def test_every_blank_has_a_reason(table):
    for row in table.rows:
        assert {name for name, value in row.values.items() if value is None} == set(row.blanks)
        assert all(row.blanks.values())


def test_the_summary_has_the_mean_and_both_intervals_of_each_rule(table):
    generator = np.random.default_rng(0)
    summary = {row["rule"]: row for row in table.summary(generator)}
    runs = table.runs("imprinted", "accuracy")
    assert summary["imprinted"]["accuracy (mean)"] == pytest.approx(runs.mean())
    assert summary["imprinted"]["accuracy (sd)"] == pytest.approx(runs.std(ddof=1))
    assert summary["imprinted"]["seeds"] == summary["imprinted"]["gain over random (n)"] == 2
    assert summary["untrained"]["gain over random (bootstrap_high)"] == 0
    assert summary["broken"]["accuracy (mean)"] is None
    assert summary["broken"]["complaints"] == "failed: ZeroDivisionError: a gain of nothing"
    assert summary["untrained"]["complaints"] == ""


def test_the_csv_holds_every_row_and_every_trial(table, tmp_path):
    table.to_csv(tmp_path / "rows.csv")
    table.trials_to_csv(tmp_path / "trials.csv")
    rows, trials = (
        [*csv.DictReader((tmp_path / name).read_text(encoding="utf-8").splitlines())]
        for name in ("rows.csv", "trials.csv")
    )
    assert [(row["rule"], int(row["seed"])) for row in rows] == [
        (row["rule"], row["seed"]) for row in table.rows
    ]
    assert float(rows[0]["accuracy"]) == table.rows[0]["accuracy"]
    assert rows[-1]["accuracy"] == ""
    assert "accuracy: failed: ZeroDivisionError: a gain of nothing" in rows[-1]["blanks"]
    assert len(trials) == len(table.trials) == 2 * (1 + 2 + 2 + 2 + 3)
    assert {row["validation"] for row in trials if row["rule"] == "broken"} == {""}


def test_the_text_of_the_csv_is_the_same_in_every_run_as_it_leaves_the_seconds_out(table):
    slower = [Row({**row.values, "seconds": 1e3}, row.blanks) for row in table.rows]
    trained, (broken, *_) = rows_of(table, "imprinted")[0], rows_of(table, "broken")
    assert trained["seconds"] is not None
    assert "seconds" not in broken.values  # which has no blank to be filled
    assert Comparison(tuple(slower[:2]), ()).csv_text() == Comparison(table.rows[:2], ()).csv_text()
    (line,) = csv.DictReader(Comparison((trained,), ()).csv_text().splitlines())
    assert line["seconds"] == ""
    assert line["blanks"].endswith("seconds: no two runs share them")
    assert float(line["accuracy"]) == trained["accuracy"]


def test_products_that_templates_tell_are_of_the_training_and_not_of_the_few_that_others_are_counted_on():
    def dense(generator):
        layers = OrderedDict(flat=nn.Flatten(), one=nn.Linear(64, 2))
        return randomised(nn.Sequential(layers), generator)

    rule = Templates(PCATemplates(), patches=Patches("raw"))
    (row,) = compare({"PCA": one_of(rule)}, replace(design(counted_on=5), build=dense), [0]).rows
    # 45 stimuli of 64 pixels; and each of the few once through 2 units, for the report of silent ones.
    assert row["MACs of learning"] == pytest.approx(PCATemplates().macs(45, 64, 2) / 45 + 2 * 64)


def test_columns_and_rules_that_are_not_there_are_refused_with_those_that_are(table):
    with pytest.raises(KeyError, match="no rule 'oja'; there are untrained, imprinted"):
        table.runs("oja", "accuracy")
    with pytest.raises(KeyError, match="no column 'colour'; there are rule, seed"):
        table.runs("untrained", "colour")
    with pytest.raises(KeyError, match="no column 'colour'; this row has rule, seed"):
        table.rows[0]["colour"]


def test_a_run_that_was_cut_off_goes_on_from_its_cache(tmp_path):
    rules = {"untrained": RULES["untrained"], "wrong": one_of(Broken()), "scaled": one_of(Scaled(2.0))}
    first = compare({"untrained": rules["untrained"]}, design(cache=tmp_path), [0])
    kept = {path: path.read_bytes() for path in (tmp_path / "rows").iterdir()}
    assert len(kept) == 1
    whole_run = compare(rules, design(cache=tmp_path), [0])
    assert whole_run.rows[0]["seconds"] == first.rows[0]["seconds"]  # which no second run would repeat
    assert len(list((tmp_path / "rows").iterdir())) == 2  # what failed is tried again
    again = compare(rules, design(cache=tmp_path), [0])
    assert again == whole_run or [r.values for r in again.rows] == [r.values for r in whole_run.rows]
    other = compare(rules, design(cache=tmp_path, shifts=(1,)), [0])
    assert "accuracy, moved 1 px" in other.rows[0].values
    assert all(path.read_bytes() == content for path, content in kept.items())


def of_one_class(generator):
    alike = parts(generator)
    train = replace(alike.train, conditions={"label": np.zeros(45), "id": alike.train.condition("id")})
    return replace(alike, train=train)


def test_a_training_part_of_one_class_is_said_in_every_row():
    found = compare({"untrained": one_of(Untrained())}, replace(design(), parts=of_one_class), [0])
    (row,) = found.rows
    assert row["status"] == "failed: ValueError: train must hold at least two classes; it has [0.0]"


def test_a_rule_with_fewer_patches_than_units_is_named_and_the_others_stand():
    def wide(generator):
        return randomised(nn.Sequential(OrderedDict(flat=nn.Flatten(), dense=nn.Linear(64, 46))), generator)

    rules = {"imprinted": one_of(Templates(ImprintedPatches())), "untrained": one_of(Untrained())}
    failed, untrained = compare(rules, replace(design(), build=wide), [0]).rows
    what = "dense has 46 units and sees only 45 patches to draw from"
    assert failed["status"] == f"failed: ValueError: {what}"
    assert untrained["accuracy"] is not None


def meaningless(generator):
    made = parts(generator)
    labels = torch.randint(3, (60,), generator=generator).numpy()
    return replace(made, test=replace(made.test, conditions={**made.test.conditions, "label": labels}))


def test_a_readout_at_chance_is_said_so():
    (row,) = compare({"untrained": one_of(Untrained())}, replace(design(), parts=meaningless), [0]).rows
    assert row["status"].startswith("at chance: ")
    assert row["accuracy"] is not None


def few(generator):
    return Parts(*(bars(9, generator, first) for first in (0, 0, 100)), bars(60, generator, 200))


def test_fewer_stimuli_than_features_are_remarked():
    (row,) = compare({"untrained": one_of(Untrained())}, replace(design(), parts=few), [0]).rows
    assert "fewer stimuli (9) than features (16)" in row["remarks"]


def overlapping(generator):
    made = parts(generator)
    return Parts(made.unlabelled, made.train, made.validation, made.train)


def test_overlapping_parts_stop_the_comparison_and_so_does_having_no_rules():
    with pytest.raises(UserError, match="train and test share 45 stimuli"):
        compare({"untrained": one_of(Untrained())}, replace(design(), parts=overlapping), [0])
    with pytest.raises(ValueError, match="a comparison needs at least one rule"):
        compare({}, design(), [0])


def convolutions(generator):
    cells = nn.Sequential(OrderedDict(filters=nn.Conv2d(1, 4, 3, padding=1), relu=nn.ReLU()))
    return randomised(
        nn.Sequential(OrderedDict(conv1=cells, flat=nn.Flatten(), full=nn.Linear(256, 5))), generator
    )


@pytest.mark.slow  # torch's counter takes a second or more to import
def test_any_chain_takes_part_and_its_operations_are_counted():
    rules = {
        "untrained": one_of(Untrained(), norm=(1.0, 2.0)),
        "backpropagation": one_of(Backpropagation(epochs=2, validation=0), labels="all layers"),
    }
    options = {"readouts": {}, "shifts": (), "noise": (), "counted_on": 5}
    untrained, back = compare(rules, Design(convolutions, parts, **options), [0]).rows
    forward = 4 * 64 * 9 + 256 * 5
    assert untrained["MACs forward"] == back["MACs forward"] == forward
    assert untrained["MACs of learning"] == 0
    # Two epochs: forward, back to the weights and, but for the image, back to the inputs; the decision has 15
    # weights. And one pass more, in which the rule looks for layers that fell silent.
    decision = 5 * 3
    learned = 2 * (2 * 4 * 64 * 9 + 3 * (256 * 5 + decision))
    assert back["MACs of learning"] == learned + forward + decision
    assert untrained.blanks["winner entropy"].startswith("responses must not be negative")
    assert 0 <= untrained["norm reached (share)"] <= 1


def test_rules_and_design_can_be_sent_to_another_process():
    for sent in (RULES | WRONG, design()):
        assert pickle.loads(pickle.dumps(sent)) == sent
