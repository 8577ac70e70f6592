"""Makes the users of a benchmark or drill, in bulk: u1 … uN at one domain, all with one password.

    python -m benchmarks.users DOMAIN COUNT PASSWORD        (MAILPLATFORM_HOME names the home)

One hash serves all of them, since hashing is slow on purpose. Users that are there stay as they are.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailplatform.settings.computed")
django.setup()

from mailplatform.access.hashing import hasher  # noqa: E402
from mailplatform.directory import accounts, domains  # noqa: E402
from mailplatform.directory.accounts import NewAccount  # noqa: E402
from mailplatform.directory.values import CLI  # noqa: E402
from mailplatform.mailflow.accounts import open_accounts  # noqa: E402
from mailplatform.runtime.errors import AlreadyExists  # noqa: E402


def make(domain: str, count: int, password: str) -> int:
    """How many were made."""
    try:
        domains.add_domain(domain, actor=CLI)
    except AlreadyExists:
        pass
    there = {info.address for info in accounts.list_accounts(domain=domain)}
    rows = [NewAccount(f"u{n}@{domain}") for n in range(1, count + 1)]
    missing = [row for row in rows if row.address not in there]
    return open_accounts(missing, encoded=[hasher().hash(password)] * len(missing), actor=CLI) if missing else 0


if __name__ == "__main__":
    print(make(sys.argv[1], int(sys.argv[2]), sys.argv[3]), "users made")
