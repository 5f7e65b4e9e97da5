"""The sample region is worth planning: it binds, and each of its four bottlenecks, lifted alone, changes the plan.

The default region on the default facility shows that it does and that nearly everything has a place. Power, floor and
line are lifted on a quarter of it, with a quarter of every entitlement, to keep this affordable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from capacity import planner
from capacity.calendar import Calendar
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility import Facility
from capacity.facility import sealed as sealed_facility
from capacity.facility_file import default_text, read_facility
from capacity.plan import Plan
from capacity.verify import check
from inventory.estate import Estate, Ref, sealed
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

START = datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Brussels"))
QUARTER = 650
# The default region is planned in about 20 s on a quiet machine, and in ten times that on a busy one.
pytestmark = pytest.mark.timeout(900)
METRO_MINUTES = 4 * 60


@dataclass(frozen=True)
class Case:
    """The inputs of a plan, and the plan."""

    estate: Estate
    facility: Facility
    calendar: Calendar
    plan: Plan

    def unplaced(self, dimension: str, partner: str | None = None) -> set[Ref]:
        """Proven assets without a place for lack of something, of one partner where one is named."""
        partners = {decision.asset: decision.partner for decision in self.plan.decisions}
        return {
            entry.asset
            for entry in self.plan.unplaced
            if not entry.is_unproven
            and any(lack.dimension == dimension for lack in entry.lacks)
            and partner in {None, partners[entry.asset]}
        }

    def lifted(
        self,
        *,
        estate: Estate | None = None,
        facility: Facility | None = None,
        calendar: Calendar | None = None,
    ) -> Case:
        """The same with one input replaced, planned anew."""
        return planned(estate or self.estate, facility or self.facility, calendar or self.calendar)


def planned(estate: Estate, facility: Facility, calendar: Calendar) -> Case:
    return Case(estate, facility, calendar, planner.plan(estate, facility, calendar, seed=1))


def with_entitlements(facility: Facility, shares: dict[str, float], fields: Iterable[str]) -> Facility:
    """The facility with some fields of some partners' entitlements multiplied."""
    entitlements = tuple(
        replace(
            entry,
            **{
                name: getattr(entry, name) * shares[entry.partner]
                for name in fields
                if entry.partner in shares
            },
        )
        for entry in facility.entitlements
    )
    return sealed_facility(replace(facility, entitlements=entitlements))


def with_crews(calendar: Calendar, capacity: float) -> Calendar:
    resources = tuple(
        replace(resource, capacity=capacity) if resource.name == "crew" else resource
        for resource in calendar.resources
    )
    return replace(calendar, resources=resources)


def without_appliances(calendar: Calendar) -> Calendar:
    """Nothing goes by truck: what no line copies stays."""
    resources = tuple(resource for resource in calendar.resources if resource.name != "appliance")
    return replace(calendar, resources=resources)


@pytest.fixture(scope="module")
def default_region() -> Case:
    return planned(
        estate_from(read_sample(seed=1)), read_facility(default_text()), resolve(CalendarSettings(), START)
    )


@pytest.fixture(scope="module")
def quarter() -> Case:
    facility = read_facility(default_text())
    shares = {entry.partner: QUARTER / 2600 for entry in facility.entitlements}
    small = with_entitlements(facility, shares, ("area_m2", "power_w", "units_u"))
    return planned(
        estate_from(read_sample(seed=1, servers=QUARTER)), small, resolve(CalendarSettings(), START)
    )


def metro_weeks(case: Case) -> Counter[int]:
    """How many relocations from sites with nothing but the hours between trains start in each week of the plan."""
    metro = {w.object.id for w in case.estate.change_windows if w.duration_minutes == METRO_MINUTES}
    weeks: Counter[int] = Counter()
    for step in case.plan.steps:
        source = step.moves[0].source if step.kind == "relocate" else None
        if source is not None and source.site_id in metro:
            weeks[(step.start - START).days // 7] += 1
    return weeks


def test_nearly_everything_of_the_default_region_has_a_place(default_region: Case) -> None:
    estate, plan = default_region.estate, default_region.plan
    assert len(plan.unplaced) < 0.03 * len(list(estate.assets()))
    assert all(entry.lacks for entry in plan.unplaced)
    assert check(estate, default_region.facility, plan) == ()


def test_the_default_region_binds_on_power_floor_and_line(default_region: Case) -> None:
    limits = {limit.limit_path for limit in default_region.plan.evidence.binding}
    assert {"facility.entitlements[stib].power_w", "facility.entitlements[sibelga].area_m2"} <= limits
    assert default_region.unplaced("power_w", "stib")
    assert default_region.unplaced("height_u", "sibelga")
    by_truck = {
        step.moves[0].source.site_id for step in default_region.plan.steps if step.by and step.moves[0].source
    }
    assert {site.slug for site in default_region.estate.sites if site.id in by_truck} >= {"archives"}


def test_more_crews_between_trains_empty_the_metro_sooner(default_region: Case) -> None:
    before = metro_weeks(default_region)
    lifted = default_region.lifted(calendar=with_crews(default_region.calendar, 12))
    after = metro_weeks(lifted)
    assert sum(after.values()) >= sum(before.values()) > 0
    assert max(after) < max(before)


def test_more_power_for_stib_places_more_of_its_servers(quarter: Case) -> None:
    lacking = quarter.unplaced("power_w", "stib")
    lifted = quarter.lifted(facility=with_entitlements(quarter.facility, {"stib": 1.5}, ("power_w",)))
    assert lacking
    assert not lifted.unplaced("power_w", "stib")
    assert lacking <= {placement.asset for placement in lifted.plan.devices}


def test_more_floor_for_sibelga_places_more_of_its_kit(quarter: Case) -> None:
    lacking = quarter.unplaced("area_m2", "sibelga")
    lifted = quarter.lifted(
        facility=with_entitlements(quarter.facility, {"sibelga": 1.5}, ("area_m2", "units_u"))
    )
    assert lacking
    assert not lifted.unplaced("area_m2", "sibelga")
    assert owners(lifted.plan)["sibelga"] > owners(quarter.plan)["sibelga"]


def test_a_faster_line_lets_the_archive_leave(quarter: Case) -> None:
    (archive,) = [site.id for site in quarter.estate.sites if site.slug == "archives"]
    circuits = tuple(
        replace(circuit, rate_mbps=1000.0) if archive in circuit.site_ids else circuit
        for circuit in quarter.estate.circuits
    )
    by_line = without_appliances(quarter.calendar)
    lacking = quarter.lifted(calendar=by_line).unplaced("rate_mbps")
    lifted = quarter.lifted(estate=sealed(replace(quarter.estate, circuits=circuits)), calendar=by_line)
    assert lacking
    assert not lifted.unplaced("rate_mbps")
    assert lacking <= {placement.asset for placement in lifted.plan.workloads}


def owners(plan: Plan) -> Counter[str]:
    return Counter(rack.owner for rack in plan.racks)
