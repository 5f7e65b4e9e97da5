"""Estates and plans for the tests of the terminal UI: with hostile names everywhere, and with very many rows."""

from __future__ import annotations

from dataclasses import replace

from plan_builders import a_facility, a_plan, an_estate
from wave_builders import HOSTILE_NAMES, renamed

from capacity.facility import Facility
from capacity.facility import sealed as sealed_facility
from capacity.plan import Decision, Plan
from capacity.plan import sealed as sealed_plan
from inventory.estate import Estate, Ref, Site
from inventory.estate import sealed as sealed_estate

# Beyond those of playbooks: what Rich, Textual and a terminal would act on.
MARKUP = (
    "[bold red]owned[/]",
    "[/nothing]",
    "[@click=app.quit]quit[/]",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "tab\tand\rreturn",
    "名前 e\u0301 \u202eesrever",
    "$primary {{ x }}",
)
HOSTILE = (*MARKUP, *HOSTILE_NAMES)


def hostile_world() -> tuple[Estate, Facility, Plan]:
    """The small world with a hostile text wherever a source, a person or a file may put one."""

    def bad(number: int) -> str:
        return HOSTILE[number % len(HOSTILE)]

    estate = renamed(an_estate(), HOSTILE)
    estate = sealed_estate(
        replace(
            estate,
            locations=tuple(replace(row, name=bad(row.id + 1)) for row in estate.locations),
            device_types=tuple(replace(row, model=bad(row.id)) for row in estate.device_types),
            device_roles=tuple(replace(row, name=bad(row.id)) for row in estate.device_roles),
            tenant_groups=tuple(replace(row, slug=bad(row.id)) for row in estate.tenant_groups),
            circuits=tuple(replace(row, cid=bad(row.id + 3)) for row in estate.circuits),
            constraints=tuple(
                replace(row, name=bad(row.id), reason=bad(row.id + 1)) for row in estate.constraints
            ),
        )
    )
    facility = a_facility()
    facility = sealed_facility(
        replace(
            facility,
            name=bad(0),
            positions=tuple(
                replace(p, row=bad(3), cold_aisle=bad(4), hot_aisle=bad(5)) for p in facility.positions
            ),
        )
    )
    plan = a_plan()
    return (
        estate,
        facility,
        sealed_plan(
            replace(
                plan,
                name=bad(1),
                decisions=tuple(
                    replace(d, name=bad(n), reason=bad(n + 1), partner=bad(n + 2))
                    for n, d in enumerate(plan.decisions)
                ),
                groups=tuple(replace(g, name=bad(n), reason=bad(n + 3)) for n, g in enumerate(plan.groups)),
                waves=tuple(replace(w, name=bad(n + 2)) for n, w in enumerate(plan.waves)),
                unplaced=tuple(
                    replace(
                        u, name=bad(n), lacks=tuple(replace(lack, explanation=bad(n)) for lack in u.lacks)
                    )
                    for n, u in enumerate(plan.unplaced)
                ),
                rooms=tuple(replace(r, why_not=r.why_not and bad(0)) for r in plan.rooms),
            )
        ),
    )


def wide_world(number: int) -> tuple[Estate, Plan]:
    """An estate with `number` sites and devices, and a plan that decides on each device."""
    estate, plan = an_estate(), a_plan()
    model = estate.devices[4]
    devices = tuple(
        replace(model, id=n, name=f"srv-{n:05}", site_id=n, rack_id=None) for n in range(1, number + 1)
    )
    wide = sealed_estate(
        replace(
            estate,
            sites=tuple(Site(n, f"Site {n:05}", f"site-{n}") for n in range(1, number + 1)),
            devices=devices,
        )
    )
    decisions = tuple(
        Decision(Ref("devices", n), f"srv-{n:05}", "relocate", "relocate", "strategy.rule", "because", ())
        for n in range(1, number + 1)
    )
    return wide, sealed_plan(replace(plan, decisions=decisions))
