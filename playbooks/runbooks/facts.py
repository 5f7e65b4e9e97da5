"""What the sections of a runbook ask of one wave: its groups, applications and names, and its times as text.

Everything comes from the Plan, the Estate and the Facility. How it is set out is for the sections to say.
"""

from __future__ import annotations

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
from playbooks.runbooks.document import Code
from playbooks.runbooks.timing import Night, Timing, Turn, minutes_between
from playbooks.runbooks.words import ENGLISH, Words, message
from playbooks.scope import WaveScope, host_of
from playbooks.wiring import Wiring

_KINDS = {
    "replicate": message("copy the data"),
    "cutover": message("cut over"),
    "relocate": message("move the devices"),
    "decommission": message("decommission the sources"),
    "retire": message("retire"),
    "audit": message("walk through the site"),
    "rehearsal": message("rehearse the cutover"),
    "hypercare": message("hypercare: stand by"),
    "commission_rack": message("bring up racks"),
    "commission_host": message("bring up cloud hosts"),
}
WAVE_OWNER = message("wave owner")
ENGINEER_LEAD = message("engineer lead")
CREW_LEAD = message("crew lead")
# Who leads a task: by its kind, else by what it holds. The names are filled in once, under "Owner and approver".
_OF_KIND = {"cutover": ENGINEER_LEAD, "relocate": CREW_LEAD, "replicate": message("replication lead")}
_OF_RESOURCE = {"crew": CREW_LEAD, "engineer": ENGINEER_LEAD}


@dataclass(frozen=True)
class WaveFacts:
    """One wave of a plan, said in `words`. `runs` are the recorded runs of the project so far."""

    variables: HostVariables
    facility: Facility
    timing: Timing
    wiring: Wiring
    scope: WaveScope
    runs: tuple[RunRecord, ...] = ()
    words: Words = ENGLISH

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
        return self.words.shown(row.name if row else None)

    def end_name(self, end: Ref) -> str:
        """One end of a flow: an application or an asset, with its id where several have one name."""
        if end.kind == "applications":
            return self.application_name(end.id, self.name(end))
        short = host_of(end) if end.kind in {"devices", "virtual_machines"} else f"{end.kind[:-1]} {end.id}"
        return f"{self.name(end)} ({short})"

    def application_name(self, number: int, name: str) -> str:
        """An application by its name, and its id where several have one name."""
        return self.words("%(name)s (application %(id)s)", name=name, id=number)

    def title(self, step: Step) -> str:
        """What a step does."""
        return self.words(_KINDS[step.kind]) if step.kind in _KINDS else step.kind

    def local(self, moment: datetime | None) -> str:
        return self.words.language.appointment(self.timing.local(moment)) if moment else self.words.unknown

    def span(self, start: datetime | None, end: datetime | None) -> str:
        """From one moment to another."""
        return self.words("%(start)s to %(end)s", start=self.local(start), end=self.local(end))

    def t(self, moment: datetime) -> str:
        return self.words.t(moment, self.scope.start)

    def took(self, step: Step) -> str:
        return self.words.duration(lasting(step))

    def hands(self, step: Step) -> str:
        """What a step holds besides lines: "2 crews, 1 van"."""
        most: dict[str, float] = {}
        for use in step.uses:
            if not use.resource.startswith("circuit:"):
                most[use.resource] = max(most.get(use.resource, 0.0), use.amount)
        held = ", ".join(self.words.held(resource, amount) for resource, amount in sorted(most.items()))
        return held or self.words("runs by itself")

    def command(self, phase: str) -> Code:
        return Code(f"vorst run . --wave {self.scope.number} --phase {phase}")


def lasting(step: Step) -> float:
    """Planned minutes of a step."""
    return minutes_between(step.start, step.end)


def role(step: Step) -> str:
    """The role that owns a task, a message."""
    held = {use.resource for use in step.uses}
    by_resource = next((name for resource, name in _OF_RESOURCE.items() if resource in held), WAVE_OWNER)
    return _OF_KIND.get(step.kind, by_resource)
