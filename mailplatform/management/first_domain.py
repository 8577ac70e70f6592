"""The first domain: ``example.test`` with one administrator and two employees, so that a fresh start can be tried at once.

example.test can never be a real domain (RFC 6761 §6.2). Made once, in one transaction; what is there is left alone.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from mailplatform.directory import domains
from mailplatform.directory.values import Actor
from mailplatform.mailflow.accounts import open_account
from mailplatform.runtime.errors import AlreadyExists

DOMAIN = "example.test"
ACTOR = Actor(None, "first start")


def ensure(accounts: list[dict[str, Any]]) -> bool:
    """Make the domain and these accounts (address, password, role, name); False when the domain exists already."""
    try:
        with transaction.atomic():
            domains.add_domain(DOMAIN, actor=ACTOR)
            for one in accounts:
                open_account(one["address"], password=one["password"], name=one["name"], role=one["role"], actor=ACTOR)
    except AlreadyExists:
        return False
    return True
