"""The queue: one outbound message, one item a recipient, one row a destination. Postgres is the queue."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

WAITING = ("ready", "deferred")


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
    body8bit = models.BooleanField(default=True, db_default=True)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())


class Route(models.Model):
    """A smart host for a sender's domain, a recipient's domain, or both; "" stands for any. Without a host: by MX after all.

    secret: the password, sealed under the site's secret key; it is opened for an agent only. retry_after: seconds before each new
    attempt, the last one going on; empty: as the site says.
    """

    name = models.CharField(max_length=64, unique=True)
    sender_domain = models.TextField(blank=True, default="")
    recipient_domain = models.TextField(blank=True, default="")
    host = models.TextField(blank=True, default="")
    port = models.IntegerField(default=0)
    tls = models.CharField(max_length=8, default="may")
    login = models.TextField(blank=True, default="")
    secret = models.BinaryField(default=b"")
    auth_without_tls = models.BooleanField(default=False)
    retry_after = ArrayField(models.FloatField(), default=list, db_default=[])

    class Meta:
        constraints = [models.UniqueConstraint("sender_domain", "recipient_domain", name="route_once")]


class QueueItem(models.Model):
    """One recipient of an outbound message. What was said last stands here for reports and for people; the trace has it all."""

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
    route = models.ForeignKey(Route, on_delete=models.SET_NULL, null=True, related_name="+")
    last_reply = models.TextField(blank=True, default="")
    last_status = models.CharField(max_length=16, blank=True, default="", db_default="")  # enhanced code, RFC 3463
    last_mx = models.TextField(blank=True, default="", db_default="")
    last_at = models.DateTimeField(null=True)
    warn_at = models.DateTimeField(null=True)  # when the sender is told of the delay; None: told already, or never
    hold_reason = models.TextField(blank=True, default="", db_default="")
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("transport", "due_at", "id", condition=Q(state="ready"), name="queue_ready"),
            models.Index("transport", "destination", "due_at", "id", condition=Q(state="ready"), name="queue_destination"),
            models.Index("due_at", condition=Q(state="deferred"), name="queue_deferred"),
            models.Index("message", condition=Q(state="done", dsn_due=""), name="queue_done"),
            models.Index("warn_at", condition=Q(warn_at__isnull=False, state__in=WAITING), name="queue_warn"),
            models.Index("expires_at", condition=Q(expires_at__isnull=False, state__in=WAITING), name="queue_expires"),
            models.Index("leased_until", condition=Q(state="leased"), name="queue_leased"),
            models.Index("id", condition=~Q(dsn_due=""), name="queue_dsn_due"),
        ]


class Destination(models.Model):
    """What is known of a destination: connections in a row that failed, when to try next, whether it ever took anything.

    concurrency: how many at once, as a person set it; 0: as the site says.
    """

    transport = models.CharField(max_length=32)
    name = models.TextField()
    failures = models.IntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    concurrency = models.IntegerField(default=0)
    proven_at = models.DateTimeField(null=True)
    last_reply = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint("transport", "name", name="destination_once")]


class Pulse(models.Model):
    """When something that should happen again and again last did: "tick" the ticks' releases, "agent" the agent's own."""

    name = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()
