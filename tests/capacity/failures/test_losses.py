"""Names of what can be lost: whole, short, wrong, and hostile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from plan_builders import a_world

from capacity.failures.losses import Catalogue, Loss
from capacity.resilience import Resilience
from inventory.errors import InputError
from inventory.estate import PowerFeed, PowerPanel

HOSTILE = "{{ 7*7 }} [bold]x[/] ../=1+1 \u202e"


def a_catalogue(**changes) -> Catalogue:
    estate, facility, plan = a_world()
    return Catalogue(replace(estate, **changes), facility, plan)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ups:ups-a1", Loss("ups", "ups-a1")),
        ("ups-a1", Loss("ups", "ups-a1")),
        ("N1/top", Loss("switch", "N1/top")),
        ("cooling:C1", Loss("cooling", "C1")),
        ("host:cloud-1", Loss("host", "cloud-1")),
        ("IRIS-1", Loss("circuit", "IRIS-1")),
        ("utility", Loss("utility", "utility")),
    ],
)
def test_a_thing_is_found_by_kind_and_name_or_by_its_name_alone(text, found) -> None:
    assert a_catalogue().find(text) == found


@pytest.mark.parametrize(
    ("text", "near"),
    [("ups:ups-a3", "ups:ups-a1"), ("UPS-A1", "ups:ups-a1"), ("P1A", "feed:P1-A"), ("rack:top", "")],
)
def test_a_wrong_name_is_answered_with_what_is_near(text, near) -> None:
    with pytest.raises(InputError) as raised:
        a_catalogue().find(text)
    assert repr(text) in raised.value.what
    assert near in raised.value.remedy


def test_a_name_like_nothing_is_answered_with_the_kinds() -> None:
    with pytest.raises(InputError, match="kind of utility, generator"):
        a_catalogue().find("qqqqqqqq")


def test_names_that_two_things_share_carry_their_number() -> None:
    panels = (PowerPanel(1, "P", 1), PowerPanel(2, "P", 2))
    found = a_catalogue(power_panels=panels, power_feeds=(PowerFeed(5, "P", 1),))
    assert found.find("source-panel:P#2") == Loss("source-panel", "P#2")
    assert found.find("source-feed:P") == Loss("source-feed", "P")
    with pytest.raises(InputError):
        found.find("source-panel:P")


def test_a_name_of_two_kinds_asks_which() -> None:
    panels, feeds = (PowerPanel(1, "X", 1),), (PowerFeed(5, "X", 1),)
    with pytest.raises(InputError, match=r"2 things.*source-panel:X, source-feed:X"):
        a_catalogue(power_panels=panels, power_feeds=feeds).find("X")


def test_hostile_names_are_names() -> None:
    estate, facility, plan = a_world()
    estate = replace(estate, power_panels=(PowerPanel(1, HOSTILE, 1),))
    made = Resilience(estate, facility, plan)
    found = made.examine(made.find([f"source-panel:{HOSTILE}"]))
    assert found.rounds[0].lost == (f"source-panel:{HOSTILE}",)


def test_only_units_of_a_zone_are_lost_more_than_once() -> None:
    made = Resilience(*a_world())
    assert len(made.find(["cooling:C1", "C1"])) == 2
    with pytest.raises(InputError, match="named 3 times, it has 2 units"):
        made.find(["C1", "C1", "C1"])
    with pytest.raises(InputError, match="it can be lost once"):
        made.find(["ups-a1", "ups:ups-a1"])
