"""A real NetBox, where VORST_TEST_NETBOX_URL and VORST_TEST_NETBOX_TOKEN name one: only ever read.

What was read is held against what NetBox says of itself, asked in the plainest way: a request a list, with no pynetbox.
VORST_TEST_NETBOX_TOKEN_V2 adds a second token.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from inventory.database import create_database
from inventory.errors import SourceError
from inventory.estate import LISTS
from inventory.snapshot import take_snapshot
from inventory.sources.contract import SourceRef, SourceSnapshot
from inventory.sources.netbox import read_netbox
from inventory.sources.netbox_fields import NETBOX_LISTS, NetBoxList
from inventory.sync import apply, diff

URL = os.environ.get("VORST_TEST_NETBOX_URL", "").rstrip("/")
TOKEN = os.environ.get("VORST_TEST_NETBOX_TOKEN", "")
TOKEN_V2 = os.environ.get("VORST_TEST_NETBOX_TOKEN_V2", "")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        not (URL and TOKEN), reason="no live NetBox: set VORST_TEST_NETBOX_URL and VORST_TEST_NETBOX_TOKEN"
    ),
]


@pytest.fixture(scope="module")
def snapshot() -> SourceSnapshot:
    return read_netbox(URL, TOKEN)


def listed(app: str, endpoint: str) -> list[dict[str, Any]]:
    scheme = "Bearer" if TOKEN.startswith("nbt_") else "Token"
    rows: list[dict[str, Any]] = []
    address: str | None = f"{URL}/api/{app}/{endpoint}/?limit=500&exclude=config_context"
    while address:
        page = requests.get(address, headers={"Authorization": f"{scheme} {TOKEN}"}, timeout=180).json()
        rows += page["results"]
        address = page["next"]
    return rows


def test_the_snapshot_was_read_whole(snapshot: SourceSnapshot) -> None:
    assert snapshot.complete_kinds == {spec.kind for spec in NETBOX_LISTS} | {"tag_assignments"}


@pytest.mark.parametrize("spec", NETBOX_LISTS, ids=lambda spec: spec.kind)
def test_every_object_of_every_list_is_there_by_its_name(snapshot: SourceSnapshot, spec: NetBoxList) -> None:
    expected = {
        str(row["id"]): row.get("name") for row in listed(spec.app, spec.endpoint) if spec.counts(row)
    }
    found = {item.external_id: item.fields.get("name") for item in snapshot.objects if item.kind == spec.kind}
    assert found == expected


def test_devices_are_as_netbox_shows_them(snapshot: SourceSnapshot) -> None:
    found = {item.external_id: item.fields for item in snapshot.objects if item.kind == "devices"}
    for row in listed("dcim", "devices"):
        fields = found[str(row["id"])]
        assert (fields["name"], fields["position"], fields["serial"]) == (
            row["name"],
            row["position"],
            row["serial"],
        )
        assert fields["face"] == (row["face"] or {}).get("value")
        for name, kind in (("site", "sites"), ("rack", "racks"), ("tenant", "tenants")):
            assert fields[f"{name}_id"] == (SourceRef(kind, str(row[name]["id"])) if row[name] else None)


def test_blades_sit_in_the_bays_netbox_lists(snapshot: SourceSnapshot) -> None:
    expected = {
        (str(bay["installed_device"]["id"]), str(bay["device"]["id"]), bay["name"])
        for bay in listed("dcim", "device-bays")
        if bay["installed_device"]
    }
    found = {
        (item.external_id, item.fields["parent_device_id"].external_id, item.fields["parent_bay"])
        for item in snapshot.objects
        if item.kind == "devices" and item.fields["parent_device_id"] is not None
    }
    assert found == expected


def test_cables_have_the_ends_netbox_lists(snapshot: SourceSnapshot) -> None:
    expected = Counter(str(end["cable"]) for end in listed("dcim", "cable-terminations"))
    found = Counter(
        {
            item.external_id: len(item.fields["a_terminations"]) + len(item.fields["b_terminations"])
            for item in snapshot.objects
            if item.kind == "cables"
        }
    )
    assert found == expected


def test_a_v2_token_reads_the_same(snapshot: SourceSnapshot) -> None:
    if not TOKEN_V2:
        pytest.skip("no second token: set VORST_TEST_NETBOX_TOKEN_V2")
    other = read_netbox(URL, TOKEN_V2)
    assert Counter(item.kind for item in other.objects) == Counter(item.kind for item in snapshot.objects)


@pytest.mark.parametrize(
    ("token", "clue"),
    [("f" * 40, "v1 token"), ("nbt_AAAAAAAAAAAA." + "B" * 40, "v2 token")],
    ids=["v1", "v2"],
)
def test_a_wrong_token_is_told_apart(token: str, clue: str) -> None:
    with pytest.raises(SourceError, match=clue) as caught:
        read_netbox(URL, token)
    assert token not in str(caught.value)


def test_it_syncs_into_an_estate_and_then_shows_nothing(snapshot: SourceSnapshot, tmp_path: Path) -> None:
    with create_database(tmp_path / "vorst.db") as database:
        apply(database, diff(database, snapshot), who="test")
        estate = take_snapshot(database)
        expected = Counter(item.kind for item in snapshot.objects)
        assert {kind: len(getattr(estate, kind)) for kind in LISTS if getattr(estate, kind)} == dict(expected)
        for kind in ("sites", "racks", "devices", "virtual_machines"):
            names = Counter(item.fields["name"] for item in snapshot.objects if item.kind == kind)
            assert Counter(estate.column(kind, "name")) == names
        assert diff(database, snapshot).changes == ()
