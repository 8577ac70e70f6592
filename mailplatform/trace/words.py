"""The trace in words: a code and its parameters become one sentence in the reader's language.

Every language renders every code; a parameter that an event does not carry is shown as a dash. Unknown codes (written by
a newer version of this software) are shown as they stand.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailplatform.trace.events import CODE_PARAMS, Code

FALLBACK = "en"
MISSING = "–"

ENGLISH: Mapping[Code, str] = {
    Code.RECEIVED: "received from {client} ({helo}) over {protocol}, {size} octets, TLS: {tls}",
    Code.ACCEPTED: "accepted for {recipients} recipients: {reply}",
    Code.REFUSED: "refused for {recipient} at {stage} ({reason}): {reply}",
    Code.DEFERRED: "put off for {recipient} at {stage} ({reason}): {reply}",
    Code.DISCARDED: "discarded for {recipient} ({reason})",
    Code.SESSION_REFUSED: "session of {client} refused ({reason}): {reply}",
    Code.SESSION_ENDED: "session of {client} ended ({reason})",
    Code.APPENDED: "appended to {folder} of account {account} as uid {uid} by {client}",
    Code.IMPORTED: "imported from {source} to {folder} of account {account} as uid {uid}",
    Code.PLACED: "placed for {address} in {folder} of account {account} as uid {uid}, modseq {modseq}",
    Code.FOLDER_GONE: "folder {folder} of account {account} is gone; placed in the inbox instead",
    Code.COPIED: "copied from {source} (uid {uid}) to {target} (uid {new_uid}) of account {account} by {by}; {count} in all",
    Code.MOVED: "moved from {source} (uid {uid}) to {target} (uid {new_uid}) of account {account} by {by}; {count} in all",
    Code.FLAGGED: "flags changed in {folder} of account {account} by {by}: added {added}, removed {removed}; {count} in all",
    Code.EXPUNGED: "removed from {folder} (uid {uid}) of account {account} by {by} with {client} ({reason}); {count} in all",
    Code.RESTORED: "restored to {folder} (uid {uid}) of account {account} by {by}; {count} in all",
    Code.PURGED: "purged from {folder} of account {account}: {count} in all",
    Code.QUEUED: "queued for {recipient} to {destination}",
    Code.LOCAL_QUEUED: "queued for {recipients} local recipients ({reason})",
    Code.ATTEMPTED: "attempt {number} for {recipient} at {host}: {reply}",
    Code.DELIVERED: "delivered for {recipient} to {host} [{address}], attempt {number}, TLS: {tls}; it said: {reply}",
    Code.DELAYED: "attempt {number} for {recipient} at {host} [{address}] was put off at {stage} (TLS: {tls}); it said: {reply}; "
    "next try at {due_at}",
    Code.FAILED: "given up for {recipient} at {host} [{address}] after attempt {number} at {stage} ({reason}, TLS: {tls}); "
    "it said: {reply}",
    Code.EXPANDED: "{recipient} expanded to {recipients} recipients",
    Code.IN_DOUBT: "outcome for {recipient} at {host} is in doubt",
    Code.STALE_RESULT: "a late result for {recipient} was dropped: {reply}",
    Code.HELD: "held for {recipient} by {by}: {reason}",
    Code.RELEASED: "released for {recipient} by {by}",
    Code.DELETED: "taken out of the queue for {recipient} by {by}",
    Code.REPORTED: "the sender {sender} is told that mail for {recipient} was {action} (report {report})",
    Code.FORWARDED: "mail for {recipient} goes on to {target}, from {sender}",
    Code.AGAIN: "commit of unit {unit} run again ({cause})",
    Code.SHED: "{count} trace rows were shed in a flood since {since}",
}

ITALIAN: Mapping[Code, str] = {
    Code.RECEIVED: "ricevuto da {client} ({helo}) via {protocol}, {size} ottetti, TLS: {tls}",
    Code.ACCEPTED: "accettato per {recipients} destinatari: {reply}",
    Code.REFUSED: "rifiutato per {recipient} alla fase {stage} ({reason}): {reply}",
    Code.DEFERRED: "rinviato per {recipient} alla fase {stage} ({reason}): {reply}",
    Code.DISCARDED: "scartato per {recipient} ({reason})",
    Code.SESSION_REFUSED: "sessione di {client} rifiutata ({reason}): {reply}",
    Code.SESSION_ENDED: "sessione di {client} terminata ({reason})",
    Code.APPENDED: "aggiunto a {folder} dell'account {account} con uid {uid} da {client}",
    Code.IMPORTED: "importato da {source} in {folder} dell'account {account} con uid {uid}",
    Code.PLACED: "depositato per {address} in {folder} dell'account {account} con uid {uid}, modseq {modseq}",
    Code.FOLDER_GONE: "la cartella {folder} dell'account {account} non esiste più; depositato nella posta in arrivo",
    Code.COPIED: "copiato da {source} (uid {uid}) a {target} (uid {new_uid}) dell'account {account} da {by}; {count} in tutto",
    Code.MOVED: "spostato da {source} (uid {uid}) a {target} (uid {new_uid}) dell'account {account} da {by}; {count} in tutto",
    Code.FLAGGED: "contrassegni cambiati in {folder} dell'account {account} da {by}: +{added}, -{removed}; {count} in tutto",
    Code.EXPUNGED: "rimosso da {folder} (uid {uid}) dell'account {account} da {by} con {client} ({reason}); {count} in tutto",
    Code.RESTORED: "ripristinato in {folder} (uid {uid}) dell'account {account} da {by}; {count} in tutto",
    Code.PURGED: "eliminato per sempre da {folder} dell'account {account}: {count} in tutto",
    Code.QUEUED: "in coda per {recipient} verso {destination}",
    Code.LOCAL_QUEUED: "in coda per {recipients} destinatari locali ({reason})",
    Code.ATTEMPTED: "tentativo {number} per {recipient} presso {host}: {reply}",
    Code.DELIVERED: "consegnato per {recipient} a {host} [{address}], tentativo {number}, TLS: {tls}; risposta: {reply}",
    Code.DELAYED: "il tentativo {number} per {recipient} presso {host} [{address}] è stato rinviato, fase {stage} (TLS: "
    "{tls}); risposta: {reply}; prossimo tentativo alle {due_at}",
    Code.FAILED: "abbandonato per {recipient} presso {host} [{address}] dopo il tentativo {number}, fase {stage} ({reason}, "
    "TLS: {tls}); risposta: {reply}",
    Code.EXPANDED: "{recipient} espanso in {recipients} destinatari",
    Code.IN_DOUBT: "l'esito per {recipient} presso {host} è incerto",
    Code.STALE_RESULT: "un risultato tardivo per {recipient} è stato ignorato: {reply}",
    Code.HELD: "trattenuto per {recipient} da {by}: {reason}",
    Code.RELEASED: "rilasciato per {recipient} da {by}",
    Code.DELETED: "tolto dalla coda per {recipient} da {by}",
    Code.REPORTED: "il mittente {sender} è avvisato che la posta per {recipient} risulta {action} (avviso {report})",
    Code.FORWARDED: "la posta per {recipient} prosegue verso {target}, da parte di {sender}",
    Code.AGAIN: "unità {unit} eseguita di nuovo ({cause})",
    Code.SHED: "{count} righe di traccia omesse durante un'ondata dal {since}",
}

LANGUAGES: Mapping[str, Mapping[Code, str]] = {"en": ENGLISH, "it": ITALIAN}


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return MISSING


def render(code: str, params: Mapping[str, Any], language: str = FALLBACK) -> str:
    """One sentence. Never raises: a trace that cannot be read is of no use."""
    sentences = LANGUAGES.get(language, LANGUAGES[FALLBACK])
    try:
        known = Code(code)
    except ValueError:
        return " ".join([code, *(f"{key}={value}" for key, value in params.items())])
    shown = {
        key: _moment(value) if key.endswith("_at") else _shown(value)
        for key, value in params.items()
        if key in CODE_PARAMS[known]
    }
    return sentences[known].format_map(_Params(shown))


def _shown(value: Any) -> str:
    if value is None or value == "":
        return MISSING
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _moment(value: Any) -> str:
    """A moment as people write it, in UTC; what is none stays as it is."""
    try:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (TypeError, ValueError):
        return _shown(value)
