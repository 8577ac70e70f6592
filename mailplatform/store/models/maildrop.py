"""Who has an account's maildrop open by POP3: one session at a time (RFC 1939 §3, §4)."""

from django.db import models


class MaildropLock(models.Model):
    """A lease, not a lock of the database: no connection is held, and a holder that died is forgotten within seconds.

    The row stays; a lease that has run out is free. The table is unlogged: after a crash of the database nobody holds anything.
    """

    account = models.OneToOneField(
        "directory.Account", on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    holder = models.UUIDField()
    taken_at = models.DateTimeField()
    leased_until = models.DateTimeField()

    class Meta:
        db_table = "store_maildrop_lock"
