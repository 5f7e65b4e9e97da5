"""What has been measured, weighed and read off plates: the observations that demands are derived from.

In metered rooms the power strips know nearly every draw; elsewhere somebody read the rating plates of what publishes no
draw. What is neither published nor measured nor read stays unknown, and is then unproven.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from inventory.sources.sample_region.hardware import inlets
from inventory.sources.sample_region.region import Gear, Region

FIRST_READING = datetime(2026, 9, 1, tzinfo=UTC)
METERED = 0.93  # share of a metered room's devices whose outlet is read
PLATES_READ = 0.985  # of those whose draw is neither measured nor published
WEIGHED = 0.95  # of those whose weight nobody publishes and nothing alike bounds
P95, MEAN = 0.88, 0.63  # of the peak

# What such things weigh on the scales, in kg: lowest and highest. Only of types without a published weight.
SCALES = {
    "hpe-bladesystem-c7000": (120, 150), "cisco-ucsb-5108-ac2": (70, 85), "ibm-bladecenter-h": (75, 100),
    "hpe-proliant-bl460c-gen9": (5, 7), "hpe-proliant-bl460c-gen10": (5, 7), "hpe-synergy-480-gen10": (6, 8),
    "cisco-ucsb-b200-m5": (6, 8), "ibm-bladecenter-hs22": (4, 6), "hpe-proliant-dl580-gen9": (38, 51),
    "quantum-scalar-i3": (20, 35), "thales-luna-k6": (11, 13), "infoblox-ib-825": (7, 9), "lantime-m300": (4, 5),
    "cpap-sg23800": (13, 17), "asa5525-x": (7, 9), "ts-1263u-rp": (16, 30), "dell-powervault-me4024": (16, 24),
    "dell-unity-xt-880f": (24, 31),
}  # fmt: skip
UNITS = {
    "power_w": "W",
    "weight_kg": "kg",
    "vcpus": "vCPU",
    "memory_mb": "MB",
    "disk_mb": "MB",
    "cpu_pct": "%",
}
UNKNOWABLE = ("gone", "bound", "strip", "house", "network", "transfer")


def observe(region: Region, unmeasured: set[str]) -> None:
    """Tell observations; of the devices named in `unmeasured` nobody knows the draw."""
    for gear in region.gear():
        if gear.key not in unmeasured:
            _power(region, gear)
        _weight(region, gear)
        if gear.workload is not None:
            for metric, value in zip(("vcpus", "memory_mb", "disk_mb"), gear.workload, strict=True):
                _tell(region, gear, metric, float(value), "measured", "value", "inventory agent")
            peak = region.rng.uniform(8, 75)
            _tell(region, gear, "cpu_pct", round(peak, 1), "measured", "p95", "inventory agent")


def publishes_draw(gear: Gear) -> bool:
    """Whether the makers publish what every inlet of the device draws."""
    ports = inlets(gear.type, gear.role)
    return bool(ports) and all(draw is not None for _, _, draw in ports)


def _power(region: Region, gear: Gear) -> None:
    rng = region.rng
    if gear.draw_w <= 0 or gear.parent is not None or gear.group == "gone":
        return
    if gear.room.is_metered and rng.random() < METERED:
        for statistic, share in (("peak", 1.0), ("p95", P95), ("mean", MEAN)):
            value = round(gear.draw_w * share * rng.uniform(0.97, 1.0), 1) if share < 1 else gear.draw_w
            _tell(region, gear, "power_w", value, "measured", statistic, "PDU outlet meter")
    elif not publishes_draw(gear) and gear.group not in UNKNOWABLE and rng.random() < PLATES_READ:
        plate = math.ceil(gear.draw_w * rng.uniform(1.3, 1.9) / 50) * 50
        _tell(
            region, gear, "power_w", float(plate), "nameplate", "value", "rating plate, survey of the rooms"
        )


def _weight(region: Region, gear: Gear) -> None:
    span = SCALES.get(gear.type.slug)
    if span is None or gear.group in UNKNOWABLE:
        return
    # An enclosure was weighed with its blades, or nobody could have carried it.
    if gear.role not in ("chassis", "blade") and region.rng.random() >= WEIGHED:
        return
    weight = round(region.rng.uniform(*span), 1)
    _tell(region, gear, "weight_kg", weight, "measured", "value", "scales, survey of the rooms")


def _tell(
    region: Region, gear: Gear, metric: str, value: float, basis: str, statistic: str, source: str
) -> None:
    start = FIRST_READING + timedelta(days=_first_day(gear))
    is_interval = statistic in ("peak", "p95", "mean")
    region.register.numbered(
        "observations",
        object=gear.ref,
        metric=metric,
        value=value,
        unit=UNITS[metric],
        basis=basis,
        statistic=statistic,
        observed_at=start + timedelta(days=30),
        interval_start=start if is_interval else None,
        interval_end=start + timedelta(days=30) if is_interval else None,
        source=source,
    )


def _first_day(gear: Gear) -> int:
    """The day of September on which reading the device's room began; the same in every run."""
    return sum(gear.room.key.encode()) % 20
