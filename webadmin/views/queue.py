"""The queue: what waits to be delivered, why, until when, and what people do about it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from mailplatform.mailflow import upkeep
from mailplatform.runtime.errors import Malformed, NotFound
from mailplatform.transport import queue
from mailplatform.transport.queue import Chosen
from mailplatform.transport.visible import waiting_for
from mailplatform.ui.middleware.session import Undo
from webadmin.tables.queue import QueueFilter, QueueTable
from webadmin.views.base import Admin, AskPage, ListPage

MOST = 1000
"""Items that one press of a button is about; more are done by pressing again, or by `manage.py queue`."""
GROUPS = 5


class Queue(ListPage):
    title, here, icon = _("Queue"), "queue", "queue"
    lead = _("What is on its way and not there yet. Each message is tried again by itself until it arrives or is given up.")
    template_name = "webadmin/queue.html"
    table_class, filter_class = QueueTable, QueueFilter
    empty, empty_lead = _("Nothing waits"), _("Every message has arrived or was given back to its sender.")

    def rows(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = waiting_for(self.identity).values(*QueueTable.fields)
        return rows

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return [row | {"reason": row["hold_reason"] or row["last_reply"], "under": _under(row)} for row in rows]

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(reasons=self._reasons() if more.get("page") and more["page"].rows else (), **more)

    def _reasons(self) -> list[dict[str, Any]]:
        """Where the most of it waits, and what was said there last."""
        waiting = waiting_for(self.identity).filter(attempts__gt=0).order_by()
        grouped = waiting.values("destination", "last_reply").annotate(count=Count("pk")).order_by("-count", "destination")
        return [dict(row) for row in grouped[:GROUPS] if row["last_reply"]]


def _under(row: Mapping[str, Any]) -> str:
    """Where to, when the address does not say it."""
    return (
        ""
        if row["forward_path"].lower().endswith("@" + row["destination"]) or row["transport"] == "local"
        else row["destination"]
    )


class Act(Admin):
    """What the buttons do: at once where it can be taken back, after a question where it cannot."""

    here = "queue"

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("webadmin:queue"))

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        back = reverse("webadmin:queue") + ("?" + request.POST["list"] if request.POST.get("list") else "")
        ids = chosen_ids(request.POST, self.identity)
        if not ids:
            self.web.say(gettext("Choose something first: tick what it is about, or all that fit."), kind="problem")
            return HttpResponseRedirect(back)
        what = request.POST.get("do", "")
        if what == "delete":
            return HttpResponseRedirect(f"{reverse('webadmin:queue-delete')}?ids={packed(ids)}")
        story = request.POST.get("from", "")
        back = reverse("webadmin:message", args=[story]) if story.isalnum() else back
        try:
            self._do(what, ids)
        except NotFound:
            self.web.say(gettext("Nothing of that waits any more, or it is under way just now."), kind="problem")
        return HttpResponseRedirect(back)

    def _do(self, what: str, ids: Sequence[int]) -> None:
        chosen = Chosen(ids=tuple(map(str, ids)), seen_by=self.identity)
        here = reverse("webadmin:queue-act")
        match what:
            case "retry":
                done = queue.retry(chosen, actor=self.web.actor)
                upkeep.wake()
                words = ngettext("%(count)d message is tried now.", "%(count)d messages are tried now.", done)
                self.web.say(words % {"count": done})
            case "hold":
                why = self.request.POST.get("why", "").strip()[:200]
                done = queue.hold(chosen, why, actor=self.web.actor)
                words = ngettext("%(count)d message is held.", "%(count)d messages are held.", done)
                self.web.say(words % {"count": done}, Undo(here, {"do": "release", "id": joined(ids)}))
            case "release":
                done = queue.release(chosen, actor=self.web.actor)
                upkeep.wake()
                words = ngettext("%(count)d message is let go.", "%(count)d messages are let go.", done)
                self.web.say(words % {"count": done}, Undo(here, {"do": "hold", "id": joined(ids)}))
            case _:
                raise Malformed(gettext("do: what should be done?"), subject="do")


class DeleteItems(AskPage):
    here = "queue"
    submit = _("Take out of the queue")

    def prepare(self) -> None:
        ids = unpacked(self.request.GET.get("ids", ""))
        self.found = list(waiting_for(self.identity).filter(pk__in=ids).values("pk", "forward_path", "message__trace_id")[:MOST])
        if not self.found:
            raise NotFound(gettext("id: nothing of that waits any more"), subject="id")

    def page_title(self) -> str:
        if len(self.found) == 1:
            return gettext("Take the message to %(recipient)s out of the queue?") % {"recipient": self.found[0]["forward_path"]}
        return gettext("Take %(count)d messages out of the queue?") % {"count": len(self.found)}

    def consequences(self) -> Iterable[str]:
        yield gettext("It will not be delivered, and the sender is not told.")
        shown = [row["forward_path"] for row in self.found[:5]]
        if len(self.found) > 1:
            more = len(self.found) - len(shown)
            yield gettext("Recipients: %(names)s") % {"names": ", ".join(shown)} + (
                " " + gettext("and %(count)d more") % {"count": more} if more else ""
            )
        yield gettext("The trace keeps what happened to it so far.")

    def back_url(self) -> str:
        return reverse("webadmin:queue")

    def act(self, sent: dict[str, Any]) -> str:
        chosen = Chosen(ids=tuple(str(row["pk"]) for row in self.found), seen_by=self.identity)
        done = queue.delete(chosen, actor=self.web.actor)
        words = ngettext("%(count)d message is taken out.", "%(count)d messages are taken out.", done)
        self.web.say(words % {"count": done})
        return self.back_url()


def chosen_ids(sent: QueryDict, identity: Any) -> list[int]:
    """What was ticked, or all that fit the list they were ticked in; only what waits and is theirs."""
    waiting = waiting_for(identity)
    if sent.get("all"):
        fitting = QueueFilter(QueryDict(sent.get("list", "")), queryset=waiting).qs
        return list(fitting.order_by("pk").values_list("pk", flat=True)[:MOST])
    return list(waiting.filter(pk__in=_numbers(",".join(sent.getlist("id")))).values_list("pk", flat=True))


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",") if one.isdigit() and len(one) < 19][:MOST]


def joined(ids: Iterable[int]) -> str:
    return ",".join(map(str, ids))


def packed(ids: Iterable[int]) -> str:
    """Many in one URL, which may have 8190 octets: each as what it is more than the one before, in hexadecimal."""
    before, found = 0, []
    for number in sorted(ids):
        found.append(f"{number - before:x}")
        before = number
    return ".".join(found)


def unpacked(text: str) -> list[int]:
    """The same ids; none where it is not such a text."""
    try:
        steps = [int(step, 16) for step in text.split(".")[:MOST] if len(step) < 16]
    except ValueError:
        return []
    return [number for number in accumulate(steps) if 0 < number < 2**63]
