"""The page of rule families, from the packs that are shipped."""

from deploy.reference.markdown import code, table
from streams.compliance.loader import PACKS_FOLDER, read_packs
from streams.compliance.pack import Pack


def rule_families() -> str:
    packs = [(path.name, pack) for path, pack in read_packs(PACKS_FOLDER)]
    rows = [
        (
            f"[{pack.family}](#{pack.family})", pack.law, pack.jurisdiction, pack.version, str(len(pack.rules)),
            str(len(pack.timers)), "yes" if pack.checked_by_lawyer else "no",
        )
        for _, pack in packs
    ]  # fmt: skip
    return (
        "# Rule families\n\nRead from `streams/compliance/packs`; the README there says how to write one.\n\n"
        + table(("family", "law", "jurisdiction", "version", "rules", "timers", "checked by a lawyer"), rows)
        + "".join(_family(name, pack) for name, pack in packs)
    )


def _family(file: str, pack: Pack) -> str:
    rules = [
        (code(rule.id), rule.article, rule.severity, ", ".join(rule.kinds), ", ".join(rule.platforms) or "all")
        for rule in pack.rules
    ]
    timers = [
        (code(timer.id), timer.article, timer.severity, f"disclosure within {timer.first_minutes} minutes", "")
        for timer in pack.timers
    ]
    link = f"[{file}](../../streams/compliance/packs/{file})"
    head = ("rule", "article", "severity", "texts", "platforms")
    return f"\n## {pack.family}\n\n{link}\n\n" + table(head, rules + timers)
