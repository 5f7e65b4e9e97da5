"""A partner's failures: its own numbers, nobody else's things."""

from __future__ import annotations

import pytest
from plan_builders import a_world

from capacity.failures.losses import Loss
from capacity.reports.failure_lines import failure_figures
from capacity.resilience import Resilience
from inventory.documents import to_json


@pytest.mark.parametrize(("partner", "other"), [("stib", "cirb"), ("cirb", "stib")])
def test_nothing_of_another_partner_is_named(partner: str, other: str) -> None:
    estate, facility, plan = a_world()
    found = to_json(failure_figures(estate, facility, plan, partner))
    theirs = [rack for rack in (*facility.racks, *plan.racks) if rack.owner == other]
    racks, places = {rack.id for rack in theirs}, {rack.position for rack in theirs}
    others = {feed for position in facility.positions if position.name in places for feed in position.feeds}
    lines = {"stib": "IRIS-1", "cirb": "IRIS-2"}[other]
    hosts = {host.id for host in plan.hosts}
    assert racks
    assert others
    assert [name for name in (*racks, *others, *hosts, lines) if f'"{name}' in found] == []


def test_counts_are_those_of_the_partner_alone() -> None:
    estate, facility, plan = a_world()
    made = Resilience(estate, facility, plan)
    whole = {row.losses: row for row in made.singles().rows}
    parts = [failure_figures(estate, facility, plan, partner) for partner in ("stib", "cirb")]
    for figures in parts:
        for line in figures.singles:
            if all(thing.name for thing in line.losses):
                row = whole[tuple(str(Loss(t.kind, t.name)) for t in line.losses)]
                assert line.applications_down <= row.applications_down
                assert line.assets_down <= row.assets_down
    side = {line.losses[0].name: line for figures in parts for line in figures.singles}
    assert side["lv-a"].assets_down == 1  # the single-corded switch of stib
    assert {f.looked_at for f in parts} == {len(whole)}


def test_pairs_take_more_than_each_of_the_two() -> None:
    figures = failure_figures(*a_world(), "cirb")
    assert figures.pairs
    assert all(len(line.losses) == 2 for line in figures.pairs)
    alone = {line.losses[0]: line.assets_down for line in figures.singles}
    for line in figures.pairs:
        assert line.assets_down > max(alone.get(thing, 0) for thing in line.losses)


def test_worst_comes_first() -> None:
    for partner in ("stib", "cirb"):
        weights = [line.weight for line in failure_figures(*a_world(), partner).singles]
        assert weights
        assert weights == sorted(weights, reverse=True)
