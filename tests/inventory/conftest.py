"""An empty inventory for each test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inventory.database import Database, create_database, open_database


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new inventory's file, made once: copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("empty") / "vorst.db"
    create_database(path).close()
    return path


@pytest.fixture
def sqlite_path(empty_sqlite: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_sqlite, tmp_path / "vorst.db"))


@pytest.fixture
def database(sqlite_path: Path) -> Iterator[Database]:
    with open_database(sqlite_path) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty inventory, of each sort."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_path"))
    address = str(request.getfixturevalue("postgres_url"))
    create_database(address).close()
    return address


@pytest.fixture
def any_database(url: str) -> Iterator[Database]:
    with open_database(url) as opened:
        yield opened


@pytest.fixture(scope="session")
def fresh(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Database]:
    """Makes an empty inventory whenever asked: for properties, which need one per example."""
    path = tmp_path_factory.mktemp("fresh") / "vorst.db"

    def make() -> Database:
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(empty_sqlite, path)
        return open_database(path)

    return make
