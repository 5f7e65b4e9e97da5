"""Names that attack are words in Markdown, PDF and iCalendar; the files are whole and the same each time."""

from __future__ import annotations

import re
import subprocess

import pytest
from runbook_cases import wave

from playbooks.plain_text import one_line
from playbooks.runbooks.book import SECTIONS
from playbooks.runbooks.ical import to_ical
from playbooks.runbooks.markdown import to_markdown
from playbooks.runbooks.pdf import to_pdf


def words(text: str) -> str:
    """Without blanks and places to break: what is left has to be the same however it was set."""
    return re.sub(r"[\s\u200b\u00ad]+", "", text)


def test_markdown_has_its_own_headings_tables_and_line_breaks_and_no_others(hostile):
    made, _ = hostile
    text = to_markdown(made.of(wave(made)))
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert headings == [title for title, _ in SECTIONS]
    assert sum(line.startswith("#") for line in text.splitlines()) == len(SECTIONS) + 1
    assert set(re.findall(r"<[^>]*>?", text)) == {"<br>"}
    width = None
    for line in text.splitlines():
        bars = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
        if line.startswith("| "):
            assert line.endswith(" |")
            width = width or bars
            assert bars == width
        elif not line.startswith("|"):
            width = None


@pytest.mark.needs("poppler")
def test_pdf_shows_every_name_as_it_stands(hostile, tmp_path):
    made, names = hostile
    file = tmp_path / "runbook.pdf"
    file.write_bytes(to_pdf(made.of(wave(made)), made.variables.plan.inputs.start))
    shown = subprocess.run(
        ["pdftotext", "-raw", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    text = words(shown)
    for name in names[:4]:
        expected = words(one_line(name))
        if expected.isascii():  # what a machine without the letters shows of others is its own affair
            assert expected in text


@pytest.mark.needs("poppler")
def test_every_page_of_a_pdf_names_the_wave_the_plan_and_its_number(small, tmp_path):
    made, plan = small, small.variables.plan
    file = tmp_path / "runbook.pdf"
    file.write_bytes(to_pdf(made.of(wave(made)), plan.inputs.start))
    shown = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = shown.rstrip("\f\n").split("\f")
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
        assert "wave-01: Wave 1" in page
        assert plan.content_hash in page
    size = subprocess.run(["pdfinfo", str(file)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Page size: +595\.\d+ x 841\.\d+ pts \(A4\)", size)


def test_the_same_plan_gives_the_same_bytes(small):
    for made in (
        lambda: to_markdown(small.of(wave(small))).encode(),
        lambda: to_pdf(small.of(wave(small)), small.variables.plan.inputs.start),
        lambda: to_ical(small.facts(wave(small))),
    ):
        assert made() == made()


def test_both_papers_hold_the_same_sections(small):
    document = small.of(wave(small))
    text = to_markdown(document)
    assert all(f"\n## {section.title}\n" in text for section in document.sections)


def test_a_mark_that_turns_the_direction_becomes_visible():
    assert one_line("abc\u202edef\u2066") == "abc\\u202edef\\u2066"
    assert one_line("  a\r\n\tb\x00c\u2028d ") == "a b c d"
    assert one_line("1\u00a0440\u00a0kg") == "1\u00a0440\u00a0kg"
