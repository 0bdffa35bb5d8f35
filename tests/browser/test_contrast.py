"""The palette is legible in both themes: WCAG 2.1, 1.4.3 (4.5 to 1 for text) and 1.4.11 (3 to 1 for what is drawn)."""

import re

import pytest

from dashboards.console.bundle import WEB

TEXTS = [
    ("ink", "page"), ("ink", "card"), ("ink", "raised"), ("ink-soft", "card"), ("ink-soft", "page"),
    ("ink-soft", "raised"),
    ("accent", "card"), ("accent", "page"), ("accent", "accent-soft"), ("ink", "accent-soft"), ("card", "critical"),
    ("critical", "critical-soft"), ("critical", "card"), ("critical", "raised"),
    ("warning", "warning-soft"), ("info", "info-soft"), ("fine", "fine-soft"), ("card", "accent"),
]  # fmt: skip
DRAWN = [
    ("mood-negative", "card"),
    ("mood-positive", "card"),
    ("series-1", "card"),
    ("series-2", "card"),
    ("series-3", "card"),
]


def themes() -> dict[str, dict[str, str]]:
    """The variables of the light theme and of the dark one."""
    style = (WEB / "src" / "style.css").read_text()
    blocks = re.findall(r":root(\[data-theme=\"\w+\"\])? \{([^}]*)\}", style)
    found = {name or "light": dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for name, block in blocks}
    return {name: colours for name, colours in found.items() if colours}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", '[data-theme="dark"]'])
def test_colours_stand_out_from_what_they_lie_on(theme: str) -> None:
    colours = themes()[theme]
    weak = [pair for pair in TEXTS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
    weak += [pair for pair in DRAWN if contrast(colours[pair[0]], colours[pair[1]]) < 3]
    assert weak == []
