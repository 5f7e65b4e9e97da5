"""Draws samples of a dated plan and counts what comes of them, in chunks that anyone may run anywhere.

A chunk depends on the model, its number and its size alone, and chunks are put together in their order: the answer is
the same whoever ran them, and in whatever order they came back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from capacity.plan import Step
from capacity.solvers.simulation import NEVER, Draws, Floats, Ints, Network, simulate
from capacity.uncertainty.durations import Spread
from capacity.uncertainty.network import Dated

CHUNK = (
    250  # samples; few enough that their arrays stay small, many enough that a chunk is worth sending away
)
HANDS = ("crew", "engineer")


@dataclass(frozen=True)
class Model:
    """All a chunk needs, as arrays [steps]: the plan's `start` and `length`, which kind and whose hands a step is of,
    the mean and deviations of its logarithm. `milestones`: for each the steps that have to end; `again` as in Draws.
    """

    network: Network
    start: Ints
    length: Ints
    kind: Ints
    hands: Ints
    mean: Floats
    kind_sd: Floats
    hands_sd: Floats
    own_sd: Floats
    milestones: tuple[Ints, ...]
    again: float
    seed: int


@dataclass(frozen=True)
class Tally:
    """Of some samples: `ends` [samples × milestones]; in how many each step decided when all ends, began late, and was
    repeated; and in how many nothing that decided did either, so that only planned dates decide (`on_dates`).
    """

    number: int
    ends: Ints
    decides: Ints
    late: Ints
    repeated: Ints
    on_dates: int


Job = tuple[int, int]
"""A chunk's number and how many samples it has."""
Runner = Callable[[Model, Sequence[Job]], Iterable[Tally]]


def model_of(
    plan: Dated,
    spreads: Mapping[str, Spread],
    milestones: Sequence[Sequence[int]],
    *,
    again: float,
    seed: int,
) -> Model:
    """The model of a dated plan; `milestones` are lists of steps by index."""
    kinds = sorted({step.kind for step in plan.steps})
    hands = [_hands(step) for step in plan.steps]
    numbers = {name: i for i, name in enumerate(sorted(set(hands)))}
    own = [spreads[step.kind] for step in plan.steps]
    return Model(
        network=plan.network,
        start=plan.start,
        length=plan.end - plan.start,
        kind=np.array([kinds.index(step.kind) for step in plan.steps], dtype=np.int64),
        hands=np.array([numbers[name] for name in hands], dtype=np.int64),
        mean=np.array([spread.mean for spread in own]),
        kind_sd=np.array([spread.kind_sd for spread in own]),
        hands_sd=np.array([spread.hands_sd for spread in own]),
        own_sd=np.array([spread.own_sd for spread in own]),
        milestones=tuple(np.array(steps, dtype=np.int64) for steps in milestones),
        again=again,
        seed=seed,
    )


def _hands(step: Step) -> str:
    """Whose work a step is: crew or engineer, else the first thing it holds (a circuit), else nobody's."""
    names = sorted(use.resource for use in step.uses)
    return next((name for name in HANDS if name in names), names[0] if names else "")


def jobs_of(samples: int) -> tuple[Job, ...]:
    """The chunks of so many samples."""
    whole, rest = divmod(samples, CHUNK)
    return tuple((number, CHUNK) for number in range(whole)) + (((whole, rest),) if rest else ())


def one_by_one(model: Model, jobs: Sequence[Job]) -> Iterator[Tally]:
    """Run the chunks one after the other, here."""
    for job in jobs:
        yield sampled(model, job)


def sampled(model: Model, job: Job) -> Tally:
    """Run one chunk."""
    number, size = job
    found = simulate(model.network, drawn(model, job))
    not_over = model.network.over_at == NEVER
    late = (found.start > model.start) & not_over
    repeated = (found.begun > 1) & model.network.is_strict
    ends = [found.end[:, steps].max(axis=1) for steps in model.milestones]
    return Tally(
        number=number,
        ends=np.stack(ends, axis=1) if ends else np.zeros((size, 0), dtype=np.int64),
        decides=found.decides.sum(axis=0),
        late=late.sum(axis=0),
        repeated=repeated.sum(axis=0),
        on_dates=int((~(found.decides & (late | repeated)).any(axis=1)).sum()),
    )


def drawn(model: Model, job: Job) -> Draws:
    """The chunk's draws: a number for each kind, for each pair of hands, and for each step."""
    number, size = job
    random = np.random.default_rng(np.random.SeedSequence(model.seed, spawn_key=(number,)))
    steps = model.length.size
    by_kind = random.standard_normal((size, int(model.kind.max(initial=0)) + 1))
    by_hands = random.standard_normal((size, int(model.hands.max(initial=0)) + 1))
    common = model.mean + model.kind_sd * by_kind[:, model.kind] + model.hands_sd * by_hands[:, model.hands]
    scale = model.length.astype(np.float64) * np.exp(common)
    return Draws(
        scale=scale,
        own=random.standard_normal((size, steps)),
        spread=model.own_sd,
        again=model.again,
        seed=int(random.integers(2**62)),
    )


def together(model: Model, samples: int, run: Runner, progress: Callable[[int, int], None]) -> Tally:
    """All samples, whoever runs them; `progress` is told samples done and samples in all."""
    jobs = jobs_of(samples)
    tallies: list[Tally] = []
    done = 0
    for tally in run(model, jobs):
        tallies.append(tally)
        done += len(tally.ends)
        progress(done, samples)
    tallies.sort(key=lambda tally: tally.number)
    return Tally(
        number=0,
        ends=np.concatenate([tally.ends for tally in tallies]),
        decides=np.sum([tally.decides for tally in tallies], axis=0),
        late=np.sum([tally.late for tally in tallies], axis=0),
        repeated=np.sum([tally.repeated for tally in tallies], axis=0),
        on_dates=sum(tally.on_dates for tally in tallies),
    )


def percentile(ends: Ints, share: float) -> int:
    """The sampled end by which at least this share of all samples has ended; NEVER where so many never end."""
    ordered = np.sort(ends)
    return int(ordered[max(0, math.ceil(share * ordered.size - 1e-9) - 1)])
