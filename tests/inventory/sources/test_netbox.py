"""A whole NetBox is read as it is: the recorded one, served over the loopback to the real client."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from netbox_server import V1_TOKEN, V2_TOKEN, RecordedNetBox

from inventory.errors import SourceError
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sources.netbox import connection_from, read_netbox, source_name
from inventory.sources.netbox_fields import NETBOX_LISTS

NETBOX = Path(__file__).parents[4] / "shared" / "netbox"

pytestmark = pytest.mark.skipif(
    not NETBOX.is_dir(), reason="the recorded NetBox (../shared/netbox) isn't there"
)


@pytest.fixture
def netbox() -> Iterator[RecordedNetBox]:
    with RecordedNetBox(NETBOX) as server:
        yield server


@pytest.fixture(scope="module")
def snapshot() -> SourceSnapshot:
    with RecordedNetBox(NETBOX) as server:
        return read_netbox(server.url, V1_TOKEN)


def recorded(endpoint: str) -> list[dict[str, Any]]:
    return json.loads((NETBOX / "lists" / f"{endpoint}.json").read_text(encoding="utf-8"))


def read(netbox: RecordedNetBox, **options: Any) -> SourceSnapshot:
    return read_netbox(netbox.url, V1_TOKEN, pause_s=0.001, **options)


def one(snapshot: SourceSnapshot, kind: str, external_id: int) -> SourceObject:
    return next(
        item for item in snapshot.objects if (item.kind, item.external_id) == (kind, str(external_id))
    )


def row_of(netbox: RecordedNetBox, endpoint: str, number: int | None = None) -> dict[str, Any]:
    rows = netbox.rows[endpoint]
    return rows[0] if number is None else next(row for row in rows if row["id"] == number)


# --- all of it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", NETBOX_LISTS, ids=lambda spec: spec.kind)
def test_every_recorded_object_is_handed_over(snapshot: SourceSnapshot, spec: Any) -> None:
    path = NETBOX / "lists" / spec.app / f"{spec.endpoint}.json"
    rows = recorded(f"{spec.app}/{spec.endpoint}") if path.exists() else []
    expected = {str(row["id"]) for row in rows if spec.counts(row)}
    assert {item.external_id for item in snapshot.objects if item.kind == spec.kind} == expected


def test_every_list_was_read_to_its_end(snapshot: SourceSnapshot) -> None:
    assert snapshot.complete_kinds == {spec.kind for spec in NETBOX_LISTS} | {"tag_assignments"}
    assert snapshot.warnings == ()


def test_tag_assignments_are_those_netbox_lists_itself(snapshot: SourceSnapshot) -> None:
    expected = {(str(row["tag"]["id"]), str(row["object_id"])) for row in recorded("extras/tagged-objects")}
    found = {
        (item.fields["tag_id"].external_id, item.fields["object"].external_id)
        for item in snapshot.objects
        if item.kind == "tag_assignments"
    }
    assert found == expected


def test_a_v2_token_reads_the_same_as_a_v1_token(netbox: RecordedNetBox) -> None:
    assert read(netbox).objects == read_netbox(netbox.url, V2_TOKEN).objects
    assert {asked.authorization for asked in netbox.asked} == {f"Token {V1_TOKEN}", f"Bearer {V2_TOKEN}"}


def test_names_are_handed_over_as_data(netbox: RecordedNetBox) -> None:
    hostile = "{{ 7*7 }} =cmd|' /C calc'!A0 [red]<b>&\n../../etc: !!python/object \u202e"
    row_of(netbox, "dcim/devices", 1)["name"] = hostile
    assert one(read(netbox), "devices", 1).fields["name"] == hostile


# --- requests ----------------------------------------------------------------------------------------------------


def test_config_contexts_are_not_asked_for(netbox: RecordedNetBox) -> None:
    read(netbox)
    heavy = {"dcim/devices", "virtualization/virtual-machines"}
    assert {
        asked.endpoint for asked in netbox.asked if asked.query.get("exclude") == "config_context"
    } == heavy


def test_every_list_is_asked_for_in_pages_of_a_thousand_by_id_and_unfiltered(netbox: RecordedNetBox) -> None:
    read(netbox)
    lists = [asked for asked in netbox.asked if asked.endpoint != "status"]
    assert {name for asked in lists for name in asked.query} == {"limit", "offset", "ordering", "exclude"}
    assert {asked.query["ordering"] for asked in lists} == {"id"}
    assert {asked.query["limit"] for asked in lists if asked.query["offset"] == "0"} == {"1000"}


def test_a_small_netbox_takes_one_request_a_list(netbox: RecordedNetBox) -> None:
    read(netbox)
    pages = Counter(asked.endpoint for asked in netbox.asked)
    assert pages.pop("dcim/interfaces") == 2
    assert set(pages.values()) == {1}
    assert len(pages) == len(NETBOX_LISTS)


def test_progress_reaches_the_whole_of_each_list(netbox: RecordedNetBox) -> None:
    seen: list[tuple[str, int, int]] = []
    read(netbox, progress=lambda kind, done, total: seen.append((kind, done, total)))
    last = {kind: (done, total) for kind, done, total in seen}
    assert last["interfaces"] == (1586, 1586)
    assert set(last) == {spec.kind for spec in NETBOX_LISTS}
    assert all(done == total for done, total in last.values())


def test_a_server_with_smaller_pages_is_read_to_the_end(
    netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netbox_server.MAX_PAGE", 100)
    found = Counter(item.kind for item in read(netbox).objects)
    assert (found["interfaces"], found["virtual_machines"]) == (1586, 180)


# --- what fields mean --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "unit", "kg"),
    [
        (10, "kg", 10.0),
        (2500, "g", 2.5),
        (10, "lb", 4.535924),
        (32, "oz", 0.907185),
        (None, "kg", None),
        (5, None, None),
    ],
)
def test_weights_become_kilograms(
    netbox: RecordedNetBox, weight: Any, unit: str | None, kg: float | None
) -> None:
    row_of(netbox, "dcim/device-types", 1).update(
        weight=weight, weight_unit=unit and {"value": unit, "label": unit}
    )
    assert one(read(netbox), "device_types", 1).fields["weight_kg"] == kg


def test_a_rack_has_outer_sizes_in_millimetres_and_both_weights_in_one_unit(netbox: RecordedNetBox) -> None:
    row_of(netbox, "dcim/racks", 1).update(
        outer_width=24,
        outer_depth=42,
        outer_unit={"value": "in"},
        weight=300.0,
        max_weight=2000,
        weight_unit={"value": "lb"},
    )
    fields = one(read(netbox), "racks", 1).fields
    assert (fields["outer_width_mm"], fields["outer_depth_mm"]) == (610, 1067)
    assert (fields["weight_kg"], fields["max_weight_kg"]) == (136.077711, 907.18474)


def test_positions_are_half_units_and_nothing_unknown_becomes_zero(netbox: RecordedNetBox) -> None:
    row_of(netbox, "dcim/devices", 1)["position"] = 12.5
    found = read(netbox)
    assert one(found, "devices", 1).fields["position"] == 12.5
    machine = one(found, "virtual_machines", 361).fields
    assert (machine["vcpus"], machine["memory_mb"], machine["disk_mb"]) == (None, None, None)
    assert one(found, "device_types", 1).fields["weight_kg"] is None


def test_fields_netbox_has_no_notion_of_are_absent(snapshot: SourceSnapshot) -> None:
    assert "landlord" not in one(snapshot, "sites", 1).fields
    assert "supply_redundancy" not in one(snapshot, "devices", 1).fields


def test_a_blade_names_its_chassis_and_bay(netbox: RecordedNetBox) -> None:
    row_of(netbox, "dcim/devices", 1)["parent_device"] = {
        "id": 106,
        "device_bay": {"id": 29, "name": "Bay 1"},
    }
    fields = one(read(netbox), "devices", 1).fields
    assert (fields["parent_device_id"], fields["parent_bay"]) == (SourceRef("devices", "106"), "Bay 1")


def test_cables_end_where_netbox_says(snapshot: SourceSnapshot) -> None:
    names = {
        "dcim.interface": "interfaces",
        "dcim.powerport": "power_ports",
        "dcim.poweroutlet": "power_outlets",
        "dcim.frontport": "front_ports",
        "dcim.rearport": "rear_ports",
        "circuits.circuittermination": "circuit_terminations",
    }
    for row in recorded("dcim/cables"):
        for side in ("a_terminations", "b_terminations"):
            expected = tuple(SourceRef(names[end["object_type"]], str(end["object_id"])) for end in row[side])
            assert one(snapshot, "cables", row["id"]).fields[side] == expected


def test_a_cable_may_have_several_ends_and_ends_the_estate_lacks(netbox: RecordedNetBox) -> None:
    ends = [("dcim.interface", 1), ("dcim.consoleport", 3), ("plugin.oddport", 8)]
    row_of(netbox, "dcim/cables", 1)["a_terminations"] = [
        {"object_type": kind, "object_id": number, "object": {}} for kind, number in ends
    ]
    expected = (SourceRef("interfaces", "1"), SourceRef("console_ports", "3"), SourceRef("oddports", "8"))
    found = read(netbox)
    assert one(found, "cables", 1).fields["a_terminations"] == expected
    assert found.warnings == ()


def test_power_is_read_whole(netbox: RecordedNetBox) -> None:
    row_of(netbox, "dcim/power-outlets", 1)["feed_leg"] = {"value": "B", "label": "B"}
    found = read(netbox)
    feed = one(found, "power_feeds", 1).fields
    assert (feed["voltage_v"], feed["amperage_a"], feed["max_utilization_pct"]) == (220, 20, 80)
    assert (feed["phase"], feed["supply"], feed["type"]) == ("single-phase", "ac", "primary")
    outlet = one(found, "power_outlets", 1).fields
    assert (outlet["feed_leg"], outlet["power_port_id"]) == ("B", SourceRef("power_ports", "14"))
    assert one(found, "power_ports", 1).fields["maximum_draw_w"] == 150


def test_a_front_port_of_old_and_new_netboxes_leads_to_its_rear_port(netbox: RecordedNetBox) -> None:
    new, old = netbox.rows["dcim/front-ports"][:2]
    new["rear_ports"] = [{"position": 2, "rear_port": 1251}, {"position": 1, "rear_port": 1250}]
    rear = old.pop("rear_ports")[0]["rear_port"]
    old.update(rear_port={"id": rear}, rear_port_position=1)
    found = read(netbox)
    assert one(found, "front_ports", new["id"]).fields["rear_port_id"] == SourceRef("rear_ports", "1250")
    assert one(found, "front_ports", old["id"]).fields["rear_port_id"] == SourceRef("rear_ports", str(rear))


@pytest.mark.parametrize(
    ("scope_type", "kind"),
    [
        ("dcim.site", "sites"),
        ("dcim.location", "locations"),
        ("dcim.region", "regions"),
        ("dcim.sitegroup", "site_groups"),
    ],
)
def test_a_cluster_has_the_scope_netbox_gives(netbox: RecordedNetBox, scope_type: str, kind: str) -> None:
    row_of(netbox, "virtualization/clusters", 9).update(scope_type=scope_type, scope_id=1)
    fields = one(read(netbox), "clusters", 9).fields
    assert (fields["scope"], fields["type"], fields["group"]) == (
        SourceRef(kind, "1"),
        "digitalocean",
        "emea",
    )


def test_before_netbox_4_2_a_cluster_had_a_site(netbox: RecordedNetBox) -> None:
    row = row_of(netbox, "virtualization/clusters", 9)
    del row["scope_type"], row["scope_id"], row["scope"]
    row["site"] = {"id": 2}
    assert one(read(netbox), "clusters", 9).fields["scope"] == SourceRef("sites", "2")


def test_before_netbox_4_2_prefixes_and_circuits_had_sites(netbox: RecordedNetBox) -> None:
    prefix, circuit = row_of(netbox, "ipam/prefixes", 1), row_of(netbox, "circuits/circuits", 19)
    del prefix["scope_type"], prefix["scope_id"], prefix["scope"]
    prefix["site"] = {"id": 2}
    circuit["termination_a"] = {"site": {"id": 3}, "provider_network": None, "port_speed": 1000}
    circuit["termination_z"] = {"site": None, "provider_network": {"id": 1}, "port_speed": None}
    found = read(netbox)
    assert one(found, "prefixes", 1).fields["scope"] == SourceRef("sites", "2")
    fields = one(found, "circuits", 19).fields
    assert (fields["site_ids"], fields["rate_mbps"]) == ((SourceRef("sites", "3"),), 1.0)


def test_a_prefix_has_the_scope_and_vlan_netbox_gives(netbox: RecordedNetBox) -> None:
    row_of(netbox, "ipam/prefixes", 1).update(
        scope_type="dcim.location", scope_id=1, vlan={"id": 5, "vid": 110, "name": "v"}
    )
    fields = one(read(netbox), "prefixes", 1).fields
    assert (fields["scope"], fields["vlan_vid"]) == (SourceRef("locations", "1"), 110)


def test_a_mac_address_is_found_where_netbox_4_2_moved_it(netbox: RecordedNetBox) -> None:
    old, new = row_of(netbox, "dcim/interfaces", 1), row_of(netbox, "dcim/interfaces", 2)
    old["mac_address"] = "00:11:22:33:44:55"
    new["primary_mac_address"] = {"id": 1, "mac_address": "66:77:88:99:AA:BB"}
    found = read(netbox)
    macs = [one(found, "interfaces", number).fields["mac_address"] for number in (1, 2, 3)]
    assert macs == ["00:11:22:33:44:55", "66:77:88:99:AA:BB", None]


def test_netbox_4_0_kept_disks_in_gigabytes(netbox: RecordedNetBox) -> None:
    row_of(netbox, "virtualization/virtual-machines", 361)["disk"] = 40
    assert one(read(netbox), "virtual_machines", 361).fields["disk_mb"] == 40
    netbox.version = "4.0.11"
    assert one(read(netbox), "virtual_machines", 361).fields["disk_mb"] == 40_000


def test_an_address_on_a_machines_interface_belongs_to_the_machine(netbox: RecordedNetBox) -> None:
    on_machine, on_device = netbox.rows["ipam/ip-addresses"][:2]
    on_machine.update(
        assigned_object_type="virtualization.vminterface",
        assigned_object_id=901,
        assigned_object={"id": 901, "virtual_machine": {"id": 361}},
    )
    on_device.update(assigned_object_type="dcim.interface", assigned_object_id=1, assigned_object={"id": 1})
    found = read(netbox)
    machine = one(found, "ip_addresses", on_machine["id"]).fields["assigned_object"]
    device = one(found, "ip_addresses", on_device["id"]).fields["assigned_object"]
    assert (machine, device) == (SourceRef("virtual_machines", "361"), SourceRef("interfaces", "1"))


@pytest.mark.parametrize(
    ("commit", "ports", "mbps"),
    [
        (100_000, (1_000_000, None), 100.0),
        (None, (1_000_000, 500_000), 500.0),
        (None, (None, 2_048), 2.048),
        (None, (None, None), None),
    ],
)
def test_a_circuit_gives_its_commit_rate_or_its_slower_port(
    netbox: RecordedNetBox, commit: int | None, ports: tuple[Any, Any], mbps: float | None
) -> None:
    ends = [
        {"termination_type": "dcim.site", "termination_id": n, "port_speed": speed}
        for n, speed in enumerate(ports, 1)
    ]
    row_of(netbox, "circuits/circuits", 19).update(
        commit_rate=commit, termination_a=ends[0], termination_z=ends[1]
    )
    fields = one(read(netbox), "circuits", 19).fields
    assert fields["rate_mbps"] == mbps
    assert fields["site_ids"] == (SourceRef("sites", "1"), SourceRef("sites", "2"))


def test_a_circuit_that_ends_in_a_room_ends_at_its_site(netbox: RecordedNetBox) -> None:
    room = row_of(netbox, "dcim/locations")
    row_of(netbox, "circuits/circuits", 19).update(
        termination_a={"termination_type": "circuits.providernetwork", "termination_id": 1},
        termination_z={"termination_type": "dcim.location", "termination_id": room["id"]},
    )
    assert one(read(netbox), "circuits", 19).fields["site_ids"] == (
        SourceRef("sites", str(room["site"]["id"])),
    )


def test_custom_fields_named_as_planning_fields_fill_them(netbox: RecordedNetBox) -> None:
    row_of(netbox, "dcim/sites", 1)["custom_fields"] = {"landlord": "Régie", "lease_end": "2027-06-30"}
    row_of(netbox, "dcim/locations", 1)["custom_fields"] = {
        "area_m2": "12.5",
        "has_plan": False,
        "cooling_w": None,
    }
    row_of(netbox, "dcim/devices", 1)["custom_fields"] = {"supply_redundancy": "{{ 7*7 }}"}
    found = read(netbox)
    assert one(found, "sites", 1).fields["landlord"] == "Régie"
    assert one(found, "sites", 1).fields["lease_end"].isoformat() == "2027-06-30"
    room = one(found, "locations", 1).fields
    assert (room["area_m2"], room["has_plan"], room["cooling_w"]) == (12.5, False, None)
    assert "supply_redundancy" not in one(found, "devices", 1).fields
    assert len(found.warnings) == 1
    assert "1+1" in found.warnings[0]


# --- settings ----------------------------------------------------------------------------------------------------


def test_the_connection_comes_from_the_environment(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("  abc\n", encoding="utf-8")
    url = {"VORST_NETBOX_URL": "https://netbox.example/api/"}
    assert connection_from({**url, "VORST_NETBOX_TOKEN": "Token abc"}).token == "abc"
    from_file = connection_from({**url, "VORST_NETBOX_TOKEN_FILE": str(secret)})
    assert (from_file.url, from_file.token) == ("https://netbox.example", "abc")
    assert "abc" not in repr(from_file)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"VORST_NETBOX_URL": "https://netbox.example"},
        {"VORST_NETBOX_URL": "https://netbox.example", "VORST_NETBOX_TOKEN_FILE": "/nowhere/token"},
        {"VORST_NETBOX_URL": "netbox.example", "VORST_NETBOX_TOKEN": "s3cret"},
        {"VORST_NETBOX_URL": "ftp://netbox.example", "VORST_NETBOX_TOKEN": "s3cret"},
        {"VORST_NETBOX_URL": "https://netbox.example:port", "VORST_NETBOX_TOKEN": "s3cret"},
        {"VORST_NETBOX_URL": "https://me:s3cret@netbox.example", "VORST_NETBOX_TOKEN": "s3cret"},
        {"VORST_NETBOX_URL": "https://netbox.example", "VORST_NETBOX_TOKEN": "s3cret\nX-Header: s3cret"},
        {"VORST_NETBOX_URL": "https://netbox.example", "VORST_NETBOX_TOKEN": "s3cret€"},
    ],
    ids=lambda environ: " ".join(environ.values()) or "nothing",
)
def test_settings_that_cannot_work_are_refused_without_the_token(environ: dict[str, str]) -> None:
    with pytest.raises(SourceError) as caught:
        connection_from(environ)
    assert caught.value.remedy
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://netbox.example", "netbox:netbox.example"),
        ("http://NetBox.example:80", "netbox:netbox.example"),
        ("http://127.0.0.1:8000", "netbox:127.0.0.1:8000"),
        ("https://tools.example/netbox", "netbox:tools.example/netbox"),
    ],
)
def test_a_netbox_is_named_by_its_host(address: str, name: str) -> None:
    assert source_name(address) == name


def test_the_token_is_in_no_log_and_no_snapshot(
    netbox: RecordedNetBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert V1_TOKEN not in repr(read(netbox))
    assert V1_TOKEN not in caplog.text
