"""School holidays: the table as a person writes it, and plans that mind them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_builders import a_calendar, a_facility, an_estate, at
from random_worlds import estates
from school_holiday_table import table

from capacity.calendar import SchoolHands, SchoolHoliday, SchoolRule
from capacity.calendar_settings import CalendarSettings, SchoolRuleInput, resolve
from capacity.plan import Plan
from capacity.planner import plan
from capacity.school_holidays import default_text, read_school_holidays
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Estate
from tui.settings import read_settings

TABLE = """community,name,from,until,source
french,spring,2027-05-01,2027-05-16,a test
flemish,Easter,2027-03-29,2027-04-11,a test
"""
HOLIDAYS = (
    SchoolHoliday("french", "spring", date(2027, 5, 1), date(2027, 5, 16), "a test"),
    SchoolHoliday("flemish", "spring", date(2027, 5, 8), date(2027, 5, 23), "a test"),
)


def test_a_table_is_read_row_by_row() -> None:
    (spring, easter) = read_school_holidays(TABLE, "school.csv")
    assert (spring.community, spring.first, spring.last) == ("french", date(2027, 5, 1), date(2027, 5, 16))
    assert (easter.name, easter.source) == ("Easter", "a test")
    assert read_school_holidays("\ufeff" + TABLE.replace(",", ";"), "school.csv") == (spring, easter)


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (TABLE.replace("2027-05-16", "16 May"), "school.csv, row 2, column until"),
        (TABLE.replace("2027-05-16", "2026-05-16"), "school.csv, row 2, column until"),
        (TABLE.replace("11,a test", "11,"), "school.csv, row 3, column source"),
        (TABLE.replace("until", "to"), "school.csv, row 1"),
        ("", "school.csv, row 1"),
    ],
)
def test_what_cannot_be_used_is_named_by_row_and_column(table: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        read_school_holidays(table, "school.csv")
    assert caught.value.where == where
    assert caught.value.remedy


def test_the_table_of_a_new_workspace_is_what_the_decrees_give_today() -> None:
    assert default_text() == table(), "write it again: tests/support/school_holiday_table.py"
    days = {
        (row.community, row.first, row.last) for row in read_school_holidays(default_text(), "school.csv")
    }
    assert ("french", date(2027, 2, 22), date(2027, 3, 7)) in days
    assert ("flemish", date(2027, 2, 8), date(2027, 2, 14)) in days
    assert ("flemish", date(2027, 3, 29), date(2027, 4, 11)) in days
    assert not [day for day in days if day[1] == date(2027, 5, 1)], "nobody works on 1 May"
    assert {day[0] for day in days} == {"french", "flemish"}


def test_the_table_stands_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "vorst.toml").write_text(
        '[calendar]\nschool_holidays = "school.csv"\n'
        '[[calendar.school]]\ncommunity = "french"\nmoves = "only"\nsites = ["depot"]\n'
    )
    with pytest.raises(InputError, match="cannot be read"):
        read_settings(tmp_path)
    (tmp_path / "school.csv").write_text(TABLE)
    calendar = resolve(read_settings(tmp_path).calendar, at(2, 1))
    assert [entry.name for entry in calendar.school_holidays] == ["spring", "Easter"]
    assert calendar.school_rules == (SchoolRule("french", "only", (), ("depot",)),)


def test_a_rule_on_a_community_without_holidays_is_refused() -> None:
    rules = (SchoolRuleInput(community="german", moves="never", sites=("depot",)),)
    with pytest.raises(InputError, match="german"):
        resolve(CalendarSettings(school=rules), at(2, 1))


def planned(estate: Estate, rule: SchoolRule) -> Plan:
    return plan(estate, a_facility(), a_calendar(school_holidays=HOLIDAYS, school_rules=(rule,)))


@given(estate=estates(), factor=st.sampled_from([0.0, 0.5, 0.9]))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_with_hands_on_leave(estate: Estate, factor: float) -> None:
    hands = (SchoolHands("french", factor), SchoolHands("flemish", 0.7))
    long = SchoolHoliday("french", "carnival", date(2027, 2, 8), date(2027, 4, 30), "a test")
    calendar = a_calendar(school_holidays=(*HOLIDAYS, long), school_hands=hands)
    found = plan(estate, a_facility(), calendar)
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]


def test_nobody_works_while_all_are_on_leave() -> None:
    away = SchoolHoliday("french", "all spring", date(2027, 2, 1), date(2027, 5, 31), "a test")
    calendar = a_calendar(school_holidays=(away,), school_hands=(SchoolHands("french", 0.0),))
    found = plan(an_estate(), a_facility(), calendar)
    held = [u for s in found.steps for u in s.uses if u.resource in {"crew", "engineer"}]
    assert held
    assert min(use.start.date() for use in held) >= date(2027, 6, 1)


def touched_at(found: Plan, site: int) -> list[tuple[date, date]]:
    return [
        (step.start.date(), step.end.date())
        for step in found.steps
        if step.kind in {"cutover", "relocate"}
        and any(move.source and move.source.site_id == site for move in step.moves)
    ]


def test_what_moves_only_in_holidays_waits_for_them() -> None:
    days = touched_at(planned(an_estate(), SchoolRule("french", "only", sites=("depot",))), 1)
    assert days
    assert all(date(2027, 5, 1) <= first <= last <= date(2027, 5, 16) for first, last in days)


@given(
    estate=estates(),
    community=st.sampled_from(["french", "flemish"]),
    moves=st.sampled_from(["only", "never"]),
    tenants=st.sampled_from([(), ("depots",), ("town", "depots")]),
    sites=st.sampled_from([(), ("town-hall",)]),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_checker_accepts_every_plan_around_school_holidays(
    estate: Estate, community: str, moves: str, tenants: tuple[str, ...], sites: tuple[str, ...]
) -> None:
    found = planned(estate, SchoolRule(community, moves, tenants, sites))
    assert not [f"{v.code} {v.message}" for v in check(estate, a_facility(), found)]
