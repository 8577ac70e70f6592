"""The kinds of pages there are: a list, a form, a question. Each page of a web is one of them with its rows and its action.

Who may see a page is its first line: not signed in goes to sign-in and comes back, a role without the right gets a page in
words. Rows come from the guarded getters of access, writes go through actions with the actor; a refusal of the house is
said at the field it is about.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views import View

from mailplatform.access.values import Identity
from mailplatform.audit import search as audit
from mailplatform.directory.epoch import changing
from mailplatform.directory.values import Role
from mailplatform.runtime.errors import MailError
from mailplatform.ui import paging, stamps
from mailplatform.ui.errors import refused
from mailplatform.ui.filters import Filter
from mailplatform.ui.forms import Form, Nothing
from mailplatform.ui.middleware.session import Undo, Web
from mailplatform.ui.tables import Table

Text = str | Promise


class Page(View):
    """A page for those signed in with one of `roles`. here: the entry of the navigation it belongs to."""

    roles: ClassVar[Collection[str]] = frozenset(Role)
    template_name = ""
    title: Text = ""
    lead: Text = ""
    here = ""

    web: Web
    identity: Identity

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        self.web = request.web  # type: ignore[attr-defined]
        identity = self.web.identity
        if identity is None:
            return to_sign_in(request)
        self.identity = identity
        if identity.role not in self.roles:
            return self.shut(request)
        self.prepare()
        return super().dispatch(request, *args, **options)

    def shut(self, request: HttpRequest) -> HttpResponse:
        """What those get who are signed in without the right."""
        words = gettext("Your account has no right to this page.")
        context = {"status": 403, "title": gettext("You may not see this"), "words": words, "identity": self.identity}
        return render(request, "ui/error.html", context, status=403)

    def prepare(self) -> None:
        """Fetch what the page is about, through a guarded getter. Raises NotFound, NotPermitted."""

    def page_title(self) -> Text:
        return self.title

    def trail(self) -> Iterable[tuple[Text, str]]:
        """Where the page stands: (words, URL) of what is above it."""
        return ()

    def tabs(self) -> Iterable[tuple[Text, str, bool]]:
        """Pages beside this one: (words, URL, whether it is this one)."""
        return ()

    def context(self, **more: Any) -> dict[str, Any]:
        return {
            "view": self,
            "identity": self.identity,
            "title": self.page_title(),
            "lead": self.lead,
            "trail": list(self.trail()),
            "tabs": list(self.tabs()),
            **more,
        }

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        return render(self.request, self.template_name, self.context(**more), status=status)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Off to sign-in, and back to this page after it; a part of a page that is fetched takes the whole page along."""
    wanted = request.get_full_path() if request.method == "GET" else ""
    if request.headers.get("HX-Request"):
        wanted = request.headers.get("HX-Current-URL", "")
        where = f"{reverse('ui:sign-in')}?{urlencode({'next': _path(wanted)})}"
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    query = f"?{urlencode({'next': wanted})}" if wanted and wanted != "/" else ""
    return HttpResponseRedirect(reverse("ui:sign-in") + query)


def _path(url: str) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2] if "://" in url else url


class ListPage(Page):
    """Many things: a table, narrowed and sorted in the URL, page by page.

    rows: a guarded getter's query set. records: the rows of one page as mappings, with what else the table shows.
    """

    template_name = "ui/list.html"
    table_class: type[Table]
    filter_class: type[Filter] | None = None
    per_page = paging.PER_PAGE
    add: tuple[str, Text] | None = None
    empty: Text = ""
    empty_lead: Text = ""

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def records(self, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        return rows

    def may_add(self) -> bool:
        return self.add is not None

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        chosen = self.filter_class(request.GET, queryset=self.rows(), request=request) if self.filter_class else None
        rows = chosen.qs if chosen is not None else self.rows()
        sort = self.sort(request.GET.get("sort", ""))
        page = paging.numbered(rows.order_by(*self.order(sort)), request.GET.get("page", ""), self.per_page)
        table = self.table_class(self.records(page.rows), request=None)
        add = (reverse(self.add[0]), self.add[1]) if self.add and self.may_add() else None
        narrowed = chosen is not None and chosen.active
        return self.show(table=table, page=page, filter=chosen, sort=sort, add_link=add, narrowed=narrowed)

    def sort(self, asked: str) -> str:
        """The column to sort by, "-" before it for descending; one that is not sorted by is the default."""
        return asked if asked.removeprefix("-") in self.table_class.orders else self.table_class.default_order

    def order(self, sort: str) -> list[str]:
        fields = self.table_class.orders.get(sort.removeprefix("-"), ())
        turned = [one.removeprefix("-") if one.startswith("-") else f"-{one}" for one in fields]
        return [*(turned if sort.startswith("-") else fields), "pk"]


class FormPage(Page):
    """One thing to fill in. `act` writes what was sent, through an action; where it is a change, only what was changed.

    stamped: the thing exists and others may change it meanwhile (see stamps). subject: its kind and id in the audit.
    """

    template_name = "ui/form.html"
    form_class: type[Form]
    submit: Text = ""
    stamped = False

    def initial(self) -> dict[str, Any]:
        return {}

    def form_options(self) -> dict[str, Any]:
        return {}

    def subject(self) -> tuple[str, int] | None:
        return None

    def act(self, sent: dict[str, Any]) -> str:
        """Do it; the URL to go on to. Raises MailError."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **_: Any) -> HttpResponse:
        initial = self.initial()
        return self.answer(self.form_class(initial=initial, **self.form_options()), initial)

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        form = self.form_class(request.POST, request.FILES or None, **self.form_options())
        if not form.is_valid():
            return self.answer(form, None, status=422)
        try:
            return self.done(self._write(form))
        except _Changed as error:
            return self.answer(form, error.now, status=409, differences=error.told)
        except MailError as error:
            form.refuse(error)
            return self.answer(form, None, status=422)

    def done(self, where: str) -> HttpResponse:
        return HttpResponseRedirect(where)

    def answer(self, form: Form, initial: dict[str, Any] | None, status: int = 200, **more: Any) -> HttpResponse:
        """The page with this form; its stamp is of the values shown, or the one that came."""
        mark = ""
        if form.is_bound:
            form.mark()
        if self.stamped:
            mark = stamps.stamp(self._compared(initial)) if initial is not None else self.request.POST.get(stamps.FIELD, "")
        return self.show(status, form=form, stamp=mark, submit=self.submit or gettext("Save"), **more)

    def _compared(self, initial: Mapping[str, Any]) -> dict[str, Any]:
        return {name: initial.get(name) for name in self.form_class(initial=initial, **self.form_options()).fields}

    def _write(self, form: Form) -> str:
        if not self.stamped:
            return self.act(dict(form.cleaned_data))
        with changing():
            self.prepare()
            now = self._compared(self.initial())
            seen = stamps.read(self.request.POST.get(stamps.FIELD, "")) or stamps.plain(now)
            if others := stamps.differences(seen, now):
                raise _Changed(now, self._told(form, others))
            return self.act(stamps.changed(seen, form.cleaned_data))

    def _told(self, form: Form, others: Sequence[stamps.Difference]) -> dict[str, Any]:
        by = None
        if subject := self.subject():
            last = audit.search(subject_kind=subject[0], subject_id=subject[1], limit=1)
            by = last[0] if last else None
        fields = []
        for one in others:
            field = form.fields[one.field]
            fields.append({"label": field.label, "was": field.prepare_value(one.was), "now": field.prepare_value(one.now)})
        return {"by": by, "fields": fields}


class _Changed(Exception):
    """Somebody else was faster."""

    def __init__(self, now: dict[str, Any], told: dict[str, Any]) -> None:
        self.now, self.told = now, told
        super().__init__()


class AskPage(FormPage):
    """A question before something is done, naming the thing. What can be undone at once says so on the next page.

    consequences: what will be so afterwards, a sentence each.
    """

    template_name = "ui/ask.html"
    form_class: type[Form] = Nothing
    danger = True
    back = ""

    def consequences(self) -> Iterable[Text]:
        return ()

    def back_url(self) -> str:
        return self.back

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        form = self.form_class(request.POST, **self.form_options())
        if not form.is_valid():
            return self.answer(form, None, status=422)
        try:
            return self.done(self.act(dict(form.cleaned_data)))
        except MailError as error:
            if self.form_class is Nothing and error.subject not in form.fields:
                return refused(request, error) if not error.public else self.answer(_with(form, error), None, status=422)
            form.refuse(error)
            return self.answer(form, None, status=422)

    def context(self, **more: Any) -> dict[str, Any]:
        return super().context(consequences=list(self.consequences()), back=self.back_url(), **more)


def _with(form: Form, error: MailError) -> Form:
    form.refuse(error)
    return form


__all__ = ["AskPage", "FormPage", "ListPage", "Page", "Undo", "to_sign_in"]
