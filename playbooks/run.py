"""Run one phase of one wave through ansible-runner: start it, follow it, cancel it, resume it, and keep its record.

The runner works in a thread and reports into a queue; events are typed before anybody sees them. Nothing of a run is
left in files but its RunRecord: the runner's own artifacts hold the environment and go. What the phases do is in the
roles; what the events mean is `results`' to say.
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inventory.errors import InputError, WorkspaceError
from inventory.records import RunOutcome, RunRecord
from playbooks.events import Output, RunEvent, parse
from playbooks.project import read_about
from playbooks.results import checked_limit, failed_hosts, load_runs, phase_steps, run_record, save_run
from playbooks.scope import PHASES, asset_of, folder_of

OnEvent = Callable[[RunEvent], None]

# What Ansible and ssh need of the caller's environment; tokens and passwords of anything else stay out of it.
_PASSED_ON = frozenset(
    {
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "SHELL",
        "SSH_AUTH_SOCK",
        "TERM",
        "TMPDIR",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
_PASSED_ON_PREFIXES = ("ANSIBLE_", "LC_")
# Characters of Ansible's own words that an error shows.
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a wave of a project that exists, and what the project says of itself."""

    project_dir: Path
    wave: int
    phase: str
    about: dict[str, Any]

    @property
    def playbook(self) -> str:
        return f"{folder_of(self.wave)}/{self.phase}.yml"


def find_phase(project_dir: Path, wave: int, phase: str) -> Phase:
    """The phase a person named; raises InputError when the project has no such wave or phase."""
    project_dir = project_dir.resolve()
    about = read_about(project_dir)
    waves = {entry["number"]: entry for entry in about["waves"]}
    if wave not in waves:
        raise InputError(
            f"the project has no wave {wave}",
            where=str(project_dir),
            remedy=f"its waves are {', '.join(str(number) for number in sorted(waves)) or 'none'}",
        )
    if phase not in PHASES or phase not in waves[wave]["phases"]:
        raise InputError(
            f"wave {wave} has no phase {phase!r}",
            where=str(project_dir),
            remedy=f"its phases are {', '.join(waves[wave]['phases'])}",
        )
    found = Phase(project_dir, wave, phase, about)
    if not (project_dir / found.playbook).is_file():
        raise InputError(
            f"{found.playbook} is missing", where=str(project_dir), remedy="generate the project again"
        )
    return found


def run(
    project_dir: Path,
    wave: int,
    phase: str,
    *,
    check: bool = False,
    limit: str | None = None,
    resume: bool = False,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run a phase and return its record, which is also saved in the project's runs/.

    `check` changes nothing anywhere. `limit` is a pattern of hosts; `resume` limits the run to the hosts on which the
    last run of this phase didn't come through. `on_event` is called in the caller's thread. Setting `cancel` stops the
    run between tasks; the record then says "cancelled".

    Raises InputError for a project, wave, phase or limit that isn't there, WorkspaceError when Ansible can't start.
    """
    found = find_phase(project_dir, wave, phase)
    pattern = _limit(found, limit, resume=resume, check=check)
    started_at = datetime.now(UTC)
    outcome = _Execution(found, check=check, limit=pattern, cancel=cancel or threading.Event()).follow(
        on_event
    )
    blank = RunRecord(
        plan_hash=str(found.about["plan_hash"]),
        wave=wave,
        phase=phase,
        started_at=started_at,
        ended_at=datetime.now(UTC),
        outcome=outcome.outcome,
        check=check,
    )
    record = run_record(
        outcome.events, phase_steps(found.about, wave, phase), blank, hosts=_limited_to(pattern)
    )
    save_run(found.project_dir, record)
    return record


@dataclass
class _Outcome:
    outcome: RunOutcome
    events: list[RunEvent]


@dataclass
class _Execution:
    """One start of Ansible: the thread it runs in, and the queue its events come through."""

    phase: Phase
    check: bool
    limit: str | None
    cancel: threading.Event
    events: queue.SimpleQueue[RunEvent | None] = field(default_factory=queue.SimpleQueue)

    def follow(self, on_event: OnEvent | None) -> _Outcome:
        """Start, hand every event on, and say how it ended."""
        private = Path(tempfile.mkdtemp(prefix="vorst-run-"))
        seen: list[RunEvent] = []
        try:
            runner = self._runner(private)
            thread = threading.Thread(target=self._work, args=(runner,), name="ansible-runner", daemon=True)
            thread.start()
            try:
                while (event := self.events.get()) is not None:
                    seen.append(event)
                    if on_event is not None:
                        on_event(event)
            except BaseException:
                # The caller gave up (an interrupt, an error of its own): Ansible must not go on unseen.
                self.cancel.set()
                raise
            finally:
                thread.join()
            return _Outcome(self._outcome(runner, seen), seen)
        finally:
            shutil.rmtree(private, ignore_errors=True)

    def _runner(self, private: Path) -> Any:
        from ansible_runner import Runner, RunnerConfig

        config = RunnerConfig(
            private_data_dir=str(private),
            project_dir=str(self.phase.project_dir),
            playbook=self.phase.playbook,
            limit=self.limit,
            cmdline="--check" if self.check else None,
            quiet=True,
            suppress_env_files=True,
            settings={"suppress_ansible_output": True, "pexpect_timeout": 1},
        )
        try:
            config.prepare()
        except Exception as error:
            raise WorkspaceError(
                f"Ansible can't be started: {error}", remedy="run `make setup` again"
            ) from error
        config.env = self._environment(config.env)
        return Runner(
            config, event_handler=self._handle, cancel_callback=self.cancel.is_set, finished_callback=None
        )

    def _environment(self, prepared: dict[str, str]) -> dict[str, str]:
        """The runner's own settings and what Ansible needs of ours."""
        ours = os.environ
        kept = {
            name: value
            for name, value in prepared.items()
            if ours.get(name) != value or name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
        }
        # Ansible is installed beside this Python, which need not be on the caller's PATH.
        path = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
        return {
            **kept,
            "PATH": path,
            "ANSIBLE_CONFIG": str(self.phase.project_dir / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
        }

    def _handle(self, raw: dict[str, Any]) -> bool:
        event = parse(raw)
        if event is not None:
            self.events.put(event)
        return True

    def _work(self, runner: Any) -> None:
        try:
            runner.run()
        finally:
            self.events.put(None)

    def _outcome(self, runner: Any, seen: list[RunEvent]) -> RunOutcome:
        if runner.status == "canceled":
            return "cancelled"
        if runner.rc not in {0, 2, 4} or runner.status not in {"successful", "failed"}:
            said = " ".join(event.text for event in seen if isinstance(event, Output))
            raise WorkspaceError(
                f"Ansible stopped: {said[-_SHOWN:] or runner.status}",
                where=str(self.phase.project_dir / self.phase.playbook),
                remedy="mend what it names, and run the phase again",
            )
        return "done" if runner.rc == 0 else "failed"


def _limit(found: Phase, limit: str | None, *, resume: bool, check: bool) -> str | None:
    if not resume:
        return checked_limit(limit) if limit else None
    if limit:
        raise InputError("a run is either limited or resumed", remedy="give --limit or --resume, not both")
    last = next(
        (
            record
            for record in reversed(load_runs(found.project_dir))
            if (record.wave, record.phase, record.check) == (found.wave, found.phase, check)
        ),
        None,
    )
    hosts = failed_hosts(last) if last else ()
    if not hosts:
        raise InputError(
            f"no run of phase {found.phase} of wave {found.wave} is there to resume: "
            + ("its last one came through on every host" if last else "it never ran"),
            where=str(found.project_dir),
            remedy="run it without --resume",
        )
    return ",".join(hosts)


def _limited_to(pattern: str | None) -> frozenset[str] | None:
    """The hosts a pattern names, where it is a plain list of them; otherwise what ran is what was meant."""
    if pattern is None:
        return None
    names = pattern.split(",")
    return frozenset(names) if all(asset_of(name) for name in names) else frozenset()
