"""Redis runs as the ledger needs it: append-only, no eviction, the same data after a restart."""

from pathlib import Path

from redis import Redis

from deploy.local.redis import LocalRedis


def test_redis_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server, Redis.from_url(server.url) as client:
        client.set("counter", 7)
        server.restart()
        assert client.get("counter") == b"7"


def test_redis_never_evicts(redis_server: LocalRedis) -> None:
    with Redis.from_url(redis_server.url) as client:
        settings = client.config_get("*")
    assert settings["maxmemory-policy"] == "noeviction"
    assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "everysec")


def test_paused_redis_answers_after_it_resumes(tmp_path: Path) -> None:
    with LocalRedis(tmp_path) as server:
        server.pause()
        assert not server.ready()
        server.resume()
        assert server.ready()
