"""A workspace: the folder with `vorst.toml`, `facility.yaml` and the database, and what is loaded from it.

Relative paths resolve in the folder. Nothing here decides anything; it opens, loads and saves for those who ask.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import InputError, WorkspaceError

if TYPE_CHECKING:
    from capacity.calendar import Calendar
    from capacity.facility import Facility
    from capacity.plan import Plan
    from inventory.database import Database
    from inventory.estate import Estate
    from tui.settings import Settings

FACILITY_FILE = "facility.yaml"
SCHOOL_FILE = "school-holidays.csv"
PLAN_FILE = "plan.json"
PROJECT_FOLDER = "playbooks"  # where `vorst playbooks` writes unless told otherwise
FIRST_YEAR, LAST_YEAR = 2000, 2100  # of a plan: well within what dates, zones and the list of holidays reach

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Workspace:
    """One workspace folder."""

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        from tui.settings import read_settings

        return read_settings(self.folder)

    def path(self, name: str | Path) -> Path:
        """A path as the user wrote it, resolved in the workspace."""
        return self.folder / Path(name).expanduser()

    def command(self, words: str) -> str:
        """A command on this workspace as a person would type it where this one was typed."""
        where = "" if self.folder == Path() else f" -C {shlex.quote(str(self.folder))}"
        return f"`vorst{where} {words}`"

    @property
    def database_url(self) -> str:
        """The database's address, with a relative SQLite path resolved in the workspace."""
        url = self.settings.database.url
        if "://" in url and not url.startswith("sqlite:"):
            return url
        return str(self.path(url.removeprefix("sqlite:///")).resolve())

    def open_database(self) -> Database:
        from inventory.database import open_database

        return open_database(self.database_url)

    def estate(self) -> Estate:
        """The snapshot of the inventory as it is now."""
        from inventory.snapshot import take_snapshot

        with self.open_database() as database:
            return take_snapshot(database)

    def facility(self) -> Facility:
        from capacity.facility_file import read_facility

        file = self.path(FACILITY_FILE)
        return read_facility(read_text(file, remedy="run `vorst init` first"), where=FACILITY_FILE)

    def calendar(self, start: datetime | None = None) -> Calendar:
        """The calendar from `start`, or from the settings' first day."""
        from capacity.calendar_settings import resolve

        first = start or self.settings.plan.start
        begin = first if isinstance(first, datetime) else datetime.combine(first, time())
        if not FIRST_YEAR <= begin.year <= LAST_YEAR:
            raise InputError(
                f"no plan can begin on {begin.date()}",
                where="--start or plan.start",
                remedy=f"choose a day from {FIRST_YEAR} to {LAST_YEAR}",
            )
        return resolve(self.settings.calendar, begin)

    def calendar_of(self, plan: Plan) -> Calendar | None:
        """What the settings give from a plan's first day; None where no plan can begin on that."""
        begins = plan.inputs.start
        return self.calendar(begins) if FIRST_YEAR <= begins.year <= LAST_YEAR else None

    def plan(self, name: str | Path = PLAN_FILE) -> Plan:
        """A plan from its file; raises InputError when it is missing or no plan."""
        from capacity.plan import Plan
        from inventory.documents import from_json

        file = self.path(name)
        return from_json(Plan, read_text(file, remedy="run `vorst plan` first"), where=str(name))


def read_text(file: Path, remedy: str = "check the path") -> str:
    """The text of a file the user named, without a byte-order mark, or an InputError that names it."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError("there is no such file", where=str(file), remedy=remedy) from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file", where=str(file), remedy=remedy) from None
    except UnicodeDecodeError:
        raise InputError("this is not UTF-8 text", where=str(file), remedy="save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(file), remedy=remedy) from None


def write_text(file: Path, text: str) -> None:
    """Write a file whole or not at all: beside it first, then renamed over it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WorkspaceError(
            f"can't be written: {error.strerror}", where=str(file), remedy="check the disk and the path"
        ) from None


def user_name() -> str:
    """Who works here, for the history."""
    try:
        return getuser()
    except (KeyError, OSError):
        return "unknown"


def init_workspace(folder: Path) -> Workspace:
    """Make what a workspace lacks of settings, facility, school holidays and database; nothing is overwritten.

    Raises WorkspaceError when nothing is lacking, or something can't be made.
    """
    from capacity.facility_file import default_text
    from capacity.school_holidays import default_text as school_holidays
    from inventory.database import create_database
    from tui.settings import FILE, TEXT

    workspace = Workspace(folder)
    texts = {FACILITY_FILE: default_text(), FILE: TEXT, SCHOOL_FILE: school_holidays()}
    lacking = [name for name in texts if not (folder / name).exists()]
    if not lacking and ("://" in workspace.database_url or Path(workspace.database_url).exists()):
        raise WorkspaceError(
            "there is a workspace already",
            where=str(folder),
            remedy="use it as it is, or choose another folder",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"can't be made: {error.strerror}", where=str(folder), remedy="choose another folder"
        ) from None
    for name in lacking:
        write_text(folder / name, texts[name])
    create_database(workspace.database_url).close()
    return workspace
