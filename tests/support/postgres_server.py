"""A PostgreSQL of the tests' own, in a folder of its own on the loopback, gone when they end.

PostgreSQL refuses to run as root, so root starts it as `postgres`, or else as `nobody`. Only who knows the
password made here gets in. It's tuned to forget: nothing is flushed to disk.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ATTEMPTS = 3
"""Another process may take the free port between finding and using it."""

FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=40")


def _as_whom() -> dict[str, Any]:
    """The arguments of subprocess.run that make it run as someone PostgreSQL accepts."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    message = "root can't run PostgreSQL, and there is neither a user 'postgres' nor 'nobody' to run it as"
    raise LookupError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """The URL of a fresh server, without a database's name: `postgresql://vorst:…@127.0.0.1:port`."""
    whom = _as_whom()
    # Not below pytest's own folder: that one is closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="vorst-postgres-"))
    data = folder / "data"
    password = secrets.token_hex(16)
    (folder / "password").write_text(password, encoding="utf-8")
    if whom:
        for path in (folder, folder / "password"):
            os.chown(path, whom["user"], whom["group"])
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Into a file: the server inherits the output, and a pipe would stay open as long as it runs.
        with (folder / "output").open("a+", encoding="utf-8") as output:
            done = subprocess.run(
                [str(programs / program), *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                text=True,
                timeout=120,
                check=False,
                **whom,
            )
            output.seek(0)
            done.stdout = output.read()
        return done

    try:
        made = run(
            "initdb",
            "-D",
            str(data),
            "-U",
            "vorst",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            f"--pwfile={folder / 'password'}",
        )
        if made.returncode:
            raise RuntimeError(made.stdout)
        for attempt in range(1, ATTEMPTS + 1):
            port = _free_port()
            settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *FORGETFUL)
            options = " ".join(f"-c {setting}" for setting in (f"port={port}", *settings))
            started = run(
                "pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "-t", "60", "-o", options, "start"
            )
            if started.returncode == 0:
                break
            if attempt == ATTEMPTS:
                raise RuntimeError(started.stdout + (folder / "log").read_text(encoding="utf-8"))
        try:
            yield f"postgresql://vorst:{password}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
