"""What the terminal UI does in threads, and the messages by which a thread says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from inventory.errors import InputError, VorstError
from tui.loaded import Loaded as Documents
from tui.quantities import some
from tui.workspace import Progress, Workspace, write_text

if TYPE_CHECKING:
    from capacity.verify import Violation

ESTATE_FILE = "estate.json"


class CancelledError(Exception):
    """A person stopped the work."""


class Progressed(Message):
    """Work went on: its stage, what is done of it, and what it has in all."""

    def __init__(self, stage: str, done: int, total: int) -> None:
        super().__init__()
        self.stage, self.done, self.total = stage, done, total


class Loaded(Message):
    def __init__(self, loaded: Documents) -> None:
        super().__init__()
        self.loaded = loaded


class Proven(Message):
    def __init__(self, loaded: Documents, violations: tuple[Violation, ...]) -> None:
        super().__init__()
        self.loaded, self.violations = loaded, violations


class Failed(Message):
    """A person's mistake, or something they can mend; `doing` says what was going on."""

    def __init__(self, error: VorstError, doing: str) -> None:
        super().__init__()
        self.error, self.doing = error, doing


class Finished(Message):
    """Work is done; `reload` when the documents have changed by it."""

    def __init__(self, text: str, *, reload: bool = False) -> None:
        super().__init__()
        self.text, self.reload = text, reload


def prove(loaded: Documents) -> tuple[Violation, ...]:
    """What the checker says of the loaded plan."""
    from capacity.verify import check

    return check(loaded.estate, loaded.facility, loaded.plan, loaded.calendar) if loaded.plan else ()


def make_plan(
    workspace: Workspace,
    plan_file: Path,
    loaded: Documents,
    progress: Progress,
    is_cancelled: Callable[[], bool],
) -> str:
    """Plan, prove and write, as `vorst plan` does; returns what to tell.

    Raises CancelledError between two stages once `is_cancelled` says so, InputError when the plan breaks a rule: then
    nothing is written.
    """
    from capacity.planner import plan as make
    from capacity.verify import check
    from inventory.documents import to_json

    def tell(stage: str, done: int, total: int) -> None:
        if is_cancelled():
            raise CancelledError
        progress(stage, done, total)

    settings = workspace.settings.plan
    made = make(
        loaded.estate,
        loaded.facility,
        workspace.calendar(),
        seed=settings.seed,
        name=plan_file.stem,
        planning_value=settings.planning_value,
        progress=tell,
    )
    tell("proving", 0, 1)
    violations = check(loaded.estate, loaded.facility, made)
    if violations:
        raise InputError(
            f"the plan breaks {some(len(violations), 'rule')}, first {violations[0].code}: {violations[0].message}",
            where=str(plan_file),
            remedy="it was not written; `vorst plan` shows all of them",
        )
    write_text(workspace.path(plan_file), to_json(made, indent=1) + "\n")
    return f"wrote {plan_file}: {some(len(made.waves), 'wave')}, {some(len(made.unplaced), 'asset')} without a place"


def make_playbooks(loaded: Documents, violations: tuple[Violation, ...]) -> str:
    """Generate the Ansible project, as `vorst playbooks` does; returns what to tell.

    Raises InputError when there is no plan or it breaks a rule.
    """
    from playbooks.generate import generate

    if loaded.plan is None:
        raise InputError("there is no plan yet", remedy="press m, or run `vorst plan`")
    if violations:
        raise InputError(
            f"the plan breaks {some(len(violations), 'rule')}, first {violations[0].code}: {violations[0].message}",
            where=str(loaded.plan_file),
            remedy="see Findings (9), and plan again",
        )
    project = generate(loaded.estate, loaded.facility, loaded.plan, loaded.project_dir)
    return (
        f"wrote {loaded.project_dir.name}/: {some(len(project.waves), 'wave')}, {some(project.hosts, 'host')}"
    )


def export_estate(workspace: Workspace, loaded: Documents) -> str:
    """Write the estate as JSON into the workspace; returns what to tell."""
    from inventory.documents import to_json

    write_text(workspace.path(ESTATE_FILE), to_json(loaded.estate) + "\n")
    return f"wrote {ESTATE_FILE}"


def write_picture(workspace: Workspace, name: str, svg: str) -> str:
    """Write a picture of the screen into the workspace; returns what to tell."""
    write_text(workspace.path(name), svg)
    return f"wrote {name}"
