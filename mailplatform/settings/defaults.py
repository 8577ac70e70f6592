"""Every setting of a site: one frozen dataclass a table of site.toml, one field a key, with its default and what it means.

This is the single list: site.py reads the file against it, ``check_site`` explains from it, docs/settings/reference.md is
written from it (``python -m mailplatform.settings.reference``; a test compares). Names end in their unit: ``_seconds``
takes 30, 0.5 or "5m", "2h", "10d"; ``_bytes`` takes 1048576 or "64K", "35M", "50G" (powers of 1024). Zero means "derive"
where the text says so. What is policy of an organisation, domain or account stands in the database, not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
MINUTE, HOUR, DAY = 60, 3600, 86400


def key(default: Any, meaning: str) -> Any:
    """A field of a table: its default and one sentence for people."""
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Network:
    """Where this site stands and how it calls itself."""

    hostname: str = key("", "Name in greetings, trace headers and the default certificate; empty: this machine's if dotted.")
    addresses: tuple[str, ...] = key(("127.0.0.1",), 'Addresses every door listens on, e.g. ["0.0.0.0", "::"].')
    port_base: int = key(10000, "Added to the usual port of every door that names no port of its own (smtp 25 → 10025).")


@dataclass(frozen=True, slots=True)
class Database:
    """Postgres: the embedded one, or one outside by DSN (15 or newer)."""

    dsn: str = key("", 'Outside server, "host=… dbname=… user=…" or "postgresql://…"; empty: the embedded one in the home.')
    dsn_file: str = key("", "File that holds the DSN, so that its password stays out of site.toml.")
    role_dsn: str = key("", 'As dsn, for the roles: "{role}" in it is the role, so that each has a Postgres user of its own.')
    role_dsn_file: str = key("", 'File that holds such a DSN; "{role}" in its name is the role.')
    connect_timeout_seconds: float = key(5, "How long a new connection may take.")
    statement_timeout_seconds: float = key(30, "Longest statement of a role.")
    lock_timeout_seconds: float = key(5, "Longest wait for a row or table lock; waiting mail gets 451 then.")
    idle_transaction_timeout_seconds: float = key(60, "A transaction that does nothing for so long is ended by the server.")
    most_connections: int = key(100, "check_site refuses a service table that may need more when all are busy.")
    max_connections: int = key(120, "Embedded: max_connections of the server.")
    shared_buffers_bytes: int = key(0, "Embedded: page cache of the server; 0: an eighth of the memory, 64 MiB to 512 MiB.")
    max_slot_wal_bytes: int = key(2 * GIB, "Embedded: log kept at most for a replica or backup that lags.")


@dataclass(frozen=True, slots=True)
class Redis:
    """Valkey or Redis: hints between processes, counters of limits, the broker of periodic work. Never mail."""

    url: str = key("", 'Outside server, "redis://host:6379/0" or "unix:///path?db=0"; empty: the embedded Valkey.')
    url_file: str = key("", "File that holds the URL.")
    timeout_seconds: float = key(0.05, "Longest wait for one call; mail goes on without.")
    breaker_seconds: float = key(5, "After a failed call the server is left alone so long; counters are per process meanwhile.")
    max_memory_bytes: int = key(256 * MIB, "Embedded: memory it may take for data.")


@dataclass(frozen=True, slots=True)
class TlsTable:
    """Certificates are <home>/tls/<host name>/{cert,key}.pem; the one of the site's host name is the default."""

    minimum_version: str = key("1.2", "Oldest protocol version accepted on mail ports: 1.2 or 1.3.")
    self_signed_days: int = key(825, "Life of the certificate made at first start.")
    handshake_timeout_seconds: float = key(30, "Longest TLS handshake.")


@dataclass(frozen=True, slots=True)
class Dns:
    """Name resolution for everything the platform asks the world."""

    servers: tuple[str, ...] = key((), 'Recursive resolvers, "address" or "address:port" ("[v6]:port"); empty: as the system.')
    timeout_seconds: float = key(2, "One question to one server.")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Load balancers in front of the doors."""

    networks: tuple[str, ...] = key(
        (), "Networks whose connections must begin with a PROXY header (v1, v2); refused from others."
    )
    timeout_seconds: float = key(5, "Longest wait for the header.")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in."""

    plaintext_networks: tuple[str, ...] = key((), "Networks from where a password may be sent without TLS; none by default.")
    announce_scram: bool = key(
        False,
        "Announce SCRAM-SHA-256; it is taken in any case. Many programs then try nothing else: only where every password has a "
        "verifier (`organisation set --scram-for-passwords on`) and nobody's program stands on libsasl2 (mbsync, mutt).",
    )
    cache_seconds: float = key(60, "How long a good password is believed without hashing again.")
    failure_delay_seconds: float = key(0.5, "The answer to a wrong password waits so long; it doubles with each further failure.")
    failure_delay_longest_seconds: float = key(8, "Longest such wait.")
    lockout_failures: int = key(10, "Failures of one account, or of one client address times four, before it is locked out.")
    lockout_window_seconds: float = key(10 * MINUTE, "Time in which these failures count.")
    lockout_seconds: float = key(10 * MINUTE, "Longest lock-out; the first lasts a second, and each further failure doubles it.")
    hash_threads: int = key(2, "Password hashes computed at once in one process.")
    hash_memory_bytes: int = key(19 * MIB, "argon2id memory of one hash.")
    hash_passes: int = key(2, "argon2id passes of one hash.")
    epoch_poll_seconds: float = key(2, "How often a process looks whether rights of living sessions changed.")


@dataclass(frozen=True, slots=True)
class Smtp:
    """The MX: mail from the world (RFC 5321)."""

    port: int = key(0, "0: port_base + 25.")
    workers: int = key(0, "Processes; 0: one for two cores, at most 4. Fewer make larger, cheaper batches.")
    connections: int = key(4, "Database connections a process may open for recipients and the like (the committer has two more).")
    max_message_bytes: int = key(50 * MIB, "SIZE; a domain may say less.")
    max_recipients: int = key(1000, "RCPT commands accepted in one transaction.")
    max_line_bytes: int = key(4096, "Longest command line, extensions included.")
    max_data_line_bytes: int = key(MIB, "Longest line of a message; a longer one refuses it (RFC 5321 §4.5.3.1.6 says 1,000).")
    max_errors: int = key(20, "Refused commands before the connection is closed with 421; an accepted message clears the count.")
    max_idle_commands: int = key(100, "NOOP, RSET, HELP, VRFY and EHLO without mail between before the connection is closed.")
    max_transactions: int = key(10000, "Transactions in one connection; then 421, and the client opens another.")
    max_connections: int = key(1000, "Open connections of one process.")
    max_connections_per_address: int = key(100, "Open connections of one client address in one process.")
    command_timeout_seconds: float = key(5 * MINUTE, "Silence between commands (RFC 5321 §4.5.3.2.7).")
    data_timeout_seconds: float = key(10 * MINUTE, "Longest silence within DATA.")
    session_timeout_seconds: float = key(HOUR, "Longest life of one connection.")
    drain_seconds: float = key(20, "On stop, transactions under way have so long to end.")
    max_received_headers: int = key(50, "More Received fields than this are a loop (RFC 5321 §6.3).")
    spool_memory_bytes: int = key(256 * KIB, "A message above this is spooled to a file while it comes in.")
    spool_total_bytes: int = key(64 * MIB, "Memory of all messages coming in to one process; beyond it all go to files.")
    recipient_cache_seconds: float = key(5, "How long an answer to RCPT is kept without a hint.")


@dataclass(frozen=True, slots=True)
class Submission:
    """Mail from the people of the house (RFC 6409, RFC 8314). What is not said here is as in [smtp]."""

    port: int = key(0, "STARTTLS; 0: port_base + 587.")
    tls_port: int = key(0, "Implicit TLS; 0: port_base + 465.")
    workers: int = key(0, "Processes; 0: one for two cores, at most 4.")
    connections: int = key(4, "Database connections a process may open for recipients and the like (the committer has two more).")
    max_connections: int = key(1000, "Open connections of one process.")
    max_connections_per_address: int = key(100, "Open connections of one client address in one process.")
    messages_per_hour: int = key(
        500, "Messages one user may send in an hour; 0: any number. A user may have limits of their own."
    )
    messages_per_day: int = key(2000, "The same for a day.")
    recipients_per_hour: int = key(2000, "Recipients of what one user sends in an hour; 0: any number.")
    recipients_per_day: int = key(10000, "The same for a day.")


@dataclass(frozen=True, slots=True)
class Lmtp:
    """Mail from a server in front (RFC 2033): a reply for each recipient, no relaying. What is not said here is as in [smtp]."""

    port: int = key(0, "0: port_base + 24.")
    addresses: tuple[str, ...] = key(("127.0.0.1",), "Addresses it listens on; [] leaves the Unix socket alone.")
    networks: tuple[str, ...] = key(("127.0.0.0/8", "::1/128"), "From where it may be called over TCP; 554 for all others.")
    socket: str = key("lmtp.sock", "Unix socket, a path in <home>/run/ or an absolute one; empty: none.")
    socket_mode: str = key("0660", "Its permissions, in octal.")
    socket_group: str = key("", "Its group, which may deliver; the service's user must be in it. Empty: the user's own group.")
    full: str = key("defer", "A full account answers 452 (defer: the server in front keeps the mail), or 552 (refuse).")
    workers: int = key(1, "Processes.")
    connections: int = key(2, "Database connections a process may open for recipients and the like (the committer has two more).")
    max_connections: int = key(1000, "Open connections of one process.")


@dataclass(frozen=True, slots=True)
class Imap:
    """IMAP4rev1 (RFC 3501) for clients."""

    port: int = key(0, "STARTTLS; 0: port_base + 143.")
    tls_port: int = key(0, "Implicit TLS; 0: port_base + 993.")
    workers: int = key(0, "Processes; 0: one for two cores, at most 4. Fewer make larger, cheaper batches.")
    quick_connections: int = key(4, "Database connections of a process for short calls (the committer has two more).")
    slow_connections: int = key(2, "Database connections of a process for search, sort and bulk changes.")
    max_line_bytes: int = key(64 * KIB, "Longest command line without its literals.")
    max_literal_bytes: int = key(64 * KIB, "Longest literal outside APPEND.")
    max_append_bytes: int = key(50 * MIB, "Longest message of APPEND (RFC 7889).")
    max_errors: int = key(20, "BAD answers before the connection is closed.")
    max_connections: int = key(5000, "Open connections of one process.")
    max_connections_per_address: int = key(500, "Open connections of one client address in one process.")
    max_connections_per_account: int = key(100, "Open connections of one account in one process.")
    login_timeout_seconds: float = key(60, "A connection that has not logged in by then is closed.")
    idle_timeout_seconds: float = key(30 * MINUTE, "Silence of a logged-in client (RFC 3501 §5.4 asks at least 30 minutes).")
    tick_seconds: float = key(1, "How often idle sessions look for changes when hints are lost.")
    drain_seconds: float = key(10, "On stop, commands under way have so long to end.")
    snapshot_bytes: int = key(64 * MIB, "Folder snapshots kept in one process.")


@dataclass(frozen=True, slots=True)
class Pop3:
    """POP3 (RFC 1939) for clients that fetch."""

    port: int = key(0, "STLS; 0: port_base + 110.")
    tls_port: int = key(0, "Implicit TLS; 0: port_base + 995.")
    workers: int = key(1, "Processes; 0: one for two cores, at most 4.")
    connections: int = key(3, "Database connections of a process.")
    max_errors: int = key(20, "Refused commands or passwords in a row before the connection is closed.")
    max_connections: int = key(2000, "Open connections of one process.")
    max_connections_per_address: int = key(200, "Open connections of one client address in one process.")
    max_connections_per_account: int = key(10, "Open connections of one account in one process; one has the maildrop open.")
    login_timeout_seconds: float = key(60, "A connection that has not signed in by then is closed.")
    idle_timeout_seconds: float = key(10 * MINUTE, "Silence of a signed-in client (RFC 1939 §3 asks at least 10 minutes).")
    login_delay_seconds: float = key(0, "Least time between two sign-ins of one account (LOGIN-DELAY, RFC 2449 §6.5); 0: none.")
    lease_seconds: float = key(10, "A process that died holds its maildrops so long.")
    drain_seconds: float = key(10, "On stop, commands under way have so long to end.")


@dataclass(frozen=True, slots=True)
class Store:
    """Mail at rest."""

    inline_bytes: int = key(64 * KIB, "Compressed bodies up to this stand in Postgres, larger ones in pack files.")
    compression_level: int = key(3, "zstd level of bodies.")
    pack_bytes: int = key(256 * MIB, "A pack file is sealed at this size.")
    retention_seconds: float = key(30 * DAY, "How long an expunged message can be restored.")
    restorable_bytes: int = key(10 * GIB, "Most bytes an account's expunged messages keep; beyond, the oldest are purged.")
    yield_free_percent: float = key(10, "Below so much free disk expunged messages are kept shorter, the less the emptier.")
    tombstone_seconds: float = key(400 * DAY, "How long the slim row of an expunged message tells clients that it is gone.")
    blob_grace_seconds: float = key(DAY, "A body that nothing names is kept so long.")
    arrival_seconds: float = key(DAY, "How long the result of an arrival is kept, so that a repeated one doubles nothing.")
    bulk_rows: int = key(2000, "Rows changed in one transaction of a bulk change.")
    bulk_pause_seconds: float = key(0.010, "Pause between two of them.")
    copy_rows: int = key(50000, "Most messages of one COPY or MOVE.")
    min_free_percent: float = key(5, "Below so much free disk mail is refused with 452.")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """How arriving messages are committed together."""

    batch: int = key(200, "Most messages of one commit.")
    helper_at: int = key(50, "So many waiting messages start a second committer.")
    helper_after_seconds: float = key(0.050, "So does a commit that runs this long while others wait.")
    gather_seconds: float = key(0.002, "Longest wait for a commit to gather as many messages as the one before.")
    place_directly: int = key(16, "A message for more local accounts than this goes through the local queue.")
    patience_seconds: float = key(2, "A message whose accounts are busy this long goes through the local queue too.")
    most_waiting: int = key(10000, "Messages waiting in one process before new ones get 451.")


@dataclass(frozen=True, slots=True)
class Agent:
    """The delivery agent: the local queue."""

    workers: int = key(1, "Processes.")
    connections: int = key(3, "Database connections of a process.")
    poll_seconds: float = key(1, "How often the queue is looked at without a hint.")
    lease_seconds: float = key(15 * MINUTE, "How long a claimed item belongs to one agent; renewed while it works.")
    batch: int = key(200, "Items claimed at once.")
    retry_seconds: float = key(5 * MINUTE, "First retry of a deferred item; the pause doubles up to the longest.")
    retry_longest_seconds: float = key(4 * HOUR, "Longest pause between attempts.")
    drain_seconds: float = key(20, "On stop, attempts under way have so long to end.")
    answers_per_day: int = key(200, "Automatic answers that one account gives in a day at most.")


@dataclass(frozen=True, slots=True)
class Outbound:
    """Mail for the outside (RFC 5321 §4.5.4.1, timeouts of §4.5.3.2)."""

    workers: int = key(1, "Processes.")
    connections: int = key(3, "Database connections of a process (its committer has three more).")
    slots: int = key(500, "Attempts under way at once in one process.")
    destination_slots: int = key(20, "Of these, for one destination that is well.")
    retry_after: tuple[float, ...] = key(
        (5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR),
        'Pauses before each new attempt, e.g. ["5m", "30m", "2h"]; the last one goes on until the mail is given up.',
    )
    warn_after_seconds: float = key(4 * HOUR, "The sender is told of a delay after this time; 0: never.")
    expire_after_seconds: float = key(5 * DAY, "Mail that could not be delivered for so long goes back.")
    probe_longest_seconds: float = key(HOUR, "A destination that cannot be reached is tried again after so long at the most.")
    lease_seconds: float = key(5 * MINUTE, "How long an attempt's items belong to one process without a sign of life.")
    poll_seconds: float = key(1, "How often the queue is looked at without a hint.")
    slow_seconds: float = key(5, "Destinations where attempts take longer share a part of the slots with those that fail.")
    put_off_seconds: float = key(
        10, "While others wait for a slot, an attempt at a failing, unproven or slow destination is put off after so long."
    )
    tick_missing_seconds: float = key(60, "Without a tick for so long the agent releases due mail by itself.")
    drain_seconds: float = key(20, "On stop, attempts under way have so long to end.")
    port: int = key(25, "Port of mail exchangers; another one is for tests.")
    ipv6: bool = key(True, "Try IPv6 addresses, before those of IPv4; false where the network has none.")
    tls: bool = key(True, "Use TLS where it is offered (STARTTLS), without asking whose certificate it is; false: never.")
    addresses_a_try: int = key(10, "Addresses called in one attempt before it is put off.")
    sessions_a_try: int = key(3, "Servers that answer the call but fail before a message is sent, in one attempt.")
    reuse_messages: int = key(100, "Messages over one connection.")
    reuse_seconds: float = key(5 * MINUTE, "Longest life of a connection that takes one message after another.")
    reuse_idle_seconds: float = key(5, "A connection waits so long for the next message to the same destination.")
    idle_connections: int = key(200, "Connections that wait at most; beyond, the one that has waited longest is ended.")
    connect_timeout_seconds: float = key(30, "One address, until it answers the call.")
    greeting_timeout_seconds: float = key(5 * MINUTE, "Until the greeting has come.")
    command_timeout_seconds: float = key(5 * MINUTE, "Reply to EHLO, STARTTLS, AUTH, MAIL, RCPT; also the TLS handshake.")
    data_start_timeout_seconds: float = key(2 * MINUTE, "Reply to DATA.")
    data_block_timeout_seconds: float = key(3 * MINUTE, "Until a block of the message is taken.")
    data_end_timeout_seconds: float = key(10 * MINUTE, "Reply to the end of a message: giving up sooner makes doubles.")
    attempt_timeout_seconds: float = key(30 * MINUTE, "A whole attempt, however slow its servers, but for the reply to the end.")


@dataclass(frozen=True, slots=True)
class Index:
    """The indexer: search text written behind delivery."""

    workers: int = key(1, "Processes; accounts are divided among them.")
    connections: int = key(2, "Database connections of a process.")
    nice: int = key(19, "Scheduling priority, 0 to 19 (least).")
    poll_seconds: float = key(2, "How often it looks for new messages without a hint.")
    batch: int = key(200, "Messages of one transaction.")


@dataclass(frozen=True, slots=True)
class Web:
    """Pages over HTTP (gunicorn)."""

    port: int = key(0, "Plain HTTP, for this machine and for proxies in front; 0: port_base + 80.")
    tls_port: int = key(0, "HTTPS; 0: port_base + 443.")
    workers: int = key(1, "Processes.")
    threads: int = key(4, "Requests at once in one process; each may hold one database connection.")
    timeout_seconds: float = key(60, "A worker stuck this long is replaced.")
    drain_seconds: float = key(15, "On stop, requests under way have so long to end.")
    allowed_hosts: tuple[str, ...] = key(("*",), "Host names answered to.")
    session_idle_seconds: float = key(HOUR, "Whoever does nothing for so long has to sign in again.")
    session_seconds: float = key(12 * HOUR, "Whoever signed in so long ago has to sign in again.")
    hsts_seconds: float = key(180 * DAY, "Over HTTPS browsers are told to use only that for so long (RFC 6797); 0: they are not.")
    proxy_networks: tuple[str, ...] = key((), "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.")
    max_body_bytes: int = key(2 * MIB, "Longest form that is sent.")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Periodic and sliced work (Celery worker and beat)."""

    workers: int = key(1, "Processes; each runs one task at a time.")
    tick_seconds: float = key(60, "Queue releases, expiry and reports look for due work.")
    retention_seconds: float = key(HOUR, "Purge of what the retention period has passed.")
    collect_seconds: float = key(HOUR, "Collection of bodies that nothing names.")
    partitions_seconds: float = key(DAY, "Trace partitions are made ahead and dropped at their age.")
    drain_seconds: float = key(35, "On stop, a running slice (30 s at most) has so long to end.")


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to mail, and how long it is told."""

    queue: int = key(5000, "Events of refused sessions kept for writing behind; more are counted and dropped.")


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Processes: how they are started, watched and ended."""

    ready_seconds: float = key(30, "A role must answer with its protocol's greeting within this time.")
    restart_first_seconds: float = key(0.1, "Pause before a role that ended is started again; it doubles while it keeps ending.")
    restart_longest_seconds: float = key(10, "Longest such pause.")
    stop_seconds: float = key(45, "A role that has not drained by then is killed.")
    hung_seconds: float = key(60, "A role whose loop gives no sign of life for so long is killed and started again; 0: never.")
    database_retry_seconds: float = key(20, "How long a start of the embedded Postgres is tried again (a stale postmaster.pid).")


@dataclass(frozen=True, slots=True)
class Log:
    """Logs go to <home>/log/<role>.log, or to standard error under `serve`."""

    level: str = key("info", "debug, info, warning or error.")
    format: str = key("text", "text or json (one object a line).")
    max_bytes: int = key(64 * MIB, "The supervisor puts a log of this size aside as .1 and begins a new one.")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Health and figures: every process answers /healthz, /readyz and /metrics on a unix socket of its own; the web shows all."""

    networks: tuple[str, ...] = key(
        ("127.0.0.0/8", "::1/128"), "Networks that may read /metrics of the web, and the address below."
    )
    listen: str = key("", 'A role started by `serve` answers here too, e.g. "0.0.0.0:9125" (one role a container).')


@dataclass(frozen=True, slots=True)
class Demo:
    """The demonstration. `make up` writes this table into a new site.toml, `make up DEMO=0` does not."""

    sink: bool = key(False, "Run the sink, which plays the mail server of slow.test on loopback.")
    sink_port: int = key(0, "0: port_base + 26.")


@dataclass(frozen=True, slots=True)
class Testing:
    """For drills only."""

    clock: bool = key(False, "Read an offset in seconds from <home>/run/clock, so that days pass in all roles at once.")


TABLES: dict[str, type] = {
    "network": Network,
    "database": Database,
    "redis": Redis,
    "tls": TlsTable,
    "dns": Dns,
    "proxy": Proxy,
    "access": Access,
    "smtp": Smtp,
    "submission": Submission,
    "lmtp": Lmtp,
    "imap": Imap,
    "pop3": Pop3,
    "store": Store,
    "arrivals": Arrivals,
    "agent": Agent,
    "outbound": Outbound,
    "index": Index,
    "web": Web,
    "tasks": Tasks,
    "trace": Trace,
    "supervisor": Supervisor,
    "log": Log,
    "metrics": Metrics,
    "demo": Demo,
    "testing": Testing,
}
