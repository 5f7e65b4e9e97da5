"""What views make of the documents: rows, words and shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan, an_estate, at, device, machine
from rich.cells import cell_len
from tui_cases import loaded_from

from inventory.rows import DeviceRole
from tui.colours import DARK, LIGHT
from tui.views import cloud, decisions, findings, floor, overview, sites, timeline
from tui.views.spans import Column, filtered, fit, rows, tail


def words(lines) -> str:
    return "\n".join("".join(piece.text for piece in spans) for spans in lines)


def test_a_site_row_adds_up_its_devices(loaded):
    table = sites.sites(loaded)
    depot = dict(zip((c.label for c in table.columns), table.cells[0], strict=True))
    assert depot["site"] == "Depot"
    assert depot["partner"] == "stib"
    assert depot["devices"] == "8"
    assert depot["VMs"] == "4"
    assert depot["U used"] == "13"  # 6 chassis, 1 switch, 1 panel, 1, 1, 2, 1
    assert depot["Mbit/s"] == "1,000"
    assert depot["emptied on"] == "13 Apr 2027"


def test_a_site_whose_room_keeps_something_stays(loaded):
    assert sites.sites(loaded).cells[1][1] == "stays"


def test_unknown_power_is_counted_and_not_added(loaded):
    table = sites.sites(loaded)
    town = dict(zip((c.label for c in table.columns), table.cells[1], strict=True))
    assert int(town["kW unknown"]) >= 1


def test_rooms_emptied_rise_in_steps(loaded):
    points = overview.emptied(loaded)
    assert points[0][1] == 0
    assert points[-1] == (date(2027, 4, 13), 1)
    assert overview.rooms_state(loaded) == "1 of 2 rooms emptied, the last on 13 Apr 2027"


def test_a_reason_names_what_it_rests_on(loaded):
    text = words(decisions.detail(loaded, device(11)))
    assert "a person's decision; the rules say rehost" in text
    assert "N2 U5" in text
    assert "cords P2-A 3P, P2-B 3P" in text


def test_what_an_asset_lacks_is_told_with_numbers(loaded):
    text = words(decisions.detail(loaded, device(12)))
    assert "needs 48, best there is 41" in text
    assert "needs an unknown amount" in words(decisions.detail(loaded, device(9)))


def test_the_detail_of_a_step_names_resources_and_the_way_back(loaded):
    step = next(s for s in loaded.plan.steps if s.kind == "relocate")
    text = words(timeline.detail(loaded, f"step:{step.id}"))
    assert "way back open until" in text
    assert "crew" in text


def test_every_step_is_on_the_timeline_once(loaded):
    found: list[str] = []

    def collect(bars):
        for bar in bars:
            found.append(bar.id)
            collect(bar.children)

    collect(timeline.timeline(loaded).bars)
    shown = [name.removeprefix("step:") for name in found if name.startswith("step:")]
    assert sorted(shown) == sorted(step.id for step in loaded.plan.steps)


def test_freezes_and_holidays_lie_behind_the_bars(loaded):
    kinds = {shade.kind for shade in timeline.timeline(loaded).shades}
    assert kinds == {"freeze", "holiday"}
    freeze = next(s for s in timeline.timeline(loaded).shades if s.kind == "freeze")
    assert (freeze.first, freeze.last) == (at(4, 1).date(), at(4, 13).date())  # the plan's last day


def test_the_floor_of_a_proven_plan_has_no_red_position(loaded):
    spots = [spot for hall in floor.floor(loaded).halls.values() for row in hall for spot in row]
    assert [spot.position.name for spot in spots] == ["P1", "P2", "P3", "P4"]
    for spot in spots:
        assert all(share is None or share <= 1 for share in spot.shares.values())
    assert all(any(spot.shares.values()) for spot in spots)
    assert spots[3].rack is None
    assert spots[1].is_new
    assert not spots[2].is_new


def test_feeds_are_told_at_their_worst_loss(loaded):
    text = words(floor.feed_lines(loaded, loaded.facility.positions[1]))
    assert "P2-A" in text
    assert "lost" in text


def test_without_a_plan_the_floor_shows_what_stands_there():
    spots = [s for hall in floor.floor(loaded_from()).halls.values() for row in hall for s in row]
    assert [spot.rack.id if spot.rack else None for spot in spots] == [None, None, "S1", None]


def test_a_hypervisor_and_a_blade_are_servers_and_a_console_server_and_a_chassis_are_not():
    roles = (
        "server",
        "hypervisor",
        "blade",
        "chassis",
        "blade-chassis",
        "console-server",
        "time-server",
        "switch",
    )
    estate = an_estate()
    device = estate.devices[0]
    estate = replace(
        estate,
        device_roles=tuple(DeviceRole(n, slug, slug) for n, slug in enumerate(roles, start=1)),
        devices=tuple(replace(device, id=n, role_id=n) for n in range(1, len(roles) + 1)),
    )
    told = words(overview.programme(loaded_from(estate)))
    assert "      3 servers          of 8 devices" in told


def test_a_pool_tells_its_fill_in_the_units_a_person_says(loaded):
    told = words(cloud.pools(loaded))
    assert " GB" in told
    assert " MB" not in told
    assert "vCPUs" in told


def test_the_overview_and_the_timeline_give_the_plan_the_same_dates(loaded):
    head, _ = overview.plan_state(loaded)
    assert timeline.overview(loaded) in words([head])


def test_a_wave_tells_the_number_of_a_groups_assets_once(loaded):
    wave = loaded.plan.waves[0].number
    group = next(g for g in loaded.plan.groups if g.wave == wave)
    told = words(timeline.detail(loaded, f"wave:{wave}"))
    assert f"  {group.name}  {group.reason}" in told


def test_a_hosts_load_is_what_runs_on_it(loaded):
    loads = {load.host.id: load for load in cloud.host_loads(loaded)}
    assert loads["cloud-1"].vcpus == 4 + 2 + 8
    assert loads["cloud-1"].cpu_share == 14 / 16
    assert loads["cloud-3"].workloads == 0
    assert set(cloud.workloads(loaded, "cloud-2").keys) >= {machine(3), machine(4)}


def test_the_gravest_findings_come_first(loaded):
    order = [row[0] for row in findings.findings(loaded).cells]
    assert len(set(order)) > 1
    assert order == sorted(order, key=findings.SEVERITIES.index)


def test_a_filter_wants_every_word_in_any_case():
    table = rows([Column("a"), Column("b")], [(1, ("Town hall", "STIB")), (2, ("Depot", "STIB"))])
    assert filtered(table, "stib TOWN").keys == (1,)
    assert filtered(table, "stib").keys == (1, 2)
    assert filtered(table, "", lambda key: key == 2).keys == (2,)


@given(st.text(), st.integers(1, 40))
def test_fitted_text_has_exactly_the_width(text, width):
    assert cell_len(fit(text, width)) == width
    assert cell_len(tail(text, width)) <= max(width, min(cell_len(text), width))


def test_every_tone_is_legible_on_its_ground():
    for palette, grounds in (
        (DARK, ("#11151C", "#171D27", "#202938")),
        (LIGHT, ("#F4F6F9", "#FFFFFF", "#E3E9F1")),
    ):
        pairs = [(colour, ground) for colour in palette.text.values() for ground in grounds]
        pairs += [
            (letters, ground)
            for name, (ground, letters) in palette.fill.items()
            if name not in {"on-free", "on-empty"}
        ]
        assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_worlds_belong_together():
    assert a_plan().inputs.facility_hash == a_facility().content_hash
