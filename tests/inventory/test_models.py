from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from inventory_builders import one_of_everything, reading, take

import inventory.migrations
from inventory.database import Database
from inventory.errors import WorkspaceError
from inventory.estate import LISTS
from inventory.fields import fields_of, has_id, row_class
from inventory.models import TABLES, Table
from inventory.models.tables import sql
from inventory.rows import Ref
from inventory.snapshot import take_snapshot


@pytest.mark.parametrize("kind", LISTS)
def test_every_row_field_has_its_column_and_no_column_is_without_a_field(kind):
    columns = {column for field in fields_of(kind).values() for column in field.columns}

    assert set(sql(kind).columns.keys()) == columns | {"id"}


@pytest.mark.parametrize("kind", LISTS)
def test_a_column_may_be_unknown_exactly_where_the_row_may(kind):
    table = sql(kind)

    for field in fields_of(kind).values():
        assert {table.columns[name].nullable for name in field.columns} == {field.nullable}, field.name


def test_the_migrations_make_exactly_the_tables_of_the_models(any_database):
    with any_database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


def test_the_known_versions_are_those_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", str(Path(inventory.migrations.__file__).parent))
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(revisions)) == inventory.migrations.KNOWN


def test_every_field_of_every_kind_comes_out_as_it_went_in(any_database: Database):
    take(any_database, reading(*one_of_everything()))

    estate = take_snapshot(any_database)

    for kind in LISTS:
        rows = getattr(estate, kind)
        if not has_id(kind):
            rows = rows[::-1]  # in the order of what they say; each refers to the other's namesake
        assert len(rows) == 2, kind
        for number, row in enumerate(rows, start=1):
            for name, field in fields_of(kind).items():
                assert getattr(row, name) == _expected(field, number), (kind, name)
        assert all(isinstance(row, row_class(kind)) for row in rows)
        assert not has_id(kind) or [row.id for row in rows] == [1, 2]


def _expected(field, number):
    other = number % 2 + 1
    return {
        "text": f"{field.name} {number} ✓ {{{{ 7*7 }}}}",
        "int": number * 5_000_000_000,
        "float": number + 0.1,
        "bool": number == 2,
        "link": other,
        "ref": Ref("virtual_machines", other),
        "links": (2, 1),
        "refs": (Ref("devices", 2), Ref("devices", 1)),
        "numbers": (number + 0.5, float(number)),
        "date": datetime(2027, 1, number, tzinfo=UTC).date(),
        "datetime": datetime(2027, 1, number, 3, 4, 5, 678901, tzinfo=UTC),
    }[field.sort]


def test_a_moment_in_another_zone_is_the_same_moment(any_database: Database):
    moment = datetime(2027, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with any_database.transaction("ann") as transaction:
        values = {"kind": "freeze", "start": moment}
        transaction.create("constraints", values)

    (constraint,) = take_snapshot(any_database).constraints

    assert constraint.start == moment
    assert constraint.start.utcoffset() == timedelta(0)


def test_a_reference_to_nothing_is_refused_and_nothing_stays(any_database: Database):
    def write():
        with any_database.transaction("ann") as transaction:
            transaction.create("tenants", {"name": "STIB", "slug": "stib"})
            transaction.create("locations", {"name": "R1", "slug": "r1", "site_id": 99})

    with pytest.raises(WorkspaceError):
        write()

    assert take_snapshot(any_database).tenants == ()
    assert any_database.revision == 0


def test_the_tables_stand_in_an_order_in_which_what_is_needed_comes_first():
    order = list(TABLES)

    for kind in order:
        for field in fields_of(kind).values():
            if field.sort == "link" and field.required:
                assert order.index(field.target) < order.index(kind)
