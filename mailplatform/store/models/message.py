"""One arrival's immutable content in one account, with everything that is worth computing once."""

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """Ids come from the sequence store_message_id_seq in blocks. Never found by hash: EMAILID (RFC 8474) is the id."""

    account = models.ForeignKey(
        "directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    # No trigger: an arrival locks the blob by touching it, and the collector checks again under that lock.
    blob = models.ForeignKey(
        "store.Blob", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False, null=True
    )
    prefix = models.BinaryField(default=b"")
    size = models.BigIntegerField()  # prefix and blob
    thread_id = models.BigIntegerField()
    created_modseq = models.BigIntegerField()
    envelope = models.BinaryField()
    bodystructure = models.BinaryField()
    message_id = models.TextField(blank=True, default="", db_collation="C")
    sent_at = models.DateTimeField(null=True)
    subject = models.TextField(blank=True, default="")
    subject_key = models.TextField(blank=True, default="", db_collation="C")
    from_text = models.TextField(blank=True, default="")
    to_text = models.TextField(blank=True, default="")
    cc_text = models.TextField(blank=True, default="")
    bcc_text = models.TextField(blank=True, default="")
    from_key = models.TextField(blank=True, default="", db_collation="C")
    to_key = models.TextField(blank=True, default="", db_collation="C")
    cc_key = models.TextField(blank=True, default="", db_collation="C")
    author = models.TextField(blank=True, default="", db_collation="C")
    preview = models.TextField(blank=True, default="")
    has_attachment = models.BooleanField(default=False)
    line_octets = models.IntegerField(default=0, db_default=0)  # to be sent as lines that end with CRLF, it grows by so many

    class Meta:
        indexes = [
            models.Index("account", "created_modseq", name="message_account_modseq"),
            models.Index("blob", name="message_blob"),
            models.Index("account", "message_id", condition=~Q(message_id=""), name="message_account_message_id"),
            models.Index(fields=["account"], condition=~Q(line_octets=0), name="message_account_line_octets"),
        ]


class SearchText(models.Model):
    """Packed text of a message for SEARCH BODY and TEXT, written behind delivery by the role index."""

    message = models.OneToOneField("store.Message", on_delete=models.CASCADE, primary_key=True, related_name="+")
    account = models.ForeignKey(
        "directory.Account", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    codec = models.SmallIntegerField()
    text = models.BinaryField()
