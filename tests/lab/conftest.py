"""The lab: real hosts on this machine, opened once for all its tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from lab_hosts import Lab, LabHost
from lab_projects import Project
from system_parts import require


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    require("netns", "sshd", "ssh", "rsync")
    made = Lab(tmp_path_factory.mktemp("lab") / "hosts")
    try:
        made.open()
        yield made
    finally:
        made.close()


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path / "project")


_numbers = itertools.count(11)


@pytest.fixture
def host(lab) -> Iterator[Callable[[str], LabHost]]:
    """A new host by name; all of a test's hosts go with it."""
    names: list[str] = []

    def made(name: str) -> LabHost:
        names.append(name)
        return lab.add(name, next(_numbers))

    yield made
    for name in names:
        lab.remove(name)
