"""What an account wants done with its mail besides keeping it, and whom it has answered lately."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailplatform.delivery.values import Audience
from mailplatform.directory.models import Account
from mailplatform.directory.values import Language


class Autoresponder(models.Model):
    """One an account. Without dates it answers until it is turned off."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=True, db_default=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    days = models.IntegerField(default=7, db_default=7)
    audience = models.TextField(default=Audience.EVERYONE, db_default=Audience.EVERYONE)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=365), name="autoresponder_days"),
            models.CheckConstraint(condition=Q(audience__in=[str(w) for w in Audience]), name="autoresponder_audience_known"),
        ]

    def __str__(self) -> str:
        return f"autoresponder of {self.account_id}"


class AutoresponderText(models.Model):
    """Its words in one language."""

    autoresponder = models.ForeignKey(Autoresponder, models.CASCADE, related_name="texts")
    language = models.TextField()
    subject = models.TextField(blank=True, default="", db_default="")
    text = models.TextField(blank=True, default="", db_default="")
    outside_subject = models.TextField(blank=True, default="", db_default="")
    outside_text = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["autoresponder", "language"], name="autoresponder_language_once"),
            models.CheckConstraint(condition=Q(language__in=[str(w) for w in Language]), name="autoresponder_language_known"),
        ]

    def __str__(self) -> str:
        return self.language


class Answer(models.Model):
    """Who was answered, until when that counts. due: recorded with the arrival, and not made yet."""

    account_id = models.BigIntegerField()
    sender_key = models.TextField()
    until = models.DateTimeField()
    due = models.BooleanField(default=True)
    recorded_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    sender = models.TextField()
    address = models.TextField()
    message_id = models.TextField(blank=True, default="")
    references = models.TextField(blank=True, default="")
    subject = models.TextField(blank=True, default="")
    language = models.TextField(blank=True, default="")
    inside = models.BooleanField(default=False)
    trace_id = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "sender_key"], name="answer_once")]
        indexes = [
            models.Index("id", condition=Q(due=True), name="answer_due"),
            models.Index("until", condition=Q(due=False), name="answer_until"),
            models.Index("account_id", "made_at", condition=Q(made_at__isnull=False), name="answer_made"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} to {self.sender_key}"
