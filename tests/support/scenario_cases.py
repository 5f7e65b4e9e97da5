"""Scenarios of every kind for the terminal UI: planned, never planned, stale, with a broken plan, not to be applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from capacity.plan import BindingLimit, Objective
from capacity.scenarios import Outcome, read_scenarios
from capacity.whatif.changes import Change
from capacity.whatif.outcome import Tightest
from inventory.errors import InputError
from tui.scenario_states import PLANNED, STALE, UNPLANNED, WRONG, ScenarioState, ScenarioStates

TEXT = """\
scenarios:
  - name: more-crews
  - name: fresh
  - name: old
  - name: bad
  - name: nowhere
"""
OUTCOME = Outcome(
    inputs_hash="sha256:1",
    estate_hash="sha256:2",
    facility_hash="sha256:3",
    plan_hash="sha256:4",
    status="complete",
    objectives=(Objective("new_racks", 4.0, 4.0, 0.0, "total over capacity"),),
    unplaced=2,
    unproven=1,
    new_racks=4,
    cloud_hosts=5,
    strategies={"relocate": 30, "rehost": 40},
    energy_kwh=890_000.0,
    area_m2=31.2,
    area_limit_m2=750.0,
    it_power_w=83_600.0,
    supply=Tightest("feed H1-R1-02-A", 2900.0, 2956.0),
    cooling=Tightest("H1-cooling", 79_000.0, 600_000.0),
    rooms=9,
    rooms_emptied=6,
    emptied_on=date(2027, 6, 13),
    last_day=date(2028, 8, 18),
    waves=5,
    steps=155,
    binding=(BindingLimit("facility.supply[H1-R1]", "H1-R1", "power_w", 8801.0, 8868.0, "full"),),
    broken={},
)
BETTER = replace(OUTCOME, rooms_emptied=7, binding=())
CREWS = Change(
    "calendar", "scenarios.yaml line 2, scenario more-crews", 1, ("resources.crew.capacity: 6 → 8",)
)


def some_states() -> ScenarioStates:
    """The present, planned, and five scenarios."""
    return ScenarioStates(
        read_scenarios(TEXT, where="scenarios.yaml"),
        (
            ScenarioState("present", "what exists", state=PLANNED, outcome=OUTCOME),
            ScenarioState("more-crews", "Two more crews.", "present", (CREWS,), PLANNED, BETTER),
            ScenarioState("fresh", "Never planned.", "present", state=UNPLANNED),
            ScenarioState(
                "old", "Planned long ago.", "present", state=STALE, outcome=OUTCOME, since=("the inventory",)
            ),
            ScenarioState(
                "bad", "", "present", state=PLANNED, outcome=replace(OUTCOME, broken={"RACK-UNITS": 2})
            ),
            ScenarioState(
                "nowhere",
                "A row that is not there.",
                "present",
                state=WRONG,
                error=InputError("no such row", where="scenarios.yaml line 6", remedy="nearest is R1"),
            ),
        ),
    )
