"""Opening, creating and migrating the inventory's database, and the two ways in: reading, and a transaction.

A database is a SQLite file or a PostgreSQL. Readers see one revision however long they look; writers queue, and what
they change is written by `transaction.Transaction` together with its history, or not at all. Whatever the driver
complains of becomes a `WorkspaceError` that says what to do. What the tables mean is for `models`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlmodel import Session

from inventory.errors import StaleError, WorkspaceError
from inventory.migrations import HEAD, KNOWN
from inventory.models.provenance import WorkspaceMeta
from inventory.models.tables import sql
from inventory.transaction import Transaction

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10
FIRST_TABLES = (
    "regions",
    "sites",
    "devices",
)  # of the first migration: they tell our database from a stranger's


class Database:
    """An open inventory. Close it, or use it as a context manager."""

    def __init__(self, engine: Engine, *, place: str) -> None:
        self.engine = engine
        self.place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @property
    def revision(self) -> int:
        """How many transactions have changed the inventory."""
        with self.reading() as connection:
            return connection.scalar(select(sql(WorkspaceMeta).c.revision)) or 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one revision throughout and must not write."""
        with _for_people(self.place), _connection(self.engine, writes=False) as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Session]:
        """An ORM session for reading the tables of `models` at one revision."""
        with self.reading() as connection, Session(bind=connection) as session:
            yield session

    @contextmanager
    def transaction(
        self,
        who: str,
        source: str = "",
        *,
        reason: str = "",
        expected_revision: int | None = None,
        at: datetime | None = None,
    ) -> Iterator[Transaction]:
        """Change the inventory: all of it and its history when the block ends well, nothing when it doesn't.

        Parameters
        ----------
        who
            the person, for the history.
        source
            the source whose word is taken; empty when a person decides.
        reason
            why, for the history.
        expected_revision
            the revision the decision was made on.
        at
            the moment to record; now when absent.

        Raises
        ------
        StaleError
            the inventory has moved on since `expected_revision`.
        WorkspaceError
            the database can't be written.
        """
        with _for_people(self.place), _connection(self.engine, writes=True) as connection:
            revision = connection.scalar(select(sql(WorkspaceMeta).c.revision).with_for_update())
            if expected_revision is not None and revision != expected_revision:
                raise StaleError(
                    f"the inventory is at revision {revision}, and this was decided on revision {expected_revision}",
                    where=self.place,
                    remedy="look at the differences again and approve them anew",
                )
            transaction = Transaction(
                connection,
                who=who,
                source=source,
                reason=reason,
                base_revision=revision or 0,
                at=at or datetime.now(UTC),
            )
            yield transaction
            transaction.finish()


def open_database(url: str | Path) -> Database:
    """Open an existing inventory; an empty database is given its tables.

    Parameters
    ----------
    url
        a SQLite file's path, `sqlite:///…`, or `postgresql://user@host/name`.

    Raises
    ------
    WorkspaceError
        missing, unreachable, locked, of another version, or no vorst database.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise WorkspaceError(
            "there is no database here", where=address.database or "", remedy="run `vorst init` first"
        )
    return _opened(address)


def create_database(url: str | Path) -> Database:
    """Make the inventory's tables in a new SQLite file or an empty PostgreSQL database, and open it.

    Raises
    ------
    WorkspaceError
        it can't be made, or is in use by something else. An existing inventory is just opened.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        folder = Path(address.database or "").parent
        if not folder.is_dir():
            raise WorkspaceError(
                "the folder for the database does not exist", where=str(folder), remedy="make it first"
            )
    return _opened(address)


def migrate_database(url: str | Path) -> tuple[str, str]:
    """Bring an older inventory to this version's tables; returns the versions before and after."""
    address = _address(url)
    engine = _engine(address)
    place = _place(address)
    try:
        with _for_people(place):
            before = _version(engine, place)
            if before != HEAD:
                _upgrade(engine)
            return before, HEAD
    finally:
        engine.dispose()


def _opened(address: URL) -> Database:
    engine = _engine(address)
    place = _place(address)
    try:
        with _for_people(place):
            _ready(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, place=place)


def _ready(engine: Engine, place: str) -> None:
    version = _version(engine, place)
    if version == "":
        _upgrade(engine)
    elif version != HEAD:
        raise WorkspaceError(
            f"the database has version {version}, this vorst works with {HEAD}",
            where=place,
            remedy="run `vorst migrate` (take a copy first)",
        )


def _version(engine: Engine, place: str) -> str:
    """The version of the tables: empty for an empty database. Refuses strangers and newer ones."""
    with engine.connect() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return ""
        if not {"alembic_version", *FIRST_TABLES} <= tables:
            raise WorkspaceError(
                "this is a database, but not one of vorst",
                where=place,
                remedy="name another in `database.url`, or an empty one",
            )
        version = str(connection.scalar(text("select version_num from alembic_version")))
    if version not in KNOWN:
        raise WorkspaceError(
            f"the database has version {version}, which this vorst does not know",
            where=place,
            remedy="install the newer vorst that made it",
        )
    return version


def _upgrade(engine: Engine) -> None:
    from alembic import command  # a third of a second to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()  # the journal's mode can't be changed inside a transaction
        raw.cursor().execute("PRAGMA journal_mode=WAL")
        raw.close()
    with _connection(engine, writes=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


# --- addresses and engines -------------------------------------------------------------------------------------------


def _address(url: str | Path) -> URL:
    given = str(url)
    if "://" not in given:
        return URL.create("sqlite", database=given)
    try:
        address = make_url(given)
    except (ArgumentError, ValueError):
        raise WorkspaceError(
            "the database's address can't be read",
            where="database.url",
            remedy="write a file name or postgresql://user@host:5432/name",
        ) from None
    backend = address.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and address.database:
        return address.set(drivername="sqlite")
    raise WorkspaceError(
        f"{backend or 'this'} is no database vorst can use",
        where="database.url",
        remedy="write a SQLite file's name or postgresql://user@host:5432/name",
    )


def _place(address: URL) -> str:
    if address.get_backend_name() == "sqlite":
        return address.database or ""
    return address.set(drivername="postgresql").render_as_string(hide_password=True)


def _engine(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = f"-c lock_timeout={int(BUSY_TIMEOUT_S * 1000)} -c timezone=UTC"
    return create_engine(
        address,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": options},
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it would start them as readers and fail to turn writer later.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("vorst_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _connection(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    options: dict[str, Any] = {"vorst_writes": writes}
    if engine.dialect.name != "sqlite" and not writes:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as opened:
        connection = opened.execution_options(**options)
        with connection.begin():
            yield connection


# --- what drivers complain of ----------------------------------------------------------------------------------------

_COMPLAINTS: tuple[tuple[str, str, str], ...] = (
    ("file is not a database", "this file is no database", "name another file in `database.url`"),
    (
        "database is locked",
        "another program is writing to the database",
        "wait until it has finished, then try again",
    ),
    (
        "lock timeout",
        "another program is writing to the database",
        "wait until it has finished, then try again",
    ),
    ("database or disk is full", "the disk is full; nothing was changed", "make room, then try again"),
    (
        "could not extend file",
        "the database server's disk is full; nothing was changed",
        "make room there, then try again",
    ),
    ("No space left on device", "the disk is full; nothing was changed", "make room, then try again"),
    (
        "disk I/O error",
        "the disk refuses to write (full, or over a quota); nothing was changed",
        "make room, then try again",
    ),
    ("readonly database", "the database may not be written", "check the file's and folder's permissions"),
    ("read-only transaction", "the database may not be written", "ask for a user that may write"),
    ("unable to open database file", "the database file can't be opened", "check its folder and permissions"),
    ("malformed", "the database is damaged", "restore a copy of it"),
    ("password authentication failed", "the database refuses the user or password", "check `database.url`"),
    ("does not exist", "the database, role or table does not exist", "check `database.url`"),
    ("permission denied", "the database user lacks permissions", "grant them, or use another user"),
    ("violates foreign key", "an object is still referred to by another", "change or remove that one first"),
    (
        "FOREIGN KEY constraint failed",
        "an object is still referred to by another",
        "change or remove that one first",
    ),
)


@contextmanager
def _for_people(place: str) -> Iterator[None]:
    """Turn a driver's complaint into a WorkspaceError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _complaint(str(error), place, lost=False) from error
    except DBAPIError as error:
        complaint = str(error.orig).strip() or type(error.orig).__name__
        raise _complaint(complaint, place, lost=error.connection_invalidated) from error
    except SQLAlchemyError as error:
        raise _complaint(str(error), place, lost=False) from error


def _complaint(complaint: str, place: str, *, lost: bool) -> WorkspaceError:
    for sign, what, remedy in _COMPLAINTS:
        if sign in complaint:
            return WorkspaceError(what, where=place, remedy=remedy)
    first = complaint.splitlines()[0][:200]
    if lost or "connect" in complaint or "resolve" in complaint:
        remedy = "check that it runs, and `database.url`"
        return WorkspaceError(f"the database can't be reached: {first}", where=place, remedy=remedy)
    return WorkspaceError(f"the database refused: {first}", where=place, remedy="report it with this message")
