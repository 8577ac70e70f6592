"""Short memories of arrivals: commits whose answer may have been lost (a unit's id and what it made, kept a day), and the
copies in Sent that we made ourselves, until no client will upload its own any more."""

from django.db import models
from django.db.models.functions import Now


class Arrival(models.Model):
    unit_id = models.UUIDField(primary_key=True)
    result = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="arrival_created")]


class AutoCopy(models.Model):
    """A message in Sent that submission put there. Its id alone: the mark outlives neither a day nor a copy elsewhere."""

    message_id = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="auto_copy_created")]
