"""How good a plan is, on the plan's screen and in what the commands print."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_facility, a_plan
from rich.cells import cell_len
from tui_cases import SIZES, loaded_from

from capacity.plan import BindingLimit, Bound, Evidence, Objective, Stranded, sealed
from tui.commands.evidence import show_binding, show_objectives, show_stranded
from tui.quantities import amount, some, used_of, word
from tui.views import evidence

EVIDENCE = Evidence(
    objectives=(
        Objective("unplaced", 2, 2, 0.0, "unproven ones"),
        Objective("new_racks", 4, 3, 1 / 3, "total over capacity"),
    ),
    bounds=(
        Bound("new_racks", "stib, zone general", "height_u", 96, 40.5, 3, "rack_models[0].height_u", "x"),
        Bound("new_racks", "stib, zone general", "weight_kg", 900, 800, 2, "rack_models[0].max_kg", "x"),
    ),
    binding=(
        BindingLimit("facility.a", "R07", "power_w", 4000.0, 8868.0, "half of it"),
        BindingLimit("facility.b", "R08", "power_w", 8801.0, 8868.0, "nearly all"),
    ),
    assumptions=(),
    stranded=(
        Stranded("facility", "Vorst", "height_u", "power_w", 700.0, 200.0),
        Stranded("facility", "Vorst", "power_w", "height_u", 90_000.0, 0.0),
        Stranded("row", "H1-A", "height_u", "power_w", 40.0, None),
    ),
)


@pytest.fixture
def judged():
    """The small world with a plan whose evidence is known."""
    return loaded_from(plan=sealed(replace(a_plan(), evidence=EVIDENCE)))


def words(lines) -> str:
    return "\n".join("".join(piece.text for piece in spans) for spans in lines)


@pytest.mark.parametrize("size", SIZES)
async def test_e_shows_the_evidence_and_escape_the_assets_again(open_app, judged, size):
    async with open_app(judged, size=size) as session:
        await session.press("6", "e")
        assert "1 of 2 objectives proven least" in session.text
        assert "widest gap 33.3%, of new racks" in session.text
        assert "Against its bounds" in session.text
        assert "Strategy" not in session.lines[-1]
        assert all(cell_len(line) <= size[0] for line in session.lines)
        await session.press("escape")
        assert "because" in session.text
        assert "Strategy" in session.lines[-1]


def test_the_dimension_that_forces_most_is_said_to_decide(judged):
    text = words(evidence.bounds(judged)).splitlines()
    assert next(row for row in text if row.startswith("  units")).endswith("decides")
    assert not next(row for row in text if row.startswith("  weight")).endswith("decides")
    assert any("assets without a place" in row and "proven least" in row for row in text)


def test_the_fullest_limit_comes_first(judged):
    text = words(evidence.binding(judged))
    assert text.index("R08") < text.index("R07")
    assert "power 8.8 of 8.9 kW" in text


def test_what_strands_nothing_is_left_out_and_unknown_is_said(judged):
    text = words(evidence.stranded(judged))
    assert "200 of 700 U" in text
    assert "90.0" not in text
    assert "unknown" in text


def test_every_row_with_a_rack_is_on_the_balance(judged):
    text = words(evidence.balance(judged))
    rows = {f"{p.hall}-{p.row}" for p in a_facility().positions}
    assert all(row in text for row in rows)
    assert "cooling zones" in text


def test_the_table_of_stranded_leaves_nothing_out_unsaid(capsys):
    show_stranded(EVIDENCE.stranded[:2])
    told = capsys.readouterr()
    assert "200 U" in told.out
    assert "0.0 kW" not in told.out
    assert "not stranded in the facility as a whole: power for want of units" in told.err


def test_the_tables_say_least_where_a_bound_is_met_and_units_once(capsys):
    show_objectives(EVIDENCE)
    show_binding(EVIDENCE)
    told = capsys.readouterr().out
    assert "least" in told
    assert "33.3%" in told
    assert "4.0 of 8.9 kW" in told


def test_amounts_are_said_as_people_say_them():
    assert amount(184_500_000, "disk_mb") == "184,500 GB"
    assert used_of(3, 40.5, "height_u") == "3 of 40.5 U"
    assert used_of(2, 3, "hosts") == "2 of 3"
    assert word("memory_mb") == "memory"
    assert word("new_thing") == "new thing"
    assert (some(1, "rule"), some(2, "rule"), some(0, "loss", "losses")) == ("1 rule", "2 rules", "0 losses")


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.sampled_from(["power_w", "disk_mb", "height_u", "ports"]))
def test_a_unit_is_said_at_most_once(used, limit, dimension):
    told = used_of(used, limit, dimension)
    for unit in ("kW", "GB", " U"):
        assert told.count(unit) <= 1
