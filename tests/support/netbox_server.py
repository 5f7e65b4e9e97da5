"""A NetBox of recorded answers on the loopback: the same paging, filters, fields, tokens and errors as the real one.

It serves the objects of `shared/netbox/lists` to real HTTP clients. How it behaves was read off `transcripts.json`, and
`tests/support/test_netbox_server.py` holds it to that. Faults (a proxy's web page, a broken answer, a hidden list) are
planted by the test that needs them, through `faults` and `hidden`.
"""

from __future__ import annotations

import gzip
import json
import pickle
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlencode, urlsplit

V1_TOKEN = "0123456789abcdef0123456789abcdef01234567"
V2_TOKEN = "nbt_K3y0fRec0rds.S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3t"

DEFAULT_PAGE = 50
MAX_PAGE = 1000

LIST_VERBS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
OBJECT_VERBS = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
READ_VERBS = "GET, HEAD, OPTIONS"

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str | None

    @property
    def endpoint(self) -> str:
        """APP/ENDPOINT, as "dcim/devices"."""
        return "/".join([part for part in self.path.split("/") if part][1:3])


@dataclass(frozen=True)
class Answer:
    """One answer; `cut_after` sends only so many bytes of the body and then closes the connection."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    cut_after: int | None = None

    def bytes(self) -> bytes:
        if self.content_type != "application/json" or isinstance(self.body, bytes):
            return self.body if isinstance(self.body, bytes) else str(self.body).encode()
        return b"" if self.body is None else json.dumps(self.body).encode()


Fault = Callable[[Asked], Answer | None]


class RecordedNetBox:
    """The server; a context manager. `rows` may be changed by a test, before or while it's being read."""

    def __init__(self, shared_netbox: Path, *, version: str = "4.6.8") -> None:
        self.version = version
        recorded, self._brief, self._models, self._status = _recording(shared_netbox)
        self.rows: dict[str, list[Row]] = pickle.loads(recorded)
        self.hidden: set[str] = set()
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"served": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked, body: Any, headers: dict[str, str]) -> Answer:
        """What NetBox answers; faults come first, then the token, then the view."""
        with self._lock:
            self.asked.append(asked)
            for fault in self.faults:
                planted = fault(asked)
                if planted is not None:
                    return planted
            return self._answer(asked, body, headers)

    def _answer(self, asked: Asked, body: Any, headers: dict[str, str]) -> Answer:
        verbs = self._verbs(asked.path)
        if verbs is None:
            return Answer(
                404, "<!DOCTYPE html><html><title>Page Not Found</title></html>", content_type="text/html"
            )
        refused = _refusal(asked.authorization)
        if refused is not None:
            return Answer(403, {"detail": refused}, {"Allow": verbs})
        if asked.endpoint in self.hidden:
            return Answer(
                403, {"detail": "You do not have permission to perform this action."}, {"Allow": verbs}
            )
        found = self._view(asked, body, headers)
        return Answer(found.status, found.body, {"Allow": verbs, **found.headers})

    def _verbs(self, path: str) -> str | None:
        """The verbs a path allows; None for a path NetBox doesn't have."""
        parts = [part for part in path.split("/") if part][1:]
        if parts in ([], ["status"]):
            return READ_VERBS
        if len(parts) not in (2, 3) or "/".join(parts[:2]) not in self.rows:
            return None
        if parts[0] == "core":
            return READ_VERBS
        return LIST_VERBS if len(parts) == 2 else OBJECT_VERBS

    def _view(self, asked: Asked, body: Any, headers: dict[str, str]) -> Answer:
        parts = [part for part in asked.path.split("/") if part][1:]
        if not parts:
            apps = ["circuits", "core", "dcim", "extras", "ipam", "plugins", "status", "tenancy", "users"]
            apps += ["virtualization", "vpn", "wireless"]
            return Answer(200, {app: f"http://{headers['Host']}/api/{app}/" for app in apps})
        if parts == ["status"]:
            return Answer(
                200, {**self._status, "netbox-version": self.version, "netbox-full-version": self.version}
            )
        if len(parts) == 3:
            return self._one(asked, int(parts[2]), body, headers)
        if asked.method == "PATCH":
            return Answer(
                200,
                [self._patched(row, change) for change in body for row in self._with_id(asked, change["id"])],
            )
        return self._list(asked, headers["Host"])

    # --- lists

    def _list(self, asked: Asked, host: str) -> Answer:
        query = asked.query
        rows: list[Row] = self.rows[asked.endpoint]
        for name, value in query.items():
            kept = _filtered(rows, name, value)
            if isinstance(kept, str):
                return Answer(400, {name: [kept]})
            rows = kept
        rows = _ordered(rows, query.get("ordering", ""))
        limit = _page_size(query.get("limit"))
        offset = int(query["offset"]) if query.get("offset", "").isdigit() else 0
        link = _Link(f"http://{host}{asked.path}", query)
        page = {
            "count": len(rows),
            "next": link.to(limit, offset + limit) if offset + limit < len(rows) else None,
            "previous": None if offset <= 0 else link.to(limit, offset - limit),
            "results": [self._shown(asked.endpoint, row, query) for row in rows[offset : offset + limit]],
        }
        return Answer(200, page)

    def _shown(self, endpoint: str, row: Row, query: dict[str, str]) -> Row:
        """The fields of an object that `brief`, `fields`, `omit` and `exclude` leave."""
        if query.get("brief"):
            row = {name: row[name] for name in self._brief[endpoint] if name in row}
        if query.get("fields"):
            wanted = query["fields"].split(",")
            row = {name: value for name, value in row.items() if name in wanted}
        dropped = set(query.get("omit", "").split(","))
        if query.get("exclude") == "config_context":
            dropped.add("config_context")
        return {name: value for name, value in row.items() if name not in dropped}

    # --- single objects

    def _with_id(self, asked: Asked, number: int) -> list[Row]:
        return [row for row in self.rows[asked.endpoint] if row["id"] == number]

    def _one(self, asked: Asked, number: int, body: Any, headers: dict[str, str]) -> Answer:
        found = self._with_id(asked, number)
        if not found:
            return Answer(404, {"detail": f"No {self._models[asked.endpoint]} matches the given query."})
        row = found[0]
        if asked.method in ("PATCH", "DELETE") and headers.get("If-Match", _etag(row)) != _etag(row):
            return Answer(412, {"detail": "Precondition failed."}, {"ETag": _etag(row)})
        if asked.method == "DELETE":
            self.rows[asked.endpoint].remove(row)
            return Answer(204)
        if asked.method == "PATCH":
            wrong = [
                name for name, value in body.items() if type(row.get(name)) is int and not _is_integer(value)
            ]
            if wrong:
                return Answer(400, {name: ["A valid integer is required."] for name in wrong})
            self._patched(row, body)
        return Answer(200, self._shown(asked.endpoint, row, asked.query), {"ETag": _etag(row)})

    def _patched(self, row: Row, change: Row) -> Row:
        row.update({name: value for name, value in change.items() if name in row})
        row["last_updated"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return row


# --- what NetBox does with a request -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Link:
    """The address of another page: parameters sorted, no offset on the first one."""

    base: str
    query: dict[str, str]

    def to(self, limit: int, offset: int) -> str:
        parameters = {**self.query, "limit": str(limit), "offset": str(offset)}
        if offset <= 0:
            del parameters["offset"]
        return f"{self.base}?{urlencode(sorted(parameters.items()))}"


def _page_size(limit: str | None) -> int:
    """NetBox's page: 50 by default, 1,000 at most, and 0 means the most."""
    if limit is None or not limit.isdigit():
        return DEFAULT_PAGE
    return min(int(limit) or MAX_PAGE, MAX_PAGE)


def _refusal(authorization: str | None) -> str | None:
    """Why a token isn't taken; None when it is."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme == "Token":
        return None if token == V1_TOKEN else "Invalid v1 token"
    if scheme == "Bearer":
        return None if token == V2_TOKEN else "Invalid v2 token"
    return "Authentication credentials were not provided."


def _filtered(rows: list[Row], name: str, value: str) -> list[Row] | str:
    """The rows a filter leaves, or NetBox's complaint about its value. A filter it doesn't know changes nothing."""
    if name == "last_updated__gte":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return "Enter a valid date/time."
        return [row for row in rows if datetime.fromisoformat(row["last_updated"]) >= moment]
    if name == "id" or (name.endswith("_id") and any(name[:-3] in row for row in rows)):
        if not value.isdigit():
            return f"“{value}” is not a valid value."
        if name == "id":
            return [row for row in rows if row["id"] == int(value)]
        return [row for row in rows if (row[name[:-3]] or {}).get("id") == int(value)]
    if name in ("name", "slug"):
        return [row for row in rows if row.get(name) == value]
    return rows


def _ordered(rows: list[Row], ordering: str) -> list[Row]:
    """Rows by a field, descending after a minus; an unknown field is ignored, as NetBox does."""
    name = ordering.lstrip("-")
    if not rows or name not in rows[0]:
        return rows
    return sorted(rows, key=lambda row: (row[name] is None, row[name]), reverse=ordering.startswith("-"))


def _etag(row: Row) -> str:
    return f'W/"{row["last_updated"].replace("Z", "+00:00")}"'


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) or bool(re.fullmatch(r"-?\d+", str(value)))


def _schema_of_lists(schema: dict[str, Any]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The fields of each list's brief form and the name of its model, from NetBox's OpenAPI document."""
    brief: dict[str, list[str]] = {}
    models: dict[str, str] = {}
    shapes = schema["components"]["schemas"]
    for path, operations in schema["paths"].items():
        match = re.fullmatch(r"/api/([a-z-]+/[a-z-]+)/", path)
        content = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        named = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        model = re.fullmatch(r".*/Paginated(\w+?)(?:WithConfigContext)?List", named)
        if match and model:
            models[match[1]] = model[1]
            brief[match[1]] = list(shapes.get(f"Brief{model[1]}", {"properties": {"id": None}})["properties"])
    return brief, models


@cache
def _recording(shared_netbox: Path) -> tuple[bytes, dict[str, list[str]], dict[str, str], Any]:
    """What was recorded, parsed once: the lists (pickled: every server changes its own), their schema, the status."""
    rows: dict[str, list[Row]] = {
        f"{path.parent.name}/{path.stem}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((shared_netbox / "lists").glob("*/*.json"))
    }
    brief, models = _schema_of_lists(
        json.loads(gzip.decompress((shared_netbox / "openapi.json.gz").read_bytes()))
    )
    for endpoint in models:
        rows.setdefault(endpoint, [])
    transcripts = json.loads((shared_netbox / "transcripts.json").read_text(encoding="utf-8"))
    status = next(entry["body"] for entry in transcripts if entry["note"] == "status")
    return pickle.dumps(rows), brief, models, status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: ClassVar[RecordedNetBox]

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        asked = Asked(self.command, parts.path, query, self.headers.get("Authorization"))
        answer = self.served.answer(asked, json.loads(sent) if sent else None, dict(self.headers.items()))
        content = answer.bytes()
        self.send_response(answer.status)
        if content:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Vary", "HX-Request, Accept-Language, Cookie, origin")
        self.send_header("API-Version", ".".join(self.served.version.split(".")[:2]))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: answer.cut_after])
        if answer.cut_after is not None:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, *args: object) -> None:
        """Nothing: a test's output is its own."""
