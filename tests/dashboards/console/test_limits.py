"""What one person and one address may take, and that nobody else pays for it."""

from contextlib import ExitStack

import pytest
from starlette.requests import Request

from dashboards.console.auth import AccessDenied
from dashboards.console.limits import (
    MAX_ADDRESSES,
    MAX_STREAMS,
    MAX_STREAMS_OF_ADDRESS,
    MAX_STREAMS_OF_PERSON,
    MINUTE_MS,
    WRONG_TOKENS_A_MINUTE,
    OpenStreams,
    WrongTokens,
    address_of,
)


def opened(streams: OpenStreams, held: ExitStack, person: str | None, address: str) -> bool:
    try:
        held.enter_context(streams.one_more(person, address))
    except AccessDenied:
        return False
    return True


def test_streams_of_a_person_are_bounded_and_another_person_has_their_own() -> None:
    streams = OpenStreams()
    with ExitStack() as held:
        mallory = [opened(streams, held, "mallory", "192.0.2.1") for _ in range(500)]
        assert sum(mallory) == MAX_STREAMS_OF_PERSON
        assert opened(streams, held, "alice", "192.0.2.1")


def test_streams_of_an_address_are_bounded_where_nobody_logs_in() -> None:
    streams = OpenStreams()
    with ExitStack() as held:
        assert sum(opened(streams, held, None, "192.0.2.1") for _ in range(500)) == MAX_STREAMS_OF_ADDRESS
        assert opened(streams, held, None, "192.0.2.2")


def test_streams_of_all_addresses_together_are_bounded() -> None:
    streams = OpenStreams()
    with ExitStack() as held:
        assert sum(opened(streams, held, None, f"192.0.2.{n % 250}") for n in range(1000)) == MAX_STREAMS


def test_one_stream_too_many_is_refused_with_a_word() -> None:
    streams = OpenStreams()
    with ExitStack() as held:
        assert all(opened(streams, held, "mallory", "192.0.2.1") for _ in range(MAX_STREAMS_OF_PERSON))
        with pytest.raises(AccessDenied, match="too many live pages") as refused:
            held.enter_context(streams.one_more("mallory", "192.0.2.1"))
    assert refused.value.status == 429


def test_stream_that_ends_makes_room() -> None:
    streams = OpenStreams()
    for _ in range(3):
        with ExitStack() as held:
            assert all(opened(streams, held, "alice", "192.0.2.1") for _ in range(MAX_STREAMS_OF_PERSON))


def test_wrong_tokens_of_an_address_are_bounded_a_minute() -> None:
    given = WrongTokens()
    for _ in range(WRONG_TOKENS_A_MINUTE):
        given.add("192.0.2.1", 0)
    with pytest.raises(AccessDenied, match="too many wrong tokens"):
        given.add("192.0.2.1", MINUTE_MS - 1)
    given.add("192.0.2.2", 0)
    given.add("192.0.2.1", MINUTE_MS)


def test_addresses_that_are_remembered_are_bounded() -> None:
    given = WrongTokens()
    for number in range(MAX_ADDRESSES + 100):
        given.add(str(number), 0)
    assert len(given._given) == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_address_is_one_household(one: str, other: str, same: bool) -> None:
    asked = [Request({"type": "http", "client": (host, 1), "headers": []}) for host in (one, other)]
    assert (address_of(asked[0]) == address_of(asked[1])) is same
