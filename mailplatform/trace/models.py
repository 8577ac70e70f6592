"""The trace's tables: one row a transaction and recipient, one row an event, and a flat net under both.

The tables are partitioned (by retention class, then by month) and therefore made by SQL in the migrations; the models
are unmanaged and serve reading. No foreign keys: the trace holds ids and addresses as values and outlives what they
name. The rows carry no uniqueness either, for nothing in the trace may stop mail.
"""

from django.db import models


class TraceMessage(models.Model):
    """One recipient of one transaction; the only trace table with search indexes."""

    pk = models.CompositePrimaryKey("trace_id", "at", "forward_path")
    trace_id = models.TextField()
    at = models.DateTimeField()
    retention = models.SmallIntegerField()
    organisation_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    direction = models.TextField()
    verdict = models.TextField()
    reason = models.TextField()
    reverse_path = models.TextField()
    forward_path = models.TextField()
    message_id = models.TextField()
    subject = models.TextField()
    client = models.TextField()
    helo = models.TextField()
    size = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "trace_message"

    def __str__(self) -> str:
        return f"{self.trace_id} {self.reverse_path or '<>'} -> {self.forward_path}"


class TraceEvent(models.Model):
    """Something that happened to the message of `trace_id`; `code` and `params` as trace/events.py lists them."""

    pk = models.CompositePrimaryKey("trace_id", "at", "code")
    trace_id = models.TextField()
    at = models.DateTimeField()
    retention = models.SmallIntegerField()
    code = models.TextField()
    params = models.JSONField()

    class Meta:
        managed = False
        db_table = "trace_event"

    def __str__(self) -> str:
        return f"{self.trace_id} {self.code}"


class TraceSpill(models.Model):
    """Rows that found no partition, kept until trace/partitions.py has made one and moved them in."""

    id = models.BigAutoField(primary_key=True)
    trace_id = models.TextField()
    at = models.DateTimeField()
    kind = models.TextField()  # message | event
    row = models.JSONField()

    class Meta:
        managed = False
        db_table = "trace_spill"

    def __str__(self) -> str:
        return f"{self.trace_id} {self.kind}"
