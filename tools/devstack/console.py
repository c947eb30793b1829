"""Terminal output: a progress bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

ReportProgress = Callable[[int, int], None]


class Terminal:
    """Output of lines, tables and steps; `quiet` leaves out the steps."""

    def __init__(self, file: TextIO = sys.stderr, quiet: bool = False) -> None:
        self.console = Console(file=file, highlight=False, width=None if file.isatty() else 120)
        self.quiet = quiet

    def print(self, line: str) -> None:
        """Print one line."""
        self.console.print(line, markup=False, soft_wrap=True)

    def show(self, *tables: Table) -> None:
        """Print tables, each with a blank line before it."""
        for table in tables:
            self.console.print()
            self.console.print(table)

    @contextmanager
    def step(self, title: str) -> Iterator[ReportProgress]:
        """Show a step as it runs; yields the function to call with (done, total) to report its progress."""
        started = time.monotonic()
        if self.console.is_terminal and not self.quiet:
            with _bar(self.console) as bar:
                task = bar.add_task(title, total=None)
                yield lambda done, total: _advance(bar, task, done, total)
        else:
            yield lambda done, total: None
        if not self.quiet:
            self.print(f"✓ {title} ({time.monotonic() - started:.1f} s)")


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


def write_stdout(text: str) -> None:
    """Write a result to standard output, for a pipe as well as for a terminal."""
    sys.stdout.write(text + "\n")
