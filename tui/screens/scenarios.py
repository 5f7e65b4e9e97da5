"""What if: the scenarios of the workspace, how they stand, any number side by side, and two plans against each other.

Planning goes on in a thread beside the screens; whoever looks elsewhere meanwhile is told when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from inventory.errors import InputError, VorstError
from tui import scenario_states
from tui.colours import palette
from tui.loaded import Loaded
from tui.scenario_states import PLANNED, WRONG, ScenarioStates
from tui.scenario_work import SCENARIO_FILE, Compared
from tui.screens.dialogs import TextDialog
from tui.screens.frame import WIDE, Frame
from tui.screens.scenario_dialogs import CompareDialog
from tui.screens.scenario_job import COMPARE, DIFF, DOING, PLAN, Ended, Going, Job, done
from tui.views import scenarios
from tui.views.spans import Line, Span, line, some, span
from tui.widgets.listing import Listing
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from capacity.plan_diff import PlanDiff


class ScenariosScreen(Frame):
    """`space` marks, `p` plans, `c` compares, `v` shows what differs, Enter tells all of one, `x` cancels."""

    key, title_text = "w", "What if"
    command = "vorst scenario list; vorst scenario compare; vorst scenario diff A B"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", key_display="space"),
        Binding("a", "mark_all", "All", show=False),
        Binding("p", "plan", "Plan"),
        Binding("c", "compare", "Compare"),
        Binding("v", "diff", "Diff"),
        Binding("x", "cancel", "Cancel"),
        Binding("e", "example", "Example"),
    ]

    class Read(Message):
        """How the scenarios stand, or why nobody can say."""

        def __init__(self, found: ScenarioStates | VorstError) -> None:
            super().__init__()
            self.found = found

    def __init__(self) -> None:
        super().__init__()
        self.job: Job | None = None
        self.marked: set[str] = set()
        self.states: ScenarioStates | None = None
        self._error: VorstError | None = None
        self._read_of: object = None  # the estate that was loaded when the states were read
        self._is_reading = False

    def body(self) -> Iterable[Widget]:
        yield Static(id="job", markup=False)
        yield Container(
            Vertical(
                Listing("no scenario", id="scenarios"),
                Panel("At a glance", id="glance", can_focus=False),
                id="all",
            ),
            Panel("Scenario", id="scenario"),
            id="what-if",
        )

    def on_mount(self) -> None:
        super().on_mount()
        self._paint_job()

    def on_unmount(self) -> None:
        """Whoever leaves the program stops what is being planned at its next step."""
        if self.job is not None:
            self.job.cancel.set()

    # --- reading ----------------------------------------------------------------------------------------------------

    def show(self, loaded: Loaded) -> None:
        if loaded.estate is not self._read_of:
            self._read_of = loaded.estate
            self._begin_reading()
        self._refresh()

    def _begin_reading(self) -> None:
        self._error = None
        if scenario_states.has_scenarios(self.vorst.workspace):
            self._is_reading = True
            self._read()
        else:
            self.states = None
            self.update_shown()

    @work(thread=True, group="scenarios", exclusive=True)
    def _read(self) -> None:
        from textual.worker import get_current_worker

        worker = get_current_worker()
        try:
            found = scenario_states.scenario_states(
                self.vorst.workspace, lambda *_: None, lambda: not worker.is_cancelled
            )
        except VorstError as error:
            self.post_message(self.Read(error))
        else:
            if found is not None:
                self.post_message(self.Read(found))

    @on(Read)
    def _have_read(self, event: Read) -> None:
        event.stop()
        self._is_reading = False
        if isinstance(event.found, VorstError):
            self.states, self._error = None, event.found
        else:
            self.states = event.found
            self.marked &= {state.name for state in event.found.states}
        self.update_shown()
        self._refresh()

    def _missing(self, loaded: Loaded | None) -> tuple[Line, ...] | None:
        missing = super()._missing(loaded)
        if missing is not None:
            return missing
        if self._error is not None:
            return (
                line(Span("The scenarios can't be read: ", "bad!"), span(self._error.what)),
                *(line(span(single)) for single in getattr(self._error, "errors", ())),
                line(span(self._error.where, "muted")),
                line(span(self._error.remedy, "accent")),
                line(),
                line(Span("Mend it, then press "), Span("r", "accent!"), Span(" to read it again.")),
            )
        if self.states is None and not scenario_states.has_scenarios(self.vorst.workspace):
            return scenarios.no_file(str(self.vorst.workspace.folder))
        return None

    # --- showing ----------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if not self.is_mounted:
            return
        if self.states is None:
            self.headline(line(Span(f"reading {SCENARIO_FILE} …" if self._is_reading else "", "muted")))
        else:
            self.headline(scenarios.headline(self.states, self.marked))
            self.query_one("#scenarios", Listing).load(
                scenarios.scenarios(self.states, self.marked, self._being_planned())
            )
            self._describe()
            self._fit()
        self.refresh_bindings()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """The list as high as its rows on a wide screen, and the bars below it as wide as there is room."""
        if self.states is None:
            return
        listing, glance = self.query_one("#scenarios", Listing), self.query_one("#glance", Panel)
        is_wide = self.size.width >= WIDE
        rows_and_rest = len(self.states.states) + 4
        listing.styles.height = min(rows_and_rest, self.size.height // 2) if is_wide else None
        width = max(glance.size.width - 2, 40)
        glance.show(scenarios.glance(self.states, self.marked, width))

    def _being_planned(self) -> tuple[str, ...]:
        """What is being planned, the one at hand first."""
        return self.job.names[self.job.at :] if self.job else ()

    @property
    def chosen(self) -> str | None:
        """The scenario under the cursor."""
        name = self.query_one("#scenarios", Listing).key
        return str(name) if name is not None else None

    @on(Listing.Highlighted, "#scenarios")
    def _highlight(self, _: Listing.Highlighted) -> None:
        self._describe()

    def _describe(self) -> None:
        if self.states is not None:
            self.query_one("#scenario", Panel).show(scenarios.detail(self.states, self.chosen))

    @on(Listing.Opened, "#scenarios")
    def _open(self, event: Listing.Opened) -> None:
        if self.states is not None:
            lines = scenarios.detail(self.states, event.key, most=10_000)
            self.app.push_screen(TextDialog(str(event.key), lines))

    def _paint_job(self) -> None:
        shown = self.query_one("#job", Static)
        shown.display = self.job is not None
        if self.job is not None:
            job = self.job
            doing = DOING[job.kind]
            of = f" ({job.at + 1} of {len(job.names)})" if len(job.names) > 1 else ""
            told = scenarios.job_line(
                f"{doing} {job.names[job.at]}{of}", job.stage, job.share, is_stopping=job.cancel.is_set()
            )
            shown.update(palette(self.app).paint([told]))

    # --- planning ---------------------------------------------------------------------------------------------------

    def _start(self, kind: str, names: Iterable[str]) -> None:
        states = self.states
        if states is None:
            return
        if self.job is not None:
            self.notify("scenarios are being planned; x cancels that", severity="warning")
            return
        found = tuple(names)
        for name in found:
            state = states.named(name)
            if state is not None and state.error is not None:
                self.vorst.show_error(state.error)
                return
        self.job = Job(kind, found)
        self._paint_job()
        self._refresh()
        self._work(self.job, states)

    @work(thread=True, group="scenario-job")
    def _work(self, job: Job, states: ScenarioStates) -> None:
        def tell(stage: str, done: int, total: int) -> None:
            self.post_message(Going(job, stage, done, total))

        self.post_message(Ended(job, done(self.vorst.workspace, job, states, tell)))

    @on(Going)
    def _going(self, event: Going) -> None:
        event.stop()
        job = event.job
        if event.stage == "scenarios":
            at = min(event.done, len(job.names) - 1)
            if at != job.at:
                job.at = at
                self._refresh()
        else:
            job.stage = event.stage
            job.share = event.done / event.total if event.total else 0.0
        self._paint_job()

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        event.stop()
        self.job = None
        self._paint_job()
        found = event.found
        if found is None:
            self._tell("planning was cancelled; what was planned before that is kept")
        elif isinstance(found, VorstError):
            self.vorst.show_error(found)
        elif event.job.kind == PLAN and isinstance(found, tuple):
            self._tell_planned(found)
        elif self.is_current:
            self._show_found(event.job, found)
        else:
            self._tell("the scenarios are planned: What if (w) shows them")
        self._begin_reading()
        self._refresh()

    def _tell_planned(self, found: tuple[Compared, ...]) -> None:
        broken = [entry.name for entry in found if entry.outcome.broken]
        fresh = [entry.name for entry in found if not entry.was_known]
        if broken:
            self._tell(f"the plan of {', '.join(broken)} breaks a rule: don't follow it", is_bad=True)
        else:
            self._tell(
                f"planned {', '.join(fresh)}: every rule holds" if fresh else "all of it was planned before"
            )

    def _show_found(self, job: Job, found: tuple[Compared, ...] | PlanDiff) -> None:
        if isinstance(found, tuple):
            self.app.push_screen(CompareDialog(found))
        else:
            title = f"{job.names[0]} → {job.names[1]}: {some(len(found.differences), 'difference')}"
            self.app.push_screen(TextDialog(title, scenarios.differences(found)))

    def _tell(self, text: str, *, is_bad: bool = False) -> None:
        self.vorst.note(text, "bad" if is_bad else "good")
        self.app.notify(text, severity="warning" if is_bad else "information", markup=False)

    # --- keys -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "example":
            return self.states is None and self._error is None and not self._is_reading
        if action == "cancel":
            return self.job is not None
        if action in ("plan", "compare", "diff"):
            return self.states is not None and self.job is None
        if action in ("mark", "mark_all"):
            return self.states is not None
        return True

    def action_mark(self) -> None:
        """Mark the scenario under the cursor, or take its mark away, and go to the next."""
        listing = self.query_one("#scenarios", Listing)
        if self.chosen is not None:
            self.marked ^= {self.chosen}
            listing.select_next()
            self._refresh()

    def action_mark_all(self) -> None:
        """Mark every scenario but the present, or none."""
        names = {state.name for state in self.states.states[1:]} if self.states else set()
        self.marked = set() if names <= self.marked else names
        self._refresh()

    def _in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        wanted = set(names)
        return tuple(s.name for s in self.states.states if s.name in wanted) if self.states else ()

    def _with_present(self, names: Iterable[str]) -> tuple[str, ...]:
        from capacity.scenarios import PRESENT

        return self._in_order({PRESENT, *names})

    def action_plan(self) -> None:
        """Plan the marked scenarios, or the one under the cursor, and the present to set them beside."""
        wanted = self.marked or {self.chosen or ""}
        if self.states is not None:
            names = self._with_present(name for name in wanted if name)
            known = {state.name for state in self.states.states if state.state == PLANNED}
            if set(names) <= known:
                self.notify("planned already, and nothing has changed since")
            else:
                self._start(PLAN, names)

    def action_compare(self) -> None:
        """Set the marked scenarios side by side, or all that can be applied; plan what isn't planned."""
        if self.states is not None:
            can = {state.name for state in self.states.states if state.state != WRONG}
            self._start(COMPARE, self._with_present(self.marked or can))

    def action_diff(self) -> None:
        """What differs between the plans of two: the two marked, else the present and the one under the cursor."""
        from capacity.scenarios import PRESENT

        pair = self._in_order(self.marked)
        if len(pair) != 2:
            pair = self._in_order({PRESENT, self.chosen or PRESENT})
        if len(pair) == 2:
            self._start(DIFF, pair)
        else:
            self.notify("mark two scenarios, or go to one to set it apart from the present")

    def action_cancel(self) -> None:
        if self.job is not None:
            self.job.cancel.set()
            self._paint_job()

    def action_example(self) -> None:
        """Write a file of scenarios to start from, where there is none."""
        from capacity.scenarios import EXAMPLE
        from tui.workspace import write_text

        file = self.vorst.workspace.path(SCENARIO_FILE)
        try:
            if file.exists():
                raise InputError("there is such a file already", where=str(file), remedy="press r to read it")
            write_text(file, EXAMPLE)
        except VorstError as error:
            self.vorst.show_error(error)
            return
        self._tell(f"wrote {SCENARIO_FILE}")
        self._begin_reading()
        self.update_shown()

    def focus_first(self) -> None:
        self.query_one("#scenarios", Listing).focus_table()
