"""The memory of commits whose answer may have been lost: a unit's id and what it made, kept a day."""

from django.db import models
from django.db.models.functions import Now


class Arrival(models.Model):
    unit_id = models.UUIDField(primary_key=True)
    result = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index("created_at", name="arrival_created")]
