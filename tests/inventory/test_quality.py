from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from inventory.estate import (
    Application,
    ApplicationMember,
    Cable,
    ChangeWindow,
    Circuit,
    Constraint,
    Device,
    DeviceType,
    Estate,
    Flow,
    Location,
    Observation,
    PowerFeed,
    PowerPort,
    PowerPortTemplate,
    Rack,
    RackReservation,
    Ref,
    Site,
    SpecialNeed,
    VirtualDisk,
    VirtualMachine,
)
from inventory.quality import RULES, SEVERITIES, findings

SERVER = DeviceType(1, 1, "R650", "r650", weight_kg=20.0)
SHALLOW = DeviceType(2, 1, "Panel", "panel", is_full_depth=False, weight_kg=2.0)
HALF = DeviceType(3, 1, "Half", "half", height_u=0.5, weight_kg=1.0)
TALL = DeviceType(4, 1, "Tall", "tall", height_u=4.0, weight_kg=40.0)
ZERO = DeviceType(5, 1, "Strip", "strip", height_u=0.0, weight_kg=5.0)


def a_device(number, device_type=SERVER, position=None, **fields):
    values = {"rack_id": 1, "location_id": 1, "face": "front", "position": position, **fields}
    return Device(number, f"srv-{number}", device_type.id, 1, 1, **values)


def an_estate(*devices, **lists):
    """One sound building, room and rack, and the power ports of every type: nothing to find."""
    values = {
        "sites": (Site(1, "Zaal", "zaal", latitude=50.8, longitude=4.3),),
        "circuits": (Circuit(1, "c1", 1, rate_mbps=100.0, site_ids=(1,)),),
        "locations": (Location(1, "Room", "room", 1, area_m2=20.0, has_plan=True),),
        "racks": (Rack(1, "R1", 1, 1),),
        "device_types": (SERVER, SHALLOW, HALF, TALL, ZERO),
        "power_port_templates": tuple(
            PowerPortTemplate(n, n, "PSU", maximum_draw_w=500) for n in range(1, 6)
        ),
        "devices": devices,
        **lists,
    }
    return Estate(**values)


def codes(estate):
    return [finding.code for finding in findings(estate)]


def test_a_sound_estate_has_no_findings():
    assert findings(an_estate(a_device(1, position=1.0), a_device(2, position=2.0))) == ()


def test_a_finding_says_what_where_and_what_to_do():
    (finding,) = findings(an_estate(a_device(1, position=5.0), a_device(2, position=5.0)))

    assert finding.object == Ref("devices", 1)
    assert finding.others == (Ref("devices", 2), Ref("racks", 1))
    assert finding.message == "srv-1 and srv-2 both fill unit 5 of rack R1"
    assert (finding.severity, finding.remedy) == ("error", "correct the position or face of one")


@pytest.mark.parametrize(
    ("one", "two", "collide"),
    [
        (a_device(1, position=5.0), a_device(2, position=6.0), False),
        (a_device(1, TALL, position=5.0), a_device(2, position=8.0), True),
        (a_device(1, TALL, position=5.0), a_device(2, position=9.0), False),
        (a_device(1, SHALLOW, position=5.0), a_device(2, SHALLOW, position=5.0, face="rear"), False),
        (a_device(1, SHALLOW, position=5.0), a_device(2, SHALLOW, position=5.0), True),
        (
            a_device(1, SHALLOW, position=5.0, face=None),
            a_device(2, SHALLOW, position=5.0, face="rear"),
            True,
        ),
        (a_device(1, position=5.0), a_device(2, SHALLOW, position=5.0, face="rear"), True),
        (a_device(1, HALF, position=5.0), a_device(2, HALF, position=5.5), False),
        (a_device(1, HALF, position=5.5), a_device(2, position=5.0), True),
        (a_device(1, ZERO, position=5.0), a_device(2, position=5.0), False),
        (a_device(1, position=5.0), a_device(2, position=5.0, parent_device_id=1), False),
    ],
)
def test_units_are_double_booked_by_face_depth_and_half_unit(one, two, collide):
    assert codes(an_estate(one, two)) == (["units-double-booked"] if collide else [])


@pytest.mark.parametrize(
    ("rack", "device", "outside"),
    [
        (Rack(1, "R", 1, 1, height_u=10), a_device(1, position=10.0), False),
        (Rack(1, "R", 1, 1, height_u=10), a_device(1, position=10.5), True),
        (Rack(1, "R", 1, 1, height_u=10), a_device(1, position=0.5), True),
        (Rack(1, "R", 1, 1, height_u=10, starting_unit=3), a_device(1, position=12.0), False),
        (Rack(1, "R", 1, 1, height_u=10, starting_unit=3), a_device(1, position=2.0), True),
        (Rack(1, "R", 1, 1, height_u=10, starting_unit=3), a_device(1, TALL, position=10.0), True),
    ],
)
def test_a_device_must_fit_between_the_racks_ends(rack, device, outside):
    assert codes(an_estate(device, racks=(rack,))) == (["outside-rack"] if outside else [])


@pytest.mark.parametrize(
    ("device", "code"),
    [
        (a_device(1, rack_id=None), "device-without-rack"),
        (a_device(1, rack_id=None, position=3.0), "position-without-rack"),
        (a_device(1), "device-without-position"),
        (a_device(1, position=3.3), "position-uneven"),
        (replace(a_device(1, position=3.0), site_id=2), "rack-elsewhere"),
        (a_device(1, position=3.0, location_id=2), "rack-elsewhere"),
        (a_device(1, position=3.0, supply_redundancy="N+1"), "redundancy-unreadable"),
    ],
)
def test_where_a_device_stands(device, code):
    assert codes(an_estate(device)) == [code]


@pytest.mark.parametrize(
    "device",
    [
        a_device(1, position=3.0, location_id=None),
        a_device(1, ZERO),
        a_device(1, rack_id=None, parent_device_id=9),
        a_device(1, position=3.0, supply_redundancy="2+1"),
    ],
)
def test_what_is_no_finding(device):
    assert codes(an_estate(device)) == []


def test_units_reserved_for_another():
    device = a_device(1, TALL, position=5.0, tenant_id=1)

    def found(units, tenant_id):
        return codes(an_estate(device, rack_reservations=(RackReservation(1, 1, units, tenant_id),)))

    assert found((8.0,), 2) == ["in-reserved-units"]
    assert found((8.0,), 1) == []
    assert found((9.0, 4.0), 2) == []


@pytest.mark.parametrize("height_u", [0, -1, 900])
def test_an_implausible_rack(height_u):
    assert "rack-height-implausible" in codes(an_estate(racks=(Rack(1, "R", 1, 1, height_u=height_u),)))


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"racks": (Rack(1, "R", 1),)}, ["rack-without-location"]),
        ({"locations": (Location(1, "R", "r", 1, area_m2=1.0, has_plan=False),)}, ["room-without-plan"]),
        ({"locations": (Location(1, "R", "r", 1, area_m2=1.0),)}, ["room-without-plan"]),
        ({"locations": (Location(1, "R", "r", 1, has_plan=True),)}, ["room-without-area"]),
        ({"circuits": ()}, ["site-without-circuit"]),
        ({"circuits": (Circuit(1, "c", 1, site_ids=(1,)),)}, ["circuit-without-rate"]),
        ({"sites": (Site(1, "Z", "z", latitude=50.8),)}, ["site-without-coordinates"]),
        ({"sites": (Site(1, "Z", "z", latitude=150.8, longitude=4.0),)}, ["coordinates-implausible"]),
    ],
)
def test_places(lists, expected):
    assert codes(an_estate(**lists)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"weight_kg": 0.0}, ["weight-implausible"]),
        ({"weight_kg": -3.0}, ["weight-implausible"]),
        ({"weight_kg": 900.0}, ["weight-implausible"]),
        ({"weight_kg": 900.0, "height_u": 10.0}, []),
        ({"height_u": 1.3}, ["height-implausible"]),
        ({"height_u": -1.0}, ["height-implausible"]),
    ],
)
def test_implausible_types(fields, expected):
    assert codes(an_estate(device_types=(replace(SERVER, **fields),))) == expected


def test_a_weight_nobody_knows_is_told_once_per_type_with_the_devices():
    unknown = replace(SERVER, weight_kg=None)
    devices = tuple(a_device(n, position=float(n)) for n in (1, 2, 3))
    weighed = Observation(1, Ref("devices", 2), "weight_kg", 21.0, "kg", "measured", "value")

    (finding,) = findings(an_estate(*devices, device_types=(unknown,), observations=(weighed,)))

    assert (finding.code, finding.object) == ("weight-unknown", Ref("device_types", 1))
    assert finding.others == (Ref("devices", 1), Ref("devices", 3))


def test_a_type_weighed_by_observation_or_without_devices_is_no_finding():
    unknown = replace(SERVER, weight_kg=None)
    weighed = Observation(1, Ref("device_types", 1), "weight_kg", 21.0, "kg", "measured", "value")

    assert codes(an_estate(device_types=(unknown,))) == []
    assert codes(an_estate(a_device(1, position=1.0), device_types=(unknown,), observations=(weighed,))) == []


def test_numbers_that_should_be_unique():
    devices = [a_device(n, position=float(n), serial="S", asset_tag="T") for n in (1, 2, 3)]

    found = findings(an_estate(*devices, a_device(4, position=9.0), a_device(5, position=10.0)))

    assert [(item.code, item.object, item.others) for item in found] == [
        ("duplicate-asset-tag", Ref("devices", 1), (Ref("devices", 2), Ref("devices", 3))),
        ("duplicate-serial", Ref("devices", 1), (Ref("devices", 2), Ref("devices", 3))),
    ]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"power_port_templates": ()}, ["power-ports-unknown"]),
        ({"power_port_templates": (PowerPortTemplate(1, 1, "PSU"),)}, ["draw-unknown"]),
        ({"power_port_templates": (), "power_ports": (PowerPort(1, 1, "PSU"),)}, ["draw-unknown"]),
        ({"power_port_templates": (), "power_ports": (PowerPort(1, 1, "PSU", allocated_draw_w=9),)}, []),
        (
            {
                "power_port_templates": (),
                "observations": (
                    Observation(1, Ref("devices", 1), "power_w", 200.0, "W", "measured", "peak"),
                ),
            },
            [],
        ),
        ({"power_ports": (PowerPort(1, 1, "PSU", maximum_draw_w=0),)}, ["draw-implausible"]),
        ({"power_ports": (PowerPort(1, 1, "PSU", maximum_draw_w=90_000),)}, ["draw-implausible"]),
    ],
)
def test_draws(lists, expected):
    assert codes(an_estate(a_device(1, position=1.0), **lists)) == expected


FEED = PowerFeed(1, "A", 1, 1, voltage_v=230, amperage_a=16, max_utilization_pct=50, cable_id=7)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"cable_id": None}, ["feed-without-cable"]),
        ({"voltage_v": None}, ["feed-without-rating"]),
        ({"amperage_a": -5}, ["feed-implausible"]),
        ({"max_utilization_pct": 180}, ["feed-implausible"]),
        ({"voltage_v": -48}, []),
    ],
)
def test_feeds(fields, expected):
    assert codes(an_estate(power_feeds=(replace(FEED, **fields),))) == expected


def test_a_feed_cabled_at_the_cable_is_cabled():
    cable = Cable(7, a_terminations=(Ref("power_feeds", 1),), b_terminations=(Ref("power_ports", 1),))

    assert codes(an_estate(power_feeds=(replace(FEED, cable_id=None),), cables=(cable,))) == []


@pytest.mark.parametrize(
    ("draw_w", "phase", "cable_id", "expected"),
    [
        (1840, "single-phase", 7, []),
        (1841, "single-phase", 7, ["draw-above-feed"]),
        (3186, "three-phase", 7, []),
        (3187, "three-phase", 7, ["draw-above-feed"]),
        (1841, "single-phase", None, ["draw-above-feed"]),
    ],
)
def test_a_port_that_draws_more_than_its_feed_or_any_of_its_rack_gives(draw_w, phase, cable_id, expected):
    feeds = (replace(FEED, phase=phase), PowerFeed(2, "B", 1, 2, voltage_v=230, amperage_a=63, cable_id=8))
    port = PowerPort(1, 1, "PSU", maximum_draw_w=draw_w, cable_id=cable_id)

    assert codes(an_estate(a_device(1, position=1.0), power_feeds=feeds, power_ports=(port,))) == expected


VM = VirtualMachine(1, "vm", 1, vcpus=2.0, memory_mb=4096, disk_mb=50_000)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"vcpus": None}, ["vm-without-sizes"]),
        ({"cluster_id": None}, ["vm-without-place"]),
        ({"cluster_id": None, "site_id": 1}, []),
        ({"memory_mb": 0}, ["vm-size-implausible"]),
        ({"vcpus": 5000.0}, ["vm-size-implausible"]),
    ],
)
def test_virtual_machines(fields, expected):
    assert codes(an_estate(virtual_machines=(replace(VM, **fields),))) == expected


def test_disks_and_measurements_say_sizes_too():
    machine = replace(VM, disk_mb=None, vcpus=None)
    disk = VirtualDisk(1, 1, "sda", 50_000)
    measured = Observation(1, Ref("virtual_machines", 1), "vcpus", 2.0, "vCPU", "measured", "value")

    (finding,) = findings(an_estate(virtual_machines=(machine,), virtual_disks=(disk,)))
    assert finding.message == "vm lacks vcpus"
    assert (
        codes(an_estate(virtual_machines=(machine,), virtual_disks=(disk,), observations=(measured,))) == []
    )


APPLICATION = Application(1, "Tickets", "tickets", tenant_id=4, criticality=2)
MEMBER = ApplicationMember(1, Ref("devices", 1))
WINDOW = ChangeWindow(1, Ref("applications", 1), 5, 1200, 240)


def planning(**lists):
    values = {
        "applications": (APPLICATION,), "application_members": (MEMBER,), "change_windows": (WINDOW,), **lists
    }  # fmt: skip
    return an_estate(a_device(1, position=1.0), **values)


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({}, []),
        ({"applications": (replace(APPLICATION, criticality=None),)}, ["criticality-unknown"]),
        ({"applications": (replace(APPLICATION, criticality=7),)}, ["criticality-implausible"]),
        ({"application_members": ()}, ["application-without-members"]),
        ({"change_windows": ()}, ["window-missing"]),
        ({"change_windows": (replace(WINDOW, object=Ref("tenants", 4)),)}, ["reference-broken"]),
        ({"change_windows": (replace(WINDOW, object=Ref("sites", 1)),)}, []),
        ({"change_windows": (WINDOW, replace(WINDOW, id=2, weekday=7))}, ["window-implausible"]),
        ({"change_windows": (WINDOW, replace(WINDOW, id=2, duration_minutes=0))}, ["window-implausible"]),
        (
            {"change_windows": (replace(WINDOW, valid_from=date(2027, 2, 1), valid_until=date(2027, 1, 1)),)},
            ["window-implausible"],
        ),
        ({"flows": (Flow(1, Ref("applications", 1), Ref("devices", 1)),)}, ["flow-without-rate"]),
        ({"flows": (Flow(1, Ref("applications", 1), Ref("devices", 1), rate_mbps=0.0),)}, []),
        (
            {"flows": (Flow(1, Ref("applications", 1), Ref("devices", 9), rate_mbps=1.0),)},
            ["reference-broken"],
        ),
        ({"special_needs": (SpecialNeed(1, Ref("devices", 9), "dongle"),)}, ["reference-broken"]),
        ({"special_needs": (SpecialNeed(1, Ref("rack_groups", 9), "dongle"),)}, []),
        (
            {"constraints": (Constraint(1, "apart", members=(Ref("devices", 1),)),)},
            ["constraint-without-members"],
        ),
        ({"constraints": (Constraint(1, "keep", members=(Ref("devices", 1),)),)}, []),
        ({"constraints": (Constraint(1, "freeze"),)}, []),
        (
            {"observations": (Observation(1, Ref("devices", 1), "power_w", -4.0, "W", "measured", "peak"),)},
            ["observation-implausible"],
        ),
    ],
)
def test_planning(lists, expected):
    assert codes(planning(**lists)) == expected


def test_the_gravest_come_first():
    bad = an_estate(
        a_device(1, position=5.0), a_device(2, position=5.0), a_device(3, rack_id=None), locations=()
    )

    severities = [SEVERITIES.index(finding.severity) for finding in findings(bad)]

    assert severities == sorted(severities)
    assert len(set(severities)) > 1


def test_every_rule_says_what_to_do():
    for code, rule in RULES.items():
        assert rule.remedy, code
        assert rule.severity in SEVERITIES


def test_names_that_are_hostile_or_huge_are_data():
    name = "{{ x }}" * 10_000
    found = findings(an_estate(a_device(1, position=5.0), replace(a_device(2, position=5.0), name=name)))

    assert len(found[0].message) < 300
    assert "{{ x }}" in found[0].message
