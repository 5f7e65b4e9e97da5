"""How a generated project gets onto the disk: whole or not at all, and only over its own earlier output.

Everything is written to a folder beside the target and swapped in by renaming. What people put into an earlier project
(`declared/`, `acceptance/`, `racked/`, `records/`, `runs/`, anything unknown) is carried over; what an earlier
generation wrote and this one doesn't is gone. A generated file that a person changed is never overwritten unasked.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inventory.errors import InputError, WorkspaceError

MARKER = "vorst-project.json"
SCHEMA_VERSION = "1"


@dataclass(frozen=True)
class ProjectFiles:
    """What a project is to hold, by path within it: texts, folders to copy, links, and files only made when absent."""

    texts: dict[str, str]
    copies: dict[str, Path] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)


def write_project(
    out_dir: Path, files: ProjectFiles, about: dict[str, Any], *, force: bool = False
) -> dict[str, str]:
    """Write the project and return the SHA-256 of every generated file by path.

    Raises InputError when `out_dir` isn't an earlier project of ours, or holds generated files that a person changed,
    unless `force`; WorkspaceError when the disk refuses. Either way nothing has changed then.
    """
    earlier = _earlier_files(out_dir, force=force)
    try:
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))
    except OSError as error:
        raise _refused(out_dir, error) from None
    try:
        hashes = _write_generated(fresh, files, about)
        _carry_over(out_dir, fresh, earlier)
        _seed(fresh, files.seeds)
        fresh.chmod(0o755)
        _swap(fresh, out_dir)
    except OSError as error:
        raise _refused(out_dir, error) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return hashes


def read_about(project_dir: Path) -> dict[str, Any]:
    """What a project says of itself; raises InputError when the folder is no generated project."""
    marker = project_dir / MARKER
    try:
        about: Any = json.loads(marker.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{project_dir} is no generated project: it has no {MARKER}",
            remedy="make one with `vorst playbooks plan.json -o DIR`",
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{marker} can't be read: {error}", remedy="generate the project again with --force"
        ) from None
    if not isinstance(about, dict) or not isinstance(about.get("files"), dict):
        raise InputError(
            f"{marker} is not what vorst writes", remedy="generate the project again with --force"
        )
    return about


def _earlier_files(out_dir: Path, *, force: bool) -> set[str]:
    """The paths an earlier generation wrote into `out_dir`, once it's sure they may go."""
    if not out_dir.exists() or (out_dir.is_dir() and not any(out_dir.iterdir())):
        return set()
    if not out_dir.is_dir() or out_dir.is_symlink():
        raise InputError(f"{out_dir} is no folder", remedy="name another one with -o")
    try:
        about = read_about(out_dir)
    except InputError:
        if force:
            return set()
        raise InputError(
            f"{out_dir} holds something that vorst didn't generate",
            remedy="name an empty folder, or --force to write over files of the same name and keep the rest",
        ) from None
    changed = [name for name, known in about["files"].items() if _is_changed(out_dir / name, known)]
    if changed and not force:
        shown = ", ".join(sorted(changed)[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
        raise InputError(
            f"{shown} in {out_dir} changed since they were generated",
            remedy="move what you changed to declared/, or --force to overwrite it",
        )
    return set(about["files"]) | set(about.get("links", ())) | {MARKER}


def _is_changed(path: Path, known: str) -> bool:
    return path.is_file() and _sha256(path.read_bytes()) != known


def _write_generated(fresh: Path, files: ProjectFiles, about: dict[str, Any]) -> dict[str, str]:
    hashes: dict[str, str] = {}
    contents = {name: text.encode() for name, text in files.texts.items()}
    for top, folder in files.copies.items():
        for source in sorted(folder.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                contents[f"{top}/{source.relative_to(folder).as_posix()}"] = source.read_bytes()
    for name in sorted(contents):
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
        hashes[name] = _sha256(contents[name])
    for name, target in files.links.items():
        link = fresh / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    document = {"schema_version": SCHEMA_VERSION, **about, "files": hashes, "links": sorted(files.links)}
    (fresh / MARKER).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return hashes


def _carry_over(old: Path, fresh: Path, earlier: set[str]) -> None:
    """Copy what people and runs put into the old project; what this generation made stands."""
    if not old.is_dir():
        return
    for folder, names, files in os.walk(old):
        here = Path(folder)
        links = [name for name in names if (here / name).is_symlink()]
        for name in [*files, *links]:
            source = here / name
            relative = source.relative_to(old).as_posix()
            target = fresh / relative
            if relative in earlier or target.exists() or target.is_symlink():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _seed(fresh: Path, seeds: dict[str, str]) -> None:
    for name, text in seeds.items():
        path = fresh / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _swap(fresh: Path, out_dir: Path) -> None:
    """Put the new folder in the old one's place; the old one comes back when that fails."""
    if not out_dir.exists():
        fresh.rename(out_dir)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.old.", dir=out_dir.parent))
    out_dir.rename(aside / "project")
    try:
        fresh.rename(out_dir)
    except OSError:
        (aside / "project").rename(out_dir)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _refused(out_dir: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"the project can't be written: {error.strerror or error}",
        where=str(error.filename or out_dir),
        remedy="check rights and room there, or name another folder with -o",
    )
