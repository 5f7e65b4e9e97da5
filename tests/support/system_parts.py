"""What some tests need of the machine besides Python, how to see whether it's there, and what to do if not.

A test says `@pytest.mark.needs("sshd")`, a fixture calls `require("postgresql")`. A missing part skips, with the
remedy as the reason; under VORST_REQUIRE_SYSTEM=1 (`.ci/run` sets it after installing everything) it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PLACES = (*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/sbin", "/sbin")


@dataclass(frozen=True)
class SystemPart:
    is_there: Callable[[], bool]
    remedy: str


def program(*names: str) -> str | None:
    """The path of the first of these programs that is installed, on PATH or among the system's."""
    return next(
        (found for name in names if (found := shutil.which(name, path=os.pathsep.join(PLACES)))), None
    )


def postgresql_folder() -> Path | None:
    """The folder of the newest PostgreSQL's own programs; Debian keeps them off PATH."""
    on_path = program("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@cache
def _can_make_namespaces() -> bool:
    ip = program("ip")
    if ip is None or os.geteuid() != 0:
        return False
    name = f"vorst-probe-{os.getpid()}"
    if subprocess.run([ip, "netns", "add", name], capture_output=True, check=False).returncode:
        return False
    return subprocess.run([ip, "netns", "del", name], capture_output=True, check=False).returncode == 0


PARTS = {
    "chromium": SystemPart(
        lambda: program("chromium", "chromium-browser") is not None, "apt-get install chromium"
    ),
    "git": SystemPart(lambda: program("git") is not None, "apt-get install git"),
    "make": SystemPart(lambda: program("make") is not None, "apt-get install make"),
    "netns": SystemPart(
        _can_make_namespaces, "apt-get install iproute2, and run as root where network namespaces are allowed"
    ),
    "poppler": SystemPart(lambda: program("pdftotext") is not None, "apt-get install poppler-utils"),
    "postgresql": SystemPart(lambda: postgresql_folder() is not None, "apt-get install postgresql"),
    "root": SystemPart(lambda: os.geteuid() == 0, "run the tests as root"),
    "rsync": SystemPart(lambda: program("rsync") is not None, "apt-get install rsync"),
    "ssh": SystemPart(lambda: program("ssh") is not None, "apt-get install openssh-client"),
    "sshd": SystemPart(lambda: program("sshd") is not None, "apt-get install openssh-server"),
    "tmux": SystemPart(lambda: program("tmux") is not None, "apt-get install tmux"),
}


def require(*names: str) -> None:
    """Skip the running test, or fail it under VORST_REQUIRE_SYSTEM=1, unless all these parts are there."""
    for name in names:
        part = PARTS[name]
        if part.is_there():
            continue
        reason = f"needs {name}, which this machine lacks: {part.remedy}"
        if os.environ.get("VORST_REQUIRE_SYSTEM") == "1":
            pytest.fail(f"{reason} (VORST_REQUIRE_SYSTEM=1 makes this a failure)", pytrace=False)
        pytest.skip(reason)
