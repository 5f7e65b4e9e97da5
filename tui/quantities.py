"""How dimensions and amounts of them are called where people read them: "units", "power"; "184.5 kW", "64 GB"."""

from __future__ import annotations

from datetime import timedelta

WORDS = {
    "height_u": "units",
    "power_w": "power",
    "heat_w": "cooling",
    "weight_kg": "weight",
    "area_m2": "area",
    "vcpus": "vCPUs",
    "memory_mb": "memory",
    "disk_mb": "disk",
    "rate_mbps": "line rate",
    "heavy_u": "low units for heavy kit",
    "legs": "phase legs",
}
OBJECTIVES = {
    "unplaced": "assets without a place",
    "new_racks": "new racks",
    "cloud_hosts": "cloud hosts",
    "energy_kwh": "kWh a year",
}
DATES = {
    "room_days": "days until rooms are empty, in all",
    "last_room_days": "days until the last is",
}
IN_THOUSANDS = {"power_w": "kW", "heat_w": "kW", "memory_mb": "GB", "disk_mb": "GB"}
UNITS = {
    "height_u": "U",
    "units_u": "U",
    "heavy_u": "U",
    "weight_kg": "kg",
    "area_m2": "m²",
    "rate_mbps": "Mbit/s",
}


def word(dimension: str) -> str:
    """What a dimension is called."""
    return WORDS.get(dimension, dimension.replace("_", " "))


def amount(value: float, dimension: str) -> str:
    """A number with the unit a person would say."""
    if dimension in IN_THOUSANDS:
        digits = 1 if IN_THOUSANDS[dimension] == "kW" else 0
        return f"{value / 1000:,.{digits}f} {IN_THOUSANDS[dimension]}"
    return f"{value:,.1f}".removesuffix(".0") + (f" {UNITS[dimension]}" if dimension in UNITS else "")


def used_of(used: float, limit: float, dimension: str) -> str:
    """Like "8.8 of 8.9 kW"; the unit is said once."""
    first, second = amount(used, dimension), amount(limit, dimension)
    unit = second.rpartition(" ")[2] if " " in second else ""
    return f"{first.removesuffix(f' {unit}') if unit else first} of {second}"


def some(number: int, one: str, many: str = "") -> str:
    """Like "1 room", "3 rooms"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def share(value: float) -> str:
    """A share with a digit where it is neither none nor all, and never rounded to either."""
    if value in (0.0, 1.0):
        return f"{value:.0%}"
    return f"{min(max(value, 0.001), 0.999):.1%}"


def euros(value: float | None) -> str:
    """Like "12,500 €", or "unknown"."""
    return "unknown" if value is None else f"{value:,.0f} €"


def lasting(time: timedelta) -> str:
    """Like "45 min", "6 h 30 min", "3 d 4 h", "none"."""
    minutes = round(time.total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        f"{days:,} d" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or "none"
