"""The trace's sentences in English; trace.words says how they are filled."""

from collections.abc import Mapping

from mailplatform.trace.events import Code

_SAID = "⟨; it said: {said}⟩⟨; reason: {why}⟩"
ENGLISH: Mapping[Code, str] = {
    Code.RECEIVED: "came from {client}⟨ ({helo})⟩ over {protocol}⟨, encrypted with {tls}|, not encrypted⟩, {size} octets",
    Code.ACCEPTED: "accepted for {recipients} recipients⟨: {reply}⟩",
    Code.REFUSED: "refused for {recipient}⟨ {stage}⟩⟨ ({reason})⟩⟨: {reply}⟩",
    Code.DEFERRED: "put off for {recipient}⟨ {stage}⟩⟨ ({reason})⟩⟨: {reply}⟩",
    Code.DISCARDED: "thrown away for {recipient}⟨ ({reason})⟩",
    Code.SESSION_REFUSED: "session of {client} refused ({reason})⟨: {reply}⟩",
    Code.SESSION_ENDED: "session of {client} ended ({reason})",
    Code.APPENDED: "appended to {folder} of account {account} as uid {uid} by {client}",
    Code.IMPORTED: "imported from {source} to {folder} of account {account} as uid {uid}",
    Code.PLACED: "placed for {address} in {folder} (account {account}, uid {uid}, modseq {modseq})",
    Code.FOLDER_GONE: "folder {folder} of account {account} is gone; placed in the inbox instead",
    Code.SENT_COPY: "a copy for the sender is kept in {folder} (account {account}, uid {uid}, modseq {modseq})",
    Code.NO_COPY: "no copy for the sender is kept in Sent: account {account} {reason}",
    Code.COPIED: "copied from {source}⟨ (uid {uid})⟩ to {target}⟨ (uid {new_uid})⟩ of account {account} by {by}; {count} in all",
    Code.MOVED: "moved from {source}⟨ (uid {uid})⟩ to {target}⟨ (uid {new_uid})⟩ of account {account} by {by}; {count} in all",
    Code.FLAGGED: "flags changed in {folder} of account {account} by {by}⟨: added {added}⟩⟨, removed {removed}⟩; {count} in all",
    Code.EXPUNGED: "removed from {folder}⟨ (uid {uid})⟩ of account {account}⟨ by {by}⟩⟨ with {client}⟩ ({reason})"
    "⟨; {count} in all⟩",
    Code.RESTORED: "restored to {folder}⟨ (uid {uid})⟩ of account {account} by {by}⟨; {count} in all⟩",
    Code.PURGED: "purged from {folder} of account {account}: {count} in all",
    Code.QUEUED: "queued for {recipient}, to be sent to {destination}",
    Code.LOCAL_QUEUED: "queued for {recipients} recipients here ({reason})",
    Code.ATTEMPTED: "attempt {number} for {recipient} at {host}: {reply}",
    Code.DELIVERED: "delivered for {recipient} to {host}⟨ [{address}]⟩⟨, attempt {number}⟩"
    "⟨, encrypted with {tls}|, not encrypted⟩" + _SAID,
    Code.DELAYED: "attempt {number} for {recipient} at {host}⟨ [{address}]⟩ was put off⟨ {stage}⟩⟨, encrypted with {tls}⟩"
    + _SAID
    + "⟨; next try at {due_at}⟩",
    Code.FAILED: "given up for {recipient} at {host}⟨ [{address}]⟩⟨ after attempt {number}⟩⟨ {stage}⟩⟨ ({reason})⟩"
    "⟨, encrypted with {tls}⟩" + _SAID,
    Code.EXPANDED: "{recipient} leads to {recipients} addresses",
    Code.IN_DOUBT: "in doubt for {recipient}: {host} may have taken it, the connection broke before its answer; "
    "trying again may make a second copy",
    Code.STALE_RESULT: "a late result for {recipient} was dropped, another attempt had taken over⟨: {reply}⟩",
    Code.HELD: "held back for {recipient} by {by}⟨: {reason}⟩",
    Code.RELEASED: "released for {recipient} by {by}",
    Code.RETRIED: "tried at once for {recipient}, as {by} wished",
    Code.DELETED: "taken out of the queue for {recipient} by {by}",
    Code.REPORTED: "the sender {sender} is told that mail for {recipient} {action} (report {report})",
    Code.FORWARDED: "mail for {recipient} goes on to {target}⟨, sent as {sender}⟩",
    Code.ANSWERED: "{address} (account {account}) answered {sender} automatically, in {language} (answer {answer})",
    Code.NOT_ANSWERED: "account {account} gave {sender} no automatic answer ({reason})",
    Code.CIRCLED: "mail for {recipient} ends here: it has been at this address before, and would go in a circle",
    Code.AGAIN: "commit of unit {unit} run again ({cause})",
    Code.SHED: "{count} trace rows were shed in a flood since {since}",
}

# Where mail for one recipient stands after its last event.
ENDS: Mapping[Code | str, str] = {
    "told": "the sender has been told",
    Code.REFUSED: "was refused⟨: {reply}⟩",
    Code.DEFERRED: "was put off⟨: {reply}⟩",
    Code.DISCARDED: "was thrown away, as the address says",
    Code.PLACED: "is in {folder}⟨ of {copies} mailboxes⟩",
    Code.QUEUED: "waits for its turn to be sent to {destination}",
    Code.FORWARDED: "waits for its turn to be sent",
    Code.RELEASED: "waits for its turn, released by {by}",
    Code.RETRIED: "waits for its turn, as {by} wished",
    Code.DELAYED: "waits, and is tried again⟨ at {due_at}⟩",
    Code.DELIVERED: "arrived at {host}⟨ [{address}]⟩",
    Code.FAILED: "could not be delivered⟨: {reply}⟩",
    Code.HELD: "is held back by {by}⟨: {reason}⟩",
    Code.DELETED: "was taken out of the queue by {by}",
    Code.CIRCLED: "went in a circle, and ended here",
}

VALUES: Mapping[tuple[str, str], str] = {
    ("stage", "dns"): "while looking up its address",
    ("stage", "connect"): "while connecting",
    ("stage", "greeting"): "while waiting for its greeting",
    ("stage", "ehlo"): "while saying hello",
    ("stage", "starttls"): "while beginning TLS",
    ("stage", "auth"): "while signing in",
    ("stage", "mail"): "when it heard the sender",
    ("stage", "rcpt"): "when it heard the recipient",
    ("stage", "data"): "before the content",
    ("stage", "dot"): "after the content",
    ("reason", "over_quota"): "is over its quota",
    ("reason", "many"): "there are many",
    ("reason", "refused"): "refused for good",
    ("reason", "expired"): "its time is over",
    ("reason", "address"): "the address says so",
    ("reason", "expunged"): "expunged",
    ("reason", "replaced"): "replaced by the client's own copy",
    ("action", "failed"): "could not be delivered",
    ("action", "delayed"): "is delayed",
    ("action", "delivered"): "was delivered",
    ("action", "relayed"): "was passed on",
    ("action", "expanded"): "was passed on to a group",
}
