"""What is being planned on the screen of scenarios, and how the thread that plans it tells of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from textual.message import Message

from inventory.errors import VorstError
from tui import scenario_work, tasks
from tui.scenario_states import ScenarioStates
from tui.scenario_work import Compared
from tui.workspace import Progress, Workspace

if TYPE_CHECKING:
    from capacity.plan_diff import PlanDiff

PLAN, COMPARE, DIFF = "plan", "compare", "diff"
DOING = {PLAN: "planning", COMPARE: "comparing", DIFF: "setting apart"}


@dataclass
class Job:
    """Scenarios being planned, and what is to be shown of them at the end. Only `cancel` is touched by two threads."""

    kind: str
    names: tuple[str, ...]
    cancel: threading.Event = field(default_factory=threading.Event)
    at: int = 0
    stage: str = "reading"
    share: float = 0.0


Found: TypeAlias = "tuple[Compared, ...] | PlanDiff | VorstError | None"


class Going(Message):
    """A job went on."""

    def __init__(self, job: Job, stage: str, done: int, total: int) -> None:
        super().__init__()
        self.job, self.stage, self.done, self.total = job, stage, done, total


class Ended(Message):
    """A job ended: with what was asked for, an error, or None when it was cancelled."""

    def __init__(self, job: Job, found: Found) -> None:
        super().__init__()
        self.job, self.found = job, found


def done(workspace: Workspace, job: Job, states: ScenarioStates, progress: Progress) -> Found:
    """Do what was asked for; None when it was cancelled, which is seen at the next step of the work."""

    def tell(stage: str, done: int, total: int) -> None:
        if job.cancel.is_set():
            raise tasks.CancelledError
        progress(stage, done, total)

    try:
        if job.kind == DIFF:
            return scenario_work.set_apart(workspace, states.file, job.names[0], job.names[1], tell)
        return scenario_work.compared(workspace, states.file, job.names, tell)
    except tasks.CancelledError:
        return None
    except VorstError as error:
        return error
