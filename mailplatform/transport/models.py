"""The queue: one outbound message, one item a recipient, one row a destination. Postgres is the queue."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class OutboundMessage(models.Model):
    """Content and envelope of what waits; the blob is pinned (store.BlobPin, kind "queue", holder = this id)."""

    blob = models.ForeignKey("store.Blob", on_delete=models.PROTECT, related_name="+")
    prefix = models.BinaryField(default=b"")
    trace_id = models.CharField(max_length=32, db_index=True)
    reverse_path = models.TextField(blank=True)
    ret = models.CharField(max_length=4, blank=True, default="")  # RFC 3461 §4.3
    envid = models.TextField(blank=True, default="")
    submitter = models.BigIntegerField(null=True)
    smtputf8 = models.BooleanField(default=False)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())


class QueueItem(models.Model):
    class State(models.TextChoices):
        READY = "ready"
        LEASED = "leased"
        DEFERRED = "deferred"
        HELD = "held"
        DONE = "done"

    message = models.ForeignKey(OutboundMessage, on_delete=models.CASCADE, related_name="items")
    transport = models.CharField(max_length=32)  # "local", "smtp"
    destination = models.TextField()  # domain, smart host, or account for "local"
    forward_path = models.TextField()
    account_id = models.BigIntegerField(null=True)  # for "local"
    orcpt = models.TextField(blank=True, default="")
    notify = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    due_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    in_doubt = models.BooleanField(default=False)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    dsn_due = models.CharField(max_length=12, blank=True, default="")
    last_reply = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("transport", "due_at", "id", condition=Q(state="ready"), name="queue_ready"),
            models.Index("due_at", condition=Q(state="deferred"), name="queue_deferred"),
            models.Index("leased_until", condition=Q(state="leased"), name="queue_leased"),
            models.Index("id", condition=~Q(dsn_due=""), name="queue_dsn_due"),
        ]


class Destination(models.Model):
    """What is known of a destination: failures in a row, when to try next, how many at once."""

    transport = models.CharField(max_length=32)
    name = models.TextField()
    failures = models.IntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    concurrency = models.IntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint("transport", "name", name="destination_once")]
