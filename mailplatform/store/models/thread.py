"""Conversations: a message joins the oldest thread that any of its references names; thread ids never change."""

from django.db import models


class Thread(models.Model):
    """The id is that of the thread's first message, so a new thread needs no number of its own."""

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(
        "directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    created_modseq = models.BigIntegerField()
    changed_modseq = models.BigIntegerField()
    joined_to = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index("account", "changed_modseq", name="thread_account_changed")]


class ThreadRef(models.Model):
    """A Message-ID's 64-bit hash and the thread it belongs to, within one account."""

    pk = models.CompositePrimaryKey("account", "ref_hash")
    account = models.ForeignKey(
        "directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    ref_hash = models.BigIntegerField()
    thread_id = models.BigIntegerField()
