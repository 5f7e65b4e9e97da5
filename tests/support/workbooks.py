"""Workbooks for tests: one small valid region, and ways to spoil a single cell of it."""

from __future__ import annotations

import copy
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl

Rows = list[dict[str, Any]]
Book = dict[str, Rows]

REGION: Book = {
    "Sites": [
        {
            "Name": "Brussels City Hall",
            "Slug": "city-hall",
            "Status": "active",
            "Region": "Brussels",
            "Tenant": "City of Brussels",
            "Address": "Grote Markt 1, 1000 Brussels",
            "Latitude": 50.8466,
            "Longitude": 4.3525,
            "Landlord": "Regie der Gebouwen",
            "Lease end": date(2028, 12, 31),
        },
        {"Name": "STIB depot", "Slug": None, "Latitude": 50.83, "Longitude": 4.33},
    ],
    "Rooms": [
        {
            "Site": "Brussels City Hall",
            "Name": "B1",
            "Area (m²)": 24.5,
            "Cooling (W)": 12000,
            "Floor limit (kg/m²)": 500,
            "Has plan": "yes",
        },
        {"Site": "stib-depot", "Name": "Basement", "Has plan": None},
    ],
    "Racks": [
        {
            "Site": "Brussels City Hall",
            "Room": "B1",
            "Name": "R07",
            "Tenant": "STIB",
            "Height (U)": 42,
            "Starting unit": 1,
            "Descending units": "no",
            "Outer width (mm)": 600,
            "Outer depth (mm)": 1000,
            "Weight (kg)": 120,
            "Maximum weight (kg)": 1000,
        },
        {"Site": "STIB depot", "Room": "Basement", "Name": "R01", "Height (U)": 24},
    ],
    "Device types": [
        {
            "Manufacturer": "Dell",
            "Model": "PowerEdge R640",
            "Part number": "R640",
            "Height (U)": 1,
            "Full depth": "yes",
            "Airflow": "front-to-rear",
            "Weight (kg)": 21.9,
            "Power supplies": 2,
            "Draw per supply (W)": 750,
            "Plug type": "iec-60320-c14",
        },
        {"Manufacturer": "Panduit", "Model": "CP24", "Height (U)": 0.5, "Full depth": "no", "Front ports": 3},
        {"Manufacturer": "HPE", "Model": "c7000", "Height (U)": 10, "Subdevice role": "parent"},
        {"Manufacturer": "HPE", "Model": "BL460c", "Height (U)": 0, "Subdevice role": "child"},
    ],
    "Devices": [
        {
            "Name": "srv-hr-01",
            "Site": "Brussels City Hall",
            "Room": "B1",
            "Rack": "R07",
            "Device type": "PowerEdge R640",
            "Role": "Server",
            "Platform": "Debian 12",
            "Tenant": "STIB",
            "Position (U)": 12,
            "Face": "front",
            "Status": "active",
            "Serial": "007X1E5",
            "Asset tag": "BXL-1",
            "Cluster": "vmw-1",
            "Supply redundancy": "1+1",
            "Primary IP": "10.2.0.14/24",
        },
        {
            "Name": "srv-hr-02",
            "Site": "city-hall",
            "Rack": "R07",
            "Device type": "dell / poweredge r640",
            "Role": "Server",
            "Position (U)": 14,
            "Face": "front",
            "Serial": "007X1E6",
            "Asset tag": "BXL-2",
        },
        {
            "Name": "chassis-1",
            "Site": "STIB depot",
            "Rack": "R01",
            "Device type": "c7000",
            "Role": "Chassis",
            "Position (U)": 1,
        },
        {
            "Name": "blade-1",
            "Site": "STIB depot",
            "Device type": "BL460c",
            "Role": "Server",
            "Parent device": "chassis-1",
            "Parent bay": "Bay 1",
        },
    ],
    "Power": [
        {
            "Site": "Brussels City Hall",
            "Room": "B1",
            "Panel": "DB-1",
            "Feed": "A",
            "Rack": "R07",
            "Type": "primary",
            "Phase": "single-phase",
            "Voltage (V)": 230,
            "Amperage (A)": 32,
            "Maximum utilisation (%)": 80,
        },
        {"Site": "Brussels City Hall", "Panel": "DB-1", "Feed": "B", "Type": "redundant"},
    ],
    "Clusters": [
        {"Name": "vmw-1", "Type": "VMware vSphere", "Tenant": "STIB", "Room": "B1", "Site": "city-hall"}
    ],
    "Virtual machines": [
        {
            "Name": "vm-hr-web-01",
            "Cluster": "vmw-1",
            "Role": "Web server",
            "Tenant": "STIB",
            "vCPUs": 4,
            "Memory (MB)": 8192,
            "Disk (MB)": 100000,
            "Primary IP": "2001:db8::1",
        },
        {"Name": "vm-hr-db-01", "Cluster": "vmw-1", "vCPUs": 2},
    ],
    "Tenants": [
        {"Name": "STIB", "Partner": "STIB/MIVB"},
        {"Name": "City of Brussels", "Slug": "brussels", "Partner": None},
    ],
    "Applications": [
        {
            "Name": "HR portal",
            "Tenant": "STIB",
            "Criticality": 2,
            "RPO (minutes)": 60,
            "RTO (minutes)": 240,
            "Downtime budget (minutes)": 120,
            "Shared service": "no",
            "Owner": "HR IT",
        },
        {"Name": "Directory", "Shared service": "ja"},
    ],
    "Members": [
        {"Application": "HR portal", "Kind": "device", "Object": "srv-hr-01"},
        {"Application": "HR portal", "Object": "vm-hr-web-01"},
    ],
    "Flows": [
        {
            "Source kind": "application",
            "Source": "HR portal",
            "Target": "Directory",
            "Rate (Mbit/s)": 40.5,
            "Latency (ms)": 10,
            "Description": "=LDAP queries",
        }
    ],
    "Windows": [
        {
            "Kind": "application",
            "Object": "HR portal",
            "Weekday": "Saturday",
            "Start": time(22, 0),
            "Duration (minutes)": 480,
            "Valid from": date(2026, 1, 1),
            "Valid until": date(2026, 12, 31),
        }
    ],
    "Constraints": [
        {
            "Name": "pair",
            "Kind": "apart",
            "Members": "srv-hr-01; srv-hr-02",
            "Scope": "rack",
            "Reason": "quorum",
        },
        {"Name": "dmz", "Kind": "zone", "Members": "vm-hr-web-01", "Value": "dmz"},
        {
            "Name": "year-end",
            "Kind": "freeze",
            "Members": "HR portal",
            "Start": datetime(2026, 12, 20, 18, 0),
            "End": date(2027, 1, 4),
        },
    ],
    "Special needs": [{"Object": "srv-hr-01", "Need": "dongle", "Detail": "USB key"}],
    "Observations": [
        {
            "Kind": "device",
            "Object": "srv-hr-01",
            "Metric": "power_w",
            "Value": 312.5,
            "Unit": "W",
            "Basis": "measured",
            "Statistic": "peak",
            "Observed at": datetime(2026, 3, 1, 10, 0),
            "Interval start": date(2026, 2, 1),
            "Interval end": date(2026, 3, 1),
            "Source": "PDU",
        }
    ],
    "Circuits": [
        {
            "Circuit id": "IRIS-00042",
            "Provider": "IRISnet",
            "Type": "Dark fibre",
            "Rate (Mbit/s)": 1000,
            "Sites": "Brussels City Hall; STIB depot",
        }
    ],
}


def a_region() -> Book:
    """A valid workbook with every sheet, free to be changed."""
    return copy.deepcopy(REGION)


def write_book(path: Path, book: Book) -> Path:
    """Write the rows; a sheet's headers are the keys of its rows. Dates and times get their cell formats."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in book.items():
        page = workbook.create_sheet(name)
        headers = list(dict.fromkeys(header for row in rows for header in row))
        page.append(headers)
        for number, row in enumerate(rows, start=2):
            for index, header in enumerate(headers, start=1):
                cell = page.cell(number, index)
                _fill(cell, row.get(header))
    workbook.save(path)
    return path


def _fill(cell: Any, value: Any) -> None:
    if isinstance(value, Formula):
        cell.value = f"={value.text}"
        return
    cell.value = value
    if isinstance(value, str) and value.startswith("="):
        cell.data_type = "s"
    elif isinstance(value, str) and value.startswith("#"):
        cell.data_type = "e"


class Formula:
    """A formula that no program has calculated."""

    def __init__(self, text: str) -> None:
        self.text = text
