"""The runbook of a wave: what a crew can work from on the night, and a manager can sign before it.

Its contents are those that migration practice asks for: scope, owners, window, method, ordered tasks with T-minus, go
or no-go, rollback, crew and transport, manifest, acceptance, hypercare, estimate against actual. All comes from the
Plan, the Estate and the Facility; what none of them knows is a line for a person to fill in, and says so. Each section
is set out by a neighbour; how the whole becomes a file is for `markdown`, `pdf` and `ical`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from capacity.approval import Standing
from capacity.facility import Facility
from capacity.reports.approval_line import approval_line
from capacity.reports.language import Language
from inventory.records import RunRecord
from playbooks.host_variables import HostVariables
from playbooks.runbooks import addresses, after, glance, manifest, method, night, people, transport
from playbooks.runbooks.document import Block, Code, Document, Section, Strong, Text
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.reasons import wave_name
from playbooks.runbooks.timing import Timing
from playbooks.runbooks.words import ENGLISH, Words, message
from playbooks.scope import WaveScope
from playbooks.wiring import Wiring

SECTIONS: tuple[tuple[str, Callable[[WaveFacts], tuple[Block, ...]]], ...] = (
    (message("At a glance"), glance.glance),
    (message("Scope and move groups"), people.scope),
    (message("Shared services first"), people.shared),
    (message("Owner and approver"), people.owners),
    (message("Window and freezes"), people.window),
    (message("Applications: RTO, RPO and downtime budget"), people.applications),
    (message("Proof of backup"), method.backup),
    (message("Rehearsal"), night.rehearsal),
    (message("Ordered tasks"), night.tasks),
    (message("Go or no-go"), night.go),
    (message("Rollback"), night.rollback),
    (message("Crew, transport and the way in"), transport.transport),
    (message("Manifest"), manifest.manifest),
    (message("Cables"), manifest.cables),
    (message("Addresses"), addresses.addresses),
    (message("Method, target position, power and ports"), method.methods),
    (message("Acceptance tests"), after.acceptance),
    (message("Hypercare"), after.hypercare),
    (message("What a person has to declare or do by hand"), method.missing),
    (message("Estimate against actual"), after.actual),
)


@dataclass(frozen=True)
class Runbooks:
    """Writes the runbooks of one plan, said in `words`. `runs` are the recorded runs of its project so far.

    `approval` is how the plan stands; None says nothing of it.
    """

    variables: HostVariables
    facility: Facility
    runs: tuple[RunRecord, ...] = ()
    words: Words = ENGLISH
    approval: Standing | None = None

    def facts(self, scope: WaveScope) -> WaveFacts:
        """What is known of one wave."""
        return WaveFacts(
            self.variables, self.facility, self.timing, self.wiring, scope, self.runs, self.words
        )

    def of(self, scope: WaveScope) -> Document:
        """The runbook of one wave."""
        facts, words, plan = self.facts(scope), self.words, self.variables.plan
        name = wave_name(words, scope.name)
        return Document(
            title=words("Runbook of %(folder)s: %(wave)s", folder=scope.folder, wave=name),
            wave=f"{scope.folder}: {name}",
            plan=words("plan %(name)s", name=plan.name),
            plan_hash=plan.content_hash,
            language=words.language.code,
            page=words("page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
            about=tuple(self._about()),
            sections=tuple(Section(words(title), section(facts)) for title, section in SECTIONS),
        )

    def _about(self) -> Iterator[Text]:
        plan = self.variables.plan
        yield self.words.pieces("Plan %(hash)s.", hash=Code(plan.content_hash))
        if self.approval is not None:
            language = Language(self.words.language.code)
            line = approval_line(self.approval, language, plan.calendar.time_zone)
            sentence = f"{line[0].upper()}{line[1:]}."
            yield sentence if self.approval.is_approved else Strong(sentence)

    @cached_property
    def timing(self) -> Timing:
        return Timing(self.variables.estate, self.variables.plan)

    @cached_property
    def wiring(self) -> Wiring:
        return Wiring(self.variables)
