"""Runbooks of a small plan, of the same with names that attack, and of what a test changes in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from runbook_cases import a_small_estate, a_small_plan, books, text_of, wave
from wave_builders import HOSTILE_NAMES, a_plan, renamed

from capacity import plan as plans
from playbooks.runbooks.book import Runbooks
from playbooks.runbooks.document import Document

TYPST_NAMES = (
    '#panic("owned")',
    '#import "@preview/evil:1.0.0": *',
    '#read("/etc/passwd")',
    "= heading",
    "*strong* _emph_ `raw` $x^2$ <label> @ref",
    "\\u{41} // comment /* open",
    "]]] }}} )))",
    '"; json(bytes("x"))',
    "\r\nBEGIN:VALARM\r\nEND:VCALENDAR",
    "a;b,c:d\\n" + "é" * 60,
)
ALL_NAMES = (*HOSTILE_NAMES, *TYPST_NAMES)


@pytest.fixture(scope="session")
def small() -> Runbooks:
    estate = a_small_estate()
    return books(estate, a_small_plan(estate))


@pytest.fixture(scope="session")
def document(small) -> Document:
    return small.of(wave(small))


@pytest.fixture(scope="session")
def read(document) -> Callable[[str], str]:
    """The words of a section of the small runbook."""
    return lambda title: text_of(document, title)


@pytest.fixture
def estate_with():
    """The small estate and its plan, some of it otherwise."""

    def made(retired: tuple[int, ...] = (2, 9), waves: int = 1, **lists):
        estate = a_small_estate(**lists)
        if retired == (2, 9):
            return estate, a_small_plan(estate, waves=waves)
        return estate, a_plan(estate, retired=retired, waves=waves)

    return made


@pytest.fixture
def read_of():
    """The words of a section of any wave's runbook."""

    def read_section(estate, plan, title: str, number: int = 1, **more) -> str:
        made = books(estate, plan, **more)
        return text_of(made.of(wave(made, number)), title)

    return read_section


@pytest.fixture
def retirements(read_of):
    estate = a_small_estate()
    plan = a_plan(estate, retired=(2, 9))
    return lambda title: read_of(estate, plan, title, 0)


@pytest.fixture(scope="session", params=range(0, len(ALL_NAMES), 2))
def hostile(request):
    """A plan's runbooks in which every text of a source is an attack, all attacks in turn; and the attacks."""
    names = ALL_NAMES[request.param :] + ALL_NAMES[: request.param]
    estate = renamed(a_small_estate(), names)
    plan = a_small_plan(estate)
    plan = replace(
        plan,
        name=names[0],
        waves=tuple(replace(w, name=names[1]) for w in plan.waves),
        groups=tuple(replace(g, name=names[2], reason=names[3]) for g in plan.groups),
    )
    return books(estate, plans.sealed(plan)), names
