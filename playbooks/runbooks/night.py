"""The part of a runbook a night is led by: ordered tasks, go or no-go, the last moments to turn back, rehearsal."""

from __future__ import annotations

from capacity.plan import Step
from playbooks.playbook_files import phases_of
from playbooks.runbooks.document import (
    Blank,
    Block,
    Bullets,
    Code,
    Paragraph,
    Strong,
    Table,
    Text,
    Tick,
    lines,
)
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.tasks import Task, tasks_of
from playbooks.runbooks.timing import DECIDE_BEFORE, Night, Turn


def tasks(facts: WaveFacts) -> tuple[Block, ...]:
    """Every task with its T-minus, times, owner and what it waits for."""
    rows = tuple(_task_row(facts, task) for task in tasks_of(facts))
    words = facts.words
    head = words.columns(
        ("done", 0.5), ("T", 0.9), ("start and end", 1.5), ("lasts", 0.8, True), ("task", 2.2), ("owner, hands", 1.2),
        ("after", 1.6),
    )  # fmt: skip
    return (
        Table(head, rows, empty=words("No task is planned.")),
        Paragraph(words("The phases, each run by its own command:")),
        Bullets(
            tuple(
                words.pieces(
                    "%(command)s or %(playbook)s",
                    command=facts.command(phase),
                    playbook=Code(f"ansible-playbook {facts.scope.folder}/{phase}.yml"),
                )
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
        facts.took(task.step) if task.step else "",
        lines(name),
        lines([task.owner, *([task.hands] if task.hands else [])]),
        task.after or facts.words("nothing"),
    )


def go(facts: WaveFacts) -> tuple[Block, ...]:
    """What has to hold before a night begins, and who said so."""
    words = facts.words
    checks: tuple[Text, ...] = (
        words("Preflight passed on every host under this plan, at most 24 h before its cutover"),
        words(
            "It saw: connection, rights, serial, platform, clock, names, backup, dependencies, room at the target"
        ),
        words("Every dependency answers; one that doesn't stops the cutover of its host"),
        words("Replication is recorded for every workload"),
        words("The window is open, no freeze has begun, nobody is logged in"),
        words("Crew, vans and dock slot are confirmed; racks and cloud hosts of the wave are commissioned"),
        words("Owners of the applications are reachable, and so is whoever decides on going back"),
        words("The last moments to turn back (below) are known to whoever leads the night"),
    )
    rows = tuple(_decision(facts, night) for night in facts.nights)
    before = words.duration(DECIDE_BEFORE.total_seconds() / 60)
    if not rows:
        rows = ((words("the wave begins"), Tick(), Tick(), Blank(), Blank(), Blank()),)
    return (
        Bullets(checks, ticked=True),
        Table(
            words.columns(
                ("decision", 2.8), ("go", 0.6), ("no-go", 0.6), ("by, name (fill in)", 1.6), ("signature", 1.5),
                ("time", 0.7),
            ),
            rows,
            tall=True,
            caption=words("Decided %(before)s before a night's first step (an assumption).", before=before),
        ),
        *_turns(facts),
    )  # fmt: skip


def _decision(facts: WaveFacts, night: Night) -> tuple[Text, ...]:
    by = facts.words(
        "night %(night)s: by %(moment)s, %(t)s",
        night=night.number,
        moment=facts.local(night.decide_at),
        t=facts.t(night.decide_at),
    )
    last = facts.words(
        "no return from %(moment)s, %(t)s", moment=facts.local(night.no_return), t=facts.t(night.no_return)
    )
    text = lines((Strong(by), last))
    return (text, Tick(), Tick(), Blank(), Blank(), Blank())


def _turns(facts: WaveFacts) -> tuple[Block, ...]:
    if not facts.turns:
        return (Paragraph(facts.words("Nothing of this wave can be turned back: what is retired is gone.")),)
    rows = tuple(_turn_row(facts, turn) for turn in facts.turns)
    head = facts.words.columns(
        ("step", 1.6), ("ends", 1.3), ("its window closes", 1.3), ("way back", 0.7, True), ("turn back by", 1.5),
        ("left after its end", 1.4),
    )  # fmt: skip
    caption = facts.words(
        "Last moments to turn back: the end of the window less the time the way back takes. The way back is taken to "
        "last as long as the way there, with the same hands and without the wait for a van with data (an assumption); "
        "the whole of it is counted, even where only part of a step was done."
    )
    return (Table(head, rows, caption=caption),)


def _turn_row(facts: WaveFacts, turn: Turn) -> tuple[Text, ...]:
    closes = facts.local(turn.ends_by)
    own = () if turn.window_end else (facts.words("(the wave's; its own is unknown)"),)
    return (
        lines((turn.step.id, _hosts(facts, turn.step))),
        facts.local(turn.step.end),
        lines((closes, *own)),
        facts.words.duration(turn.back_minutes),
        lines((Strong(facts.local(turn.by)), facts.t(turn.by))),
        _left(facts, turn),
    )


def _left(facts: WaveFacts, turn: Turn) -> Text:
    words = facts.words
    if turn.is_final:
        return Strong(words("final: once begun, the whole way back no longer fits"))
    if turn.spare_minutes == 0:
        return Strong(words("no time to verify in"))
    if turn.spare_minutes < 0:
        return Strong(words("%(time)s: decide while it runs", time=words.duration(turn.spare_minutes)))
    return words("%(time)s to verify in", time=words.duration(turn.spare_minutes))


def _hosts(facts: WaveFacts, step: Step) -> str:
    return facts.words.counted("%(n)s host", "%(n)s hosts", len(step.moves))


def rollback(facts: WaveFacts) -> tuple[Block, ...]:
    """What makes a night go back, until when, and how."""
    words = facts.words
    steps = [step for step in facts.scope.steps if step.rollback_deadline]
    if not steps:
        return (Paragraph(words("No step of this wave can be rolled back.")),)
    rows = tuple(
        (step.id, _hosts(facts, step), facts.local(step.rollback_deadline), _after(facts, step))
        for step in steps
    )
    return (
        Bullets(
            (
                words("Trigger: verify fails and can't be mended within the downtime budget, or the owner says so"),
                words(
                    "Within the window: begin by the moment under %(column)s above, host by host or the whole group",
                    column=words.language.quoted(words("turn back by")),
                ),
                words(
                    "After the window, until the rollback deadline: it takes a window of its own, agreed with the "
                    "owner"
                ),
                words("After its deadline a host can't go back: its source is no longer reserved"),
            )
        ),
        Paragraph(words("The steps of the way back, in this order:")),
        Bullets(
            (
                words.pieces(
                    "%(command)s: stop at the target, start at the source, switch the names back",
                    command=facts.command("rollback"),
                ),
                words.pieces(
                    "Data written at the target since the cutover stay there, unless %(setting)s",
                    setting=Code("vorst_rollback_data: copy_back"),
                ),
                words.pieces(
                    "A device is taken down, carried back and recorded in %(file)s before it is started",
                    file=Code("racked/HOST-back.yml"),
                ),
                words("Everything that depends on it is seen answering again, and its owner told"),
            ),
            ticked=True,
        ),
        Table(
            words.columns(
                ("step", 1.6), ("takes back", 0.9), ("rollback deadline", 1.5), ("decommissioned after it", 1.6),
            ),
            rows,
        ),
        Table(
            words.columns(
                ("decision", 1.4), ("what goes back (fill in)", 2), ("by, name (fill in)", 1.4), ("signature", 1.4),
                ("time", 0.8),
            ),
            ((words("roll back"), Blank(), Blank(), Blank(), Blank()),),
            tall=True,
        ),
    )  # fmt: skip


def _after(facts: WaveFacts, step: Step) -> str:
    found = [
        other for other in facts.scope.steps if step.id in other.predecessors and other.kind == "decommission"
    ]
    if not found:
        return facts.words.unknown if step.kind == "cutover" else facts.words("nothing is left behind")
    return facts.local(min(other.start for other in found))


def rehearsal(facts: WaveFacts) -> tuple[Block, ...]:
    """The dry run before the window."""
    wave, words = facts.scope.wave, facts.words
    command = facts.command("cutover --check")
    how = (
        words.pieces(
            "Before the window, after the content is frozen on %(moment)s: %(command)s runs every gate and copies "
            "nothing. What it can't rehearse is walked through, the way back first.",
            moment=facts.local(wave.frozen_on),
            command=command,
        )
        if wave
        else words.pieces(
            "Before the window: %(command)s runs every gate and copies nothing. What it can't rehearse is walked "
            "through, the way back first.",
            command=command,
        )
    )
    return (
        Paragraph(how),
        Table(
            words.columns(
                ("rehearsed", 1.4),
                ("on (fill in)", 1),
                ("by (fill in)", 1.4),
                ("found and mended (fill in)", 2.4),
            ),
            (
                (words("cutover with --check"), Blank(), Blank(), Blank()),
                (words("way back, walked through"), Blank(), Blank(), Blank()),
            ),
            tall=True,
        ),
    )
