"""Runbooks as files of a folder: all of them written, or none of them changed.

Everything is made before anything is written; what is written goes beside its place first, and is then renamed over it.
When the disk refuses one renaming, those before it are undone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from inventory.errors import InputError, WorkspaceError
from playbooks.runbooks.book import Runbooks
from playbooks.runbooks.ical import to_ical
from playbooks.runbooks.markdown import to_markdown
from playbooks.scope import WaveScope

FORMATS = ("md", "pdf", "ics")


def write_runbooks(
    runbooks: Runbooks,
    scopes: Iterable[WaveScope],
    formats: Iterable[str],
    folder: Path,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[str, ...]:
    """Write the runbooks of some waves as `wave-01.md`, `wave-01.pdf`, `wave-01.ics` and return the files' names.

    Those in Dutch and French are called `wave-01-nl.md`, `wave-01-fr.md`, to stand beside the English ones.

    Raises InputError for an earlier calendar that is none, WorkspaceError when the disk refuses; nothing changed then.
    """
    made: dict[str, bytes] = {}
    for done, scope in enumerate(scopes):
        progress(done)
        for name in formats:
            file = _file(runbooks, scope, name)
            made[file] = _made(runbooks, scope, name, folder / file)
    write_files(folder, made)
    return tuple(made)


def _file(runbooks: Runbooks, scope: WaveScope, name: str) -> str:
    code = runbooks.words.language.code
    return f"{scope.folder}.{name}" if code == "en" else f"{scope.folder}-{code}.{name}"


def _made(runbooks: Runbooks, scope: WaveScope, name: str, file: Path) -> bytes:
    if name == "md":
        return to_markdown(runbooks.of(scope)).encode()
    if name == "pdf":
        from playbooks.runbooks.pdf import to_pdf

        return to_pdf(runbooks.of(scope), runbooks.variables.plan.inputs.start)
    try:
        earlier = file.read_bytes() if file.exists() else None
        return to_ical(runbooks.facts(scope), earlier)
    except InputError as error:
        raise InputError(error.what, where=str(file), remedy=error.remedy) from None
    except OSError as error:
        raise _refused(file, error) from None


def write_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put files into a folder, each whole, all or none; raises WorkspaceError when the disk refuses."""
    stage: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".runbooks.", dir=folder))
        for name, content in contents.items():
            with (stage / name).open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        _swap(stage, folder, contents)
    except OSError as error:
        raise _refused(folder, error) from None
    finally:
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)


def _swap(stage: Path, folder: Path, names: Iterable[str]) -> None:
    aside = stage / "earlier"
    aside.mkdir()
    placed: list[str] = []
    try:
        for name in names:
            target = folder / name
            if target.is_dir():
                raise IsADirectoryError(21, "there is a folder of that name", str(target))
            if target.exists():
                target.rename(aside / name)
            placed.append(name)
            (stage / name).rename(target)
    except OSError:
        for name in placed:
            (folder / name).unlink(missing_ok=True)
            if (aside / name).exists():
                (aside / name).rename(folder / name)
        raise


def _refused(where: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"the runbooks can't be written: {error.strerror or error}",
        where=str(error.filename or where),
        remedy="check rights and room there, or name another folder with -o",
    )
