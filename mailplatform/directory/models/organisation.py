"""The owner of domains. One is made with the first domain; every query of the directory takes it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailplatform.directory.values import Language


class Organisation(models.Model):
    name = models.TextField()
    # SCRAM verifiers of chosen passwords are weaker at rest than argon2id, so an organisation must ask for them.
    scram_for_passwords = models.BooleanField(default=False, db_default=False)
    language = models.TextField(default=Language.ENGLISH, db_default=Language.ENGLISH)
    time_zone = models.TextField(default="UTC", db_default="UTC")  # of dates that people write, an IANA name
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="organisation_name_once"),
            models.CheckConstraint(condition=Q(language__in=[str(w) for w in Language]), name="organisation_language_known"),
        ]

    def __str__(self) -> str:
        return self.name
