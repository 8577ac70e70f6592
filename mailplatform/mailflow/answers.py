"""Automatic answers, made: what an arrival recorded becomes a message, which takes the common road of our own mail (inject).

Standards: RFC 3834 §3 and §4 (from the null path, to the reverse-path of what is answered). The local agent makes them, soon
after the arrival's commit; each in one transaction with the word that it is made, so that a crash doubles none and loses none.
Inside and outside read different texts where there are some, each in the reader's language; a text of ours where the account
wrote none. An account gives so many answers in a day ([agent] answers_per_day): a flood under forged senders is not passed on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings

from mailplatform.delivery import answers, autoresponders
from mailplatform.delivery.values import DueAnswer, Silence, Words
from mailplatform.directory import accounts, languages
from mailplatform.directory.accounts import AccountInfo
from mailplatform.directory.values import AccountState, Language
from mailplatform.mailflow import arrivals, inject
from mailplatform.mailflow.languages import of_reader
from mailplatform.mailflow.units import Unit
from mailplatform.runtime.errors import Conflict, MailError, NotFound
from mailplatform.standards.message.automatic import Automatic, compose
from mailplatform.trace import record
from mailplatform.trace.events import Code
from mailplatform.trace.record import EventRow

log = logging.getLogger(__name__)

_UNITS = UUID("8c0b7c35-3a62-4a8e-9f6b-0a5cbb9f7d10")
_SOME = 100
_DAY = timedelta(days=1)
SUBJECTS: Mapping[Language, str] = {Language.ENGLISH: "Auto: {subject}", Language.ITALIAN: "Risposta automatica: {subject}"}
WITHOUT_SUBJECT: Mapping[Language, str] = {Language.ENGLISH: "Automatic answer", Language.ITALIAN: "Risposta automatica"}
TEXTS: Mapping[Language, str] = {
    Language.ENGLISH: "Thank you for your message. I am away at the moment and will answer when I am back.\n\n"
    "This is an automatic answer.",
    Language.ITALIAN: "Grazie per il messaggio. Al momento non sono in sede e risponderò al mio rientro.\n\n"
    "Questa è una risposta automatica.",
}


def make(now: datetime, end: float) -> int:
    """Make what is due, until nothing is or the time (monotonic) is over; how many answers."""
    made, after = 0, 0
    while time.monotonic() < end and (found := answers.due(after=after, limit=_SOME)):
        after = found[-1].id
        given: dict[int, int] = {}
        for one in found:
            try:
                unit = _unit(one, now, given)
                if unit is not None:
                    arrivals.put(unit).result(60)
                    made += 1
            except Conflict:
                pass  # somebody else has made it
            except (MailError, TimeoutError) as error:
                log.warning("%s: the answer waits for the next time: %s", one.trace_id, error)
    return made


def _unit(due: DueAnswer, now: datetime, given: dict[int, int]) -> Unit | None:
    """The answer, or None when it is not given after all; that is written down then."""
    try:
        account = accounts.find_account(due.account_id)
    except NotFound:
        account = None
    if account is None or account.state != AccountState.ACTIVE or not autoresponders.is_on(due.account_id, now):
        answers.drop([due.id])  # turned off meanwhile
        return None
    most = int(settings.SITE.agent.answers_per_day)
    if due.account_id not in given:
        given[due.account_id] = answers.given(due.account_id, now - _DAY, limit=most)
    if given[due.account_id] >= most:
        answers.drop([due.id])
        record.write(silent(due.trace_id, due.account_id, due.sender, Silence.LIMIT))
        return None
    given[due.account_id] += 1
    trace_id = inject.new_trace_id(now)
    language, subject, text = _words(due, now)
    content = compose(
        Automatic(
            author=due.address,
            name=account.name,
            to=due.sender,
            subject=subject,
            text=text,
            language=language,
            message_id=f"<{trace_id}@{_domain(account)}>",
            at=now,
            answers=due.message_id,
            references=due.references,
        )
    )
    params = {"account": due.account_id, "address": due.address, "sender": due.sender, "language": language, "answer": trace_id}
    return inject.inject(
        content,
        [due.sender],
        trace_id=trace_id,
        unit_id=uuid5(_UNITS, f"{due.id}:{due.trace_id}"),
        answered=(due.id,),
        events=[EventRow(due.trace_id, Code.ANSWERED, params)],
        smtputf8=not (due.sender + due.address).isascii(),
    )


def silent(trace_id: str, account_id: int, sender: str, why: Silence) -> EventRow:
    """That a message is not answered, for the trace."""
    return EventRow(trace_id, Code.NOT_ANSWERED, {"account": account_id, "sender": sender, "reason": str(why)})


def _words(due: DueAnswer, now: datetime) -> tuple[Language, str, str]:
    """Language, subject and text for this reader."""
    asked = f"Accept-Language: {due.language}\r\n".encode() if due.language else b""
    wanted = of_reader(due.sender, asked, now)
    written = autoresponders.words_of(due.account_id)
    own = languages.of_accounts([due.account_id]).get(due.account_id, Language.ENGLISH)
    language = _spoken(written, (wanted, own, Language.ENGLISH), wanted)
    words = written.get(language) or Words(language)
    subject = words.subject if due.inside else words.outside_subject or words.subject
    text = words.text if due.inside else words.outside_text or words.text
    if not subject:
        subject = SUBJECTS[language].format(subject=due.subject) if due.subject else WITHOUT_SUBJECT[language]
    return language, subject, text or TEXTS[language]


def _spoken(written: Mapping[str, Words], order: Sequence[Language], otherwise: Language) -> Language:
    """The first of these that the account wrote in; any that it wrote in; else the reader's, for a text of ours."""
    for language in (*order, *(Language(word) for word in sorted(written))):
        if language in written:
            return language
    return otherwise


def _domain(account: AccountInfo) -> str:
    return account.address.rpartition("@")[2]
