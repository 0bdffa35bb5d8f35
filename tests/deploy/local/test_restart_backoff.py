"""The worked times of the backoff."""

from deploy.local.restart_backoff import WAITS, RestartBackoff


def started_after(backoff: RestartBackoff, ended_seconds: float) -> float:
    """The whole second at which it is started again."""
    now = ended_seconds
    while True:
        backoff.ended(now)
        if backoff.due(now):
            backoff.started(now)
            return now
        now += 1


def test_each_restart_waits_twice_as_long_until_a_minute_of_life() -> None:
    backoff = RestartBackoff()
    assert [started_after(backoff, ended) for ended in (0, 10, 20, 30, 100)] == [1, 12, 24, 38, 101]


def test_wait_has_a_limit() -> None:
    backoff, now = RestartBackoff(), 0.0
    for _ in range(10):
        ended = now
        now = started_after(backoff, ended)
    assert now - ended == WAITS.max_seconds


def test_what_runs_is_not_due() -> None:
    assert not RestartBackoff().due(1e9)
