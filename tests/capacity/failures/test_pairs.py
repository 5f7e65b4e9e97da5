"""Every pair the quick way against every pair worked out whole: on a sample region, and on the world made by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from plan_builders import a_world

from capacity.calendar_settings import CalendarSettings, resolve
from capacity.facility import Facility
from capacity.facility_file import default_text, read_facility
from capacity.failures.application_states import DOWN
from capacity.failures.pairs import PairSearch
from capacity.plan import Plan
from capacity.planner import plan as make_plan
from capacity.resilience import CHUNK, Resilience
from inventory.estate import Estate
from inventory.sources.assemble import estate_from
from inventory.sources.sample import read_sample

SERVERS = 60


@cache
def a_region() -> tuple[Estate, Facility, Plan]:
    estate, facility = estate_from(read_sample(seed=3, servers=SERVERS)), read_facility(default_text())
    calendar = resolve(CalendarSettings(), datetime(2027, 1, 4, tzinfo=UTC))
    return estate, facility, make_plan(estate, facility, calendar, seed=0, name="pairs")


def moments(plan: Plan) -> list[datetime | None]:
    return [None, plan.waves[0].start, plan.waves[len(plan.waves) // 2].end]


@pytest.mark.parametrize("world", [a_world, a_region], ids=["by hand", "sample region"])
@pytest.mark.parametrize("moment", [0, 1, 2], ids=["end", "first wave", "midway"])
@pytest.mark.parametrize("trip_share", [1.0, 0.02], ids=["rating", "trips early"])
def test_every_pair_counts_as_when_it_is_worked_out_whole(world, moment, trip_share) -> None:
    estate, facility, plan = world()
    made = Resilience(estate, facility, plan, moment=moments(plan)[moment], trip_share=trip_share)
    losses, _ = made.every()
    search = PairSearch(made.evaluation, losses, lambda *_: None)
    found = search.search(10)
    table = search.table()
    pairs = [tuple(losses[int(i)] for i in row[:2]) for row in table if row[0] >= 0]
    assert len(pairs) == len(losses) * (len(losses) - 1) // 2
    assert found.pairs == len(table)
    alone = made.evaluation.work_out([(loss,) for loss in losses])
    single = {loss: n for n, loss in enumerate(losses)}
    for begin in range(0, len(pairs), CHUNK):
        part = pairs[begin : begin + CHUNK]
        whole = made.evaluation.work_out(part)
        i, j = (np.array([single[pair[side]] for pair in part]) for side in (0, 1))
        rows = table[table[:, 0] >= 0][begin : begin + CHUNK]
        apart = (alone.states[i] == DOWN) | (alone.states[j] == DOWN)
        assert ((whole.states == DOWN).sum(axis=1) == rows[:, 2]).all()
        assert (whole.down.sum(axis=1) == rows[:, 3]).all()
        assert np.allclose(whole.worst, rows[:, 4], equal_nan=True)
        assert (((whole.states == DOWN) & ~apart).sum(axis=1) == rows[:, 5]).all()
        more = np.maximum(whole.down.sum(axis=1) - (alone.down[i] | alone.down[j]).sum(axis=1), 0)
        assert (more == rows[:, 6]).all()
        newly = (whole.worst > 0) & (alone.worst[i] == 0) & (alone.worst[j] == 0)
        assert (newly == (rows[:, 7] > 0)).all()


def test_the_worst_pairs_are_those_that_take_more_than_apart() -> None:
    made = Resilience(*a_world())
    found = made.pairs(worst=5)
    assert found.rows[0].row.losses == ("utility:utility", "generator:generator")
    weights = [pair.weight for pair in found.rows]
    assert weights == sorted(weights, reverse=True)
    assert found.worse_than_apart <= found.findings <= found.pairs
    everything = made.pairs(worst=0)
    assert len(everything.rows) == found.pairs
    assert everything.rows[:5] == found.rows


def test_two_units_of_one_zone_are_a_pair_too() -> None:
    rows = Resilience(*a_world()).pairs(worst=0).rows
    assert ("cooling:C1", "cooling:C1") in {pair.row.losses for pair in rows}
