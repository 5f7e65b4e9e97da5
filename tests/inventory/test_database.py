from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from inventory_builders import a_site, reading, take
from sqlalchemy import create_engine, text

import inventory.database
import inventory.migrations
from inventory.database import create_database, migrate_database, open_database
from inventory.errors import InputError, StaleError, WorkspaceError
from inventory.history import history
from inventory.rows import Ref
from inventory.snapshot import take_snapshot


def test_opening_where_there_is_nothing_says_to_initialise(tmp_path):
    with pytest.raises(WorkspaceError, match="vorst init") as caught:
        open_database(tmp_path / "vorst.db")

    assert str(tmp_path / "vorst.db") in str(caught.value)
    assert not (tmp_path / "vorst.db").exists()


def test_an_empty_file_is_given_its_tables(tmp_path):
    (tmp_path / "vorst.db").touch()

    with open_database(tmp_path / "vorst.db") as database:
        assert take_snapshot(database).sites == ()


def test_a_new_database_needs_its_folder(tmp_path):
    with pytest.raises(WorkspaceError, match="folder"):
        create_database(tmp_path / "nowhere" / "vorst.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "vorst.db"
    path.write_text("name,site\n" * 200)

    with pytest.raises(WorkspaceError, match="no database"):
        open_database(path)

    assert path.read_text() == "name,site\n" * 200


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("create table recipes (name)")

    with pytest.raises(WorkspaceError, match="not one of vorst"):
        open_database(path)

    with sqlite3.connect(path) as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("recipes",)]


def test_a_newer_version_is_refused(url):
    _set_version(url, "9999")

    with pytest.raises(WorkspaceError, match="newer vorst"):
        open_database(url)


def test_an_older_version_asks_for_vorst_migrate(url):
    _set_version(url, inventory.migrations.KNOWN[0])

    with pytest.raises(WorkspaceError, match="vorst migrate"):
        open_database(url)


def test_migrating_an_older_database_keeps_its_rows(tmp_path):
    path = tmp_path / "old.db"
    path.touch()
    _upgrade_to(path, "0001")
    with sqlite3.connect(path) as raw:
        raw.execute("insert into regions (id, name, slug) values (7, 'Brussel', 'brussel')")

    assert migrate_database(path) == ("0001", inventory.migrations.HEAD)

    with open_database(path) as database:
        assert [(row.id, row.name) for row in take_snapshot(database).regions] == [(7, "Brussel")]


def test_migrating_a_present_database_changes_nothing(url):
    assert migrate_database(url) == (inventory.migrations.HEAD, inventory.migrations.HEAD)


@pytest.mark.parametrize("address", ["mysql://u@h/db", "nonsense://", "postgresql://[", "sqlite://"])
def test_an_address_nobody_can_use_is_refused(address):
    with pytest.raises(WorkspaceError):
        open_database(address)


def test_an_unreachable_server_is_named_without_its_password():
    with pytest.raises(WorkspaceError) as caught:
        open_database("postgresql://vorst:hush-hush@127.0.0.1:9/vorst")

    assert "127.0.0.1:9" in str(caught.value)
    assert "hush-hush" not in str(caught.value)


@pytest.mark.needs("postgresql")
def test_a_wrong_password_and_a_missing_database_are_told_apart_from_a_silent_server(postgres_url):
    with pytest.raises(WorkspaceError, match="does not exist"):
        open_database(postgres_url.rsplit("/", 1)[0] + "/nobody_made_this")
    server = postgres_url.split("@", 1)[1]
    with pytest.raises(WorkspaceError, match="refuses the user or password") as caught:
        open_database(f"postgresql://vorst:wrong-one@{server}")
    assert "wrong-one" not in str(caught.value)


def test_a_locked_database_says_so_after_waiting(url, monkeypatch):
    monkeypatch.setattr(inventory.database, "BUSY_TIMEOUT_S", 0.2)
    with (
        open_database(url) as first,
        open_database(url) as second,
        first.transaction("ann") as transaction,
    ):
        transaction.create("tags", {"name": "a", "slug": "a"})
        with pytest.raises(WorkspaceError, match="another program is writing"), second.transaction("bob"):
            pytest.fail("two writers at once")


def test_a_reader_sees_one_revision_however_long_it_looks(url):
    with open_database(url) as database, database.reading() as connection:
        before = connection.scalar(text("select revision from workspace_meta"))
        take(database, reading(a_site()))

        assert connection.scalar(text("select revision from workspace_meta")) == before
        assert connection.scalar(text("select count(*) from sites")) == 0


def test_writers_queue_and_none_is_lost(url):
    def write(number: int) -> None:
        with open_database(url) as database, database.transaction(f"writer {number}") as transaction:
            transaction.create("tags", {"name": str(number), "slug": str(number)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with open_database(url) as database:
        assert sorted(tag.name for tag in take_snapshot(database).tags) == [str(n) for n in range(6)]
        assert database.revision == 6
        assert len({line.revision for line in history(database)}) == 6


def test_an_error_in_a_transaction_leaves_everything_as_it_was(any_database):
    take(any_database, reading(a_site()))
    before = take_snapshot(any_database)

    def write():
        with any_database.transaction("ann") as transaction:
            transaction.update(Ref("sites", 1), {"name": "Half"})
            transaction.create("tags", {"name": "a", "slug": "a"})
            transaction.create("tags", {"name": "without a slug"})

    with pytest.raises(InputError):
        write()

    assert take_snapshot(any_database) == before
    assert any_database.revision == before.revision


def test_a_transaction_that_changes_nothing_makes_no_revision(any_database):
    take(any_database, reading(a_site(name="Zaal")))

    with any_database.transaction("ann") as transaction:
        transaction.update(Ref("sites", 1), {"name": "Zaal"})

    assert any_database.revision == 1


def test_a_decision_on_an_old_revision_is_stale(any_database):
    take(any_database, reading(a_site()))

    with pytest.raises(StaleError, match="revision 1"), any_database.transaction("ann", expected_revision=0):
        pytest.fail("it went in")


def test_a_field_that_moved_on_is_stale(any_database):
    take(any_database, reading(a_site(name="New")))

    with (
        pytest.raises(StaleError, match="name has become 'New'"),
        any_database.transaction("ann") as transaction,
    ):
        transaction.update(Ref("sites", 1), {"name": "Mine"}, expected={"name": "Old"})


def test_an_unknown_object_field_or_list_is_an_input_error(any_database):
    take(any_database, reading(a_site()))
    with any_database.transaction("ann") as transaction:
        with pytest.raises(InputError, match="no such object"):
            transaction.update(Ref("sites", 9), {"name": "x"})
        with pytest.raises(InputError, match="no such object"):
            transaction.delete(Ref("sites", 10**30))
        with pytest.raises(InputError, match="no field 'colour'"):
            transaction.update(Ref("sites", 1), {"colour": "x"})
        with pytest.raises(InputError, match="no list 'rooms'"):
            transaction.create("rooms", {})
        with pytest.raises(InputError, match="slug must be given"):
            transaction.create("sites", {"name": "x"})


def test_an_id_is_never_given_twice(any_database):
    with any_database.transaction("ann") as transaction:
        first = transaction.create("tags", {"name": "a", "slug": "a"})
        transaction.delete(first)
    with any_database.transaction("ann") as transaction:
        assert transaction.create("tags", {"name": "b", "slug": "b"}).id == first.id + 1


# --- nothing half-written ------------------------------------------------------------------------------------

CRASHING_APPLY = """
import os, signal, sys
from inventory.database import open_database
from inventory.sources.contract import SourceObject, SourceSnapshot
from inventory.sync import apply, diff
from inventory.transaction import Transaction

sites = tuple(SourceObject("sites", str(n), {"name": f"Site {n} " + "x" * 500, "slug": str(n)}) for n in range(20_000))
database = open_database(sys.argv[1])
changes = diff(database, SourceSnapshot("big", sites))
def die(transaction):
    os.kill(os.getpid(), signal.SIGKILL)
Transaction.finish = die  # every site is written by now, the history and the commit aren't
apply(database, changes, who="test")
"""


def test_a_program_killed_in_the_middle_of_an_apply_leaves_the_former_state(url):
    with open_database(url) as database:
        take(database, reading(a_site()))
        before = take_snapshot(database)

    died = subprocess.run([sys.executable, "-c", CRASHING_APPLY, url], check=False, env=_environment())

    assert died.returncode == -signal.SIGKILL
    with open_database(url) as database:
        assert take_snapshot(database) == before
        take(database, reading(a_site(name="Renamed")))
        assert take_snapshot(database).sites[0].name == "Renamed"


FULL_DISK_APPLY = """
import resource, sys
from inventory.database import open_database
from inventory.errors import WorkspaceError
from inventory.sources.contract import SourceObject, SourceSnapshot
from inventory.sync import apply, diff

sites = tuple(SourceObject("sites", str(n), {"name": f"Site {n} " + "x" * 2000, "slug": str(n)}) for n in range(5_000))
database = open_database(sys.argv[1])
changes = diff(database, SourceSnapshot("big", sites))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    apply(database, changes, who="test")
except WorkspaceError as error:
    print(error)
"""


def test_a_full_disk_is_said_and_leaves_the_database_sound(sqlite_path):
    with open_database(sqlite_path) as database:
        take(database, reading(a_site()))
        before = take_snapshot(database)
    limit = sqlite_path.stat().st_size + 100_000

    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK_APPLY, str(sqlite_path), str(limit)],
        check=True,
        env=_environment(),
        capture_output=True,
        text=True,
    )

    assert "make room" in ended.stdout
    with sqlite3.connect(sqlite_path) as raw:
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
    with open_database(sqlite_path) as database:
        assert take_snapshot(database) == before
        take(database, reading(a_site(name="Renamed")))


FULL_DISK_CREATE = """
import resource, sys
from inventory.database import create_database
from inventory.errors import WorkspaceError

resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))
try:
    create_database(sys.argv[1])
except WorkspaceError as error:
    print(error)
"""


def test_a_database_that_finds_no_room_at_all_says_so_and_can_be_made_later(tmp_path):
    path = tmp_path / "vorst.db"

    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK_CREATE, str(path)],
        check=True,
        env=_environment(),
        capture_output=True,
        text=True,
    )

    assert "make room" in ended.stdout
    with create_database(path) as database:
        assert database.revision == 0


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(inventory.__file__).parents[1])}


def _set_version(url: str, version: str) -> None:
    with open_database(url) as database, database.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = :version"), {"version": version})


def _upgrade_to(path: Path, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(inventory.migrations.__file__).parent))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()
