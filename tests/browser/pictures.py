"""`python -m tests.browser.pictures URL`: the pictures of README and docs, of a console that shows the demo.

Needs pngquant (Debian's package of that name) beside Chromium, and fonts with Chinese and emojis (fonts-noto-cjk,
fonts-noto-color-emoji).
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.browser.browser import browser

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
MAX_BYTES = 80_000


class Picture(NamedTuple):
    """What is taken of a page, in CSS pixels."""

    path: str
    size: tuple[int, int]


def pictures(alert: str, campaign: str) -> Mapping[str, Picture]:
    return {
        "room-phone": Picture("room/room-105?lang=zh-Hans&theme=light&size=medium", (390, 844)),
        "room-phone-dark": Picture("room/room-105?lang=en&theme=dark&size=large", (390, 844)),
        "overview": Picture("?lang=en&theme=light", (1180, 820)),
        "brand": Picture("brand/shanye?lang=en&theme=light", (1180, 900)),
        "alert": Picture(f"alert/{alert}?lang=en&theme=light", (1180, 820)),
        "campaign": Picture(f"campaign/{campaign}?lang=zh-Hans&theme=light", (1180, 820)),
        "operations": Picture("operations?lang=en&theme=dark", (1180, 640)),
    }


def take(url: str, alert: str, campaign: str) -> None:
    """Take all of them; fails where one is too large."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder)) as chromium:
        for name, picture in pictures(alert, campaign).items():
            with chromium.page(url + picture.path, picture.size) as page:
                page.wait_for_timeout(4_000)
                page.screenshot(path=Path(folder) / f"{name}.png")
            made = FOLDER / f"{name}.png"
            command = ["pngquant", "--force", "--strip", "--speed", "1", "--output", str(made), "48"]
            subprocess.run([*command, str(Path(folder) / f"{name}.png")], check=True)
            print(f"{name}: {made.stat().st_size} bytes")  # noqa: T201 (a command's own output)
            if made.stat().st_size > MAX_BYTES:
                raise SystemExit(f"{made} is larger than {MAX_BYTES} bytes")


if __name__ == "__main__":
    take(*sys.argv[1:4])
