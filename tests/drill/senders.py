"""Senders of a drill: each message once, by SMTP or by APPEND, at its appointed time, whatever breaks."""

import contextlib
import smtplib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.drill.ledger import Attempt, Ledger, Told
from tests.support.clients.imap import Imap, quoted
from tests.support.clients.imap_answers import AnswerError
from tests.support.messages import a_message

PATIENCE_SECONDS = 120.0  # how long a sender looks for a door
TIMEOUT = 30.0

Where = Callable[[], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Errand:
    """One message of the drill. recipients: what RCPT names; accounts: where it must be then."""

    due: float  # monotonic
    message_id: str
    recipients: tuple[str, ...]
    accounts: tuple[str, ...]
    size: int

    def content(self) -> bytes:
        return a_message(message_id=self.message_id, subject=self.message_id, to=self.recipients[0], size=self.size)


class Sender(threading.Thread):
    """Runs its errands one after the other over a connection that it opens anew when it broke."""

    way = ""

    def __init__(self, errands: Sequence[Errand], where: Where, ledger: Ledger) -> None:
        super().__init__(daemon=True)
        self.errands, self.where, self.ledger = errands, where, ledger

    def run(self) -> None:
        for errand in self.errands:
            time.sleep(max(0.0, errand.due - time.monotonic()))
            told, detail = self._send(errand)
            self.ledger.add(Attempt(errand.message_id, errand.accounts, self.way, told, detail))
        self.hang_up()

    def _send(self, errand: Errand) -> tuple[Told, str]:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.connect(errand)
                break
            except (OSError, smtplib.SMTPException, AnswerError) as error:
                self.hang_up()
                if time.monotonic() > until:
                    return Told.UNSENT, repr(error)
                time.sleep(0.05)
        try:
            return self.send(errand)
        except (OSError, smtplib.SMTPException, AnswerError) as error:
            self.hang_up()
            return Told.UNKNOWN, repr(error)

    def connect(self, errand: Errand) -> None:
        raise NotImplementedError

    def send(self, errand: Errand) -> tuple[Told, str]:
        raise NotImplementedError

    def hang_up(self) -> None:
        raise NotImplementedError


class SmtpSender(Sender):
    way = "smtp"
    _smtp: smtplib.SMTP | None = None

    def connect(self, errand: Errand) -> None:
        if self._smtp is None:
            host, port = self.where()
            self._smtp = smtplib.SMTP(host, port, local_hostname="drill.client.test", timeout=TIMEOUT)
            self._smtp.ehlo()

    def send(self, errand: Errand) -> tuple[Told, str]:
        smtp = self._smtp
        assert smtp is not None
        replies = [smtp.mail("sender@outside.example")]
        replies += [smtp.rcpt(recipient) for recipient in errand.recipients]
        refused = [reply for reply in replies if reply[0] != 250]
        if refused:
            smtp.rset()
            return Told.REFUSED, "{} {!r}".format(*refused[0])
        code, text = smtp.data(errand.content())
        return (Told.ACKNOWLEDGED if code == 250 else Told.REFUSED), f"{code} {text!r}"

    def hang_up(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


class AppendSender(Sender):
    way = "append"
    _imap: Imap | None = None
    _account = ""
    password = ""

    def connect(self, errand: Errand) -> None:
        account = errand.accounts[0]
        if self._imap is not None and self._account != account:
            self.hang_up()
        if self._imap is None:
            host, port = self.where()
            self._imap = Imap.connect(host, port, timeout=TIMEOUT, plus=True)
            self._imap.login(account, self.password)
            self._account = account

    def send(self, errand: Errand) -> tuple[Told, str]:
        assert self._imap is not None
        outcome = self._imap.command("APPEND", quoted("INBOX"), "(\\Seen)", errand.content())
        return (Told.ACKNOWLEDGED if outcome.status == "OK" else Told.REFUSED), f"{outcome.status} {outcome.text}"

    def hang_up(self) -> None:
        if self._imap is not None:
            with contextlib.suppress(OSError):
                self._imap.close()
            self._imap = None
