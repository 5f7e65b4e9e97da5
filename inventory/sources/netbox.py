"""What a NetBox (4.0 or later) holds of the Estate, read in full over its REST API.

It answers with a snapshot of everything the Estate and NetBox have in common, at one reading; `inventory.sync` compares
and applies it. Which endpoint and field means what is in `netbox_fields`, requests and pages are in `netbox_pages`.
Nothing is ever written to NetBox here, and the token appears in no message, log or document.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from inventory.errors import SourceError
from inventory.estate import LISTS
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.sources.netbox_fields import NETBOX_LISTS, Context, NetBoxList
from inventory.sources.netbox_pages import PAUSE_S, ListQuery, Lists, NetBoxServer, Progress, read_lists
from inventory.sources.references import settle

OLDEST_VERSION = (4, 0)

PLANNING_FIELDS: Mapping[str, Mapping[str, str]] = {
    "sites": {"landlord": "text", "lease_end": "date"},
    "locations": {
        "area_m2": "amount",
        "cooling_w": "amount",
        "floor_limit_kg_m2": "amount",
        "has_plan": "yes or no",
    },
    "devices": {"supply_redundancy": "redundancy"},
}
"""Row fields that NetBox has no field for, and how they read; a custom field of the same name fills them."""


@dataclass(frozen=True)
class NetBoxConnection:
    """Where a NetBox is and the token to read it with; the token never shows in its text form."""

    url: str
    token: str = field(repr=False)


def connection_from(environ: Mapping[str, str] = os.environ) -> NetBoxConnection:
    """The NetBox that VORST_NETBOX_URL and VORST_NETBOX_TOKEN (or _TOKEN_FILE) name; the token itself goes first."""
    url = environ.get("VORST_NETBOX_URL", "").strip()
    if not url:
        raise SourceError(
            "no NetBox is named",
            where="VORST_NETBOX_URL",
            remedy="set it to NetBox's address, as https://netbox.example",
        )
    token = environ.get("VORST_NETBOX_TOKEN", "").strip()
    file_name = environ.get("VORST_NETBOX_TOKEN_FILE", "").strip()
    if not token and file_name:
        try:
            token = Path(file_name).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise SourceError(
                f"the token file can't be read: {reason}",
                where=file_name,
                remedy="point VORST_NETBOX_TOKEN_FILE at a readable file that holds only the token",
            ) from None
    if not token:
        raise SourceError(
            "no token for NetBox is given",
            where=f"{file_name} (empty)" if file_name else "VORST_NETBOX_TOKEN",
            remedy="set VORST_NETBOX_TOKEN, or VORST_NETBOX_TOKEN_FILE to a file that holds it",
        )
    return NetBoxConnection(_checked_url(url), _checked_token(token))


def read_netbox(
    url: str,
    token: str,
    *,
    progress: Progress | None = None,
    session: requests.Session | None = None,
    pause_s: float = PAUSE_S,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SourceSnapshot:
    """Read everything the Estate has that this NetBox has.

    A list the token may not read is named in the warnings and isn't complete; neither is one that other objects
    refer to in vain. A permission that hides some objects of a list from a token, and all that refers to them,
    can't be noticed: give it the permission to view all of a list, or none.

    Args:
        url: NetBox's address, without /api.
        token: a v1 token, or a v2 token as `nbt_KEY.SECRET`; it needs no more than view permissions.
        progress: called with a list's name, the objects read so far and their number, once a page.
        session: for certificates and proxies of one's own; it is used with its own timeouts and retries.
        pause_s: the first pause before something is asked again, in seconds.
        clock: tells when the reading began.

    Raises:
        SourceError: NetBox can't be reached, refuses the token, is too old, or answers something unexpected.
    """
    address = _checked_url(url)
    read_at = clock()
    server = NetBoxServer(address, _checked_token(token), session=session, pause_s=pause_s)
    try:
        version = _supported_version(server.status()["netbox-version"], address)
        lists = read_lists(server, _queries(), progress=progress, pause_s=pause_s)
    finally:
        server.close()
    if not lists.rows:
        raise SourceError(
            "the token may not read a single list",
            where=address,
            remedy="give its user the permission to view DCIM, IPAM, tenancy, virtualization and circuit objects",
        )
    return _snapshot(address, lists, version, read_at)


def _snapshot(address: str, lists: Lists, version: tuple[int, int], read_at: datetime) -> SourceSnapshot:
    warnings = [str(reason) for _, reason in sorted(lists.unavailable.items())]
    objects, odd = _objects(lists, version, address)
    settled = settle(objects)
    complete = {spec.kind for spec in NETBOX_LISTS if spec.kind in lists.rows} - settled.incomplete
    if not lists.unavailable and "tag_assignments" not in settled.incomplete:
        complete.add("tag_assignments")
    # Shorter before longer puts numbers written as text in their order.
    order = {kind: place for place, kind in enumerate(LISTS)}
    return SourceSnapshot(
        source=source_name(address),
        objects=tuple(
            sorted(
                settled.objects, key=lambda item: (order[item.kind], len(item.external_id), item.external_id)
            )
        ),
        complete_kinds=frozenset(complete),
        read_at=read_at,
        warnings=(*warnings, *odd, *settled.warnings),
    )


def source_name(address: str) -> str:
    """`netbox:` and the host, with port and path where they aren't the usual ones: two NetBoxes never share a name."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"netbox:{parts.hostname}{port}{parts.path}"


def _queries() -> Iterable[ListQuery]:
    """The lists to read. NetBox computes each config context unless told not to, which takes most of the time."""
    for spec in NETBOX_LISTS:
        parameters = (("exclude", "config_context"),) if spec.has_config_context else ()
        yield ListQuery(spec.kind, spec.app, spec.endpoint, parameters)


# --- objects -----------------------------------------------------------------------------------------------------


def _objects(lists: Lists, version: tuple[int, int], address: str) -> tuple[list[SourceObject], list[str]]:
    """Every object with its fields, then its tag assignments; and a warning for each custom field that doesn't fit."""
    sites = {row["id"]: row["site"]["id"] for row in lists.rows.get("locations", ()) if row.get("site")}
    context = Context(version, sites)
    objects: list[SourceObject] = []
    warnings: list[str] = []
    for spec in NETBOX_LISTS:
        for row in lists.rows.get(spec.kind, ()):
            if not spec.counts(row):
                continue
            external_id, where = str(row["id"]), str(row.get("display_url") or row.get("url") or "")
            values = _fields(spec, row, context, address)
            values.update(_custom_fields(spec.kind, row, warnings))
            objects.append(SourceObject(spec.kind, external_id, values, where))
            if spec.has_tags:
                objects.extend(_tag_assignments(spec.kind, external_id, row, where))
    return objects, warnings


def _fields(spec: NetBoxList, row: Mapping[str, Any], context: Context, address: str) -> dict[str, Any]:
    try:
        return spec.fields(row, context)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        missing = (
            f"its field {error} is missing"
            if isinstance(error, KeyError)
            else f"a field has an odd form ({error})"
        )
        raise SourceError(
            f"{spec.app}/{spec.endpoint}/{row['id']}/ isn't as NetBox 4 writes it: {missing}",
            where=address,
            remedy="check NetBox's version, its plugins and what stands before it; report this if all are standard",
        ) from None


def _tag_assignments(
    kind: str, external_id: str, row: Mapping[str, Any], where: str
) -> Iterable[SourceObject]:
    for tag in row.get("tags") or ():
        fields = {"tag_id": SourceRef("tags", str(tag["id"])), "object": SourceRef(kind, external_id)}
        yield SourceObject("tag_assignments", f"{tag['id']}:{kind}:{external_id}", fields, where)


def _custom_fields(kind: str, row: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Planning fields from custom fields of the same name; one this object hasn't is absent, an empty one is None."""
    found: dict[str, Any] = {}
    given = row.get("custom_fields") or {}
    for name, form in PLANNING_FIELDS.get(kind, {}).items():
        if name not in given:
            continue
        value = given[name]
        try:
            found[name] = None if value in (None, "") else _in_form(value, form)
        except ValueError:
            where = row.get("display_url") or row.get("url") or f"{kind} {row['id']}"
            warnings.append(
                f"custom field {name} of {where} not read: {str(value)[:60]!r} isn't {_FORMS[form]}"
            )
    return found


_FORMS = {
    "text": "text",
    "date": "a date as 2026-12-31",
    "amount": "a number of 0 or more",
    "yes or no": "true or false",
    "redundancy": "a redundancy as 1+1",
}


def _in_form(value: Any, form: str) -> Any:
    """A custom field's value as the row wants it; raises ValueError when it isn't in that form."""
    if form == "yes or no" and isinstance(value, bool):
        return value
    if form == "amount" and isinstance(value, int | float | str) and not isinstance(value, bool):
        amount = float(value)
        if 0 <= amount < float("inf"):
            return amount
    if form == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if (form == "text" and isinstance(value, str)) or (
        form == "redundancy" and isinstance(value, str) and re.fullmatch(r"[1-9]\d?\+\d{1,2}", value)
    ):
        return value
    raise ValueError


# --- what a person gives -----------------------------------------------------------------------------------------


def _checked_url(url: str) -> str:
    """The address without a trailing slash or /api; credentials in it would end up in messages, so they are refused."""
    remedy = "give it as https://netbox.example"
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SourceError(
            "the address of NetBox isn't a URL", where="VORST_NETBOX_URL", remedy=remedy
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SourceError(
            "the address of NetBox isn't an http or https URL", where="VORST_NETBOX_URL", remedy=remedy
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SourceError(
            "the address of NetBox may hold no user, password, query or fragment",
            where="VORST_NETBOX_URL",
            remedy=remedy,
        )
    return re.sub(r"/+(api/*)?$", "", f"{parts.scheme}://{parts.netloc}{parts.path}")


def _checked_token(token: str) -> str:
    """The token without a scheme before it; one that can't stand in a header is refused without being shown."""
    bare = re.sub(r"^(token|bearer)\s+", "", token.strip(), flags=re.IGNORECASE)
    if not re.fullmatch(r"[!-~]+", bare):
        raise SourceError(
            "the token is empty or holds blanks, line ends or characters outside ASCII",
            where="VORST_NETBOX_TOKEN",
            remedy="copy it again; a token file holds the token and nothing else",
        )
    return bare


def _supported_version(version: Any, address: str) -> tuple[int, int]:
    match = re.match(r"v?(\d+)\.(\d+)", str(version))
    if match is None:
        raise SourceError(
            f"can't tell NetBox's version from {str(version)[:40]!r}",
            where=address,
            remedy="check what stands before NetBox",
        )
    found = int(match[1]), int(match[2])
    if found < OLDEST_VERSION:
        raise SourceError(
            f"NetBox {str(version)[:40]} is too old: vorst reads 4.0 and later",
            where=address,
            remedy="upgrade NetBox, or bring its data as a spreadsheet (`vorst template rooms.xlsx`)",
        )
    return found
