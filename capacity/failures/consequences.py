"""What a loss does, in values and sentences for people: rounds and overloads, assets and applications with the reason.

A `Consequence` tells one set of losses in full; a `Row` is its line in the matrix of all of them. What is true is
worked out in `evaluation`; here it becomes words. Names come from sources and are data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.estate import Ref


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix. Assets are devices and workloads; `restarting` ones come back on another host, `unknown`
    ones may be down. Applications by state. `overload` is the highest load over what may be carried, None for nothing
    over; `nothing_left` where there is nothing left to carry it. `most_critical` of the applications that are down.
    `partners` whose assets or applications are down or start again.
    """

    losses: tuple[str, ...]
    assets_down: int
    restarting: int
    assets_unknown: int
    applications_down: int
    applications_unknown: int
    interrupted: int
    degraded: int
    overload: float | None
    nothing_left: bool
    tripped: int
    most_critical: int | None
    partners: tuple[str, ...]

    @property
    def is_finding(self) -> bool:
        """Something is down or over."""
        return bool(
            self.assets_down or self.applications_down or self.overload is not None or self.nothing_left
        )

    @property
    def weight(self) -> tuple[float, ...]:
        """For sorting: what is worse is higher."""
        over = float("inf") if self.nothing_left else self.overload or 0.0
        return (
            self.applications_down,
            self.assets_down,
            over,
            self.applications_unknown,
            self.interrupted,
            self.degraded,
            self.assets_unknown,
        )


@dataclass(frozen=True, slots=True)
class PairRow:
    """A pair, and what it adds to its two losses taken each alone: applications and assets down in neither of them, and
    whether something is over that neither overloads.
    """

    row: Row
    more_applications: int
    more_assets: int
    is_newly_over: bool

    @property
    def is_worse_than_apart(self) -> bool:
        return bool(self.more_applications or self.more_assets or self.is_newly_over)

    @property
    def weight(self) -> tuple[float, ...]:
        return (self.more_applications, self.more_assets, float(self.is_newly_over), *self.row.weight)


@dataclass(frozen=True, slots=True)
class OverloadLine:
    """`what` carries `load` of at most `limit` (None: unknown), in `unit`. `trips`: it opens, and is lost as well."""

    what: str
    load: float
    limit: float
    unit: str
    trips: bool = False

    @property
    def share(self) -> float | None:
        return self.load / self.limit if self.limit > 0 else None


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the cascade: what is lost in it (round 0: the losses named; later: what tripped), what is then over,
    and how many loads go down in it, kit and hosts included.
    """

    number: int
    lost: tuple[str, ...]
    overloads: tuple[OverloadLine, ...]
    loads_down: int


@dataclass(frozen=True, slots=True)
class AssetLine:
    """One asset that is not simply up: `state` down, restarting or unknown, and why."""

    asset: Ref
    name: str
    partner: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One application that is not up. `state` is one of `application_states.STATES`."""

    id: int
    name: str
    partner: str
    criticality: int | None
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Consequence:
    """One set of losses in full. `over` are overloads outside the supply graph (cooling, storage, lines, source feeds);
    `notes` say what else is to know.
    """

    row: Row
    rounds: tuple[Round, ...]
    over: tuple[OverloadLine, ...]
    applications: tuple[ApplicationLine, ...]
    assets: tuple[AssetLine, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diversity:
    """A load with a spare supply that one node takes down, or would, did the facility not say that it can't fail."""

    load: str
    rack: str
    redundancy: str
    node: str
    can_fail: bool


@dataclass(frozen=True, slots=True)
class SharedFate:
    """Members of an application that are kept apart, and all go down with one loss: apart, but not truly so."""

    application: str
    partner: str
    constraint: str
    members: tuple[str, ...]
    losses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Losses × consequences at one moment, worst first. `things` were looked at; `idle` of them carry nothing then.
    `baseline` is the line with nothing lost; `untraced` devices at sources have no recorded power, and `assumptions`
    say what the answers rest on.
    """

    plan: str
    moment: str
    things: int
    idle: int
    baseline: Row
    rows: tuple[Row, ...]
    diversity: tuple[Diversity, ...]
    shared_fates: tuple[SharedFate, ...]
    double_fed: int
    untraced: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairMatrix:
    """The pairs: how many, how many of them are findings, how many are worse than their two losses apart; the worst."""

    plan: str
    moment: str
    things: int
    idle: int
    pairs: int
    findings: int
    worse_than_apart: int
    rows: tuple[PairRow, ...]
    assumptions: tuple[str, ...]


def watts(load_w: float) -> tuple[float, str]:
    """A power as it is read: W below 10 kW, kW from there."""
    return (load_w / 1000, "kW") if abs(load_w) >= 10_000 else (load_w, "W")


def number(value: float) -> str:
    """A number for a sentence: no decimals from 100, one below; thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.1f}"


def counted(value: int, one: str, many: str = "") -> str:
    """Like "1 host", "3 hosts"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def some(names: Iterable[str], most: int = 3) -> str:
    """Like "a, b and 4 more"."""
    listed = list(names)
    if len(listed) <= most:
        return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
    return f"{', '.join(listed[:most])} and {len(listed) - most} more"
