"""A folder: IMAP's mailbox, with its counters. A deleted folder keeps its row, so that its uids never return; what was
subscribed and has no folder any more keeps its name."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Folder(models.Model):
    account = models.ForeignKey("directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField(db_collation="C")
    uidvalidity = models.BigIntegerField()
    uidnext = models.BigIntegerField(default=1)
    highestmodseq = models.BigIntegerField(default=1)
    created_modseq = models.BigIntegerField()
    changed_modseq = models.BigIntegerField()
    expunged_floor = models.BigIntegerField(default=0)
    recent_from = models.BigIntegerField(default=1)
    messages = models.BigIntegerField(default=0)
    unseen = models.BigIntegerField(default=0)
    deleted = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    special_use = models.CharField(max_length=16, blank=True, default="")
    subscribed = models.BooleanField(default=True)
    seen_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)
    deleted_modseq = models.BigIntegerField(null=True)
    drained = models.BooleanField(default=False)  # of a deleted folder: its entries have left

    class Meta:
        constraints = [
            models.UniqueConstraint("account", "name", condition=Q(deleted_at=None), name="folder_name_once"),
            models.UniqueConstraint(
                "account", "special_use", condition=Q(deleted_at=None) & ~Q(special_use=""), name="folder_special_use_once"
            ),
            models.CheckConstraint(condition=Q(uidnext__gte=1) & Q(uidvalidity__gte=1), name="folder_uids_positive"),
            models.CheckConstraint(
                condition=Q(messages__gte=0, unseen__gte=0, deleted__gte=0, size__gte=0) & Q(unseen__lte=F("messages")),
                name="folder_counters_possible",
            ),
        ]
        indexes = [
            models.Index("account", "changed_modseq", name="folder_account_changed"),
            models.Index("id", condition=~Q(deleted_at=None) & Q(drained=False), name="folder_to_drain"),
        ]

    def __str__(self) -> str:
        return self.name


class LostSubscription(models.Model):
    """A subscribed name that no live folder of the account has."""

    account = models.ForeignKey("directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField(db_collation="C")

    class Meta:
        constraints = [models.UniqueConstraint("account", "name", name="lost_subscription_once")]

    def __str__(self) -> str:
        return self.name
