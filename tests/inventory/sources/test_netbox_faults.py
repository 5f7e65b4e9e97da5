"""What goes wrong between here and a NetBox is told apart, mended where it can be, and said without the token."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from netbox_server import V1_TOKEN, V2_TOKEN, Answer, Asked, RecordedNetBox

from inventory.errors import SourceError
from inventory.sources import netbox_pages
from inventory.sources.contract import SourceSnapshot
from inventory.sources.netbox import read_netbox

NETBOX = Path(__file__).parents[4] / "shared" / "netbox"

pytestmark = pytest.mark.skipif(
    not NETBOX.is_dir(), reason="the recorded NetBox (../shared/netbox) isn't there"
)


@pytest.fixture
def netbox() -> Iterator[RecordedNetBox]:
    with RecordedNetBox(NETBOX) as server:
        yield server


def read(netbox: RecordedNetBox, token: str = V1_TOKEN, **options: Any) -> SourceSnapshot:
    return read_netbox(netbox.url, token, pause_s=0.001, **options)


def failure(netbox: RecordedNetBox, token: str = V1_TOKEN) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(netbox, token)
    shown = "".join(traceback.format_exception(caught.value))
    assert token.rpartition(".")[2] not in shown
    assert caught.value.remedy
    return caught.value


class Fault:
    """Answers a list with something else, the first `times` times it's asked for."""

    def __init__(self, endpoint: str, answer: Answer, times: int = 10_000) -> None:
        self.endpoint, self.answer, self.left, self.given = endpoint, answer, times, 0

    def __call__(self, asked: Asked) -> Answer | None:
        if asked.endpoint != self.endpoint or self.left == 0:
            return None
        self.left -= 1
        self.given += 1
        return self.answer


# --- tokens ------------------------------------------------------------------------------------------------------


def test_a_wrong_v1_token_is_told(netbox: RecordedNetBox) -> None:
    assert "v1 token" in failure(netbox, "f" * 40).what


def test_a_wrong_v2_token_is_told(netbox: RecordedNetBox) -> None:
    error = failure(netbox, "nbt_AAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBB")
    assert "v2 token" in error.what
    assert "nbt_KEY.SECRET" in error.remedy


def test_a_token_that_does_not_arrive_is_told(netbox: RecordedNetBox) -> None:
    netbox.faults.append(
        Fault("status", Answer(403, {"detail": "Authentication credentials were not provided."}))
    )
    assert "no token it understands" in failure(netbox, V2_TOKEN).what


@pytest.mark.parametrize(
    ("detail", "clue"),
    [
        ("Token expired", "expired"),
        ("User inactive", "User inactive"),
        ("Source IP 10.0.0.9 is not permitted to authenticate using this token.", "10.0.0.9"),
    ],
)
def test_other_refusals_keep_their_reason(netbox: RecordedNetBox, detail: str, clue: str) -> None:
    netbox.faults.append(Fault("status", Answer(403, {"detail": detail})))
    assert clue in failure(netbox).what


def test_a_server_that_echoes_the_token_does_not_get_it_into_the_message(netbox: RecordedNetBox) -> None:
    netbox.faults.append(Fault("status", Answer(403, {"detail": f"unknown: Token {V1_TOKEN}"})))
    assert "unknown" in failure(netbox).what


# --- permissions -------------------------------------------------------------------------------------------------


def test_a_hidden_list_is_named_and_not_complete(netbox: RecordedNetBox) -> None:
    netbox.hidden = {"dcim/power-feeds"}
    found = read(netbox)
    assert "power_feeds" not in found.complete_kinds
    assert "tag_assignments" not in found.complete_kinds
    assert "racks" in found.complete_kinds
    assert [
        warning for warning in found.warnings if "dcim/power-feeds/" in warning and "power feeds" in warning
    ]


def test_what_hangs_on_a_hidden_list_is_not_invented(netbox: RecordedNetBox) -> None:
    netbox.hidden = {"tenancy/tenants", "dcim/racks"}
    found = read(netbox)
    devices = [item for item in found.objects if item.kind == "devices"]
    assert len(devices) == 72
    assert any("rack_id" not in device.fields for device in devices)
    assert not [item for item in found.objects if item.kind == "rack_reservations"]
    assert found.complete_kinds.isdisjoint({"tenants", "racks", "rack_reservations"})


def test_objects_hidden_within_a_list_make_it_incomplete(netbox: RecordedNetBox) -> None:
    netbox.rows["tenancy/tenants"] = [row for row in netbox.rows["tenancy/tenants"] if row["id"] != 5]
    found = read(netbox)
    assert "tenants" not in found.complete_kinds
    assert any("tenant_id" in warning for warning in found.warnings)


def test_a_token_that_may_read_nothing_is_told(netbox: RecordedNetBox) -> None:
    netbox.hidden = set(netbox.rows)
    assert "not read a single list" in failure(netbox).what


def test_a_list_this_netbox_lacks_is_only_missing(netbox: RecordedNetBox) -> None:
    netbox.faults.append(Fault("virtualization/virtual-disks", Answer(404, {"detail": "Not found."})))
    found = read(netbox)
    assert "virtual_disks" not in found.complete_kinds
    assert "virtual_machines" in found.complete_kinds


# --- not what it should be ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.7.8", "2.11.0", "3.7.8-Docker-2.8.0"])
def test_a_netbox_before_4_0_is_refused_by_name(netbox: RecordedNetBox, version: str) -> None:
    netbox.version = version
    error = failure(netbox)
    assert version in error.what
    assert "too old" in error.what


@pytest.mark.parametrize("version", ["4.0.0", "4.6.8-Docker-3.4.1", "v4.3.0", "5.0.0-beta1"])
def test_later_ones_are_read(netbox: RecordedNetBox, version: str) -> None:
    netbox.version = version
    assert read(netbox).objects


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<!DOCTYPE html><title>Log in</title>", content_type="text/html"),
        Answer(404, "<html>nothing here</html>", content_type="text/html"),
        Answer(200, {"hello": "world"}),
        Answer(200, []),
        Answer(200, b"OK", content_type="text/plain"),
    ],
    ids=["login page", "404", "other JSON", "a list", "text"],
)
def test_what_is_no_netbox_is_told(netbox: RecordedNetBox, answer: Answer) -> None:
    netbox.faults.append(Fault("status", answer))
    assert "doesn't look like a NetBox" in failure(netbox).what


def test_a_login_page_in_place_of_a_list_is_told_at_once(netbox: RecordedNetBox) -> None:
    page = Fault("dcim/racks", Answer(200, "<!DOCTYPE html><title>Log in</title>", content_type="text/html"))
    netbox.faults.append(page)
    assert "web page" in failure(netbox).what
    assert page.given == 1


@pytest.mark.parametrize(
    "body", [{"results": [{}], "count": 1}, {"results": [7], "count": 1}, {"results": []}, [3], "x", 7]
)
def test_a_list_of_another_form_is_told(netbox: RecordedNetBox, body: Any) -> None:
    netbox.faults.append(Fault("dcim/racks", Answer(200, body)))
    assert "dcim/racks/" in failure(netbox).what


def test_an_object_of_another_form_is_named(netbox: RecordedNetBox) -> None:
    del netbox.rows["dcim/racks"][0]["site"]
    error = failure(netbox)
    assert f"dcim/racks/{netbox.rows['dcim/racks'][0]['id']}/" in error.what
    assert "site" in error.what


@pytest.mark.parametrize("odd", ["tall", [42], {"value": 42}, float("inf"), float("nan")], ids=repr)
def test_a_number_that_is_none_is_named(netbox: RecordedNetBox, odd: Any) -> None:
    netbox.rows["dcim/racks"][0]["u_height"] = odd
    assert f"dcim/racks/{netbox.rows['dcim/racks'][0]['id']}/" in failure(netbox).what


# --- trouble on the way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_passing_trouble_is_waited_out(netbox: RecordedNetBox, code: int) -> None:
    fault = Fault("dcim/racks", Answer(code, {"detail": "later"}), times=2)
    netbox.faults.append(fault)
    assert read(netbox).warnings == ()
    assert fault.given == 2


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_lasting_trouble_ends(netbox: RecordedNetBox, code: int) -> None:
    fault = Fault("dcim/racks", Answer(code, {"detail": "maintenance"}))
    netbox.faults.append(fault)
    error = failure(netbox)
    assert str(code) in error.what
    assert "maintenance" in error.what
    assert fault.given == netbox_pages.ATTEMPTS


def test_a_server_cannot_make_us_wait_for_hours(
    netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(netbox_pages, "LONGEST_PAUSE_S", 0.01)
    netbox.faults.append(Fault("dcim/racks", Answer(429, {}, {"Retry-After": "86400"}), times=1))
    assert read(netbox).objects


@pytest.mark.parametrize(
    "cut",
    [Answer(200, b'{"count": 42, "next": null, "resu'), Answer(200, b'{"count": 42}' * 99, cut_after=20)],
)
def test_an_answer_that_breaks_off_is_asked_for_again(netbox: RecordedNetBox, cut: Answer) -> None:
    fault = Fault("dcim/racks", cut, times=2)
    netbox.faults.append(fault)
    assert sum(item.kind == "racks" for item in read(netbox).objects) == 42
    assert fault.given == 2


def test_answers_that_always_break_off_end(netbox: RecordedNetBox) -> None:
    netbox.faults.append(Fault("dcim/racks", Answer(200, b'{"count": 42, "next": null, "resu')))
    assert "broke off" in failure(netbox).what


def test_nobody_there_is_told(netbox: RecordedNetBox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        netbox.url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert "can't connect" in failure(netbox).what


def test_a_name_that_does_not_exist_is_told(netbox: RecordedNetBox) -> None:
    netbox.url = "http://netbox.invalid"
    assert "can't connect" in failure(netbox).what


def test_no_tls_where_https_is_asked_is_told(netbox: RecordedNetBox) -> None:
    netbox.url = netbox.url.replace("http://", "https://")
    assert "TLS" in failure(netbox).what


def test_a_silent_server_is_told(netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netbox_pages, "TIMEOUT_S", (0.05, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        netbox.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "in time" in failure(netbox).what


def test_a_redirect_to_another_host_does_not_carry_the_token(netbox: RecordedNetBox) -> None:
    seen: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        target = f"http://localhost:{elsewhere.server_address[1]}/"
        netbox.faults.append(Fault("status", Answer(302, None, {"Location": target})))
        failure(netbox)
        elsewhere.shutdown()
    assert seen
    assert set(seen) == {None}


# --- a list that changes while it's read -------------------------------------------------------------------------


def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of 100, so that a list of the recording has many; one at a time, so that the test knows the order."""
    monkeypatch.setattr("netbox_server.MAX_PAGE", 100)
    monkeypatch.setattr(netbox_pages, "WORKERS", 1)


def test_an_object_deleted_meanwhile_hides_no_other(
    netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    rows = netbox.rows["virtualization/interfaces"] = []
    addresses = sorted(netbox.rows["ipam/ip-addresses"], key=lambda row: row["id"])
    netbox.rows["ipam/ip-addresses"] = addresses
    left = {row["id"] for row in addresses[1:]}
    asked_of_second: list[Asked] = []

    def delete_first(asked: Asked) -> None:
        if asked.endpoint == "ipam/ip-addresses" and asked.query["offset"] == "100":
            asked_of_second.append(asked)
            if len(asked_of_second) == 1:
                del addresses[0]

    netbox.faults.append(delete_first)
    found = {int(item.external_id) for item in read(netbox).objects if item.kind == "ip_addresses"}
    assert rows == []
    assert found == left
    assert len(asked_of_second) == 2


def test_pages_that_overlap_are_read_again(netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch)
    machines = sorted(netbox.rows["virtualization/virtual-machines"], key=lambda row: row["id"])
    repeated = Fault(
        "virtualization/virtual-machines",
        Answer(200, {"count": 180, "next": None, "results": machines[:80]}),
        1,
    )

    def second_page_repeats(asked: Asked) -> Answer | None:
        return repeated(asked) if asked.query.get("offset") == "100" else None

    netbox.faults.append(second_page_repeats)
    found = [item.external_id for item in read(netbox).objects if item.kind == "virtual_machines"]
    assert (len(found), len(set(found))) == (180, 180)
    assert repeated.given == 1


def test_a_list_that_keeps_growing_is_taken_in_the_end(
    netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch)
    before = {row["id"] for row in netbox.rows["ipam/ip-addresses"]}

    def grow(asked: Asked) -> None:
        if asked.endpoint == "ipam/ip-addresses" and asked.query["offset"] == "100":
            rows = netbox.rows["ipam/ip-addresses"]
            rows.append({**rows[0], "id": max(row["id"] for row in rows) + 1})

    netbox.faults.append(grow)
    found = {int(item.external_id) for item in read(netbox).objects if item.kind == "ip_addresses"}
    assert before < found


def test_a_list_that_never_rests_is_given_up(netbox: RecordedNetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch)

    def shrink(asked: Asked) -> None:
        if asked.endpoint == "dcim/interfaces" and asked.query["offset"] == "100":
            del netbox.rows["dcim/interfaces"][0]

    netbox.faults.append(shrink)
    error = failure(netbox)
    assert "dcim/interfaces/ changed" in error.what
