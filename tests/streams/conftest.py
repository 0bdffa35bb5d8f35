"""One rulebook for all tests: it takes seconds to compile and never changes."""

import pytest

from streams.compliance.rulebook import Rulebook


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    """The packs that are shipped."""
    return Rulebook.load()
