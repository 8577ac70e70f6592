"""What a report says to people, in plain words and in their language: what happened to each recipient, and what to do next.

A reason comes from the enhanced status code (RFC 3463) and from nothing a stranger wrote; each reason has a sentence and an
advice in every language, and a test renders all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

LANGUAGES = ("en", "it")


class Action(StrEnum):
    """What a report says of one recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Reason(StrEnum):
    """Why, as far as a person can do something about it."""

    NO_SUCH_ADDRESS = "no_such_address"
    NO_SUCH_DOMAIN = "no_such_domain"
    TAKES_NO_MAIL = "takes_no_mail"
    CLOSED = "closed"
    FULL = "full"
    TOO_BIG = "too_big"
    REFUSED = "refused"
    CONTENT = "content"
    NEEDS_UTF8 = "needs_utf8"
    LOOP = "loop"
    EXPIRED = "expired"
    NO_ANSWER = "no_answer"
    NO_ROUTE = "no_route"
    SECURITY = "security"
    BUSY = "busy"
    OTHER = "other"


_EXACT: Mapping[str, Reason] = {
    "1.1": Reason.NO_SUCH_ADDRESS,
    "1.2": Reason.NO_SUCH_DOMAIN,
    "1.3": Reason.NO_SUCH_ADDRESS,
    "1.6": Reason.NO_SUCH_ADDRESS,
    "1.10": Reason.TAKES_NO_MAIL,  # RFC 7505
    "2.1": Reason.CLOSED,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_BIG,
    "3.1": Reason.FULL,
    "3.2": Reason.BUSY,
    "3.4": Reason.TOO_BIG,
    "4.1": Reason.NO_ANSWER,
    "4.2": Reason.NO_ANSWER,
    "4.3": Reason.NO_ROUTE,
    "4.4": Reason.NO_ROUTE,
    "4.6": Reason.LOOP,
    "4.7": Reason.EXPIRED,
    "6.7": Reason.NEEDS_UTF8,
    "7.4": Reason.SECURITY,
    "7.5": Reason.SECURITY,
    "7.10": Reason.SECURITY,
    "7.11": Reason.SECURITY,
    "7.30": Reason.SECURITY,
}
_SUBJECTS: Mapping[str, Reason] = {
    "4": Reason.NO_ANSWER,
    "5": Reason.OTHER,
    "6": Reason.CONTENT,
    "7": Reason.REFUSED,
}


def reason_of(status: str) -> Reason:
    """The reason that an enhanced status code ("5.1.1") stands for."""
    _, _, rest = status.partition(".")
    return _EXACT.get(rest) or _SUBJECTS.get(rest.partition(".")[0], Reason.OTHER)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, and what to do."""

    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Language:
    """All words of one language. Places: {address}, {host}, {until}, {when}, {reply}, {trace_id}, {postmaster}, {subject}."""

    sender: str
    subjects: Mapping[Action, str]
    openings: Mapping[Action, str]
    closings: Mapping[Action, str]
    reasons: Mapping[Reason, Sentence]
    reply: str
    reply_ours: str
    reference: str
    no_subject: str
    months: tuple[str, ...]
    date: str


_EN = Language(
    sender="Mail delivery",
    subjects={
        Action.FAILED: "Not delivered: {subject}",
        Action.DELAYED: "Delayed: {subject}",
        Action.DELIVERED: "Delivered: {subject}",
        Action.RELAYED: "Passed on: {subject}",
        Action.EXPANDED: "Delivered to a group: {subject}",
    },
    openings={
        Action.FAILED: "Your message of {when} could not be delivered to:",
        Action.DELAYED: "Your message of {when} has not been delivered yet to:",
        Action.DELIVERED: "Your message of {when} was delivered to:",
        Action.RELAYED: "Your message of {when} was passed on to a server that does not confirm delivery, for:",
        Action.EXPANDED: "Your message of {when} was passed on to all members of:",
    },
    closings={
        Action.FAILED: "It will not be tried again. The other recipients, if there were any, are not concerned.",
        Action.DELAYED: "There is nothing to do: we keep trying until {until}. If that is in vain, you will be told.",
        Action.DELIVERED: "You asked for this confirmation. There is nothing to do.",
        Action.RELAYED: "There is nothing to do. You will be told by that server if delivery fails.",
        Action.EXPANDED: "There is nothing to do.",
    },
    reasons={
        Reason.NO_SUCH_ADDRESS: Sentence(
            "The address does not exist at its destination.",
            "Check the spelling of the address, ask the person for the right one, and send your message again.",
        ),
        Reason.NO_SUCH_DOMAIN: Sentence(
            "The part of the address after the @ does not exist.", "Check its spelling and send your message again."
        ),
        Reason.TAKES_NO_MAIL: Sentence(
            "The part of the address after the @ exists, but says that it takes no mail.",
            "Ask for another address of this person.",
        ),
        Reason.CLOSED: Sentence(
            "The address does not accept mail any more.", "Reach the person another way, and ask for a new address."
        ),
        Reason.FULL: Sentence(
            "The recipient's mailbox is full.", "Tell the recipient another way, and send your message again later."
        ),
        Reason.TOO_BIG: Sentence(
            "The message is larger than the recipient's server allows.",
            "Make it smaller, or put the attachments where the recipient can fetch them and send a link.",
        ),
        Reason.REFUSED: Sentence(
            "The recipient's server refused the message by its own rules.",
            "Its words below may say why. If they do not help, ask the recipient to let your address through.",
        ),
        Reason.CONTENT: Sentence(
            "The recipient's server did not accept the content of the message.",
            "Try again without attachments or with plain text. Its words below may say what it objected to.",
        ),
        Reason.NEEDS_UTF8: Sentence(
            "The recipient's server cannot handle addresses with letters beyond plain a to z.",
            "Ask the recipient for an address in plain letters, or send from one.",
        ),
        Reason.LOOP: Sentence(
            "The message went in circles between servers.",
            "Somebody's forwarding is set up wrongly. Tell the recipient another way.",
        ),
        Reason.EXPIRED: Sentence(
            "The recipient's server could not be reached, or put us off, for too long.",
            "Reach the person another way. You may send the message again later.",
        ),
        Reason.NO_ANSWER: Sentence("The recipient's server does not answer.", "It is usually back after some time."),
        Reason.NO_ROUTE: Sentence(
            "The way to the recipient's server could not be found.", "Check the part of the address after the @."
        ),
        Reason.SECURITY: Sentence(
            "No connection to the recipient's server was as safe as it has to be.",
            "The people who run either server have to put this right. Tell your administrator.",
        ),
        Reason.BUSY: Sentence(
            "The recipient's server is too busy to take the message.", "It is usually able to after some time."
        ),
        Reason.OTHER: Sentence(
            "The recipient's server did not take the message.",
            "Its words below may say why. If they do not help, ask your administrator.",
        ),
    },
    reply="{host} said: {reply}",
    reply_ours="The reason in technical words: {reply}",
    reference="If you need help, forward this message to {postmaster}, or name the reference {trace_id}.",
    no_subject="(no subject)",
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date="{day} {month} {year}, {time} UTC",
)
_IT = Language(
    sender="Consegna della posta",
    subjects={
        Action.FAILED: "Non consegnato: {subject}",
        Action.DELAYED: "In ritardo: {subject}",
        Action.DELIVERED: "Consegnato: {subject}",
        Action.RELAYED: "Inoltrato: {subject}",
        Action.EXPANDED: "Consegnato a un gruppo: {subject}",
    },
    openings={
        Action.FAILED: "Il tuo messaggio del {when} non è stato consegnato a:",
        Action.DELAYED: "Il tuo messaggio del {when} non è ancora stato consegnato a:",
        Action.DELIVERED: "Il tuo messaggio del {when} è stato consegnato a:",
        Action.RELAYED: "Il tuo messaggio del {when} è stato inoltrato a un server che non conferma la consegna, per:",
        Action.EXPANDED: "Il tuo messaggio del {when} è stato inoltrato a tutti i membri di:",
    },
    closings={
        Action.FAILED: "Non verranno fatti altri tentativi. Gli altri destinatari, se ce n'erano, non sono interessati.",
        Action.DELAYED: "Non devi fare nulla: continuiamo a provare fino al {until}. Se non riesce, verrai avvisato.",
        Action.DELIVERED: "Hai chiesto questa conferma. Non c'è nulla da fare.",
        Action.RELAYED: "Non c'è nulla da fare. Se la consegna non riesce, verrai avvisato da quel server.",
        Action.EXPANDED: "Non c'è nulla da fare.",
    },
    reasons={
        Reason.NO_SUCH_ADDRESS: Sentence(
            "L'indirizzo non esiste presso la sua destinazione.",
            "Controlla come è scritto, chiedi alla persona quello giusto e invia di nuovo il messaggio.",
        ),
        Reason.NO_SUCH_DOMAIN: Sentence(
            "La parte dell'indirizzo dopo la @ non esiste.", "Controlla come è scritta e invia di nuovo il messaggio."
        ),
        Reason.TAKES_NO_MAIL: Sentence(
            "La parte dell'indirizzo dopo la @ esiste, ma dichiara di non ricevere posta.",
            "Chiedi alla persona un altro indirizzo.",
        ),
        Reason.CLOSED: Sentence(
            "L'indirizzo non accetta più posta.", "Contatta la persona in un altro modo e chiedi un nuovo indirizzo."
        ),
        Reason.FULL: Sentence(
            "La casella del destinatario è piena.",
            "Avvisa il destinatario in un altro modo e invia di nuovo il messaggio più tardi.",
        ),
        Reason.TOO_BIG: Sentence(
            "Il messaggio è più grande di quanto il server del destinatario consenta.",
            "Riducilo, oppure metti gli allegati dove il destinatario può prenderli e invia un collegamento.",
        ),
        Reason.REFUSED: Sentence(
            "Il server del destinatario ha rifiutato il messaggio secondo le proprie regole.",
            "Le sue parole qui sotto possono dire perché. Se non aiutano, chiedi al destinatario di accettare il tuo indirizzo.",
        ),
        Reason.CONTENT: Sentence(
            "Il server del destinatario non ha accettato il contenuto del messaggio.",
            "Riprova senza allegati o con testo semplice. Le sue parole qui sotto possono dire che cosa non andava.",
        ),
        Reason.NEEDS_UTF8: Sentence(
            "Il server del destinatario non gestisce indirizzi con lettere diverse da quelle semplici dalla a alla z.",
            "Chiedi al destinatario un indirizzo in lettere semplici, o invia da un indirizzo così.",
        ),
        Reason.LOOP: Sentence(
            "Il messaggio girava in tondo tra i server.",
            "Un inoltro è impostato male. Avvisa il destinatario in un altro modo.",
        ),
        Reason.EXPIRED: Sentence(
            "Il server del destinatario non era raggiungibile, o ci ha rimandati, per troppo tempo.",
            "Contatta la persona in un altro modo. Puoi inviare di nuovo il messaggio più tardi.",
        ),
        Reason.NO_ANSWER: Sentence("Il server del destinatario non risponde.", "Di solito torna dopo qualche tempo."),
        Reason.NO_ROUTE: Sentence(
            "Non è stata trovata la strada verso il server del destinatario.", "Controlla la parte dell'indirizzo dopo la @."
        ),
        Reason.SECURITY: Sentence(
            "Nessuna connessione al server del destinatario era sicura quanto deve essere.",
            "Chi gestisce uno dei due server deve sistemarlo. Avvisa il tuo amministratore.",
        ),
        Reason.BUSY: Sentence(
            "Il server del destinatario è troppo occupato per ricevere il messaggio.", "Di solito ci riesce dopo qualche tempo."
        ),
        Reason.OTHER: Sentence(
            "Il server del destinatario non ha preso il messaggio.",
            "Le sue parole qui sotto possono dire perché. Se non aiutano, chiedi al tuo amministratore.",
        ),
    },
    reply="{host} ha detto: {reply}",
    reply_ours="Il motivo in parole tecniche: {reply}",
    reference="Se ti serve aiuto, inoltra questo messaggio a {postmaster} o indica il riferimento {trace_id}.",
    no_subject="(senza oggetto)",
    months=(
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
        *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    ),
    date="{day} {month} {year}, ore {time} UTC",
)
_ALL = {"en": _EN, "it": _IT}


def language(name: str) -> Language:
    """The words of a language tag ("it", "it-CH"); English for one we do not speak."""
    return _ALL.get(name[:2].lower(), _EN)


def moment(words: Language, at: datetime) -> str:
    """A moment for people; a naive one is taken for UTC."""
    at = at.astimezone(UTC) if at.tzinfo else at
    return words.date.format(day=at.day, month=words.months[at.month - 1], year=at.year, time=f"{at.hour:02}:{at.minute:02}")
