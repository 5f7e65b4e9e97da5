"""What planners wrote into a plan in English, said in another language: why a group goes together, names of waves.

A plan holds sentences, not messages. Each kind of sentence a planner writes has its pattern here; what none fits was
written by a person or a source, and stays as it is.
"""

from __future__ import annotations

import re

from playbooks.runbooks.words import Words, message

_N = r"[\d.e+-]+"
_TIES = (
    (r"alone", message("alone")),
    (r"the same room and partner", message("the same room and partner")),
    (r"split to fit its windows", message("split to fit its windows")),
    (r"a chassis and what sits in it", message("a chassis and what sits in it")),
    (r"together: storage (?P<id>\d+) of (?P<name>.+)", message("together: storage %(id)s of %(name)s")),
    (r"together: (?P<name>.+)", message("together: %(name)s")),
    (
        rf"flow (?P<flow>\d+) stands (?P<ms>{_N}) ms, the way between sites takes longer",
        message("flow %(flow)s stands %(ms)s ms, the way between sites takes longer"),
    ),
    (r"flow (?P<flow>\d+) of unknown rate", message("flow %(flow)s of unknown rate")),
    (rf"flow (?P<flow>\d+) of (?P<rate>{_N}) Mbit/s", message("flow %(flow)s of %(rate)s Mbit/s")),
    (r"application (?P<name>.+)", message("application %(name)s")),
    (r"cluster (?P<name>.+)", message("cluster %(name)s")),
    (r"licence (?P<name>.+)", message("licence %(name)s")),
    (r"dongle (?P<name>.+)", message("dongle %(name)s")),
    (r"hsm (?P<name>.+)", message("HSM %(name)s")),
)
# Why data don't go over the line.
_BY_TRUCK = re.compile(r"data of (?P<site>.+?) go by truck: (?P<why>.+)", re.DOTALL)
_WHYS = (
    (r"site .+ has no active circuit of known rate", message("the site has no active circuit of known rate")),
    (
        rf"circuit (?P<line>.+) takes (?P<days>{_N}) days to copy it at (?P<rate>{_N}) Mbit/s, too late",
        message("circuit %(line)s takes %(days)s days to copy them at %(rate)s Mbit/s, too late"),
    ),
    (
        rf"copying it over circuit (?P<line>.+) at (?P<rate>{_N}) Mbit/s takes (?P<days>{_N}) days, and .+ horizon",
        message(
            "copying them over circuit %(line)s at %(rate)s Mbit/s takes %(days)s days, and the line has no room for "
            "that within the horizon"
        ),
    ),
    (
        rf"today's flows leave nothing of circuit (?P<line>.+) \((?P<rate>{_N}) Mbit/s\) to copy over",
        message("today's flows leave nothing of circuit %(line)s (%(rate)s Mbit/s) to copy over"),
    ),
    (
        rf"it changes by (?P<change>{_N}) Mbit/s, and circuit (?P<line>.+) has (?P<rate>{_N}) for copies: .+ up",
        message(
            "they change by %(change)s Mbit/s, and circuit %(line)s has %(rate)s for copies: none ever catches up"
        ),
    ),
)
_NUMBERS = frozenset({"ms", "rate", "change", "days"})
_MORE = re.compile(r"(?P<text>.+) and (?P<left>\d+) more ties?", re.DOTALL)
_GROUP = re.compile(r"(?P<site>.+), (?P<assets>\d+) assets?", re.DOTALL)
_WAVE = re.compile(r"(?P<case>[wW])ave (?P<number>\d+)(?: \((?P<year>\d{4})-W(?P<week>\d\d)\))?")
_NO_SITE = "no site"


def reason(words: Words, text: str) -> str:
    """Why a group goes together, tie by tie."""
    more = _MORE.fullmatch(text)
    if more:
        return words.counted(
            "%(ties)s and %(n)s more tie",
            "%(ties)s and %(n)s more ties",
            int(more["left"]),
            ties=reason(words, more["text"]),
        )
    return "; ".join(_tie(words, part) for part in text.split("; "))


def _tie(words: Words, text: str) -> str:
    if _MORE.fullmatch(text):  # more ties, and then what goes by truck
        return reason(words, text)
    truck = _BY_TRUCK.fullmatch(text)
    if truck:
        why = _said(words, truck["why"], _WHYS)
        return words("data of %(site)s go by truck: %(why)s", site=truck["site"], why=why)
    return _said(words, text, _TIES)


def _said(words: Words, text: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, said in patterns:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return words(said, **{key: _value(words, key, value) for key, value in found.groupdict().items()})
    return text


def _value(words: Words, key: str, text: str) -> str:
    return words.number(float(text)) if key in _NUMBERS else text


def group_name(words: Words, name: str) -> str:
    """A move group's name: its site, and how many assets."""
    found = _GROUP.fullmatch(name)
    if not found:
        return name
    site = words("no site") if found["site"] == _NO_SITE else found["site"]
    return words.counted("%(site)s, %(n)s asset", "%(site)s, %(n)s assets", int(found["assets"]), site=site)


def wave_name(words: Words, name: str) -> str:
    """A wave's name: its number, and the week it begins in."""
    if name == "Retirements":
        return words("Retirements")
    found = _WAVE.fullmatch(name)
    if not found:
        return name
    first = words("Wave %(number)s", number=found["number"])
    if found["case"] == "w":
        first = words("wave %(number)s", number=found["number"])
    if found["year"] is None:
        return first
    week = words("%(year)s-W%(week)s", year=found["year"], week=found["week"])
    return f"{first} ({week})"
