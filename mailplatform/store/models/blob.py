"""Content-addressed bytes: small ones in the row, large ones in pack files; alive while a message or a pin names them."""

from django.db import models
from django.db.models import Q


class Pack(models.Model):
    """An append-only file ``packs/<name>``; one writing process each; sealed at 256 MiB."""

    name = models.TextField(unique=True)
    size = models.BigIntegerField(default=0)
    sealed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)


class Blob(models.Model):
    """hash is BLAKE2b-256 of what the peer sent. Exactly one of data and pack holds the (compressed) bytes."""

    hash = models.BinaryField()
    size = models.BigIntegerField()
    codec = models.SmallIntegerField()
    data = models.BinaryField(null=True)
    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="+", null=True)
    pack_offset = models.BigIntegerField(default=0)
    pack_length = models.BigIntegerField(default=0)
    touched = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("hash", name="blob_hash_once"),
            models.CheckConstraint(condition=Q(data__isnull=True) ^ Q(pack__isnull=True), name="blob_bytes_in_one_place"),
        ]


class BlobPin(models.Model):
    """Keeps a blob alive for the queue, quarantine, uploads, the archive."""

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    holder = models.BigIntegerField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("kind", "holder", "blob", name="blob_pin_once")]
