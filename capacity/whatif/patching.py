"""Applies one patch to the inputs of a plan, section by section, and records what each operation changed.

The result is inputs like any others: estate and facility are sealed anew, and a plan of them is proven against them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from capacity.calendar_settings import CalendarSettings
from capacity.facility_input import FacilityInput
from capacity.whatif.changes import Change, Record, value_text
from capacity.whatif.demand_patch import apply_to_demand
from capacity.whatif.estate_patch import apply_to_estate
from capacity.whatif.inputs import PlanningInputs, with_facility_data
from capacity.whatif.scenario_input import Patch, SettingsPatch
from capacity.whatif.tree_patch import Operation, apply_to_tree, keep_notes_true, own_copy
from capacity.whatif.tree_paths import named_path
from capacity.whatif.written_errors import written_error
from inventory.errors import InputError

FIRST_YEAR, LAST_YEAR = 2000, 2100  # of a plan: well within what dates, zones and the list of holidays reach

Model = TypeVar("Model", bound=BaseModel)
Place = Callable[[Sequence[int | str]], str]


@dataclass(frozen=True)
class Patched:
    """The inputs after a patch, and what each of its operations changed."""

    inputs: PlanningInputs
    changes: tuple[Change, ...]

    @property
    def idle(self) -> tuple[Change, ...]:
        """The operations that changed nothing: their values are already so."""
        return tuple(change for change in self.changes if change.is_nothing)


def apply_patch(
    inputs: PlanningInputs, patch: Patch, *, name: str = "what-if", place: Place | None = None
) -> Patched:
    """Apply a patch. `name` is whose it is; `place` tells where a part of the patch was written, for messages.

    Raises VorstError when a path or a selection finds nothing, or when the facility or the calendar would be wrong.
    """
    where = place or (lambda _path: f"scenario {name}")
    record = Record()
    inputs = _settings(inputs, patch.settings, where, record)
    inputs = _calendar(inputs, patch.calendar, where, record)
    _resolves(inputs, where)
    inputs = _facility(inputs, patch.facility, where, record, name)
    zone = inputs.calendar_settings.time_zone
    for number, operation in enumerate(patch.estate):
        at = where(("estate", number))
        estate, lines = apply_to_estate(inputs.estate, operation, where=at, scenario=name, zone=zone)
        inputs = replace(inputs, estate=estate)
        record.add("estate", at, lines)
    for number, asked in enumerate(patch.demand):
        at = where(("demand", number))
        estate, lines = apply_to_demand(inputs.estate, asked, where=at, scenario=name)
        inputs = replace(inputs, estate=estate)
        record.add("demand", at, lines)
    return Patched(inputs, tuple(record.changes))


def patched(inputs: PlanningInputs, patch: Patch) -> PlanningInputs:
    """The inputs after a patch, for whoever asks what a small change would do."""
    return apply_patch(inputs, patch).inputs


def _settings(
    inputs: PlanningInputs, settings: SettingsPatch, where: Place, record: Record
) -> PlanningInputs:
    given = settings.model_dump(exclude_none=True)
    if (start := given.get("start")) is not None:
        given["start"] = start if isinstance(start, datetime) else datetime.combine(start, time())
        if not FIRST_YEAR <= start.year <= LAST_YEAR:
            raise InputError(
                f"no plan can begin on {start:%Y-%m-%d}",
                where=where(("settings", "start")),
                remedy=f"choose a day from {FIRST_YEAR} to {LAST_YEAR}",
            )
    for key, value in given.items():
        before = getattr(inputs, key)
        lines = [] if before == value else [f"{key}: {value_text(before)} → {value_text(value)}"]
        record.add("settings", where(("settings", key)), lines)
    return replace(inputs, **given)


def _calendar(
    inputs: PlanningInputs, operations: Sequence[Operation], where: Place, record: Record
) -> PlanningInputs:
    if not operations:
        return inputs
    tree = own_copy(inputs.calendar_settings.model_dump())
    settings = inputs.calendar_settings
    for number, operation in enumerate(operations):
        at = where(("calendar", number))
        lines, _, _ = apply_to_tree(tree, operation, where=at)
        settings = _valid(CalendarSettings, tree, at, "the calendar")
        record.add("calendar", at, lines)
    return replace(inputs, calendar_settings=settings)


def _resolves(inputs: PlanningInputs, where: Place) -> None:
    """Ask now whether the settings make a calendar at all, while the place they were written at is known."""
    try:
        _ = inputs.calendar
    except InputError as error:
        at = where(("calendar",))
        raise InputError(
            f"the calendar would be wrong: {error.what}", where=at, remedy=error.remedy
        ) from None


def _facility(
    inputs: PlanningInputs, operations: Sequence[Operation], where: Place, record: Record, name: str
) -> PlanningInputs:
    if not operations:
        return inputs
    tree: dict[str, Any] = own_copy(inputs.facility_data)
    changed = False
    for number, operation in enumerate(operations):
        at = where(("facility", number))
        lines, touched, removed = apply_to_tree(tree, operation, where=at)
        keep_notes_true(tree, touched, removed, name)
        _valid(FacilityInput, tree, at, "the facility")
        record.add("facility", at, lines)
        changed = changed or bool(lines)
    return with_facility_data(inputs, tree, where=where(("facility",))) if changed else inputs


def _valid(model: type[Model], tree: Any, where: str, what: str) -> Model:
    """The tree as its model has it, after each operation, so that an error names the one that caused it."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:

        def named(path: Sequence[int | str]) -> str:
            return f"{what} would be wrong: {named_path(tree, path)}"

        raise written_error(error, model, lambda _: where, named=named) from None
