"""What the POP3 door says to people, in the languages of LANG (RFC 6856 §3): one table, every row whole."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = {"en": "English", "it": "Italiano"}
DEFAULT = "en"

WORDS: Final[dict[str, dict[str, str]]] = {
    "ready": {"en": "{host} POP3 ready", "it": "{host} POP3 pronto"},
    "bye": {"en": "Bye", "it": "Arrivederci"},
    "capabilities": {"en": "Capability list follows", "it": "Segue l'elenco delle capacità"},
    "languages": {"en": "Language listing follows", "it": "Segue l'elenco delle lingue"},
    "language": {"en": "{tag} Language changed", "it": "{tag} Lingua cambiata"},
    "no_language": {"en": "That language is not spoken here", "it": "Questa lingua qui non si parla"},
    "utf8": {"en": "UTF-8 it is", "it": "UTF-8 sia"},
    "begin_tls": {"en": "Begin TLS negotiation now", "it": "Inizi ora la negoziazione TLS"},
    "tls_on": {"en": "TLS is on already", "it": "TLS è già attivo"},
    "no_tls": {"en": "TLS is not available", "it": "TLS non è disponibile"},
    "clear": {"en": "A password is not accepted without TLS", "it": "Senza TLS non si accetta una password"},
    "name": {"en": "And the password?", "it": "E la password?"},
    "name_first": {"en": "USER comes first", "it": "Prima viene USER"},
    "mechanisms": {"en": "Mechanisms follow", "it": "Seguono i meccanismi"},
    "no_mechanism": {"en": "That mechanism is not offered", "it": "Questo meccanismo non è offerto"},
    "cancelled": {"en": "Authentication cancelled", "it": "Autenticazione annullata"},
    "bad_response": {"en": "That is not a response of this mechanism", "it": "Non è una risposta di questo meccanismo"},
    "failed": {"en": "Authentication failed", "it": "Autenticazione fallita"},
    "another": {"en": "Acting for another user is not offered", "it": "Non si può agire per un altro utente"},
    "no_mail": {"en": "This user has no mailbox", "it": "Questo utente non ha una casella"},
    "in_use": {"en": "The mailbox is open in another session", "it": "La casella è aperta in un'altra sessione"},
    "too_soon": {
        "en": "The last sign-in was less than {seconds} seconds ago",
        "it": "L'ultimo accesso è di meno di {seconds} secondi fa",
    },
    "signed_in": {"en": "{count} messages, {octets} octets", "it": "{count} messaggi, {octets} ottetti"},
    "unique_ids": {"en": "Unique-id listing follows", "it": "Segue l'elenco degli identificativi"},
    "top": {"en": "The top of the message follows", "it": "Segue l'inizio del messaggio"},
    "marked": {"en": "Message {number} is marked as deleted", "it": "Il messaggio {number} è segnato per la cancellazione"},
    "unmarked": {"en": "{count} messages, none marked", "it": "{count} messaggi, nessuno segnato"},
    "no_message": {"en": "There is no such message", "it": "Non c'è questo messaggio"},
    "gone": {"en": "The message has been removed meanwhile", "it": "Il messaggio è stato rimosso nel frattempo"},
    "not_removed": {"en": "Some deleted messages are not removed", "it": "Alcuni messaggi cancellati non sono stati rimossi"},
    "not_now": {"en": "Not in this state", "it": "Non in questo stato"},
    "syntax": {"en": "{problem}", "it": "Comando non compreso: {problem}"},
    "too_many_errors": {"en": "Too many errors", "it": "Troppi errori"},
    "too_many": {"en": "Too many connections, try again later", "it": "Troppe connessioni, riprovi più tardi"},
    "temporary": {"en": "Temporarily unavailable, try again later", "it": "Al momento non è possibile, riprovi più tardi"},
    "refused": {"en": "Refused: {problem}", "it": "Rifiutato: {problem}"},
    "network": {
        "en": "Sign-in from this network is not allowed for this account",
        "it": "Da questa rete non è permesso l'accesso a questa casella",
    },
    "expired": {"en": "This sign-in is no longer valid", "it": "Questo accesso non è più valido"},
    "ended": {"en": "An administrator ended this session", "it": "Un amministratore ha chiuso questa sessione"},
    "bug": {"en": "Internal error, it has been logged", "it": "Errore interno, è stato registrato"},
}


def say(language: str, word: str, **values: object) -> str:
    """A sentence in a language of LANGUAGES."""
    return WORDS[word][language].format(**values)


def known(tag: str) -> str | None:
    """The language of a tag, as `it` of `it-CH` (RFC 4647 §3.4, lookup); None for one that we do not speak."""
    if tag == "*":
        return DEFAULT
    while tag and tag not in LANGUAGES:
        tag = tag.rpartition("-")[0]
    return tag or None
