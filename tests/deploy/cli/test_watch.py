"""`pulsewatch watch`: which addresses stand below what it shows."""

from dataclasses import replace

from deploy.cli.watch import addresses_of
from deploy.local.stack import USUAL, Ports
from streams.settings import Settings


def test_addresses_are_those_of_the_stack_whose_redis_is_read() -> None:
    ports = Ports(*USUAL)
    assert addresses_of(ports, Settings().redis)["console"] == f"http://127.0.0.1:{ports.console}/"
    assert addresses_of(replace(ports, redis=ports.redis + 1), Settings().redis) == {}
