"""`vorst addresses`: as a table that fits, as JSON, of one wave, and what it says to mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import vorst, well


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("addresses") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "40")
    well(folder, "plan")
    return folder


def test_each_range_says_what_becomes_of_it_and_what_is_unknown(planned):
    ran = well(planned, "addresses")
    ranges = well(planned, "addresses", "--json").json["ranges"]
    assert ranges
    assert all(r["prefix"] in ran.out for r in ranges)
    assert ran.out.startswith("address ranges: ")
    assert "have no address on record" in ran.err
    assert " 0 " not in ran.err


def test_of_one_wave_only_what_it_takes_from(planned):
    whole = well(planned, "addresses", "--json").json["ranges"]
    own = well(planned, "addresses", "--wave", "1", "--json").json["ranges"]
    assert own == [r for r in whole if 1 in r["waves"]]


def test_a_wave_that_is_not_there_is_refused(planned):
    ran = vorst(planned, "addresses", "--wave", "99")
    assert ran.code == 1
    assert "the plan has no wave 99" in ran.err


def test_without_a_plan_it_says_how_to_make_one(tmp_path):
    well(tmp_path, "init", str(tmp_path / "W"))
    ran = vorst(tmp_path / "W", "addresses")
    assert ran.code == 1
    assert "vorst plan" in ran.err
