"""A real headless Chromium, and pages in it that tell what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, DESKTOP = (390, 844), (1280, 900)
PATIENCE_MS = 20_000


@dataclass
class Browser:
    """Opens pages; `complaints` are what the browser's console and the pages' scripts said."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, url: str, size: tuple[int, int] = DESKTOP, *, expect: str = "ready") -> Iterator[Page]:
        """A page once its panels have one of the expected state, closed behind the block."""
        page = self.context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{url}: {error}"))
        page.on("dialog", self._asked)
        page.goto(url)
        page.wait_for_selector(f'[data-state="{expect}"]', timeout=PATIENCE_MS)
        try:
            yield page
        finally:
            page.close()

    def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Chromium with an empty profile of its own."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=CHROMIUM, headless=True, args=FLAGS, locale="en-GB", timezone_id="UTC",
        )  # fmt: skip
        try:
            yield Browser(context)
        finally:
            context.close()
