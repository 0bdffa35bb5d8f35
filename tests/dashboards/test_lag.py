"""Lag is measured against the ledger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.lag import Lag, lags
from deploy.local.process import free_port
from streams.errors import Unavailable
from streams.kafka.bounds import LogBounds
from streams.kafka.connection import KafkaConnection
from streams.topology import LIVE

AT = (LIVE, 0)


def test_lag_is_what_lies_between_the_ledger_and_the_end() -> None:
    assert lags({"engagement": {AT: 70}}, {AT: 0}, {AT: 100}) == [Lag("engagement", LIVE, 0, 30)]


def test_partition_never_held_is_behind_by_what_kafka_still_has() -> None:
    assert lags({"scoring": {}}, {AT: 40}, {AT: 100}) == [Lag("scoring", LIVE, 0, 60)]


def test_topic_that_a_stage_does_not_read_has_no_lag() -> None:
    assert lags({"engagement": {}}, {("scored.texts", 0): 0}, {("scored.texts", 0): 5}) == []


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_lag_is_never_negative(stored: int, beginning: int, end: int) -> None:
    [lag] = lags({"engagement": {AT: stored}}, {AT: beginning}, {AT: end})
    assert lag.records >= 0


def test_kafka_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        LogBounds(KafkaConnection(f"127.0.0.1:{free_port()}")).read()
