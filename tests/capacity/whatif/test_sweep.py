"""The cells of a sweep, and which parameter moves which figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whatif_cases import the_present

from capacity.scenarios import outcome_of, plan_of, read_scenarios
from capacity.whatif.sweep import Cell, Weighed, cell_inputs, cells_of, weigh
from capacity.whatif.sweep_effects import effects
from inventory.errors import InputError, VorstError

CREWS = "{name: crews, values: [4, 8], patch: {calendar: [{set: resources.crew.capacity, to: $value}]}}"
PUE = "{name: pue, range: {from: 1.1, to: 1.3, step: 0.1}, patch: {facility: [{set: pue, to: $value}]}}"
VANS = (
    "{name: vans, range: {from: 1, to: 8, whole: true}, "
    "patch: {calendar: [{set: resources.van.capacity, to: $value}]}}"
)


def a_sweep(*parameters: str, head: str = "") -> str:
    return "sweep:\n  name: s\n" + head + "  parameters:\n" + "".join(f"    - {p}\n" for p in parameters)


def values(text: str) -> list[dict]:
    return [cell.values for cell in cells_of(read_scenarios(text, where="s.yaml"))]


def test_a_grid_has_every_combination_and_the_cell_without_any():
    assert values(a_sweep(CREWS, PUE)) == [{}] + [
        {"crews": crews, "pue": pue} for crews in (4, 8) for pue in (1.1, 1.2, 1.3)
    ]


def test_one_at_a_time_sets_one():
    assert values(a_sweep(CREWS, PUE, head="  combine: one_at_a_time\n")) == [
        {}, {"crews": 4}, {"crews": 8}, {"pue": 1.1}, {"pue": 1.2}, {"pue": 1.3},
    ]  # fmt: skip


def test_listed_combinations_are_as_listed_and_none_twice():
    head = "  combine: listed\n  combinations: [{pue: 1.2, crews: 5}, {crews: 5, pue: 1.2}, {crews: 1}]\n"
    assert values(a_sweep(CREWS, PUE, head=head)) == [{}, {"crews": 5, "pue": 1.2}, {"crews": 1}]


@given(samples=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_a_latin_sample_has_one_value_in_each_stratum(samples, seed):
    span = "{name: pue, range: {from: 1, to: 3}, patch: {facility: [{set: pue, to: $value}]}}"
    text = a_sweep(span, head=f"  combine: latin\n  samples: {samples}\n  seed: {seed}\n")
    drawn = [row["pue"] for row in values(text)[1:]]
    assert sorted(int((value - 1) / 2 * samples - 1e-9 if value == 3 else (value - 1) / 2 * samples + 1e-4)
                  for value in drawn) == list(range(samples))  # fmt: skip
    assert values(text)[1:] == [{"pue": value} for value in drawn]


def test_whole_values_are_whole_and_within_the_range():
    drawn = values(a_sweep(VANS, head="  combine: random\n  samples: 200\n"))[1:]
    assert {row["vans"] for row in drawn} == set(range(1, 9))


def test_another_seed_draws_another_sample():
    one, two = (values(a_sweep(PUE, head=f"  combine: random\n  samples: 9\n  seed: {n}\n")) for n in (1, 2))
    assert one != two


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (a_sweep(CREWS, CREWS), "two parameters are named 'crews'"),
        (a_sweep(CREWS.replace("$value", "3")), "the patch of crews has no $value"),
        (a_sweep(CREWS.replace("to:", "too:")), "did you mean to?"),
        (
            a_sweep(CREWS.replace("[4, 8]", "[four]").replace("set", "add").replace("to:", "by:")),
            "found 'four'",
        ),
        (a_sweep(VANS), "the range of vans has no steps"),
        (a_sweep(PUE, head="  combine: latin\n"), "combine latin needs samples"),
        (a_sweep(PUE, head="  samples: 3\n"), "combine grid takes no samples"),
        (a_sweep(PUE, head="  combine: listed\n"), "belong together"),
        (
            a_sweep(PUE, head="  combine: listed\n  combinations: [{puee: 1}]\n"),
            "no parameter 'puee' (did you mean pue?)",
        ),
        (a_sweep(PUE.replace("0.1}", "0.00001}").replace("1.1", "0")), "more than 10,000 steps"),
        (
            a_sweep(*(PUE.replace("pue,", f"p{n},").replace("0.1}", "0.001}") for n in range(4))),
            "more than 100,000",
        ),
        (a_sweep(PUE, head="  scenario: gone\n"), "no scenario 'gone'"),
    ],
)
def test_a_sweep_that_can_not_be_is_refused(text, said):
    with pytest.raises(VorstError) as caught:
        values(text)
    assert said in "\n".join(map(str, getattr(caught.value, "errors", [caught.value])))


def test_a_file_without_a_sweep_is_told_so():
    with pytest.raises(InputError, match="holds no sweep"):
        cells_of(read_scenarios("scenarios: [{name: a}]\n", where="s.yaml"))


def test_a_value_goes_wherever_it_is_named():
    both = (
        "{name: g, values: [2], patch: "
        "{estate: [{copy: devices, by: $value}], demand: [{scale: disk_mb, by: $value}]}}"
    )
    cell = cells_of(read_scenarios(a_sweep(both), where="s.yaml"))[1]
    sections = [change.section for change in cell_inputs(the_present(), cell).changes]
    assert sections == ["estate", "demand"]


def test_a_cell_that_can_not_be_planned_keeps_its_error():
    text = a_sweep(
        "{name: site, values: [depot, gone], patch: {estate: [{remove: sites, of: {slug: $value}}]}}"
    )
    weighed = [weigh(the_present(), cell) for cell in cells_of(read_scenarios(text, where="s.yaml"))[1:]]
    assert weighed[0].outcome is not None
    assert weighed[1].outcome is None
    assert "no row of sites has slug 'gone'" in weighed[1].error


# What moves what

PRESENT = outcome_of(the_present(), *plan_of(the_present()))


def weighed(*rows: tuple[dict, int | None]) -> list[Weighed]:
    """Cells with these values and so many new racks; None: failed."""
    from dataclasses import replace

    return [
        Weighed(Cell(n, row, ()), None if racks is None else replace(PRESENT, new_racks=racks))
        for n, (row, racks) in enumerate(rows)
    ]


def test_the_widest_comes_first_and_what_moves_nothing_is_left_out():
    grid = weighed(
        *(({"a": a, "b": b, "c": c}, 10 + 5 * a + b) for a in (0, 1) for b in (0, 1) for c in (0, 1))
    )
    found = effects(grid, ["c", "b", "a"])
    assert [(e.figure, e.parameter, e.low, e.high, e.swing) for e in found] == [
        ("new racks", "a", 10.5, 15.5, 5.0),
        ("new racks", "b", 12.5, 13.5, 1.0),
    ]
    assert (found[0].low_at, found[0].high_at, found[0].cells) == ("0", "1", 8)


def test_one_at_a_time_is_held_against_the_cell_without_any():
    found = effects(weighed(({}, 7), ({"a": 1}, 9), ({"a": 2}, 9)), ["a"])
    assert [(e.low_at, e.low, e.high) for e in found] == [("none", 7, 9)]


def test_where_every_cell_has_its_own_value_halves_are_compared():
    found = effects(weighed(*(({"a": n / 10}, n) for n in range(8))), ["a"])
    assert [(e.low_at, e.low, e.high_at, e.high) for e in found] == [("below 0.4", 1.5, "0.4 up", 5.5)]


def test_failed_cells_move_nothing():
    assert effects(weighed(({"a": 1}, None), ({"a": 2}, 5)), ["a"]) == ()
