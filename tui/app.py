"""The terminal UI: its screens on one workspace, read once and shown until a person asks to read it again.

Reading, proving and planning run in threads; they touch no widget but post messages, and the handlers here change what
is shown. What can be done here can be done with a command, and the help of each screen names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from inventory.errors import VorstError
from tui import tasks
from tui.colours import DARK_THEME, LIGHT_THEME
from tui.group_moves import other_plans
from tui.loaded import Loaded, load, read_runs
from tui.output import plain
from tui.screens.cloud import CloudScreen
from tui.screens.dialogs import Busy, Confirm, ErrorDialog, Help
from tui.screens.findings import FindingsScreen
from tui.screens.frame import SCREENS, Frame
from tui.screens.groups import GroupsScreen
from tui.screens.hall import HallScreen
from tui.screens.help_keys import keys_of
from tui.screens.log import LogScreen
from tui.screens.overview import OverviewScreen
from tui.screens.plan import PlanScreen
from tui.screens.playbooks import PlaybooksScreen
from tui.screens.resilience import ResilienceScreen
from tui.screens.risk import RiskScreen
from tui.screens.room import RoomScreen
from tui.screens.scenarios import ScenariosScreen
from tui.screens.sites import SitesScreen
from tui.screens.waves import WavesScreen
from tui.views.rooms import RoomKey
from tui.views.spans import Span, line, some, span
from tui.workspace import PLAN_FILE, Workspace

CLASSES: dict[str, Callable[[], Frame]] = {
    "overview": OverviewScreen,
    "sites": SitesScreen,
    "room": RoomScreen,
    "hall": HallScreen,
    "cloud": CloudScreen,
    "plan": PlanScreen,
    "waves": WavesScreen,
    "playbooks": PlaybooksScreen,
    "findings": FindingsScreen,
    "log": LogScreen,
    "losses": ResilienceScreen,
    "scenarios": ScenariosScreen,
    "risk": RiskScreen,
    "groups": GroupsScreen,
}


class VorstApp(App[None]):
    """The application; `clock` gives the times of this session's messages."""

    TITLE = "vorst"
    CSS_PATH = "styles/vorst.tcss"
    COMMAND_PALETTE_DISPLAY = "^p"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"go('{name}')", title, show=False) for key, name, title in SCREENS),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("ctrl+p", "command_palette", "Commands", key_display="^p", priority=True),
        Binding("m", "make_plan", "Make plan", show=False),
        Binding("r", "reload", "Reload", show=False),
        Binding("d", "toggle_theme", "Dark/light", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self,
        workspace: Workspace,
        *,
        plan_file: Path = Path(PLAN_FILE),
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.plan_file = plan_file
        self.loaded: Loaded | None = None
        self.load_error: VorstError | None = None
        self.messages: list[tuple[datetime, str, str]] = []
        self._clock = clock
        self._busy: Busy | None = None

    def on_mount(self) -> None:
        self.register_theme(DARK_THEME)
        self.register_theme(LIGHT_THEME)
        self.theme = DARK_THEME.name
        for name, made in CLASSES.items():
            self.install_screen(made(), name)
        self.push_screen("overview")
        self.action_reload()

    @property
    def now(self) -> datetime:
        """The moment it is, in a zone."""
        return self._clock().astimezone()

    def other_plans(self) -> tuple[str, ...]:
        """The files in the workspace that may be plans to compare with, the newest first."""
        return other_plans(self.workspace, self.plan_file)

    # --- going about -------------------------------------------------------------------------------------------------

    def action_go(self, name: str) -> None:
        """To one of the screens, from wherever one is."""
        while isinstance(self.screen, Help | ErrorDialog) and len(self.screen_stack) > 2:
            self.pop_screen()
        if isinstance(self.screen, Frame) and self.screen is not self.get_screen(name):
            self.switch_screen(name)

    def open_room(self, room: RoomKey) -> None:
        """Show one server room."""
        screen = self.get_screen("room")
        if isinstance(screen, RoomScreen):
            screen.choose(room)
            self.action_go("room")

    def action_toggle_theme(self) -> None:
        self.theme = LIGHT_THEME.name if self.current_theme.dark else DARK_THEME.name

    def action_help(self) -> None:
        if isinstance(self.screen, Frame):
            self.push_screen(Help(self.screen.title_text, self.screen.command, keys_of(self.screen)))

    def show_error(self, error: VorstError) -> None:
        """An error as a dialog; it stays in the log of the session."""
        self.note(str(error), "bad")
        self.push_screen(ErrorDialog(error))

    def note(self, text: str, tone: str = "") -> None:
        """Keep a message for the log screen."""
        self.messages.append((self._clock(), plain(text), tone))
        if isinstance(self.screen, LogScreen):
            self.screen.show_session()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every screen and every action."""
        for key, name, title in SCREENS:
            yield SystemCommand(f"Go to {title}", f"key {key}", lambda name=name: self.action_go(name))
        yield SystemCommand("Make a plan", "vorst plan: plan, prove and write it", self.action_make_plan)
        yield SystemCommand("Check the plan", "vorst check: prove it again", self.action_check_plan)
        yield SystemCommand("Generate the playbooks", "vorst playbooks plan.json", self.action_generate)
        yield SystemCommand("Export the estate", "vorst estate --json, to estate.json", self.action_export)
        yield SystemCommand("Export this screen", "as an SVG picture in the workspace", self.action_picture)
        yield SystemCommand("Reload", "read the workspace again", self.action_reload)
        yield SystemCommand("Dark or light", "switch the theme", self.action_toggle_theme)
        yield SystemCommand("Keys", "every key of this screen", self.action_help)
        yield SystemCommand("Quit", "leave vorst", self.action_quit)

    # --- reading -----------------------------------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Read the workspace again."""
        if self._busy is None:
            self._start("Reading the workspace", self._load)

    def _start(self, title: str, begin: Callable[[], object], *, can_cancel: bool = False) -> None:
        """Show that work goes on, then begin it: its end takes the dialog away again."""
        self._busy = Busy(title, can_cancel=can_cancel)
        self.push_screen(self._busy)
        begin()

    def _progress(self, stage: str, done: int, total: int) -> None:
        self.post_message(tasks.Progressed(stage, done, total))

    @work(thread=True, group="work")
    def _load(self) -> None:
        try:
            self.post_message(tasks.Loaded(load(self.workspace, self.plan_file, self._progress)))
        except VorstError as error:
            self.post_message(tasks.Failed(error, "reading"))

    @work(thread=True, group="proof")
    def _prove(self, loaded: Loaded) -> None:
        self.post_message(tasks.Proven(loaded, tasks.prove(loaded)))

    @on(tasks.Progressed)
    def _progressed(self, event: tasks.Progressed) -> None:
        if self._busy is not None:
            self._busy.report(event.stage, event.done, event.total)

    @on(tasks.Loaded)
    def _loaded(self, event: tasks.Loaded) -> None:
        self.loaded, self.load_error = event.loaded, None
        self._end_busy()
        estate = event.loaded.estate
        self.note(
            f"read revision {estate.revision}: {some(len(estate.devices), 'device')}, "
            f"{some(len(estate.virtual_machines), 'virtual machine')}"
        )
        if event.loaded.plan_error is not None:
            self.note(str(event.loaded.plan_error), "bad")
        self._show_everywhere()
        if event.loaded.plan is not None:
            self._prove(event.loaded)

    @on(tasks.Proven)
    def _proven(self, event: tasks.Proven) -> None:
        if self.loaded is None or self.loaded.plan is not event.loaded.plan:
            return
        self.loaded = replace(self.loaded, violations=event.violations)
        broken = len(event.violations)
        self.note(
            "the plan is proven" if not broken else f"the plan breaks {some(broken, 'rule')}",
            "bad" if broken else "good",
        )
        if isinstance(self.screen, Frame) and self.screen.shows_proof:
            self.screen.update_shown()

    @on(tasks.Failed)
    def _failed(self, event: tasks.Failed) -> None:
        self._end_busy()
        if event.doing == "reading":
            self.loaded, self.load_error = None, event.error
            self._show_everywhere()
        self.show_error(event.error)

    def _end_busy(self) -> None:
        if self._busy is not None:
            busy, self._busy = self._busy, None
            if busy in self.screen_stack:
                busy.dismiss()

    def _show_everywhere(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Frame) and screen.is_mounted:
                screen.update_shown()

    def reload_runs(self) -> None:
        """Read the run records again after a run."""
        if self.loaded is not None:
            records, has_project = read_runs(self.loaded.project_dir)
            self.loaded = replace(self.loaded, runs=records, has_project=has_project)
            self._show_everywhere()

    # --- planning, proving, exporting --------------------------------------------------------------------------------

    def action_make_plan(self) -> None:
        """Ask, then plan in a thread; the plan is proven before it is written."""
        if self.loaded is None or self._busy is not None or not isinstance(self.screen, Frame):
            return
        scenarios = self.get_screen("scenarios")
        if isinstance(scenarios, ScenariosScreen) and scenarios.job is not None:
            self.notify("scenarios are being planned: What if (w) shows how far it is", severity="warning")
            return
        name = str(self.plan_file)
        question = (
            line("Plan the consolidation, prove it, and write ", span(name, "accent"), "?"),
            line(
                Span(
                    "It replaces that file." if self.loaded.plan else "It takes up to a minute or two.",
                    "muted",
                )
            ),
            line(span(f"vorst plan -o {name}", "accent")),
        )

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual hands over the answer
            if yes:
                self._start("Planning", self._plan, can_cancel=True)

        self.push_screen(Confirm("Make a plan", question), answered)

    @work(thread=True, group="work")
    def _plan(self) -> None:
        loaded, busy = self.loaded, self._busy
        if loaded is None or busy is None:
            return
        try:
            text = tasks.make_plan(
                self.workspace, self.plan_file, loaded, self._progress, lambda: busy.is_cancelled
            )
        except tasks.CancelledError:
            self.post_message(tasks.Finished("planning was cancelled; nothing was written"))
        except VorstError as error:
            self.post_message(tasks.Failed(error, "planning"))
        else:
            self.post_message(tasks.Finished(text, reload=True))

    def action_generate(self) -> None:
        """Generate the Ansible project of the plan, once that is proven."""
        if self.loaded is not None and self._busy is None:
            self._start("Generating the playbooks", self._generate)

    @work(thread=True, group="work")
    def _generate(self) -> None:
        loaded = self.loaded
        if loaded is None:
            return
        try:
            self._progress("proof", 0, 2)
            violations = tasks.prove(loaded) if loaded.violations is None else loaded.violations
            self._progress("project", 1, 2)
            self.post_message(tasks.Finished(tasks.make_playbooks(loaded, violations), reload=True))
        except VorstError as error:
            self.post_message(tasks.Failed(error, "generating"))

    @on(tasks.Finished)
    def _finished(self, event: tasks.Finished) -> None:
        self._end_busy()
        self.note(event.text, "good")
        self.notify(event.text, markup=False)
        if event.reload:
            self.action_reload()

    def action_check_plan(self) -> None:
        """Prove the plan again, against what is loaded."""
        if self.loaded is None or self.loaded.plan is None:
            self.notify("there is no plan to check", severity="warning")
            return
        self.loaded = replace(self.loaded, violations=None)
        self.action_go("findings")
        self._show_everywhere()
        self._prove(self.loaded)

    def action_export(self) -> None:
        """Write the estate as JSON."""
        if self.loaded is not None:
            try:
                self._tell(tasks.export_estate(self.workspace, self.loaded))
            except VorstError as error:
                self.show_error(error)

    def action_picture(self) -> None:
        """Write the screen as an SVG picture."""
        try:
            name = self.screen.key if isinstance(self.screen, Frame) else "x"
            self._tell(
                tasks.write_picture(self.workspace, f"vorst-screen-{name}.svg", self.export_screenshot())
            )
        except VorstError as error:
            self.show_error(error)

    def _tell(self, text: str) -> None:
        self.note(text, "good")
        self.notify(text, markup=False)
