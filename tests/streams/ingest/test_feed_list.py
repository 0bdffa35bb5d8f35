"""feeds.yaml: one entry of each kind, and what is said of what cannot be."""

from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.events.pseudonyms import Pseudonyms
from streams.ingest.feed_list import chosen, read_feeds
from streams.ingest.feed_process import Feeds, translator
from streams.ingest.secret import Secret, Secrets

ROOT = Path(__file__).parents[3]
WEBSOCKET = "{name: a, kind: websocket, url: 'ws://h/', platform: tiktok, brand: acme, room: '1'"


def written(tmp_path: Path, *entries: str) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text("feeds:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return path


def test_example_has_one_of_every_kind_and_nothing_wrong() -> None:
    entries = read_feeds(ROOT / "deploy/feeds.example.yaml")
    assert {entry.kind for entry in entries} >= {"websocket", "sse", "poll", "jetstream", "mastodon", "rss"}
    brands = Feeds([entry for entry in entries if entry.brand])
    for entry in brands.entries:
        translator(entry, brands, Pseudonyms(b"key"))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: a, kind: websockets, url: 'ws://h/'}", r"feeds.yaml:2: Invalid value 'websockets'.*\.kind`"),
        ("{name: a, kind: websocket}", r"feeds.yaml:2: Object missing required field `url`"),
        ("{name: a b, kind: sse, url: 'http://h/'}", r"feeds.yaml:2: .*`\$.feeds\[0\].name`"),
        ("{name: a, kind: sse, url: 'ftp://h/'}", r"feeds.yaml:2: .*`\$.feeds\[0\].url`"),
        ("{name: a, kind: sse, url: 'http://user:pass@h/'}", r"feeds.yaml:2: .*`\$.feeds\[0\].url`"),
        ("{name: a, kind: sse, url: 'http://h/', ulr: 1}", r"feeds.yaml:2: Object contains unknown field `ulr`"),
        ("{name: a, kind: sse, url: 'http://h/', room: '1'}", "feed a: `brand` is missing"),
        ("{name: a, kind: sse, url: 'http://h/', zone: Mars}", "feed a: `zone`: Mars is no time zone"),
        ("{name: a, kind: sse, url: 'http://h/'}", "feed a: give a `mapping`, a `preset`, or as"),
        ("{name: a, kind: sse, url: 'http://h/', mapping: {kind: post}}", "feed a: `mapping`: text: a message of kind"),
        ("{name: a, kind: sse, url: 'http://h/', preset: nobody/nothing}", "feed a: preset: there is no nobody"),
        ("{name: a, kind: sse, url: 'http://h/', room: 105}", r"`\$.feeds\[0\].room`: write it in quotes"),
        ("{name: a, kind: sse, url: 'http://h/', mapping: {type: t, kinds: {7: post}}}", r"kinds`: write it in quotes"),
        ("{name: a, kind: sse, url: 'http://h/', token: {}}", "feeds.yaml:2: a secret is {env: NAME} or {file: PATH}"),
        ("{name: a, kind: poll, url: 'http://h/', platform: tiktok, id: x}", "feed a: `items` is missing"),
        ("{name: a, kind: poll, url: 'http://h/', platform: tiktok, items: 'a['}", "`since` or `next`: character 3"),
        ("{name: a, kind: poll, url: 'http://h/', platform: tiktok, since: {parameter: x}}", "`since`: give either"),
        ("{name: a, kind: mastodon, url: 'https://h', stream: hashtag}", "feed a: `of`: hashtag and list need one"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_file_feed_and_field(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_feeds(written(tmp_path, entry))


def test_two_feeds_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 feeds are called a"):
        read_feeds(written(tmp_path, WEBSOCKET + "}", WEBSOCKET + "}"))


def test_names_choose_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, WEBSOCKET + "}", WEBSOCKET.replace("name: a", "name: b") + "}")
    entries = read_feeds(path)
    assert [entry.name for entry in chosen(entries, ("b",), path)] == ["b"]
    assert [entry.name for entry in chosen(entries, (), path)] == ["a", "b"]
    with pytest.raises(UsageError, match="no feed is called c; there are a, b"):
        chosen(entries, ("c",), path)


def test_feed_without_a_brand_needs_a_catalogue(tmp_path: Path) -> None:
    (entry,) = read_feeds(written(tmp_path, "{name: a, kind: jetstream}"))
    with pytest.raises(UsageError, match="feed a: give it a `brand`, or the catalogue by --brands FILE"):
        Feeds([entry])


def test_secrets_are_read_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    secrets = Secrets(tmp_path, {"TOKEN": "from-env"})
    assert [secrets.read(Secret(env="TOKEN")), secrets.read(Secret(file="token"))] == ["from-env", "from-file"]
    for missing in (Secret(env="OTHER"), Secret(file="other")):
        with pytest.raises(UsageError, match=r"variable OTHER is not set|file other cannot be read: No such file"):
            secrets.read(missing)
