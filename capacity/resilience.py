"""What fails when this fails: any one thing, any two, any set of them, at any moment of a plan.

Answers with consequences: what overloads and what trips because of it, what goes down, what starts again, which
applications that takes along (docs/explanation/failures.md says by which rules). This is analysis, not proof: it shares
nothing with the checker, which holds a plan to its rules; here a loss may break any of them, and the question is what
then. What is known of the world at a moment is `failures.standing`'s, the arithmetic `failures.evaluation`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from capacity.demand import derive
from capacity.facility import Facility
from capacity.failures.application_states import DOWN, STATES
from capacity.failures.consequences import (
    Consequence,
    Diversity,
    Matrix,
    PairMatrix,
    PairRow,
    Row,
    SharedFate,
)
from capacity.failures.evaluation import Evaluation, Outcome, Scenario
from capacity.failures.explanation import Explanation
from capacity.failures.losses import (
    CIRCUIT,
    COOLING,
    HOST,
    RACK,
    SOURCE_FEED,
    SOURCE_PANEL,
    SWITCH,
    Catalogue,
    Losable,
    Loss,
)
from capacity.failures.pairs import PairSearch
from capacity.failures.standing import standing_at
from capacity.failures.supply_cascade import TRIP_SHARE
from capacity.failures.target_effects import SPREAD_PORTS
from capacity.plan import AssetDemand, Plan
from inventory.errors import InputError
from inventory.estate import Estate, Ref

CHUNK = 512  # scenarios worked out at once: bounds the memory
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Progress that nobody asked for."""


class Resilience:
    """One plan at one moment (None: after its last step), ready to be asked.

    `trip_share`: a breaker opens above this share of its rating. Raises ProblemError for a plan of another facility,
    InputError for a share that is not positive.
    """

    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        plan: Plan,
        *,
        moment: datetime | None = None,
        trip_share: float = TRIP_SHARE,
    ) -> None:
        if not 0 < trip_share < float("inf"):
            raise InputError(
                f"a breaker can't trip at {trip_share:g} times its rating",
                where="trip share",
                remedy="use a positive number, such as 1.0",
            )
        self.catalogue = Catalogue(estate, facility, plan)
        standing = standing_at(estate, facility, plan, _demands(estate, plan), moment)
        self.evaluation = Evaluation(standing, self.catalogue, trip_share)
        self._plan, self._trip_share = plan, trip_share
        self._moment = "after the last step" if moment is None else f"at {moment:%Y-%m-%d %H:%M}"
        self._rate_members()

    def _rate_members(self) -> None:
        """Whose each member and application is, as indexes of `_partners`, and how critical each application is."""
        belonging, estate = self.evaluation.standing.belonging, self.evaluation.standing.estate
        rows = estate.by_id("applications")
        owners = [belonging.owner_of(ref) for ref in self.evaluation.members]
        tenants = [belonging.partner_of_tenant(rows[i].tenant_id) for i in self.evaluation.applications.ids]
        self._partners = sorted({*owners, *(tenant for tenant in tenants if tenant)})
        number = {partner: p for p, partner in enumerate(self._partners)}
        self._owner = np.array([number[owner] for owner in owners], dtype=np.int64)
        self._tenant = np.array([number.get(tenant or "", -1) for tenant in tenants], dtype=np.int64)
        self._criticality = np.array(
            [rows[i].criticality or 0 for i in self.evaluation.applications.ids], dtype=np.int64
        )

    # --- one set of losses ----------------------------------------------------------------------------------------

    def find(self, texts: Iterable[str]) -> Scenario:
        """The losses a person named. Raises InputError for a name that leads nowhere, or for one thing named twice;
        only a cooling zone may be named as often as it has units.
        """
        found = tuple(self.catalogue.find(text) for text in texts)
        units = {zone.name: zone.units for zone in self.evaluation.standing.facility.cooling_zones}
        for loss in dict.fromkeys(found):
            most = units[loss.name] if loss.kind == COOLING else 1
            if found.count(loss) > most:
                has = f"it has {most} units" if loss.kind == COOLING else "it can be lost once"
                raise InputError(
                    f"{loss} is named {found.count(loss)} times, {has}", remedy="name it less often"
                )
        return found

    def examine(self, losses: Scenario) -> Consequence:
        """Everything that comes of losing these together."""
        outcome = self.evaluation.work_out((losses,))
        words = Explanation(self.evaluation, outcome)
        return Consequence(
            row=self.rows(outcome)[0],
            rounds=words.rounds(),
            over=tuple(words.other_overloads()),
            applications=words.applications(),
            assets=words.assets(),
            notes=(*self._time_notes(losses), *words.notes()),
        )

    def _time_notes(self, losses: Scenario) -> Iterable[str]:
        for loss in dict.fromkeys(losses):
            if not self.carries(self.catalogue[loss]):
                yield f"{loss} carries nothing at this moment"

    def rows(self, outcome: Outcome) -> list[Row]:
        """The line of the matrix for each scenario of an outcome."""
        tripped = (outcome.target.power.tripped_in > 0).sum(axis=1)
        found = []
        for s, losses in enumerate(outcome.scenarios):
            states, worst = outcome.states[s], float(outcome.worst[s])
            counts = dict(zip(STATES, np.bincount(states, minlength=len(STATES)).tolist(), strict=True))
            critical = self._criticality[(states == DOWN) & (self._criticality > 0)]
            found.append(
                Row(
                    losses=tuple(map(str, losses)),
                    assets_down=int(outcome.down[s].sum()),
                    restarting=int(outcome.restarts[s].sum()),
                    assets_unknown=int(outcome.unknown[s].sum()),
                    applications_down=counts["down"],
                    applications_unknown=counts["unknown"],
                    interrupted=counts["interrupted"],
                    degraded=counts["degraded"],
                    overload=worst if 0 < worst < np.inf else None,
                    nothing_left=bool(np.isinf(worst)),
                    tripped=int(tripped[s]) + len(outcome.sources[s].tripped),
                    most_critical=int(critical.min()) if len(critical) else None,
                    partners=self._touched(outcome, s),
                )
            )
        return found

    def _touched(self, outcome: Outcome, s: int) -> tuple[str, ...]:
        """Partners of what is down or starts again."""
        hit = {*self._owner[outcome.down[s] | outcome.restarts[s]].tolist()}
        hit |= {*self._tenant[outcome.states[s] == DOWN].tolist()} - {-1}
        return tuple(self._partners[p] for p in sorted(hit))

    # --- all of them ----------------------------------------------------------------------------------------------

    def carries(self, item: Losable) -> bool:
        """Whether anything hangs on a thing at this moment, alone or together with others."""
        evaluation, kind, index = self.evaluation, item.loss.kind, item.index
        if kind in {RACK, SWITCH, HOST}:
            return evaluation.target.loses_something(item.loss)
        if kind == COOLING:
            zone = [z.name for z in evaluation.target.zones].index(item.loss.name)
            return bool((evaluation.target.zone_of_load == zone).any())
        if not isinstance(index, int):
            return False
        if kind == CIRCUIT:
            return evaluation.lines.carries(index)
        if kind == SOURCE_FEED:
            return evaluation.source.carries(index)
        if kind == SOURCE_PANEL:
            return any(map(evaluation.source.carries, evaluation.source.feeds_of_panel.get(index, ())))
        return bool(evaluation.target.cascade.is_loaded[index])

    def every(self) -> tuple[list[Loss], int]:
        """The single losses that carry something, and how many things carry nothing."""
        things = [item for item in self.catalogue.items if item.is_single_loss]
        carrying = [item.loss for item in things if self.carries(item)]
        return carrying, len(things) - len(carrying)

    def singles(self, progress: Progress = _silent) -> Matrix:
        """Every single loss, worst first."""
        losses, idle = self.every()
        scenarios: list[Scenario] = [(), *((loss,) for loss in losses)]
        rows: list[Row] = []
        fates = _Fates(self)
        for begin in range(0, len(scenarios), CHUNK):
            progress("single losses", begin, len(scenarios))
            outcome = self.evaluation.work_out(scenarios[begin : begin + CHUNK])
            rows += self.rows(outcome)
            fates.note(outcome)
        progress("single losses", len(scenarios), len(scenarios))
        diverse, double_fed = self.diversity()
        return Matrix(
            plan=self._plan.name,
            moment=self._moment,
            things=len(losses) + idle,
            idle=idle,
            baseline=rows[0],
            rows=tuple(sorted(rows[1:], key=lambda row: ([-w for w in row.weight], row.losses))),
            diversity=diverse,
            shared_fates=fates.found(),
            double_fed=double_fed,
            untraced=self.evaluation.source.untraced,
            assumptions=self.assumptions(),
        )

    def pairs(self, worst: int = 20, progress: Progress = _silent) -> PairMatrix:
        """Every pair of losses, two units of one cooling zone included; the `worst` of them in full, those first that
        are worse than their two losses apart.
        """
        losses, idle = self.every()
        search = PairSearch(self.evaluation, losses, progress)
        found = search.search(worst)
        rows: list[PairRow] = []
        for begin in range(0, len(found.candidates), CHUNK):
            progress("worst pairs", begin, len(found.candidates))
            part = found.candidates[begin : begin + CHUNK]
            outcome = self.evaluation.work_out([candidate.losses for candidate in part])
            rows += [
                PairRow(row, candidate.more_applications, candidate.more_assets, candidate.is_newly_over)
                for row, candidate in zip(self.rows(outcome), part, strict=True)
            ]
        return PairMatrix(
            plan=self._plan.name,
            moment=self._moment,
            things=len(losses) + idle,
            idle=idle,
            pairs=found.pairs,
            findings=found.findings,
            worse_than_apart=found.worse_than_apart,
            rows=tuple(sorted(rows, key=lambda pair: ([-w for w in pair.weight], pair.row.losses))),
            assumptions=self.assumptions(),
        )

    def diversity(self) -> tuple[tuple[Diversity, ...], int]:
        """Loads with a spare supply that one node takes down all the same, and how many such loads there are."""
        standing, cascade = self.evaluation.standing, self.evaluation.target.cascade
        spare = [
            n
            for n, load in enumerate(standing.loads)
            if load.redundancy is not None and load.redundancy.spare
        ]
        nodes = cascade.model.nodes
        lost = np.vstack([np.zeros(len(nodes), dtype=bool), np.eye(len(nodes), dtype=bool)])
        down = cascade.fall(lost, np.zeros((len(lost), len(standing.loads)), dtype=bool), cascades=False).down
        found = [
            Diversity(
                standing.loads[n].name,
                standing.loads[n].rack,
                str(standing.loads[n].redundancy),
                nodes[node].name,
                nodes[node].can_fail,
            )
            for n in spare
            if not down[0, n]
            for node in np.flatnonzero(down[1:, n]).tolist()
        ]
        return tuple(sorted(found, key=lambda d: (not d.can_fail, d.node, d.rack, d.load))), len(spare)

    def assumptions(self) -> tuple[str, ...]:
        """What the answers rest on, as sentences."""
        over = "its rating" if self._trip_share == 1 else f"{self._trip_share:g} times its rating"
        return (
            f"A breaker opens above {over}, all that are over in one round together.",
            "An overload below that holds, and is shown.",
            "A zone with too little cooling is marked; what fails there, and when, is not said.",
            "What feeds the cooling units is recorded nowhere: no loss of power takes them along.",
            f"A thing with {SPREAD_PORTS} or more network ports has them on different switches of its rack.",
            "Workloads start again only on hosts of their own pool, within its overcommit.",
            "An application goes down with any member that no constraint keeps apart from others.",
        )


def _demands(estate: Estate, plan: Plan) -> Mapping[Ref, AssetDemand]:
    """What the plan states; for assets it says nothing of, what the demand rules give."""
    stated = {demand.asset: demand for demand in plan.demands}
    if all(ref in stated for ref in estate.assets()):
        return stated
    return {**derive(estate, planning_value=plan.inputs.planning_value), **stated}


class _Fates:
    """Collects which single losses take down all of the members that stand in for one another."""

    def __init__(self, resilience: Resilience) -> None:
        self._resilience = resilience
        self._groups = resilience.evaluation.applications.groups
        self._losses: dict[int, list[str]] = defaultdict(list)

    def note(self, outcome: Outcome) -> None:
        for g, (_, _, shared) in enumerate(self._groups):
            for s in np.flatnonzero(outcome.down[:, list(shared)].all(axis=1)).tolist():
                self._losses[g].append(" and ".join(map(str, outcome.scenarios[s])) or "nothing")

    def found(self) -> tuple[SharedFate, ...]:
        evaluation = self._resilience.evaluation
        estate, belonging = evaluation.standing.estate, evaluation.standing.belonging
        rows, constraints = estate.by_id("applications"), estate.by_id("constraints")
        fates = []
        for g, losses in self._losses.items():
            a, constraint_id, shared = self._groups[g]
            application = rows[evaluation.applications.ids[a]]
            constraint = constraints[constraint_id]
            fates.append(
                SharedFate(
                    application.name,
                    belonging.partner_of_tenant(application.tenant_id) or "",
                    constraint.name or f"constraint {constraint_id}",
                    _names(estate, [evaluation.members[m] for m in shared]),
                    tuple(losses),
                )
            )
        return tuple(sorted(fates, key=lambda fate: (fate.application, fate.constraint)))


def _names(estate: Estate, refs: Sequence[Ref]) -> tuple[str, ...]:
    found = []
    for ref in refs:
        row = estate.find(ref)
        found.append(str(getattr(row, "name", None) or f"{ref.kind} {ref.id}"))
    return tuple(sorted(found))
