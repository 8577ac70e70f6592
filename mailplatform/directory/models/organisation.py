"""The owner of domains. One is made with the first domain; every query of the directory takes it."""

from django.db import models
from django.db.models.functions import Now


class Organisation(models.Model):
    name = models.TextField()
    # SCRAM verifiers of chosen passwords are weaker at rest than argon2id, so an organisation must ask for them.
    scram_for_passwords = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="organisation_name_once")]

    def __str__(self) -> str:
        return self.name
