"""The recorded NetBox answers what the real one answered: each recorded request is sent again and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from netbox_server import V1_TOKEN, V2_TOKEN, RecordedNetBox

NETBOX = Path(__file__).parents[3] / "shared" / "netbox"

pytestmark = pytest.mark.skipif(
    not NETBOX.is_dir(), reason="the recorded NetBox (../shared/netbox) isn't there"
)

AUTHORIZATION = {
    None: None,
    "Token <v1>": f"Token {V1_TOKEN}",
    "Bearer <v2>": f"Bearer {V2_TOKEN}",
    "bad v1": "Token ffffffffffffffffffffffffffffffffffffffff",
    "bad v2": "Bearer nbt_AAAAAAAAAAAA.BBBBBBBBBBBB",
}

WRITES_OF_A_DATABASE = {
    "create",
    "create again",
    "create, missing fields",
    "changes of it",
    "device to an occupied unit",
    "deletions after it",
    "rack elevation",
}
"""Recorded, but not served: they need NetBox's own validation, changelog and drawing."""


def transcripts() -> list[dict[str, Any]]:
    if not NETBOX.is_dir():
        return []
    return json.loads((NETBOX / "transcripts.json").read_text(encoding="utf-8"))


def replayed() -> list[dict[str, Any]]:
    return [entry for entry in transcripts() if entry["note"] not in WRITES_OF_A_DATABASE]


@pytest.fixture(scope="module")
def netbox() -> Iterator[RecordedNetBox]:
    """The server with the two tenants that existed only while the requests were recorded."""
    with RecordedNetBox(NETBOX) as server:
        created = next(entry["body"] for entry in transcripts() if entry["note"] == "create")
        listed = next(entry["body"]["results"] for entry in transcripts() if entry["note"] == "limit 0")
        umbrella = next(place for place, row in enumerate(listed) if row["id"] == 14)
        server.rows["tenancy/tenants"].insert(umbrella, {**created, **listed[umbrella]})
        yield server


def comparable(body: Any, host: str) -> Any:
    """The body without what differs between two servers and two moments."""
    if isinstance(body, dict):
        return {
            name: comparable(value, host)
            for name, value in body.items()
            if name not in ("created", "last_updated") and not name.endswith("_count")
        }
    if isinstance(body, list):
        return [comparable(part, host) for part in body]
    return body.replace(host, "http://netbox.example") if isinstance(body, str) else body


@pytest.mark.parametrize("entry", replayed(), ids=lambda entry: entry["note"])
def test_answers_as_recorded(netbox: RecordedNetBox, entry: dict[str, Any]) -> None:
    asked, then = entry["request"], entry["body"]
    if "/tenants/15/" in asked["path"] or entry["note"].startswith("bulk patch"):
        _with_tenant_as_it_was(netbox, entry)
    headers = {"Authorization": AUTHORIZATION[asked["auth"]], "If-Match": asked.get("if_match")}
    answer = requests.request(
        asked["method"],
        netbox.url + asked["path"],
        json=asked["body"],
        headers={name: value for name, value in headers.items() if value},
        timeout=5,
    )
    now = answer.json() if answer.content else ""
    assert answer.status_code == entry["status"]
    assert comparable(now, netbox.url) == comparable(then, netbox.url)
    for name in ("Content-Type", "Allow", "API-Version"):
        if name in entry["headers"]:
            assert answer.headers.get(name) == entry["headers"][name]
    assert ("ETag" in answer.headers) == ("ETag" in entry["headers"])
    if "ETag" in entry["headers"] and asked["method"] == "GET":
        assert answer.headers["ETag"] == entry["headers"]["ETag"]


def _with_tenant_as_it_was(netbox: RecordedNetBox, entry: dict[str, Any]) -> None:
    """Tenant 15 as it was before this request, taken from what the recording shows of it."""
    created = next(other["body"] for other in transcripts() if other["note"] == "create")
    tenants = netbox.rows["tenancy/tenants"]
    tenants[:] = [row for row in tenants if row["id"] != 15]
    body = entry["body"]
    shown = body if isinstance(body, dict) and "id" in body else {}
    recorded = shown if entry["request"]["method"] == "GET" else {}
    tenants.append({**created, **recorded})


def test_pages_cover_a_list_once_and_only_once(netbox: RecordedNetBox) -> None:
    seen: list[int] = []
    url: str | None = f"{netbox.url}/api/dcim/interfaces/?limit=0&ordering=id"
    while url:
        page = requests.get(url, headers={"Authorization": f"Token {V1_TOKEN}"}, timeout=5).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == sorted(row["id"] for row in netbox.rows["dcim/interfaces"])


def test_a_write_with_the_current_etag_goes_through_and_changes_it(netbox: RecordedNetBox) -> None:
    address, token = f"{netbox.url}/api/tenancy/tenants/1/", {"Authorization": f"Token {V1_TOKEN}"}
    etag = requests.get(address, headers=token, timeout=5).headers["ETag"]
    first = requests.patch(address, json={"description": "a"}, headers={**token, "If-Match": etag}, timeout=5)
    second = requests.patch(
        address, json={"description": "b"}, headers={**token, "If-Match": etag}, timeout=5
    )
    assert (first.status_code, second.status_code) == (200, 412)
    assert requests.get(address, headers=token, timeout=5).json()["description"] == "a"


def test_a_filter_that_is_known_filters(netbox: RecordedNetBox) -> None:
    answer = requests.get(
        f"{netbox.url}/api/dcim/devices/?site_id=2&fields=site",
        headers={"Authorization": f"Token {V1_TOKEN}"},
        timeout=5,
    ).json()
    assert 0 < answer["count"] < len(netbox.rows["dcim/devices"])
    assert {row["site"]["id"] for row in answer["results"]} == {2}


def test_a_hidden_list_is_forbidden_and_others_are_not(netbox: RecordedNetBox) -> None:
    netbox.hidden = {"dcim/sites"}
    try:
        codes = [
            requests.get(
                f"{netbox.url}/api/dcim/{name}/", headers={"Authorization": f"Token {V1_TOKEN}"}, timeout=5
            )
            for name in ("sites", "racks")
        ]
    finally:
        netbox.hidden = set()
    assert [answer.status_code for answer in codes] == [403, 200]
    assert codes[0].json() == {"detail": "You do not have permission to perform this action."}
