"""Where snapshots are shown: a live screen on a terminal, lines of what changed everywhere else."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from dashboards.snapshot import Snapshot
from dashboards.terminal.render import NO_ADDRESSES, foot, lines, render
from streams.catalogue.facts import NO_CATALOGUE, BrandFacts

LINES_EVERY_MS = 5_000
LINES_BESIDE_ROWS = 6
"""Titles, heads, and how many alerts are not shown; what stands below comes to it."""
MIN_ROWS = 3


class Screen:
    """`with Screen() as screen: screen.show(snapshot)`, about once a second."""

    def __init__(
        self,
        console: Console | None = None,
        addresses: Mapping[str, str] = NO_ADDRESSES,
        facts: BrandFacts = NO_CATALOGUE,
    ) -> None:
        self._console = console or Console()
        self._addresses = addresses
        self._facts = facts
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._shown: Snapshot | None = None

    def show(self, snapshot: Snapshot, progress: str = "") -> None:
        """Draw it anew; in a pipe a line at most every five seconds, and at once for an alert that changed. `progress`
        says in a few words what the program is doing."""
        if self._live:
            below = len(self._console.render_lines(foot(snapshot, self._addresses)))
            cells, spare = self._console.width, self._console.height - LINES_BESIDE_ROWS - below
            rows = max(MIN_ROWS, min(spare * 2 // 5, max(len(snapshot.rooms), MIN_ROWS)))
            drawn = render(
                snapshot,
                rows,
                alert_rows=max(MIN_ROWS, spare - rows),
                cells=cells,
                addresses=self._addresses,
                progress=progress,
                facts=self._facts,
            )
            self._live.update(drawn, refresh=True)
            return
        written = lines(self._shown, snapshot, progress, self._facts)
        pause_over = self._shown is None or snapshot.read_at_ms - self._shown.read_at_ms >= LINES_EVERY_MS
        if pause_over or len(written) > 1:
            self._shown = snapshot
            self._console.print("\n".join(written), markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
