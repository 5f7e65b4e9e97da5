"""The supply graph under no loss and every single loss, on graphs small enough to add up by hand."""

from __future__ import annotations

import numpy as np
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


def apart(side: str, watts: float) -> tuple[SupplyNode, ...]:
    """A side that shares no node with another: a line, its distribution and two feeds."""
    return (
        SupplyNode(f"grid-{side}", "utility", watts),
        SupplyNode(f"lv-{side}", "distribution", watts, sources=(f"grid-{side}",)),
        SupplyNode(f"{side}1", "feed", 3000, sources=(f"lv-{side}",)),
        SupplyNode(f"{side}2", "feed", 3000, sources=(f"lv-{side}",)),
    )


def test_a_load_carries_a_loss_to_the_side_that_shares_no_node_with_it() -> None:
    model = SupplyModel((*apart("A", 9000), *apart("B", 5000), *apart("C", 9000)))
    loads = (
        load(4000, "1+1", ("A1", "3P"), ("B1", "3P")),
        load(2000, "1+0", ("B2", "3P")),
        load(700, "1+0", ("C1", "L3")),
    )
    assert carried(model, loads, "grid-A") == {
        **dict.fromkeys(("grid-A", "lv-A", "A1", "A2", "C2"), 0),
        "B1": 4000,
        "B2": 2000,
        "lv-B": 6000,
        "grid-B": 6000,
        **dict.fromkeys(("grid-C", "lv-C", "C1"), 700),
    }
    assert carried(model, loads, "grid-C")["grid-B"] == 4000
    found = model.evaluate(loads)
    assert not model.carries(found)
    assert model.carries(model.evaluate(loads[1:]))
    assert {o.scenario for o in model.overloads(found) if o.node == "lv-B"} == {"grid-A", "lv-A", "A1"}


def test_the_worst_is_that_of_all_losses() -> None:
    model = SupplyModel((*apart("A", 9000), *apart("B", 5000), *apart("C", 9000)))
    loads = (load(4000, "1+1", ("A1", "3P"), ("B1", "3P")), load(700, "1+0", ("C1", "L3")))
    found = model.evaluate(loads)
    most = found.worst()
    assert most.nodes.tolist() == found.nodes.max(axis=0).tolist()
    assert most.scenario.tolist() == found.nodes.argmax(axis=0).tolist()
    assert most.legs.tolist() == found.legs.max(axis=0).max(axis=1).tolist()
    for scenario, node in ((0, 2), (1, 6), (9, 10), (11, 10)):
        assert found.legs_at(scenario, node).tolist() == found.legs[scenario, node].tolist()
    assert found.nodes_at(np.array([6, 0])).tolist() == found.nodes[:, [6, 0]].tolist()
