"""The tour: what the README claims, each with a line that shows it here, with the ports and accounts of this instance; pure.

A line is a shell command, run in the folder of the code, or a link to open in a browser. The doors and pages that this instance
has decide which lines there are.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SLOW_SECONDS = 10  # after which the sink has taken what it put off twice


@dataclass(frozen=True, slots=True)
class Line:
    """One claim with what shows it. shows: a word that the output has; exit: the command's exit code, when it is not 0."""

    claim: str
    command: str = ""
    link: str = ""
    shows: str = ""
    exit: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """An instance as endpoints.json tells it. pages: name of a page → its path. tag: makes names unique for every tour."""

    home: Path
    manage: str
    endpoints: Mapping[str, Any]
    pages: Mapping[str, str]
    tag: str

    def port(self, role: str, tls: str = "") -> int:
        """The port of a role, with this TLS where it has several; 0 when it does not listen."""
        ways = [way for way in self.endpoints["listeners"].get(role, []) if not tls or way["tls"] == tls]
        return int(ways[0]["port"]) if ways else 0

    def login(self, address: str) -> str:
        """`address:password` as curl wants it, quoted for a shell."""
        found = next((one["password"] for one in self.endpoints["accounts"] if one["address"] == address), "")
        return shlex.quote(f"{address}:{found}")


def lines(place: Place) -> Iterator[Line]:
    """All of the tour, in the order in which it reads best."""
    for chapter in (_mail_in, _mail_read, _mail_out, _administration, _safety):
        yield from chapter(place)
    yield from _links(place)


def _mail_in(place: Place) -> Iterator[Line]:
    send = _sender(place)
    yield Line("One command started everything, and every door answers.", f"{place.manage} status", shows="answers")
    yield Line(
        "Mail comes in by SMTP, encrypted with STARTTLS; 250 is said after it is on disk.",
        send("me@outside.example", "anna@example.test", "Hello"),
        shows="250 2.0.0",
    )
    yield Line(
        "An alias leads to a mailbox, a group to all of its members.",
        send("me@outside.example", "info@example.test", "By alias")
        + "; "
        + send("me@outside.example", "team@example.test", "To all"),
        shows="250 2.0.0",
    )
    yield Line(
        "Who is not here is refused before the message is sent.",
        send("me@outside.example", "nobody@example.test", "Lost"),
        shows="550 5.1.1",
        exit=55,
    )
    yield Line(
        "Nobody from outside sends through this server to the outside.",
        send("me@outside.example", "you@elsewhere.example", "Relay"),
        shows="550 5.7.1",
        exit=55,
    )
    yield Line(
        "Every message has its story.",
        f"{place.manage} trace --to anna@example.test --from me@outside.example --since 10m",
        shows="placed for anna@example.test",
    )


def _mail_read(place: Place) -> Iterator[Line]:
    fetch = f"curl -sSkv --user {place.login('anna@example.test')} 'imaps://127.0.0.1:{place.port('imap', 'implicit')}/"
    yield Line("IMAP: half a year of mail in folders of her own.", f"{fetch}' 2>&1 | grep LIST", shows="Clienti")
    yield Line(
        "Flags, keywords and envelopes of her inbox.",
        f"{fetch}INBOX' -X 'FETCH 1:9 (FLAGS INTERNALDATE ENVELOPE)' 2>&1 | grep FETCH",
        shows="Answered",
    )
    yield Line(
        "Search looks into every text, attachments' names included.",
        f"{fetch}INBOX' -X 'SEARCH TEXT \"cold morning\"'",
        shows="SEARCH",
    )
    yield Line("A message comes back byte for byte as it came.", f"{fetch}INBOX;MAILINDEX=1' 2>/dev/null", shows="Received:")
    if place.port("pop3", "implicit"):
        url = f"pop3s://127.0.0.1:{place.port('pop3', 'implicit')}/"
        yield Line("The same mailbox by POP3.", f"curl -sSk --user {place.login('bruno@example.test')} '{url}'", shows="1 ")


def _mail_out(place: Place) -> Iterator[Line]:
    anna, manage = "anna@example.test", place.manage
    submit = _sender(place, f"smtp://127.0.0.1:{place.port('submission', 'starttls')}", place.login(anna))
    yield Line(
        "Her people send by submission, signed in and encrypted; a copy lies in Sent.",
        submit(anna, "bruno@example.test", "Lunch"),
        shows="250 2.0.0",
    )
    yield Line(
        "Nobody sends as somebody else.",
        submit("bruno@example.test", "admin@example.test", "Not me"),
        shows="may not send as",
        exit=55,
    )
    if not place.port("sink"):
        return
    slow = f"tour-{place.tag}@slow.test"
    yield Line("slow.test puts everything off twice …", submit(anna, slow, "Patience"), shows="250 2.0.0")
    yield Line(
        "… and is tried again within seconds, until it takes the message.",
        f"sleep {SLOW_SECONDS}; {manage} trace --to {slow}",
        shows="delivered for",
    )
    yield Line("What it took is a file.", f"{manage} store import {place.home / 'sink'} --to {anna}/Archive", shows="imported")
    yield Line("refuse@slow.test is refused for good (550) …", submit(anna, "refuse@slow.test", "Refused"), shows="250 2.0.0")
    find = f"curl -sSk --user {place.login(anna)} 'imaps://127.0.0.1:{place.port('imap', 'implicit')}/INBOX'"
    yield Line("… and the sender is told.", f"sleep 3; {find} -X 'SEARCH SUBJECT \"Not delivered\"'", shows="SEARCH")
    yield Line(
        "The queue says what waits, why, and when it is tried again.",
        f"{manage} queue list --destination full@slow.test; {manage} queue list",
        shows="mailbox is full",
    )
    yield Line("One line tries it now, whatever its time.", f"{manage} queue retry --reason 'mailbox is full'", shows="tried now")


def _administration(place: Place) -> Iterator[Line]:
    manage, domain = place.manage, f"tour-{place.tag}.test"
    yield Line("A domain is one line,", f"{manage} domain add {domain}", shows=domain)
    yield Line("a mailbox is one,", f"{manage} mailbox add eva@{domain} --generate-password --quota 5G", shows=f"eva@{domain}")
    yield Line(
        "an alias and a group too;",
        f"{manage} alias add post@{domain} --to eva@{domain}; {manage} group add all@{domain} --member eva@{domain}",
        shows=f"all@{domain}",
    )
    send = _sender(place)
    yield Line("mail to them arrives at once.", send("me@outside.example", f"post@{domain}", "First mail"), shows="250 2.0.0")
    yield Line(
        "A password for a single program, for one protocol.",
        f"{manage} mailbox app-password add bruno@example.test --label phone-{place.tag} --scope imap",
        shows="phone",
    )
    yield Line(
        "Anna may send as the shared mailbox.", f"{manage} mailbox send-as list anna@example.test", shows="office@example.test"
    )


def _safety(place: Place) -> Iterator[Line]:
    manage = place.manage
    yield Line("Every message has its bytes, every sum is right.", f"{manage} store verify", shows="0 problems")
    yield Line(
        "What is deleted is kept for 30 days; this message was deleted yesterday.",
        f"{manage} trace --from giulia.conti@edilverdi.example --to anna@example.test | grep -B9 expunged",
        shows="removed from",
    )
    yield Line("Every setting in force, and what it may use.", f"{manage} check_site", shows="connections")
    pids = place.endpoints["pids"].get("smtp", [])
    if pids:
        yield Line(
            "A process that is killed is there again at once.",
            f"kill -9 {pids[0]}; sleep 3; {manage} status | grep smtp",
            shows="answers",
        )


def _links(place: Place) -> Iterator[Line]:
    urls = place.endpoints["urls"]
    web = str(urls.get("web tls") or urls.get("web", "")).rstrip("/")
    titles = {
        "domains": "In a browser: domains, their limits, who administers them",
        "mailboxes": "Mailboxes, their quotas and usage",
        "aliases": "Aliases and forwards",
        "groups": "Groups and who may write to them",
        "autoresponders": "Autoresponders",
        "networks": "Networks, and who may come in from where",
        "sessions": "Who is connected now",
        "queue": "The queue: reason, next try, hold, retry, delete",
        "messages": "The story of any message",
        "audit": "What administrators did",
    }
    for name, claim in titles.items():
        if web and name in place.pages:
            yield Line(f"{claim} (sign in as admin@example.test).", link=web + place.pages[name])


def _sender(place: Place, server: str = "", login: str = "") -> Callable[[str, str, str], str]:
    """(from, to, subject) → a command that sends a short message, and shows what the server said."""
    server = server or f"smtp://127.0.0.1:{place.port('smtp')}"

    def command(author: str, to: str, subject: str) -> str:
        head = f"From: {author}\\r\\nTo: {to}\\r\\nSubject: {subject}\\r\\n\\r\\nIt works.\\r\\n"
        user = f" --user {login}" if login else ""
        return (
            f"printf '{head}' | curl -sSkv --ssl-reqd{user} {server} --mail-from {author} --mail-rcpt {to} --upload-file - 2>&1 "
            "| grep '^< [245].. '"
        )

    return command
