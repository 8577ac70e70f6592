"""HTML to the text a reader sees, well enough to search it and to preview it. Not for showing: that is sanitising, and elsewhere.

Standards: HTML Living Standard §13.1 (raw text elements, comments, character references), loosely.
Invariants: any text gives text; linear; nothing of script, style, title, comments and attributes remains.
Known gaps: hidden elements are not known for hidden; an image's alternative text is left out.
"""

from __future__ import annotations

import re
from html import unescape

from mailplatform.standards.message.decode import clean

_MARKUP = re.compile(r"<(?=[!?/a-zA-Z])")
_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,12})")
_SPACES = re.compile(r"\s+")
_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt", "fieldset",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_DROPPED = {name: re.compile(rf"</{name}\b[^>]*+>?", re.I) for name in ("script", "style", "title", "template")}


def to_text(html: str, enough: int = 0) -> str:
    """The readable text, words apart where elements part them, single spaces throughout; about its first `enough` characters."""
    out: list[str] = []
    unclosed: set[str] = set()
    at, end, room = 0, len(html), enough or len(html) + 1
    while at < end:
        found = _MARKUP.search(html, at)
        if found is None:
            break
        start = found.start()
        if start > at:
            out.append(html[at:start])
            if not out[-1].isspace():
                room -= start - at
                if room <= 0:
                    at = end
                    break
        if html.startswith("<!--", start):
            close = html.find("-->", start + 4)
            at = end if close < 0 else close + 3
            continue
        close = html.find(">", start)
        at = end if close < 0 else close + 1
        name = _NAME.match(html, start + 1)
        word = name[1].lower() if name else ""
        if word in _BREAKS:
            out.append(" ")
        elif word in _DROPPED and word not in unclosed and html[start + 1] != "/":
            closer = _DROPPED[word].search(html, at)
            if closer is not None:
                at = closer.end()
            else:
                unclosed.add(word)  # without its end tag the rest is text: a broken mail is better found than lost
    out.append(html[at:])
    text = "".join(out)
    if "&" in text:
        text = clean(unescape(text))
    return _SPACES.sub(" ", text).strip()
