"""The last part of a runbook: how a wave is accepted and watched, and what it took against what was planned."""

from __future__ import annotations

from playbooks.runbooks.document import (
    Blank,
    Block,
    Bullets,
    Code,
    Paragraph,
    Strong,
    Table,
    columns,
    shown,
)
from playbooks.runbooks.facts import KINDS, WaveFacts, took
from playbooks.runbooks.timing import duration


def acceptance(facts: WaveFacts) -> tuple[Block, ...]:
    """What is tested, application by application, and who accepts it."""
    folder = facts.scope.folder
    rows = tuple(
        (
            f"{application.name} (application {application.id})",
            shown(application.owner),
            Blank(),
            Blank(),
            Blank(),
        )
        for application in facts.applications
    )
    return (
        Bullets(
            (
                (facts.command("verify"), " passes"),
                ("It compares services, ports, checksums and size, and asks the application (",
                 Code("vorst_checks"), ")"),
                ("The owner writes ", Code(f"acceptance/{folder}.yml"), " with ", Code("by"), ", ", Code("at"),
                 " (date) and ", Code("what")),
                "Decommission refuses without it, and before the rollback deadline",
            ),
            ticked=True,
        ),
        Table(
            columns(("application", 2), ("owner", 1.6), ("tested what (fill in)", 2), ("accepted by (fill in)", 1.3),
                    ("time", 0.7)),
            rows,
            tall=True,
            empty="No application is recorded for these assets.",
        ),
    )  # fmt: skip


def hypercare(facts: WaveFacts) -> tuple[Block, ...]:
    """Who watches, and until when."""
    deadlines = [step.rollback_deadline for step in facts.scope.steps if step.rollback_deadline]
    if not deadlines:
        return (Paragraph("Nothing runs on after this wave, so there is nothing to watch."),)
    return (
        Paragraph(
            (
                "Until ",
                Strong(facts.local(max(deadlines))),
                ", the last rollback deadline: verify runs every day, its records stay in ",
                Code("runs/"),
                ". A fault in that time goes to whoever is on call first, and to the wave owner.",
            )
        ),
        Table(
            columns(("on call", 1), ("from and to (fill in)", 1.6), ("name (fill in)", 1.6),
                    ("telephone (fill in)", 1.4)),
            (("first", Blank(), Blank(), Blank()), ("second", Blank(), Blank(), Blank())),
            tall=True,
        ),
    )  # fmt: skip


def actual(facts: WaveFacts) -> tuple[Block, ...]:
    """The plan's durations beside the measured ones, as far as runs are recorded."""
    measured = {
        step.step_id: step.duration_s / 60
        for run in facts.runs
        if not run.check and run.wave == facts.scope.number
        for step in run.steps
        if step.duration_s is not None
    }
    rows = tuple(
        (
            step.id,
            KINDS.get(step.kind, step.kind),
            took(step),
            duration(measured[step.id]) if step.id in measured else Blank(),
            Blank(),
        )
        for step in facts.scope.steps
    )
    head = columns(
        ("step", 2),
        ("task", 1.5),
        ("planned", 0.8, True),
        ("actual (measured, or fill in)", 1.4),
        ("why (fill in)", 2),
    )
    return (Table(head, rows, empty="No step is planned."),)
