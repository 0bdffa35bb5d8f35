"""Kafka's absence in two lines."""

import logging

import pytest
from aiokafka.errors import CorruptRecordException, KafkaConnectionError

from streams.clock import system_clock
from streams.transport.outage import Outage


def test_outage_is_told_once_and_once_more_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("h:1")
    with outage.capturing("WARNING"):
        for _ in range(3):
            logging.getLogger("aiokafka.client").error("Unable connect to %s: %s", "h:1", KafkaConnectionError())
        outage.up(system_clock() - 1000)
        outage.up(system_clock() + 1)
        outage.up(system_clock() + 1)
    assert caplog.messages == ["Kafka at h:1 does not answer; waiting, nothing is lost", "Kafka at h:1 answers again"]


def test_outage_passes_other_errors_on_and_drops_chatter(caplog: pytest.LogCaptureFixture) -> None:
    with Outage("h:1").capturing("WARNING"):
        logging.getLogger("aiokafka").warning("Heartbeat failed: rebalancing")
        logging.getLogger("aiokafka").error("broken: %s", CorruptRecordException("x"))
    assert [line.split(":")[0] for line in caplog.messages] == ["kafka"]
