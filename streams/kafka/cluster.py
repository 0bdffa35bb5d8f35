"""Which Kafka it is: the id that a cluster keeps for as long as its data lives."""

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.metadata import MetadataRequest

from streams.kafka.connection import KafkaConnection


async def cluster_id(kafka: KafkaConnection) -> str | None:
    """The cluster's id; None from a broker that is too old to have one. Raises KafkaError, OSError."""
    client: AIOKafkaClient = kafka.async_client(client_id="pulsewatch-worker")
    try:
        await client.bootstrap()
        node = client.get_random_node()
        metadata = await client.send(node, MetadataRequest([]))
        found: str | None = getattr(metadata, "cluster_id", None)
        return found
    finally:
        await client.close()
