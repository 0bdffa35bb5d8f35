"""The ids that Kafka gives to topics: one that was deleted and made anew has another. aiokafka asks for metadata in a
form that has none yet, so the form that has them is written out here (KIP-516).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

from streams.kafka.connection import KafkaConnection

_API_KEY, _API_VERSION = 3, 12
_TEXT = CompactString("utf-8")
_UUID = (("id_high", Int64), ("id_low", Int64))


_RESPONSE = Schema(
    ("throttle_time_ms", Int32),
    (
        "brokers",
        CompactArray(("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), ("tags", TaggedFields)),
    ),
    ("cluster_id", _TEXT),
    ("controller_id", Int32),
    (
        "topics",
        CompactArray(
            ("error_code", Int16),
            ("name", _TEXT),
            *_UUID,
            ("is_internal", Boolean),
            (
                "partitions",
                CompactArray(
                    ("error_code", Int16),
                    ("partition", Int32),
                    ("leader", Int32),
                    ("leader_epoch", Int32),
                    ("replicas", CompactArray(Int32)),
                    ("isr", CompactArray(Int32)),
                    ("offline", CompactArray(Int32)),
                    ("tags", TaggedFields),
                ),
            ),
            ("authorized_operations", Int32),
            ("tags", TaggedFields),
        ),
    ),
    ("tags", TaggedFields),
)
_REQUEST = Schema(
    ("topics", CompactArray(*_UUID, ("name", _TEXT), ("tags", TaggedFields))),
    ("allow_auto_topic_creation", Boolean),
    ("include_topic_authorized_operations", Boolean),
    ("tags", TaggedFields),
)
_FORM = {"API_KEY": _API_KEY, "API_VERSION": _API_VERSION}
_TopicsResponse: Any = type("TopicsResponse", (Response,), {**_FORM, "SCHEMA": _RESPONSE})
_TopicsRequest: Any = type(
    "TopicsRequest",
    (RequestStruct,),
    {**_FORM, "SCHEMA": _REQUEST, "RESPONSE_TYPE": _TopicsResponse, "FLEXIBLE_VERSION": True},
)


class TopicsRequest:
    """Asks for these topics alone, and makes none: aiokafka's client asks it for the form that the broker knows."""

    API_KEY = _API_KEY

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> Any:
        """The request in its one form. Raises IncompatibleBrokerVersion where the broker is too old."""
        oldest, newest = versions.get(_API_KEY, (0, 0))
        if not oldest <= _API_VERSION <= newest:
            raise IncompatibleBrokerVersion("this broker gives topics no ids")
        creates = describes = False
        return _TopicsRequest([(0, 0, topic, {}) for topic in self._topics], creates, describes, {})


async def topic_ids(kafka: KafkaConnection, topics: Sequence[str]) -> dict[str, str]:
    """The topics' ids, in hexadecimal digits; none of a broker that is too old to have any. Raises KafkaError,
    OSError."""
    client: AIOKafkaClient = kafka.async_client(client_id="pulsewatch-worker")
    try:
        await client.bootstrap()
        answer: Any = await client.send(
            client.get_random_node(), TopicsRequest([kafka.at_broker(topic) for topic in topics])
        )
    except IncompatibleBrokerVersion:
        return {}
    finally:
        await client.close()
    return {
        kafka.of_ours(name): f"{high & (1 << 64) - 1:016x}{low & (1 << 64) - 1:016x}"
        for error_code, name, high, low, *_ in answer.topics
        if error_code == 0
    }
