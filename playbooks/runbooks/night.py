"""The part of a runbook a night is led by: ordered tasks, go or no-go, the last moments to turn back, rehearsal."""

from __future__ import annotations

from capacity.plan import Step
from playbooks.playbook_files import phases_of
from playbooks.runbooks.document import (
    NONE,
    UNKNOWN,
    Blank,
    Block,
    Bullets,
    Code,
    Paragraph,
    Strong,
    Table,
    Text,
    Tick,
    columns,
    lines,
)
from playbooks.runbooks.facts import WaveFacts, took
from playbooks.runbooks.tasks import Task, tasks_of
from playbooks.runbooks.timing import DECIDE_BEFORE, Night, Turn, duration

_GO_HEAD = columns(("decision", 2.8), ("go", 0.5), ("no-go", 0.5), ("by, name (fill in)", 1.6), ("signature", 1.6),
                   ("time", 0.8))  # fmt: skip


def tasks(facts: WaveFacts) -> tuple[Block, ...]:
    """Every task with its T-minus, times, owner and what it waits for."""
    rows = tuple(_task_row(facts, task) for task in tasks_of(facts))
    head = columns(
        ("done", 0.5), ("T", 0.9), ("start and end", 1.5), ("lasts", 0.8, True), ("task", 2.2), ("owner, hands", 1.2),
        ("after", 1.6),
    )  # fmt: skip
    return (
        Table(head, rows, empty="No task is planned."),
        Paragraph("The phases, each run by its own command:"),
        Bullets(
            tuple(
                (facts.command(phase), " or ", Code(f"ansible-playbook {facts.scope.folder}/{phase}.yml"))
                for phase in phases_of(facts.scope)
            )
        ),
    )


def _task_row(facts: WaveFacts, task: Task) -> tuple[Text, ...]:
    name: list[Text] = [Strong(task.title)]
    name += [task.step.id] if task.step else []
    name += [task.hosts] if task.hosts else []
    until = facts.local(task.end) if task.end else ""
    return (
        Tick(),
        facts.t(task.start),
        lines([facts.local(task.start), *([until] if until else [])]),
        took(task.step) if task.step else "",
        lines(name),
        lines([task.owner, *([task.hands] if task.hands else [])]),
        task.after or NONE,
    )


def go(facts: WaveFacts) -> tuple[Block, ...]:
    """What has to hold before a night begins, and who said so."""
    checks: tuple[Text, ...] = (
        "Preflight passed on every host under this plan, at most 24 h before its cutover",
        "It saw: connection, rights, serial, platform, clock, names, backup, dependencies, room at the target",
        "Every dependency answers; one that doesn't stops the cutover of its host",
        "Replication is recorded for every workload",
        "The window is open, no freeze has begun, nobody is logged in",
        "Crew, vans and dock slot are confirmed; racks and cloud hosts of the wave are commissioned",
        "Owners of the applications are reachable, and so is whoever decides on going back",
        "The last moments to turn back (below) are known to whoever leads the night",
    )
    rows = tuple(_decision(facts, night) for night in facts.nights)
    before = duration(DECIDE_BEFORE.total_seconds() / 60)
    if not rows:
        rows = (("the wave begins", Tick(), Tick(), Blank(), Blank(), Blank()),)
    return (
        Bullets(checks, ticked=True),
        Table(
            _GO_HEAD,
            rows,
            tall=True,
            caption=f"Decided {before} before a night's first step (an assumption).",
        ),
        *_turns(facts),
    )


def _decision(facts: WaveFacts, night: Night) -> tuple[Text, ...]:
    text = lines(
        (
            Strong(f"night {night.number}: by {facts.local(night.decide_at)}, {facts.t(night.decide_at)}"),
            f"no return from {facts.local(night.no_return)}, {facts.t(night.no_return)}",
        )
    )
    return (text, Tick(), Tick(), Blank(), Blank(), Blank())


def _turns(facts: WaveFacts) -> tuple[Block, ...]:
    if not facts.turns:
        return (Paragraph("Nothing of this wave can be turned back: what is retired is gone."),)
    rows = tuple(_turn_row(facts, turn) for turn in facts.turns)
    head = columns(
        ("step", 1.6), ("ends", 1.3), ("its window closes", 1.3), ("way back", 0.7, True), ("turn back by", 1.5),
        ("left after its end", 1.4),
    )  # fmt: skip
    caption = (
        "Last moments to turn back: the end of the window less the time the way back takes. The way back is taken to "
        "last as long as the way there, with the same hands and without the wait for a van with data (an assumption); "
        "the whole of it is counted, even where only part of a step was done."
    )
    return (Table(head, rows, caption=caption),)


def _turn_row(facts: WaveFacts, turn: Turn) -> tuple[Text, ...]:
    closes = facts.local(turn.ends_by)
    own = () if turn.window_end else ("(the wave's; its own is unknown)",)
    return (
        lines((turn.step.id, _hosts(turn.step))),
        facts.local(turn.step.end),
        lines((closes, *own)),
        duration(turn.back_minutes),
        lines((Strong(facts.local(turn.by)), facts.t(turn.by))),
        _left(turn),
    )


def _left(turn: Turn) -> Text:
    if turn.is_final:
        return Strong("final: once begun, the whole way back no longer fits")
    if turn.spare_minutes == 0:
        return Strong("no time to verify in")
    if turn.spare_minutes < 0:
        return Strong(f"{duration(turn.spare_minutes)}: decide while it runs")
    return f"{duration(turn.spare_minutes)} to verify in"


def _hosts(step: Step) -> str:
    return f"{len(step.moves)} host{'' if len(step.moves) == 1 else 's'}"


def rollback(facts: WaveFacts) -> tuple[Block, ...]:
    """What makes a night go back, until when, and how."""
    steps = [step for step in facts.scope.steps if step.rollback_deadline]
    if not steps:
        return (Paragraph("No step of this wave can be rolled back."),)
    rows = tuple(
        (step.id, _hosts(step), facts.local(step.rollback_deadline), _after(facts, step)) for step in steps
    )
    return (
        Bullets(
            (
                "Trigger: verify fails and can't be mended within the downtime budget, or the owner says so",
                "Within the window: begin by the moment under “turn back by” above, host by host or the whole group",
                "After the window, until the rollback deadline: it takes a window of its own, agreed with the owner",
                "After its deadline a host can't go back: its source is no longer reserved",
            )
        ),
        Paragraph("The steps of the way back, in this order:"),
        Bullets(
            (
                (facts.command("rollback"), ": stop at the target, start at the source, switch the names back"),
                ("Data written at the target since the cutover stay there, unless ",
                 Code("vorst_rollback_data: copy_back")),
                ("A device is taken down, carried back and recorded in ", Code("racked/HOST-back.yml"),
                 " before it is started"),
                "Everything that depends on it is seen answering again, and its owner told",
            ),
            ticked=True,
        ),
        Table(
            columns(("step", 1.6), ("takes back", 0.9), ("rollback deadline", 1.5), ("decommissioned after it", 1.6)),
            rows,
        ),
        Table(
            columns(("decision", 1.4), ("what goes back (fill in)", 2), ("by, name (fill in)", 1.4), ("signature", 1.4),
                    ("time", 0.8)),
            (("roll back", Blank(), Blank(), Blank(), Blank()),),
            tall=True,
        ),
    )  # fmt: skip


def _after(facts: WaveFacts, step: Step) -> str:
    found = [
        other for other in facts.scope.steps if step.id in other.predecessors and other.kind == "decommission"
    ]
    if not found:
        return UNKNOWN if step.kind == "cutover" else "nothing is left behind"
    return facts.local(min(other.start for other in found))


def rehearsal(facts: WaveFacts) -> tuple[Block, ...]:
    """The dry run before the window."""
    wave = facts.scope.wave
    until = f", after the content is frozen on {facts.local(wave.frozen_on)}" if wave else ""
    return (
        Paragraph(
            (
                f"Before the window{until}: ",
                facts.command("cutover --check"),
                " runs every gate and copies nothing. What it can't rehearse is walked through, the way back first.",
            )
        ),
        Table(
            columns(
                ("rehearsed", 1.4),
                ("on (fill in)", 1),
                ("by (fill in)", 1.4),
                ("found and mended (fill in)", 2.4),
            ),
            (
                ("cutover with --check", Blank(), Blank(), Blank()),
                ("way back, walked through", Blank(), Blank(), Blank()),
            ),
            tall=True,
        ),
    )
