"""How commands speak: data on stdout, messages and progress on stderr, one message for each error.

Text from sources is shown as it is, never read as markup; control characters are made visible.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from inventory.errors import SeveralErrors, VorstError

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_ELSEWHERE = 160  # columns of a table that goes to a file or another program

Progress = Callable[[str, int, int], None]


class ReaderGone(Exception):
    """Whoever read our stdout has gone (`vorst estate --json | head`): nothing is wrong, nothing more is to be said."""


def console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise ReaderGone

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDTH_ELSEWHERE
    return Ours(stderr=stderr, markup=False, highlight=False, emoji=False, width=width)


def plain(text: object) -> str:
    """Text for one line of a terminal: control and direction characters become visible escapes."""
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join(
        c if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else f"\\u{ord(c):04x}"
        for c in shown
    )


def say(message: str) -> None:
    """A message for the person, on stderr."""
    with suppress(BrokenPipeError):
        sys.stderr.write(message + "\n")


def data(text: str) -> None:
    """Data, on stdout."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
    except BrokenPipeError:
        raise ReaderGone from None


def data_json(value: Any) -> None:
    """Plain data as indented JSON, on stdout."""
    data(json.dumps(value, ensure_ascii=False, indent=2))


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()
) -> None:
    """A table on stdout; `right` are the indexes of columns aligned right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, column in enumerate(columns):
        shown.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    out = console()
    out.print(Text(plain(title), style="bold"))
    if shown.row_count:
        out.print(shown)


def explain(error: VorstError) -> None:
    """An error as its message; of several, each."""
    lines = [f"error: {plain(error)}"]
    if isinstance(error, SeveralErrors):
        lines.extend(f"  {plain(single)}" for single in error.errors[:200])
        if len(error.errors) > 200:
            lines.append(f"  … and {len(error.errors) - 200} more")
    say("\n".join(lines))


@contextmanager
def progress() -> Iterator[Progress]:
    """Bars on stderr when it is a terminal; nothing otherwise. Yields a function of stage, done and total."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
    )
    tasks: dict[str, Any] = {}

    def show(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield show
