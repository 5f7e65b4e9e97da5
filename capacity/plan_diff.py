"""What is different between two plans: strategies, places, racks, hosts, dates, waves, objectives, evidence.

Rows are matched by what identifies them (an asset, an id, a number), so that a plan's order plays no part, except where
it alone differs. Every difference of content is in the diff, and only those: `diff(a, a)` is empty. Whether a plan is
right is for `verify`; both renderings are plain strings in which hostile names stay on their line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from capacity.check_output import harmless
from capacity.plan import Plan
from inventory.documents import to_data

DOCUMENT_VERSION = "1"
SHOWN_PER_SECTION = 20

Kind = Literal["added", "removed", "changed", "reordered"]

# Section -> its title, where its rows stand in a plan's data, and the fields that identify a row.
SECTIONS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "inputs": ("Inputs", ("inputs",), ()),
    "objectives": ("Objectives", ("evidence", "objectives"), ("name",)),
    "strategies": ("Strategies", ("decisions",), ("asset",)),
    "unplaced": ("Unplaced assets", ("unplaced",), ("asset",)),
    "racks": ("New racks", ("racks",), ("id",)),
    "hosts": ("Cloud hosts", ("hosts",), ("id",)),
    "devices": ("Places of devices", ("devices",), ("asset",)),
    "workloads": ("Places of workloads", ("workloads",), ("asset",)),
    "moves": ("Dates of assets", (), ("asset",)),
    "waves": ("Waves", ("waves",), ("number",)),
    "groups": ("Move groups", ("groups",), ("id",)),
    "steps": ("Steps", ("steps",), ("id",)),
    "rooms": ("Rooms", ("rooms",), ("site_id", "location_id")),
    "bounds": ("Bounds", ("evidence", "bounds"), ("objective", "scope", "dimension")),
    "binding": ("Binding limits", ("evidence", "binding"), ("limit_path", "where", "dimension")),
    "assumptions": ("Assumptions used", ("evidence", "assumptions"), ("name",)),
    "demands": ("Demands", ("demands",), ("asset",)),
    "calendar": ("Calendar", ("calendar",), ()),
    "plan": ("Plan", (), ()),
}
MEANS_MOVING = ("cutover", "relocate")
# Fields that only explain or follow from others: in the text, rows in which nothing else changed come last.
EXPLAINING = {"reason", "cites", "rule", "recommended", "predecessors", "gap", "lacks", "uses"}

FIELD_WORDS = {"change": "what would place it"}  # in the text, where a field's name says too little


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of a row, as plain JSON values. `shift_minutes`: how much later, for instants (negative: earlier)."""

    field: str
    before: Any
    after: Any
    shift_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that differs. `key` identifies it within its section, `label` names it aloud."""

    section: str
    kind: Kind
    key: str
    label: str
    fields: tuple[FieldDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """All differences between two plans, by section in the order of `SECTIONS`, then key."""

    before: str
    after: str
    differences: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        return not self.differences

    def of(self, section: str) -> tuple[Difference, ...]:
        """The differences of one section; KeyError on one that doesn't exist."""
        SECTIONS[section]
        return tuple(d for d in self.differences if d.section == section)


def diff(a: Plan, b: Plan) -> PlanDiff:
    """What `b` has otherwise than `a`; empty when their content is the same."""
    before, after = to_data(a), to_data(b)
    names = _names(before) | _names(after)
    differences: list[Difference] = []
    for section, (title, path, key) in SECTIONS.items():
        if section == "moves":
            differences += _compare(section, _moves(before), _moves(after), names)
        elif not key:
            differences += _compare_fields(section, title, _single(before, path), _single(after, path))
        else:
            left, right = _at(before, path), _at(after, path)
            found = _compare(section, _keyed(left, key), _keyed(right, key), names)
            if not found and left != right:
                found = [Difference(section, "reordered", "", title)]
            differences += found
    return PlanDiff(a.content_hash, b.content_hash, tuple(differences))


# --- comparing -----------------------------------------------------------------------------------------------------


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        data = data[name]
    return data


def _single(data: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A part that is one row: the inputs, the calendar, or what stands at the plan's top."""
    if path:
        return dict(_at(data, path))
    return {name: value for name, value in data.items() if isinstance(value, str) and name != "content_hash"}


def _keyed(rows: Iterable[dict[str, Any]], key: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rows by their key as text; the second of the same key gets a number, so that none is lost."""
    found: dict[str, dict[str, Any]] = {}
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        text = " ".join(_key_text(row[name]) for name in key)
        seen[text] += 1
        found[text if seen[text] == 1 else f"{text} ({seen[text]})"] = row
    return found


def _key_text(value: Any) -> str:
    return f"{value['kind']}:{value['id']}" if isinstance(value, dict) else str(value)


def _moves(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """When each asset is cut over or relocated, and in which wave."""
    found: dict[str, dict[str, Any]] = {}
    for step in data["steps"]:
        if step["kind"] in MEANS_MOVING:
            for move in step["moves"]:
                row = {name: step[name] for name in ("kind", "start", "end", "wave")}
                found.setdefault(_key_text(move["asset"]), {"asset": move["asset"], **row})
    return found


def _names(data: Mapping[str, Any]) -> dict[str, str]:
    return {_key_text(decision["asset"]): decision["name"] for decision in data["decisions"]}


def _compare(
    section: str,
    before: Mapping[str, dict[str, Any]],
    after: Mapping[str, dict[str, Any]],
    names: Mapping[str, str],
) -> list[Difference]:
    found: list[Difference] = []
    for key in sorted({*before, *after}, key=_natural):
        left, right = before.get(key), after.get(key)
        if left == right:
            continue
        row = right if right is not None else left or {}
        label = _label(key, row, names)
        if left is None or right is None:
            # What it says on that side, for whoever reads the JSON; the text names it.
            fields = tuple(
                FieldDifference(name, None, value) if left is None else FieldDifference(name, value, None)
                for name, value in row.items()
            )
            found.append(Difference(section, "added" if left is None else "removed", key, label, fields))
        else:
            found.append(Difference(section, "changed", key, label, _fields(left, right)))
    return found


def _compare_fields(
    section: str, title: str, before: dict[str, Any], after: dict[str, Any]
) -> list[Difference]:
    fields = _fields(before, after)
    return [Difference(section, "changed", section, title, fields)] if fields else []


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldDifference, ...]:
    return tuple(
        FieldDifference(name, before.get(name), after.get(name), _shift(before.get(name), after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def _shift(before: Any, after: Any) -> float | None:
    """Minutes between two instants; None for anything else."""
    if not (isinstance(before, str) and isinstance(after, str) and "T" in before and "T" in after):
        return None
    try:
        return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds() / 60
    except (ValueError, TypeError):  # no instants, or one with and one without a zone
        return None


def _label(key: str, row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(key) or str(row.get("name") or key)


def _natural(key: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts "rack 2" before "rack 10"."""
    parts: list[str] = [""]
    for character in key:
        is_digit = character.isascii() and character.isdigit()
        if parts[-1] and parts[-1][-1].isdigit() != is_digit:
            parts.append("")
        parts[-1] += character
    return tuple((0, int(p), "") if p.isascii() and p.isdigit() else (1, 0, p) for p in parts)


# --- rendering -----------------------------------------------------------------------------------------------------


def as_text(found: PlanDiff, *, shown: int | None = SHOWN_PER_SECTION) -> str:
    """The differences for a person, at most `shown` rows a section (None: all), ending in a line break."""
    if found.is_empty:
        return "The plans are the same.\n"
    lines: list[str] = []
    for section, (title, _, _) in SECTIONS.items():
        rows = sorted(found.of(section), key=_only_explains)
        if not rows:
            continue
        lines += ["", f"{title} ({len(rows)})"] if lines else [f"{title} ({len(rows)})"]
        limit = len(rows) if shown is None else shown
        lines += [f"  {_row_text(row)}" for row in rows[:limit]]
        if len(rows) > limit:
            lines.append(f"  … and {len(rows) - limit} more")
    return "\n".join([*lines, ""])


def _only_explains(row: Difference) -> bool:
    return row.kind == "changed" and {field.field for field in row.fields} <= EXPLAINING


def _row_text(row: Difference) -> str:
    sign = {"added": "+", "removed": "-", "changed": "~", "reordered": "~"}[row.kind]
    name = harmless(row.label)
    if row.kind == "reordered":
        return f"{sign} the same in another order"
    if row.kind != "changed":
        return f"{sign} {name}"
    return f"{sign} {name}: {'; '.join(_field_text(field) for field in row.fields)}"


def _field_text(field: FieldDifference) -> str:
    name = harmless(field.field)
    if field.shift_minutes is not None:
        how = "later" if field.shift_minutes > 0 else "earlier"
        return f"{name} {field.before} → {field.after} ({_duration(abs(field.shift_minutes))} {how})"
    if any(isinstance(value, list | dict) for value in (field.before, field.after)):
        return f"{FIELD_WORDS.get(name, name)} changed"
    return f"{name} {_value_text(field.before)} → {_value_text(field.after)}"


def _duration(minutes: float) -> str:
    if minutes >= 2 * 24 * 60:
        return f"{minutes / (24 * 60):.4g} days"
    return f"{minutes / 60:.4g} hours" if minutes >= 120 else f"{minutes:.4g} minutes"


def _value_text(value: Any) -> str:
    if value is None:
        return "none"
    return harmless(f"{value:.10g}" if isinstance(value, float) else str(value))


def as_json(found: PlanDiff) -> str:
    """The whole diff as a JSON document, ending in a line break."""
    document = {
        "schema_version": DOCUMENT_VERSION,
        "before": found.before,
        "after": found.after,
        "count": len(found.differences),
        "differences": to_data(found)["differences"],
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"
