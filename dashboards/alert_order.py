"""The order in which every screen lists alerts, so that none hides the gravest behind the newest."""

from collections.abc import Collection, Iterable

from streams.alerts.alert import SEVERITIES, Alert


def gravest_first(alerts: Iterable[Alert], decided: Collection[str] = ()) -> list[Alert]:
    """Firing ones first, of these the gravest, of these the ones that nobody has decided about (`decided` has
    fingerprints), of these the latest. Others by time, the latest first."""
    return sorted(
        alerts,
        key=lambda alert: (
            alert.state == "firing",
            SEVERITIES.index(alert.severity) if alert.state == "firing" else 0,
            alert.state == "firing" and alert.fingerprint not in decided,
            alert.updated_at,
            alert.fingerprint,
        ),
        reverse=True,
    )
