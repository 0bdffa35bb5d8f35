"""Bilibili's messages of money: gifts, guards (monthly memberships of a room) and super chats.

What was paid counts. Prices are in thousandths of a yuan (1,000 gold coins, 10 batteries), so a tenth of that in fen;
super chats are in yuan.

    silver coin, `paid: false`        free: pieces count, money is 0
    blind box                         the box's price, whatever the price of what came out of it
    GUARD_BUY                         the list price of a month
    USER_TOAST_MSG, …_V2              the same purchase, by the same id, with what was paid in all (streams.ingest.feed)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from streams.events.schema import Actor, Event
from streams.ingest.feed import Message
from streams.ingest.foreign import MAX_COUNT, Fields, ForeignError, identifier_of, sent_ms
from streams.ingest.money import minor_units
from streams.ingest.platforms.bilibili_users import user_of
from streams.ingest.wire import Wire, from_base64

COINS_A_FEN = 10
GIVEN = 2
"""A toast's source where nobody paid: the platform tells a purchase a second time so."""
_MONTH = "月"
_YUAN = frozenset({"CNY", "RMB"})


@dataclass(frozen=True)
class Purchase:
    """So many pieces, and the fen that were paid for all of them."""

    items: int
    paid: int

    def parts(self) -> Iterator[tuple[int, int]]:
        """(pieces, fen a piece): one part, or two where the fen do not divide evenly."""
        each, left = divmod(self.paid, self.items)
        if self.items > left:
            yield self.items - left, each
        if left:
            yield left, each + 1


def send_gift(message: Message) -> list[Event]:
    """A gift as the room's socket tells it."""
    data = message.fields.required_part("data")
    items = max(1, data.number("num", default=1))
    own_id = data.identifier("tid", "rnd") or _made_id(message, data, items)
    coins = _web_coins(message, data, items)
    return _gifts(message, own_id, at_ms(message, data), Purchase(items, coins // COINS_A_FEN))


def open_gift(message: Message) -> list[Event]:
    """A gift as the open platform tells it: of a blind box only what came out, and never what the box cost."""
    data = message.fields.required_part("data")
    items = max(1, data.number("gift_num", "num", default=1))
    box, price = data.part("blind_gift"), _coins(data, "r_price", "price")
    each = None if price is None else price // COINS_A_FEN
    if box.flag("status") or box.identifier("blind_gift_id"):
        each = message.context.gift_prices.get(box.identifier("blind_gift_id"))
    if data.get("paid") is not None and not data.flag("paid"):
        each = 0
    if each is None:
        each = _unknown_price(message)
    own_id = data.identifier("msg_id") or _made_id(message, data, items)
    return _gifts(message, own_id, at_ms(message, data), Purchase(items, each * items))


def send_gift_v2(message: Message) -> list[Event]:
    """One message, a gift for each kind of thing that came out of the boxes; fields as public clients found them.

    1 the uid · 9 the blind box (3 its name, 6 its price) · 10 gifts (1 id, 3 pieces, 5 price, 6 what was paid for a
    box's whole group, 8 the coin, 9 the purchase's id, 10 seconds) · 15 the sender (1 the uid)
    """
    data = message.fields.required_part("data")
    if data.get("pb") is None:
        return send_gift(message)
    whole = from_base64(data.text("pb"))
    gifts = whole.parts(10)
    if not gifts:
        raise ForeignError("missing_field", "pb holds no gift")
    user_id = str(whole.part(15).number(1) or whole.number(1))
    actor = message.context.actor(user_id) or message.masked("")
    events = []
    for number, gift in enumerate(gifts):
        items, time_ms = max(1, gift.number(3)), sent_ms(gift.number(10)) or message.received_ms
        purchase = Purchase(items, _coins_of_pb(gift, whole.part(9), items) // COINS_A_FEN)
        own_id = gift.text(9) or message.made_id(user_id, time_ms, gift.number(1), items)
        events += _gifts(message, f"{own_id}:{number}" if number else own_id, time_ms, purchase, actor)
    return events


def guard_buy(message: Message) -> list[Event]:
    """A guard's months at the list price of a month."""
    data = message.fields.required_part("data")
    months = max(1, data.number("num", default=1))
    price = _coins(data, "price")
    message.notes.append("list_price")
    purchase = Purchase(months, months * (_unknown_price(message) if price is None else price // COINS_A_FEN))
    return _guard(message, data.get("start_time"), data.number("guard_level"), purchase)


def toast(message: Message) -> list[Event]:
    """The same purchase with what was paid for all its months; none where nobody paid."""
    data = message.fields.required_part("data")
    guard, pay = data.part("guard_info") or data, data.part("pay_info") or data
    source = (data.part("option") or data).number_or_none("source")
    if source == GIVEN:
        return []
    months = _months(pay.number("num", default=1), pay.text("unit"))
    price = _coins(pay, "price")
    purchase = Purchase(months, _unknown_price(message) if price is None else price // COINS_A_FEN)
    return _guard(message, guard.get("start_time"), guard.number("guard_level"), purchase)


def open_guard(message: Message) -> list[Event]:
    data = message.fields.required_part("data")
    months = _months(data.number("guard_num", "num", default=1), data.text("guard_unit"))
    price = _coins(data, "price")
    purchase = Purchase(months, months * (_unknown_price(message) if price is None else price // COINS_A_FEN))
    own_id = data.identifier("msg_id") or _made_id(message, data, months)
    return _gifts(message, own_id, at_ms(message, data), purchase)


def super_chat(message: Message) -> list[Event]:
    """Two events: the comment, and the gift that paid for it."""
    data = message.fields.required_part("data")
    user_id, actor = user_of(message)
    text, time_ms = data.text("message"), at_ms(message, data)
    own_id = f"sc:{data.identifier('message_id', 'id') or message.made_id(user_id, time_ms, text)}"
    fen = _fen(message, data)
    return [
        message.event("comment", own_id, time_ms, actor=actor, text=text or None),
        message.event("gift", f"{own_id}:gift", time_ms, actor=actor, amount=fen),
    ]


def _fen(message: Message, data: Fields) -> int:
    """0, and a note, where it is no amount, or one of another currency: the comment is read all the same."""
    currency = data.get("currency", "currency_code", "price_currency")
    if data.get("rmb") is None and isinstance(currency, str) and currency.strip().upper() not in ("", *_YUAN):
        message.notes.append("other_currency")
        return 0
    try:
        return minor_units(data.get("rmb", "price"), "major", "CNY")
    except ForeignError:
        return _unknown_price(message)


def _unknown_price(message: Message) -> int:
    """0, and a note: it counts all the same."""
    message.notes.append("unknown_price")
    return 0


def _coins(data: Fields, *names: str) -> int | None:
    """The first that is a number of coins, cut to whole ones."""
    for name in names:
        value = data.get(name)
        number = value if isinstance(value, float) and 0 <= value <= MAX_COUNT else data.number_or_none(name)
        if number is not None:
            return int(number)
    return None


def super_chat_deleted(message: Message) -> list[Event]:
    """Retracts the comment; the money stays spent."""
    data = message.fields.part("data")
    deleted = list(filter(None, map(identifier_of, data.items("ids") or data.items("message_ids"))))
    if not deleted:
        message.notes.append("missing_field")
    return [message.retraction(f"sc:{name}", at_ms(message, data)) for name in deleted]


def at_ms(message: Message, data: Fields) -> int:
    """When it happened, as the message's data or its envelope has it; else when it came."""
    return data.time_ms("timestamp", "ts", "start_time") or message.at_ms("send_time")


def _gifts(message: Message, own_id: str, time_ms: int, purchase: Purchase, actor: Actor | None = None) -> list[Event]:
    who = actor or user_of(message)[1]
    return [
        message.event("gift", f"{own_id}:rest" if number else own_id, time_ms, actor=who, value=items, amount=fen)
        for number, (items, fen) in enumerate(purchase.parts())
    ]


def _guard(message: Message, start: object, level: int, purchase: Purchase) -> list[Event]:
    """A purchase by its start, its user and its level: what all messages of it have."""
    user_id, _ = user_of(message)
    time_ms = sent_ms(start) or at_ms(message, message.fields.part("data"))
    own_id = f"guard:{message.context.pseudonymise(user_id)}:{time_ms}:{level}"
    return _gifts(message, own_id, time_ms, purchase)


def _made_id(message: Message, data: Fields, items: int) -> str:
    user_id, _ = user_of(message)
    return message.made_id(user_id, at_ms(message, data), data.identifier("gift_id", "gift_name"), items)


def _months(number: int, unit: str) -> int:
    """Pieces of a guard: its months. Another unit (`*3天`) says all by itself, and is one piece."""
    return max(1, number) if unit in ("", _MONTH) else 1


def _web_coins(message: Message, data: Fields, items: int) -> int:
    if data.text("coin_type") == "silver":
        return 0
    box = data.part("blind_gift").number_or_none("original_gift_price")
    if box:
        return box * items
    total = data.number_or_none("total_coin")
    if total is not None:
        return total
    price = _coins(data, "price")
    return _unknown_price(message) if price is None else price * items


def _coins_of_pb(gift: Wire, box: Wire, items: int) -> int:
    if gift.text(8) == "silver":
        return 0
    if box.text(3) or box.number(6):
        return gift.number(6) or box.number(6) * items
    return gift.number(5) * items
