"""The waves over time: what decides their end, what they hold, and a group tried on other dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget
from textual.worker import get_current_worker

from inventory.errors import InputError, VorstError
from tui.approved import approved_plan
from tui.group_moves import pin_group
from tui.loaded import Loaded
from tui.screens.dialogs import Confirm
from tui.screens.frame import Frame
from tui.screens.plan_choice import PlanChoice
from tui.screens.waves_messages import Compared, Dated, Judged, Slack
from tui.views import critical, group_moves, timeline
from tui.views.spans import Line, Span, line, span
from tui.widgets.gantt import Gantt
from tui.widgets.histogram import Histogram
from tui.widgets.panel import Panel

if TYPE_CHECKING:
    from capacity.critical_path import CriticalPaths
    from capacity.group_changes import GroupChanges
    from capacity.plan import Plan
    from capacity.resource_use import ResourceUse

MOST_SLACKS = (
    24  # steps of a bar whose slack is worked out at once: each dates the plan anew some thirty times
)


class WavesScreen(Frame):
    """Enter opens a wave into groups and a group into steps; + and - zoom, left and right go in time, t to today."""

    key, title_text, needs_plan = "7", "Waves", True
    command = "vorst critical-path; vorst resources; vorst group pin; vorst diff A B"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "critical", "Critical"),
        Binding("u", "use", "Use"),
        Binding("left_square_bracket", "bracket(-1)", "Resource or window before", show=False),
        Binding("right_square_bracket", "bracket(1)", "Resource or window after", show=False),
        Binding("v", "move_group", "Move"),
        Binding("a", "compare", "Since"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wants_critical = False
        self._paths: CriticalPaths | None = None
        self._use: ResourceUse | None = None
        self._resource = 0
        self._moving: group_moves.Moving | None = None
        self._since = ""
        self._changes: GroupChanges | None = None
        self._checking = Lock()  # one check at a time: those that keys have outrun end before they begin

    def body(self) -> Iterable[Widget]:
        with Container(classes="split"):
            with Vertical(id="chart"):
                yield Gantt(id="gantt")
                yield Histogram(id="use")
            yield Panel("Wave", id="wave")

    def on_mount(self) -> None:
        self.query_one("#use").display = False
        super().on_mount()

    @property
    def _gantt(self) -> Gantt:
        return self.query_one("#gantt", Gantt)

    def show(self, loaded: Loaded) -> None:
        self._paths = self._use = self._changes = None
        self._since, self._moving, self._gantt.is_moving = "", None, False
        zone = loaded.plan.calendar.time_zone if loaded.plan else "Europe/Brussels"
        self._gantt.show(timeline.timeline(loaded), zone, self.vorst.now)
        if self._wants_critical:
            self._date(loaded)
        self._hold(loaded, loaded.plan)
        self._repaint()

    def focus_first(self) -> None:
        self.query_one("#gantt").focus()

    # --- showing -----------------------------------------------------------------------------------------------------

    def _repaint(self) -> None:
        loaded, gantt = self._shown, self._gantt
        if loaded is None:
            return
        path = self._paths.path if self._paths else None
        if self._moving is not None:
            self.headline(group_moves.headline(self._moving))
        elif self._since:
            self.headline(group_moves.change_headline(self._since, self._changes))
        elif self._wants_critical:
            self.headline(critical.headline(path))
        else:
            self.headline(timeline.headline(loaded))
        marked = {}
        if self._wants_critical and path is not None and gantt.timeline is not None:
            marked = timeline.critical_stretches(gantt.timeline, path.deciding)
        ghosts = group_moves.ghosts(loaded, self._changes) if self._changes is not None else {}
        if self._moving is not None:
            group = self._moving.group
            ghosts = {f"wave:{group.group.wave}:{group.group.id}": group.span()}
        gantt.mark(marked, ghosts)

    @on(Gantt.Highlighted)
    def _highlight(self, event: Gantt.Highlighted) -> None:
        self._detail({})
        loaded, paths = self._shown, self._paths
        if self._wants_critical and event.bar is not None and loaded is not None and paths is not None:
            steps = timeline.steps_in(event.bar)
            if len(steps) <= MOST_SLACKS and self._moving is None:
                self._find_slack(paths, event.bar.id, steps)

    def _detail(self, slack: dict[str, timedelta]) -> None:
        panel, bar, loaded = self.query_one("#wave", Panel), self._gantt.bar, self._shown
        use = self.query_one("#use", Histogram)
        held = (
            timeline.use_lines(loaded, use.profile)
            if use.display and use.profile and loaded is not None
            else ()
        )
        if self._moving is not None:
            panel.show((*group_moves.lines(self._moving), *held), "On other dates")
            return
        if bar is None or loaded is None:
            panel.show((line(Span("the plan has no dated step", "muted")),), "Wave")
            return
        first, *rest = timeline.detail(loaded, bar.id)
        more: tuple[Line, ...] = ()
        if self._changes is not None:
            more = group_moves.change_lines(loaded, bar, self._changes)
        if self._wants_critical and self._paths is not None:
            more += critical.chain_lines(self._paths.path, timeline.steps_in(bar)) + critical.slack_lines(
                slack
            )
        panel.show((first, *held, *more, *rest), bar.kind.capitalize())

    # --- what decides the end ----------------------------------------------------------------------------------------

    def action_critical(self) -> None:
        """Mark what decides the end, and tell slack; or no more."""
        self._wants_critical = not self._wants_critical
        if self._wants_critical and self._paths is None and self._shown is not None:
            self._date(self._shown)
        self._repaint()
        self._gantt.post_message(Gantt.Highlighted(self._gantt.bar))

    @work(thread=True, group="critical", exclusive=True)
    def _date(self, loaded: Loaded) -> None:
        from capacity.critical_path import CriticalPaths

        if loaded.plan is None:
            return
        try:
            found = CriticalPaths(loaded.estate, loaded.plan)
            _ = found.path  # here, not where it is painted
        except VorstError as error:
            self.post_message(Dated(loaded, error))
        else:
            self.post_message(Dated(loaded, found))

    @on(Dated)
    def _dated(self, event: Dated) -> None:
        if event.loaded is not self._shown:
            return
        if isinstance(event.found, VorstError):
            self._wants_critical = False
            self._repaint()
            self.headline(line(Span("Nothing decides the end: ", "bad!"), span(str(event.found))))
            return
        self._paths = event.found
        self._repaint()
        self._gantt.post_message(Gantt.Highlighted(self._gantt.bar))

    @work(thread=True, group="slack", exclusive=True)
    def _find_slack(self, paths: CriticalPaths, bar_id: str, steps: tuple[str, ...]) -> None:
        self.post_message(Slack(bar_id, paths.slack(steps)))

    @on(Slack)
    def _slack(self, event: Slack) -> None:
        bar = self._gantt.bar
        if bar is not None and bar.id == event.bar_id:
            self._detail(event.found)

    # --- what is held ------------------------------------------------------------------------------------------------

    def action_use(self) -> None:
        """Show what is held of a resource below the timeline, or no more."""
        shown, loaded = self.query_one("#use", Histogram), self._shown
        shown.display = not shown.display
        if loaded is not None:
            self._hold(loaded, self._moving.group.plan(self._moving.by) if self._moving else loaded.plan)
            self._detail({})

    def _hold(self, loaded: Loaded, plan: Plan | None) -> None:
        """Let the bars below the timeline be those of a plan."""
        from capacity.resource_use import ResourceUse

        shown = self.query_one("#use", Histogram)
        shown.profile = None
        if shown.display and plan is not None:
            self._use = ResourceUse(loaded.estate, plan)
            self._show_use()

    @on(Gantt.Scaled)
    def _show_use(self) -> None:
        shown, gantt, use = self.query_one("#use", Histogram), self._gantt, self._use
        if (
            shown.display
            and use is not None
            and use.names
            and gantt.timeline is not None
            and self._shown is not None
        ):
            name = use.names[self._resource % len(use.names)]
            profile = shown.profile if shown.profile and shown.profile.resource == name else use.of(name)
            label = timeline.resource(self._shown, name)
            shown.show(profile, label, gantt.scale, gantt.zone, gantt.label_width)

    def action_bracket(self, direction: int) -> None:
        """The next resource, or while a group moves the next beginning of its windows."""
        if self._moving is not None:
            by = self._moving.group.window(self._moving.by, direction)
            if by is None:
                self.notify("no window of it lies further that way", severity="warning")
            else:
                self._try(by)
        elif self.query_one("#use").display:
            self._resource += direction
            self._show_use()
            self._detail({})

    # --- a group on other dates --------------------------------------------------------------------------------------

    def action_move_group(self) -> None:
        """Take the chosen group and try other dates for it."""
        from capacity.moved_group import MovedGroup

        loaded = self._shown
        if loaded is None or loaded.plan is None or self._moving is not None:
            return
        name = group_moves.group_of(loaded, self._gantt.bar)
        if name is None:
            self.notify("choose a group first: enter opens a wave", severity="warning")
            return
        proven = self.vorst.loaded.violations if self.vorst.loaded is not None else None
        try:
            group = MovedGroup(loaded.estate, loaded.facility, loaded.plan, name, proven)
        except InputError as error:
            self.vorst.show_error(error)
            return
        self._gantt.choose(f"wave:{group.group.wave}:{name}")
        self._gantt.is_moving = True
        self._moving = group_moves.Moving(group, timedelta(), ())
        self._repaint()
        self._detail({})

    @on(Gantt.Pushed)
    def _push(self, event: Gantt.Pushed) -> None:
        if self._moving is not None:
            self._try(self._moving.by + event.direction * group_moves.PUSHES[self._gantt.zoom])

    def _try(self, by: timedelta) -> None:
        """Show the group so much later, and let the checker look at it."""
        loaded, moving = self._shown, self._moving
        if loaded is None or moving is None:
            return
        self._moving = group_moves.Moving(moving.group, by)
        plan = moving.group.plan(by)
        self._gantt.show_moved(timeline.moved(loaded, plan), moving.group.span(by)[0])
        self._hold(loaded, plan)
        self._repaint()
        self._detail({})
        self._judge(self._moving)

    @work(thread=True, group="judge", exclusive=True)
    def _judge(self, moving: group_moves.Moving) -> None:
        worker = get_current_worker()
        with self._checking:
            if worker.is_cancelled:
                return
            broken = moving.group.broken(moving.by)
        self.post_message(Judged(moving, broken))

    @on(Judged)
    def _judged(self, event: Judged) -> None:
        if self._moving is event.moving:
            self._moving = group_moves.Moving(event.moving.group, event.moving.by, event.broken)
            self._repaint()
            self._detail({})

    def action_leave(self) -> None:
        """Put a group back where it was; or end the comparison."""
        if self._moving is not None:
            self._put_back()
        elif self._since:
            self._since, self._changes = "", None
            self._repaint()
            self._detail({})
        else:
            super().action_leave()

    def _put_back(self) -> None:
        loaded, self._moving, self._gantt.is_moving = self._shown, None, False
        if loaded is not None:
            self._gantt.show_moved(timeline.timeline(loaded), None)
            self._hold(loaded, loaded.plan)
        self._repaint()
        self._detail({})

    @on(Gantt.Settled)
    def _settle(self) -> None:
        moving, loaded = self._moving, self._shown
        if moving is None or loaded is None or loaded.plan is None:
            return
        if not moving.by:
            self._put_back()
            return
        zone = loaded.plan.calendar.time_zone

        def answered(yes: bool | None) -> None:  # noqa: FBT001 - Textual hands over the answer
            if not yes:
                return
            try:
                told = pin_group(self.vorst.workspace, moving.group, moving.by, zone)
            except VorstError as error:
                self.vorst.show_error(error)
                return
            self._put_back()
            self.vorst.note(told, "good")
            self.notify(told, markup=False)
            self.vorst.action_reload()

        self.app.push_screen(Confirm("Pin the group", group_moves.question(moving)), answered)

    # --- since an earlier plan ---------------------------------------------------------------------------------------

    def action_compare(self) -> None:
        """Choose an earlier plan, and show what has changed since."""
        if self._shown is None or self._moving is not None:
            return
        names = self.vorst.other_plans()
        if self._shown.approvals:
            names = (group_moves.approved_name(self._shown), *names)
        if not names:
            self.notify(
                "no plan is approved (`vorst approve`), and there is no other plan in the workspace: keep one, "
                "`vorst plan -o other.json`"
            )
            return

        def answered(name: str | None) -> None:
            if name is not None and self._shown is not None:
                self._since, self._changes = name, None
                self._repaint()
                self._compare(self._shown, name)

        self.app.push_screen(PlanChoice(names), answered)

    @work(thread=True, group="compare", exclusive=True)
    def _compare(self, loaded: Loaded, name: str) -> None:
        from capacity.group_changes import group_changes

        if loaded.plan is None:
            return
        try:
            approved = loaded.approvals and name == group_moves.approved_name(loaded)
            workspace = self.vorst.workspace
            before = approved_plan(workspace)[1] if approved else workspace.plan(Path(name))
            found = group_changes(before, loaded.plan)
        except VorstError as error:
            self.post_message(Compared(loaded, name, error))
        else:
            self.post_message(Compared(loaded, name, found))

    @on(Compared)
    def _compared(self, event: Compared) -> None:
        if event.loaded is not self._shown or event.name_ != self._since:
            return
        if isinstance(event.found, VorstError):
            self._since = ""
            self.vorst.show_error(event.found)
        else:
            self._changes = event.found
        self._repaint()
        self._detail({})
