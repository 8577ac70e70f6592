"""The one table of services: which roles there are, how many processes, on which sockets, and what they may take.

The supervisor starts from it, ``manage.py serve ROLE`` runs one line of it, ``check_site`` adds it up. A new role is one
line here. Standard library only; a role's code is named by a dotted path and imported by the nursery.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailplatform.settings.service import Listener
from mailplatform.settings.site import SiteConfig

COMMITTER = 3  # connections of a committer: two threads and the side queue's (HOUSE §3)
RESERVED = 8  # management commands and a person with psql


@dataclass(frozen=True, slots=True)
class Service:
    """One role.

    run: "module:function", called with a ServiceContext in each worker. stage: roles of a lower stage start earlier and
    stop later. greeting: how a door says that it serves ("smtp", "imap", "pop3", "http"; "" for roles without sockets).
    connections: database connections one process may open. memory_mib: what one process takes beyond the nursery, about.
    """

    name: str
    run: str
    workers: int = 1
    listeners: tuple[Listener, ...] = ()
    stage: int = 1
    greeting: str = ""
    connections: int = 0
    memory_mib: int = 15

    def __post_init__(self) -> None:
        assert ":" in self.run and self.workers > 0, self


def table(site: SiteConfig) -> tuple[Service, ...]:
    """The roles of this site, in the order in which they start."""
    ways = {role: tuple(listeners) for role, listeners in site.listeners().items()}
    sink = Service("sink", "mailplatform.demo.sink:run", 1, ways.get("sink", ()), greeting="smtp")
    imap = site.imap.quick_connections + site.imap.slow_connections + COMMITTER + 1
    return (
        *((sink,) if site.demo.sink else ()),
        Service("index", "mailplatform.store.index.service:run", site.workers("index"), connections=site.index.connections),
        Service(
            "agent", "mailplatform.mailflow.agent:run", site.workers("agent"), connections=site.agent.connections + COMMITTER
        ),
        Service(
            "outbound",
            "protocols.smtp.agent.service:run",
            site.workers("outbound"),
            connections=site.outbound.connections + COMMITTER + 3,  # its ledger, and the committer of its reports
        ),
        Service("worker", "mailplatform.celery:run_worker", site.workers("tasks"), connections=2, memory_mib=25),
        Service("beat", "mailplatform.celery:run_beat", memory_mib=20),
        Service(
            "smtp",
            "protocols.smtp.service:run",
            site.workers("smtp"),
            ways["smtp"],
            stage=2,
            greeting="smtp",
            connections=site.smtp.connections + COMMITTER,
        ),
        Service(
            "submission",
            "protocols.smtp.submission:run",
            site.workers("submission"),
            ways["submission"],
            stage=2,
            greeting="smtp",
            connections=site.submission.connections + site.access.hash_threads + COMMITTER,
        ),
        Service(
            "lmtp",
            "protocols.smtp.lmtp:run",
            site.workers("lmtp"),
            ways.get("lmtp", ()),
            stage=2,
            greeting="smtp",
            connections=site.lmtp.connections + COMMITTER,
        ),
        Service(
            "imap",
            "protocols.imap.service:run",
            site.workers("imap"),
            ways["imap"],
            stage=2,
            greeting="imap",
            connections=imap,
            memory_mib=20,
        ),
        Service(
            "pop3",
            "protocols.pop3.service:run",
            site.workers("pop3"),
            ways["pop3"],
            stage=2,
            greeting="pop3",
            connections=site.pop3.connections + site.access.hash_threads,
        ),
        Service(
            "web",
            "mailplatform.wsgi:run",
            1,  # one gunicorn, which forks its own workers
            ways["web"],
            stage=2,
            greeting="http",
            connections=site.web.workers * site.web.threads,
            memory_mib=15 * (1 + site.web.workers),
        ),
    )


def connections(site: SiteConfig) -> int:
    """Database connections when everything is busy at once, the reserve included."""
    return sum(service.workers * service.connections for service in table(site)) + RESERVED


def memory_mib(site: SiteConfig) -> int:
    """A rough sum of what all processes take when idle: roles, supervisor, nursery, embedded servers."""
    roles = sum(service.workers * service.memory_mib for service in table(site))
    return roles + 25 + 45 + (60 if site.embedded_database else 0) + (8 if site.embedded_redis else 0)
