"""Every pair of losses without working out each in full: what two losses do together is mostly what each does alone.

Three ways, each exact. Where the two touch nothing in common, counts add up. Where they only touch the same
applications, the assets' states of the two are laid over each other and the applications worked out again. Where they
share something physical (supply nodes that together leave a load dead or a node over its limit, a rack's switches, a
pool's hosts, a hot zone, feeds of a source that hang together, a cluster, a site's lines) the pair is worked out whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from capacity.failures.application_states import DOWN, UP
from capacity.failures.evaluation import Evaluation, Outcome, Scenario
from capacity.failures.losses import COOLING, Loss

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

CHUNK = 256  # pairs worked out whole at once
MERGED = 4096  # pairs laid over each other at once
APART, MERGE, WHOLE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair, what it adds to its losses taken apart, and its totals for sorting."""

    losses: Scenario
    more_applications: int
    more_assets: int
    is_newly_over: bool


@dataclass(frozen=True, slots=True)
class Found:
    pairs: int
    findings: int
    worse_than_apart: int
    candidates: tuple[Candidate, ...]


@dataclass
class _Table:
    """Pairs as columns: i, j, applications down, assets down, worst share, and what is more than apart."""

    rows: list[Floats]

    def add(self, *columns: NDArray[np.generic]) -> None:
        self.rows.append(np.column_stack([np.asarray(column, dtype=np.float64) for column in columns]))

    def all(self) -> Floats:
        return np.vstack(self.rows) if self.rows else np.empty((0, 8))


class PairSearch:
    """The pairs of some losses at one moment."""

    def __init__(
        self,
        evaluation: Evaluation,
        losses: Sequence[Loss],
        progress: Progress,
        *,
        members: Bools | None = None,
        applications: Bools | None = None,
    ) -> None:
        """`members` [M] and `applications` [A]: which of them count (None: all), such as one partner's."""
        self._evaluation, self._losses, self._progress = evaluation, list(losses), progress
        self._table = _Table([])
        self._members = np.ones(len(evaluation.members), dtype=bool) if members is None else members
        known = len(evaluation.applications.ids)
        self._applications = np.ones(known, dtype=bool) if applications is None else applications

    def search(self, worst: int) -> Found:
        """Count all pairs and return the `worst` of them (0: all of them)."""
        self._singles()
        kind = self._kinds()
        first, second = np.triu_indices(len(self._losses), 1)
        ways = kind[first, second]
        self._merge(first[ways == MERGE], second[ways == MERGE])
        self._whole(first[ways == WHOLE], second[ways == WHOLE])
        apart = ways == APART
        self._add_up(first[apart], second[apart])
        doubles = self._doubles()
        table = self.table()
        more = (table[:, 5] > 0) | (table[:, 6] > 0) | (table[:, 7] > 0)
        is_finding = (table[:, 2] > 0) | (table[:, 3] > 0) | (table[:, 4] > 0)
        order = np.lexsort([-table[:, c] for c in (4, 3, 2, 7, 6, 5)])
        order = order[:worst] if worst else order
        return Found(
            len(table),
            int(is_finding.sum()),
            int(more.sum()),
            tuple(
                Candidate(
                    self._scenario(int(i), int(j), doubles),
                    int(more_applications),
                    int(more_assets),
                    bool(newly),
                )
                for i, j, _, _, _, more_applications, more_assets, newly in table[order]
            ),
        )

    def table(self) -> Floats:
        """[pairs × 8] once searched: numbers of the two losses (-1 and n: two units of the n-th zone), applications and
        assets down, the worst share, applications and assets down in neither alone, whether newly over.
        """
        return self._table.all()

    def _scenario(self, i: int, j: int, doubles: Sequence[Loss]) -> Scenario:
        if i < 0:
            return (doubles[j], doubles[j])
        return (self._losses[i], self._losses[j])

    # --- what each does alone -------------------------------------------------------------------------------------

    def _singles(self) -> None:
        evaluation, size = self._evaluation, len(self._losses)
        parts: list[Outcome] = []
        for begin in range(0, size, CHUNK):
            self._progress("single losses", begin, size)
            parts.append(evaluation.work_out([(loss,) for loss in self._losses[begin : begin + CHUNK]]))
        members, flows = len(evaluation.members), len(evaluation.lines.flows)
        self._down = _stacked([part.down for part in parts], members)
        self._restarts = _stacked([part.restarts for part in parts], members)
        self._unknown = _stacked([part.unknown for part in parts], members)
        self._flows = _stacked([_flows_hit(part, flows) for part in parts], flows)
        self._states = (
            np.vstack([part.states for part in parts]) if parts else np.zeros((0, 0), dtype=np.int8)
        )
        self._worst = np.concatenate([part.worst for part in parts]) if parts else np.zeros(0)
        self._apps_down = (self._states == DOWN)[:, self._applications].sum(axis=1)
        self._assets_down = self._counted(self._down)
        self._parts = parts

    def _counted(self, down: csr_array | Bools) -> Floats:
        """[S] how many of the members that count are down."""
        return np.asarray(down @ self._members.astype(np.float64)).ravel()

    def _over(self) -> Bools:
        """[N] losses whose supply graph is over somewhere alone: together with anything, it may trip otherwise."""
        over = np.zeros(len(self._losses), dtype=bool)
        for begin, part in zip(range(0, len(self._losses), CHUNK), self._parts, strict=True):
            over[[begin + overload.scenario for overload in part.target.power.overloads]] = True
            over[begin : begin + len(part.scenarios)] |= part.target.hot.any(axis=1)
        return over

    # --- which way for each pair ----------------------------------------------------------------------------------

    def _kinds(self) -> NDArray[np.int8]:
        """[N × N] APART, MERGE or WHOLE."""
        size = len(self._losses)
        kind = np.zeros((size, size), dtype=np.int8)
        touched = self._touched()
        kind[_meet(touched, touched)] = MERGE
        shared, out, inside = self._physical()
        whole = _meet(shared, shared) | _meet(out, inside) | _meet(inside, out)
        at_target = self._at_target()
        over = self._over()
        whole |= (over[:, None] & at_target[None, :]) | (over[None, :] & at_target[:, None])
        kind[whole] = WHOLE
        nodes = np.array([self._evaluation.is_node(loss) for loss in self._losses], dtype=bool)
        for i, j in self._joined_by_power(np.flatnonzero(nodes)):
            kind[i, j] = kind[j, i] = WHOLE
        return kind

    def _touched(self) -> csr_array:
        """[N × A] applications of which a member's state or a flow changes, and those whose state does."""
        member_of, of_flow = self._evaluation.applications.member_of, self._evaluation.applications.of_flow
        hit = (self._down + self._restarts + self._unknown) @ member_of + self._flows @ of_flow
        return csr_array(hit + csr_array((self._states != UP).astype(np.float64)))

    def _at_target(self) -> Bools:
        return np.array([self._evaluation.is_at_target(loss) for loss in self._losses], dtype=bool)

    def _physical(self) -> tuple[csr_array, csr_array, csr_array]:
        """What losses share: pools, feeds of sources that hang together, clusters, sites' lines [N × ·]; racks with a
        switch out [N × R]; racks with anything silent [N × R].
        """
        evaluation = self._evaluation
        keys: dict[tuple[str, int | str], int] = {}
        cells: list[tuple[int, int]] = []
        racks: dict[str, int] = {}
        rack_of = [racks.setdefault(load.rack, len(racks)) for load in evaluation.standing.loads]
        to_rack = csr_array(
            (np.ones(len(rack_of)), (np.arange(len(rack_of)), rack_of)), shape=(len(rack_of), len(racks))
        )
        out, inside = [], []
        n = 0
        for part in self._parts:
            silent = part.target.gone | part.target.power.down
            inside.append(csr_array(silent.astype(np.float64)) @ to_rack)
            out.append(csr_array(part.target.switches_out.astype(np.float64)) @ to_rack)
            for s in range(len(part.scenarios)):
                cells += [(n, keys.setdefault(key, len(keys))) for key in self._shares(part, s)]
                n += 1
        shared = csr_array(
            (np.ones(len(cells)), ([row for row, _ in cells], [column for _, column in cells])),
            shape=(n, len(keys)),
        )
        empty = csr_array((n, len(racks)))
        return shared, vstack(out, "csr") if out else empty, vstack(inside, "csr") if inside else empty

    def _shares(self, part: Outcome, s: int) -> Iterator[tuple[str, int | str]]:
        evaluation = self._evaluation
        for pool in part.pools[s]:
            yield "pool", pool.pool
        for line in part.lines[s]:
            yield "site", line.site
        feeds = evaluation.source_feeds(part.scenarios[s])
        for component in {evaluation.source.component[feed] for feed in feeds}:
            yield "feeds", component
        for rack in {evaluation.source.feeds[feed].rack_id for feed in feeds} - {None}:
            yield "source rack", rack or 0
        for cluster in evaluation.clusters_of(part.sources[s]):
            yield "cluster", cluster

    def _joined_by_power(self, nodes: Ints) -> Iterator[tuple[int, int]]:
        """Pairs of supply nodes that together leave more loads dead than apart, or something over."""
        cascade = self._evaluation.target.cascade
        number = [cascade.model.index[self._losses[n].name] for n in nodes]
        alone = np.zeros((len(nodes), len(cascade.model.names)), dtype=bool)
        alone[np.arange(len(nodes)), number] = True
        up = cascade.classes_up(alone)
        first, second = np.triu_indices(len(nodes), 1)
        for begin in range(0, len(first), MERGED):
            self._progress("pairs of supply nodes", begin, len(first))
            a, b = first[begin : begin + MERGED], second[begin : begin + MERGED]
            both_up, is_over = cascade.classes_up_and_over(alone[a] | alone[b])
            joined = is_over | (both_up != (up[a] & up[b])).any(axis=1)
            yield from zip(nodes[a[joined]].tolist(), nodes[b[joined]].tolist(), strict=True)

    # --- the three ways -------------------------------------------------------------------------------------------

    def _add_up(self, i: Ints, j: Ints) -> None:
        nothing = np.zeros(len(i))
        # Down with both and in no application, else the two would meet there.
        counted = csr_array(self._down * self._members)
        both = (counted @ counted.T).toarray()[i, j]
        self._table.add(
            i,
            j,
            self._apps_down[i] + self._apps_down[j],
            self._assets_down[i] + self._assets_down[j] - both,
            np.maximum(self._worst[i], self._worst[j]),
            nothing,
            nothing,
            nothing,
        )

    def _merge(self, first: Ints, second: Ints) -> None:
        for begin in range(0, len(first), MERGED):
            self._progress("pairs that share applications", begin, len(first))
            i, j = first[begin : begin + MERGED], second[begin : begin + MERGED]
            down = _either(self._down[i], self._down[j])
            restarts = _without(_either(self._restarts[i], self._restarts[j]), down)
            unknown = _without(_without(_either(self._unknown[i], self._unknown[j]), down), restarts)
            flows = _either(self._flows[i], self._flows[j])
            states = self._evaluation.applications.states(down, restarts, unknown, flows)
            worst = np.maximum(self._worst[i], self._worst[j])
            self._note(i, j, states, self._counted(down), worst)

    def _whole(self, first: Ints, second: Ints) -> None:
        for begin in range(0, len(first), CHUNK):
            self._progress("pairs that share something", begin, len(first))
            i, j = first[begin : begin + CHUNK], second[begin : begin + CHUNK]
            scenarios = [
                (self._losses[a], self._losses[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)
            ]
            outcome = self._evaluation.work_out(scenarios)
            self._note(i, j, outcome.states, self._counted(outcome.down), outcome.worst)

    def _note(
        self, i: Ints, j: Ints, states: NDArray[np.int8], assets: NDArray[np.generic], worst: Floats
    ) -> None:
        down = (states == DOWN) & self._applications
        apart = (self._states[i] == DOWN) | (self._states[j] == DOWN)
        both = self._counted(_either(self._down[i], self._down[j]))
        newly = (worst > 0) & (self._worst[i] == 0) & (self._worst[j] == 0)
        self._table.add(
            i,
            j,
            down.sum(axis=1),
            assets,
            worst,
            (down & ~apart).sum(axis=1),
            np.maximum(np.asarray(assets, dtype=np.float64) - both, 0),
            newly,
        )

    def _doubles(self) -> list[Loss]:
        """Two units of one cooling zone: a pair of its own, noted as (-1, number)."""
        units = {zone.name: zone.units for zone in self._evaluation.target.zones}
        doubles = [loss for loss in self._losses if loss.kind == COOLING and units[loss.name] > 1]
        if doubles:
            outcome = self._evaluation.work_out([(loss, loss) for loss in doubles])
            alone = [self._losses.index(loss) for loss in doubles]
            down = (outcome.states == DOWN) & self._applications
            assets = self._counted(outcome.down)
            self._table.add(
                np.full(len(doubles), -1),
                np.arange(len(doubles)),
                down.sum(axis=1),
                assets,
                outcome.worst,
                (down & (self._states[alone] != DOWN)).sum(axis=1),
                assets - self._assets_down[alone],
                (outcome.worst > 0) & (self._worst[alone] == 0),
            )
        return doubles


def _stacked(parts: Sequence[Bools], width: int) -> csr_array:
    rows = [csr_array(part.astype(np.float64)) for part in parts]
    return vstack(rows, "csr") if rows else csr_array((0, width))


def _flows_hit(part: Outcome, flows: int) -> Bools:
    hit = np.zeros((len(part.scenarios), flows), dtype=bool)
    for s, effects in enumerate(part.lines):
        for effect in effects:
            hit[s, [*effect.cut, *effect.crowded]] = True
    return hit


def _meet(left: csr_array, right: csr_array) -> Bools:
    """[N × N] whether two rows have a column in common."""
    if not left.shape[1]:
        return np.zeros((left.shape[0], right.shape[0]), dtype=bool)
    return np.asarray((left @ right.T).toarray() > 0)


def _either(left: csr_array, right: csr_array) -> csr_array:
    return csr_array((left + right).minimum(1.0))


def _without(left: csr_array, right: csr_array) -> csr_array:
    return csr_array(left - left.multiply(right))
