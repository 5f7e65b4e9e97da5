"""Waves against phases: what ran and how it ended; a phase's check starts from here."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.widgets import RichLog
from textual.worker import Worker, WorkerState

from inventory.errors import VorstError
from playbooks.events import RunEvent
from playbooks.scope import PHASES
from tui.colours import palette
from tui.loaded import Loaded
from tui.screens.dialogs import Confirm
from tui.screens.frame import Frame
from tui.views import runs
from tui.views.spans import Line, Span, line, some, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel


class PlaybooksScreen(Frame):
    """`[` and `]` choose the phase, `c` runs its check, `x` cancels it."""

    key, title_text, needs_plan = "8", "Playbooks", True
    command = "vorst playbooks plan.json -o playbooks; vorst run playbooks --wave N --phase PHASE --check"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "phase(-1)", "Phase back", key_display="[", show=False),
        Binding("right_square_bracket", "phase(1)", "Phase", key_display="[ ]"),
        Binding("g", "app.generate", "Generate"),
        Binding("c", "check", "Check"),
        Binding("x", "cancel", "Cancel"),
    ]

    class Happened(Message):
        """The run reported an event."""

        def __init__(self, event: RunEvent) -> None:
            self.event = event
            super().__init__()

    def __init__(self) -> None:
        super().__init__()
        self.phase = PHASES[0]
        self._cancel = threading.Event()
        self._worker: Worker[str] | None = None

    def body(self) -> Iterable[Widget]:
        yield Container(
            Listing("the plan has no wave", id="matrix"), Panel("Last run", id="run"), classes="split"
        )
        yield RichLog(id="live", markup=False, highlight=False, wrap=True, max_lines=5000)

    def on_mount(self) -> None:
        super().on_mount()
        self._show_live(False)

    def show(self, loaded: Loaded) -> None:
        project = (
            line(span(f"{loaded.project_dir.name}/", "strong"), f"  {some(len(loaded.runs), 'run')} so far")
            if loaded.has_project
            else line(Span("no Ansible project yet: ", "warn"), Span("g", "accent!"), " generates it")
        )
        self.headline((Span("phase ", "muted"), Span(self.phase, "accent!"), Span("   "), *project))
        self.query_one("#matrix", Listing).load(runs.matrix(loaded))

    @property
    def wave(self) -> int | None:
        key = self.query_one("#matrix", Listing).key
        return key.number if isinstance(key, runs.WaveKey) else None

    @on(Listing.Highlighted, "#matrix")
    def _highlight(self) -> None:
        self._describe()

    def _describe(self) -> None:
        if self._shown is not None and self.wave is not None:
            self.query_one("#run", Panel).show(
                runs.detail(self._shown, self.wave, self.phase), f"Last run of {self.phase}"
            )

    def action_phase(self, step: int) -> None:
        self.phase = PHASES[(PHASES.index(self.phase) + step) % len(PHASES)]
        if self._shown is not None:
            self.show(self._shown)
            self._describe()

    def action_check(self) -> None:
        loaded, wave = self._shown, self.wave
        if loaded is None or wave is None:
            return
        if not loaded.has_project:
            self.vorst.show_error(
                VorstError(
                    "there is no Ansible project yet",
                    where=str(loaded.project_dir),
                    remedy="press g, or run `vorst playbooks`",
                )
            )
            return
        if self._worker is not None and self._worker.is_running:
            self.notify("a run is going on; x cancels it", severity="warning")
            return
        question = (
            line(f"Run {self.phase} of wave {wave} in check mode?"),
            line(Span("It reaches the hosts and changes nothing on them.", "muted")),
            line(
                span(
                    f"vorst run {loaded.project_dir.name} --wave {wave} --phase {self.phase} --check",
                    "accent",
                )
            ),
        )

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual hands over the answer
            if yes:
                self._start(loaded, wave, self.phase)

        self.app.push_screen(Confirm("Check a phase", question), answered)

    def _start(self, loaded: Loaded, wave: int, phase: str) -> None:
        self._cancel = threading.Event()
        log = self.query_one("#live", RichLog)
        log.clear()
        self._show_live(True)
        self._write((Span(f"wave {wave}, {phase}, check mode", "strong"),))
        self.vorst.note(f"check of wave {wave}, {phase} started")
        cancel = self._cancel

        def heard(event: RunEvent) -> None:
            self.post_message(self.Happened(event))

        def work() -> str:
            from playbooks.run import run

            try:
                record = run(
                    loaded.project_dir,
                    wave,
                    phase,
                    check=True,
                    on_event=heard,
                    cancel=cancel,
                )
            except VorstError as error:
                self.app.call_from_thread(self.vorst.show_error, error)
                return f"wave {wave}, {phase}: {error.what}"
            return f"wave {wave}, {phase}, check: {record.outcome}, {record.duration_s:.0f} s"

        self._worker = self.run_worker(work, thread=True, group="run", exit_on_error=True)

    @on(Happened)
    def _happened(self, event: Happened) -> None:
        shown = runs.event_line(event.event)
        if shown is not None:
            self._write(shown)

    def _write(self, shown: Line) -> None:
        self.query_one("#live", RichLog).write(palette(self.app).paint([shown]))

    @on(Worker.StateChanged)
    def _ended(self, event: Worker.StateChanged) -> None:
        if event.worker is self._worker and event.state is WorkerState.SUCCESS:
            self._write((Span(str(event.worker.result), "accent!"),))
            self.vorst.note(str(event.worker.result))
            self.vorst.reload_runs()

    def action_cancel(self) -> None:
        if self._worker is not None and self._worker.is_running:
            self._cancel.set()
            self._write((Span("cancelling: Ansible stops after the present task …", "warn"),))

    def action_leave(self) -> None:
        self._show_live(False)

    def _show_live(self, shown: bool) -> None:  # noqa: FBT001 - what it says
        self.query_one("#live").display = shown
        self.query_one("#body").set_class(shown, "-live")

    def on_unmount(self) -> None:
        """Whoever leaves the program stops its run: Ansible must not go on unseen."""
        self._cancel.set()
