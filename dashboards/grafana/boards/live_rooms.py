"""For operators of many live rooms at once; a host reads the room's own page in the console."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.boards import panels
from dashboards.grafana.boards.builder import ROOM, DashboardBuilder
from dashboards.grafana.boards.panels import GREEN, ORANGE, RED, Link, Query
from streams import metrics
from streams.detection.room.fake_traffic import FAKE_SHARE
from streams.engagement.dictionary import SHARES, AudienceMetric, RateMetric, SumMetric

VIEWERS = f'{metrics.ROOM_VIEWERS}{{room=~"$room"}}'
PAID = f'{metrics.ROOM_PAID}{{room=~"$room"}}'
FUNNEL: tuple[SumMetric, ...] = ("views", "product_clicks", "orders", "payments")
TALK: tuple[SumMetric, ...] = ("comments", "likes", "shares", "follows", "gifts")
FAKES = f'{metrics.ROOM_FAKE_SHARE}{{room=~"$room"}}'
COLLAPSED = 'ALERTS{alertname="RoomCollapse", alertstate="firing", room=~"$room"}'
MINUTES = 5


def events(counter: SumMetric) -> str:
    """The chosen rooms' sums over the last five minutes."""
    return f'{metrics.ROOM_EVENTS}{{room=~"$room", counter="{counter}"}}'


def people(audience: AudienceMetric) -> str:
    """The chosen rooms' unique people, each of its session so far."""
    return f'{metrics.ROOM_PEOPLE}{{room=~"$room", audience="{audience}"}}'


def share_of_people(rate: RateMetric) -> str:
    """A rate as the console has it: of one room the same figure, of several over all their sessions."""
    who, among = SHARES[rate]
    return f"sum({people(who)}) / (sum({people(among)}) > 0)"


def board() -> Dashboard:
    """The dashboard."""
    frame = DashboardBuilder(
        "live-rooms",
        "Live rooms",
        "Every live room side by side. Sums are those of the last five minutes of event time; money is in major units.",
        ROOM,
    )
    frame.row(
        "Now",
        panels.count("Viewers", "People in the chosen rooms, where a feed tells it.", expr=f"sum({VIEWERS})", w=5),
        panels.count(
            "Rooms live",
            "Rooms with something going on in the last five minutes, up to the configured top.",
            expr=f"count({events('comments')})",
            w=4,
        ),
        panels.count(
            "Paid in five minutes",
            "Money paid in the chosen rooms, by the currency that their brands report in.",
            expr=f"sum by (currency) ({PAID})",
            w=5,
            legend="{{currency}}",
        ),
        panels.count(
            "Conversion",
            "Unique payers among unique product clickers of the rooms' sessions so far, as a host's view has it.",
            expr=share_of_people("conversion_rate"),
            unit="percentunit",
            w=5,
        ),
        panels.count(
            "Collapsed rooms",
            "Rooms whose engagement fell far below their own last minutes.",
            expr=f"count({COLLAPSED}) or vector(0)",
            unit="short",
            steps=((None, GREEN), (1, ORANGE), (3, RED)),
            w=5,
        ),
    )
    frame.row(
        "Audience",
        panels.lines(
            "Viewers by room",
            "The ten rooms with most viewers.",
            queries=[Query(f"topk(10, {VIEWERS})", "{{room}}")],
        ),
        panels.lines(
            "Interaction a minute",
            "What viewers do, all chosen rooms together.",
            queries=[Query(f"sum({events(name)}) / {MINUTES}", name) for name in TALK],
            unit="cpm",
        ),
        panels.lines(
            "Inauthentic traffic",
            "Share of the last five minutes' enters, likes and comments that is inauthentic, where there was"
            " enough to tell: the ten largest shares. Above the line it alerts.",
            queries=[Query(f"topk(10, {FAKES})", "{{room}} {{counter}}")],
            unit="percentunit",
            w=24,
            limit=FAKE_SHARE,
            highest=1,
        ),
    )
    frame.row(
        "Sales",
        panels.bars(
            "Funnel",
            "From looking to paying, all chosen rooms together, within the last five minutes.",
            queries=[Query(f"sum({events(name)})", name.replace("_", " ")) for name in FUNNEL],
            w=8,
        ),
        panels.lines(
            "Paid by room",
            "Money paid within the last five minutes, the ten rooms with most of it, in their brands' currencies.",
            queries=[Query(f"topk(10, {PAID})", "{{room}} {{currency}}")],
            w=8,
        ),
        panels.lines(
            "Orders and refunds",
            "Within the last five minutes, all chosen rooms together.",
            queries=[Query(f"sum({events('orders')})", "orders"), Query(f"sum({events('refunds')})", "refunds")],
            w=8,
            colours={"refunds": RED},
        ),
    )
    frame.row(
        "Rooms",
        panels.rows(
            "Rooms",
            "A room's name leads to its host's view in the console. `other` is all rooms beyond the configured top.",
            queries={
                "Viewers": VIEWERS,
                "Comments": events("comments"),
                "Gifts": events("gifts"),
                "Follows": events("follows"),
                "Clicks": events("product_clicks"),
                "Paid": f"sum by (room) ({PAID})",
                "Fake": f"max by (room) ({FAKES})",
            },
            columns={"room": "Room"},
            links=[Link("Room", "Open in the console", "${console}/room/${__value.raw:percentencode}")],
            sort="Viewers",
            units={"Fake": "percentunit"},
            h=10,
        ),
    )
    return frame.board
