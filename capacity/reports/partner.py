"""One partner's report: HTML for people, JSON with the figures for machines.

The figures are `figures`'s, the drawings `charts`'s, the words `language`'s; here they become a page. All text goes
through Jinja's escaping; only the charts' SVG, drawn from numbers and our own words, goes in as it is.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from capacity.reports.approval_line import approval_line
from capacity.reports.charts import entitlement_chart, forecast_chart
from capacity.reports.figures import PartnerFigures, figures
from capacity.reports.language import LANGUAGES, Language, checked_language
from inventory.documents import to_json

__all__ = ["LANGUAGES", "PartnerFigures", "figures", "render_html", "render_json"]

IN_KILO = {"power_w"}


def render_json(found: PartnerFigures) -> str:
    """The figures as indented JSON."""
    return to_json(found, indent=2) + "\n"


def render_html(found: PartnerFigures, lang: str) -> str:
    """The page in one language; raises InputError for another than nl, fr and en."""
    language = Language(checked_language(lang))
    environment = _environment().overlay()
    environment.install_gettext_translations(language.translations(), newstyle=True)  # type: ignore[attr-defined]
    template = environment.get_template("partner.html.jinja")
    return template.render(
        f=found,
        language=language,
        words=language.words,
        number=language.number,
        percent=language.percent,
        quoted=language.quoted,
        day=language.day,
        moment=language.moment,
        in_kilo=IN_KILO,
        entitlement_svg=Markup(_entitlement_svg(found, language)),  # noqa: S704 - drawn from numbers and our words
        forecast_svg=Markup(_forecast_svg(found, language)),  # noqa: S704 - likewise
        approval=approval_line(found.approval, language, "Europe/Brussels") if found.approval else "",
        emptied=sum(room.emptied_at is not None for room in found.rooms),
        terms=TERMS,
    )


def _entitlement_svg(found: PartnerFigures, language: Language) -> str:
    rows = [(language.words(TERMS[e.dimension]), e.share) for e in found.entitlements if e.share is not None]
    labels = {"share": language.words("share of the entitlement")}
    return entitlement_chart(rows, labels, language.chart_numbers()) if rows else ""


def _forecast_svg(found: PartnerFigures, language: Language) -> str:
    if not found.forecast:
        return ""
    points = [(p.month.isoformat(), p.area_m2, p.power_w / 1000) for p in found.forecast]
    entitled = {e.dimension: e.entitled for e in found.entitlements}
    power_w = entitled["power_w"]
    limits = (entitled["area_m2"], None if power_w is None else power_w / 1000)
    labels = {"area": language.words("area") + " (m²)", "power": language.words("power") + " (kW)"}
    return forecast_chart(points, limits, labels, language.chart_numbers())


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("capacity", "reports/templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# Keys of the figures as words; each is a message of the catalogues.
TERMS: dict[str, str] = {
    "area_m2": "area",
    "power_w": "power",
    "height_u": "rack units",
    "weight_kg": "weight",
    "heat_w": "cooling",
    "ports": "network ports",
    "vcpus": "vCPU",
    "memory_mb": "memory",
    "disk_mb": "storage",
    "rate_mbps": "line rate",
    "latency_ms": "latency between sites",
    "crew": "crews, vans or windows",
    "window": "a common change window",
    "phase": "a part of the data centre that is ready",
    "zone": "a place in its security zone",
    "bay": "its chassis",
    "site": "a known site",
    "retire": "retire",
    "retain": "stay",
    "relocate": "move as hardware",
    "rehost": "move to the community cloud",
    "replatform": "move to a shared platform",
    "entitlement_nearly_used": "an entitlement is almost or wholly used",
    "unproven": "demand unknown: nothing can be promised for these assets",
    "unplaced": "no place or date was found",
    "estimated_demand": "planned with an estimate, at the high end of its range",
    "single_corded": "only one power cord: down when its feed is lost",
    "criticality_unknown": "nobody has stated how critical these applications are",
    "utility": "grid supply",
    "generator": "generator",
    "transformer": "transformer",
    "ups": "UPS",
    "distribution": "main distribution",
    "panel": "busbar",
    "feed": "feed",
    "cooling": "cooling unit of zone",
    "rack": "rack",
    "switch": "switch",
    "host": "cloud host",
    "circuit": "line",
    "source-panel": "panel on site",
    "source-feed": "feed on site",
}
