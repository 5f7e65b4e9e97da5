"""The spreadsheet source: one valid region read whole, and that region spoiled in one place at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from workbooks import Book, Formula, a_region, write_book

from inventory.errors import SeveralErrors
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sources.spreadsheet import read_spreadsheet
from inventory.sources.spreadsheet_cells import CellError


def read(tmp_path: Path, book: Book) -> SourceSnapshot:
    return read_spreadsheet(write_book(tmp_path / "region.xlsx", book))


def defects(tmp_path: Path, book: Book) -> list[CellError]:
    with pytest.raises(SeveralErrors) as caught:
        read(tmp_path, book)
    errors = list(caught.value.errors)
    assert all(isinstance(error, CellError) for error in errors)
    return errors


def one(snapshot: SourceSnapshot, kind: str, external_id: str) -> SourceObject:
    return next(item for item in snapshot.objects if (item.kind, item.external_id) == (kind, external_id))


def contents(snapshot: SourceSnapshot) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item.kind, item.external_id): dict(item.fields) for item in snapshot.objects}


# --- what a valid workbook says --------------------------------------------------------------------------------------


def test_a_device_is_read_with_its_references(tmp_path: Path) -> None:
    device = one(read(tmp_path, a_region()), "devices", "Devices!city-hall/srv-hr-01")
    assert device.fields == {
        "name": "srv-hr-01",
        "site_id": SourceRef("sites", "Sites!city-hall"),
        "location_id": SourceRef("locations", "Rooms!city-hall/b1"),
        "rack_id": SourceRef("racks", "Racks!city-hall/b1/r07"),
        "device_type_id": SourceRef("device_types", "Device types!dell/dell-poweredge-r640"),
        "role_id": SourceRef("device_roles", "Roles!server"),
        "platform_id": SourceRef("platforms", "Platforms!debian-12"),
        "tenant_id": SourceRef("tenants", "Tenants!stib"),
        "position": 12.0,
        "face": "front",
        "status": "active",
        "serial": "007X1E5",
        "asset_tag": "BXL-1",
        "parent_device_id": None,
        "parent_bay": None,
        "cluster_id": SourceRef("clusters", "Clusters!vmw-1"),
        "supply_redundancy": "1+1",
        "primary_ip": "10.2.0.14/24",
    }
    assert device.where == "region.xlsx, sheet Devices, row 2"


def test_a_partner_is_the_tenants_group(tmp_path: Path) -> None:
    snapshot = read(tmp_path, a_region())
    assert one(snapshot, "tenants", "Tenants!stib").fields["group_id"] == SourceRef(
        "tenant_groups", "Partners!stib-mivb"
    )
    assert one(snapshot, "tenant_groups", "Partners!stib-mivb").fields == {
        "name": "STIB/MIVB",
        "slug": "stib-mivb",
    }


def test_an_absent_part_number_is_not_told_either(tmp_path: Path) -> None:
    book = {
        "Device types": [{"Manufacturer": "Dell", "Model": "R640", "Height (U)": 1}],
    }
    snapshot = read_spreadsheet(write_book(tmp_path / "types.xlsx", book))
    (device_type,) = [item for item in snapshot.objects if item.kind == "device_types"]
    assert "part_number" not in device_type.fields


def test_a_column_that_is_absent_is_not_told_and_an_empty_cell_is_none(tmp_path: Path) -> None:
    book = a_region()
    for row in book["Racks"]:
        row.pop("Weight (kg)", None)
    rack = one(read(tmp_path, book), "racks", "Racks!stib-depot/basement/r01")
    assert "weight_kg" not in rack.fields
    assert rack.fields["max_weight_kg"] is None


def test_a_pair_may_be_kept_apart_by_feed_and_a_machine_on_a_storage_tier(tmp_path: Path) -> None:
    book = a_region()
    book["Constraints"][0]["Scope"] = "feed"
    book["Constraints"][1] |= {"Kind": "tier", "Value": "nvme"}
    snapshot = read(tmp_path, book)
    assert one(snapshot, "constraints", "Constraints!pair").fields["scope"] == "feed"
    tier = one(snapshot, "constraints", "Constraints!dmz").fields
    assert (tier["kind"], tier["value"]) == ("tier", "nvme")


def test_only_apart_has_the_scope_feed_and_a_tier_needs_its_name(tmp_path: Path) -> None:
    book = a_region()
    book["Constraints"][0] |= {"Kind": "together", "Scope": "feed"}
    book["Constraints"][1] |= {"Kind": "tier", "Value": None}
    found = [(error.place.header, error.what) for error in defects(tmp_path, book)]
    assert (
        "Scope",
        "only apart has scope feed: what is together shares a rack, a host or a move group",
    ) in found
    assert ("Value", "a constraint of kind tier needs Value, and it is empty") in found


def test_times_are_brussels_and_handed_over_in_utc(tmp_path: Path) -> None:
    snapshot = read(tmp_path, a_region())
    freeze = one(snapshot, "constraints", "Constraints!year-end")
    assert freeze.fields["start"] == datetime(2026, 12, 20, 17, 0, tzinfo=UTC)
    assert freeze.fields["end"] == datetime(2027, 1, 3, 23, 0, tzinfo=UTC)
    window = next(item for item in snapshot.objects if item.kind == "change_windows")
    assert (window.fields["weekday"], window.fields["start_minute"], window.fields["duration_minutes"]) == (
        5,
        1320,
        480,
    )


def test_a_type_brings_its_ports(tmp_path: Path) -> None:
    ports = [item for item in read(tmp_path, a_region()).objects if item.kind == "power_port_templates"]
    assert [(port.fields["name"], port.fields["maximum_draw_w"], port.fields["type"]) for port in ports] == [
        ("PSU1", 750, "iec-60320-c14"),
        ("PSU2", 750, "iec-60320-c14"),
    ]


def test_a_renamed_site_keeps_its_id_when_its_slug_stays(tmp_path: Path) -> None:
    book = a_region()
    before = {(item.kind, item.external_id) for item in read(tmp_path, book).objects}
    book["Sites"][0]["Name"] = "Town Hall"
    for rows in book.values():
        for row in rows:
            for header, value in row.items():
                if header in {"Site", "Sites"} and value:
                    row[header] = value.replace("Brussels City Hall", "Town Hall")
    assert {(item.kind, item.external_id) for item in read(tmp_path, book).objects} == before


def test_a_sheet_without_rows_is_not_complete(tmp_path: Path) -> None:
    book = a_region()
    book["Flows"] = []
    snapshot = read(tmp_path, book)
    assert "flows" not in snapshot.complete_kinds
    assert "devices" in snapshot.complete_kinds


def test_text_that_looks_like_a_formula_is_text(tmp_path: Path) -> None:
    book = a_region()
    book["Special needs"][0]["Detail"] = '=HYPERLINK("http://x","y")'
    need = next(item for item in read(tmp_path, book).objects if item.kind == "special_needs")
    assert need.fields["detail"] == '=HYPERLINK("http://x","y")'


@pytest.mark.parametrize(
    ("sheet", "header", "words"),
    [
        (
            "Racks",
            "Height (U)",
            ["hoogte", "HAUTEUR", "height_u", "Height U", "hoogte (HE)", "Hauteur [U]", "height (u) *"],
        ),
        ("Device types", "Weight (kg)", ["gewicht", "poids kg", "Poids (kg)", "weight_kg"]),
        ("Rooms", "Area (m²)", ["oppervlakte", "surface (m2)", "area_m2"]),
        ("Devices", "Role", ["Rôle", "rol", "FUNCTIE"]),
    ],
)
def test_headers_go_by_their_names_in_three_languages(
    tmp_path: Path, sheet: str, header: str, words: list[str]
) -> None:
    expected = read(tmp_path, a_region()).objects
    for word in words:
        book = a_region()
        book[sheet] = [
            {(word if key == header else key): value for key, value in row.items()} for row in book[sheet]
        ]
        assert read(tmp_path, book).objects == expected, word


def test_columns_may_stand_in_any_order_and_unknown_ones_are_said(tmp_path: Path) -> None:
    book = a_region()
    book["Devices"] = [dict(reversed([*row.items(), ("Colour", "beige")])) for row in book["Devices"]]
    snapshot = read(tmp_path, book)
    assert contents(snapshot) == contents(read(tmp_path, a_region()))
    assert any("Colour" in warning and "Devices" in warning for warning in snapshot.warnings)
    assert len(snapshot.warnings) == 1


def test_two_devices_on_one_unit_are_read_with_a_warning(tmp_path: Path) -> None:
    book = a_region()
    book["Devices"][1]["Position (U)"] = 12
    warnings = read(tmp_path, book).warnings
    assert len(warnings) == 1
    assert "row 3" in warnings[0]
    assert "srv-hr-01" in warnings[0]


def test_a_role_that_is_nearly_a_known_one_is_a_warning(tmp_path: Path) -> None:
    book = a_region()
    book["Devices"][0]["Role"] = "Servr"
    book["Devices"][1]["Role"] = "Quantum computer"
    warnings = read(tmp_path, book).warnings
    assert len(warnings) == 1
    assert "'Servr' is a new role; was Server meant?" in warnings[0]


def test_coordinates_outside_belgium_are_a_warning(tmp_path: Path) -> None:
    book = a_region()
    book["Sites"][0].update({"Latitude": 48.85, "Longitude": 2.35})
    assert any("outside Belgium" in warning for warning in read(tmp_path, book).warnings)


def test_a_unit_after_a_number_is_taken_when_it_is_the_columns(tmp_path: Path) -> None:
    book = a_region()
    book["Racks"][0]["Weight (kg)"] = "120,5 kg"
    assert one(read(tmp_path, book), "racks", "Racks!city-hall/b1/r07").fields["weight_kg"] == 120.5


# --- one bad cell at a time ------------------------------------------------------------------------------------------

LONG = "x" * 300

# sheet, row of the sheet (2 is the first below the header), header, the bad value, words of the message
BAD_CELLS: list[tuple[str, int, str, Any, str]] = [
    # empty, text, type
    ("Sites", 2, "Name", None, "empty"),
    ("Racks", 2, "Height (U)", None, "empty"),
    ("Racks", 2, "Height (U)", "forty-two", "not a number"),
    ("Racks", 2, "Weight (kg)", True, "true/false"),
    ("Racks", 2, "Weight (kg)", date(2026, 1, 1), "date"),
    ("Devices", 2, "Serial", 7, "leading zero"),
    ("Devices", 2, "Serial", "1E+05", "scientific"),
    ("Devices", 2, "Asset tag", 100000.0, "leading zero"),
    ("Devices", 2, "Name", 12345, "not text"),
    ("Circuits", 2, "Circuit id", 42, "not text"),
    ("Sites", 2, "Slug", "city hall!", "not a slug"),
    ("Sites", 2, "Landlord", True, "not text"),
    ("Devices", 5, "Parent bay", date(2026, 1, 2), "not text"),
    ("Racks", 2, "Weight (kg)", "5,", "not a number"),
    ("Racks", 2, "Weight (kg)", "٣", "not a number"),
    # numbers
    ("Racks", 2, "Height (U)", -42, "-42"),
    ("Racks", 2, "Height (U)", 0, "not above 0"),
    ("Racks", 2, "Height (U)", 61, "above 60"),
    ("Racks", 2, "Height (U)", 42.5, "whole number"),
    ("Racks", 2, "Weight (kg)", -1, "not above 0"),
    ("Racks", 2, "Maximum weight (kg)", 0, "not above 0"),
    ("Racks", 2, "Outer width (mm)", -600, "not above 0"),
    ("Racks", 2, "Starting unit", 0, "below 1"),
    ("Device types", 2, "Weight (kg)", -21.9, "not above 0"),
    ("Device types", 2, "Height (U)", 1.3, "multiple of 0.5"),
    ("Device types", 2, "Height (U)", -1, "negative"),
    ("Device types", 2, "Height (U)", 61, "above 60"),
    ("Device types", 2, "Draw per supply (W)", -750, "not above 0"),
    ("Device types", 2, "Power supplies", -2, "negative"),
    ("Rooms", 2, "Area (m²)", -24, "not above 0"),
    ("Rooms", 2, "Cooling (W)", -1, "negative"),
    ("Racks", 2, "Weight (kg)", "12 lb", "unit 'lb'"),
    ("Rooms", 2, "Cooling (W)", "12 kW", "unit 'kW'"),
    ("Racks", 2, "Weight (kg)", "1.200", "thousands"),
    ("Racks", 2, "Weight (kg)", "1,200", "thousands"),
    ("Racks", 2, "Weight (kg)", "1 200", "thousands"),
    ("Racks", 2, "Weight (kg)", "1'200", "thousands"),
    ("Racks", 2, "Weight (kg)", "NaN", "not a finite number"),
    ("Racks", 2, "Weight (kg)", "-inf", "not a finite number"),
    ("Racks", 2, "Weight (kg)", "1e999", "not a finite number"),
    # what Excel leaves behind
    ("Racks", 2, "Weight (kg)", "#REF!", "Excel error #REF!"),
    ("Racks", 2, "Weight (kg)", "#DIV/0!", "Excel error #DIV/0!"),
    ("Sites", 2, "Landlord", "#N/A", "Excel error #N/A"),
    ("Racks", 2, "Weight (kg)", Formula("60*2"), "formula without a calculated value"),
    # choices
    ("Devices", 2, "Face", "left", "front, rear"),
    ("Devices", 2, "Status", "broken", "allowed values"),
    ("Sites", 2, "Status", "offline", "allowed values"),
    ("Devices", 2, "Airflow", "up", "allowed values"),
    ("Device types", 2, "Airflow", "front to back", "allowed values"),
    ("Device types", 4, "Subdevice role", "grandparent", "parent, child"),
    ("Device types", 2, "Full depth", "half", "neither yes nor no"),
    ("Rooms", 2, "Has plan", 2, "neither yes nor no"),
    ("Power", 2, "Type", "tertiary", "primary, redundant"),
    ("Power", 2, "Supply", "hydraulic", "ac, dc"),
    ("Power", 2, "Phase", "two-phase", "single-phase"),
    ("Virtual machines", 2, "Status", "sleeping", "allowed values"),
    ("Circuits", 2, "Status", "fast", "allowed values"),
    ("Members", 2, "Kind", "printer", "device, virtual machine"),
    ("Constraints", 2, "Kind", "near", "together, apart"),
    ("Constraints", 2, "Scope", "street", "rack, host, group"),
    ("Special needs", 2, "Need", "coffee", "plug_type"),
    ("Observations", 2, "Metric", "colour", "power_w"),
    ("Observations", 2, "Basis", "guessed", "measured, nameplate"),
    ("Observations", 2, "Statistic", "median", "peak, p95"),
    # positions
    ("Devices", 2, "Position (U)", 0.5, "below the rack's starting unit"),
    ("Devices", 2, "Position (U)", 43, "above the rack"),
    ("Devices", 4, "Position (U)", 16, "above the rack"),
    ("Devices", 2, "Position (U)", 12.3, "multiple of 0.5"),
    ("Devices", 2, "Supply redundancy", "2N", "k+m"),
    ("Devices", 2, "Supply redundancy", "0+1", "k+m"),
    # references
    ("Rooms", 2, "Site", "Nowhere", "not on the sheet Sites"),
    ("Racks", 2, "Site", "Nowhere", "not on the sheet Sites"),
    ("Racks", 2, "Room", "B9", "not on the sheet Rooms"),
    ("Racks", 2, "Room", "Basement", "not in the site"),
    ("Devices", 2, "Site", "Nowhere", "not on the sheet Sites"),
    ("Devices", 2, "Rack", "R99", "not on the sheet Racks"),
    ("Devices", 2, "Rack", "R01", "not in the site"),
    ("Devices", 2, "Device type", "PowerEdge R999", "not on the sheet Device types"),
    ("Devices", 2, "Tenant", "Nobody", "not on the sheet Tenants"),
    ("Devices", 2, "Cluster", "vmw-9", "not on the sheet Clusters"),
    ("Devices", 5, "Parent device", "chassis-9", "not on the sheet Devices"),
    ("Devices", 5, "Parent device", "blade-1", "leads back"),
    ("Virtual machines", 2, "Cluster", "vmw-9", "not on the sheet Clusters"),
    ("Power", 2, "Rack", "R99", "not on the sheet Racks"),
    ("Members", 2, "Application", "Payroll", "not on the sheet Applications"),
    ("Members", 2, "Object", "srv-hr-99", "not on the sheet Devices"),
    ("Members", 3, "Object", "vm-hr-99", "not on the sheet Devices or Virtual machines"),
    ("Circuits", 2, "Sites", "Brussels City Hall; Nowhere", "'Nowhere' is not on the sheet Sites"),
    ("Constraints", 2, "Members", "srv-hr-01; ghost", "'ghost' is not on the sheet"),
    # duplicates
    ("Sites", 3, "Slug", "city-hall", "repeats the key of row 2"),
    ("Sites", 3, "Name", "brussels city hall", "repeats row 2"),
    ("Devices", 3, "Name", "SRV-HR-01", "repeats the key of row 2"),
    ("Devices", 3, "Serial", "007X1E5", "repeats row 2"),
    ("Devices", 3, "Asset tag", "BXL-1", "repeats row 2"),
    ("Virtual machines", 3, "Name", "vm-hr-web-01", "repeats the key of row 2"),
    ("Tenants", 3, "Name", "STIB", "repeats row 2"),
    ("Power", 3, "Feed", "A", "repeats row 2"),
    # coordinates
    ("Sites", 2, "Latitude", 91, "above 90"),
    ("Sites", 2, "Longitude", -181, "below -180"),
    ("Sites", 2, "Longitude", None, "only one of latitude and longitude"),
    # dates and times
    ("Sites", 2, "Lease end", "31/12/2028", "form YYYY-MM-DD"),
    ("Sites", 2, "Lease end", "2028-02-30", "not a day of the calendar"),
    ("Sites", 2, "Lease end", 20281231, "outside 1990–2100"),
    ("Sites", 2, "Lease end", -5, "outside 1990–2100"),
    ("Sites", 2, "Lease end", date(1900, 1, 5), "outside 1990–2100"),
    ("Sites", 2, "Lease end", True, "not a date"),
    ("Windows", 2, "Valid until", date(2025, 1, 1), "is not after Valid from"),
    ("Windows", 2, "Start", "25:00", "not a time of day"),
    ("Windows", 2, "Start", "noon", "not a time of day"),
    ("Windows", 2, "Start", 1.5, "not a time of day"),
    ("Windows", 2, "Weekday", "Caturday", "allowed values"),
    ("Windows", 2, "Duration (minutes)", 10_081, "above 10080"),
    ("Windows", 2, "Duration (minutes)", 0, "not above 0"),
    ("Constraints", 4, "End", date(2026, 12, 1), "is not after Start"),
    ("Constraints", 4, "End", None, "freeze needs End"),
    ("Constraints", 4, "Start", "20 December", "form YYYY-MM-DD"),
    ("Constraints", 4, "Start", "2026-03-29 02:30", "does not exist in Brussels"),
    ("Observations", 2, "Interval end", date(2026, 1, 1), "is not after Interval start"),
    # planning
    ("Applications", 2, "Criticality", 5, "above 4"),
    ("Applications", 2, "Criticality", 0, "below 1"),
    ("Applications", 2, "RPO (minutes)", -1, "negative"),
    ("Applications", 2, "RTO (minutes)", -60, "negative"),
    ("Applications", 2, "Downtime budget (minutes)", -1, "negative"),
    ("Flows", 2, "Target", "HR portal", "to itself"),
    ("Flows", 2, "Rate (Mbit/s)", -40, "negative"),
    ("Flows", 2, "Latency (ms)", 0, "not above 0"),
    ("Constraints", 2, "Members", "srv-hr-01", "at least two members"),
    ("Constraints", 2, "Members", "srv-hr-01; srv-hr-01", "twice"),
    ("Constraints", 3, "Members", " ;; ", "names nothing"),
    ("Constraints", 2, "Scope", None, "apart needs Scope"),
    ("Constraints", 3, "Value", None, "zone needs Value"),
    ("Power", 2, "Maximum utilisation (%)", 101, "above 100"),
    ("Power", 2, "Voltage (V)", 5, "below 12"),
    ("Power", 2, "Voltage (V)", 23000, "above 1000"),
    ("Power", 2, "Amperage (A)", 0, "below 1"),
    ("Power", 2, "Amperage (A)", 32000, "above 4000"),
    ("Observations", 2, "Value", -1, "negative"),
    ("Observations", 2, "Value", 312_500, "above 100000"),
    ("Observations", 2, "Unit", "kW", "not the unit of power_w"),
    ("Virtual machines", 2, "vCPUs", 0, "not above 0"),
    ("Virtual machines", 2, "Memory (MB)", -8192, "not above 0"),
    ("Virtual machines", 2, "Memory (MB)", 8, "looks like GB"),
    ("Virtual machines", 2, "Disk (MB)", 50, "looks like GB"),
    ("Virtual machines", 2, "Cluster", None, "neither a cluster nor a site"),
    # addresses and text
    ("Devices", 2, "Primary IP", "10.2.0.300", "not an IP address"),
    ("Devices", 2, "Primary IP", "fe80::1%eth0", "not an IP address"),
    ("Devices", 2, "Primary IP", "10.2.0.14/33", "not an IP address"),
    ("Devices", 2, "Name", LONG, "has 300 characters"),
    ("Sites", 2, "Address", LONG, "has 300 characters"),
    ("Devices", 2, "Name", "srv\u202e01", "control character U+202E"),
    ("Devices", 2, "Name", "srv\n01", "line break"),
]


@pytest.mark.parametrize(
    ("sheet", "row", "header", "value", "words"),
    BAD_CELLS,
    ids=[f"{sheet}-{header}-{str(value)[:16]}" for sheet, _, header, value, _ in BAD_CELLS],
)
def test_a_bad_cell_is_named(
    tmp_path: Path, sheet: str, row: int, header: str, value: Any, words: str
) -> None:
    book = a_region()
    book[sheet][row - 2][header] = value
    found = [error for error in defects(tmp_path, book) if words in error.what + error.remedy]
    assert len(found) == 1
    error = found[0]
    assert (error.place.sheet, error.place.row) == (sheet, row)
    assert error.remedy
    headers = list(dict.fromkeys(key for each in book[sheet] for key in each))
    if "neither a cluster" not in words:
        assert error.place.header == header
        assert error.place.column == headers.index(header) + 1
        letter = chr(ord("A") + headers.index(header))
        assert error.where == f"region.xlsx, sheet {sheet}, row {row}, column {letter} ({header})"


@pytest.mark.parametrize(
    ("sheet", "row", "header", "value", "words"),
    BAD_CELLS,
    ids=[f"{sheet}-{header}-{str(value)[:16]}" for sheet, _, header, value, _ in BAD_CELLS],
)
def test_a_bad_cell_draws_no_crowd_of_other_errors(
    tmp_path: Path, sheet: str, row: int, header: str, value: Any, words: str
) -> None:
    book = a_region()
    book[sheet][row - 2][header] = value
    rows = {(error.place.sheet, error.place.row) for error in defects(tmp_path, book)}
    # A row that lost its name is missed by the rows that refer to it; nothing else may follow from one cell.
    allowed = {(sheet, row)} if header not in {"Name", "Slug"} else rows
    assert rows <= allowed
