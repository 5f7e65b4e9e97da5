"""T-minus, nights, and the last moment to turn back: against minutes counted one by one on the clock of the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runbook_cases import SATURDAY, a_small_estate, a_small_plan, books, text_of, wave
from wave_builders import START

from capacity import plan as plans
from inventory import estate as estates
from inventory.rows import Ref
from playbooks.runbooks.tasks import tasks_of
from playbooks.runbooks.words import ENGLISH

BRUSSELS = ZoneInfo("Europe/Brussels")
SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)  # the clocks go forward in this night
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)  # and back in this one


def is_open(moment: datetime, first: int, last: int) -> bool:
    """Whether a moment lies in the window from Saturday `first` to Sunday `last`, whole hours of the wall's clock."""
    local = moment.astimezone(BRUSSELS)
    return (local.weekday() == SATURDAY and local.hour >= first) or (
        local.weekday() == SATURDAY + 1 and local.hour < last
    )


def last_moment(start: datetime, minutes: int, first: int, last: int) -> datetime:
    """The last minute from which `minutes` on end lie in the window, found by trying each."""
    found = start - timedelta(days=1)
    candidate = found
    while candidate < start + timedelta(days=1):
        if all(is_open(candidate + timedelta(minutes=m), first, last) for m in range(minutes)):
            found = candidate
        candidate += timedelta(minutes=1)
    return found


@pytest.mark.parametrize("start", [START, SPRING, AUTUMN], ids=["a night", "spring", "autumn"])
@pytest.mark.parametrize(("hours", "last"), [(2, 6), (4, 5), (3.75, 8)])
def test_the_last_moment_is_the_last_minute_from_which_the_way_back_fits_the_window(start, hours, last):
    window = estates.ChangeWindow(1, Ref("sites", 1), SATURDAY, 20 * 60, (4 + last) * 60)
    estate = a_small_estate(change_windows=(window,), constraints=())
    made = books(estate, a_small_plan(estate, start=start, hours=hours))
    turns = made.timing.turns(wave(made))
    assert {turn.step.kind for turn in turns} == {"cutover", "relocate"}
    for turn in turns:
        assert turn.by == last_moment(start, round(hours * 60), 20, last)
        assert turn.window_end is not None


def test_a_freeze_that_begins_that_night_ends_the_window(small):
    freeze = estates.Constraint(1, "freeze", "", (Ref("sites", 1),), start=START + timedelta(hours=5))
    estate = a_small_estate(constraints=(freeze,))
    made = books(estate, a_small_plan(estate, hours=2))
    assert {turn.by for turn in made.timing.turns(wave(made))} == {START + timedelta(hours=3)}


def test_what_ends_with_its_window_has_to_be_decided_while_it_runs(read_of):
    estate = a_small_estate(
        change_windows=(estates.ChangeWindow(1, Ref("sites", 1), SATURDAY, 20 * 60, 8 * 60),)
    )
    go = read_of(estate, a_small_plan(estate, hours=6.5), "Go or no-go")
    # 21:00 to 03:30, the window until 04:00: half an hour after it has begun, the way back no longer fits.
    assert "Sat 07 Mar 2026 21:30, T+0:30 | −6 h: decide while it runs" in go
    tight = read_of(estate, a_small_plan(estate, hours=7), "Go or no-go")
    assert "Sat 07 Mar 2026 21:00, T+0:00 | final: once begun, the whole way back no longer fits" in tight


def test_the_narrowest_window_of_a_step_counts(read_of):
    # The application's own window, Saturday 20:00 to 01:30, holds for the machine alone.
    window = estates.ChangeWindow(2, Ref("applications", 1), SATURDAY, 20 * 60, 5 * 60 + 30)
    site = estates.ChangeWindow(1, Ref("sites", 1), SATURDAY, 20 * 60, 10 * 60)
    estate = a_small_estate(change_windows=(site, window))
    go = read_of(estate, a_small_plan(estate, hours=4), "Go or no-go")
    assert (
        "cutover-0001, 1 host | Sun 08 Mar 2026 01:00 | Sun 08 Mar 2026 01:30 | 4 h | Sat 07 Mar 2026 21:30"
        in go
    )
    assert (
        "relocate-0001, 1 host | Sun 08 Mar 2026 01:00 | Sun 08 Mar 2026 06:00 | 4 h | Sun 08 Mar 2026 02:00"
        in go
    )


def test_a_step_outside_every_window_takes_the_waves_end_and_says_so(read_of):
    estate = a_small_estate(change_windows=())
    go = read_of(estate, a_small_plan(estate), "Go or no-go")
    assert "Sun 08 Mar 2026 01:00, (the wave's; its own is unknown)" in go


def test_the_van_that_brought_data_is_no_part_of_the_way_back():
    estate = a_small_estate(constraints=())
    plan = a_small_plan(estate, hours=6)
    steps = tuple(replace(step, by="truck") if step.kind == "cutover" else step for step in plan.steps)
    made = books(estate, plans.sealed(replace(plan, steps=steps)))
    by = {turn.step.kind: turn.by for turn in made.timing.turns(wave(made))}
    # The window closes nine hours after the start; one engineer works half an hour at the one machine.
    assert by == {
        "cutover": START + timedelta(hours=8, minutes=30),
        "relocate": START + timedelta(hours=3),
    }


def test_no_way_back_begins_after_the_plans_deadline():
    estate = a_small_estate(constraints=())
    made = books(estate, a_small_plan(estate, hours=1, rollback=timedelta(hours=2)))
    assert {turn.by for turn in made.timing.turns(wave(made))} == {START + timedelta(hours=3)}


def test_every_task_counts_from_the_waves_start(small):
    facts = small.facts(wave(small))
    found = {task.key: facts.t(task.start).replace("\u00a0", " ") for task in tasks_of(facts)}
    assert found == {
        "wave-1:frozen": "T−7 d 0:00",
        "wave-1:rehearsal": "T−7 d 0:00",
        "step:replicate-0001": "T−2 d 0:00",
        "wave-1:night-1:preflight": "T−24:00",
        "wave-1:night-1:go": "T−1:00",
        "step:cutover-0001": "T+0:00",
        "step:relocate-0001": "T+0:00",
        "wave-1:night-1:verify": "T+4:00",
        "step:decommission-0001": "T+7 d 4:00",
    }
    starts = [task.start.astimezone(UTC) for task in tasks_of(facts)]
    assert starts == sorted(starts)


def test_steps_a_day_apart_are_two_nights_each_with_its_own_decision(read_of):
    estate = a_small_estate(constraints=(), change_windows=())
    plan = a_small_plan(estate)
    day = timedelta(days=1)
    steps = tuple(
        replace(step, start=step.start + day, end=step.end + day) if step.kind == "relocate" else step
        for step in plan.steps
    )
    plan = plans.sealed(replace(plan, steps=steps))
    go = read_of(estate, plan, "Go or no-go")
    assert "night 1: by Sat 07 Mar 2026 20:00, T−1:00" in go
    assert "night 2: by Sun 08 Mar 2026 20:00, T+23:00" in go


@given(st.integers(-60_000, 60_000))
@settings(max_examples=200)
def test_t_minus_says_the_minutes_it_was_given(minutes):
    shown = ENGLISH.t(START + timedelta(minutes=minutes), START.astimezone(BRUSSELS)).replace("\u00a0", " ")
    sign = -1 if shown[1] == "−" else 1
    days, _, clock = shown[2:].rpartition(" d ")
    hours, rest = clock.split(":")
    assert sign * (int(days or 0) * 1440 + int(hours) * 60 + int(rest)) == minutes
    assert len(rest) == 2


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "0 min"), (119, "119 min"), (120, "2 h"), (345, "5 h 45"), (-30, "−30 min"), (-125, "−2 h 05")],
)
def test_durations_read_as_people_say_them(minutes, shown):
    assert ENGLISH.duration(minutes).replace("\u00a0", " ") == shown


def test_a_window_of_every_hour_leaves_the_deadline_as_the_last_moment():
    window = estates.ChangeWindow(1, Ref("sites", 1), 0, 0, 7 * 24 * 60)
    estate = a_small_estate(constraints=(), change_windows=(window,))
    plan = a_small_plan(estate, hours=2)
    made = books(estate, plan)
    deadline = START + timedelta(hours=2, days=7)
    assert {turn.by for turn in made.timing.turns(wave(made))} == {deadline}
    assert text_of(made.of(wave(made)), "At a glance")
