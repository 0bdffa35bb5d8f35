"""An alert in whole sentences: its figures against the usual, one quote, since when, and who decided what.

Figures and quotes come from the alert's record in Redis, which is as it is now; names and texts of feeds lose what no
display should obey.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from streams.alerts.alert import Alert, Evidence
from streams.alerts.wording import counted
from streams.compliance.text_reading import mask
from streams.control.decisions import Decision
from streams.notification.words import Language, family_name, words
from streams.untrusted import one_line

QUOTE_CHARS = 80


@dataclass(frozen=True)
class KnownAlert:
    """What Redis has of an alert."""

    alert: Alert
    decision: Decision | None = None
    """The one in force."""


@dataclass(frozen=True)
class Reader:
    """Who reads the message: in which language, in which zone, when, and how their brands are called."""

    language: Language = "en"
    zone: tzinfo = UTC
    now_ms: int = 0
    brand_label: Callable[[str], str] = one_line
    """What a brand is called, by its id."""

    @property
    def words(self) -> Mapping[str, str]:
        return words(self.language)

    def moment(self, at_ms: int) -> str:
        """A time in the reader's zone, with its date where that is not today's."""
        at, now = (datetime.fromtimestamp(ms / 1000, self.zone) for ms in (at_ms, self.now_ms))
        day = "" if at.date() == now.date() else f"{at:%Y-%m-%d} " if at.year != now.year else f"{at:%m-%d} "
        return f"{day}{at:%H:%M} {zone_name(at)}"


def zone_name(at: datetime) -> str:
    """The offset that holds at a time: UTC, UTC+8, UTC-3:30."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return "UTC" + (f"{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "") if minutes else "")


def sentences(known: KnownAlert, reader: Reader, *, firing: bool) -> list[str]:
    """The sentences about an alert, the most telling first. `firing` is what the receiver is told it does."""
    alert = known.alert
    space = reader.words["space"]
    lines = [space.join(_figures(alert, reader)), _quote(alert, reader), space.join(_times(alert, reader, firing))]
    return [line for line in [*lines, _decided(known.decision, reader)] if line]


def key_sentence(alert: Alert, reader: Reader) -> str:
    """The first sentence about an alert: its figure against the usual; empty for one without figures."""
    return next(_figures(alert, reader), "")


def _figures(alert: Alert, reader: Reader) -> Iterator[str]:
    said, observed, usual, present = reader.words, alert.observed, alert.baseline, alert.present
    match alert.kind:
        case "compliance" | "privacy":
            yield _breach(alert, reader)
        case "room_collapse" if "viewers" in observed:
            yield said["collapse"].format(before=number(usual.get("viewers")), viewers=number(observed["viewers"]))
            if "viewers" in present and alert.state == "firing":
                yield said["collapse_now"].format(viewers=number(present["viewers"]))
        case "fake_traffic" if alert.factors:
            worst = max(alert.factors, key=lambda name: alert.factors[name])
            yield said["fake"].format(share=f"{alert.factors[worst]:.0%}", figure=said.get(worst, worst))
        case "feed_silent" if "quiet_minutes" in observed:
            yield said["silent"].format(
                source=one_line(alert.source or ""),
                minutes=_several("n_minutes", observed["quiet_minutes"], reader),
                gap=_several("n_minutes", usual.get("largest_gap_minutes"), reader),
            )
        case "feed_time" if "offset_minutes" in observed:
            off = observed["offset_minutes"]
            sentence = said["clock_behind" if off > 0 else "clock_ahead"]
            yield sentence.format(source=one_line(alert.source or ""), minutes=_several("n_minutes", abs(off), reader))
        case _ if "texts" in observed:
            yield said["texts"].format(
                texts=_several("n_texts", observed["texts"], reader),
                minutes=_several("n_minutes", alert.window_minutes or 5, reader),
                usual=_several("n_usual", usual["texts"], reader) if "texts" in usual else said["usual_unknown"],
            )
            figure = "positive" if alert.kind == "opportunity" else "harmful"
            if observed.get(figure):
                yield _several("praise" if figure == "positive" else "harm", observed[figure], reader)
            if "texts_per_minute" in present and alert.state == "firing":
                yield said["now"].format(texts_per_minute=number(present["texts_per_minute"]))


def _breach(alert: Alert, reader: Reader) -> str:
    said, observed = reader.words, alert.observed
    if "undisclosed_minutes" in observed:
        return said["undisclosed"].format(
            minutes=_several("n_minutes", observed["undisclosed_minutes"], reader),
            allowed=_several("n_allowed", alert.baseline.get("allowed_minutes"), reader),
        )
    found = next((finding for evidence in alert.evidence for finding in evidence.findings), None)
    family = family_name(alert.family or "", reader.language)
    count = _several("findings", observed.get("findings"), reader)
    if found is None:
        return said["breaches"].format(findings=count, family=family)
    matched, article = one_line(mask(found.matched), QUOTE_CHARS), one_line(found.article, QUOTE_CHARS)
    return said["breach"].format(findings=count, family=family, matched=matched, article=article)


def _quote(alert: Alert, reader: Reader) -> str:
    first: Evidence | None = next((one for one in alert.evidence if one.text.strip()), None)
    said, platform = reader.words, alert.platform or (first.platform if first else None) or ""
    name = said.get(platform, "")
    if first is None:
        return name
    text = mask(first.text).strip()
    shown = one_line(text[: QUOTE_CHARS - 1] + "…" if len(text) > QUOTE_CHARS else text)
    times = said["times"].format(first.count) if first.count > 1 else ""
    return said["quote"].format(text=shown, times=times, platform=name or one_line(platform)).rstrip("–— ")


def _times(alert: Alert, reader: Reader, firing: bool) -> Iterator[str]:
    said, onset = reader.words, reader.moment(alert.started_at)
    if alert.resolved_at is not None:
        yield said["ended_unseen" if firing else "ended"].format(onset=onset, end=reader.moment(alert.resolved_at))
        return
    yield said["began"].format(onset=onset)
    if alert.first_severity not in (None, alert.severity):
        yield said["grew"].format(before=said.get(alert.first_severity or "", ""))
    if alert.calm_since is not None and alert.resolves_at is not None:
        yield said["calm"].format(calm=reader.moment(alert.calm_since), resolves=reader.moment(alert.resolves_at))


def _decided(decision: Decision | None, reader: Reader) -> str:
    if decision is None or decision.verdict not in ("acknowledged", "confirmed", "false_alarm"):
        return ""
    return reader.words[decision.verdict].format(author=one_line(decision.author, 40))


def _several(word: str, value: float | None, reader: Reader) -> str:
    """A figure with its noun or verb, in the form that it takes."""
    return counted(reader.words[word], value, number(value))


def number(value: float | None) -> str:
    """A figure as people read it, with one decimal at most as on the screens; a dash where it is not known."""
    return "–" if value is None else f"{value:,.1f}".removesuffix(".0")
