"""Racks drawn from the documents: numbering, faces, half units, and units claimed twice."""

from __future__ import annotations

from dataclasses import replace

from plan_builders import a_plan, an_estate
from tui_cases import loaded_from

from tui.views import rooms
from tui.views.elevations import Mount, elevation, target_rack


def a_mount(
    label: str = "srv",
    position: float | None = 1.0,
    height_u: float = 1.0,
    face: str | None = "front",
    **fields,
):
    known = {"is_full_depth": True, "tone": "relocate", **fields}
    return Mount(label, position, height_u, face, **known)


def units(drawn) -> list[str]:
    return [line.unit for line in drawn.lines]


def test_units_are_numbered_upwards_from_the_starting_unit():
    drawn = elevation("R", [], height_u=4, starting_unit=10)
    assert units(drawn) == ["13", "12", "11", "10"]


def test_descending_units_have_the_lowest_number_at_the_top():
    drawn = elevation("R", [a_mount(position=1, height_u=2)], height_u=4, desc_units=True)
    assert units(drawn) == ["1", "2", "3", "4"]
    assert [line.front.tone for line in drawn.lines] == ["relocate", "relocate", "free", "free"]
    assert drawn.lines[0].front.text == "srv"


def test_a_device_fills_the_units_from_its_position_up():
    drawn = elevation("R", [a_mount(position=2, height_u=2)], height_u=4)
    assert [line.front.tone for line in drawn.lines] == ["free", "relocate", "relocate", "free"]
    assert [line.front.text for line in drawn.lines] == ["", "srv", "", ""]


def test_half_depth_devices_share_a_unit_back_to_back():
    drawn = elevation(
        "R",
        [a_mount("a", is_full_depth=False), a_mount("b", face="rear", is_full_depth=False)],
        height_u=2,
    )
    assert drawn.conflicts == 0
    assert (drawn.lines[-1].front.text, drawn.lines[-1].rear.text) == ("a", "b")


def test_a_full_depth_device_takes_both_faces_and_is_named_on_its_own():
    drawn = elevation("R", [a_mount()], height_u=1)
    assert (drawn.lines[0].front.text, drawn.lines[0].rear.text) == ("srv", "")
    assert drawn.lines[0].rear.tone == "relocate"


def test_two_devices_in_one_unit_are_red_and_both_named():
    drawn = elevation("R", [a_mount("a", height_u=2), a_mount("b", position=2)], height_u=3)
    assert drawn.conflicts == 1
    assert drawn.lines[1].front.tone == "bad"
    assert "a / b" in drawn.lines[1].front.text
    assert "1 unit claimed twice" in drawn.subtitle


def test_half_units_are_drawn_as_halves():
    drawn = elevation("R", [a_mount(position=1.5, height_u=0.5)], height_u=2)
    assert units(drawn) == ["½", "2", "½", "1"]
    assert [line.front.tone for line in drawn.lines] == ["free", "free", "relocate", "free"]
    assert drawn.taken_u == 0.5


def test_what_has_no_unit_or_sticks_out_stands_outside():
    drawn = elevation("R", [a_mount("pdu", None), a_mount("tall", 3, 4)], height_u=4)
    assert len(drawn.outside) == 2
    assert "tall" in drawn.outside[1]
    assert all(line.front.tone == "free" for line in drawn.lines)


def test_a_rack_of_the_inventory_keeps_its_numbering():
    estate = an_estate()
    rack = replace(estate.racks[0], desc_units=True, starting_unit=1)
    documents = loaded_from(replace(estate, racks=(rack, *estate.racks[1:])), plan=a_plan())
    drawn = rooms.elevations(documents, rooms.RoomKey(1, 1), view="now")[0]
    assert drawn.lines[0].unit == "1"
    assert drawn.lines[0].front.text == "chassis"


def test_after_the_plan_only_what_stays_is_left():
    documents = loaded_from(plan=a_plan())
    now, planned = rooms.elevations(documents, rooms.RoomKey(1, 1))
    left = {line.front.text for line in planned.lines} - {""}
    assert left == {"badge"}
    assert "ticket-db" in {line.front.text for line in now.lines}


def test_a_rack_at_the_target_holds_kit_devices_and_hosts():
    documents = loaded_from(plan=a_plan())
    drawn = target_rack(documents, documents.target_racks["N2"])
    front = {line.front.text for line in drawn.lines}
    assert {"files", "cloud-1", "cloud-2", "cloud-3"} <= front
    assert "top" in {line.rear.text for line in drawn.lines}
    assert any("pdu" in text for text in drawn.outside)


def test_a_standing_rack_without_the_plan_is_as_it_stands():
    documents = loaded_from(plan=a_plan())
    rack = documents.target_racks["S1"]
    assert "vault" not in str(target_rack(documents, rack, planned=False).lines)
    assert "vault" in str(target_rack(documents, rack).lines)
    assert "reserved" in {line.front.text for line in target_rack(documents, rack).lines}
