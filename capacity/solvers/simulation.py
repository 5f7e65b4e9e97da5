"""A dated project with uncertain durations, simulated sample by sample: arrays in, arrays out.

Activities are taken in the order of their dates. Each begins as soon as its release, its predecessors, its open
intervals and the resources allow; a resource that runs short goes to the activity that comes first. An activity that
is still running when its interval ends goes on in the next one, or, if it is strict, starts again there. (Serial
schedule generation as a policy: Kolisch, EJOR 1996; Rostami, Creemers, Leus, EJOR 2018.) What an activity, a resource
or an interval stands for is the caller's, and so is every draw but those for starting again.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from capacity.solvers.simulation_places import (
    NEVER,
    NOBODY,
    Floats,
    Ints,
    bare,
    begin_at,
    book,
    least_ready,
    take,
)

__all__ = [
    "NEVER",
    "Bools",
    "Course",
    "Draws",
    "Floats",
    "Ints",
    "Network",
    "Samples",
    "followed",
    "settled",
    "simulate",
]

Bools = NDArray[np.bool_]

MOST_PIECES = 24  # intervals an activity may begin in; one that needs more is held never to end


class Network(NamedTuple):
    """Activities in the order they are taken in: by their dates, each after its predecessors. Times are whole seconds.

    Of each activity: `release`, before which it doesn't begin; `length`, the time it looks for in one interval;
    `calendar`, its list of open intervals; `is_strict`, whether it starts again when its interval ends; `over_since`
    and `over_at`, start and end of what is over already, else NEVER. Its predecessors `before` with the seconds `lag`
    to wait after their ends, and what it holds (`held`, `amount`), at `before_at` and `held_at`: from one share of its
    duration to another (`since`, `till`), only while a calendar is open (`while_open`, or -1: whenever it runs); or,
    where `after` isn't NEVER, from its end until then.

    Of each resource: its `capacity`, and when there is less of it by how much (`less_start`, `less_end`, `less_by` at
    `less_at`). Of each calendar: `open_start`, `open_end` at `open_at`, sorted and disjoint. Nothing ends after
    `horizon`.
    """

    release: Ints
    length: Ints
    calendar: Ints
    is_strict: Bools
    over_since: Ints
    over_at: Ints
    before_at: Ints
    before: Ints
    lag: Ints
    held_at: Ints
    held: Ints
    amount: Floats
    since: Floats
    till: Floats
    while_open: Ints
    after: Ints
    capacity: Floats
    less_at: Ints
    less_start: Ints
    less_end: Ints
    less_by: Floats
    open_at: Ints
    open_start: Ints
    open_end: Ints
    horizon: int


class Draws(NamedTuple):
    """Samples of durations: `scale` [samples × activities] in seconds times exp(`spread` [activities] × `own`
    [samples × activities]). What starts again draws anew for `own`; `again` is the share of strict ones that do start
    again.
    """

    scale: Floats
    own: Floats
    spread: Floats
    again: float
    seed: int


class Samples(NamedTuple):
    """[samples × activities]: first start, end, how many intervals it was begun in, and whether the end hangs on it."""

    start: Ints
    end: Ints
    begun: NDArray[np.int16]
    decides: Bools


class Course(NamedTuple):
    """What comes of a project in which everything takes as long as it looks for: `start`, `end`, whether the end hangs
    on it, as in Samples; whom it waited for to let go of something (`blocker`, else -1), and the least readiness of its
    predecessors with which it would have begun no earlier (`reason`; above NEVER: none of them pushed it).
    """

    start: Ints
    end: Ints
    decides: Bools
    blocker: Ints
    reason: Ints


class _Room(NamedTuple):
    """What a sample writes on. Of each resource, `many` entries from `at`: from a `moment` on so much is `taken`, and
    the last whose hold `ended` then. Of each activity the reason for its start, and whom it waited for.
    """

    at: Ints
    many: Ints
    moment: Ints
    taken: Floats
    ended: Ints
    reason: Ints  # the least readiness with which it would have begun no earlier; OWN_DATE: nothing pushed it
    blocker: Ints


OWN_DATE = NEVER + 1
ENDS_LATE = 1000  # draws for whether a strict activity runs over, apart from those for how long it takes


def simulate(network: Network, draws: Draws) -> Samples:
    """Every sample of the draws; equal inputs give equal arrays."""
    network = Network(*(_writable(part) for part in network))
    shape = draws.scale.shape
    found = Samples(
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int16),
        np.zeros(shape, np.bool_),
    )
    _simulate(network, draws, found, _room(network))
    return found


def followed(network: Network) -> Course:
    """One sample in which nothing strays, with what held each start."""
    network = Network(*(_writable(part) for part in network))
    length = network.length.astype(np.float64)[None, :]
    found = Samples(*(np.zeros(length.shape, kind) for kind in (np.int64, np.int64, np.int16, np.bool_)))
    room, nothing = _room(network), np.zeros(length.size)
    _simulate(network, Draws(length, np.zeros_like(length), nothing, 1.0, 0), found, room)
    return Course(found.start[0], found.end[0], found.decides[0], room.blocker, room.reason)


def settled(network: Network, start: Ints, may_follow: Bools) -> tuple[Ints, Bools]:
    """The releases with which every activity of its own length begins at its `start`, and which ones do.

    Those that `may_follow` and whose start follows from the rest are released at once: when what they wait for is
    sooner, so are they. All others are released at their start.
    """
    release, is_met = np.zeros_like(start), np.zeros(start.size, np.bool_)
    _settle(network, start, may_follow, release, is_met, _room(network))
    return release, is_met


def _writable(part: Any) -> Any:
    """Arrays that came from another process may be read-only; the kernels would be compiled anew for those."""
    return part.copy() if isinstance(part, np.ndarray) and not part.flags.writeable else part


def _room(network: Network) -> _Room:
    n, resources = network.release.size, network.capacity.size
    most = 1 + 2 * (np.bincount(network.held, minlength=resources) * MOST_PIECES + np.diff(network.less_at))
    at = np.concatenate(([0], np.cumsum(most))).astype(np.int64)
    size = int(at[-1])

    def ints(count: int) -> Ints:
        return np.zeros(count, np.int64)

    return _Room(at, ints(resources), ints(size), np.zeros(size), ints(size), ints(n), ints(n))


# --- the kernels -----------------------------------------------------------------------------------------------------


@bare
def _clear(net: Network, room: _Room) -> None:
    """Nothing is taken but what isn't there."""
    for r in range(net.capacity.size):
        first = room.at[r]
        room.many[r] = 1
        room.moment[first], room.taken[first], room.ended[first] = -NEVER, 0.0, NOBODY
        for x in range(net.less_at[r], net.less_at[r + 1]):
            since, till, amount = net.less_start[x], net.less_end[x], net.less_by[x]
            take(room.at, room.many, room.moment, room.taken, room.ended, r, since, till, amount, NOBODY)


@bare
def _ready(before: Ints, lag: Ints, first: int, last: int, end: Ints) -> int:
    """When the last predecessor lets it begin; NEVER when one of them never ends."""
    ready = -NEVER
    for e in range(first, last):
        ended = end[before[e]]
        if ended == NEVER:
            return NEVER
        ready = max(ready, ended + lag[e])
    return ready


# --- draws for starting again ----------------------------------------------------------------------------------------


@bare
def _uniform(seed: int, sample: int, j: int, which: int) -> float:
    """A number in [0, 1) that depends on its arguments alone (mixed as in SplitMix64, Steele et al., 2014)."""
    x = np.uint64(seed) + np.uint64(sample + 1) * np.uint64(0x9E3779B97F4A7C15)
    for part in (np.uint64(j + 1), np.uint64(which + 1)):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = (x ^ (x >> np.uint64(31))) + part * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return float(x >> np.uint64(11)) * 2.0**-53


@bare
def _normal(seed: int, sample: int, j: int, which: int) -> float:
    """A standard normal number (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - _uniform(seed, sample, j, 2 * which)))
    return radius * math.cos(2.0 * math.pi * _uniform(seed, sample, j, 2 * which + 1))


# --- all of them -----------------------------------------------------------------------------------------------------


@bare
def _simulate(net: Network, draws: Draws, found: Samples, room: _Room) -> None:
    release, lengths, calendars, is_strict = net.release, net.length, net.calendar, net.is_strict
    over_since, over_at, horizon = net.over_since, net.over_at, net.horizon
    before_at, before, lag = net.before_at, net.before, net.lag
    held_at, held, amount, capacity = net.held_at, net.held, net.amount, net.capacity
    since, till, while_open, after = net.since, net.till, net.while_open, net.after
    open_at, open_start, open_end = net.open_at, net.open_start, net.open_end
    at, many, moment, taken, ended = room.at, room.many, room.moment, room.taken, room.ended
    reason, blocker = room.reason, room.blocker
    scale, own, spread, again, seed = draws.scale, draws.own, draws.spread, draws.again, draws.seed
    samples, n = scale.shape
    for s in range(samples):
        _clear(net, room)
        start, end, begun = found.start[s], found.end[s], found.begun[s]
        for j in range(n):
            blocker[j], reason[j] = NOBODY, OWN_DATE
            if over_at[j] != NEVER:
                start[j], end[j], begun[j] = over_since[j], over_at[j], 1
                continue
            start[j] = end[j] = NEVER
            pushed = _ready(before, lag, before_at[j], before_at[j + 1], end)
            if pushed == NEVER:
                reason[j] = NEVER
                continue
            ready, length = max(release[j], pushed), lengths[j]
            left = _seconds(scale[s, j], spread[j] * own[s, j])
            for piece in range(MOST_PIECES):
                runs_over = is_strict[j] and again < 1.0 and _uniform(seed, s, j, ENDS_LATE + piece) >= again
                interval, begin, holder = begin_at(
                    open_at, open_start, open_end,
                    held, amount, since, till, while_open, after, capacity,
                    at, many, moment, taken, ended,
                    calendars[j], held_at[j], held_at[j + 1], ready, length, left, runs_over,
                )  # fmt: skip
                if piece == 0:
                    start[j], blocker[j] = begin, holder
                    if holder == NOBODY and pushed > release[j]:
                        least = least_ready(
                            open_at, open_start, open_end, calendars[j], interval, begin, length
                        )
                        if release[j] < least:
                            reason[j] = least
                if interval < 0:
                    break
                begun[j] = piece + 1
                stop, closes = begin + left, open_end[interval]
                is_done = stop <= closes or runs_over
                if is_done and stop > horizon and stop > closes:
                    break
                book(
                    held, amount, since, till, after,
                    at, many, moment, taken, ended,
                    held_at[j], held_at[j + 1], begin, stop if is_done else closes, j,
                )  # fmt: skip
                if is_done:
                    end[j] = stop
                    break
                ready = closes
                if is_strict[j]:
                    left = _seconds(scale[s, j], spread[j] * _normal(seed, s, j, piece))
                else:
                    left, length = left - (closes - begin), 1
        _trace(before_at, before, lag, reason, blocker, end, found.decides[s])


@bare
def _seconds(scale: float, log_factor: float) -> int:
    return max(1, math.floor(scale * math.exp(log_factor) + 0.5))


@bare
def _trace(
    before_at: Ints, before: Ints, lag: Ints, reason: Ints, blocker: Ints, end: Ints, decides: Bools
) -> None:
    """Mark what ends last, and backwards all that would have let a marked one begin sooner by ending sooner.

    Where something never ends, what ends last is what found no place itself, not what waits for that.
    """
    n = end.size
    last = end[0] if n else 0
    for j in range(1, n):
        last = max(last, end[j])
    for j in range(n):
        decides[j] = end[j] == last and not (last == NEVER and reason[j] == NEVER)
    for j in range(n - 1, -1, -1):
        if not decides[j]:
            continue
        if blocker[j] >= 0:
            decides[blocker[j]] = True
        for e in range(before_at[j], before_at[j + 1]):
            if end[before[e]] + lag[e] >= reason[j]:
                decides[before[e]] = True


@njit(cache=True, nogil=True)
def _settle(net: Network, start: Ints, may_follow: Bools, release: Ints, is_met: Bools, room: _Room) -> None:
    before_at, before, lag = net.before_at, net.before, net.lag
    held_at, held, amount, capacity = net.held_at, net.held, net.amount, net.capacity
    since, till, while_open, after = net.since, net.till, net.while_open, net.after
    open_at, open_start, open_end = net.open_at, net.open_start, net.open_end
    at, many, moment, taken, ended = room.at, room.many, room.moment, room.taken, room.ended
    _clear(net, room)
    end = start + net.length
    for j in range(start.size):
        pushed = _ready(before, lag, before_at[j], before_at[j + 1], end)
        length = net.length[j]
        for follows in (True, False):
            if follows and not may_follow[j]:
                continue
            release[j] = 0 if follows else start[j]
            _, begin, _ = begin_at(
                open_at, open_start, open_end,
                held, amount, since, till, while_open, after, capacity,
                at, many, moment, taken, ended,
                net.calendar[j], held_at[j], held_at[j + 1], max(release[j], pushed), length, length, False,
            )  # fmt: skip
            is_met[j] = begin == start[j]
            if is_met[j]:
                break
        book(
            held, amount, since, till, after,
            at, many, moment, taken, ended,
            held_at[j], held_at[j + 1], start[j], end[j], j,
        )  # fmt: skip
