"""What people do through the pages: log in and out, decide about alerts, create and end campaigns, change brands."""

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboards.console.auth import (
    COOKIE,
    SESSION_MS,
    AccessDenied,
    Person,
    TokenAuth,
    current_user,
    require_operator,
    require_viewer,
)
from dashboards.console.json_http import json_response, read_json
from dashboards.console.limits import address_of, read_in_turn
from dashboards.console.pages import alert, brands
from dashboards.console.sources import PageSources
from streams.catalogue.brand import Brand
from streams.catalogue.live import LiveCatalogue
from streams.catalogue.quality import examples
from streams.clock import MINUTE_MS
from streams.control.campaigns import Campaign, CampaignRequest, campaign_from
from streams.control.decisions import Decision, Verdict
from streams.refusals import Refused

WRONG_TOKEN_SECONDS = 0.5


MAX_SILENCE_MINUTES = 7 * 24 * 60


class LoginRequest(msgspec.Struct):
    token: str


class DecisionRequest(msgspec.Struct):
    fingerprint: str
    verdict: Verdict
    note: str = ""
    silence_minutes: int | None = None
    """Of an acknowledgement: how long nobody is told again; 0 ends the silence, None is as long as the alert fires."""


class EndRequest(msgspec.Struct):
    campaign_id: str


class TryRequest(msgspec.Struct):
    text: str


class BrandRequest(msgspec.Struct):
    brand: Brand
    revision: str
    """Of the catalogue that its author saw."""


class RemovalRequest(msgspec.Struct):
    brand_id: str
    revision: str
    """Of the catalogue that its author saw."""


class RemovedBrand(msgspec.Struct, frozen=True):
    """A brand that is in the file no more."""

    brand_id: str
    revision: str
    """Of the catalogue without it."""


class SavedBrand(msgspec.Struct, frozen=True):
    """A brand that is in the file, with its own examples that the new catalogue answers wrongly."""

    brand_id: str
    revision: str
    """Of the catalogue with it."""
    wrong_examples: Sequence[str]


async def me(request: Request) -> Response:
    """The user's name and role, null where unknown, and whether the console wants a login at all."""
    user = current_user(request)
    login = request.app.state.auth is not None
    return json_response({"name": user.name if user else None, "role": user.role if user else None, "login": login})


async def login(request: Request) -> Response:
    """A cookie for a token. The right one passes at once, whatever else is tried meanwhile; a wrong one costs
    WRONG_TOKEN_SECONDS, and an address may try so many a minute (dashboards.console.limits)."""
    auth: TokenAuth | None = request.app.state.auth
    given: LoginRequest = await read_json(request, LoginRequest)
    if auth is None:
        raise Refused("no_login")
    user = auth.authenticate(given.token)
    if user is None:
        request.app.state.wrong_tokens.add(address_of(request), request.app.state.clock())
        await asyncio.sleep(WRONG_TOKEN_SECONDS)
        raise AccessDenied(401, "token_unknown")
    response = json_response({"name": user.name, "role": user.role})
    response.set_cookie(
        COOKIE,
        auth.issue_cookie(user, request.app.state.clock()),
        max_age=SESSION_MS // 1000,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def logout(_request: Request) -> Response:
    response = json_response({})
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


async def decide(request: Request) -> Response:
    """Record a verdict about an alert, with its author and time."""
    user, given = require_operator(request), await read_json(request, DecisionRequest)
    return json_response(await read_in_turn(request, lambda sources: _decided(sources, given, user)))


async def create_campaign(request: Request) -> Response:
    user, given = require_operator(request), await read_json(request, CampaignRequest)
    return json_response(await read_in_turn(request, lambda sources: _created(sources, given, user)), 201)


async def end_campaign(request: Request) -> Response:
    """End a running campaign at the events' present."""
    require_operator(request)
    given: EndRequest = await read_json(request, EndRequest)
    return json_response(await read_in_turn(request, lambda sources: _ended(sources, given.campaign_id)))


async def try_text(request: Request) -> Response:
    """Which brands a text is about, and why."""
    require_viewer(request)
    given: TryRequest = await read_json(request, TryRequest)
    return json_response(await read_in_turn(request, lambda sources: brands.tried(sources, given.text)))


async def save_brand(request: Request) -> Response:
    """Put a brand into the catalogue's file."""
    user, given = require_operator(request), await read_json(request, BrandRequest)
    return json_response(await read_in_turn(request, lambda sources: _saved(sources, given, user)))


async def remove_brand(request: Request) -> Response:
    """Take a brand out of the catalogue's file."""
    user, given = require_operator(request), await read_json(request, RemovalRequest)
    return json_response(await read_in_turn(request, lambda sources: _removed(sources, given, user)))


def _removed(sources: PageSources, given: RemovalRequest, user: Person) -> RemovedBrand:
    live = _catalogue(sources)
    now_ms = sources.readers.clock()
    sources.readers.brand_changes.remove(live.path, given.brand_id, given.revision, user.name, now_ms)
    live.take()
    return RemovedBrand(given.brand_id, live.current.revision)


def _catalogue(sources: PageSources) -> LiveCatalogue:
    live = sources.facts.live
    if live is None:
        raise Refused("no_catalogue")
    return live


def _saved(sources: PageSources, given: BrandRequest, user: Person) -> SavedBrand:
    live = _catalogue(sources)
    now_ms = sources.readers.clock()
    sources.readers.brand_changes.save(live.path, given.brand, given.revision, user.name, now_ms)
    live.take()
    known = live.current.brands.get(given.brand.id)
    _, wrong = examples([] if known is None else [known], live.current.matcher)
    return SavedBrand(given.brand.id, live.current.revision, [miss.text for miss in wrong])


def _decided(sources: PageSources, given: DecisionRequest, user: Person) -> Decision:
    found = alert.find(sources, given.fingerprint)
    if found is None:
        raise Refused("alert_unknown", alert=given.fingerprint[:40])
    now_ms, minutes = sources.readers.clock(), given.silence_minutes
    if minutes is not None and not 0 <= minutes <= MAX_SILENCE_MINUTES:
        raise Refused("silence_length", minutes=MAX_SILENCE_MINUTES)
    until_ms = None if minutes is None else now_ms + minutes * MINUTE_MS
    return sources.readers.decisions.record(found, given.verdict, user.name, now_ms, given.note.strip(), until_ms)


def _created(sources: PageSources, given: CampaignRequest, user: Person) -> Campaign:
    readers = sources.readers
    if given.scope == "room" and not given.brand_id.strip():
        given = msgspec.structs.replace(given, brand_id=readers.recorder.brand_of(given.scope_id.strip()))
    campaign = campaign_from(given, user.name, readers.clock())
    readers.recorder.start(campaign, readers.present_ms())
    return campaign


def _ended(sources: PageSources, campaign_id: str) -> Campaign:
    readers = sources.readers
    return readers.campaigns.end(campaign_id, readers.present_ms() or readers.clock())
