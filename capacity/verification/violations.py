"""What a broken rule looks like: its code, what broke it, when, by how much, and what to do. Judging is elsewhere.

`RULES` lists every code of docs/reference/rules.md with one line for listings (SARIF, `--format text`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from inventory.rows import Ref

RULES: dict[str, str] = {
    "PLAN-HASH": "The plan's content hash is the hash of its content",
    "DOCUMENT": "What the plan says of itself and of each asset is so",
    "INPUT-ESTATE": "The plan was made from this estate",
    "INPUT-FACILITY": "The plan was made from this facility",
    "INPUT-CALENDAR": "The plan was made with the calendar of the settings",
    "REF-UNKNOWN": "Everything the plan names exists, and ids are unique",
    "COVERAGE": "Every asset has exactly one decision, and is placed or listed as unplaced as its strategy says",
    "UNPROVEN": "Every quantity of a placed asset is known",
    "DEMAND": "The demand of a placed asset is what the demand rules give",
    "OVERRIDE": "A person's override is what the decision says",
    "KEEP": "What must stay stays, and what needs its hardware is not rehosted",
    "EVIDENCE": "Objectives are what the plan's lists give, and their bounds are no larger",
    "RACK-POSITION": "Each new rack stands alone at a position that it fits",
    "RACK-STOCK": "New racks are in stock, and as their model says, with their fixed kit",
    "UNIT-OVERLAP": "No two things take the same units of a rack",
    "UNIT-RANGE": "Everything stands within the units of its rack, on whole units where it is whole units high",
    "BAY": "A device in a bay goes with its chassis",
    "AIRFLOW": "Devices face the cold aisle as their airflow asks",
    "HEAVY-LOW": "Heavy devices stand low",
    "RACK-WEIGHT": "No rack carries more than it may",
    "FLOOR": "No rack loads the floor more than it bears",
    "ROUTE": "Whatever comes in finds a way from the dock that lets it through",
    "PORTS": "No rack needs more network ports than it provides",
    "ZONE": "Everything stands in its security zone",
    "OWNER": "Racks hold what belongs to their owner",
    "TOGETHER": "What belongs together is together",
    "APART": "What must be apart is apart",
    "POWER-CORDS": "Every supply has a cord to a feed and leg at hand",
    "POWER-NODE": "No node of the supply graph carries more than it may, whatever single node is lost",
    "POWER-LEG": "No leg of a feed carries more than its share, whatever single node is lost",
    "POWER-DIVERSE": "A redundant load survives every single loss",
    "COOLING": "No cooling zone has more heat than its usable cooling",
    "ENTITLEMENT": "No partner uses more than its entitlement",
    "RESERVATION": "What a partner keeps reserved stays unused until it is released",
    "HOST-TYPE": "Every cloud host is of a type of its pool, and no more are bought than there are",
    "HOST-CAPACITY": "No cloud host promises more than it may",
    "POOL-STORAGE": "No cloud pool stores more than it may, its reserve gone and every copy apart",
    "POOL-RESERVE": "Whatever hosts may go, what ran on them restarts; no pool has more hosts than it may",
    "STORAGE-TIER": "Workloads run in a pool that has their storage tier",
    "TENANCY": "Workloads run in a pool that serves their zone",
    "HORIZON": "All is done within the time that the calendar is for",
    "STEP-ORDER": "Steps end after they start, start after their predecessors ended, and name what they need",
    "STEP-SEQUENCE": "Every asset has the steps its strategy asks for, from where it was to where it is placed",
    "PHASE": "Nothing is used before it is ready, delivered and commissioned",
    "WINDOW": "Assets are touched within their change windows only",
    "FREEZE": "Assets are not touched during a freeze",
    "PIN": "What a person pinned moves when it was pinned to",
    "HOLIDAY": "Nobody works on a holiday",
    "SCHOOL": "What moves only or never in school holidays does so",
    "RESOURCE": "No crew, van or dock is used beyond its capacity",
    "EFFORT": "Steps hold enough hands for their work",
    "VAN": "Relocations fit into their vans and hold a dock slot",
    "ESCORT": "What bears data and is not wiped leaves with an escort",
    "SKILL": "Whoever has the skill for an asset is there when it moves",
    "STAGING": "What arrives has somewhere to stand until it is mounted",
    "REPLICATION": "Replications have the time, the line and the rate they need, over the line or by truck",
    "CHANGES": "What changes after a copy keeps its part of the line until the cutover is over",
    "RPO": "No copy is older than its applications may lose",
    "CIRCUIT": "No line carries more than it can",
    "CORE": "The shared core carries all lines at once, where its rate is known",
    "FLOW-LATENCY": "Flows that stand no distance never cross sites",
    "DOWNTIME": "No application is down for longer than its budget",
    "RISKY": "No tenant has two risky moves at once",
    "AUDIT": "Sites are walked through before the waves that take from them are frozen",
    "REHEARSAL": "What is most critical is rehearsed before it moves",
    "HYPERCARE": "People stand by after every night's moves",
    "ROLLBACK": "The way back stays open as long as promised",
    "SOURCE-HELD": "Nothing else takes a source place while the way back is open",
    "GROUP": "Groups move in their wave, and as a whole",
    "ROOM": "Rooms said to be empty are",
}

_ORDER = {code: index for index, code in enumerate(RULES)}


def number(value: float) -> str:
    """A number as it is said in a message: thousands apart, few decimals, never in powers of ten."""
    if not math.isfinite(value):
        return str(value)
    digits = 6 if abs(value) < 0.01 else 3  # so that a hundredth of a percent is not 0
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def counted(value: float, noun: str) -> str:
    """A number with its noun: 1 day, 2.5 days."""
    said = number(value)
    return f"{said} {noun}" if said == "1" else f"{said} {noun}s"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    `asset` is what broke it when one asset did, `object` the thing whose limit it is or the document's part. `moment`
    is the first at which the rule is broken (None where time plays no part); `amount` how much over, in `unit`, at the
    worst moment (None where nothing is counted). `message` says what, where, when and how much; `remedy` what to do.
    """

    code: str
    asset: Ref | None
    object: str
    moment: datetime | None
    amount: float | None
    unit: str
    message: str
    remedy: str


@dataclass(slots=True)
class Findings:
    """Collects violations while the rules run, and hands them out sorted and without repetitions."""

    found: list[Violation] = field(default_factory=list)

    def add(
        self,
        code: str,
        object_: str,
        message: str,
        remedy: str,
        *,
        asset: Ref | None = None,
        moment: datetime | None = None,
        over: tuple[float, str] | None = None,
    ) -> None:
        """Note one violation; `over` is the amount over and its unit. An unknown code is a KeyError here, not later."""
        _ORDER[code]
        amount, unit = (over[0], over[1]) if over else (None, "")
        self.found.append(Violation(code, asset, object_, moment, amount, unit, message, remedy))

    def sorted(self) -> tuple[Violation, ...]:
        """By rule in the order of the page, then moment, object and asset."""
        return tuple(sorted(dict.fromkeys(self.found), key=_key))


def _key(violation: Violation) -> tuple[int, bool, float, str, str, int, str]:
    asset = violation.asset or Ref("", 0)
    seconds = violation.moment.timestamp() if violation.moment else 0.0
    return (
        _ORDER[violation.code],
        violation.moment is not None,
        seconds,
        violation.object,
        asset.kind,
        asset.id,
        violation.message,
    )
