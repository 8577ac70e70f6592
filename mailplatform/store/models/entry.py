"""A message in a folder, narrow on purpose: a change of flags rewrites one short row, and no index but one.

The hot tables carry no foreign key triggers (a lookup and a row lock each, for every row): rows are written and taken away
under the account's lock only, and ``store verify`` proves that every key has its row.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Entry(models.Model):
    """Changing columns stand in no index but (folder, modseq); fillfactor leaves room for updates (migration)."""

    pk = models.CompositePrimaryKey("folder", "uid")
    folder = models.ForeignKey("store.Folder", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    uid = models.BigIntegerField()
    account = models.ForeignKey(
        "directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    message = models.ForeignKey("store.Message", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    thread_id = models.BigIntegerField()
    flags = models.SmallIntegerField(default=0)
    keywords = ArrayField(models.IntegerField(), default=list)
    modseq = models.BigIntegerField()
    created_modseq = models.BigIntegerField()
    internal_date = models.DateTimeField()
    save_date = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    size = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index("folder", "modseq", name="entry_folder_modseq"),
            models.Index("message", name="entry_message"),
            models.Index("folder", "internal_date", "uid", name="entry_folder_date"),
        ]


class Keyword(models.Model):
    """A keyword's number within its account; entries carry numbers. RFC 9051 §2.3.2: case-insensitive, spelling kept."""

    account = models.ForeignKey("directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.IntegerField()
    name = models.TextField(db_collation="C")
    folded = models.TextField(db_collation="C")  # ASCII lower-case

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "number", name="keyword_number_once"),
            models.UniqueConstraint("account", "folded", name="keyword_name_once"),
        ]


class Expunged(models.Model):
    """What left a folder, restorable until purged; the slim row lives on for QRESYNC (RFC 7162 §3.2)."""

    pk = models.CompositePrimaryKey("folder", "uid")
    folder = models.ForeignKey("store.Folder", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    uid = models.BigIntegerField()
    account = models.ForeignKey(
        "directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    message = models.ForeignKey(
        "store.Message", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False, null=True
    )
    thread_id = models.BigIntegerField(null=True)
    flags = models.SmallIntegerField(default=0)
    keywords = ArrayField(models.IntegerField(), default=list)
    modseq = models.BigIntegerField()
    created_modseq = models.BigIntegerField()
    internal_date = models.DateTimeField()
    save_date = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    size = models.BigIntegerField()
    expunged_at = models.DateTimeField()
    reason = models.CharField(max_length=16)
    user_id = models.BigIntegerField(null=True)
    user_name = models.TextField(blank=True, default="")
    client = models.TextField(blank=True, default="")
    restored_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("folder", "modseq", name="expunged_folder_modseq"),
            models.Index("message", condition=Q(message__isnull=False), name="expunged_message"),
            models.Index("account", "expunged_at", name="expunged_account_at"),
            models.Index("account", "expunged_at", condition=Q(message__isnull=False), name="expunged_restorable"),
        ]


class Seen(models.Model):
    """Where another viewer's \\Seen differs from the entry's own bit, in shared folders."""

    pk = models.CompositePrimaryKey("folder", "viewer", "uid")
    folder = models.ForeignKey("store.Folder", on_delete=models.CASCADE, related_name="+", db_index=False)
    viewer = models.ForeignKey("directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False)
    uid = models.BigIntegerField()
    seen = models.BooleanField()
    modseq = models.BigIntegerField()

    class Meta:
        indexes = [models.Index("folder", "viewer", "modseq", name="seen_viewer_modseq")]
