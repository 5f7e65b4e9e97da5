"""How good the plan is: bounds dimension by dimension, what binds where, what is stranded, how even the floor is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capacity.floor_balance import Loaded as Group
from capacity.floor_balance import floor_balance, of_family, unevenness
from capacity.plan import BindingLimit
from tui.loaded import Loaded
from tui.quantities import DATES, OBJECTIVES, used_of, word
from tui.views.overview import no_plan
from tui.views.spans import Line, Span, bar, count, fit, line, share_tone, some, span

BAR = 20
ROW_BAR = 12
MOST_LIMITS = 30
FULL = 0.9  # of a group: fuller is shown as worrying


def bounds(loaded: Loaded) -> tuple[Line, ...]:
    """Each objective: what the plan needs, the bound no plan beats, the gap; and what each dimension alone forces."""
    if loaded.plan is None:
        return no_plan(loaded)
    from capacity.evidence import by_dimension

    evidence = loaded.plan.evidence
    alone = by_dimension(evidence)
    found: list[Line] = []
    for objective in evidence.objectives:
        found += [line()] if found else []
        tone = "good" if objective.gap < 0.05 else "warn"
        proof = "proven least" if objective.value <= objective.bound else f"gap {objective.gap:.1%}"
        found.append(
            line(
                span(f"{OBJECTIVES.get(objective.name, objective.name):<23}", "strong"),
                Span(f"{count(round(objective.value)):>10}", "strong"),
                Span(f"  at least {count(round(objective.bound))}", "muted"),
                Span(f"  {proof}", tone),
            )
        )
        found.append(line(span(f"  {objective.basis}", "muted")))
        mine = [bound for bound in alone if bound.objective == objective.name]
        most = max([bound.value for bound in mine], default=0.0)
        for bound in mine:
            is_most = bound.value == most > 0
            found.append(
                line(
                    span(f"  {word(bound.dimension):<23}"),
                    Span(f"{count(bound.value):>8}  ", "strong" if is_most else ""),
                    Span(bar(bound.value / max(objective.value, 1), BAR), "warn" if is_most else "accent"),
                    Span("  decides" if is_most else "", "warn"),
                )
            )
    for date in evidence.dates:
        found += [line()] if found else []
        found.append(
            line(
                span(f"{DATES.get(date.name, date.name):<35}", "strong"),
                Span(f"{count(round(date.value)):>8}", "strong"),
                Span(f"  at least {count(round(date.bound))}", "muted"),
            )
        )
        found.append(line(span(f"  {date.basis}", "muted")))
    return tuple(found)


def binding(loaded: Loaded) -> tuple[Line, ...]:
    """Where nothing is left, and of what."""
    if loaded.plan is None:
        return no_plan(loaded)
    limits = sorted(loaded.plan.evidence.binding, key=lambda entry: -_share(entry))
    found: list[Line] = []
    for limit in limits[:MOST_LIMITS]:
        share = _share(limit)
        found.append(
            line(
                Span(f"{share:>4.0%}  ", "warn"),
                span(limit.where, "strong"),
                span(f"  {word(limit.dimension)} {used_of(limit.used, limit.limit, limit.dimension)}"),
            )
        )
        found.append(line(span(f"      {limit.explanation}", "muted")))
    if len(limits) > MOST_LIMITS:
        found.append(line(Span(f"      and {len(limits) - MOST_LIMITS} more: vorst plan --json", "muted")))
    return tuple(found) or (line(Span("no limit binds", "good")),)


def _share(limit: BindingLimit) -> float:
    return limit.used / limit.limit if limit.limit else 1.0


def stranded(loaded: Loaded) -> tuple[Line, ...]:
    """What is free and of no use for want of something else; what is nothing is left out."""
    if loaded.plan is None:
        return no_plan(loaded)
    lines = loaded.plan.evidence.stranded
    if not lines:
        return (line(Span("the plan says nothing of it: plan again", "muted")),)
    found: list[Line] = []
    said = ""
    for entry in sorted((e for e in lines if e.amount != 0.0), key=lambda e: e.level != "facility"):
        where = f"{entry.level} {entry.where}"
        lost = "unknown" if entry.amount is None else used_of(entry.amount, entry.free, entry.dimension)
        found.append(
            line(
                span(fit("" if where == said else where, 22), "strong"),
                span(f" {word(entry.dimension):<8}"),
                span(f"{lost:>20}", "warn"),
                span(f"  for want of {word(entry.without)}", "muted"),
            )
        )
        said = where
    return tuple(found) or (line(Span("nothing is stranded: what is free can be used together", "good")),)


def balance(loaded: Loaded) -> tuple[Line, ...]:
    """Rows by power and floor, cooling zones and cold aisles, with how full each is; and how evenly."""
    groups = floor_balance(loaded.facility, loaded.standing_plan)
    if not groups:
        return (line(Span("the facility has no position", "muted")),)
    found: list[Line] = []
    weights = {group.where: group for group in of_family(groups, "floor")}
    found += _heading("rows, of their weakest line", of_family(groups, "power"))
    for group in of_family(groups, "power"):
        weight = weights[group.where]
        kg = f"{count(round(weight.share or 0))} kg/m²" if weight.racks else ""
        found.append(_group(group, kg))
    for family, title in (("cooling", "cooling zones"), ("aisle", "cold aisles, of their part of the zone")):
        mine = of_family(groups, family)
        if family == "aisle" and len(mine) == len(of_family(groups, "cooling")):
            continue
        found += [line(), *_heading(title, mine), *(_group(group) for group in mine)]
    return tuple(found)


def _heading(title: str, groups: Iterable[Group]) -> Iterator[Line]:
    """The title, and per hall with racks for all of it how far from even it is: 1 is even."""
    by_hall: dict[str, list[Group]] = {}
    for group in groups:
        by_hall.setdefault(group.hall, []).append(group)
    told = [
        f"{hall} {measure:.2f}"
        for hall, own in by_hall.items()
        if 1 < len(own) <= sum(group.racks for group in own) and (measure := unevenness(own)) is not None
    ]
    note = f"   evenness {', '.join(told)} (1 is even)" if told else ""
    yield line(Span(title, "strong"), span(note, "muted"))


def _group(group: Group, note: str = "") -> Line:
    share = group.share
    tone = share_tone(share) if share is None or share > FULL else "accent"
    return line(
        span("  " + fit(group.where.rpartition(", aisle ")[2], 14)),
        Span(bar(share or 0.0, ROW_BAR), tone),
        Span(f"{'' if share is None else f'{share:.0%}':>5}", "strong"),
        span(f"{used_of(group.load, group.capacity, 'power_w'):>19}"),
        span(f"  {group.racks:>3} of {some(group.positions, 'position')}", "muted"),
        span(f"{note:>11}" if note else "", "muted"),
    )


def summary(loaded: Loaded) -> Line:
    """One line: how many objectives are proven least, and the widest gap of the others."""
    if loaded.plan is None:
        return ()
    objectives = loaded.plan.evidence.objectives
    proven = sum(entry.value <= entry.bound for entry in objectives)
    widest = max(objectives, key=lambda entry: entry.gap, default=None)
    head = line(Span(f"{proven} of {some(len(objectives), 'objective')}", "strong"), " proven least")
    if widest is None or widest.gap == 0:
        return head
    name = OBJECTIVES.get(widest.name, widest.name)
    return (*head, span(f"  widest gap {widest.gap:.1%}, of {name}", "warn"))
