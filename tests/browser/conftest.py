"""A browser for each test module, and the console's pages as their sources are."""

from collections.abc import Iterator

import pytest

from dashboards.console import bundle
from tests.browser.browser import Browser, browser


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not bundle.is_current():
        bundle.build(lambda _line: None)
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def no_complaints(chromium: Browser) -> Iterator[None]:
    """No error in the browser's console, and no script of anybody else's ran."""
    chromium.complaints.clear()
    yield
    assert chromium.complaints == []
    assert chromium.dialogs == []
