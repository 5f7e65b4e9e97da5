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
)
from playbooks.runbooks.facts import WaveFacts


def acceptance(facts: WaveFacts) -> tuple[Block, ...]:
    """What is tested, application by application, and who accepts it."""
    words = facts.words
    file = Code(f"acceptance/{facts.scope.folder}.yml")
    rows = tuple(
        (
            facts.application_name(application.id, application.name),
            words.shown(application.owner),
            Blank(),
            Blank(),
            Blank(),
        )
        for application in facts.applications
    )
    return (
        Bullets(
            (
                words.pieces("%(command)s passes", command=facts.command("verify")),
                words.pieces(
                    "It compares services, ports, checksums and size, and asks the application (%(checks)s)",
                    checks=Code("vorst_checks"),
                ),
                words.pieces(
                    "The owner writes %(file)s with %(by)s, %(at)s (date) and %(what)s",
                    file=file, by=Code("by"), at=Code("at"), what=Code("what"),
                ),
                words("Decommission refuses without it, and before the rollback deadline"),
            ),
            ticked=True,
        ),
        Table(
            words.columns(
                ("application", 2), ("owner", 1.6), ("tested what (fill in)", 2), ("accepted by (fill in)", 1.3),
                ("time", 0.7),
            ),
            rows,
            tall=True,
            empty=words("No application is recorded for these assets."),
        ),
    )  # fmt: skip


def hypercare(facts: WaveFacts) -> tuple[Block, ...]:
    """Who watches, and until when."""
    words = facts.words
    deadlines = [step.rollback_deadline for step in facts.scope.steps if step.rollback_deadline]
    if not deadlines:
        return (Paragraph(words("Nothing runs on after this wave, so there is nothing to watch.")),)
    return (
        Paragraph(
            words.pieces(
                "Until %(moment)s, the last rollback deadline: verify runs every day, its records stay in %(folder)s. "
                "A fault in that time goes to whoever is on call first, and to the wave owner.",
                moment=Strong(facts.local(max(deadlines))),
                folder=Code("runs/"),
            )
        ),
        Table(
            words.columns(("on call", 1), ("from and to (fill in)", 1.6), ("name (fill in)", 1.6),
                    ("telephone (fill in)", 1.4)),
            ((words("first"), Blank(), Blank(), Blank()), (words("second"), Blank(), Blank(), Blank())),
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
            facts.title(step),
            facts.took(step),
            facts.words.duration(measured[step.id]) if step.id in measured else Blank(),
            Blank(),
        )
        for step in facts.scope.steps
    )
    head = facts.words.columns(
        ("step", 2),
        ("task", 1.5),
        ("planned", 0.8, True),
        ("actual (measured, or fill in)", 1.4),
        ("why (fill in)", 2),
    )
    return (Table(head, rows, empty=facts.words("No step is planned.")),)
