"""What is wrong with the data, and which rules the plan breaks, in one table."""

from __future__ import annotations

from capacity.verify import Violation
from inventory.quality import Finding
from tui.loaded import Loaded
from tui.views.spans import Column, Line, Rows, Span, count, line, moment_text, rows, span

SEVERITY_TONES = {"violation": "bad", "error": "bad", "warning": "warn", "note": "muted"}
SEVERITIES = ("violation", "error", "warning", "note")
COLUMNS = (
    Column("severity", tones=SEVERITY_TONES),
    Column("code", width=26, narrow=22),
    Column("object", width=30, narrow=20),
    Column("finding", width=70),
)


def findings(loaded: Loaded) -> Rows:
    """Broken rules of the plan first, then what is wrong with the data; keys are the findings themselves."""
    broken = [
        (
            found,
            (
                "violation",
                found.code,
                loaded.name_of(found.asset) if found.asset else found.object,
                found.message,
            ),
        )
        for found in loaded.violations or ()
    ]
    data = [
        (found, (found.severity, found.code, loaded.name_of(found.object), found.message))
        for found in loaded.findings
    ]
    return rows(COLUMNS, [*broken, *data])


def severity(key: object) -> str:
    return key.severity if isinstance(key, Finding) else "violation"


def detail(loaded: Loaded, key: object) -> tuple[Line, ...]:
    """One finding with its remedy."""
    if isinstance(key, Finding):
        others = ", ".join(loaded.name_of(ref) for ref in key.others[:6])
        return (
            line(
                Span(key.severity, SEVERITY_TONES[key.severity] + "!"),
                span(f"  {key.code}  {key.object.kind}:{key.object.id}", "muted"),
            ),
            line(span(key.message)),
            *((line(Span("with     ", "muted"), span(others)),) if others else ()),
            line(Span("remedy   ", "muted"), span(key.remedy, "good")),
        )
    if not isinstance(key, Violation):
        return ()
    over = f"{count(key.amount)} {key.unit} over" if key.amount is not None else ""
    return (
        line(Span("the plan breaks a rule", "bad!"), span(f"  {key.code}  {key.object}", "muted")),
        line(span(key.message)),
        line(Span(moment_text(key.moment) or "at any time", "muted"), Span(f"  {over}", "warn")),
        line(Span("remedy   ", "muted"), span(key.remedy, "good")),
    )


def proof_state(loaded: Loaded) -> str:
    """What the proof of the plan says, in a few words."""
    if loaded.plan is None:
        return "no plan to prove"
    if loaded.violations is None:
        return "proof running …"
    return "plan proven" if not loaded.violations else f"{len(loaded.violations)} violations"
