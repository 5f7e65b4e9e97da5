"""Whether the calendar a plan was made with is the one the settings give: hands, hours and rates it was proven with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capacity.calendar import Calendar
from capacity.plan import Plan
from capacity.verification.violations import Findings
from inventory.documents import to_data

MOST_NAMED = 3  # differences of one part of the calendar
LONGEST = 40  # characters of a value that is shown


def check(plan: Plan, calendar: Calendar, findings: Findings) -> None:
    """One violation for each part of the calendar that `calendar`, from the settings, has otherwise."""
    planned, today = to_data(plan.calendar), to_data(calendar)
    for name in sorted(planned.keys() | today.keys()):
        found = list(_differences(name, planned.get(name), today.get(name)))
        if not found:
            continue
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        findings.add(
            "INPUT-CALENDAR",
            f"calendar.{name}",
            f"the plan was made with another calendar: {'; '.join(found[:MOST_NAMED])}{more}",
            "replan with today's, or plan again",
        )


def _differences(path: str, planned: Any, today: Any) -> Iterator[str]:
    """In words, for each value below `path` that isn't the same: what the plan has, what the settings have."""
    if planned == today:
        return
    before, after = _named(planned), _named(today)
    if before is None or after is None:
        yield f"{path} {_short(planned)} in the plan, {_short(today)} in the settings"
        return
    for name in dict.fromkeys((*before, *after)):
        yield from _differences(f"{path}.{name}", before.get(name), after.get(name))


def _named(value: Any) -> dict[str, Any] | None:
    """What has names below a value: the fields of a part, the members of a list by theirs."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        return {str(one["name"]): one for one in value}
    return None


def _short(value: Any) -> str:
    text = "nothing" if value is None or value in ([], {}) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
