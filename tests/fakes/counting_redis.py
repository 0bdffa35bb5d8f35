"""A synchronous Redis client that counts its round trips."""

from typing import Any

from redis import Redis
from redis.client import Pipeline


class CountingRedis(Redis):
    """`trips` has the names of each round trip's commands: of a pipeline, or of a command alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.trips: list[set[str]] = []

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.trips.append({args[0]})
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        return _CountingPipeline(self, transaction, shard_hint)


class _CountingPipeline(Pipeline):
    def __init__(self, client: CountingRedis, transaction: bool, shard_hint: Any) -> None:
        super().__init__(client.connection_pool, client.response_callbacks, transaction, shard_hint)
        self._client = client

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        if self.command_stack:
            self._client.trips.append({args[0] for args, _ in self.command_stack})
        return super().execute(raise_on_error)
