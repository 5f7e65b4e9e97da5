"""A partner's report: its own figures, in three languages, and nobody else's assets."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from importlib import resources

import pytest
from babel.messages import pofile
from plan_builders import a_world

from capacity.plan import Plan
from capacity.reports.approval_line import LINES, NOT_APPROVED_LINE
from capacity.reports.figures import PartnerFigures
from capacity.reports.language import Language
from capacity.reports.partner import LANGUAGES, TERMS, figures, render_html, render_json
from inventory.documents import from_json
from inventory.errors import InputError
from inventory.estate import Ref

PARTNERS = ("stib", "cirb")


def the_figures(partner: str = "stib", plan: Plan | None = None) -> PartnerFigures:
    estate, facility, made = a_world()
    return figures(estate, facility, plan or made, partner)


def owners() -> dict[Ref, str]:
    """Whose each asset of the hand-made world is: all of it stands at sites of these two."""
    estate, _, plan = a_world()
    groups = {1: "stib", 2: "cirb"}
    found: dict[Ref, str] = {}
    for decision in plan.decisions:
        asset = estate.find(decision.asset)
        assert asset is not None
        site_id = getattr(asset, "site_id", None) or (1 if asset.cluster_id == 1 else 2)
        found[decision.asset] = groups[asset.tenant_id or site_id]
    return found


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_asset_of_another_partner_appears(partner: str, lang: str) -> None:
    estate, facility, plan = a_world()
    # Names that no other text could hold, so that finding one means a leak.
    whose = owners()
    marked = {d.asset: f"asset-of-{whose[d.asset]}-{d.asset.kind}-{d.asset.id}-zz" for d in plan.decisions}
    plan = replace(
        plan,
        decisions=tuple(replace(d, name=marked[d.asset]) for d in plan.decisions),
        unplaced=tuple(replace(u, name=marked[u.asset]) for u in plan.unplaced),
    )
    found = figures(estate, facility, plan, partner)
    everything = render_html(found, lang) + render_json(found)
    foreign = [name for asset, name in marked.items() if whose[asset] != partner]
    assert foreign
    assert not [name for name in foreign if name in everything]
    assert plan.unplaced
    for entry in plan.unplaced:
        for lack in entry.lacks:
            assert lack.explanation not in everything


def test_the_figures_add_up() -> None:
    estate, facility, plan = a_world()
    found = [figures(estate, facility, plan, partner) for partner in PARTNERS]
    assert sum(f.assets for f in found) == len(plan.decisions)
    assert sum(sum(f.strategies.values()) for f in found) == len(plan.decisions)
    for f in found:
        entitled = next(e for e in facility.entitlements if e.partner == f.partner)
        lines = {line.dimension: line for line in f.entitlements}
        assert (lines["area_m2"].entitled, lines["power_w"].entitled) == (entitled.area_m2, entitled.power_w)
        last = f.forecast[-1]
        assert last.area_m2 == pytest.approx(lines["area_m2"].used)
        assert last.power_w == pytest.approx(lines["power_w"].used)
        assert last.units_u == pytest.approx(lines["height_u"].used)


def test_waves_and_rooms_are_the_partners_own() -> None:
    stib = the_figures()
    assert [room.name for room in stib.rooms] == ["Room D"]
    assert sum(wave.devices + wave.workloads for wave in stib.waves) > 0
    assert all(wave.start < wave.end for wave in stib.waves)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_in_its_language(lang: str) -> None:
    html = render_html(the_figures(), lang)
    title = {"nl": "Recht en gebruik", "fr": "Droits et utilisation", "en": "Entitlement against use"}[lang]
    assert f"<h2>{title}</h2>" in html
    assert f'<html lang="{lang}">' in html
    assert html.count("<svg") == 2


def test_json_holds_the_figures() -> None:
    found = the_figures()
    assert from_json(PartnerFigures, render_json(found)) == found
    assert json.loads(render_json(found))["partner"] == "stib"


def test_hostile_names_are_text() -> None:
    estate, facility, plan = a_world()
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    groups = tuple(replace(group, name=evil) for group in estate.tenant_groups)
    applications = tuple(replace(application, name=evil) for application in estate.applications)
    estate = replace(estate, tenant_groups=groups, applications=applications)
    html = render_html(figures(estate, facility, plan, "stib"), "en")
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7*7 }}" in html


def test_an_unproven_asset_is_a_risk_by_name() -> None:
    cirb = the_figures("cirb")
    unproven = next(risk for risk in cirb.risks if risk.kind == "unproven")
    assert "mystery" in unproven.names


def test_an_unknown_partner_or_language_is_refused() -> None:
    with pytest.raises(InputError, match=r"no partner 'acme'.*cirb"):
        the_figures("acme")
    with pytest.raises(InputError, match=r"no language 'de'.*nl, fr, en"):
        render_html(the_figures(), "de")


@pytest.mark.parametrize("code", ["nl", "fr"])
def test_every_word_is_translated(code: str) -> None:
    package = resources.files("capacity") / "reports"
    template = (package / "templates/partner.html.jinja").read_text(encoding="utf-8")
    wanted = set(re.findall(r'_\("([^"]+)"', template)) | set(TERMS.values())
    wanted |= {"share of the entitlement", "not limited", NOT_APPROVED_LINE, *LINES.values()}
    with (package / f"locales/{code}.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale=code)
    assert wanted <= {message.id for message in catalogue if message.string}
    assert {str(message.id) for message in catalogue if message.id} <= wanted


def test_numbers_and_dates_follow_the_language() -> None:
    assert Language("nl").number(1234.5, 1) == "1.234,5"
    assert Language("en").number(1234.5, 1) == "1,234.5"
    assert Language("fr").number(1234.5, 1).replace("\u202f", " ").replace("\xa0", " ") == "1 234,5"


@pytest.mark.parametrize(
    ("lang", "quoted"),
    [("nl", "“a &lt;b&gt;”"), ("fr", "«\u00a0a &lt;b&gt;\u00a0»"), ("en", "“a &lt;b&gt;”")],
)
def test_quotation_marks_are_the_languages_own(lang: str, quoted: str) -> None:
    found = replace(the_figures(), plan_name="a <b>")
    assert quoted in render_html(found, lang)


@pytest.mark.parametrize(("lang", "share"), [("nl", ">50%<"), ("fr", ">50\u00a0%<"), ("en", ">50%<")])
def test_a_charts_numbers_are_written_as_the_language_writes_them(lang: str, share: str) -> None:
    assert share in render_html(the_figures(), lang)


def test_french_keeps_its_signs_beside_their_words() -> None:
    text = resources.files("capacity").joinpath("reports/locales/fr.po").read_bytes().decode()
    translations = [str(m.string) for m in pofile.read_po(io.BytesIO(text.encode()), locale="fr") if m.id]
    assert len(translations) > 50
    assert not [t for t in translations if re.search(r" [;:!?»]|« | %(?!\()", t)]
