"""A patch on the Estate: who is chosen, what is decided, what goes along with what goes, what a copy has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from plan_builders import an_estate
from whatif_cases import lines, the_present, with_patch

from capacity.demand import derive
from capacity.whatif.estate_links import links_of
from inventory.errors import InputError
from inventory.estate import LISTS, Cable, Estate, Interface, Ref, sealed
from inventory.fields import fields_of


def test_every_link_of_the_estate_is_known():
    """Against what the tables say: a list or a field added later must be known here too."""
    for kind in LISTS:
        expected = {name: field.target for name, field in fields_of(kind).items() if field.refers}
        assert {link.name: link.target for link in links_of(kind)} == expected, kind


def dangling(estate: Estate) -> list[str]:
    """Links to rows that aren't there; the hand-made estate has cabled ports and no cables."""
    found = []
    for kind in LISTS:
        for row in getattr(estate, kind):
            for name, field in fields_of(kind).items():
                value = getattr(row, name)
                if not field.refers or value is None or name == "cable_id":
                    continue
                for one in value if isinstance(value, tuple) else (value,):
                    ref = one if isinstance(one, Ref) else Ref(field.target or "", one)
                    if estate.find(ref) is None:
                        found.append(f"{kind} {row}: {name}")
    return found


# Strategies


def test_everything_of_a_tenant_is_retained():
    patched = with_patch("estate", "{strategy: retain, of: {partner: stib}}")
    decided = {o.object: o.strategy for o in patched.inputs.estate.strategy_overrides}
    mine = {Ref("devices", n) for n in range(1, 9)} | {Ref("virtual_machines", n) for n in range(1, 5)}
    assert {ref for ref, strategy in decided.items() if strategy == "retain"} == mine
    assert len(lines(patched)) == len(mine)
    assert patched.inputs.estate.content_hash != an_estate().content_hash


def test_a_decision_takes_the_place_of_an_earlier_one():
    first = with_patch(
        "estate", "{strategy: retain, of: {role: server}}", "{strategy: rehost, of: {role: server}}"
    )
    counts = Counter(o.object for o in first.inputs.estate.strategy_overrides)
    assert set(counts.values()) == {1}
    assert {o.strategy for o in first.inputs.estate.strategy_overrides} == {"rehost"}


def test_relocate_chooses_hardware_only():
    patched = with_patch("estate", "{strategy: relocate, of: {site: '*'}}")
    assert {o.object.kind for o in patched.inputs.estate.strategy_overrides} == {"devices"}
    with pytest.raises(InputError, match="no hardware to relocate"):
        with_patch("estate", "{strategy: relocate, of: {site: '*', list: virtual_machines}}")


def test_of_several_criteria_each_must_be_met_and_of_several_values_any():
    one = with_patch("estate", "{strategy: retain, of: {list: devices, site: depot}}")
    two = with_patch("estate", "{strategy: retain, of: {list: devices, site: [depot, 'TOWN*']}}")
    role = with_patch("estate", "{strategy: retain, of: {list: devices, site: depot, role: server}}")
    assert len(lines(role)) < len(lines(one)) < len(lines(two)) == len(an_estate().devices)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("{strategy: retain, of: {tennant: x}}", "can't be chosen by 'tennant' (did you mean tenant?)"),
        ("{strategy: retain, of: {site: dept}}", "has site 'dept' (did you mean Depot?)"),
        ("{strategy: retain, of: {list: racks}}", "holds no assets"),
        ("{scale: circuit.rate_mbps, by: 2}", "did you mean circuits?"),
        ("{scale: circuits.rate, by: 2}", "did you mean rate_mbps?"),
        ("{scale: circuits, by: 2}", "write circuits.FIELD"),
        ("{set: devices.site_id, to: 2}", "links to other rows"),
        ("{set: circuits.rate_mbps, to: fast}", "should be a valid number"),
        ("{add: circuits.rate_mbps, by: -1e9}", "keep it at 0 or more"),
        ("{scale: devices.name, by: 2}", "not a number"),
        ("{remove: tenants, of: {name: '*'}}", "tenants can't be removed"),
        ("{copy: devices, of: {name: blade*}, count: 1}", "copy their chassis"),
    ],
)
def test_what_finds_nothing_is_refused_where_it_was_written(operation, said):
    with pytest.raises(InputError) as caught:
        with_patch("estate", operation)
    assert "s.yaml line 4, scenario x" in str(caught.value)
    assert said in str(caught.value)


def test_brackets_in_a_name_are_no_pattern():
    estate = an_estate()
    renamed = sealed(replace(estate, devices=tuple(replace(d, name=f"[ab]{d.id}") for d in estate.devices)))
    with pytest.raises(InputError):
        with_patch("estate", "{strategy: retain, of: {name: 'a1'}}", present=the_present(renamed))
    found = with_patch("estate", "{strategy: retain, of: {name: '[ab]1'}}", present=the_present(renamed))
    assert lines(found) == ["[ab]1: as the rules say → retain"]


# Fields


def test_a_line_gets_faster_and_an_unknown_one_stays_unknown():
    estate = an_estate()
    lost = sealed(
        replace(estate, circuits=(*estate.circuits[:-1], replace(estate.circuits[-1], rate_mbps=None)))
    )
    patched = with_patch("estate", "{scale: circuits.rate_mbps, by: 2}", present=the_present(lost))
    before = estate.column("circuits", "rate_mbps")
    assert patched.inputs.estate.column("circuits", "rate_mbps") == (*(r * 2 for r in before[:-1]), None)


def test_what_is_counted_whole_is_rounded_up():
    patched = with_patch("estate", "{scale: virtual_machines.memory_mb, by: 1.00001}")
    before = an_estate().column("virtual_machines", "memory_mb")
    after = patched.inputs.estate.column("virtual_machines", "memory_mb")
    assert after == tuple(None if mb is None else mb + 1 for mb in before)


# Rows out


@pytest.mark.parametrize(
    "of", ["sites, of: {slug: depot}", "devices, of: {role: chassis}", "clusters, of: {name: '*'}",
           "locations, of: {name: '*'}", "applications, of: {name: '*'}", "circuits, of: {name: '*'}",
           "virtual_machines, of: {name: '*'}", "devices, of: {name: '*'}"],
)  # fmt: skip
def test_nothing_is_left_that_points_to_what_went(of):
    patched = with_patch("estate", f"{{remove: {of}}}")
    assert dangling(patched.inputs.estate) == []
    assert patched.inputs.estate.content_hash == sealed(patched.inputs.estate).content_hash


def test_a_site_goes_with_all_that_stands_there():
    estate = with_patch("estate", "{remove: sites, of: {slug: depot}}").inputs.estate
    assert {device.site_id for device in estate.devices} == {2}
    assert {machine.id for machine in estate.virtual_machines} == {5, 6}
    assert [location.id for location in estate.locations] == [2]


def test_a_cable_goes_with_either_end_and_the_other_end_is_free():
    ends = (Ref("interfaces", 1), Ref("interfaces", 31))
    estate = an_estate()
    cabled = replace(
        estate,
        interfaces=(*estate.interfaces, Interface(31, 5, "eth0", cable_id=1)),
        cables=(Cable(1, a_terminations=ends[:1], b_terminations=ends[1:]),),
    )
    patched = with_patch(
        "estate", "{remove: devices, of: {name: signal}}", present=the_present(sealed(cabled))
    )
    assert patched.inputs.estate.cables == ()
    assert patched.inputs.estate.interfaces[0].cable_id is None


def test_a_chassis_goes_with_its_blades_and_their_flows():
    before = an_estate()
    estate = with_patch("estate", "{remove: devices, of: {name: chassis*}}").inputs.estate
    assert {d.id for d in before.devices} - {d.id for d in estate.devices} == {1, 2}


# More of the same


def test_copies_ask_for_what_their_originals_ask_for():
    present = the_present()
    patched = with_patch(
        "estate", "{copy: virtual_machines, by: 2}", "{copy: devices, by: 2}", present=present
    )
    before, after = present.estate, patched.inputs.estate
    assert len(after.virtual_machines) == 2 * len(before.virtual_machines)
    assert len(after.devices) == 2 * len(before.devices), "what sits in bays comes along"
    names = [*after.column("devices", "name"), *after.column("virtual_machines", "name")]
    assert len(set(names)) == len(names)
    assert dangling(after) == []
    asked = [
        Counter(repr((d.quantities, d.height_u, d.redundancy)) for d in derive(estate).values())
        for estate in (before, after)
    ]
    assert asked[1] == Counter({key: 2 * count for key, count in asked[0].items()})


def test_copies_are_spread_evenly():
    patched = with_patch("estate", "{copy: virtual_machines, count: 7}")
    originals = Counter(line.split(", ")[1].split("-copy-")[0] for line in lines(patched))
    assert (sum(originals.values()), max(originals.values()) - min(originals.values())) == (7, 1)


def test_a_growth_of_15_percent_of_100_is_15():
    estate = an_estate()
    machine = estate.virtual_machines[0]
    many = sealed(
        replace(estate, virtual_machines=tuple(replace(machine, id=n, name=f"vm-{n}") for n in range(1, 101)))
    )
    patched = with_patch("estate", "{copy: virtual_machines, by: 1.15}", present=the_present(many))
    assert len(patched.inputs.estate.virtual_machines) == 115


def test_no_growth_changes_nothing():
    patched = with_patch("estate", "{copy: virtual_machines, by: 1}")
    assert len(patched.idle) == 1
    assert patched.inputs.content_hash == the_present().content_hash
