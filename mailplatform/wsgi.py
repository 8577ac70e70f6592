"""The WSGI application, and the role ``web`` that serves it with gunicorn (threads in few processes)."""

from __future__ import annotations

import os
import signal
from typing import Any

from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication

from mailplatform.settings.service import ServiceContext
from mailplatform.supervisor.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
application = get_wsgi_application()


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn by its Python API: on sockets we hand it, without its command line."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        super().__init__()

    def load_config(self) -> None:
        web, context = self._context.site.web, self._context
        chosen: dict[str, Any] = {
            "bind": [f"fd://{one.fileno()}" for sockets in context.sockets.values() for one in sockets],
            "worker_class": "gthread",
            "workers": web.workers,
            "threads": web.threads,
            "timeout": int(web.timeout_seconds),
            "graceful_timeout": int(web.drain_seconds),
            "worker_tmp_dir": str(context.site.home / "run"),
            "control_socket_disable": True,
            "preload_app": True,
            "errorlog": "-",
            "loglevel": context.site.log.level,
            "proc_name": "mailplatform web",
            "post_fork": lambda arbiter, worker: end_with_parent(),  # a killed arbiter leaves nobody on the socket
            "post_worker_init": lambda worker: context.ready(),
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return application


def run(context: ServiceContext) -> None:
    """The role ``web``. gunicorn's own signals are those of a role: TERM drains, HUP starts its workers anew."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Gunicorn(context).run()
