"""The trace's sentences in Italian; trace.words says how they are filled."""

from collections.abc import Mapping

from mailplatform.trace.events import Code

_ALL = "⟨; {count} in tutto⟩"
_SAID = "⟨; ha risposto: {said}⟩⟨; motivo: {why}⟩"
ITALIAN: Mapping[Code, str] = {
    Code.RECEIVED: "arrivato da {client}⟨ ({helo})⟩ via {protocol}⟨, cifrato con {tls}|, non cifrato⟩, {size} ottetti",
    Code.ACCEPTED: "accettato per {recipients} destinatari⟨: {reply}⟩",
    Code.REFUSED: "rifiutato per {recipient}⟨ {stage}⟩⟨ ({reason})⟩⟨: {reply}⟩",
    Code.DEFERRED: "rinviato per {recipient}⟨ {stage}⟩⟨ ({reason})⟩⟨: {reply}⟩",
    Code.DISCARDED: "gettato via per {recipient}⟨ ({reason})⟩",
    Code.SESSION_REFUSED: "sessione di {client} rifiutata ({reason})⟨: {reply}⟩",
    Code.SESSION_ENDED: "sessione di {client} terminata ({reason})",
    Code.APPENDED: "aggiunto a {folder} dell'account {account} con uid {uid} da {client}",
    Code.IMPORTED: "importato da {source} in {folder} dell'account {account} con uid {uid}",
    Code.PLACED: "depositato per {address} in {folder} (account {account}, uid {uid}, modseq {modseq})",
    Code.FOLDER_GONE: "la cartella {folder} dell'account {account} non esiste più; depositato nella posta in arrivo",
    Code.SENT_COPY: "una copia per il mittente è conservata in {folder} (account {account}, uid {uid}, modseq {modseq})",
    Code.NO_COPY: "nessuna copia per il mittente nella posta inviata: l'account {account} {reason}",
    Code.COPIED: "copiato da {source}⟨ (uid {uid})⟩ a {target}⟨ (uid {new_uid})⟩ dell'account {account} da {by}" + _ALL,
    Code.MOVED: "spostato da {source}⟨ (uid {uid})⟩ a {target}⟨ (uid {new_uid})⟩ dell'account {account} da {by}" + _ALL,
    Code.FLAGGED: "contrassegni cambiati in {folder} dell'account {account} da {by}⟨: aggiunti {added}⟩⟨, tolti {removed}⟩"
    + _ALL,
    Code.EXPUNGED: "rimosso da {folder}⟨ (uid {uid})⟩ dell'account {account}⟨ da {by}⟩⟨ con {client}⟩ ({reason})" + _ALL,
    Code.RESTORED: "ripristinato in {folder}⟨ (uid {uid})⟩ dell'account {account} da {by}⟨; {count} in tutto⟩",
    Code.PURGED: "eliminato per sempre da {folder} dell'account {account}: {count} in tutto",
    Code.QUEUED: "in coda per {recipient}, da inviare a {destination}",
    Code.LOCAL_QUEUED: "in coda per {recipients} destinatari interni ({reason})",
    Code.ATTEMPTED: "tentativo {number} per {recipient} presso {host}: {reply}",
    Code.DELIVERED: "consegnato per {recipient} a {host}⟨ [{address}]⟩⟨, tentativo {number}⟩⟨, cifrato con {tls}|, non cifrato⟩"
    + _SAID,
    Code.DELAYED: "il tentativo {number} per {recipient} presso {host}⟨ [{address}]⟩ è stato rinviato⟨ {stage}⟩"
    "⟨, cifrato con {tls}⟩" + _SAID + "⟨; prossimo tentativo alle {due_at}⟩",
    Code.FAILED: "abbandonato per {recipient} presso {host}⟨ [{address}]⟩⟨ dopo il tentativo {number}⟩⟨ {stage}⟩⟨ ({reason})⟩"
    "⟨, cifrato con {tls}⟩" + _SAID,
    Code.EXPANDED: "{recipient} porta a {recipients} indirizzi",
    Code.IN_DOUBT: "esito incerto per {recipient}: {host} potrebbe averlo preso, la connessione è caduta prima della risposta; "
    "un nuovo tentativo può farne una seconda copia",
    Code.STALE_RESULT: "un risultato tardivo per {recipient} è stato ignorato, un altro tentativo era subentrato⟨: {reply}⟩",
    Code.HELD: "trattenuto per {recipient} da {by}⟨: {reason}⟩",
    Code.RELEASED: "rilasciato per {recipient} da {by}",
    Code.RETRIED: "da ritentare subito per {recipient}, come voluto da {by}",
    Code.DELETED: "tolto dalla coda per {recipient} da {by}",
    Code.REPORTED: "il mittente {sender} è avvisato che la posta per {recipient} {action} (avviso {report})",
    Code.FORWARDED: "la posta per {recipient} prosegue verso {target}⟨, inviata come {sender}⟩",
    Code.ANSWERED: "{address} (account {account}) ha risposto automaticamente a {sender}, in {language} (risposta {answer})",
    Code.NOT_ANSWERED: "l'account {account} non ha dato una risposta automatica a {sender} ({reason})",
    Code.CIRCLED: "la posta per {recipient} finisce qui: è già stata a questo indirizzo e girerebbe in tondo",
    Code.AGAIN: "unità {unit} eseguita di nuovo ({cause})",
    Code.SHED: "{count} righe di traccia omesse durante un'ondata dal {since}",
}

ENDS: Mapping[Code | str, str] = {
    "told": "il mittente è stato avvisato",
    Code.REFUSED: "è stato rifiutato⟨: {reply}⟩",
    Code.DEFERRED: "è stato rinviato⟨: {reply}⟩",
    Code.DISCARDED: "è stato gettato via, come vuole l'indirizzo",
    Code.PLACED: "è in {folder}⟨ di {copies} caselle⟩",
    Code.QUEUED: "attende il suo turno per {destination}",
    Code.FORWARDED: "attende il suo turno",
    Code.RELEASED: "attende il suo turno, rilasciato da {by}",
    Code.RETRIED: "attende il suo turno, come voluto da {by}",
    Code.DELAYED: "attende e verrà ritentato⟨ alle {due_at}⟩",
    Code.DELIVERED: "è arrivato a {host}⟨ [{address}]⟩",
    Code.FAILED: "non è stato consegnato⟨: {reply}⟩",
    Code.HELD: "è trattenuto da {by}⟨: {reason}⟩",
    Code.DELETED: "è stato tolto dalla coda da {by}",
    Code.CIRCLED: "girava in tondo e finisce qui",
}

VALUES: Mapping[tuple[str, str], str] = {
    ("stage", "dns"): "cercandone l'indirizzo",
    ("stage", "connect"): "collegandosi",
    ("stage", "greeting"): "aspettandone il saluto",
    ("stage", "ehlo"): "salutando",
    ("stage", "starttls"): "iniziando TLS",
    ("stage", "auth"): "autenticandosi",
    ("stage", "mail"): "quando ha sentito il mittente",
    ("stage", "rcpt"): "quando ha sentito il destinatario",
    ("stage", "data"): "prima del contenuto",
    ("stage", "dot"): "dopo il contenuto",
    ("reason", "over_quota"): "ha superato la sua quota",
    ("reason", "many"): "sono molti",
    ("reason", "refused"): "rifiuto definitivo",
    ("reason", "expired"): "tempo scaduto",
    ("reason", "address"): "lo vuole l'indirizzo",
    ("reason", "expunged"): "eliminato",
    ("reason", "replaced"): "sostituito dalla copia del client",
    ("action", "failed"): "non è stata consegnata",
    ("action", "delayed"): "è in ritardo",
    ("action", "delivered"): "è stata consegnata",
    ("action", "relayed"): "è stata inoltrata",
    ("action", "expanded"): "è stata inoltrata a un gruppo",
}
