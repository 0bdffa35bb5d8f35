"""What people do: come in and leave, decide about alerts, run campaigns."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboards.console.auth import COOKIE, SESSION_MS, Person, TokenAuth
from dashboards.console.desk import Desk
from dashboards.console.pages import alert
from dashboards.console.security import AccessDenied, current_user, json_response, read_json, require_operator
from dashboards.console.stream import PageStream
from streams.control.campaigns import Campaign, CampaignRequest, campaign_from, checked
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
        COOKIE, doors.seal(who, request.app.state.desk.clock()), max_age=SESSION_MS // 1000, httponly=True,
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
    return json_response(await live.call(lambda desk: _decided(desk, given, who)))


async def create_campaign(request: Request) -> Response:
    who, given = require_operator(request), await read_json(request, CampaignRequest)
    live: PageStream = request.app.state.live
    return json_response(await live.call(lambda desk: _created(desk, given, who)), 201)


async def end_campaign(request: Request) -> Response:
    """It ends with the events' present."""
    require_operator(request)
    given: Named = await read_json(request, Named)
    live: PageStream = request.app.state.live
    return json_response(await live.call(lambda desk: ended(desk, given.campaign_id)))


def _decided(desk: Desk, given: DecisionRequest, who: Person) -> Decision:
    found = alert.find(desk, given.fingerprint)
    if found is None:
        raise UsageError(f"there is no alert {given.fingerprint[:40]}")
    return desk.decisions.record(found, given.verdict, who.name, desk.clock(), given.note.strip())


def _created(desk: Desk, given: CampaignRequest, who: Person) -> Campaign:
    campaign = campaign_from(given, who.name, desk.clock())
    desk.campaigns.save(campaign)
    # What came before it began is kept at once, for it expires.
    desk.keeper.sweep(desk.present_ms())
    return campaign


def ended(desk: Desk, campaign_id: str) -> Campaign:
    """End a campaign now. Raises UsageError where it cannot be."""
    campaign = desk.campaigns.find(checked(campaign_id))
    if campaign is None:
        raise UsageError(f"there is no campaign {campaign_id[:40]}")
    now_ms = desk.present_ms() or desk.clock()
    if not campaign.starts_ms < now_ms < campaign.ends_ms:
        raise UsageError(f"{campaign.name} does not run now")
    over = msgspec.structs.replace(campaign, ends_ms=now_ms)
    desk.campaigns.save(over)
    return over
