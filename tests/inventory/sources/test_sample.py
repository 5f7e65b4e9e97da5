"""The sample region: the same from the same seed, sound in its references, true to the published types, and messy."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory.database import create_database
from inventory.documents import content_hash
from inventory.errors import InputError, SourceError
from inventory.estate import Estate, Ref
from inventory.fields import fields_of
from inventory.quality import findings
from inventory.sources.assemble import estate_from
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sources.device_types import builtin_library
from inventory.sources.sample import read_sample
from inventory.sources.sample_region.geography import MUNICIPALITIES
from inventory.sources.sample_region.mess import HOSTILE_NAMES
from inventory.sources.sample_region.region import shares
from inventory.sync import apply, diff

SERVER_ROLES = ("server", "hypervisor", "blade")


@pytest.fixture(scope="module")
def snapshot() -> SourceSnapshot:
    return read_sample(seed=1)


@pytest.fixture(scope="module")
def estate(snapshot: SourceSnapshot) -> Estate:
    return estate_from(snapshot)


def servers_of(estate: Estate) -> list[Any]:
    roles = estate.by_id("device_roles")
    return [device for device in estate.devices if roles[device.role_id].slug in SERVER_ROLES]


def all_refs(snapshot: SourceSnapshot) -> Iterator[SourceRef]:
    for item in snapshot.objects:
        for value in item.fields.values():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, SourceRef):
                    yield part


def test_the_same_seed_gives_the_same_region(snapshot: SourceSnapshot) -> None:
    assert read_sample(seed=1) == snapshot


def test_another_seed_gives_another_region() -> None:
    assert estate_from(read_sample(seed=1, servers=60)) != estate_from(read_sample(seed=2, servers=60))


def test_the_default_region_has_the_published_size(estate: Estate) -> None:
    assert len(servers_of(estate)) == 2600
    assert len(estate.locations) == 100
    assert 80 <= len(estate.sites) <= 95
    assert abs(len(estate.virtual_machines) - 3500) <= 10
    assert 200 <= len(estate.applications) <= 400
    assert (
        sum(len(getattr(estate, kind)) for kind in ("devices", "interfaces", "cables", "power_ports"))
        < 80_000
    )


@pytest.mark.parametrize("servers", [1, 2, 3, 4, 5, 7, 13, 26, 60, 100, 333])
def test_a_region_of_any_size_is_whole(servers: int) -> None:
    estate = estate_from(read_sample(seed=servers, servers=servers))
    assert len(servers_of(estate)) == servers
    assert len(estate.locations) >= 1
    assert len(estate.virtual_machines) >= round(3500 / 2600 * servers)
    assert not [finding for finding in findings(estate) if finding.code == "reference-broken"]


def test_a_large_region_has_more_and_larger_rooms() -> None:
    large = read_sample(seed=1, servers=6000)
    counts = Counter(item.kind for item in large.objects)
    assert 120 < counts["locations"] < 6000 / 26
    assert abs(counts["virtual_machines"] - 3500 / 2600 * 6000) < 20


@pytest.mark.parametrize("servers", [0, -1, 32_001])
def test_a_size_that_makes_no_sense_is_refused(servers: int) -> None:
    with pytest.raises(InputError, match="a sample has 1 to 32000"):
        read_sample(servers=servers)


def test_every_reference_leads_to_an_object_of_the_region(snapshot: SourceSnapshot) -> None:
    present = {SourceRef(item.kind, item.external_id) for item in snapshot.objects}
    assert len(present) == len(snapshot.objects)
    assert set(all_refs(snapshot)) <= present


def test_every_field_is_one_the_inventory_has(snapshot: SourceSnapshot) -> None:
    for item in snapshot.objects:
        assert item.fields.keys() <= fields_of(item.kind).keys(), item.kind


def test_the_sites_lie_in_the_nineteen_municipalities(estate: Estate) -> None:
    assert len(MUNICIPALITIES) == 19
    used = {site.region_id for site in estate.sites}
    assert len(used) == 19
    known = [site for site in estate.sites if site.latitude is not None]
    assert len(known) >= len(estate.sites) - 1
    assert all(50.76 < site.latitude < 50.92 and 4.24 < site.longitude < 4.49 for site in known)


def test_the_partners_are_those_with_entitlements(estate: Estate) -> None:
    assert {group.slug for group in estate.tenant_groups} == {"cirb", "stib", "sibelga", "others"}
    with_group = [tenant for tenant in estate.tenants if tenant.group_id is not None]
    assert len(with_group) == len(estate.tenants)


def test_sizes_and_weights_are_the_published_ones(estate: Estate) -> None:
    published = {spec.slug: spec for spec in builtin_library()}
    for device_type in estate.device_types:
        spec = published[device_type.slug]
        assert (device_type.height_u, device_type.is_full_depth) == (spec.u_height, spec.is_full_depth)
        assert (device_type.weight_kg, device_type.airflow) == (spec.weight_kg, spec.airflow)
        assert device_type.model == spec.model


def test_draws_of_ports_are_the_published_ones_or_unknown(estate: Estate) -> None:
    published = {
        spec.slug: {port.name: port.maximum_draw_w for port in spec.power_ports} for spec in builtin_library()
    }
    types, devices = estate.by_id("device_types"), estate.by_id("devices")
    for port in estate.power_ports:
        draw_w = published[types[devices[port.device_id].device_type_id].slug].get(port.name)
        assert port.maximum_draw_w == (None if draw_w is None else math.ceil(draw_w))


def test_blades_sit_in_bays_their_chassis_has(estate: Estate) -> None:
    bays = {spec.slug: spec.device_bays for spec in builtin_library()}
    types, devices = estate.by_id("device_types"), estate.by_id("devices")
    inside = [device for device in estate.devices if device.parent_device_id is not None]
    assert inside
    taken = Counter((device.parent_device_id, device.parent_bay) for device in inside)
    assert max(taken.values()) == 1
    for device in inside:
        assert device.parent_bay in bays[types[devices[device.parent_device_id].device_type_id].slug]


def test_cables_and_their_ends_name_each_other(estate: Estate) -> None:
    for cable in estate.cables:
        for end in (*cable.a_terminations, *cable.b_terminations):
            row = estate.find(end)
            assert row is not None
            assert row.cable_id == cable.id


def test_most_supplies_hang_on_two_different_feeds(estate: Estate) -> None:
    outlets = {outlet.cable_id: outlet for outlet in estate.power_outlets if outlet.cable_id is not None}
    strips = defaultdict(set)
    for port in estate.power_ports:
        if port.cable_id in outlets:
            strips[port.device_id].add(outlets[port.cable_id].device_id)
    double = [used for used in strips.values() if len(used) == 2]
    assert len(double) > 0.5 * len(strips)


def test_every_room_keeps_building_bound_kit_with_its_reason(estate: Estate) -> None:
    bound = [constraint for constraint in estate.constraints if constraint.kind == "building_bound"]
    devices = estate.by_id("devices")
    rooms = {devices[member.id].location_id for constraint in bound for member in constraint.members}
    assert rooms == {location.id for location in estate.locations}
    assert all(constraint.reason for constraint in bound)


def test_rates_differ_by_kind_of_site_and_a_few_sites_have_no_line(estate: Estate) -> None:
    rates = {circuit.rate_mbps for circuit in estate.circuits}
    assert {20.0, 10_000.0} <= rates
    connected = {site for circuit in estate.circuits for site in circuit.site_ids}
    assert len(estate.sites) - len(connected) == 3


def test_flows_within_a_site_that_stand_no_distance_join_assets_of_one_application(estate: Estate) -> None:
    tight = [flow for flow in estate.flows if flow.latency_ms is not None and flow.latency_ms < 2]
    members = defaultdict(set)
    for member in estate.application_members:
        members[member.object].add(member.application_id)
    assert tight
    assert all(members[flow.source] & members[flow.target] for flow in tight)


@pytest.mark.parametrize(
    "code",
    [
        "units-double-booked", "outside-rack", "device-without-position", "in-reserved-units", "room-without-plan",
        "room-without-area", "site-without-circuit", "site-without-coordinates", "circuit-without-rate",
        "weight-unknown", "duplicate-serial", "duplicate-asset-tag", "draw-unknown", "feed-without-cable",
        "feed-without-rating", "vm-without-sizes", "vm-without-place", "criticality-unknown",
        "application-without-members", "window-missing", "flow-without-rate",
    ],
)  # fmt: skip
def test_the_planted_mess_is_found(estate: Estate, code: str) -> None:
    assert any(finding.code == code for finding in findings_of(estate))


_FOUND: dict[str, Any] = {}


def findings_of(estate: Estate) -> Any:
    """The findings of the module's estate, looked for once."""
    if estate.content_hash not in _FOUND:
        _FOUND[estate.content_hash] = findings(estate)
    return _FOUND[estate.content_hash]


def test_several_racks_have_double_booked_units(estate: Estate) -> None:
    racks = {
        other
        for finding in findings_of(estate)
        if finding.code == "units-double-booked"
        for other in finding.others
    }
    assert len([ref for ref in racks if ref.kind == "racks"]) >= 4


def test_nothing_contradicts_itself_but_what_was_planted(estate: Estate) -> None:
    planted = {
        "units-double-booked", "outside-rack", "duplicate-serial", "duplicate-asset-tag",
    }  # fmt: skip
    assert {finding.code for finding in findings_of(estate) if finding.severity == "error"} <= planted


def test_serials_are_missing_and_racks_are_of_several_kinds(estate: Estate) -> None:
    assert any(not device.serial for device in estate.devices)
    assert {rack.height_u for rack in estate.racks} == {24, 42, 47}
    assert {1, 5} == {rack.starting_unit for rack in estate.racks}
    assert any(rack.desc_units for rack in estate.racks)
    assert any(rack.weight_kg is None for rack in estate.racks)


def test_hostile_names_stand_as_they_are(estate: Estate) -> None:
    names = {device.name for device in estate.devices}
    assert set(HOSTILE_NAMES) <= names
    assert HOSTILE_NAMES[0] in {machine.name for machine in estate.virtual_machines}
    assert HOSTILE_NAMES[2] in {application.name for application in estate.applications}


def test_special_needs_of_every_kind_are_there(estate: Estate) -> None:
    needs = {need.need for need in estate.special_needs}
    assert needs == {"plug_type", "rail", "licence", "tape", "hsm", "dongle", "not_x86"}


def test_constraints_of_every_kind_are_there(estate: Estate) -> None:
    kinds = {constraint.kind for constraint in estate.constraints}
    assert kinds == {"together", "apart", "zone", "keep", "freeze", "building_bound"}


def test_the_region_goes_into_an_inventory_and_comes_back_unchanged(tmp_path: Path) -> None:
    small = read_sample(seed=4, servers=40)
    database = create_database(tmp_path / "v.db")
    applied = apply(database, diff(database, small), who="test")
    assert applied.created == len(small.objects)
    again = diff(database, read_sample(seed=4, servers=40))
    assert again.counts() == {}


# --- an Estate without a database ------------------------------------------------------------------------------------


def a_snapshot(*objects: SourceObject) -> SourceSnapshot:
    return SourceSnapshot("test", objects)


def test_assembling_numbers_each_list_and_resolves_references() -> None:
    estate = estate_from(
        a_snapshot(
            SourceObject("locations", "x", {"name": "X", "slug": "x", "site_id": SourceRef("sites", "b")}),
            SourceObject("sites", "a", {"name": "A", "slug": "a"}),
            SourceObject("sites", "b", {"name": "B", "slug": "b"}),
            SourceObject("special_needs", "n", {"object": SourceRef("locations", "x"), "need": "rail"}),
        )
    )
    assert [site.id for site in estate.sites] == [1, 2]
    assert estate.locations[0].site_id == 2
    assert estate.special_needs[0].object == Ref("locations", 1)
    assert estate.content_hash


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (
            SourceObject("locations", "x", {"name": "X", "slug": "x", "site_id": SourceRef("sites", "b")}),
            "not there",
        ),
        (SourceObject("moons", "x", {}), "no list 'moons'"),
        (SourceObject("sites", "x", {"name": "X", "slug": "x", "orbit": 1}), "no field 'orbit'"),
        (
            SourceObject("sites", "x", {"name": "X", "slug": "x", "latitude": "north"}),
            "latitude should be a number",
        ),
    ],
)
def test_assembling_refuses_what_fits_nowhere(item: SourceObject, what: str) -> None:
    with pytest.raises(SourceError, match=what):
        estate_from(a_snapshot(item))


def test_assembling_is_pure(snapshot: SourceSnapshot, estate: Estate) -> None:
    assert content_hash(estate_from(snapshot)) == content_hash(estate)


def test_whole_parts_sum_up_and_follow_the_weights() -> None:
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert shares(0, [1, 2]) == [0, 0]
    assert shares(5, []) == []
    assert sum(shares(997, [0.1, 3, 7.5, 2])) == 997
