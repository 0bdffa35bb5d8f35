"""What people do: come in and leave, decide about alerts, run campaigns."""

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboards.console.auth import COOKIE, SESSION_MS, Doors, Person
from dashboards.console.desk import Desk
from dashboards.console.pages import alert
from dashboards.console.security import Refused, answer, operator, person, read
from dashboards.console.stream import Live
from streams.control.campaigns import Campaign, Draft, checked, drafted
from streams.control.decisions import Decision, Verdict
from streams.errors import UsageError

WRONG_TOKEN_SECONDS = 0.5


class Token(msgspec.Struct):
    token: str


class Judgement(msgspec.Struct):
    fingerprint: str
    verdict: Verdict
    note: str = ""


class Named(msgspec.Struct):
    campaign_id: str


async def me(request: Request) -> Response:
    """Who asks, as the page needs to know it."""
    who = person(request)
    login = request.app.state.doors is not None
    return answer({"name": who.name if who else None, "role": who.role if who else None, "login": login})


async def login(request: Request) -> Response:
    """A token for a cookie. Guessing is slow, one guess at a time."""
    doors: Doors | None = request.app.state.doors
    given: Token = await read(request, Token)
    if doors is None:
        raise UsageError("nobody needs to log in here")
    async with request.app.state.guessing:
        who = doors.enter(given.token)
        if who is None:
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
            raise Refused(401, "this token is not known")
    entered = answer({"name": who.name, "role": who.role})
    entered.set_cookie(
        COOKIE, doors.seal(who, request.app.state.desk.clock()), max_age=SESSION_MS // 1000, httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return entered


async def logout(_request: Request) -> Response:
    left = answer({})
    left.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return left


async def decide(request: Request) -> Response:
    """A verdict about an alert, with its author and time."""
    who, given = operator(request), await read(request, Judgement)
    live: Live = request.app.state.live
    return answer(await live.call(lambda desk: _decided(desk, given, who)))


async def create_campaign(request: Request) -> Response:
    who, given = operator(request), await read(request, Draft)
    live: Live = request.app.state.live
    return answer(await live.call(lambda desk: _created(desk, given, who)), 201)


async def end_campaign(request: Request) -> Response:
    """It ends with the events' present."""
    operator(request)
    given: Named = await read(request, Named)
    live: Live = request.app.state.live
    return answer(await live.call(lambda desk: ended(desk, given.campaign_id)))


def _decided(desk: Desk, given: Judgement, who: Person) -> Decision:
    found = alert.find(desk, given.fingerprint)
    if found is None:
        raise UsageError(f"there is no alert {given.fingerprint[:40]}")
    return desk.decisions.record(found, given.verdict, who.name, desk.clock(), given.note.strip())


def _created(desk: Desk, given: Draft, who: Person) -> Campaign:
    campaign = drafted(given, who.name, desk.clock())
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
