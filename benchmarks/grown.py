"""A site that has grown: domains, people and addresses by their actions, a million rows of trace by SQL.

python -m benchmarks.grown ADMINISTRATOR PASSWORD        (MAILPLATFORM_HOME names the home)
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
django.setup()

from django.db import connection  # noqa: E402

from mailplatform.access import credentials  # noqa: E402
from mailplatform.directory import accounts, addresses, domains, groups  # noqa: E402
from mailplatform.directory.accounts import NewAccount  # noqa: E402
from mailplatform.directory.values import CLI, Role  # noqa: E402
from mailplatform.mailflow.accounts import open_account, open_accounts  # noqa: E402

DOMAINS, PEOPLE, TRACES, LOGGED = 200, 5_000, 1_000_000, 100_000

TRACE = """
INSERT INTO trace_message (trace_id, at, retention, organisation_id, direction, verdict, reason, reverse_path, forward_path,
                           message_id, subject, client, helo, size)
SELECT lpad(to_hex(g), 20, '0'), now() - g * interval '2 seconds', 21, %(organisation)s,
       CASE g %% 3 WHEN 0 THEN 'received' ELSE 'submitted' END, 'accepted', '',
       'p' || (g %% 5000) || '@d' || lpad((g %% 200)::text, 3, '0') || '.test',
       'far' || (g %% 900) || '@outside' || (g %% 70) || '.test',
       '<m' || g || '@outside.test>', 'Letter number ' || g, '192.0.2.' || (g %% 250), 'mx.outside.test', 4000 + g %% 9000
FROM generate_series(1, %(count)s) g
"""
EVENTS = """
INSERT INTO trace_event (trace_id, at, retention, code, params)
SELECT lpad(to_hex(g), 20, '0'), now() - g * interval '2 seconds', 21, 'delivered',
       jsonb_build_object('recipient', 'far' || (g %% 900) || '@outside.test', 'reply', '250 ok')
FROM generate_series(1, %(count)s) g
"""
LOG = """
INSERT INTO audit_auditrow (at, organisation_id, actor_id, actor_name, code, subject_kind, subject_id, subject_name, params)
SELECT now() - g * interval '1 minute', %(organisation)s, 1, 'admin@d000.test', 'account.changed', 'account', g %% 5000,
       'p' || (g %% 5000) || '@d' || lpad((g %% 200)::text, 3, '0') || '.test', '{"quota_bytes": 1000000}'
FROM generate_series(1, %(count)s) g
"""
USED = """
UPDATE store_accountstate SET bytes = (account_id * 7919 %% 1000) * 1048576, messages = account_id * 31 %% 20000
"""


def make(admin: str, password: str) -> None:
    """All of it, in about a minute."""
    for number in range(DOMAINS):
        domains.add_domain(f"d{number:03}.test", account_quota_bytes=1 << 30, actor=CLI)
    info = open_account(admin, password=password, role=Role.ADMINISTRATOR, actor=CLI)
    rows = [NewAccount(f"p{n}@d{n % DOMAINS:03}.test", f"Person {n}") for n in range(PEOPLE)]
    open_accounts(rows, encoded=[credentials.hashed(password)] * len(rows), actor=CLI)
    for number in range(400):
        at = f"d{number % DOMAINS:03}.test"
        addresses.add_alias(f"alias{number}@{at}", [f"p{number}@{at}"], actor=CLI)
        if number < 100:
            groups.add_group(f"group{number}@{at}", [f"p{number}@{at}", f"p{number + DOMAINS}@{at}"], actor=CLI)
            addresses.add_forward(f"forward{number}@{at}", [f"far{number}@outside.test"], actor=CLI)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        params = {"organisation": accounts.get_account(info.address).organisation_id, "count": TRACES}
        cursor.execute(TRACE, params)
        cursor.execute(EVENTS, params)
        cursor.execute(LOG, {**params, "count": LOGGED})
        cursor.execute(USED, {})
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2])
