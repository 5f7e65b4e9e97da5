"""The inputs of a plan as one value that a patch can change: estate, facility as written, calendar settings, settings.

The facility is kept as the data of its file, because that is what a person patches and what `facility_file` resolves;
the calendar as the settings it's resolved from. Files are read by whoever makes the value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import yaml

from capacity.calendar import Calendar
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility import Facility
from capacity.facility_file import read_facility
from capacity.plan import Plan
from capacity.planner import proven
from capacity.verification.violations import Violation
from inventory.documents import HASH_PREFIX, to_json
from inventory.errors import InputError, SeveralErrors, VorstError
from inventory.estate import Estate

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PlanningInputs:
    """What a plan is made from. `facility_data` is a facility file's data; `facility` what they resolve to."""

    estate: Estate
    facility_data: dict[str, Any]
    facility: Facility
    calendar_settings: CalendarSettings
    start: datetime
    seed: int = 0
    planning_value: str = "high"

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar resolved from its settings and the first day."""
        return resolve(self.calendar_settings, self.start)

    @cached_property
    def content_hash(self) -> str:
        """`sha256:` of everything a plan depends on: the hashes of estate and facility, the calendar, the settings."""
        parts = (
            self.estate.content_hash,
            self.facility.content_hash,
            to_json(self.calendar),
            str(self.seed),
            self.planning_value,
        )
        return HASH_PREFIX + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def inputs_of(
    estate: Estate,
    facility_text: str,
    calendar_settings: CalendarSettings,
    start: datetime,
    *,
    seed: int = 0,
    planning_value: str = "high",
) -> PlanningInputs:
    """The present: an estate, the text of a facility file and the settings; raises VorstError for a bad facility."""
    facility = read_facility(facility_text)
    return PlanningInputs(
        estate, yaml.safe_load(facility_text), facility, calendar_settings, start, seed, planning_value
    )


def with_facility_data(inputs: PlanningInputs, data: dict[str, Any], *, where: str) -> PlanningInputs:
    """The same inputs with another facility; raises what `read_facility` finds, without its lines."""
    try:
        facility = read_facility(facility_text(data), where="")
    except SeveralErrors as error:
        found: list[VorstError] = [_unlined(single, where) for single in error.errors]
        raise SeveralErrors(error.what, found, where=where, remedy=error.remedy) from None
    except InputError as error:
        raise _unlined(error, where) from None
    return replace(inputs, facility_data=data, facility=facility)


def _unlined(error: VorstError, where: str) -> InputError:
    return InputError(f"the facility would be wrong: {error.what}", where=where, remedy=error.remedy)


def facility_text(data: dict[str, Any]) -> str:
    """Facility data as the text of a facility file."""
    return yaml.dump(
        data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )


class _Plain(yaml.SafeDumper):
    """Writes no anchors: a person reads each value where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def plan_of(
    inputs: PlanningInputs, *, name: str = "plan", progress: Progress | None = None
) -> tuple[Plan, tuple[Violation, ...]]:
    """The plan of these inputs and what the checker says of it: the same function as for the present."""
    return proven(
        inputs.estate,
        inputs.facility,
        inputs.calendar,
        seed=inputs.seed,
        name=name,
        planning_value=inputs.planning_value,
        progress=progress,
    )
