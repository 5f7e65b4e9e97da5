"""Any plan that fits the schema gets an answer, whatever it says: values of the valid plan are replaced at random."""

from __future__ import annotations

import copy
import json
from typing import Any

from broken_plans import cares, copies
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan, a_world, an_estate, resealed

from capacity.check_output import FORMATS, render
from capacity.plan import Plan
from capacity.verify import check
from inventory.documents import from_json, to_data
from inventory.errors import InputError

# With all that steps may hold and be: data that go by truck, audits, rehearsals, hypercare.
ESTATE, FACILITY, FULL = resealed(*cares.cared()(*copies.twice_by_truck()(*a_world())))
PLAN = to_data(FULL)
NUMBERS = (
    0,
    -1,
    1,
    2,
    3,
    7,
    0.5,
    -0.25,
    1e-9,
    1e18,
    -1e18,
    2**70,
    1e308,
    10**400,
    float("nan"),
    float("-inf"),
)
MOMENTS = (
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59+00:00",
    "2027-03-21T08:00:00",
    "2027-03-28T02:30:00+01:00",
    "1969-07-20T20:17:00Z",
)
TEXTS = (
    "",
    "N1",
    "cloud-1",
    "G1",
    "racks",
    "P1-A",
    "3P",
    "L9",
    "circuit:1",
    "circuit:x",
    "circuit:" + "9" * 5000,
    "9" * 25 + "+1",
    "relocate",
    "x" * 300,
    "\x00",
)
DAYS = ("0001-01-01", "9999-12-31", "2027-03-09")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _paths(inner, (*path, key))
    return found


PATHS = _paths(PLAN)


def _value(path: tuple[Any, ...], data: Any) -> Any:
    for key in path:
        data = data[key]
    return data


def _likely(known: Any) -> tuple[Any, ...]:
    """Values of the kind that stands there, so that most mutants fit the schema."""
    if isinstance(known, bool) or known is None:
        return (None, True, False, 1, "N1", *MOMENTS)
    if isinstance(known, int | float):
        return NUMBERS
    if isinstance(known, str):
        return (*MOMENTS, *DAYS) if known[:4] == "2027" else (*TEXTS, None)
    return ([],) if isinstance(known, list) else (None,)


@st.composite
def _edits(draw: st.DrawFn) -> tuple[tuple[Any, ...], str, Any]:
    """Where, what is done there (replace, repeat or drop), and the new value."""
    path = draw(st.sampled_from(PATHS))
    action = draw(
        st.sampled_from(("replace", "repeat", "drop") if isinstance(path[-1], int) else ("replace",))
    )
    return path, action, draw(st.sampled_from(_likely(_value(path, PLAN))))


def _edited(edits: list[tuple[tuple[Any, ...], str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = copy.deepcopy(PLAN)
    for path, action, value in edits:
        try:
            holder, known = _value(path[:-1], data), _value(path, data)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier edit took it away
        if action == "repeat":
            holder.append(copy.deepcopy(known))
        elif action == "drop":
            holder.pop(path[-1])
        else:
            holder[path[-1]] = value
    return data


@settings(max_examples=max(settings().max_examples, 200))
@given(edits=st.lists(_edits(), min_size=1, max_size=6))
def test_any_plan_of_the_schema_gets_an_answer(edits: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    try:
        plan = from_json(Plan, json.dumps(_edited(edits)))
    except InputError:
        return
    violations = check(ESTATE, FACILITY, plan)

    assert bool(violations) == (to_data(plan) != PLAN)
    assert violations == check(ESTATE, FACILITY, plan)
    for output_format in FORMATS:
        render(violations, output_format, plan_path="plan.json")


def test_an_empty_plan_is_told_what_it_lacks() -> None:
    bare = a_plan(
        decisions=(), demands=(), devices=(), workloads=(), unplaced=(), steps=(), racks=(), hosts=()
    )

    assert {v.code for v in check(an_estate(), a_facility(), bare)} >= {"COVERAGE", "EVIDENCE", "ROOM"}
