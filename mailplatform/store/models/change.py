"""One counter an account numbers every change; the row that holds it is the lock under which all writes are ordered."""

from django.db import models


class AccountState(models.Model):
    """Locked first by every write to an account's store; also carries its usage, so nothing else is locked."""

    account = models.OneToOneField("directory.Account", on_delete=models.PROTECT, primary_key=True, related_name="+")
    modseq = models.BigIntegerField(default=1)  # the last number given out
    min_modseq = models.BigIntegerField(default=1)  # below it a JMAP state gets a full resync
    bytes = models.BigIntegerField(default=0)
    messages = models.BigIntegerField(default=0)
    expunged_bytes = models.BigIntegerField(default=0)
    next_keyword = models.IntegerField(default=1)
    last_uidvalidity = models.BigIntegerField(default=0)
    last_folder = models.BigIntegerField(default=1)  # newest modseq shown per kind: JMAP Mailbox, Email, Thread
    last_email = models.BigIntegerField(default=1)
    last_thread = models.BigIntegerField(default=1)


class Indexed(models.Model):
    """How far the index role has written an account's search text; apart, since it must never wait for the account's lock."""

    account = models.OneToOneField("directory.Account", on_delete=models.CASCADE, primary_key=True, related_name="+")
    modseq = models.BigIntegerField(default=0)


class Tombstone(models.Model):
    """What is gone, for JMAP /changes of kinds whose rows do not stay."""

    account = models.ForeignKey("directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    object_id = models.BigIntegerField()
    modseq = models.BigIntegerField()

    class Meta:
        indexes = [models.Index("account", "kind", "modseq", name="tombstone_modseq")]


class ViewerState(models.Model):
    """Another viewer's counts of a shared folder, and the floor below which their states are void."""

    pk = models.CompositePrimaryKey("folder", "viewer")
    folder = models.ForeignKey("store.Folder", on_delete=models.CASCADE, related_name="+", db_index=False)
    viewer = models.ForeignKey("directory.Account", on_delete=models.CASCADE, related_name="+", db_index=False)
    unseen = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
