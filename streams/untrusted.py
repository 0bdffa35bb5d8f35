"""A stranger's text on one line of ours: names, comments and summaries come from feeds, and no display may obey them.

The console's pages have the same rule in TypeScript (`plain` in dashboards/console/web/src/format.ts).
"""

import unicodedata

MAX_CHARS = 300
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's control, format, surrogate, private and unassigned characters; its line and paragraph separators."""


def one_line(text: str, max_chars: int = MAX_CHARS) -> str:
    """At most `max_chars` characters, each hidden one as "�": no line break, escape or bidi override is left. A text
    that is longer ends with "…".

    What a format's own markup (HTML, Markdown, rich) could make of the text is that format's to escape.
    """
    kept = text if len(text) <= max_chars else text[: max_chars - 1] + "…"
    return "".join("�" if unicodedata.category(char) in HIDDEN else char for char in kept)
