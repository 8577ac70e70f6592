"""Small things templates need: icons, files, moments, addresses with one part of the query changed."""

from datetime import datetime
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext

from mailplatform.runtime import clock
from mailplatform.ui import assets, sizes

register = template.Library()

register.filter("size", sizes.shown)
register.filter("number", sizes.number)


@register.filter
def meter(used: int | None, limit: int | None) -> SafeString:
    """A bar of bytes used of a limit; the figure alone where there is none."""
    return bar(used or 0, limit)


@register.simple_tag
def meter_of(used: int | None, limit: int | None) -> SafeString:
    """The same for pieces."""
    return bar(used or 0, limit, counts=True)


@register.simple_tag
def badge(words: Any, value: Any) -> SafeString:
    """A word of a closed list (value → text, tone)."""
    text, tone = words.get(value, (value, "plain"))
    return format_html('<span class="badge {}">{}</span>', tone, text)


@register.filter
def before_at(address: str) -> str:
    """The localpart of an address."""
    return address.rpartition("@")[0]


@register.simple_tag
def asset(name: str) -> str:
    return assets.url_of(name)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our drawings, in the colour of the text around it; it says nothing to those who listen."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', assets.url_of("icons.svg"), name
    )


@register.simple_tag(takes_context=True)
def query(context: Any, **changes: Any) -> str:
    """The present query string with these changed; None takes one away."""
    data = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            data.pop(name, None)
        else:
            data[name] = str(value)
    return f"?{data.urlencode()}"


@register.simple_tag(takes_context=True)
def sorting(context: Any, name: str, current: str) -> dict[str, str]:
    """How a column's heading leads on: its link and what it is now (ascending, descending, none)."""
    data = context["request"].GET.copy()
    data.pop("page", None)
    state = {name: "ascending", f"-{name}": "descending"}.get(current, "none")
    data["sort"] = f"-{name}" if state == "ascending" else name
    return {"url": "?" + data.urlencode(), "state": state}


@register.filter
def when(value: datetime | None) -> SafeString:
    """ "3 minutes ago", "in 2 hours" near at hand, the date else; exactly, in UTC, in the title."""
    if value is None:
        return format_html("<span>{}</span>", "–")
    now = clock.now()
    distance = abs((value - now).total_seconds())
    if distance < 60:
        words = gettext("just now")
    elif distance < 86400:
        near = (timesince if value < now else timeuntil)(value, now, depth=1)
        words = (gettext("%(time)s ago") if value < now else gettext("in %(time)s")) % {"time": near}
    else:
        words = formats.date_format(timezone.localtime(value), "DATE_FORMAT")
    exact = value.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, words)


def bar(used: int, limit: int | None, *, counts: bool = False) -> SafeString:
    """A bar with its figures, in bytes or, with `counts`, in pieces; the figures alone where there is no limit."""
    write = sizes.number if counts else sizes.shown
    if limit is None:
        return format_html('<span class="meter-words">{}</span>', write(used))
    percent = 100 if limit == 0 else min(100, round(used * 100 / limit))
    tone = "bad" if percent >= 95 else "warn" if percent >= 80 else "good"
    return format_html(
        '<span class="meter-box"><span class="meter-words">{} <span class="of">/ {}</span></span>'
        '<svg class="meter {}" aria-hidden="true"><rect class="all" width="100%" height="100%"/>'
        '<rect class="part" width="{}%" height="100%"/></svg></span>',
        write(used),
        write(limit),
        tone,
        percent,
    )


@register.filter
def moment(value: datetime | None) -> SafeString:
    """Date and time of day, in UTC."""
    if value is None:
        return format_html("<span>{}</span>", "–")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), value.strftime("%Y-%m-%d %H:%M:%S UTC"))
