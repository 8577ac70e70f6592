"""What the demonstration sends to the outside: the road to ``slow.test``, which is the sink, and messages on it.

One goes to a mailbox that is full and stays in the queue, one is refused and comes back as a report, one is put off twice and
delivered. They are submitted as Anna would, so that queue and trace tell their whole story.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings

from mailplatform.access.authenticate import authenticate
from mailplatform.demo import script, sink
from mailplatform.demo.compose import compose
from mailplatform.demo.people import PEOPLE
from mailplatform.directory.values import Actor
from mailplatform.mailflow import admit, arrivals, submit
from mailplatform.mailflow.transaction import Session, Transaction
from mailplatform.runtime import clock
from mailplatform.runtime.errors import AuthenticationFailed
from mailplatform.standards.address import forward_path
from mailplatform.trace import ids
from mailplatform.transport import routes

ACTOR = Actor(None, "first start")
ROUTE = "demonstration"
RETRY_AFTER = (2.0, 3.0, 60.0, 900.0, 3600.0)  # seconds: the third attempt, which the sink takes, comes within seconds
_chance = random.SystemRandom()
OUTBOX = """
== Sopralluogo in via dei Mille
@ 0d 00:00 anna -> slow
Gentile Paola,

mercoledì alle 15 andrebbe bene per il sopralluogo? Porto i campioni di rovere e di larice.

Anna Rossi

== Documenti per l'archivio
@ 0d 00:00 anna -> full | pdf: Verbale di consegna / Palazzina B / Serramenti 1-24 consegnati e posati
Buongiorno,

in allegato il verbale di consegna della palazzina B, da conservare con gli altri.

Anna Rossi

== Calcolo strutturale
@ 0d 00:00 anna -> refuse
Ingegnere, le servono ancora i carichi delle vetrate per il calcolo? Glieli mando oggi stesso.

Anna Rossi
"""


def send(accounts: list[dict[str, Any]], units: UUID) -> None:
    """Make the route, and submit these messages, once. accounts: address and password of the first accounts."""
    lead()
    anna = next(one for one in accounts if one["address"] == PEOPLE["anna"].address)
    try:
        identity = authenticate(anna["address"], anna["password"], protocol="submission", client_address="127.0.0.1")
    except AuthenticationFailed:
        return  # an earlier start was killed, and Anna has another password by now
    now = clock.now()
    for thread in script.threads("outbox", OUTBOX):
        made = compose(thread[0], now, [], None)
        session = Session("demo", "submission", "127.0.0.1", 0, settings.SITE.hostname, "localhost", True, identity=identity)
        transaction = Transaction(ids.make(now, _chance.getrandbits), session, now, PEOPLE["anna"].address)
        path = forward_path(f"<{PEOPLE[thread[0].to[0]].address}>")
        transaction.recipients.append(admit.recipient(path, session, reverse_path=transaction.reverse_path))
        unit = submit.prepare(transaction, made.content, identity)
        arrivals.put(replace(unit, unit_id=uuid5(units, made.message_id))).result(60)


def lead() -> None:
    """The route to the sink, at the port that it has now."""
    port = settings.SITE.listeners()["sink"][0].port
    known = next((route for route in routes.list_routes() if route.name == ROUTE), None)
    if known is not None and known.port == port:
        return
    if known is not None:
        routes.remove_route(ROUTE, actor=ACTOR)
    routes.add_route(
        ROUTE,
        host="127.0.0.1",
        port=port,
        recipient_domain=sink.DOMAIN,
        tls="none",
        retry_after=RETRY_AFTER,
        actor=ACTOR,
    )
