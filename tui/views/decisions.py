"""What becomes of every asset: one row each, and beside it the reason with the fields it cites."""

from __future__ import annotations

from inventory.rows import Ref
from tui.loaded import Loaded
from tui.quantities import word
from tui.views.rooms import STRATEGY_TONES, target_of
from tui.views.spans import Column, Line, Rows, Span, count, day, line, moment_text, rows, span

COLUMNS = (
    Column("asset", width=34, narrow=24),
    Column("kind"),
    Column("partner", width=14),
    Column("strategy", tones=STRATEGY_TONES),
    Column("target", width=26, narrow=18, tones={"no place": "bad"}),
    Column("wave", right=True),
    Column("reason", width=60),
)
KINDS = {"devices": "device", "virtual_machines": "VM"}


def waves_of(loaded: Loaded) -> dict[Ref, int]:
    """The wave in which each asset moves."""
    if loaded.plan is None:
        return {}
    return {
        asset: group.wave for group in loaded.plan.groups if group.wave is not None for asset in group.assets
    }


def decisions(loaded: Loaded) -> Rows:
    """One row per asset in the plan's order; keys are references."""
    waves = waves_of(loaded)
    items = [
        (
            decision.asset,
            (
                decision.name or loaded.name_of(decision.asset),
                KINDS.get(decision.asset.kind, decision.asset.kind),
                decision.partner or loaded.belonging.partner_of(decision.asset) or "",
                decision.strategy,
                target_of(loaded, decision.asset),
                waves.get(decision.asset),
                decision.reason,
            ),
        )
        for decision in (loaded.plan.decisions if loaded.plan else ())
    ]
    return rows(COLUMNS, items)


def detail(loaded: Loaded, ref: Ref) -> tuple[Line, ...]:
    """The decision on one asset: why, resting on which fields, going where and when; or what it lacks."""
    decision = loaded.decisions.get(ref)
    if decision is None:
        return (line(Span("no decision", "muted")),)
    found: list[Line] = [
        line(
            span(loaded.name_of(ref), "strong"),
            Span("  "),
            span(decision.strategy, decision.strategy),
            span(f"  {ref.kind}:{ref.id}", "muted"),
        )
    ]
    if decision.recommended != decision.strategy:
        found.append(line(span(f"a person's decision; the rules say {decision.recommended}", "warn")))
    found += [
        line(span(decision.reason)),
        line(span(f"rule {decision.rule}, resting on", "muted")),
        *(
            line("  ", span(cite.field, "accent"), " = ", span(cite.value, "strong"))
            for cite in decision.cites
        ),
    ]
    if not decision.cites:
        found.append(line(Span("  nothing beyond the rule itself", "muted")))
    found += _where(loaded, ref)
    found += _demand(loaded, ref)
    found += _when(loaded, ref)
    return tuple(found)


def _where(loaded: Loaded, ref: Ref) -> list[Line]:
    entry = loaded.unplaced.get(ref)
    if entry is not None:
        unproven = "unproven: a demand is unknown" if entry.is_unproven else "it lacks"
        found = [line(Span("no place  ", "bad"), Span(unproven, "muted"))]
        for lack in entry.lacks:
            needs = "an unknown amount" if lack.needs is None else count(lack.needs)
            best = "unknown" if lack.available is None else count(lack.available)
            found.append(
                line(
                    "  ", span(word(lack.dimension), "warn"), span(f": needs {needs}, best there is {best} ")
                )
            )
            found.append(line(span(f"    {lack.explanation}")))
        if entry.change is not None:
            found.append(line(Span("to place it", "good")))
            found.append(line(span(f"    {entry.change.explanation}", "strong")))
            found.append(line(span(f"    {entry.change.basis}", "muted")))
        return found
    target = target_of(loaded, ref)
    if not target:
        return []
    found = [line(Span("goes to   ", "muted"), span(target, "strong"))]
    placed = loaded.devices.get(ref)
    if placed is not None and placed.supplies:
        cords = ", ".join(f"{s.feed} {s.leg}" for s in placed.supplies)
        found.append(line(Span("power     ", "muted"), span(f"{placed.face or ''} face, cords {cords}")))
    return found


def _demand(loaded: Loaded, ref: Ref) -> list[Line]:
    demand = loaded.planned_demands.get(ref) or loaded.demands.get(ref)
    if demand is None or not demand.quantities:
        return []
    found = [line(Span("asks for", "muted"))]
    for name, quantity in demand.quantities.items():
        spread = (
            count(quantity.planning)
            if quantity.low == quantity.high
            else f"{count(quantity.low)}–{count(quantity.high)}"
        )
        mark = Span("  estimate", "warn") if quantity.is_estimate else Span("")
        found.append(line(f"  {name:<10}{spread:>12}", span(f"  {quantity.rule}", "muted"), mark))
    return found


def _when(loaded: Loaded, ref: Ref) -> list[Line]:
    found: list[Line] = []
    for step in loaded.plan.steps if loaded.plan else ():
        if any(move.asset == ref for move in step.moves):
            found.append(
                line(f"  {step.kind:<13}", Span(moment_text(step.start)), span(f"  {step.id}", "muted"))
            )
            if step.rollback_deadline:
                found.append(line(Span(f"  {'way back':<13}until {day(step.rollback_deadline)}", "muted")))
    return [line(Span("steps", "muted")), *found] if found else []


def lack_count(loaded: Loaded) -> tuple[int, int]:
    """How many assets found no place, and how many of them are unproven."""
    return len(loaded.unplaced), sum(entry.is_unproven for entry in loaded.unplaced.values())
