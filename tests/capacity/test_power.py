"""The supply graph under no loss and every single loss, on graphs small enough to add up by hand."""

from __future__ import annotations

import pytest

from capacity.facility import Supply, SupplyNode
from capacity.power import Admission, Load, SupplyModel
from capacity.resources import Redundancy
from inventory.errors import ProblemError

TWO_SIDES = (
    SupplyNode("grid", "utility", 10_000),
    SupplyNode("genset", "generator", 10_000, 0.5),
    SupplyNode("ups-1", "ups", 2000, sources=("grid", "genset")),
    SupplyNode("ups-2", "ups", 2000, sources=("grid", "genset")),
    SupplyNode("lv-a", "distribution", 3000, sources=("ups-1", "ups-2"), mode="parallel"),
    SupplyNode("lv-b", "distribution", 3000, sources=("genset",)),
    SupplyNode("A", "feed", 3000, sources=("lv-a",)),
    SupplyNode("B", "feed", 3000, sources=("lv-b",), is_three_phase=False),
)


def load(watts: float, redundancy: str, *supplies: tuple[str, str]) -> Load:
    return Load("x", watts, Redundancy.parse(redundancy), tuple(Supply(*s) for s in supplies))


def carried(model: SupplyModel, loads: tuple[Load, ...], lost: str) -> dict[str, float]:
    row = model.scenarios.index(lost)
    return dict(zip(model.names, model.evaluate(loads).nodes[row].tolist(), strict=True))


def test_a_shared_load_is_counted_once_and_follows_the_living() -> None:
    model = SupplyModel(TWO_SIDES)
    both = (load(1200, "1+1", ("A", "L1"), ("B", "L1")),)
    assert carried(model, both, "") == {
        "grid": 600,
        "genset": 600,
        "ups-1": 300,
        "ups-2": 300,
        "lv-a": 600,
        "lv-b": 600,
        "A": 600,
        "B": 600,
    }
    assert carried(model, both, "B")["A"] == 1200
    assert carried(model, both, "B")["genset"] == 0
    assert carried(model, both, "ups-1")["ups-2"] == 600
    assert carried(model, both, "grid")["genset"] == 1200


def test_a_lone_load_does_not_move() -> None:
    model = SupplyModel(TWO_SIDES)
    lone = (load(500, "1+0", ("A", "L2")),)
    assert carried(model, lone, "A")["lv-b"] == 0
    assert model.evaluate(lone).is_down[model.scenarios.index("lv-a"), 0]


def test_two_of_four_supplies_carry_it_all() -> None:
    model = SupplyModel(TWO_SIDES)
    four = (load(1000, "2+2", ("A", "L1"), ("A", "L2"), ("B", "L1"), ("B", "L1")),)
    legs = model.evaluate(four).legs
    assert legs[0, model.index["A"]].tolist() == [250, 250, 0]
    assert legs[model.scenarios.index("B"), model.index["A"]].tolist() == [500, 500, 0]


def test_three_phase_cords_load_every_leg() -> None:
    model = SupplyModel(TWO_SIDES)
    legs = model.evaluate((load(900, "1+0", ("A", "3P")),)).legs
    assert legs[0, model.index["A"]].tolist() == pytest.approx([300, 300, 300])


def test_overloads_name_scenario_node_and_leg() -> None:
    model = SupplyModel(TWO_SIDES)
    loads = model.evaluate((load(1100, "1+1", ("A", "L1"), ("B", "L1")),))
    assert {(o.scenario, o.node, o.leg) for o in model.overloads(loads)} == {
        (lost, "A", "L1") for lost in ("genset", "lv-b", "B")
    }
    heavy = model.evaluate((load(5100, "1+0", ("B", "L1")),))
    over = {(o.node, o.usable_w) for o in model.overloads(heavy) if o.leg is None and o.scenario == ""}
    assert over == {("genset", 5000), ("lv-b", 3000), ("B", 3000)}


def test_admission_agrees_with_evaluating_all() -> None:
    model = SupplyModel(TWO_SIDES)
    admission = Admission(model)
    asked = [load(300, "1+1", ("A", leg), ("B", "L1")) for leg in ("L1", "L1", "L1", "L1", "L2", "L2")]
    admitted: list[Load] = []
    for each in asked:
        fits = not model.overloads(model.evaluate((*admitted, each)))
        assert (admission.refusal(each) is None) == fits
        if fits:
            admission.add(each)
            admitted.append(each)
    assert len(admitted) == 5
    admission.remove(admitted.pop(0))
    assert admission.refusal(asked[0]) is None


def test_admission_refuses_what_a_single_loss_takes_down() -> None:
    refusal = Admission(SupplyModel(TWO_SIDES)).refusal(load(100, "1+1", ("A", "L1"), ("A", "L2")))
    assert refusal is not None
    assert refusal.leg == ""


def test_a_graph_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ProblemError, match="not in the supply graph"):
        SupplyModel((SupplyNode("A", "feed", 1, sources=("moon",)),))
    with pytest.raises(ProblemError, match="draws from itself"):
        SupplyModel((SupplyNode("a", "ups", 1, sources=("b",)), SupplyNode("b", "ups", 1, sources=("a",))))
    with pytest.raises(ProblemError, match="no feed"):
        SupplyModel(TWO_SIDES).evaluate((load(1, "1+0", ("grid", "L1")),))
