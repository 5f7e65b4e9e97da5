"""Keeps what scenarios and cells of sweeps come to in the workspace, by the content of their inputs.

A file of its own for each outcome, written whole or not at all: whatever was finished is there after a crash, and what
is asked a second time is answered at once. The key holds the code and libraries that planned too, so that another
version plans anew. A file that can't be read is as good as none.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import os
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from inventory.errors import VorstError, WorkspaceError
from tui.workspace import write_text

if TYPE_CHECKING:
    from capacity.plan import Plan
    from capacity.whatif.outcome import Outcome

FOLDER = Path(".vorst") / "scenarios"
NAMED = "named"  # below it: what each name came to last, whatever its inputs were then
DECIDING = ("highspy", "holidays", "igraph", "numba", "numpy", "ortools", "scipy", "tzdata")
PLANNING = ("inventory", "capacity")


@cache
def engine() -> str:
    """What plans: a hash over the code of inventory and capacity and the versions of the libraries that decide."""
    digest = hashlib.sha256()
    for package in PLANNING:
        root = Path(str(resources.files(package)))
        for file in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{file.relative_to(root).as_posix()}\n".encode())
            digest.update(file.read_bytes())
    for name in DECIDING:
        try:
            digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
        except importlib.metadata.PackageNotFoundError:
            digest.update(f"{name} none\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class ScenarioStore:
    """The outcomes and plans kept in one workspace."""

    workspace: Path

    def _file(self, inputs_hash: str, ending: str) -> Path:
        key = hashlib.sha256(f"{engine()}\n{inputs_hash}".encode()).hexdigest()
        return self.workspace / FOLDER / f"{key}{ending}"

    def outcome(self, inputs_hash: str) -> Outcome | None:
        """The outcome of these inputs, where it is known."""
        from capacity.whatif.outcome import Outcome
        from inventory.documents import from_json

        file = self._file(inputs_hash, ".json")
        try:
            found = from_json(Outcome, file.read_text(encoding="utf-8"), where=str(file))
        except (OSError, UnicodeDecodeError, VorstError):
            return None
        return found if found.inputs_hash == inputs_hash else None

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome, at once and whole."""
        from inventory.documents import to_json

        write_text(self._file(outcome.inputs_hash, ".json"), to_json(outcome, indent=1) + "\n")

    def last(self, name: str) -> Outcome | None:
        """What a scenario of this name came to when it was planned last, of whatever inputs."""
        from capacity.whatif.outcome import Outcome
        from inventory.documents import from_json

        file = self._named(name)
        try:
            return from_json(Outcome, file.read_text(encoding="utf-8"), where=str(file))
        except (OSError, UnicodeDecodeError, VorstError):
            return None

    def keep_last(self, name: str, outcome: Outcome) -> None:
        """Remember what a scenario of this name came to, unless that is remembered already."""
        from inventory.documents import to_json

        if self.last(name) != outcome:
            write_text(self._named(name), to_json(outcome, indent=1) + "\n")

    def _named(self, name: str) -> Path:
        return self.workspace / FOLDER / NAMED / f"{name}.json"

    def plan(self, outcome: Outcome) -> Plan | None:
        """The plan that came to this outcome, where it was kept and is whole."""
        from capacity.plan import Plan, sealed
        from inventory.documents import from_json

        file = self._file(outcome.inputs_hash, ".plan.json.gz")
        try:
            found = from_json(Plan, gzip.decompress(file.read_bytes()), where=str(file))
        except (OSError, EOFError, ValueError, VorstError):
            return None
        same = found.content_hash == outcome.plan_hash == sealed(found).content_hash
        return found if same else None

    def keep_plan(self, inputs_hash: str, plan: Plan) -> None:
        """Keep a whole plan beside its outcome."""
        from inventory.documents import to_json

        _write_bytes(
            self._file(inputs_hash, ".plan.json.gz"), gzip.compress(to_json(plan).encode(), 6, mtime=0)
        )


def _write_bytes(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WorkspaceError(
            f"can't be written: {error.strerror}", where=str(file), remedy="check the disk and the path"
        ) from None
