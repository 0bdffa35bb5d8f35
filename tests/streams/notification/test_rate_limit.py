"""A limit is kept in any span, and nothing waits that need not."""

from hypothesis import given
from hypothesis import strategies as st

from streams.notification.rate_limit import Limit, RateLimiter


def test_third_of_two_a_second_waits_for_the_first_to_be_a_second_old() -> None:
    pace = RateLimiter([Limit(2, 1)])
    for at in (0.0, 0.3):
        assert pace.wait_seconds(at) == 0
        pace.sent(at)
    assert round(pace.wait_seconds(0.4), 3) == 0.6
    assert pace.wait_seconds(1.0) == 0


def test_no_limit_never_waits() -> None:
    pace = RateLimiter([])
    for _ in range(100):
        pace.sent(0.0)
    assert pace.wait_seconds(0.0) == 0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_span_has_more_than_its_limit(pauses: list[float]) -> None:
    limits = [Limit(3, 1), Limit(8, 10)]
    pace, now, sent = RateLimiter(limits), 0.0, list[float]()
    for pause in pauses:
        now += pause
        now += pace.wait_seconds(now)
        pace.sent(now)
        sent.append(now)
    for limit in limits:
        for first, last in zip(sent, sent[limit.messages :], strict=False):
            assert last - first >= limit.seconds - 1e-9
