"""Plans that no planner wrote: numbers that are none, numbers without end, another schema, a byte-order mark."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plan_builders import a_plan, a_world

from capacity.plan import Plan, Use
from capacity.verify import check
from inventory.documents import from_json, to_data, to_json
from inventory.errors import InputError
from tui.workspace import read_text


def _codes(plan: Plan) -> set[str]:
    estate, facility, _ = a_world()
    return {violation.code for violation in check(estate, facility, plan)}


def _read(**changes: Any) -> Plan:
    return from_json(Plan, json.dumps({**to_data(a_plan()), **changes}))


def test_a_number_that_is_none_has_no_hash() -> None:
    devices = to_data(a_plan())["devices"]
    devices[0]["position"] = float("nan")

    assert "PLAN-HASH" in _codes(_read(devices=devices))


def test_an_infinite_number_is_never_sealed() -> None:
    plan = a_plan()
    objectives = (replace(plan.evidence.objectives[0], bound=float("-inf")), *plan.evidence.objectives[1:])

    with pytest.raises(InputError, match="infinite"):
        a_plan(evidence=replace(plan.evidence, objectives=objectives))


def test_a_circuit_of_five_thousand_digits_is_none() -> None:
    plan = a_plan()
    first = plan.steps[0]
    held = Use("circuit:" + "9" * 5000, 1.0, first.start, first.end)
    longer = a_plan(steps=(replace(first, uses=(*first.uses, held)), *plan.steps[1:]))

    assert _codes(longer) == {"REF-UNKNOWN"}


def test_as_many_supplies_as_there_are_atoms_are_none() -> None:
    rack = a_plan().racks[0]
    kit = replace(rack.contents[0], redundancy="9" * 25 + "+1")
    plan = a_plan(racks=(replace(rack, contents=(kit, *rack.contents[1:])), *a_plan().racks[1:]))

    assert "RACK-STOCK" in _codes(plan)


def test_where_a_number_has_no_end_nothing_else_is_judged() -> None:
    rack = replace(a_plan().racks[0], height_u=10**400)

    assert _codes(a_plan(racks=(rack, *a_plan().racks[1:]))) == {"DOCUMENT"}


def test_another_version_of_the_schema_is_not_read() -> None:
    with pytest.raises(InputError, match="version '99'"):
        _read(schema_version="99")


def test_a_byte_order_mark_is_no_part_of_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xef\xbb\xbf" + to_json(a_plan()).encode())

    assert from_json(Plan, read_text(file)) == a_plan()
