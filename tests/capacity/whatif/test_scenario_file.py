"""What a person wrote wrong in a file of scenarios is said with its line, and with what to write instead."""

from __future__ import annotations

import re

import pytest
from plan_builders import an_estate
from whatif_cases import a_file, the_present

from capacity.scenarios import EXAMPLE, read_scenarios, scenario_inputs
from capacity.whatif.estate_links import REMOVABLE
from capacity.whatif.selection import Selector
from capacity.whatif.sweep import cells_of
from inventory.errors import InputError, SeveralErrors


def refused(text: str) -> str:
    with pytest.raises((InputError, SeveralErrors)) as caught:
        read_scenarios(text, where="s.yaml")
    error = caught.value
    return "\n".join(map(str, error.errors)) if isinstance(error, SeveralErrors) else str(error)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (a_file("facilty", "{set: pue, to: 1}"), 4, "did you mean facility?"),
        (a_file("facility", "{sett: pue, to: 1}"), 4, "no operation 'sett' (did you mean set?)"),
        (a_file("facility", "{set: pue, too: 1}"), 4, "too: there is no such key (did you mean to?)"),
        (a_file("facility", "{set: pue}"), 4, "facility[0].to is missing"),
        (a_file("facility", "{set: pue, add: pue, to: 1}"), 4, "says set and add at once"),
        (a_file("facility", "[set, pue]"), 4, "should be a mapping"),
        (a_file("facility", "{scale: pue, by: -1}"), 4, "greater than or equal to 0, found -1"),
        (a_file("facility", "{scale: pue, by: .inf}"), 4, "finite number"),
        (a_file("facility", "{set: pue, to: 1}", "{append: racks}"), 5, "facility[1].member is missing"),
        (a_file("estate", "{strategy: retian, of: {site: x}}"), 4, "did you mean retain"),
        (a_file("estate", "{strategy: retain}"), 4, "estate[0].of is missing"),
        (a_file("estate", "{copy: devices, count: 1, by: 2}"), 4, "give one of count and by"),
        (a_file("demand", "{scale: powr_w, by: 1}"), 4, "did you mean power_w?"),
        (a_file("calendar", "{set: a, to: 1}", name="Not A Name"), 2, "should match pattern"),
        (a_file("calendar", "{set: a, to: 1}", name="present"), 2, "is the name of the present"),
        ("scenarios:\n  - name: a\n    name: b\n", 3, "'name' stands twice"),
        ("scenarios:\n  - name: a\n  - name: a\n", 3, "two scenarios are named 'a'"),
        ("scenarios:\n  - name: a\n    based_on: b\n", 3, "no scenario 'b'"),
        ("scenarios:\n  - {name: a, based_on: b}\n  - {name: b, based_on: a}\n", 2, "in a circle: a → b → a"),
        ("scenarios: 3\n", 1, "should be a list"),
        ("scenarios: [\n", 2, "not YAML"),
        ("sweep: {name: s, parameters: []}\n", 1, "at least 1 item"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_remedy(text, line, said):
    message = refused(text)
    assert f"s.yaml line {line}" in message
    assert said in message


@pytest.mark.parametrize("text", ["", "- a\n", "scenarios: []\n"])
def test_a_file_without_scenarios_is_told_so(text):
    assert "s.yaml: holds no" in refused(text)


def test_several_mistakes_are_told_at_once():
    message = refused(a_file("facility", "{sett: pue, to: 1}", "{set: pue, to: 1, why: not}"))
    assert "line 4" in message
    assert "line 5" in message


def test_the_example_can_be_read_and_has_no_name_twice():
    names = [scenario.name for scenario in read_scenarios(EXAMPLE, where="example").scenarios]
    assert len(set(names)) == len(names) >= 2


def test_a_scenario_comes_after_those_it_is_based_on():
    text = "scenarios:\n  - {name: c, based_on: b}\n  - {name: b, based_on: a}\n  - {name: a, based_on: present}\n"
    chain = read_scenarios(text, where="s.yaml").chain("c")
    assert [scenario.name for scenario in chain] == ["a", "b", "c"]


def test_what_the_how_to_shows_can_be_planned(repo_root):
    page = (repo_root / "docs" / "how-to" / "scenarios.md").read_text(encoding="utf-8")
    scenarios, sweep = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    file = read_scenarios(scenarios, where="how-to")
    assert scenario_inputs(the_present(), file, "stib-stays").idle == ()
    assert len(cells_of(read_scenarios(sweep, where="how-to"))) == 1 + 3 * 3


def test_every_criterion_is_described(repo_root):
    page = (repo_root / "docs" / "reference" / "scenarios.md").read_text(encoding="utf-8")
    readers = Selector(an_estate())._readers
    missing = {name for kind in REMOVABLE for name in readers((kind,)) if f"`{name}`" not in page}
    assert missing == set()
