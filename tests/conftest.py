"""Fixtures every test may use: the project's folder, the shared folder, a PostgreSQL; and what a test needs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from postgres_server import postgres_server
from system_parts import PARTS, postgresql_folder, require

ROOT = Path(__file__).resolve().parents[1]

# The same examples in every run, so that a failure is the change's and not the day's; `thorough` looks further.
settings.register_profile(
    "steady", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("needs"):
            unknown = sorted(set(mark.args) - set(PARTS))
            if unknown:
                message = f"{item.nodeid} needs {', '.join(unknown)}; known parts are {', '.join(PARTS)}"
                raise pytest.UsageError(message)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.fixture(autouse=True)
def _no_settings_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """VORST_* of whoever runs the tests must not reach the code under test."""
    for name in list(os.environ):
        if (
            name.startswith("VORST_")
            and name != "VORST_REQUIRE_SYSTEM"
            and not name.startswith("VORST_TEST_")
        ):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir(repo_root: Path) -> Path:
    """The folder beside the project with recorded answers of a real NetBox; who clones the project alone has none."""
    folder = repo_root.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder 'shared' isn't beside the project's: it holds the recorded NetBox")
    return folder


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    require("postgresql")
    programs = postgresql_folder()
    assert programs is not None
    with postgres_server(programs) as url:
        yield url


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(_postgres_server: str) -> Iterator[str]:
    """The URL of an empty database on a real PostgreSQL, for this test alone."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(f"{_postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{_postgres_server}/{name}"
    with psycopg.connect(f"{_postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
