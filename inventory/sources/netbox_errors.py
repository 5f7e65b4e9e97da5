"""What a NetBox's refusal, silence or odd answer means, and what to do about it.

It answers with errors for people; the token is in none of them. When to ask again before giving up is decided in
`netbox_pages`.
"""

from __future__ import annotations

from http import HTTPStatus

import requests
from pynetbox.core.query import ContentError, RequestError
from urllib3.exceptions import ReadTimeoutError

from inventory.errors import SourceError


class ListUnavailableError(SourceError):
    """One list can't be read (no permission, or this NetBox lacks it); the others may be."""


def explained(failure: Exception, url: str, where: str, kind: str | None) -> SourceError:
    """The error for a failed request.

    Args:
        failure: what requests or pynetbox raised.
        url: NetBox's address, without secrets.
        where: what was asked of it, as "dcim/sites/".
        kind: the list that was asked for; None for the status.
    """
    if isinstance(failure, RequestError):
        return _refused(failure.req, url, where, kind)
    if isinstance(failure, ContentError):
        return (
            not_a_netbox(url, f"{where} answered a web page, not JSON")
            if is_html(failure.req)
            else _broken(url, where)
        )
    if isinstance(failure, requests.exceptions.JSONDecodeError):
        return not_a_netbox(url, f"{where} didn't answer JSON")
    if isinstance(
        failure, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError
    ):
        return _broken(url, where)
    return _unreachable(failure, url)


def not_a_netbox(url: str, clue: str) -> SourceError:
    """What answers isn't NetBox's API: another site, a login page, a proxy."""
    return SourceError(
        f"this doesn't look like a NetBox: {clue}",
        where=url,
        remedy="give the address of NetBox's first page, without /api, and check proxies and login pages before it",
    )


def broke_off(failure: Exception) -> bool:
    """Whether an answer was cut, so that the same question may well get a whole one next time."""
    if isinstance(failure, ContentError):
        return not is_html(failure.req)
    return isinstance(failure, requests.exceptions.ChunkedEncodingError)


def is_html(response: requests.Response) -> bool:
    """Whether a web page came instead of data."""
    return "html" in response.headers.get("Content-Type", "") or response.text.lstrip()[:1] == "<"


def _broken(url: str, where: str) -> SourceError:
    return SourceError(
        f"the answer of {where} broke off or isn't valid JSON, and again when asked again",
        where=url,
        remedy="look in the logs of NetBox and of the proxy before it, then try again",
    )


def _refused(response: requests.Response, url: str, where: str, kind: str | None) -> SourceError:
    detail = _detail(response)
    said = f": {detail}" if detail else ""
    code = response.status_code
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _not_allowed(detail, url, where, kind)
    if code == HTTPStatus.NOT_FOUND and kind is None:
        return not_a_netbox(url, f"it has no {where}")
    if code == HTTPStatus.NOT_FOUND:
        return ListUnavailableError(
            f"this NetBox has no list {where}",
            where=url,
            remedy="nothing, if it is of an older version; else check what stands before it",
        )
    if code == HTTPStatus.TOO_MANY_REQUESTS or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SourceError(
            f"NetBox answered {code} for {where}, and again when asked again{said}",
            where=url,
            remedy="try again later, or look in NetBox's logs",
        )
    return SourceError(
        f"NetBox answered {code} for {where}{said}",
        where=url,
        remedy="check the address, and what stands before this NetBox",
    )


def _detail(response: requests.Response) -> str:
    """The reason in a JSON body, short enough for a message; nothing of a web page, and never an echoed token."""
    try:
        body = response.json()
    except ValueError:
        return ""
    reason = body.get("detail") or body.get("error") if isinstance(body, dict) else None
    token = (response.request.headers.get("Authorization") or "").rpartition(" ")[2]
    told = " ".join(str(reason).split()) if reason else ""
    return (told.replace(token, "…") if token else told)[:200]


def _not_allowed(detail: str, url: str, where: str, kind: str | None) -> SourceError:
    """NetBox answers 403 for a missing, a wrong and a too weak token alike; only the body tells them apart."""
    said = detail.lower()
    for clue, what, remedy in _TOKEN_TROUBLES:
        if clue in said:
            return SourceError(what, where=url, remedy=remedy)
    if "source ip" in said:
        return SourceError(
            f"NetBox doesn't take the token from here: {detail}",
            where=url,
            remedy="add this machine's address to the token's allowed IPs",
        )
    if kind is not None:
        return ListUnavailableError(
            f"the token may not read {where} ({detail or 'no reason given'})",
            where=url,
            remedy=f"give its user the permission to view {kind.replace('_', ' ')}",
        )
    return SourceError(
        f"NetBox refused the token ({detail or 'no reason given'})",
        where=url,
        remedy="check that the token is enabled and its user active",
    )


_TOKEN_TROUBLES = (
    (
        "credentials were not provided",
        "NetBox saw no token it understands (a v2 token, nbt_KEY.SECRET, needs NetBox 4.5 or later)",
        "set VORST_NETBOX_TOKEN or VORST_NETBOX_TOKEN_FILE, and see that no proxy drops the Authorization header",
    ),
    (
        "invalid v2 token",
        "NetBox doesn't know this v2 token, or its secret is wrong",
        "give it whole, as nbt_KEY.SECRET; NetBox shows the secret only once, so make a new one if it's lost",
    ),
    (
        "invalid v1 token",
        "NetBox doesn't know this v1 token",
        "copy all its 40 characters again, or make a new one under Admin > API Tokens",
    ),
    (
        "invalid token",
        "NetBox doesn't know this token",
        "copy all its 40 characters again, or make a new one under Admin > API Tokens",
    ),
    ("expired", "the token has expired", "prolong it, or make a new one, under Admin > API Tokens"),
)


def _unreachable(failure: Exception, url: str) -> SourceError:
    reason = getattr(failure.args[0], "reason", None) if failure.args else None
    for kinds, what, remedy in _SILENCES:
        if isinstance(failure, kinds) or isinstance(reason, kinds):
            return SourceError(what, where=url, remedy=remedy)
    return SourceError(
        f"the request failed ({type(failure).__name__})",
        where=url,
        remedy="check the address and what stands before NetBox",
    )


_SILENCES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (
        requests.exceptions.SSLError,
        "its TLS certificate can't be verified, or it doesn't speak TLS",
        "set REQUESTS_CA_BUNDLE to the file of your certificate authority, or check the address and the certificate",
    ),
    (
        requests.exceptions.ProxyError,
        "the HTTP proxy doesn't let us through",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    (
        (requests.exceptions.Timeout, ReadTimeoutError),
        "it doesn't answer in time",
        "check the address and the network, then try again",
    ),
    (
        requests.exceptions.TooManyRedirects,
        "it redirects in circles",
        "give the address NetBox is really served at",
    ),
    (
        requests.exceptions.ConnectionError,
        "can't connect to it",
        "check the address, the port, and that NetBox runs and is reachable from here",
    ),
)
