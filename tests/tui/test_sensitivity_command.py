"""`vorst sensitivity`: one limit asked, what it says as tables and as JSON, and what it says to mistakes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from command_line import vorst, well

from tui.stopping import stoppable


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("sensitivity") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "20")
    well(folder, "plan")
    return folder


def test_a_limit_is_asked_and_what_is_to_spare_is_shown(planned):
    ran = vorst(planned, "sensitivity", "--limits", "1", "--tries", "1")
    assert ran.code in {0, 2}, ran.err
    assert "what more of a single limit brings, against" in ran.out
    assert "what may be taken away with no effect on this plan" in ran.out
    assert "1 of " in ran.out


def test_json_has_every_field_of_what_was_asked(planned):
    ran = vorst(planned, "sensitivity", "--only", "height of rack model", "--tries", "2", "--json")
    assert ran.code in {0, 2}, ran.err
    (gain,) = ran.json["gains"]
    assert gain["limit_paths"] == ["facility.rack_models[0].height_u"]
    assert (gain["now"], gain["unit"]) == (42.0, "U")
    assert {"needed", "more", "placed", "racks", "hosts", "proof", "without_proof"} <= gain.keys()
    assert ran.json["slack"][0]["spare"] > 0
    assert ran.json["plan"].keys() == {"unplaced", "racks", "hosts"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "nothing of that name"], "no limit has 'nothing of that name'"),
        (["--within", "0"], "--within must be more than 0"),
        (["--tries", "0"], "Invalid value for '--tries'"),
        (["nowhere.json"], "there is no such file"),
    ],
)
def test_a_mistake_is_one_message_and_exit_1(planned, words, said):
    ran = vorst(planned, "sensitivity", *words)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_plan_that_was_changed_or_is_of_another_facility_is_refused(planned):
    text = (planned / "plan.json").read_text("utf-8")
    (planned / "changed.json").write_text(text.replace('"name": "plan"', '"name": "other"', 1), "utf-8")
    assert "the plan was changed after it was made" in vorst(planned, "sensitivity", "changed.json").err
    facility = planned / "facility.yaml"
    before = facility.read_text("utf-8")
    facility.write_text(before.replace("pue: 1.3", "pue: 1.4"), "utf-8")
    try:
        ran = vorst(planned, "sensitivity")
    finally:
        facility.write_text(before, "utf-8")
    assert (ran.code, ran.out) == (1, "")
    assert "the facility has changed since this plan was made" in ran.err


def test_ctrl_c_is_a_wish_first_and_an_end_the_second_time(request):
    # A job in the background is started with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    said: list[str] = []
    with stoppable(said.append, "stopping") as cancelled:
        assert not cancelled()
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert said == ["stopping"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
