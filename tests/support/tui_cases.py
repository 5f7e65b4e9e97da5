"""Documents for the terminal UI as it would have read them, and the sizes it must fit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from plan_builders import a_facility, an_estate

from capacity.demand import derive
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.estate import Estate
from inventory.quality import findings
from tui.loaded import Loaded

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
SIZES = ((80, 24), (200, 60))


def loaded_from(
    estate: Estate | None = None, facility: Facility | None = None, plan: Plan | None = None, **fields
) -> Loaded:
    """The documents as the app would have read them."""
    estate = estate or an_estate()
    return Loaded(
        folder=Path("workspace"),
        plan_file=Path("plan.json"),
        estate=estate,
        facility=facility or a_facility(),
        plan=plan,
        demands=derive(estate),
        findings=findings(estate),
        **fields,
    )
