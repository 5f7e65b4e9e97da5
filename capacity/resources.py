"""The dimensions vorst counts in, their units, and a value with its range: defined once, used by planner and checker.

Nothing here derives a value; `demand` does that from observations, `facility` from what is built.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# Dimension name -> unit as shown to people. The unit also stands at the end of the name.
UNITS: dict[str, str] = {
    "height_u": "U",
    "power_w": "W",
    "weight_kg": "kg",
    "heat_w": "W",
    "ports": "ports",
    "area_m2": "m²",
    "vcpus": "vCPU",
    "memory_mb": "MB",
    "disk_mb": "MB",
    "rate_mbps": "Mbit/s",
    "change_rate_mbps": "Mbit/s",
    "energy_kwh": "kWh",
}

HOURS_PER_YEAR = 8760  # a plan year; leap days are within the error of every draw it multiplies
SECONDS_PER_DAY = 86_400
BITS_PER_MB = 8_000_000  # NetBox's MB are decimal since 4.2 (1000² bytes)
LEGS = ("L1", "L2", "L3")
KG_PER_KN = 1000 / 9.80665  # kN/m² to kg/m² (FACTS, floor load)
MOST_SUPPLIES = 99  # of one thing: nothing has more, and a number without end is no number
TOLERANCE = 1e-6  # absolute, in any unit: sums of many floats differ in the last places


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of one dimension an asset asks for, and why we say so.

    `low` ≤ `planning` ≤ `high` in the dimension's unit; hard limits hold at `planning`. `rule` is the derivation's
    name (docs/reference/rules.md, demand rules); `is_estimate` is true when no value was measured or published for
    this very asset or its type. A quantity nobody can bound is not a Quantity: it is absent, and the asset unproven.
    """

    low: float
    planning: float
    high: float
    rule: str
    is_estimate: bool = False

    @classmethod
    def exact(cls, value: float, rule: str) -> Quantity:
        """A known value: no range."""
        return cls(value, value, value, rule)


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Supply redundancy "k+m": `needed` supplies carry the load, `spare` may be lost. 1+0 is single-corded."""

    needed: int
    spare: int

    @property
    def supplies(self) -> int:
        return self.needed + self.spare

    def __str__(self) -> str:
        return f"{self.needed}+{self.spare}"

    @classmethod
    def parse(cls, text: str) -> Redundancy:
        """Read "1+1"; raises ValueError when it is not k+m with k ≥ 1 and m ≥ 0, of at most 99 supplies each."""
        needed, _, spare = (part.strip() for part in text.partition("+"))
        is_short = max(len(needed), len(spare)) <= len(str(MOST_SUPPLIES))
        if not (is_short and needed.isdigit() and spare.isdigit() and int(needed) > 0):
            message = f"supply redundancy {text!r} is not k+m, such as 1+1 or 2+2"
            raise ValueError(message)
        return cls(int(needed), int(spare))


def feed_rating_w(
    voltage_v: float, amperage_a: float, *, three_phase: bool, max_utilization_pct: float = 100.0
) -> float:
    """Rating of a feed in W: V × A, × √3 when three-phase with line-to-line voltage (NetBox's definition)."""
    factor = math.sqrt(3) if three_phase else 1.0
    return voltage_v * amperage_a * factor * max_utilization_pct / 100


def replication_seconds(used_mb: float, rate_mbps: float) -> float:
    """Seconds to copy `used_mb` megabytes once over `rate_mbps` Mbit/s."""
    return used_mb * BITS_PER_MB / (rate_mbps * 1_000_000)


def catching_up_seconds(used_mb: float, rate_mbps: float, changes_mbps: float) -> float:
    """Seconds until a copy of `used_mb` has caught up with changes that come meanwhile; infinite where it never does.

    Each pass sends what changed during the last: V/r · (1 + c/r + (c/r)² + …) = V ÷ (r − c) for c < r, with V in Mbit,
    the rate r and changes c in Mbit/s: all that is there or comes until t passes the line by then, V + c·t = r·t.
    """
    if used_mb <= 0:
        return 0.0
    return math.inf if rate_mbps <= changes_mbps else replication_seconds(used_mb, rate_mbps - changes_mbps)


def assumed_change_mbps(used_mb: float, share_per_day: float) -> float:
    """Mbit/s of changes where a share of what is used changes each day."""
    return used_mb * BITS_PER_MB / 1_000_000 * share_per_day / SECONDS_PER_DAY
