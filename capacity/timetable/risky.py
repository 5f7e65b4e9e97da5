"""Which tenants a move is risky for: those of the critical applications it touches, unknown ones left out.

Two risky moves of one tenant never overlap; a group is one move. The rule is RISKY of docs/reference/rules.md.
"""

from __future__ import annotations

from collections.abc import Iterable

from capacity.belonging import Belonging
from inventory.estate import Estate, Ref


class Risks:
    """Answers for one estate: applications of criticality up to `limit` are critical, none where it is 0."""

    def __init__(self, estate: Estate, belonging: Belonging, limit: int) -> None:
        self._estate, self._belonging = estate, belonging
        self._critical = {
            a.id: a for a in estate.applications if a.criticality is not None and a.criticality <= limit
        }

    def tenants(self, assets: Iterable[Ref]) -> tuple[int, ...]:
        """Tenants with a critical application among the assets: the application's tenant, else the asset's."""
        found = set()
        for ref in assets:
            for number in self._belonging.applications_of.get(ref, ()):
                application = self._critical.get(number)
                if application is not None:
                    asset = self._estate.find(ref)
                    own = asset.tenant_id if asset is not None else None
                    found.add(application.tenant_id if application.tenant_id is not None else own)
        return tuple(sorted(tenant for tenant in found if tenant is not None))
