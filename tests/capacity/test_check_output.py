"""Violations in every format: kept as golden files, valid in their own grammar, harmless whatever names say.

`VORST_TEST_WRITE_GOLDEN=1 pytest tests/capacity/test_check_output.py` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.check_output import FORMATS, render
from capacity.verification.violations import RULES, Violation
from inventory.estate import Ref

HOSTILE = "db]](x)\"'<b>&\x1b[2J\u202e%0A\r\n::error::{{ 7*7 }},:"
MOMENT = datetime(2027, 3, 21, 8, 0, tzinfo=ZoneInfo("Europe/Brussels"))
SOME = (
    Violation(
        "PLAN-HASH",
        None,
        "plan",
        None,
        None,
        "",
        "the plan says its hash is a, its content gives b",
        "plan again",
    ),
    Violation(
        "RACK-WEIGHT",
        None,
        "rack N1",
        MOMENT,
        12.5,
        "kg",
        "rack N1 carries 12.5 kg more than it may",
        "move something",
    ),
    Violation(
        "WINDOW",
        Ref("devices", 5),
        f"step {HOSTILE}",
        MOMENT,
        30.0,
        "min",
        f"step s touches device {HOSTILE} for 30 minutes outside",
        f"agree with {HOSTILE}",
    ),
    Violation(
        "WINDOW", Ref("devices", 6), "step s", MOMENT, float("inf"), "min", "step s touches device d", "wait"
    ),
)
SUFFIXES = {"text": "txt", "json": "json", "junit": "xml", "sarif": "sarif", "github": "txt"}

# The part of the SARIF 2.1.0 schema that vorst writes; required and allowed properties as there.
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"$ref": "#/$defs/rule"},
                                    },
                                },
                            }
                        },
                    },
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "message": {
            "type": "object",
            "required": ["text"],
            "additionalProperties": False,
            "properties": {"text": {"type": "string"}},
        },
        "rule": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "shortDescription": {"$ref": "#/$defs/message"},
                "defaultConfiguration": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"level": {"enum": ["none", "note", "warning", "error"]}},
                },
            },
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": -1},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": {"$ref": "#/$defs/message"},
                "properties": {"type": "object"},
                "locations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation"],
                                "additionalProperties": False,
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "required": ["uri"],
                                        "properties": {
                                            "uri": {"type": "string", "pattern": "^[A-Za-z0-9%/.:_~-]*$"}
                                        },
                                    }
                                },
                            },
                            "logicalLocations": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "additionalProperties": False,
                                    "properties": {"name": {"type": "string"}, "kind": {"type": "string"}},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("output_format", FORMATS)
def test_each_format_is_as_its_golden_file(output_format: str, repo_root: Path) -> None:
    golden = repo_root / "tests/golden/check" / f"{output_format}.{SUFFIXES[output_format]}"
    given_text = render(SOME, output_format, plan_path="plans/plan one.json")
    if os.environ.get("VORST_TEST_WRITE_GOLDEN"):
        golden.write_text(given_text, encoding="utf-8")

    assert given_text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_to_say_is_said_in_each_format(output_format: str) -> None:
    given_text = render((), output_format, plan_path="plan.json")

    assert given_text == {"text": "plan.json keeps every rule.\n", "github": ""}.get(
        output_format, given_text
    )
    assert "::error" not in given_text
    assert "<failure" not in given_text


def test_json_has_every_field() -> None:
    document = json.loads(render(SOME, "json", plan_path="plan.json"))

    assert document["count"] == len(SOME)
    assert document["violations"][1] == {
        "code": "RACK-WEIGHT",
        "asset": None,
        "object": "rack N1",
        "moment": "2027-03-21T08:00:00+01:00",
        "amount": 12.5,
        "unit": "kg",
        "message": "rack N1 carries 12.5 kg more than it may",
        "remedy": "move something",
    }
    assert document["violations"][2]["asset"] == {"kind": "devices", "id": 5}
    assert document["violations"][3]["amount"] is None


def test_junit_has_a_case_for_each_rule() -> None:
    root = ET.fromstring(render(SOME, "junit", plan_path="plan.json"))
    cases = root.findall("./testsuite/testcase")

    assert [case.attrib["name"].split(":")[0] for case in cases] == list(RULES)
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(failed) == int(root.attrib["failures"]) == 3
    texts = [case.find("failure").text for case in failed]
    assert len(texts[2].splitlines()) == 2


def test_sarif_fits_its_schema() -> None:
    log = json.loads(render(SOME, "sarif", plan_path="plans/plan one.json"))
    jsonschema.validate(log, SARIF)

    run = log["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert (
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "plans/plan%20one.json"
    )


def test_github_annotations_are_one_command_a_line() -> None:
    lines = render(SOME, "github", plan_path="plan.json").splitlines()

    assert len(lines) == len(SOME)
    for line in lines:
        command = re.fullmatch(r"::error file=([^,:]*),title=([^,:]*)::(.*)", line)
        assert command, line


# What a terminal, a runner's log or a parser would act on.
names = st.text(st.characters(), max_size=40) | st.sampled_from(
    (HOSTILE, "]]>", "<!--", "::set-output::x", "%0D%0A::error", "\x9b31m", "\u2028", "\ud800", "\x00")
)


@given(name=names)
def test_a_hostile_name_stays_data_in_every_format(name: str) -> None:
    violation = Violation("APART", Ref("devices", 1), name, MOMENT, 1.0, "U", f"{name} is with another", name)
    given_texts = {name_: render((violation,), name_, plan_path=name) for name_ in FORMATS}
    for given_text in given_texts.values():
        given_text.encode()

    assert json.loads(given_texts["json"])["violations"][0]["object"] == name
    assert len(ET.fromstring(given_texts["junit"]).findall("./testsuite/testcase")) == len(RULES)
    jsonschema.validate(json.loads(given_texts["sarif"]), SARIF)
    assert len(given_texts["github"].splitlines()) == 1
    assert len(given_texts["text"].splitlines()) == 4
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", given_texts["text"]) is None
