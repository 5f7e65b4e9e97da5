"""Random estates around the hand-made world: more devices, machines, flows, windows and constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from plan_builders import an_estate, at, device, machine

from inventory.estate import (
    ApplicationMember,
    ChangeWindow,
    Circuit,
    Constraint,
    Device,
    Estate,
    Flow,
    Ref,
    VirtualMachine,
    sealed,
)

FIRST = 100  # ids from here on are drawn; the hand-made world's are lower


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """A sealed estate: the hand-made one and up to a dozen devices and twenty machines more."""
    base = an_estate()
    devices = [draw(_device(FIRST + n)) for n in range(draw(st.integers(0, 12)))]
    machines = [draw(_machine(FIRST + n)) for n in range(draw(st.integers(0, 20)))]
    refs = [
        *(device(d.id) for d in (*base.devices, *devices)),
        *(machine(m.id) for m in (*base.virtual_machines, *machines)),
    ]
    some = st.sampled_from(refs)
    flows = [draw(_flow(FIRST + n, some)) for n in range(draw(st.integers(0, 8)))]
    constraints = [draw(_constraint(FIRST + n, some)) for n in range(draw(st.integers(0, 4)))]
    windows = [draw(_window(FIRST + n)) for n in range(draw(st.integers(0, 3)))]
    members = [ApplicationMember(draw(st.integers(1, 2)), draw(some)) for _ in range(draw(st.integers(0, 4)))]
    rates = draw(st.tuples(*(st.sampled_from([None, 2.0, 50.0, 1000.0]) for _ in range(2))))
    return sealed(
        replace(
            base,
            devices=(*base.devices, *devices),
            virtual_machines=(*base.virtual_machines, *machines),
            flows=(*base.flows, *flows),
            constraints=(*base.constraints, *constraints),
            change_windows=(*base.change_windows, *windows),
            application_members=tuple(dict.fromkeys((*base.application_members, *members))),
            circuits=tuple(
                Circuit(n, f"IRIS-{n}", 1, rate_mbps=r, site_ids=(n,)) for n, r in enumerate(rates, 1)
            ),
        )
    )


@st.composite
def _device(draw: st.DrawFn, number: int) -> Device:
    kind, role = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (4, 4), (6, 1), (7, 1)]))
    return Device(
        number,
        draw(st.sampled_from([f"d{number}", None, "{{ 7*7 }}", "=1+1", "<b>x</b>", "../x", "[red]a[/red]"])),
        kind,
        role,
        draw(st.integers(1, 2)),
        tenant_id=draw(st.sampled_from([1, 2, None])),
        status=draw(st.sampled_from(["active", "active", "active", "offline", "planned"])),
        supply_redundancy=draw(st.sampled_from([None, None, "1+0", "1+1"])),
        cluster_id=draw(st.sampled_from([None, None, None, 1, 2])),
    )


@st.composite
def _machine(draw: st.DrawFn, number: int) -> VirtualMachine:
    return VirtualMachine(
        number,
        f"vm{number}",
        cluster_id=draw(st.sampled_from([1, 1, 2, None])),
        tenant_id=draw(st.sampled_from([1, 2, None])),
        status=draw(st.sampled_from(["active", "active", "offline"])),
        vcpus=draw(st.sampled_from([None, 1.0, 2.0, 4.0, 64.0])),
        memory_mb=draw(st.sampled_from([None, 2000, 8000, 64000])),
        disk_mb=draw(st.sampled_from([None, 0, 20_000, 400_000])),
    )


@st.composite
def _flow(draw: st.DrawFn, number: int, some: st.SearchStrategy[Ref]) -> Flow:
    ends = st.one_of(some, st.sampled_from([Ref("applications", 1), Ref("applications", 2)]))
    return Flow(
        number,
        draw(ends),
        draw(ends),
        rate_mbps=draw(st.sampled_from([None, 1.0, 40.0, 600.0])),
        latency_ms=draw(st.sampled_from([None, 0.5, 1.9, 2.0, 20.0])),
    )


@st.composite
def _window(draw: st.DrawFn, number: int) -> ChangeWindow:
    holder = draw(st.sampled_from([Ref("applications", 1), Ref("tenants", 1), Ref("sites", 2)]))
    start, length = draw(st.integers(0, 1439)), draw(st.sampled_from([90, 240, 600, 1440]))
    return ChangeWindow(number, holder, draw(st.integers(0, 6)), start, length)


@st.composite
def _constraint(draw: st.DrawFn, number: int, some: st.SearchStrategy[Ref]) -> Constraint:
    kind = draw(st.sampled_from(["together", "apart", "zone", "tier", "keep", "freeze", "building_bound"]))
    members = tuple(draw(st.lists(some, min_size=1, max_size=3, unique=True)))
    if kind in {"keep", "building_bound"}:
        # Device 11 has a person's override: to keep it as well would contradict it, which check says.
        members = tuple(ref for ref in members if ref != device(11)) or (device(5),)
    more: dict[str, Any] = {}
    if kind in {"together", "apart"}:
        more["scope"] = draw(
            st.sampled_from(["rack", "host", "group"] if kind == "together" else ["rack", "host", "feed"])
        )
    if kind == "tier":
        more["value"] = draw(st.sampled_from(["standard", "tape"]))
    if kind == "zone":
        more["value"] = draw(st.sampled_from(["restricted", "shared", "general", "nowhere"]))
    if kind == "freeze":
        more |= {"start": at(3, 1), "end": at(draw(st.integers(4, 8)), 1)}
    return Constraint(number, kind, f"c{number}", members, reason="drawn", **more)
