"""What administrators did, a row an action. Actor and subject are values, not keys: the row outlives both."""

from django.db import models
from django.db.models.functions import Now


class AuditRow(models.Model):
    at = models.DateTimeField(db_default=Now())
    organisation_id = models.BigIntegerField(null=True, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = models.TextField()
    code = models.TextField()
    subject_kind = models.TextField()
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject_name = models.TextField()
    params = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["subject_kind", "subject_id", "at"], name="audit_subject"),
            models.Index(fields=["actor_id", "at"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.actor_name} {self.code} {self.subject_name}"
