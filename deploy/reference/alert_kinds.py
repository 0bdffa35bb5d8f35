"""The page of alert kinds."""

from deploy.reference.markdown import code, table
from streams.alerts.kinds import KINDS


def alert_kinds() -> str:
    rows = [
        (
            code(kind.id), f"{kind.en} · {kind.zh}", code(kind.prometheus), code(kind.key_figure or ""),
            code(kind.route), f"[{kind.runbook}](../../dashboards/runbooks/{kind.runbook})",
        )
        for kind in KINDS.values()
    ]  # fmt: skip
    return (
        "# Alert kinds\n\nDeclared in `streams/alerts/kinds.py`. The route is a warning's; `critical` goes to on-call"
        " as well, `info` to the digest.\n\n"
        + table(("kind", "words", "in Prometheus", "key figure of `observed`", "route", "runbook"), rows)
    )
