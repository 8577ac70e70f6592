"""Periodic and sliced work: the Celery application, its beat table, and the roles ``worker`` and ``beat``.

Postgres is the queue of mail; the broker carries ids and ticks only, so a lost Valkey loses nothing and a lost tick costs
one interval. Three kinds of task run here: ticks (release due items, expiry, reports, retention), and slices of a job
(30 s at most, cursor and lease in its row), on two queues; no long task, no ETA, no result backend.
"""

from __future__ import annotations

import signal
from typing import Any

import kombu.transport.redis  # noqa: F401 - all of these would be imported by each fork, not shared
from celery import Celery
from celery.apps.beat import Beat
from celery.apps.worker import Worker, install_worker_term_handler
from django.conf import settings

from mailplatform.settings.service import ServiceContext
from mailplatform.settings.site import SiteConfig

TASKS = "mailplatform.mailflow.tasks"


def broker_url(url: str) -> str:
    """A redis URL as Celery wants it: a unix socket is ``redis+socket://path?virtual_host=db``."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or '0'}"


def beat_table(site: SiteConfig) -> dict[str, dict[str, Any]]:
    """Task name → interval in seconds. A tick that could not run within its interval is dropped: the next one does."""
    ticks = {
        "tick_release": site.tasks.tick_seconds,
        "tick_reports": site.tasks.tick_seconds,
        "tick_retention": site.tasks.retention_seconds,
        "tick_collect": site.tasks.collect_seconds,
        "tick_partitions": site.tasks.partitions_seconds,
    }
    return {
        name: {"task": f"{TASKS}.{name}", "schedule": seconds, "options": {"expires": seconds, "queue": "ticks"}}
        for name, seconds in ticks.items()
    }


def make_app(site: SiteConfig) -> Celery:
    """The application of a site; connects to nothing yet."""
    made = Celery("mailplatform", broker=broker_url(site.redis_url), include=[TASKS])
    made.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue="slices",
        task_routes={f"{TASKS}.tick_*": {"queue": "ticks"}},
        task_acks_late=True,  # ticks and slices may run twice: each is its own transaction with a lease
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={"visibility_timeout": 3600, "socket_timeout": 10, "socket_connect_timeout": 5},
        beat_schedule=beat_table(site),
        beat_max_loop_interval=30,
        timezone="UTC",
    )
    return made


app = make_app(settings.SITE)


class _Worker(Worker):  # type: ignore[misc]
    """A worker that a nursery forked: it never execs itself anew, and says when it consumes."""

    context: ServiceContext

    def install_platform_tweaks(self, worker: Any) -> None:
        install_worker_term_handler(worker)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def on_consumer_ready(self, consumer: Any) -> None:
        super().on_consumer_ready(consumer)
        self.context.ready()


def run_worker(context: ServiceContext) -> None:
    """The role ``worker``: one task at a time, in this process (no pool: a slice is short)."""
    worker = _Worker(
        app=app,
        hostname=f"worker{context.number}@{context.site.hostname}",
        pool_cls="solo",
        concurrency=1,
        queues=["ticks", "slices"],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel=context.site.log.level,
        quiet=True,
    )
    worker.context = context
    worker.start()


def run_beat(context: ServiceContext) -> None:
    """The role ``beat``: sends the ticks of the table. When it last did stands in run/, so that daily ones survive restarts."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    context.ready()
    schedule = str(context.site.home / "run" / "beat-schedule")
    Beat(app=app, schedule=schedule, loglevel=context.site.log.level, quiet=True, redirect_stdouts=False, socket_timeout=10).run()
