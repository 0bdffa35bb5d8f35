"""No server starts in the rooms that mirror the code, whichever way a test asks for it."""

from pathlib import Path

import pytest

from deploy.local.redis import LocalRedis
from tests.conftest import ServerStarted, is_unit

FIXTURES = {"kafka", "redis_server"}


@pytest.mark.parametrize("start", ["launch", "start", "__enter__"])
def test_server_is_refused_in_a_room_without_servers(start: str, tmp_path: Path) -> None:
    with pytest.raises(ServerStarted, match="redis: tests of real servers live in"):
        getattr(LocalRedis(tmp_path), start)()


def test_no_test_of_these_rooms_asks_for_a_server(request: pytest.FixtureRequest) -> None:
    """One that another room has started already would do, and hide the mistake until `make test-unit`."""
    rooms = [item for item in request.session.items if is_unit(item)]
    assert rooms
    assert not [item.nodeid for item in rooms if FIXTURES & set(getattr(item, "fixturenames", ()))]
