"""Dates in the solver's order beside the usual: the checker accepts them, nothing is later, the sample is earlier."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility
from random_worlds import estates

from capacity.calendar import Calendar
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility import Facility
from capacity.facility_file import default_text, read_facility
from capacity.plan import Plan
from capacity.planner import plan
from capacity.verify import check
from capacity.waves import Dates
from inventory.estate import Estate
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

START = datetime(2027, 1, 4, tzinfo=ZoneInfo("Europe/Brussels"))
SERVERS = 200


def in_usual_order(estate: Estate, facility: Facility, calendar: Calendar) -> Plan:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Dates, "searched", lambda *_: ())
        return plan(estate, facility, calendar)


def with_few(calendar: Calendar, few: dict[str, float]) -> Calendar:
    hands = tuple(replace(r, capacity=few.get(r.name, r.capacity)) for r in calendar.resources)
    return replace(calendar, resources=hands)


def emptied(found: Plan) -> list[datetime]:
    return sorted(room.emptied_at for room in found.rooms if room.emptied_at is not None)


def last_end(found: Plan) -> datetime:
    return max((step.end for step in found.steps), default=START)


@pytest.fixture(scope="module")
def sample() -> tuple[Estate, Facility, Calendar]:
    return (
        estate_from(read_sample(servers=SERVERS)),
        read_facility(default_text()),
        with_few(resolve(CalendarSettings(), START), {"dock": 1.0, "van": 1.0, "crew": 2.0}),
    )


@pytest.fixture(scope="module")
def searched(sample: tuple[Estate, Facility, Calendar]) -> Plan:
    return plan(*sample)


@given(estate=estates(), vans=st.sampled_from([1.0, 3.0]), crews=st.sampled_from([2.0, 6.0]))
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_searched_dates_hold_and_are_never_worse(estate: Estate, vans: float, crews: float) -> None:
    calendar = with_few(a_calendar(), {"van": vans, "crew": crews})
    found, usual = plan(estate, a_facility(), calendar), in_usual_order(estate, a_facility(), calendar)
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]
    assert {u.asset for u in found.unplaced} == {u.asset for u in usual.unplaced}
    assert len(emptied(found)) >= len(emptied(usual))
    assert last_end(found) <= last_end(usual)
    if len(emptied(found)) == len(emptied(usual)) > 0:
        assert emptied(found)[-1] <= emptied(usual)[-1]


def test_the_sample_is_empty_earlier(sample: tuple[Estate, Facility, Calendar], searched: Plan) -> None:
    usual = in_usual_order(*sample)
    now, then = emptied(searched), emptied(usual)
    assert len(now) == len(then)
    assert now[-1] <= then[-1]
    assert sum(moment.timestamp() for moment in now) < sum(moment.timestamp() for moment in then)
    assert check(*sample[:2], searched) == ()


def test_the_same_seed_gives_the_same_bytes(
    sample: tuple[Estate, Facility, Calendar], searched: Plan
) -> None:
    assert plan(*sample).content_hash == searched.content_hash
