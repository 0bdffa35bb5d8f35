"""What a reader of a page sees in the place of its HTML: entities are the characters that they name, tags are nothing.

Feeds deliver texts as they stand in a page, and people break a word up by what the page does not show:

    全网&#26368;&#20302;价        全网最低价
    全网<em class="x">最</em>低   全网最低
    two&nbsp;weeks<br>more        two weeks more

Only what is HTML goes: `a < b`, `<3` and `<user>` stay. BBCode goes where a tag of it is closed again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

MAX_ESCAPES = 4
"""So often is a text read: `&amp;lt;b&amp;gt;` is `&lt;b&gt;` after the first time, and a tag after the second."""

_BREAKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl",
        "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "summary",
        "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    }
)  # fmt: skip
"""Elements that begin on a line of their own: a blank stands for them."""
_ELEMENTS = _BREAKS | frozenset(
    {
        "a", "abbr", "acronym", "audio", "b", "bdi", "bdo", "big", "body", "button", "canvas", "cite", "code",
        "col", "data", "del", "dfn", "dialog", "em", "embed", "font", "frame", "head", "html", "i", "iframe",
        "img", "input", "ins", "kbd", "label", "link", "map", "mark", "marquee", "meta", "meter", "noscript",
        "object", "output", "picture", "progress", "q", "rp", "rt", "ruby", "s", "samp", "script", "select",
        "slot", "small", "source", "span", "strike", "strong", "style", "sub", "sup", "svg", "template",
        "textarea", "time", "title", "track", "tt", "u", "var", "video", "wbr",
    }
)  # fmt: skip
_ATTRIBUTES = r"""(?:\s++[a-z_:@][\w.:\-]{0,60}+\s*+=\s*+(?:"[^"<]{0,2000}+"|'[^'<]{0,2000}+'|[^\s"'<>`]{1,2000}+))*+"""
_MARKUP = re.compile(
    r"&(?:#\d{1,7}+;?|#x[0-9a-f]{1,6}+;?|[a-z][a-z0-9]{1,30}+;|(?:amp|lt|gt|quot|nbsp)(?![a-z0-9=]))"
    r"|<!--.{0,300}?-->|<!\[cdata\[|\]\]>|<[!?](?:doctype|xml)[^<>]{0,300}+>"
    rf"|<(?P<end>/?)(?P<tag>[a-z][a-z0-9:\-]{{0,30}}+){_ATTRIBUTES}\s*+/?>"
    r"|\[(?P<code_end>/?)(?P<code>[a-z]{1,10}+)(?:=[^\[\]\n]{0,200}+)?\]",
    re.IGNORECASE | re.DOTALL,
)
_CLOSED = re.compile(r"</([a-z][a-z0-9:\-]{0,30}+)\s*+>|\[/([a-z]{1,10}+)\]", re.IGNORECASE)

pattern = _MARKUP


def may_hold_markup(text: str) -> bool:
    """Whether any of the signs occurs that HTML cannot do without."""
    return "&" in text or "<" in text or "[/" in text


def as_seen(text: str) -> Callable[[re.Match[str]], str]:
    """What stands for each match of `pattern` in a text."""
    closed = {name.lower() for match in _CLOSED.finditer(text) for name in match.groups() if name}

    def seen(match: re.Match[str]) -> str:
        if match[0].startswith("&"):
            return html.unescape(match[0])
        if match["code"] is not None:
            return "" if match["code_end"] or match["code"].lower() in closed else match[0]
        if match["tag"] is None:
            return ""
        name = match["tag"].lower()
        if name not in _ELEMENTS and name not in closed:
            return match[0]
        return " " if name in _BREAKS else ""

    return seen
