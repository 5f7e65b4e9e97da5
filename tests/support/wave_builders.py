"""Small estates and plans with one wave to carry out, for the tests of playbooks/ and of the lab.

The plans are made by hand and not proven by anybody: what they place where is only what a test needs to see in a file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from capacity import facility as supply
from capacity import plan as plans
from capacity.calendar import Calendar, WorkRates
from capacity.resources import Quantity
from inventory import estate as estates
from inventory.rows import Ref

START = datetime(2026, 3, 7, 20, tzinfo=UTC)

HOSTILE_NAMES = (
    "{{ lookup('pipe', 'touch /tmp/owned') }}",
    "web\n- hosts: all\n  tasks: []",
    "../../etc/passwd",
    "a: b # c !unsafe 'd' \"e\"",
    "|cell| <script>alert(1)</script> [x](javascript:y) # h1",
    "$(reboot); `id` && rm -rf / %{x} {% raw %}",
    "é\u2028ü\x07\u202e名",
    "{{7*7}}",
    "{% raw %}x",
    "{# a comment",
)


def a_device(number: int, name: str | None = None, **fields) -> estates.Device:
    known = {
        "device_type_id": 1,
        "role_id": 1,
        "site_id": 1,
        "rack_id": 1,
        "position": float(number),
        "face": "front",
    }
    return estates.Device(id=number, name=name or f"srv-{number}", **{**known, **fields})


def a_machine(number: int, name: str | None = None, **fields) -> estates.VirtualMachine:
    return estates.VirtualMachine(
        id=number,
        name=name or f"app-{number}",
        **{"site_id": 1, "vcpus": 1.0, "memory_mb": 256, "disk_mb": 10, **fields},
    )


def an_estate(devices=(), machines=(), **lists) -> estates.Estate:
    return estates.sealed(
        estates.Estate(
            revision=1,
            sites=(estates.Site(1, "Town hall", "town-hall"),),
            racks=(estates.Rack(1, "R1", 1),),
            manufacturers=(estates.Manufacturer(1, "Maker", "maker"),),
            device_roles=(estates.DeviceRole(1, "Server", "server"),),
            device_types=(estates.DeviceType(1, 1, "S1", "s1"),),
            devices=tuple(devices),
            virtual_machines=tuple(machines),
            **lists,
        )
    )


def a_facility() -> supply.Facility:
    """One hall with one position: enough for what a runbook says of the way in."""
    hall = supply.Hall(
        "Hall 1",
        100.0,
        ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)),
        supply.FloorLimit("bay", 1200.0, None, 900.0),
        "p1",
    )
    return supply.sealed(
        supply.Facility(
            name="Vorst",
            site="vorst",
            latitude=50.8,
            longitude=4.3,
            gross_area_m2=1500.0,
            useful_area_m2=750.0,
            pue=1.4,
            phases=(supply.Phase("p1", date(2026, 1, 1)),),
            halls=(hall,),
            supply=(),
            cooling_zones=(),
            security_zones=("standard",),
            positions=(),
            racks=(),
            rack_models=(),
            pools=(),
            entitlements=(),
            rules=supply.PlacementRules(30.0, 20.0, "standard"),
        )
    )


def a_calendar(start: datetime = START) -> Calendar:
    return Calendar(
        time_zone="Europe/Brussels",
        start=start - timedelta(days=30),
        horizon_end=start + timedelta(days=300),
        default_windows=(),
        holidays=(),
        resources=(),
        work=WorkRates(60, 60, 1000, 40, 30, 20, 60, 60, 0.5, 1.2),
        rollback_days=7,
        intersite_latency_ms=2.0,
    )


def a_plan(
    estate: estates.Estate,
    *,
    start: datetime = START,
    hours: float = 4,
    rollback: timedelta = timedelta(days=7),
    retired: tuple[int, ...] = (),
    circuit_mbps: float = 800.0,
    waves: int = 1,
) -> plans.Plan:
    """Every machine of the estate is rehosted, every device relocated or retired, spread over the waves in turn."""
    facility = a_facility()
    machines = [Ref("virtual_machines", row.id) for row in estate.virtual_machines]
    devices = [Ref("devices", row.id) for row in estate.devices if row.id not in retired]
    gone = [Ref("devices", number) for number in retired]
    steps = [
        step
        for number in range(1, waves + 1)
        for step in _steps(
            number,
            machines[number - 1 :: waves],
            devices[number - 1 :: waves],
            start + timedelta(days=7 * (number - 1)),
            hours,
            rollback,
            circuit_mbps,
        )
    ]
    if gone:
        steps.append(
            plans.Step("retire-0001", "retire", start, start + timedelta(hours=2), (), moves=_moves(gone))
        )
    return plans.sealed(
        plans.Plan(
            name="plan",
            status="complete",
            inputs=plans.Inputs(estate.content_hash, estate.revision, facility.content_hash, 1, start),
            calendar=a_calendar(start),
            decisions=tuple(
                plans.Decision(asset, "", strategy, strategy, "test", "a test", ())
                for assets, strategy in ((devices, "relocate"), (gone, "retire"), (machines, "rehost"))
                for asset in assets
            ),
            demands=(
                *(
                    plans.AssetDemand(
                        a,
                        {"power_w": Quantity.exact(300, "t"), "weight_kg": Quantity.exact(20, "t")},
                        1.0,
                        True,
                        None,
                        "1+1",
                    )
                    for a in devices
                ),
                *(
                    plans.AssetDemand(
                        a, {"vcpus": Quantity.exact(1, "t"), "memory_mb": Quantity.exact(256, "t")}
                    )
                    for a in machines
                ),
            ),
            racks=(),
            hosts=(),
            devices=tuple(
                plans.DevicePlacement(
                    a,
                    "new-rack-1",
                    float(n + 1),
                    "front",
                    (supply.Supply("A1", "L1"), supply.Supply("B1", "L1")),
                )
                for n, a in enumerate(devices)
            ),
            workloads=tuple(plans.WorkloadPlacement(a, "general", "host-1") for a in machines),
            unplaced=(),
            groups=tuple(
                plans.MoveGroup(
                    f"g{n}",
                    f"group {n}",
                    tuple(machines[n - 1 :: waves] + devices[n - 1 :: waves]),
                    "one flow",
                    (),
                    n,
                )
                for n in range(1, waves + 1)
            ),
            waves=tuple(
                plans.Wave(
                    n,
                    f"Wave {n}",
                    start + timedelta(days=7 * (n - 1)),
                    start + timedelta(days=7 * (n - 1), hours=hours),
                    start - timedelta(days=7),
                    (f"g{n}",),
                )
                for n in range(1, waves + 1)
            ),
            steps=tuple(steps),
            rooms=(),
            evidence=plans.Evidence((), (), (), ()),
        )
    )


def renamed(estate: estates.Estate, names=HOSTILE_NAMES) -> estates.Estate:
    """The same estate with hostile texts wherever a source may put text."""

    def bad(number: int) -> str:
        return names[number % len(names)]

    return estates.sealed(
        replace(
            estate,
            devices=tuple(
                replace(row, name=bad(row.id), serial=bad(row.id + 1), asset_tag=bad(row.id + 2))
                for row in estate.devices
            ),
            virtual_machines=tuple(replace(row, name=bad(row.id)) for row in estate.virtual_machines),
            sites=tuple(replace(row, name=bad(row.id)) for row in estate.sites),
            racks=tuple(replace(row, name=bad(row.id + 3)) for row in estate.racks),
            platforms=tuple(replace(row, name=bad(row.id + 4)) for row in estate.platforms),
            applications=tuple(
                replace(row, name=bad(row.id), owner=bad(row.id + 1)) for row in estate.applications
            ),
            flows=tuple(replace(row, description=bad(row.id)) for row in estate.flows),
        )
    )


def _steps(number, machines, devices, start, hours, rollback, circuit_mbps) -> list[plans.Step]:
    end = start + timedelta(hours=hours)
    group = f"g{number}"
    steps = []
    if machines:
        line = (plans.Use("circuit:1", circuit_mbps, start - timedelta(days=2), start - timedelta(days=1)),)
        steps += [
            plans.Step(
                f"replicate-{number:04d}",
                "replicate",
                start - timedelta(days=2),
                start - timedelta(days=1),
                (),
                _moves(machines),
                (),
                line,
                group,
                number,
            ),
            plans.Step(
                f"cutover-{number:04d}",
                "cutover",
                start,
                end,
                (f"replicate-{number:04d}",),
                _moves(machines),
                (),
                (plans.Use("engineer", 1, start, end),),
                group,
                number,
                end + rollback,
            ),
            plans.Step(
                f"decommission-{number:04d}",
                "decommission",
                end + rollback,
                end + rollback + timedelta(hours=2),
                (f"cutover-{number:04d}",),
                _moves(machines),
                (),
                (),
                group,
                number,
            ),
        ]
    if devices:
        steps.append(
            plans.Step(
                f"relocate-{number:04d}",
                "relocate",
                start,
                end,
                (),
                _moves(devices),
                (),
                (plans.Use("crew", 1, start, end), plans.Use("van", 1, start, end)),
                group,
                number,
                end + rollback,
            )
        )
    return steps


def _moves(assets) -> tuple[plans.Move, ...]:
    return tuple(plans.Move(asset, plans.Place(site_id=1), None) for asset in assets)
