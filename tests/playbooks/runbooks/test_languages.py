"""Runbooks in Dutch and French: everything that is ours is said in the language, and nothing else is touched."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import pytest
from babel.messages import pofile
from runbook_cases import a_small_estate, a_small_plan, books, text_of, wave
from said_messages import messages
from wave_builders import a_plan

import playbooks.runbooks
from capacity.reports.language import Language
from inventory.documents import to_json
from playbooks.runbooks.book import SECTIONS
from playbooks.runbooks.ical import to_ical
from playbooks.runbooks.markdown import to_markdown
from playbooks.runbooks.method import LACKS
from playbooks.runbooks.pdf import to_pdf
from playbooks.runbooks.reasons import group_name, reason, wave_name
from playbooks.runbooks.words import Words, words_of

SAID = messages(Path(playbooks.runbooks.__file__).parent)
PLACES = re.compile(r"%\((\w+)\)s")
OTHERS = ("nl", "fr")
# Units, codes, and the words of commands: the same in every language.
SAME = {"Mbit", "ansible", "playbook", "vorst", "run", "yml", "json", "sha", "min"}


def catalogue(code: str):
    with (resources.files("playbooks.runbooks") / f"locales/{code}.po").open("rb") as file:
        return pofile.read_po(file, locale=code)


def in_language(made, code: str):
    return replace(made, words=words_of(code))


@pytest.fixture(scope="module")
def worlds():
    """Plans that bring up different sentences: a wave with devices, one of retirements only, one that travels twice."""
    estate = a_small_estate()
    return (
        (books(estate, a_small_plan(estate)), 1),
        (books(estate, a_plan(estate, retired=(2, 9))), 0),
        (books(estate, a_plan(estate, retired=(9,), waves=2)), 1),
    )


@pytest.mark.parametrize("code", OTHERS)
def test_catalogues_hold_every_message_and_no_other(code):
    held = {
        (entry.id if isinstance(entry.id, tuple) else (entry.id, None))
        for entry in catalogue(code)
        if entry.id and all(entry.string if isinstance(entry.string, tuple) else (entry.string,))
    }
    assert held == {(said.one, said.many) for said in SAID}


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_places_of_their_messages(code):
    for entry in catalogue(code):
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        wanted = set(PLACES.findall(ids[-1]))
        for string in strings:
            if entry.id:
                assert set(PLACES.findall(string)) == wanted, ids[0]


@dataclass(frozen=True)
class Marking(Language):
    """English in which everything that a catalogue says stands between marks."""

    def words(self, message: str) -> str:
        return f"⟦{message}⟧"

    def plural(self, one: str, many: str, amount: int) -> str:
        return f"⟦{one if amount == 1 else many}⟧"


def unmarked(text: str) -> str:
    while "⟦" in text:
        shorter = re.sub("⟦[^⟦⟧]*⟧", " ", text)
        assert shorter != text, "a mark without its other half"
        text = shorter
    return text


def test_whatever_is_said_outside_the_catalogues_is_data(worlds):
    marking = Words(Marking("en", "playbooks.runbooks"))
    for made, number in worlds:
        marked = replace(made, words=marking)
        data = " ".join(to_json(d) for d in (made.variables.estate, made.variables.plan, made.facility))
        names = set(re.findall(r"[a-z]+", data.lower())) | {name.lower() for name in SAME}
        names |= {
            "dev",
            "vm",
            "wave",
            "preflight",
            "replicate",
            "cutover",
            "verify",
            "rollback",
            "decommission",
        }
        names |= {"manifest", "racked", "host", "back", "acceptance", "records", "runs", "declared", "phase"}
        names |= {
            "check",
            "backup",
            "stamp",
            "max",
            "age",
            "manual",
            "checks",
            "data",
            "copy",
            "by",
            "at",
            "what",
        }
        names |= {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "feb", "mar", "apr", "may"}
        document = marked.of(wave(made, number))
        for section in document.sections:
            text = text_of(document, section.title)
            left = set(re.findall(r"[a-z]{3,}", unmarked(f"{section.title} {text}").lower())) - names
            assert left == set(), section.title
        assert set(re.findall(r"[a-z]{3,}", unmarked(document.title).lower())) <= names


@pytest.mark.parametrize("code", OTHERS)
def test_no_english_sentence_is_left(worlds, code):
    said = {text for one in SAID for text in (one.one, one.many) if text}
    words = words_of(code)
    sentences = {
        part.strip()
        for text in said
        if words.language.words(text) != text
        for part in PLACES.split(text)[::2]
        if len(part.split()) >= 3
    }
    assert len(sentences) > 100
    for made, number in worlds:
        scope = wave(made, number)
        shown = to_markdown(in_language(made, code).of(scope)).replace("\\", "")
        entries = to_ical(in_language(made, code).facts(scope)).decode().replace("\r\n ", "")
        assert [text for text in sentences if text in shown] == []
        assert [text for text in sentences if text in entries.replace("\\", "")] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (
            "nl",
            ("za 07 mrt 2026 21:00", "wagens: 1.000 kg", "de toestellen verhuizen", "“terugkeren uiterlijk”", "4 u"),
        ),
        (
            "fr",
            ("sam. 07 mars 2026 21:00", "camionnettes : 1 000 kg", "déménager les appareils",
             "« marche arrière au plus tard »", "4 h"),
        ),
    ],
)  # fmt: skip
def test_dates_numbers_and_quotation_marks_are_the_languages(small, code, found):
    document = in_language(small, code).of(wave(small))
    text = "\n".join(text_of(document, section.title) for section in document.sections)
    for words in found:
        assert words in text


@pytest.mark.parametrize("code", OTHERS)
def test_commands_and_names_are_untouched(small, code):
    english = to_markdown(small.of(wave(small)))
    text = to_markdown(in_language(small, code).of(wave(small)))
    assert sorted(re.findall(r"`[^`]+`", text)) == sorted(re.findall(r"`[^`]+`", english))
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        f"## {words_of(code)(title)}" for title, _ in SECTIONS
    ]


@pytest.mark.needs("poppler")
@pytest.mark.parametrize(("code", "page"), [("nl", "pagina 1 van"), ("fr", "page 1 sur")])
def test_a_pdf_is_in_its_language_to_the_foot_of_the_page(small, tmp_path, code, page):
    file = tmp_path / "runbook.pdf"
    file.write_bytes(to_pdf(in_language(small, code).of(wave(small)), small.variables.plan.inputs.start))
    shown = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert page in shown
    assert words_of(code)("At a glance") in shown


def test_reasons_of_planners_are_translated_and_those_of_people_stay():
    dutch = words_of("nl")
    given = (
        "together: storage 3 of stib-1; application Tickets and 3 more ties; data of Depot go by truck: it changes by "
        "12.5 Mbit/s, and circuit L-9 has 8 for copies: none ever catches up"
    )
    assert reason(dutch, given) == (
        "samen: opslag 3 van stib-1; toepassing Tickets en nog 3 banden; gegevens van Depot gaan per vrachtwagen: ze "
        "wijzigen aan 12,5 Mbit/s, en lijn L-9 heeft 8 voor kopieën: geen enkele kopie haalt dat ooit in"
    )
    assert reason(dutch, "the mayor asked for it") == "the mayor asked for it"
    assert reason(words_of("en"), "alone") == "alone"


def test_names_of_waves_and_groups_are_said_and_others_stay():
    french = words_of("fr")
    assert wave_name(french, "wave 3 (2027-W07)") == "vague 3 (2027-S07)"
    assert wave_name(french, "Retirements") == "Mises hors service"
    assert wave_name(french, "the easy ones") == "the easy ones"
    assert group_name(french, "no site, 1 asset") == "sans site, 1 objet"
    assert group_name(french, "Depot, 40 assets") == "Depot, 40 objets"


def test_whatever_a_host_may_lack_has_its_words(worlds):
    lacks = {
        lack
        for made, number in worlds
        for asset in wave(made, number).assets
        for lack in made.variables.lacks(asset, wave(made, number))
    }
    assert lacks <= set(LACKS)
    source = json.dumps(Path(playbooks.__file__).with_name("host_variables.py").read_text("utf-8"))
    assert all(lack in source for lack in LACKS)


@pytest.mark.parametrize("code", OTHERS)
def test_a_hostile_name_is_as_harmless_in_every_language(hostile, code):
    made, _ = hostile
    text = to_markdown(in_language(made, code).of(wave(made)))
    assert set(re.findall(r"<[^>]*>?", text)) == {"<br>"}
