"""Whose a follow is where the catalogue says it: the brand's whose own account is followed."""

import json
from pathlib import Path
from typing import Any

from streams.catalogue.brand import Brand
from streams.catalogue.live import LiveCatalogue
from streams.events.pseudonyms import Pseudonyms
from streams.ingest.feed_process import Feeds, translator
from streams.ingest.protocols.jetstream import JetstreamFeed

AT_MS = 1_790_000_000_000
OWN = "did:plc:acme"
BRANDS = (
    Brand(id="acme", names=("Zorbelix",), own_accounts={"bluesky": (OWN,)}),
    Brand(id="other", names=("Quandrifor",), own_accounts={"bluesky": ("did:plc:other",)}),
)


def follow(operation: str, rkey: str, subject: str = "") -> str:
    commit: dict[str, Any] = {"operation": operation, "collection": "app.bsky.graph.follow", "rkey": rkey}
    if subject:
        commit["record"] = {"subject": subject, "createdAt": "2026-01-01T00:00:00Z"}
    return json.dumps({"did": "did:plc:someone", "time_us": AT_MS * 1000, "kind": "commit", "commit": commit})


def test_follow_of_an_own_account_is_its_brands_and_its_deletion_takes_it_back() -> None:
    entry = JetstreamFeed(name="sky", platform="bluesky")
    one = translator(entry, Feeds([entry], brands=BRANDS), Pseudonyms(b"key"))
    (followed,) = one.translate(follow("create", "f1", OWN), AT_MS).events
    assert (followed.kind, followed.brand_id) == ("follow", "acme")
    (deleted,) = one.translate(follow("delete", "f1"), AT_MS).events
    assert (deleted.kind, deleted.brand_id, deleted.retracts) == ("retraction", "acme", followed.event_id)
    assert not one.translate(follow("create", "f2", "did:plc:nobody"), AT_MS).events


def test_own_account_of_a_catalogue_that_was_changed_is_heard_by_a_running_feed(tmp_path: Path) -> None:
    file = tmp_path / "brands.yaml"
    file.write_text("brands: [{id: acme, names: [Zorbelix]}]")
    live = LiveCatalogue(file)
    entry = JetstreamFeed(name="sky", platform="bluesky")
    one = translator(entry, Feeds([entry], live=live), Pseudonyms(b"key"))
    assert not one.translate(follow("create", "f1", OWN), AT_MS).events
    file.write_text(f"brands: [{{id: acme, names: [Zorbelix], own_accounts: {{bluesky: ['{OWN}']}}}}]")
    live.take()
    (followed,) = one.translate(follow("create", "f2", OWN), AT_MS).events
    assert (followed.kind, followed.brand_id) == ("follow", "acme")
