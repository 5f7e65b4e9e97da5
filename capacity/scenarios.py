"""What-if: a scenario is a small patch on the inputs of a plan, and planning it is planning the present.

Reads what a person writes (`read_scenarios`), applies it (`scenario_inputs`; `patched` for a patch made in code) and
says what the plan of the patched inputs comes to (`outcome_of`). Sweeps over parameters are in `whatif.sweep`. Opens no
file and starts no process: texts and inputs are handed in, and who runs many of them at once is tui's.
"""

from __future__ import annotations

from collections.abc import Sequence

from capacity.whatif.changes import Change
from capacity.whatif.inputs import PlanningInputs, facility_text, inputs_of, plan_of
from capacity.whatif.outcome import Outcome, outcome_of
from capacity.whatif.patching import Patched, apply_patch, patched
from capacity.whatif.scenario_file import EXAMPLE, ScenarioFile, read_scenarios
from capacity.whatif.scenario_input import PRESENT, Patch, ScenarioInput

__all__ = [
    "EXAMPLE",
    "PRESENT",
    "Outcome",
    "Patch",
    "Patched",
    "PlanningInputs",
    "ScenarioFile",
    "ScenarioInput",
    "apply_patch",
    "facility_text",
    "inputs_of",
    "outcome_of",
    "patched",
    "plan_of",
    "read_scenarios",
    "scenario_inputs",
]


def scenario_inputs(present: PlanningInputs, file: ScenarioFile, name: str) -> Patched:
    """The inputs of a scenario: the present with the patches it is based on, then its own.

    Raises InputError for an unknown name, VorstError for a patch that can't be applied; both say where.
    """
    inputs = present
    changes: list[Change] = []
    for scenario in file.chain(name):
        index = file.scenarios.index(scenario)

        def place(path: Sequence[int | str], index: int = index, name: str = scenario.name) -> str:
            return f"{file.text.place(('scenarios', index, *path))}, scenario {name}"

        result = apply_patch(inputs, scenario, name=scenario.name, place=place)
        inputs = result.inputs
        changes += result.changes
    return Patched(inputs, tuple(changes))
