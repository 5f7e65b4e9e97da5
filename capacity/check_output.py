"""Violations as text, JSON, JUnit XML, SARIF 2.1.0 and GitHub annotations: one string each, judging nothing.

Names in a violation come from sources and are hostile: every format escapes what it gives meaning to, and text loses
its control characters (line breaks, terminal escapes, direction overrides), so that no name starts a line of its own.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from capacity.verification.violations import RULES, Violation

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RULES_PAGE = "docs/reference/rules.md"
DOCUMENT_VERSION = "1"


def render(violations: Sequence[Violation], output_format: str, *, plan_path: str) -> str:
    """The violations in one of `FORMATS`, ending in a line break; `plan_path` is how the plan's file is named.

    Raises KeyError on a format that isn't in `FORMATS`.
    """
    return FORMATS[output_format](violations, plan_path)


def harmless(text: str) -> str:
    """Text with its control and format characters replaced by U+FFFD, so that it stays on its line as it is."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(c) else c for c in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


# --- text --------------------------------------------------------------------------------------------------------


def as_text(violations: Sequence[Violation], plan_path: str) -> str:
    """One paragraph per violation, grouped by rule as they are sorted, and a count at the end."""
    name = harmless(plan_path)
    if not violations:
        return f"{name} keeps every rule.\n"
    lines = []
    for violation in violations:
        lines.append(f"{violation.code}  {harmless(violation.message)}{_since(violation)}.")
        lines.append(f"    {harmless(violation.remedy)}")
    kinds = ", ".join(f"{code} {count}" for code, count in _counts(violations).items())
    noun = "violation" if len(violations) == 1 else "violations"
    return "\n".join([*lines, "", f"{name}: {len(violations)} {noun} ({kinds})", ""])


def _since(violation: Violation) -> str:
    return f", on {_moment(violation)}" if violation.moment else ""


def _moment(violation: Violation) -> str:
    return violation.moment.strftime("%Y-%m-%d at %H:%M %z") if violation.moment else ""


def _counts(violations: Sequence[Violation]) -> dict[str, int]:
    return dict(Counter(violation.code for violation in violations))


# --- JSON --------------------------------------------------------------------------------------------------------


def as_json(violations: Sequence[Violation], plan_path: str) -> str:
    """A document with the plan's path, the number of violations and each one's fields; text is as it came."""
    document = {
        "schema_version": DOCUMENT_VERSION,
        "plan": plan_path,
        "count": len(violations),
        "violations": [_fields(violation) for violation in violations],
    }
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _fields(violation: Violation) -> dict[str, Any]:
    asset = violation.asset
    return {
        "code": violation.code,
        "asset": {"kind": asset.kind, "id": asset.id} if asset else None,
        "object": violation.object,
        "moment": violation.moment.isoformat() if violation.moment else None,
        "amount": _finite(violation.amount),
        "unit": violation.unit,
        "message": violation.message,
        "remedy": violation.remedy,
    }


def _finite(amount: float | None) -> float | None:
    """JSON has no infinity and no not-a-number; both say no amount."""
    return amount if amount is not None and abs(amount) < float("inf") else None


# --- JUnit -------------------------------------------------------------------------------------------------------


def as_junit(violations: Sequence[Violation], plan_path: str) -> str:
    """One test case per rule; a broken one has a failure per violation, the first of them carrying the rest's text."""
    by_code: dict[str, list[Violation]] = {code: [] for code in RULES}
    for violation in violations:
        by_code[violation.code].append(violation)
    failed = sum(1 for found in by_code.values() if found)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="vorst check" tests="{len(RULES)}" failures="{failed}" errors="0">',
        f'  <testsuite name={_attribute(plan_path)} tests="{len(RULES)}" failures="{failed}" errors="0" skipped="0">',
    ]
    for code, title in RULES.items():
        opening = f'    <testcase classname="vorst.check" name={_attribute(f"{code}: {title}")}'
        found = by_code[code]
        if not found:
            lines.append(opening + "/>")
            continue
        said = "\n".join(f"{v.message}{_since(v)}. {v.remedy}" for v in map(_harmless_fields, found))
        summary = f"{found[0].message}" + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")
        lines.append(opening + ">")
        lines.append(f'      <failure type="{code}" message={_attribute(summary)}>{escape(said)}</failure>')
        lines.append("    </testcase>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _harmless_fields(violation: Violation) -> Violation:
    return Violation(
        violation.code,
        violation.asset,
        harmless(violation.object),
        violation.moment,
        violation.amount,
        violation.unit,
        harmless(violation.message),
        harmless(violation.remedy),
    )


def _attribute(text: str) -> str:
    return quoteattr(harmless(text))


# --- SARIF -------------------------------------------------------------------------------------------------------


def as_sarif(violations: Sequence[Violation], plan_path: str) -> str:
    """A SARIF 2.1.0 log: every rule described once, a result per violation, placed at the plan's file."""
    indexes = {code: index for index, code in enumerate(RULES)}
    rules = [
        {"id": code, "shortDescription": {"text": title}, "defaultConfiguration": {"level": "error"}}
        for code, title in RULES.items()
    ]
    log = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "vorst check", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(violation, indexes[violation.code], plan_path) for violation in violations
                ],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _result(violation: Violation, index: int, plan_path: str) -> dict[str, Any]:
    text = f"{violation.message}{_since(violation)}. Remedy: {violation.remedy}."
    return {
        "ruleId": violation.code,
        "ruleIndex": index,
        "level": "error",
        # Brackets and backslashes make links and escapes in a SARIF message.
        "message": {"text": _no_links(harmless(text))},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(plan_path)}},
                "logicalLocations": [{"name": harmless(violation.object), "kind": "object"}],
            }
        ],
        "properties": _fields(violation),
    }


def _no_links(text: str) -> str:
    for special in "\\[]":
        text = text.replace(special, "\\" + special)
    return text


def _uri(path: str) -> str:
    """A path as a relative or file URI reference: everything but unreserved characters and slashes percent-encoded."""
    encoded = quote(path, safe="/-._~", errors="replace")
    return f"file://{encoded}" if path.startswith("/") else encoded


# --- GitHub ------------------------------------------------------------------------------------------------------


def as_github(violations: Sequence[Violation], plan_path: str) -> str:
    """One `::error` workflow command per violation; what would end or start a command is percent-encoded."""
    lines = []
    for violation in violations:
        properties = f"file={_property(plan_path)},title={_property(f'{violation.code} {violation.object}')}"
        text = f"{violation.message}{_since(violation)}. {violation.remedy}."
        lines.append(f"::error {properties}::{_data(text)}")
    return "".join(line + "\n" for line in lines)


def _data(text: str) -> str:
    """Encoded as GitHub's own toolkit does it for a message; other control characters go."""
    encoded = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return harmless(encoded)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Violation], str], str]] = {
    "text": as_text,
    "json": as_json,
    "junit": as_junit,
    "sarif": as_sarif,
    "github": as_github,
}
