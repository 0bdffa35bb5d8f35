"""What people do: come in and leave, decide about alerts, run campaigns."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboards.console.auth import COOKIE, SESSION_MS, Person, TokenAuth
from dashboards.console.pages import alert
from dashboards.console.security import AccessDenied, current_user, json_response, read_json, require_operator
from dashboards.console.sources import PageSources
from dashboards.console.stream import PageStream
from streams.control.campaigns import Campaign, CampaignRequest, campaign_from
from streams.control.decisions import Decision, Verdict
from streams.errors import UsageError

WRONG_TOKEN_SECONDS = 0.5


class Token(msgspec.Struct):
    token: str


class DecisionRequest(msgspec.Struct):
    fingerprint: str
    verdict: Verdict
    note: str = ""


class Named(msgspec.Struct):
    campaign_id: str


async def me(request: Request) -> Response:
    """Who asks, as the page needs to know it."""
    who = current_user(request)
    login = request.app.state.doors is not None
    return json_response({"name": who.name if who else None, "role": who.role if who else None, "login": login})


async def login(request: Request) -> Response:
    """A token for a cookie. Guessing is slow, one guess at a time."""
    doors: TokenAuth | None = request.app.state.doors
    given: Token = await read_json(request, Token)
    if doors is None:
        raise UsageError("nobody needs to log in here")
    async with request.app.state.guessing:
        who = doors.enter(given.token)
        if who is None:
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
            raise AccessDenied(401, "this token is not known")
    entered = json_response({"name": who.name, "role": who.role})
    entered.set_cookie(
        COOKIE, doors.seal(who, request.app.state.sources.readers.clock()), max_age=SESSION_MS // 1000, httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return entered


async def logout(_request: Request) -> Response:
    left = json_response({})
    left.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return left


async def decide(request: Request) -> Response:
    """A verdict about an alert, with its author and time."""
    who, given = require_operator(request), await read_json(request, DecisionRequest)
    live: PageStream = request.app.state.live
    return json_response(await live.call(lambda sources: _decided(sources, given, who)))


async def create_campaign(request: Request) -> Response:
    who, given = require_operator(request), await read_json(request, CampaignRequest)
    live: PageStream = request.app.state.live
    return json_response(await live.call(lambda sources: _created(sources, given, who)), 201)


async def end_campaign(request: Request) -> Response:
    """It ends with the events' present."""
    require_operator(request)
    given: Named = await read_json(request, Named)
    live: PageStream = request.app.state.live
    return json_response(await live.call(lambda sources: _ended(sources, given.campaign_id)))


def _decided(sources: PageSources, given: DecisionRequest, who: Person) -> Decision:
    found = alert.find(sources, given.fingerprint)
    if found is None:
        raise UsageError(f"there is no alert {given.fingerprint[:40]}")
    return sources.readers.decisions.record(found, given.verdict, who.name, sources.readers.clock(), given.note.strip())


def _created(sources: PageSources, given: CampaignRequest, who: Person) -> Campaign:
    readers = sources.readers
    campaign = campaign_from(given, who.name, readers.clock())
    readers.recorder.start(campaign, readers.present_ms())
    return campaign


def _ended(sources: PageSources, campaign_id: str) -> Campaign:
    readers = sources.readers
    return readers.campaigns.end(campaign_id, readers.present_ms() or readers.clock())
