"""How single values of a plan read in a runbook: durations, T-minus, who works, which hosts.

What stands where in the runbook is `runbook`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from capacity.plan import MoveGroup, Step
from playbooks.markdown import number, plain
from playbooks.scope import host_of


def planning(value: dict[str, Any] | None) -> float | None:
    return value["planning"] if value else None


def minutes(step: Step) -> float:
    return (step.end - step.start).total_seconds() / 60


def t_minus(offset: timedelta) -> str:
    """T-minus before the wave's start, T-plus after it, in hours and minutes."""
    minutes = round(offset.total_seconds() / 60)
    sign = "−" if minutes < 0 else "+"
    return f"T{sign}{abs(minutes) // 60}:{abs(minutes) % 60:02d}"


def hosts(step: Step) -> str:
    shown: Sequence[str] = [host_of(move.asset) for move in step.moves] or [
        plain(name) for name in step.commissions
    ]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def owner(step: Step) -> str:
    hands = [
        f"{number(use.amount)} {plain(use.resource)}"
        for use in step.uses
        if not use.resource.startswith("circuit:")
    ]
    return ", ".join(hands) or "runs by itself"


def flows(group: MoveGroup) -> str:
    return (
        ", ".join(f"flow {number}" for number in group.cut_flows[:10])
        + (" …" if len(group.cut_flows) > 10 else "")
        or "none"
    )
