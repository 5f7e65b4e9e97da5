"""What the sections of a runbook ask of one wave: its groups, applications and names, and its times as text.

Everything comes from the Plan, the Estate and the Facility. How it is set out is for the sections to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from capacity.facility import Facility
from capacity.plan import MoveGroup, Step
from inventory.planning_rows import Application
from inventory.records import RunRecord
from inventory.rows import Ref
from playbooks.host_variables import HostVariables
from playbooks.manifest import device_entry
from playbooks.runbooks.document import Code, shown
from playbooks.runbooks.timing import Night, Timing, Turn, duration, minutes_between, t_minus
from playbooks.scope import WaveScope, host_of
from playbooks.wiring import Wiring

KINDS = {
    "replicate": "copy the data",
    "cutover": "cut over",
    "relocate": "move the devices",
    "decommission": "decommission the sources",
    "retire": "retire",
    "audit": "walk through the site",
    "rehearsal": "rehearse the cutover",
    "hypercare": "hypercare: stand by",
    "commission_rack": "bring up racks",
    "commission_host": "bring up cloud hosts",
}
# Who leads a task: by its kind, else by what it holds. The names are filled in once, under "Owner and approver".
_OF_KIND = {"cutover": "engineer lead", "relocate": "crew lead", "replicate": "replication lead"}
_OF_RESOURCE = {"crew": "crew lead", "engineer": "engineer lead"}


@dataclass(frozen=True)
class WaveFacts:
    """One wave of a plan. `runs` are the recorded runs of the project so far."""

    variables: HostVariables
    facility: Facility
    timing: Timing
    wiring: Wiring
    scope: WaveScope
    runs: tuple[RunRecord, ...] = ()

    @cached_property
    def groups(self) -> tuple[MoveGroup, ...]:
        names = set(self.scope.wave.groups) if self.scope.wave else set()
        return tuple(group for group in self.variables.plan.groups if group.id in names)

    @cached_property
    def applications(self) -> tuple[Application, ...]:
        """Those with a member in the wave, by id."""
        applications = self.variables.belonging.applications_of
        ids = {number for asset in self.scope.assets for number in applications.get(asset, ())}
        rows = self.variables.estate.by_id("applications")
        return tuple(rows[number] for number in sorted(ids) if number in rows)

    @cached_property
    def turns(self) -> tuple[Turn, ...]:
        return self.timing.turns(self.scope)

    @cached_property
    def nights(self) -> tuple[Night, ...]:
        return self.timing.nights(self.scope)

    @cached_property
    def commissions(self) -> frozenset[str]:
        """Steps of the plan that bring up racks and cloud hosts."""
        return frozenset(step.id for step in self.variables.plan.steps if step.kind.startswith("commission"))

    @cached_property
    def moving_steps(self) -> tuple[Step, ...]:
        """The steps in which something leaves its source, in order."""
        return tuple(step for step in self.scope.steps if step.kind in {"cutover", "relocate", "retire"})

    def steps_of_members(self, application: Application) -> list[Step]:
        """The steps of this wave that stop members of an application."""
        members = self.variables.members.get(application.id, ())
        found = (self.variables.moving_step(asset) for asset in members)
        return [step for step in found if step and step.kind != "retire" and step.id in self._step_ids]

    @cached_property
    def _step_ids(self) -> set[str]:
        return {step.id for step in self.scope.steps}

    @cached_property
    def devices(self) -> dict[Ref, dict[str, Any]]:
        """The manifest's entry of every relocated device of the wave."""
        return {asset: device_entry(self.variables, asset) for asset in self.scope.devices}

    # --- names and times as text ------------------------------------------------------------------------------------

    def name(self, asset: Ref) -> str:
        row: Any = self.variables.estate.find(asset)
        return shown(row.name if row else None)

    def end_name(self, end: Ref) -> str:
        """One end of a flow: an application or an asset, with its id where several have one name."""
        short = host_of(end) if end.kind in {"devices", "virtual_machines"} else f"{end.kind[:-1]} {end.id}"
        return f"{self.name(end)} ({short})"

    def local(self, moment: datetime | None) -> str:
        return shown(self.timing.local(moment) if moment else None)

    def t(self, moment: datetime) -> str:
        return t_minus(moment, self.scope.start)

    def command(self, phase: str) -> Code:
        return Code(f"vorst run . --wave {self.scope.number} --phase {phase}")


def lasting(step: Step) -> float:
    """Planned minutes of a step."""
    return minutes_between(step.start, step.end)


def took(step: Step) -> str:
    return duration(lasting(step))


def role(step: Step) -> str:
    """The role that owns a task."""
    held = {use.resource for use in step.uses}
    by_resource = next((name for resource, name in _OF_RESOURCE.items() if resource in held), "wave owner")
    return _OF_KIND.get(step.kind, by_resource)


def hands(step: Step) -> str:
    """What a step holds besides lines: "2 crew, 1 van"."""
    most: dict[str, float] = {}
    for use in step.uses:
        if not use.resource.startswith("circuit:"):
            most[use.resource] = max(most.get(use.resource, 0.0), use.amount)
    return (
        ", ".join(f"{amount:g} {resource}" for resource, amount in sorted(most.items())) or "runs by itself"
    )


def few(names: Sequence[str], most: int = 6) -> str:
    """The first names of many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def counted(amount: int, noun: str) -> str:
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def listed(texts: Iterable[object]) -> str:
    """Texts of the inventory, sorted, each once; unknown for none."""
    return shown("; ".join(sorted({str(text) for text in texts if text})))
