"""The runbook of a wave: what a crew can work from on the night, and a manager can sign before it.

Its contents are those that migration practice asks for: scope, owners, window, method, ordered tasks with T-minus, go
or no-go, rollback, crew and transport, manifest, acceptance, hypercare, estimate against actual. All comes from the
Plan, the Estate and the Facility; what none of them knows is a line for a person to fill in, and says so. Each section
is set out by a neighbour; how the whole becomes a file is for `markdown`, `pdf` and `ical`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from capacity.facility import Facility
from inventory.records import RunRecord
from playbooks.host_variables import HostVariables
from playbooks.runbooks import addresses, after, glance, manifest, method, night, people, transport
from playbooks.runbooks.document import Block, Document, Section
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.timing import Timing
from playbooks.scope import WaveScope
from playbooks.wiring import Wiring

SECTIONS: tuple[tuple[str, Callable[[WaveFacts], tuple[Block, ...]]], ...] = (
    ("At a glance", glance.glance),
    ("Scope and move groups", people.scope),
    ("Shared services first", people.shared),
    ("Owner and approver", people.owners),
    ("Window and freezes", people.window),
    ("Applications: RTO, RPO and downtime budget", people.applications),
    ("Proof of backup", method.backup),
    ("Rehearsal", night.rehearsal),
    ("Ordered tasks", night.tasks),
    ("Go or no-go", night.go),
    ("Rollback", night.rollback),
    ("Crew, transport and the way in", transport.transport),
    ("Manifest", manifest.manifest),
    ("Cables", manifest.cables),
    ("Addresses", addresses.addresses),
    ("Method, target position, power and ports", method.methods),
    ("Acceptance tests", after.acceptance),
    ("Hypercare", after.hypercare),
    ("What a person has to declare or do by hand", method.missing),
    ("Estimate against actual", after.actual),
)


@dataclass(frozen=True)
class Runbooks:
    """Writes the runbooks of one plan. `runs` are the recorded runs of its project so far."""

    variables: HostVariables
    facility: Facility
    runs: tuple[RunRecord, ...] = ()

    def facts(self, scope: WaveScope) -> WaveFacts:
        """What is known of one wave."""
        return WaveFacts(self.variables, self.facility, self.timing, self.wiring, scope, self.runs)

    def of(self, scope: WaveScope) -> Document:
        """The runbook of one wave."""
        facts = self.facts(scope)
        plan = self.variables.plan
        return Document(
            title=f"Runbook of {scope.folder}: {scope.name}",
            wave=f"{scope.folder}: {scope.name}",
            name=plan.name,
            plan_hash=plan.content_hash,
            sections=tuple(Section(title, section(facts)) for title, section in SECTIONS),
        )

    @cached_property
    def timing(self) -> Timing:
        return Timing(self.variables.estate, self.variables.plan)

    @cached_property
    def wiring(self) -> Wiring:
        return Wiring(self.variables)
