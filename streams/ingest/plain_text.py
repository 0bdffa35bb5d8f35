"""Texts that come as HTML, as people read them: without tags, links whole, a line a paragraph."""

import re
from html import unescape

_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style|head|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:[a-zA-Z/!?][^<>]*)>")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r"\s*\n\s*")
MAX_HTML_CHARS = 200_000


def plain_text(html: str) -> str:
    """The text of a piece of HTML; of one that is very long, of its beginning."""
    text = _UNSEEN.sub(" ", html[:MAX_HTML_CHARS])
    text = _TAG.sub("", _BREAK.sub("\n", text))
    return _LINES.sub("\n", _SPACES.sub(" ", unescape(text))).strip()
