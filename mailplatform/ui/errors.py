"""What a page says when there is none: the house's errors as HTTP statuses, and a page in words for each.

Anything that is not an error of the house is a bug: logged with a number that the page shows, so that whoever reports it
and whoever reads the log speak of the same thing.
"""

import logging
import secrets
from collections.abc import Mapping

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext, override

from mailplatform.runtime import errors
from mailplatform.runtime.database import close_connection, lost, unavailable
from mailplatform.runtime.errors import MailError
from mailplatform.ui.middleware.origin import Answer

log = logging.getLogger(__name__)

STATUS: Mapping[type[MailError], int] = {
    MailError: 400,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.NotPermitted: 403,
    errors.AuthenticationFailed: 403,
    errors.OverQuota: 507,
    errors.TooLarge: 413,
    errors.LimitReached: 429,
    errors.SendingLimitReached: 429,
    errors.Conflict: 409,
    errors.Malformed: 400,
    errors.BadMessage: 400,
    errors.TemporarilyUnavailable: 503,
    errors.StorageFull: 507,
    errors.PolicyRefused: 403,
    errors.SignInRefused: 403,
}


class ErrorPages:
    """Turns what a view raised into its page. The language of a request ends with it: threads serve many people."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with override(get_language()):
            return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (OperationalError, InterfaceError)) and lost(error):
            close_connection()
            error = unavailable(error)
        if not isinstance(error, MailError):
            return None
        if error.private:
            log.info("%s %s: %s", request.method, request.path, error)
        return refused(request, error)


def refused(request: HttpRequest, error: MailError) -> HttpResponse:
    """The page of an error of the house."""
    status = STATUS.get(type(error), 400)
    match status:
        case 404:
            return not_found(request)
        case 403:
            return _page(request, 403, gettext("You may not see this"), error.public)
        case 503:
            words = gettext("The database cannot be reached, or is very busy. Nothing was changed; try again in a moment.")
            return _page(request, 503, gettext("Not available just now"), words)
    return _page(request, status, gettext("This cannot be done"), error.public)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    words = gettext("It does not exist, or it is not yours to see. It may have been removed since the list was shown.")
    return _page(request, 404, gettext("There is nothing here"), words)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, gettext("You may not see this"), gettext("Your account has no right to this page."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, gettext("This request was not understood"), gettext("Go back and try again."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    words = gettext("The page you sent had expired, or your browser sends no cookies. Nothing was changed; load the page anew.")
    return _page(request, 403, gettext("This form is not valid any more"), words)


def failed(request: HttpRequest) -> HttpResponse:
    number = secrets.token_hex(4)
    log.error("%s %s failed, incident %s", request.method, request.path, number, exc_info=True)
    words = gettext("This is a fault of the software. It is in the log as incident %(number)s.") % {"number": number}
    return _page(request, 500, gettext("Something went wrong"), words)


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    return render(request, "ui/error.html", {"status": status, "title": title, "words": words}, status=status)
