"""How sure a plan's dates are: nothing strays, it keeps them; what strays pushes what waits; unknown stays unknown."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_builders import BRUSSELS, a_calendar, a_plan, a_step, an_estate, at, machine
from planned_region import planned_region

from capacity.plan import STEP_KINDS, Plan, Step, Use, sealed
from capacity.risk import Risk, assess
from capacity.uncertainty.sampling import Job, Model, Tally, sampled
from capacity.uncertainty.settings import DurationsInput, Kind, RiskSettings, SpreadInput
from capacity.uncertainty.shifting import shift
from inventory.documents import from_json, to_data, to_json
from inventory.errors import InputError
from inventory.estate import Estate
from inventory.records import RunRecord, StepRun, sealed_run

KINDS = tuple(DurationsInput.model_fields)


def durations(median: float = 1.0, p90: float | None = None) -> DurationsInput:
    """The same for all kinds; without `p90` nothing strays."""
    spread = SpreadInput(median=median, p90=median if p90 is None else p90)
    return DurationsInput(**dict.fromkeys(KINDS, spread))


FIXED = RiskSettings(samples=20, durations=durations())
WIDE = RiskSettings(samples=400, durations=durations(p90=2.0))


def with_(settings: RiskSettings, **changes: Any) -> RiskSettings:
    return settings.model_copy(update=changes)


@pytest.fixture(scope="module")
def region() -> tuple[Estate, Plan]:
    return planned_region(seed=3, servers=40)


def a_chain(links: int = 4, hours: int = 5, **calendar: Any) -> Plan:
    """Copies one after the other, each as soon as the last is done."""
    steps: list[Step] = []
    for n in range(links):
        begin = at(3, 8, 8) + timedelta(hours=hours * n)
        before = (steps[-1].id,) if steps else ()
        steps.append(
            replace(
                a_step(
                    f"copy-{n}", "replicate", begin, begin + timedelta(hours=hours), [machine(n % 4 + 1)], {}
                ),
                predecessors=before,
            )
        )
    return sealed(replace(a_plan(), steps=tuple(steps), waves=(), rooms=(), calendar=a_calendar(**calendar)))


# --- nothing strays ---------------------------------------------------------------------------------------------------


def as_planned(found: Risk) -> None:
    for outlook in (found.end, *found.waves, *found.rooms):
        assert outlook.p50 == outlook.p80 == outlook.p95 == outlook.planned
        assert (outlook.in_time, outlook.beyond) == (1.0, 0.0)
    assert found.on_dates == 1.0


def test_a_small_plan_keeps_its_dates_when_nothing_strays() -> None:
    plan = a_plan()
    found = assess(an_estate(), plan, FIXED)
    as_planned(found)
    assert found.end.planned == max(step.end for step in plan.steps)
    assert [room.planned for room in found.rooms] == [plan.rooms[0].emptied_at]
    assert found.rooms_not_emptied == 1
    assert [wave.planned for wave in found.waves] == [at(3, 14), at(3, 21, 12)]


def test_a_region_keeps_its_dates_when_nothing_strays(region: tuple[Estate, Plan]) -> None:
    estate, plan = region
    found = assess(estate, plan, FIXED)
    as_planned(found)
    assert {room.planned for room in found.rooms} == {r.emptied_at for r in plan.rooms if r.emptied_at}
    assert {wave.planned for wave in found.waves} == {wave.end for wave in plan.waves}
    assert not any("without holding" in line for line in found.assumptions)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_any_dates_are_kept_when_nothing_strays(seed: int) -> None:
    plan = dated_at_random(random.Random(seed))
    for fixed in (FIXED, with_(FIXED, keeps_date=())):
        found = assess(an_estate(), plan, fixed)
        assert found.end.p50 == found.end.p95 == max(step.end for step in plan.steps)


def dated_at_random(chance: random.Random) -> Plan:
    """Steps anywhere on the clock, that share hands and wait for each other now and then."""
    steps: list[Step] = []
    for n in range(chance.randint(1, 12)):
        begin = at(3, 1) + timedelta(minutes=chance.randint(0, 6000))
        end = begin + timedelta(minutes=chance.randint(1, 900))
        kind = chance.choice(("replicate", "retire", "commission_rack"))
        earlier = tuple(step.id for step in steps if step.end <= begin and chance.random() < 0.5)
        holds = chance.choice(({}, {"crew": 1.0}, {"circuit:1": 250.0}, {"crew": 1.0, "van": 1.0}))
        held = [
            sum(
                u.amount for s in steps for u in s.uses if u.resource == r and s.start < end and s.end > begin
            )
            for r in holds
        ]
        room = {"crew": 3.0, "van": 2.0, "circuit:1": 500.0}
        if any(h + a > room[r] for h, (r, a) in zip(held, holds.items(), strict=True)):
            holds = {}
        uses = tuple(Use(name, amount, begin, end) for name, amount in holds.items())
        steps.append(replace(a_step(f"s{n}", kind, begin, end, [], {}), predecessors=earlier, uses=uses))
    return sealed(
        replace(a_plan(), steps=tuple(steps), waves=(), rooms=(), calendar=a_calendar(horizon_end=at(4, 1)))
    )


# --- what strays ------------------------------------------------------------------------------------------------------


def test_of_a_plain_chain_every_step_decides() -> None:
    found = assess(an_estate(), a_chain(), WIDE)
    assert {driver.step: driver.criticality for driver in found.drivers} == {
        f"copy-{n}": 1.0 for n in range(4)
    }


def test_percentiles_come_in_order(region: tuple[Estate, Plan]) -> None:
    estate, plan = region
    found = assess(estate, plan, WIDE)
    for outlook in (found.end, *found.waves, *found.rooms):
        moments = [m for m in (outlook.p50, outlook.p80, outlook.p95) if m is not None]
        assert moments == sorted(moments)
        assert (outlook.p95 is None) == (outlook.beyond > 0.05)
    assert [day.chance for day in found.buffer] == sorted(day.chance for day in found.buffer)
    assert found.drivers
    assert all(0 < driver.criticality <= 1 for driver in found.drivers)


def test_percentiles_are_those_of_the_samples() -> None:
    """One step whose own factor alone strays: its ends are the quantiles of a lognormal number."""
    chain = a_chain(links=1, hours=100)
    found = assess(an_estate(), chain, with_(WIDE, samples=20_000))
    begin, planned = chain.steps[0].start, timedelta(hours=100)
    assert found.end.p50 is not None
    assert found.end.p80 is not None
    assert (found.end.p50 - begin) / planned == pytest.approx(1.0, rel=0.02)
    assert (found.end.p80 - begin) / planned == pytest.approx(2.0 ** (0.8416 / 1.2816), rel=0.02)


def test_steps_of_a_kind_stray_together_as_far_as_they_share_a_rule() -> None:
    """The wider a sum of steps, the more they have in common."""
    widths = []
    for share in (0.0, 0.5, 1.0):
        found = assess(an_estate(), a_chain(20), with_(WIDE, samples=2000, same_kind=share, same_hands=0.0))
        assert found.end.p95 is not None
        assert found.end.p50 is not None
        widths.append(found.end.p95 - found.end.p50)
    assert all(later > earlier * 1.3 for earlier, later in pairwise(widths))


def test_a_cutover_that_overruns_its_window_is_repeated_in_the_next() -> None:
    """It has two hours of its window left and takes three; the next window is a week later."""
    plan = a_plan()
    slow = with_(
        FIXED, durations=DurationsInput(**{**to_kinds(FIXED), "cutover": SpreadInput(median=1.0, p90=1.0)})
    )
    found = assess(an_estate(), plan, slow)
    assert found.waves[0].p50 == at(3, 14)
    wide = with_(
        WIDE, samples=2000, durations=DurationsInput(**{**to_kinds(FIXED), "cutover": SpreadInput(p90=20.0)})
    )
    strayed = assess(an_estate(), plan, wide)
    cut = next(driver for driver in strayed.drivers if driver.step == "cut-1")
    assert cut.repeated > 0
    never = assess(an_estate(), plan, with_(wide, rolled_back=0.0))
    assert not any(driver.repeated for driver in never.drivers)


def to_kinds(settings: RiskSettings) -> dict[str, SpreadInput]:
    return {kind: settings.durations.of(kind) for kind in KINDS}


def test_sources_are_cleared_after_the_deadline_of_the_step_that_was_late() -> None:
    plan = a_plan()
    found = assess(an_estate(), plan, with_(FIXED, durations=durations(1.3)))
    ends = {driver.step for driver in found.drivers}
    assert ends == {"retire-7"} or "cut-1" in ends or "clear-1" in ends
    assert found.end.p50 is not None
    assert found.end.p50 > found.end.planned


def test_what_finds_no_window_is_counted_and_never_clipped() -> None:
    chain = a_chain(links=2, hours=30, horizon_end=at(3, 12))
    found = assess(an_estate(), chain, with_(WIDE, samples=1000))
    assert 0.05 < found.end.beyond < 0.5
    assert found.end.p95 is None
    assert found.end.p50 is not None
    assert max(day.chance for day in found.buffer) == pytest.approx(1 - found.end.beyond)


# --- seeds and who runs it --------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_whoever_runs_it(region: tuple[Estate, Plan]) -> None:
    estate, plan = region
    asked = with_(WIDE, samples=600)

    def backwards(model: Model, jobs: Sequence[Job]) -> Iterator[Tally]:
        for job in reversed(jobs):
            yield sampled(model, job)

    first, again = assess(estate, plan, asked, seed=5), assess(estate, plan, asked, seed=5, run=backwards)
    assert to_json(first) == to_json(again)
    assert to_json(first) != to_json(assess(estate, plan, asked, seed=6))
    assert from_json(Risk, to_json(first)) == first


def test_progress_is_told_of_every_sample() -> None:
    told: list[tuple[int, int]] = []
    assess(an_estate(), a_chain(), with_(WIDE, samples=600), progress=lambda *counts: told.append(counts))
    assert told == [(250, 600), (500, 600), (600, 600)]


# --- buffer -----------------------------------------------------------------------------------------------------------


def test_a_day_of_buffer_has_a_chance_and_a_cost_where_one_is_known() -> None:
    chain = a_chain(links=4, hours=20)
    asked = with_(WIDE, samples=1000)
    unknown = assess(an_estate(), chain, asked, by=date(2027, 3, 15))
    assert {day.cost_eur for day in (*unknown.buffer, unknown.by)} == {None}  # type: ignore[union-attr]
    known = assess(an_estate(), chain, with_(asked, day_cost_eur=1500.0), by=date(2027, 3, 15))
    assert [day.cost_eur for day in known.buffer] == [1500.0 * n for n in range(len(known.buffer))]
    assert known.by is not None
    planned = known.end.planned.date()
    assert (known.by.days, known.by.day) == ((date(2027, 3, 15) - planned).days, date(2027, 3, 15))
    assert [day.day for day in known.buffer] == [
        planned + timedelta(days=n) for n in range(len(known.buffer))
    ]
    gained = known.buffer[0].chance + sum(day.gain for day in known.buffer[1:])
    assert gained == pytest.approx(known.buffer[-1].chance)
    assert known.buffer[-1].chance >= 0.99
    early = assess(an_estate(), chain, with_(asked, day_cost_eur=1500.0), by=planned - timedelta(days=3)).by
    assert early is not None
    assert (early.days, early.cost_eur) == (-3, 0.0)


def test_the_chance_of_a_day_is_the_share_of_samples_that_ended_by_its_midnight() -> None:
    chain = a_chain(links=1, hours=20)
    ends = []

    def watching(model: Model, jobs: Sequence[Job]) -> Iterator[Tally]:
        for job in jobs:
            tally = sampled(model, job)
            ends.extend(tally.ends[:, 0].tolist())
            yield tally

    found = assess(an_estate(), chain, WIDE, run=watching)
    begin = chain.calendar.start.timestamp()
    for day in found.buffer:
        midnight = datetime.combine(day.day + timedelta(days=1), time(), tzinfo=BRUSSELS).timestamp()
        assert day.chance == sum(begin + end <= midnight for end in ends) / len(ends)


# --- what was measured ------------------------------------------------------------------------------------------------


def a_run(plan: Plan, step: Step, times: float, *, phase: str = "", **changes: Any) -> RunRecord:
    planned = (step.end - step.start).total_seconds()
    run = StepRun(
        step.id,
        changes.pop("outcome", "done"),
        assets=changes.pop("assets", tuple(move.asset for move in step.moves)),
        started_at=step.start,
        duration_s=planned * times,
        planned_duration_s=planned,
    )
    record = RunRecord(
        changes.pop("plan_hash", "sha256:of-another-plan"),
        1,
        phase or {"relocate": "cutover", "retire": "decommission"}.get(step.kind, step.kind),
        step.start,
        step.start + timedelta(seconds=planned * times),
        "done",
        steps=(run,),
    )
    return sealed_run(replace(record, **changes))


def test_runs_that_took_twice_as_long_shift_what_is_to_come() -> None:
    chain = a_chain(links=4)
    runs = [a_run(chain, chain.steps[0], 2.0), a_run(chain, chain.steps[1], 2.0)]
    asked = with_(WIDE, samples=1000)
    before, after = assess(an_estate(), chain, asked), assess(an_estate(), chain, asked, runs)
    basis = {line.kind: line for line in after.durations}
    assert basis["replicate"].median == pytest.approx(
        2.0 ** (2 / 5)
    )  # two of them against three of the assumption
    assert (basis["replicate"].observations, basis["replicate"].measured_median) == (2, 2.0)
    assert basis["replicate"].basis != basis["cutover"].basis == "assumption"
    assert (basis["cutover"].observations, basis["cutover"].measured_median) == (0, None)
    for percentile in ("p50", "p80", "p95"):
        assert getattr(after.end, percentile) > getattr(before.end, percentile)
    assert after.over == 0


def test_the_more_is_measured_the_less_is_assumed() -> None:
    chain = a_chain(links=16, hours=2)
    medians, widths = [], []
    for count in (0, 2, 8, 16):
        runs = [a_run(chain, step, 2.0) for step in chain.steps[:count]]
        basis = assess(an_estate(), chain, with_(WIDE, samples=1), runs).durations
        line = next(line for line in basis if line.kind == "replicate")
        medians.append(line.median)
        widths.append(line.p90 / line.median)
    assert medians == sorted(medians)
    assert medians[-1] == pytest.approx(2.0 ** (16 / 19))
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    "changes",
    [{"check": True}, {"outcome": "failed"}, {"outcome": "skipped"}, {"assets": ()}, {"phase": "preflight"}],
)
def test_what_says_nothing_of_a_duration_is_not_measured(changes: dict[str, Any]) -> None:
    chain = a_chain()
    found = assess(an_estate(), chain, FIXED, [a_run(chain, chain.steps[0], 2.0, **changes)])
    assert [line.observations for line in found.durations] == [0] * len(KINDS)


def test_a_measured_step_of_another_plan_is_told_and_left_out() -> None:
    chain = a_chain()
    stranger = replace(chain.steps[0], id="G9999-replicate-1")
    found = assess(an_estate(), chain, FIXED, [a_run(chain, stranger, 2.0)])
    assert (found.unmatched, found.over) == (1, 0)
    assert [line.observations for line in found.durations] == [0] * len(KINDS)


def test_what_this_plan_has_done_is_over() -> None:
    chain = a_chain(links=2, hours=10)
    runs = [a_run(chain, chain.steps[0], 3.0, plan_hash=chain.content_hash)]
    found = assess(an_estate(), chain, with_(FIXED, prior_weight=1e9), runs)
    assert found.over == 1
    assert found.end.p50 == chain.steps[0].start + timedelta(hours=40)


def test_a_rollback_undoes_what_was_done() -> None:
    plan = a_plan()
    cut = next(step for step in plan.steps if step.id == "cut-1")
    done = a_run(plan, cut, 1.0, plan_hash=plan.content_hash)
    back = replace(done, phase="rollback", started_at=done.started_at + timedelta(hours=1))
    assert assess(an_estate(), plan, FIXED, [done]).over == 1
    assert assess(an_estate(), plan, FIXED, [back, done]).over == 0


# --- which dates have to move -----------------------------------------------------------------------------------------


def test_nothing_moves_when_all_went_as_planned() -> None:
    plan = a_plan()
    runs = [a_run(plan, step, 1.0, plan_hash=plan.content_hash) for step in plan.steps if step.id == "copy-1"]
    found = shift(an_estate(), plan, FIXED, runs)
    assert (found.moved, found.over, found.kept) == ((), 1, len(plan.steps) - 1)
    assert found.new_end == found.end


def test_only_what_a_late_step_pushes_moves() -> None:
    """A copy ends three hours late: its cutover misses its window, and what clears its source waits for that."""
    plan = a_plan()
    copy = next(step for step in plan.steps if step.id == "copy-1")
    cut = next(step for step in plan.steps if step.id == "cut-1")
    late = (cut.start - copy.start + timedelta(hours=3)) / (copy.end - copy.start)
    found = shift(
        an_estate(),
        plan,
        with_(FIXED, prior_weight=1e9),
        [a_run(plan, copy, late, plan_hash=plan.content_hash)],
    )
    moved = {m.step: m for m in found.moved}
    assert "cut-1" in moved
    assert moved["cut-1"].start == cut.start
    assert moved["cut-1"].new_start is not None
    assert moved["cut-1"].new_start >= cut.start + timedelta(hours=3)
    assert not {"copy-1", "copy-2", "racks", "hosts", "move-2", "cut-3", "move-3"} & moved.keys()
    assert found.kept + len(moved) + found.over == len(plan.steps)


def test_measured_kinds_are_given_longer_from_now_on_and_never_less() -> None:
    chain = a_chain(links=4)
    slow = shift(an_estate(), chain, with_(FIXED, prior_weight=1.0), [a_run(chain, chain.steps[0], 4.0)])
    assert slow.ratios == {"replicate": pytest.approx(2.0)}
    assert slow.new_end is not None
    assert slow.new_end > slow.end
    fast = shift(an_estate(), chain, FIXED, [a_run(chain, chain.steps[0], 0.5)], as_of=chain.steps[0].start)
    assert (fast.ratios, fast.moved) == ({"replicate": 1.0}, ())


def test_what_lies_before_today_begins_today() -> None:
    chain = a_chain(links=2, hours=5)
    today = chain.steps[0].start + timedelta(days=2)
    found = shift(an_estate(), chain, FIXED, [], as_of=today)
    assert [m.new_start for m in found.moved] == [today, today + timedelta(hours=5)]


def test_without_a_run_or_a_day_nobody_knows_how_far_things_are() -> None:
    with pytest.raises(InputError, match="no run is recorded"):
        shift(an_estate(), a_plan(), FIXED, [])


# --- what can't be ----------------------------------------------------------------------------------------------------


def test_a_plan_without_steps_is_refused() -> None:
    with pytest.raises(InputError, match="no steps"):
        assess(an_estate(), sealed(replace(a_plan(), steps=())), FIXED)


def test_a_plan_out_of_order_is_refused() -> None:
    chain = a_chain(links=2)
    first, then = chain.steps
    broken = sealed(
        replace(chain, steps=(replace(first, predecessors=(then.id,)), replace(then, predecessors=())))
    )
    with pytest.raises(InputError, match="begins before its predecessor"):
        assess(an_estate(), broken, FIXED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"same_kind": 0.7, "same_hands": 0.4},
        {"durations": {"cutover": {"median": 2.0, "p90": 1.0}}},
        {"durations": {"coffee": {"p90": 2.0}}},
        {"rolled_back": 1.5},
        {"keeps_date": ["coffee"]},
        {"samples": 0},
    ],
)
def test_settings_that_contradict_themselves_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        RiskSettings.model_validate(wrong)


def test_every_assumption_is_told() -> None:
    told = " ".join(assess(an_estate(), a_chain(), FIXED).assumptions)
    for setting in ("durations", "same_kind", "same_hands", "rolled_back", "keeps_date"):
        assert f"risk.{setting}" in told
    assert to_data(FIXED.durations)


def test_whatever_kind_a_step_is_of_its_spread_may_be_set() -> None:
    assert get_args(Kind) == STEP_KINDS
