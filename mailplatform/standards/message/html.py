"""HTML to the text a reader sees, well enough to search it and to preview it. Not for showing: that is sanitising, and elsewhere.

Standards: HTML Living Standard §13.1 (raw text elements, comments, character references), loosely.
Invariants: any text gives text; linear; nothing of script, style, title, comments and attributes remains.
Known gaps: hidden elements are not known for hidden; an image's alternative text is left out.
"""

from __future__ import annotations

import re
from html import unescape

from mailplatform.standards.message.decode import clean

# What is dropped with its content, or is a comment; then every other tag. An unclosed tag runs to the end.
_UNSEEN = re.compile(r"<(?:!--|(script|style|title|template)\b[^>]*+>?)", re.I)
_CLOSERS = {name: re.compile(rf"</{name}\b[^>]*+>?", re.I) for name in ("script", "style", "title", "template")}
_TAG = re.compile(r"<(?=[!?/a-zA-Z])/?([a-zA-Z0-9]*+)[^>]*+>?")
_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "div", "dl", "dt", "fieldset",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre",
    "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_PARTING = _BREAKS | {name.upper() for name in _BREAKS}


def to_text(html: str) -> str:
    """The readable text, words apart where elements part them, single spaces throughout."""
    text = _TAG.sub(_between, _seen(html) if _UNSEEN.search(html) else html)
    if "&" in text:
        text = clean(unescape(text))
    return " ".join(text.split())


def _between(tag: re.Match[str]) -> str:
    return " " if tag[1] in _PARTING else ""


def _seen(html: str) -> str:
    """Without comments, scripts, styles and titles."""
    out: list[str] = []
    unclosed: set[str] = set()
    at, end = 0, len(html)
    while at < end:
        found = _UNSEEN.search(html, at)
        if found is None:
            break
        out.append(html[at : found.start()])
        at = found.end()
        if found[1] is None:
            close = html.find("-->", at)
            at = end if close < 0 else close + 3
            continue
        word = found[1].lower()
        closer = None if word in unclosed else _CLOSERS[word].search(html, at)
        if closer is not None:
            at = closer.end()
        else:
            unclosed.add(word)  # without its end tag the rest is text: a broken mail is better found than lost
    out.append(html[at:])
    return "".join(out)
