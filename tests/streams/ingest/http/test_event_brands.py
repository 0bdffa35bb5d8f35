"""Texts that come without a brand: a copy for each brand, by an id that stays, and deletions that reach all copies."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from streams.catalogue.live import LiveCatalogue
from streams.events.codec import decode_one
from streams.events.pseudonyms import Pseudonyms
from streams.events.schema import Event
from streams.ingest.http.app import Ingest
from streams.ingest.http.event_brands import EventBrands
from streams.metrics import INGEST_FORGOTTEN
from streams.topology import LIVE, SOCIAL
from tests.fakes.brand_store import DictBrandStore
from tests.fakes.publisher import Kept

NOW_MS = 1_790_000_000_000
BRANDS = """
brands:
  - {id: alpha, names: [阿尔法], own_accounts: {weibo: ["77"]}}
  - {id: beta, names: [贝塔]}
"""


class Place:
    """Ingest with a catalogue, on publishers that keep."""

    def __init__(self, folder: Path, store: DictBrandStore | None = None) -> None:
        self.path = folder / "brands.yaml"
        self.path.write_text(BRANDS)
        self.store = store or DictBrandStore()
        self.watch = 0.0
        self.topics = {SOCIAL: Kept(), LIVE: Kept()}
        keys = Pseudonyms(b"key")
        self.catalogue = LiveCatalogue(self.path)
        brands = EventBrands(self.catalogue, keys, self.store, lambda: self.watch)
        ingest = Ingest(self.topics, None, keys, brands, lambda: NOW_MS)  # type: ignore[arg-type]
        transport = httpx.ASGITransport(ingest.application())
        self.client = httpx.AsyncClient(transport=transport, base_url="http://ingest")

    async def post(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.client.post("/v1/events", json=list(events))
        return answer.json()["results"] if answer.status_code == 200 else [{"status": answer.status_code}]

    def change(self, text: str) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.path)
        assert [self.catalogue.look(), self.catalogue.look()] == [False, True]

    def events(self) -> list[Event]:
        decoded = [decode_one(value, 0, NOW_MS) for _, value in self.topics[SOCIAL].records]
        self.topics[SOCIAL].records.clear()
        assert all(isinstance(event, Event) for event in decoded)
        return decoded  # type: ignore[return-value]

    def copies(self) -> list[tuple[str, str]]:
        return [(event.brand_id, event.event_id) for event in self.events()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def post(event_id: str = "7", text: str | None = "阿尔法和贝塔哪个好", **changed: Any) -> dict[str, Any]:
    return {
        "event_id": event_id, "source": "desk", "platform": "weibo", "kind": "post", "event_time": NOW_MS - 1000,
        "text": text, "actor": {"id": "5"}, **changed,
    }  # fmt: skip


async def test_text_is_written_once_for_each_of_its_brands(place: Place) -> None:
    said = await place.post(post(), post("8", "今天天气不错"))
    assert [(row["status"], row.get("brands")) for row in said] == [
        ("accepted", ["alpha", "beta"]),
        ("unmatched", None),
    ]
    assert place.copies() == [("alpha", "7#alpha"), ("beta", "7#beta")]


async def test_copy_keeps_its_id_when_the_catalogue_changes(place: Place) -> None:
    await place.post(post())
    before = place.copies()
    place.change("brands: [{id: new, names: [哪个]}, {id: beta, names: [贝塔]}, {id: alpha, names: [阿尔法]}]")
    await place.post(post())
    assert sorted(place.copies()) == sorted([*before, ("new", "7#new")])


@pytest.mark.parametrize("brand", [{}, {"brand_id": "alpha"}])
async def test_deletion_reaches_all_copies(place: Place, brand: dict[str, str]) -> None:
    await place.post(post())
    place.events()
    deleted = post("9", None, kind="retraction", retracts="7", actor=None, **brand)
    assert [row["status"] for row in await place.post(deleted)] == ["accepted"]
    assert [(one.brand_id, one.event_id, one.retracts) for one in place.events()] == [
        ("alpha", "9#alpha", "7#alpha"),
        ("beta", "9#beta", "7#beta"),
    ]


async def test_deletion_in_the_same_request_reaches_its_text(place: Place) -> None:
    said = await place.post(post(), post("9", None, kind="retraction", retracts="7", actor=None))
    assert [row["status"] for row in said] == ["accepted", "accepted"]
    assert [event.retracts for event in place.events()] == [None, None, "7#alpha", "7#beta"]


async def test_deletion_of_an_event_that_had_its_brand_is_left_as_it_is(place: Place) -> None:
    await place.post(post(brand_id="alpha"))
    deleted = post("9", None, kind="retraction", retracts="7", actor=None, brand_id="alpha")
    await place.post(deleted)
    assert [(one.event_id, one.retracts) for one in place.events()] == [("7", None), ("9", "7")]


async def test_deletion_of_what_nobody_knows_goes_nowhere(place: Place) -> None:
    said = await place.post(post("9", None, kind="retraction", retracts="1", actor=None))
    assert [row["status"] for row in said] == ["unmatched"]
    assert place.events() == []


async def test_account_deletion_reaches_the_brands_of_all_its_texts(place: Place) -> None:
    await place.post(post("1", "阿尔法真好"), post("2", "贝塔更好", source="other"))
    place.events()
    await place.post(post("3", None, kind="account_deletion"))
    deletions = place.events()
    assert [one.brand_id for one in deletions] == ["alpha", "beta"]
    assert {one.actor.id for one in deletions if one.actor} == {Pseudonyms(b"key").pseudonym("weibo", "5")}


async def test_like_goes_to_the_brands_of_its_post(place: Place) -> None:
    await place.post(post())
    place.events()
    await place.post(post("10", None, kind="like", subject_id="7"))
    assert [(one.brand_id, one.subject_id) for one in place.events()] == [("alpha", "7#alpha"), ("beta", "7#beta")]


async def test_post_of_an_own_account_is_its_brands_whatever_it_says(place: Place) -> None:
    await place.post(post(text="新品明天见", actor={"id": "77"}))
    (event,) = place.events()
    assert event.actor is not None
    assert (event.brand_id, event.actor.official) == ("alpha", True)


async def test_texts_are_taken_while_redis_is_away_and_deletions_wait(place: Place) -> None:
    place.store.away = True
    before = INGEST_FORGOTTEN._value.get()
    assert [row["status"] for row in await place.post(post())] == ["accepted"]
    assert len(place.events()) == 2
    assert INGEST_FORGOTTEN._value.get() == before + 1
    deleted = post("9", None, kind="retraction", retracts="7", actor=None)
    assert await place.post(deleted) == [{"status": 503}]
    place.store.away, place.watch = False, 60.0
    await place.post(post())
    place.events()
    assert [row["status"] for row in await place.post(deleted)] == ["accepted"]


async def test_health_tells_which_catalogue_is_in_force(place: Place) -> None:
    healthy = (await place.client.get("/health")).json()
    assert (healthy["kafka"], healthy["catalogue"]["brands"], healthy["catalogue"]["problem"]) == (True, 2, None)
    place.path.write_text("brands: [{id: alpha}]")
    assert [place.catalogue.look(), place.catalogue.look()] == [False, False]
    broken = await place.client.get("/health")
    assert broken.status_code == 200
    assert broken.json()["catalogue"]["brands"] == 2
    assert "no text can be about it" in broken.json()["catalogue"]["problem"]["error"]
