"""`vorst drain`: a host of the sample's plan emptied, a pool evened out, what stays, and what it says to mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import vorst, well

from capacity.plan import Plan
from inventory.documents import from_json


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small sample region and its plan."""
    folder = tmp_path_factory.mktemp("drain") / "W"
    well(folder.parent, "init", str(folder))
    well(folder, "import", "--sample", "--servers", "20")
    well(folder, "plan")
    return folder


@pytest.fixture(scope="module")
def plan(planned: Path) -> Plan:
    return from_json(Plan, (planned / "plan.json").read_text(encoding="utf-8"))


def test_a_host_is_emptied_or_it_is_said_what_is_missing(planned, plan):
    host = plan.workloads[0].host
    ran = vorst(planned, "drain", f"host:{host}", "--use-reserve", "--work", "5", "--json")
    there = {placed.asset.id for placed in plan.workloads if placed.host == host}
    answer = ran.json
    assert ran.code == (2 if answer["stays"] or answer["missing"] else 0), ran.err
    gone = {move["asset"]["id"] for move in answer["moves"] if move["source"] == host}
    assert gone | {stay["asset"]["id"] for stay in answer["stays"]} == there
    assert answer["refused"] == []


def test_an_empty_host_takes_no_moves(planned, plan):
    working = {placed.host for placed in plan.workloads}
    pool = plan.hosts[0].pool
    spare = [host.id for host in plan.hosts if host.id not in working and host.pool == pool]
    ran = vorst(planned, "drain", spare[0], "--use-reserve", "--work", "2")
    assert ran.code == 0, ran.err
    assert "0 moves in 0 steps" in ran.out
    assert "the reserve is given up meanwhile" in ran.out


def test_a_whole_pool_without_another_to_go_to_stays(planned, plan):
    pool = plan.hosts[0].pool
    ran = vorst(planned, "drain", f"pool:{pool}")
    assert ran.code == 2
    assert "what is missing, whatever is moved" in ran.out
    assert "left where they are" in ran.out


def test_a_pool_is_evened_out(planned, plan):
    ran = vorst(planned, "drain", "--rebalance", plan.hosts[0].pool, "--work", "5", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["fullest_after"] <= ran.json["fullest_before"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name what to empty, or a pool to even out"),
        (["x", "--rebalance", "general"], "name what to empty, or a pool to even out"),
        (["nothing"], "no cloud host is behind 'nothing'"),
        (["--rebalance", "nothing"], "no pool 'nothing'"),
        (["general", "--plan", "nowhere.json"], "there is no such file"),
    ],
)
def test_a_mistake_is_one_message_and_exit_1(planned, words, said):
    ran = vorst(planned, "drain", *words)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
