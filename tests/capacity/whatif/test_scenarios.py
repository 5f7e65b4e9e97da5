"""Planning a scenario is planning its inputs: hashed anew, proven against themselves, the same bytes every time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_worlds import estates
from whatif_cases import lines, the_present, with_patch

from capacity.scenarios import Patch, outcome_of, patched, plan_of, read_scenarios, scenario_inputs
from capacity.target_usage import target_usage
from capacity.verify import check
from capacity.whatif.outcome import FIGURES, binding_only_in, difference, verdict
from inventory.documents import from_json, to_json
from inventory.errors import InputError

FIGURE = {figure.name: figure for figure in FIGURES}


def test_the_present_is_planned_as_it_is():
    present = the_present()
    result = scenario_inputs(present, read_scenarios("scenarios: [{name: a}]", where="s.yaml"), "present")
    assert (result.inputs, result.changes) == (present, ())


def test_patches_are_applied_from_the_present_up():
    text = """\
scenarios:
  - {name: twice, based_on: more, calendar: [{scale: resources.crew.capacity, by: 2}]}
  - {name: more, calendar: [{add: resources.crew.capacity, by: 1}]}
"""
    result = scenario_inputs(the_present(), read_scenarios(text, where="s.yaml"), "twice")
    assert lines(result) == ["resources.crew.capacity: 6 → 7", "resources.crew.capacity: 7 → 14"]
    assert [change.where for change in result.changes] == [
        "s.yaml line 3, scenario more",
        "s.yaml line 2, scenario twice",
    ]


def test_an_unknown_scenario_is_told_with_the_nearest():
    file = read_scenarios("scenarios: [{name: retain-all}]", where="s.yaml")
    with pytest.raises(InputError, match="did you mean retain-all"):
        scenario_inputs(the_present(), file, "retain-al")


def test_settings_are_part_of_what_is_hashed():
    text = "scenarios:\n  - {name: x, settings: {seed: 3, planning_value: mid, start: 2027-02-01}}\n"
    result = scenario_inputs(the_present(), read_scenarios(text, where="s.yaml"), "x")
    plan, _ = plan_of(result.inputs)
    assert (plan.inputs.seed, plan.inputs.planning_value) == (3, "mid")
    assert plan.inputs.start.isoformat() == "2027-02-01T00:00:00+01:00"
    assert result.inputs.content_hash != the_present().content_hash


def test_each_part_of_the_inputs_changes_their_hash():
    present = the_present()
    others = [
        with_patch("facility", "{add: pue, by: 0.1}").inputs,
        with_patch("calendar", "{add: resources.crew.capacity, by: 1}").inputs,
        with_patch("estate", "{strategy: retain, of: {name: files}}").inputs,
        with_patch("demand", "{scale: power_w, by: 2}").inputs,
        replace(present, seed=1),
        replace(present, planning_value="mid"),
    ]
    assert len({entry.content_hash for entry in (present, *others)}) == 7


def test_a_patch_made_in_code_is_the_one_that_is_written():
    written = with_patch("facility", '{add: "halls[H1].rows[R3].busbar_kw", by: 2}').inputs
    made = Patch.model_validate({"facility": [{"add": "halls[H1].rows[R3].busbar_kw", "by": 2}]})
    assert patched(the_present(), made).content_hash == written.content_hash


def test_retaining_all_moves_nothing_and_the_comparison_says_so():
    present = the_present()
    other = with_patch("estate", "{strategy: retain, of: {site: '*'}}", present=present).inputs
    before, after = (outcome_of(i, *plan_of(i)) for i in (present, other))
    assert (after.new_racks, after.cloud_hosts, after.rooms_emptied) == (0, 0, 0)
    assert before.new_racks > 0
    assert difference(FIGURE["new racks"], after, before) == f"-{before.new_racks}"
    assert verdict(FIGURE["new racks"], after, before) == 1
    assert difference(FIGURE["waves"], before, before) == ""
    assert binding_only_in(before, before) == ()


def test_more_draw_needs_more_energy_and_is_worse():
    present = the_present()
    other = with_patch("demand", "{scale: power_w, by: 1.5}", present=present).inputs
    before, after = (outcome_of(i, *plan_of(i)) for i in (present, other))
    assert after.energy_kwh > before.energy_kwh
    assert after.it_power_w > before.it_power_w
    assert verdict(FIGURE["energy kWh/a"], after, before) == -1


def test_unproven_assets_are_counted_apart():
    outcome = outcome_of(the_present(), *plan_of(the_present()))
    plan, _ = plan_of(the_present())
    assert outcome.unproven == sum(u.is_unproven for u in plan.unplaced) > 0
    assert outcome.unplaced + outcome.unproven == len(plan.unplaced)


def test_an_outcome_survives_its_file():
    outcome = outcome_of(the_present(), *plan_of(the_present()))
    assert from_json(type(outcome), to_json(outcome, indent=1)) == outcome


OPERATIONS = {
    "calendar": ["{add: resources.crew.capacity, by: 3}", "{scale: work.cutover_minutes, by: 3}",
                 "{set: horizon_days, to: 40}"],
    "facility": ['{scale: "halls[*].rows[*].busbar_kw", by: 0.05}', '{remove: "pools[general]"}',
                 '{set: "rack_models[*].stock", to: 1}', '{scale: "entitlements[*].power_kw", by: 0.03}',
                 '{add: "phases[*].ready_on", by: 200}'],
    "estate": ["{copy: devices, count: 3}", "{copy: virtual_machines, by: 2}", "{scale: circuits.rate_mbps, by: 0.1}",
               "{remove: constraints, of: {kind: '*'}}"],
    "demand": ["{scale: power_w, by: 3}", "{scale: memory_mb, by: 20}", "{set: weight_kg, to: 50}"],
}  # fmt: skip


@st.composite
def patch_texts(draw):
    """A scenario with up to three operations in each section."""
    text = "scenarios:\n  - name: x\n"
    for section, operations in OPERATIONS.items():
        chosen = draw(st.lists(st.sampled_from(operations), max_size=3, unique=True))
        if chosen:
            text += f"    {section}:\n" + "".join(f"      - {operation}\n" for operation in chosen)
    return text


@given(estate=estates(), text=patch_texts())
@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.generate),  # each example is planned: shrinking one takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_the_plan_of_a_scenario_passes_the_check_against_its_own_inputs(estate, text):
    present = the_present(estate)
    inputs = scenario_inputs(present, read_scenarios(text, where="s.yaml"), "x").inputs
    plan, violations = plan_of(inputs)
    assert [f"{violation.code}: {violation.message}" for violation in violations] == []
    assert check(inputs.estate, inputs.facility, plan) == ()
    assert plan.inputs.estate_hash == inputs.estate.content_hash
    assert plan.inputs.facility_hash == inputs.facility.content_hash
    again = scenario_inputs(present, read_scenarios(text, where="s.yaml"), "x").inputs
    assert again.content_hash == inputs.content_hash


def test_the_fullest_supply_is_a_node_and_never_all_that_a_row_draws():
    present = the_present()
    plan, _ = plan_of(present)
    devices, hosts = (
        tuple(replace(one, supplies=one.supplies[number % 2 :][:1]) for number, one in enumerate(many))
        for many in (plan.devices, plan.hosts)
    )
    plan = replace(plan, devices=devices, hosts=hosts)  # each on one cord, of either line
    wide = tuple(
        replace(node, rating_w=node.rating_w * 100) if node.kind == "feed" else node
        for node in present.facility.supply
    )
    inputs = replace(present, facility=replace(present.facility, supply=wide))
    shares = {
        line.where.removeprefix("target, "): line.high / line.supply
        for line in target_usage(inputs.facility, plan)
        if line.dimension == "power_w" and line.supply and "partner" not in line.where
    }
    assert max(shares, key=lambda where: shares[where]).startswith("row ")
    fullest = outcome_of(inputs, plan, ()).supply
    assert fullest is not None
    assert fullest.where.removeprefix("feed ") in {node.name for node in wide}
