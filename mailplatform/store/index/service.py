"""The role `index`: what the store does behind everybody's back, at the least priority.

It writes search text behind delivery (store.index.writer) and drains deleted folders. While mail comes in fast it pauses:
searches stay right meanwhile, since they read whole what has no text yet. A lost database is waited for.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection

from mailplatform.runtime import clock, database, metrics
from mailplatform.runtime.errors import MailError
from mailplatform.settings.service import ServiceContext
from mailplatform.store import expunge, statements
from mailplatform.store.index import writer

log = logging.getLogger(__name__)

INDEXED = metrics.Counter("messages_indexed_total", "Messages whose search text was looked after.")

BUSY_ARRIVALS = 40  # committed within LATELY: the machine has better things to do
LATELY = timedelta(seconds=1)
PATIENCE_SECONDS = 5.0  # even then a batch goes on after so long, or search text would never catch up
DRAIN_SECONDS = 2.0
ACCOUNTS = 100  # looked at in one round


def run(context: ServiceContext) -> None:
    """Run until SIGTERM. An error of one round is logged and the next one tries again."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(max(0, min(19, context.site.index.nice)))
    context.ready()
    while not stop.is_set():
        context.alive()
        more = False
        try:
            more = round_(context, stop)
        except (OperationalError, InterfaceError) as error:
            if not database.lost(error):
                log.exception("index: a round failed")
            database.close_connection()
        except MailError as error:
            log.warning("index: %s %s", error.public, error.private)
        except Exception:
            log.exception("index: a round failed")
        stop.wait(0.02 if more else context.site.index.poll_seconds)
    connection.close()


def round_(context: ServiceContext, stop: threading.Event) -> bool:
    """One look at everything there is to do; whether more is left."""
    limits = context.site.index
    accounts = writer.behind(workers=context.workers, number=context.number, limit=ACCOUNTS)
    more = len(accounts) == ACCOUNTS
    for account in accounts:
        context.alive()
        _yield_to_arrivals(stop)
        if stop.is_set():
            return False
        written = writer.write(account, limits.batch)
        INDEXED.add(written)
        more = written >= limits.batch or more
    if context.number == 0:
        more = not expunge.drain(DRAIN_SECONDS) or more
    return more


def _yield_to_arrivals(stop: threading.Event) -> None:
    waited = 0.0
    while waited < PATIENCE_SECONDS and not stop.is_set():
        params = {"since": clock.now() - LATELY, "limit": BUSY_ARRIVALS}
        if statements.run("arrivals_lately", params)[0][0] < BUSY_ARRIVALS:
            return
        stop.wait(0.5)
        waited += 0.5
