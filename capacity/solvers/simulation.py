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

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NEVER = 1 << 60
"""The end of what finds no place before the horizon."""
MOST_PIECES = 24  # intervals an activity may begin in; one that needs more is held never to end
TOLERANCE = 1e-6


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
NOBODY = -1
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


# --- when a calendar is open -----------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _open(net: Network, calendar: int, ready: int, length: int) -> tuple[int, int]:
    """The first open interval with `length` left at or after `ready`, and the start in it; (-1, NEVER) without one."""
    low, last = net.open_at[calendar], net.open_at[calendar + 1]
    high = last
    while low < high:
        middle = (low + high) // 2
        if net.open_end[middle] <= ready:
            low = middle + 1
        else:
            high = middle
    while low < last:
        begin = max(ready, net.open_start[low])
        if begin + length <= net.open_end[low]:
            return low, begin
        low += 1
    return -1, NEVER


# --- what is taken of a resource -------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _clear(net: Network, room: _Room) -> None:
    """Nothing is taken but what isn't there."""
    for r in range(net.capacity.size):
        first = room.at[r]
        room.many[r] = 1
        room.moment[first], room.taken[first], room.ended[first] = -NEVER, 0.0, NOBODY
        for x in range(net.less_at[r], net.less_at[r + 1]):
            _take(room, r, net.less_start[x], net.less_end[x], net.less_by[x], NOBODY)


@njit(cache=True, nogil=True)
def _entry(room: _Room, r: int, moment: int) -> int:
    """The last entry of a resource at or before a moment."""
    low, high = room.at[r], room.at[r] + room.many[r]
    while high - low > 1:
        middle = (low + high) // 2
        if room.moment[middle] <= moment:
            low = middle
        else:
            high = middle
    return int(low)


@njit(cache=True, nogil=True)
def _cut(room: _Room, r: int, moment: int) -> int:
    """The entry of a resource that begins at a moment, made where there is none."""
    before = _entry(room, r, moment)
    if room.moment[before] == moment:
        return before
    x = room.at[r] + room.many[r]
    while x > before + 1:
        room.moment[x], room.taken[x], room.ended[x] = (
            room.moment[x - 1],
            room.taken[x - 1],
            room.ended[x - 1],
        )
        x -= 1
    room.moment[x], room.taken[x], room.ended[x] = moment, room.taken[before], NOBODY
    room.many[r] += 1
    return int(x)


@njit(cache=True, nogil=True)
def _take(room: _Room, r: int, begin: int, end: int, amount: float, whose: int) -> None:
    first = _cut(room, r, begin)
    last = _cut(room, r, end)
    for x in range(first, last):
        room.taken[x] += amount
    if whose >= 0:
        room.ended[last] = whose


@njit(cache=True, nogil=True)
def _span(net: Network, h: int, begin: int, end: int) -> tuple[int, int]:
    """From when until when an entry of what is held is held by what runs from begin to end."""
    if net.after[h] != NEVER:
        return end, net.after[h]
    since = begin + math.floor(net.since[h] * (end - begin) + 0.5)
    return since, begin + math.floor(net.till[h] * (end - begin) + 0.5)


@njit(cache=True, nogil=True)
def _clash(net: Network, room: _Room, j: int, begin: int, end: int) -> tuple[int, int]:
    """Until when `j` can't begin for want of what it holds when it runs so long, and who has it; (-1, -1): it can."""
    for h in range(net.held_at[j], net.held_at[j + 1]):
        r = net.held[h]
        since, till = _span(net, h, begin, end)
        if since >= till:
            continue
        if net.while_open[h] >= 0:
            _, open_from = _open(net, net.while_open[h], since, till - since)
            if open_from == NEVER:
                return NEVER, NOBODY
            if open_from > since:
                return begin + open_from - since, NOBODY
        most = net.capacity[r] - net.amount[h] + TOLERANCE
        last = room.at[r] + room.many[r]
        x = _entry(room, r, since)
        while x < last and room.moment[x] < till:
            if room.taken[x] > most:
                while x < last and room.taken[x] > most:
                    x += 1
                if x < last:
                    return begin + room.moment[x] - since, room.ended[x]
            x += 1
    return -1, NOBODY


# --- one activity ----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _least_ready(net: Network, calendar: int, interval: int, start: int, length: int) -> int:
    """The least readiness with which `start` is the first start there is; interval -1: with which there is none."""
    if interval >= 0 and start > net.open_start[interval]:
        return start
    earlier = (interval if interval >= 0 else net.open_at[calendar + 1]) - 1
    while earlier >= net.open_at[calendar]:
        if net.open_end[earlier] - net.open_start[earlier] >= length:
            return int(net.open_end[earlier]) - length + 1
        earlier -= 1
    return -NEVER


@njit(cache=True, nogil=True)
def _begin(
    net: Network,
    room: _Room,
    j: int,
    ready: int,
    length: int,
    left: int,
    runs_over: bool,  # noqa: FBT001 - compiled
) -> tuple[int, int, int]:
    """Where `j` begins: the interval, the start in it and whose booking it waited for last; interval -1: nowhere.

    It takes `length` for granted and holds what it holds as long as it really runs: `left`, up to the interval's end
    unless it `runs_over`.
    """
    calendar = net.calendar[j]
    holder = NOBODY
    interval, start = _open(net, calendar, ready, length)
    while interval >= 0:
        runs = left if runs_over else min(left, net.open_end[interval] - start)
        free_at, whose = _clash(net, room, j, start, start + max(runs, length))
        if free_at < 0:
            return interval, start, holder
        if whose >= 0:
            holder = whose
        interval, start = _open(net, calendar, free_at, length)
    return interval, NEVER, holder


@njit(cache=True, nogil=True)
def _book(net: Network, room: _Room, j: int, begin: int, end: int) -> None:
    for h in range(net.held_at[j], net.held_at[j + 1]):
        since, till = _span(net, h, begin, end)
        if since < till:
            _take(room, net.held[h], since, till, net.amount[h], j)


# --- draws for starting again ----------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _normal(seed: int, sample: int, j: int, which: int) -> float:
    """A standard normal number (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - _uniform(seed, sample, j, 2 * which)))
    return radius * math.cos(2.0 * math.pi * _uniform(seed, sample, j, 2 * which + 1))


# --- all of them -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _ready(net: Network, end: Ints, j: int) -> int:
    """When the last predecessor lets `j` begin; NEVER when one of them never ends."""
    ready = -NEVER
    for e in range(net.before_at[j], net.before_at[j + 1]):
        ended = end[net.before[e]]
        if ended == NEVER:
            return NEVER
        ready = max(ready, ended + net.lag[e])
    return ready


@njit(cache=True, nogil=True)
def _simulate(net: Network, draws: Draws, found: Samples, room: _Room) -> None:
    samples, n = draws.scale.shape
    for s in range(samples):
        _clear(net, room)
        start, end, begun = found.start[s], found.end[s], found.begun[s]
        for j in range(n):
            room.blocker[j], room.reason[j] = NOBODY, OWN_DATE
            if net.over_at[j] != NEVER:
                start[j], end[j], begun[j] = net.over_since[j], net.over_at[j], 1
                continue
            _run(net, draws, room, s, j, start, end, begun)
        _trace(net, room, end, found.decides[s])


@njit(cache=True, nogil=True)
def _run(
    net: Network, draws: Draws, room: _Room, s: int, j: int, start: Ints, end: Ints, begun: Ints
) -> None:
    """Begin `j`, and begin it again as often as it takes."""
    start[j] = end[j] = NEVER
    pushed = _ready(net, end, j)
    if pushed == NEVER:
        room.reason[j] = NEVER
        return
    ready = max(net.release[j], pushed)
    length = net.length[j]
    left = _seconds(draws.scale[s, j], draws.spread[j] * draws.own[s, j])
    for piece in range(MOST_PIECES):
        runs_over = (
            net.is_strict[j]
            and draws.again < 1.0
            and _uniform(draws.seed, s, j, ENDS_LATE + piece) >= draws.again
        )
        interval, begin, holder = _begin(net, room, j, ready, length, left, runs_over)
        if piece == 0:
            room.blocker[j] = holder
            if holder == NOBODY and pushed > net.release[j]:
                least = _least_ready(net, net.calendar[j], interval, begin, length)
                if net.release[j] < least:
                    room.reason[j] = least
            start[j] = begin
        if interval < 0:
            return
        begun[j] = piece + 1
        stop = begin + left
        closes = net.open_end[interval]
        if stop <= closes or runs_over:
            if stop <= net.horizon or stop <= closes:
                _book(net, room, j, begin, stop)
                end[j] = stop
            return
        _book(net, room, j, begin, closes)
        ready = closes
        if net.is_strict[j]:
            left = _seconds(draws.scale[s, j], draws.spread[j] * _normal(draws.seed, s, j, piece))
        else:
            left -= closes - begin
            length = 1


@njit(cache=True, nogil=True)
def _seconds(scale: float, log_factor: float) -> int:
    return max(1, math.floor(scale * math.exp(log_factor) + 0.5))


@njit(cache=True, nogil=True)
def _trace(net: Network, room: _Room, end: Ints, decides: Bools) -> None:
    """Mark what ends last, and backwards all that would have let a marked one begin sooner by ending sooner.

    Where something never ends, what ends last is what found no place itself, not what waits for that.
    """
    n = end.size
    last = end.max() if n else 0
    for j in range(n):
        decides[j] = end[j] == last and not (last == NEVER and room.reason[j] == NEVER)
    for j in range(n - 1, -1, -1):
        if not decides[j]:
            continue
        if room.blocker[j] >= 0:
            decides[room.blocker[j]] = True
        for e in range(net.before_at[j], net.before_at[j + 1]):
            if end[net.before[e]] + net.lag[e] >= room.reason[j]:
                decides[net.before[e]] = True


@njit(cache=True, nogil=True)
def _settle(net: Network, start: Ints, may_follow: Bools, release: Ints, is_met: Bools, room: _Room) -> None:
    _clear(net, room)
    end = start + net.length
    for j in range(start.size):
        pushed = _ready(net, end, j)
        begin = NEVER
        if may_follow[j]:
            _, begin, _ = _begin(net, room, j, max(0, pushed), net.length[j], net.length[j], False)
        if begin != start[j]:
            release[j] = start[j]
            _, begin, _ = _begin(net, room, j, max(release[j], pushed), net.length[j], net.length[j], False)
        is_met[j] = begin == start[j]
        _book(net, room, j, start[j], end[j])
