"""The way in and out of both webs: one page, one question, the house's one backend behind it.

What went wrong is never told apart: unknown, wrong, closed, shut out after too many tries all read the same. A refusal by
network is told, since the password was right. Where one was going to is kept, when it is a page of ours. Over plain HTTP
nobody signs in but from this machine and from `[access] plaintext_networks`; others are sent to HTTPS.
"""

import ipaddress

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from mailplatform.access import web_sessions
from mailplatform.access.authenticate import authenticate
from mailplatform.access.values import WEB
from mailplatform.directory import accounts
from mailplatform.runtime.addresses import network, within
from mailplatform.runtime.errors import AuthenticationFailed, PolicyRefused, SignInRefused, TemporarilyUnavailable
from mailplatform.ui.context import THEME_COOKIE, THEMES
from mailplatform.ui.forms import Form
from mailplatform.ui.middleware.session import Web, clear_cookie, set_cookie

_YEAR = 365 * 86400


class SignInForm(Form):
    login = forms.CharField(
        label=_("E-mail address"),
        max_length=320,
        error_messages={"required": _("Write your e-mail address.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "inputmode": "email", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=4000,
        strip=False,
        error_messages={"required": _("Write your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    web: Web = request.web  # type: ignore[attr-defined]
    after = _after(request)
    if not _may_send_passwords(request, web.client_address):
        return _to_tls(request)
    if request.method == "GET":
        if web.identity is not None:
            return HttpResponseRedirect(after)
        form = SignInForm()
        form.fields["login"].widget.attrs["autofocus"] = True
        return _page(request, form, after)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _page(request, form, after, 422)
    try:
        identity = authenticate(
            form.cleaned_data["login"],
            form.cleaned_data["password"],
            protocol=WEB,
            client_address=web.client_address,
        )
    except AuthenticationFailed:
        words = gettext(
            "The address or the password is not right. After several wrong tries the door stays shut for a while; "
            "then wait a few minutes and try again."
        )
        return _refused(request, form, words, after, 403)
    except SignInRefused:
        words = gettext("Sign-in from this network is not allowed for this account. Whoever administers it can say from where.")
        return _refused(request, form, words, after, 403)
    except PolicyRefused as error:
        return _refused(request, form, error.public, after, 403)
    except TemporarilyUnavailable:
        return _refused(request, form, gettext("Too many people are signing in just now. Try again in a moment."), after, 503)
    if web.visit is not None:
        web_sessions.end(web.visit.id)  # a new key for a new sign-in
    key = web_sessions.begin(identity, client_address=web.client_address, client=request.headers.get("User-Agent", ""))
    response = HttpResponseRedirect(after)
    set_cookie(request, response, key)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and identity.account_id is not None:
        own = accounts.find_account(identity.account_id).language  # what they chose; else the browser knows better
        if own:
            _remember(request, response, settings.LANGUAGE_COOKIE_NAME, own)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    web: Web = request.web  # type: ignore[attr-defined]
    if web.visit is not None:
        web_sessions.end(web.visit.id)
    response = HttpResponseRedirect(reverse("ui:sign-in") + "?out=1")
    clear_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Language and look, kept in cookies: they concern nobody but this browser."""
    response = HttpResponseRedirect(_after(request))
    if (language := request.POST.get("language", "")) in dict(settings.LANGUAGES):
        _remember(request, response, settings.LANGUAGE_COOKIE_NAME, language)
    if (theme := request.POST.get("theme", "")) in THEMES:
        _remember(request, response, THEME_COOKIE, theme)
    return response


def _remember(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure())


def _after(request: HttpRequest) -> str:
    """The page to go on to: the one that was wanted, when it is ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else "/"


def _may_send_passwords(request: HttpRequest, address: str) -> bool:
    if request.is_secure() or ipaddress.ip_address(address).is_loopback:
        return True
    return within(address, [network(text) for text in settings.SITE.access.plaintext_networks])


def _to_tls(request: HttpRequest) -> HttpResponse:
    host = request.get_host().rpartition(":")[0] or request.get_host()
    port = next(way.port for way in settings.SITE.listeners()["web"] if way.tls == "implicit")
    return HttpResponseRedirect(f"https://{host}{'' if port == 443 else f':{port}'}{request.get_full_path()}")


def _refused(request: HttpRequest, form: SignInForm, words: str, after: str, status: int) -> HttpResponse:
    form.add_error(None, words)
    form.fields["password"].widget.attrs["autofocus"] = True
    return _page(request, form, after, status)


def _page(request: HttpRequest, form: SignInForm, after: str, status: int = 200) -> HttpResponse:
    if form.is_bound:
        form.mark()
    out = bool(request.GET.get("out"))
    context = {"form": form, "next": after, "title": gettext("Sign in"), "out": out, "host": settings.SITE.hostname}
    return render(request, "ui/sign_in.html", context, status=status)
