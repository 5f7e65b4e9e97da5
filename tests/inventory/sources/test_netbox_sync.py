"""From NetBox to the Estate and back to nothing: what was read is stored, and reading it again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from netbox_server import V1_TOKEN, RecordedNetBox

from inventory.database import Database, create_database
from inventory.estate import LISTS, Estate
from inventory.rows import Ref
from inventory.snapshot import take_snapshot
from inventory.sources.netbox import read_netbox
from inventory.sync import apply, diff

NETBOX = Path(__file__).parents[4] / "shared" / "netbox"

pytestmark = pytest.mark.skipif(
    not NETBOX.is_dir(), reason="the recorded NetBox (../shared/netbox) isn't there"
)


@pytest.fixture
def netbox() -> Iterator[RecordedNetBox]:
    with RecordedNetBox(NETBOX) as server:
        yield server


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with create_database(tmp_path / "vorst.db") as opened:
        yield opened


def sync(database: Database, netbox: RecordedNetBox, *, delete_missing: bool = False) -> Counter[str]:
    changes = diff(database, read_netbox(netbox.url, V1_TOKEN), delete_missing=delete_missing)
    apply(database, changes, who="test")
    return Counter(change.kind for change in changes.changes)


def by_name(estate: Estate, kind: str, name: str) -> int:
    return next(row.id for row in getattr(estate, kind) if row.name == name)


def test_the_estate_holds_as_many_of_each_as_netbox(database: Database, netbox: RecordedNetBox) -> None:
    read = Counter(item.kind for item in read_netbox(netbox.url, V1_TOKEN).objects)
    sync(database, netbox)
    estate = take_snapshot(database)
    assert {kind: len(getattr(estate, kind)) for kind in LISTS if getattr(estate, kind)} == dict(read)
    assert len(estate.devices) == len(netbox.rows["dcim/devices"]) == 72
    assert len(estate.cables) == len(netbox.rows["dcim/cables"]) == 108
    assert len(estate.virtual_machines) == len(netbox.rows["virtualization/virtual-machines"]) == 180


def test_everything_hangs_together_in_the_estate(database: Database, netbox: RecordedNetBox) -> None:
    sync(database, netbox)
    estate = take_snapshot(database)
    router = estate.by_id("devices")[by_name(estate, "devices", "dmi01-akron-rtr01")]
    rack = estate.by_id("racks")[router.rack_id]
    site = estate.by_id("sites")[rack.site_id]
    region = estate.by_id("regions")[site.region_id]
    assert (rack.name, site.name, region.slug) == ("Comms closet", "DM-Akron", "us-oh")
    supply = next(port for port in estate.power_ports if (port.device_id, port.name) == (router.id, "PSU0"))
    cable = estate.by_id("cables")[supply.cable_id]
    ends = [estate.find(end) for end in (*cable.a_terminations, *cable.b_terminations)]
    assert supply in ends
    assert "Outlet 1" in {end.name for end in ends}


def test_an_end_the_estate_lacks_is_kept_by_its_name(database: Database, netbox: RecordedNetBox) -> None:
    sync(database, netbox)
    ends = Counter(
        end.kind
        for cable in take_snapshot(database).cables
        for end in (*cable.a_terminations, *cable.b_terminations)
    )
    assert ends["circuit_terminations"] == 32


def test_a_second_sync_shows_nothing(database: Database, netbox: RecordedNetBox) -> None:
    first = sync(database, netbox)
    assert first["conflict"] == 0
    revision = database.revision
    assert sync(database, netbox) == Counter()
    assert database.revision == revision


def test_what_changes_in_netbox_changes_here_and_nothing_else(
    database: Database, netbox: RecordedNetBox
) -> None:
    sync(database, netbox)
    device = next(row for row in netbox.rows["dcim/devices"] if row["id"] == 1)
    device.update(serial="FCZ1", position=5.5, rack=None)
    assert sync(database, netbox) == Counter({"update": 1})
    estate = take_snapshot(database)
    router = estate.by_id("devices")[by_name(estate, "devices", "dmi01-akron-rtr01")]
    assert (router.serial, router.position, router.rack_id) == ("FCZ1", 5.5, None)


def test_what_a_weaker_token_does_not_see_is_not_taken_for_gone(
    database: Database, netbox: RecordedNetBox
) -> None:
    sync(database, netbox)
    before = take_snapshot(database)
    netbox.hidden = {"dcim/power-feeds", "tenancy/tenants"}
    sync(database, netbox, delete_missing=True)
    assert take_snapshot(database).content_hash == before.content_hash


def test_what_is_gone_from_netbox_goes_when_asked_for(database: Database, netbox: RecordedNetBox) -> None:
    sync(database, netbox)
    feed = netbox.rows["dcim/power-feeds"].pop()
    sync(database, netbox, delete_missing=True)
    estate = take_snapshot(database)
    assert len(estate.power_feeds) == 47
    assert feed["name"] not in {row.name for row in estate.power_feeds}


def test_hostile_names_reach_the_estate_unchanged(database: Database, netbox: RecordedNetBox) -> None:
    hostile = "{{ 7*7 }} =cmd|' /C calc'!A0 [red]<b>& '; DROP TABLE devices;--\n../../etc \u202e"
    next(row for row in netbox.rows["dcim/devices"] if row["id"] == 1)["name"] = hostile
    sync(database, netbox)
    estate = take_snapshot(database)
    assert estate.find(Ref("devices", by_name(estate, "devices", hostile))) is not None
