"""One row that every change of the directory counts up, in the change's own transaction.

A reader that remembers its value knows, by one read, whether anything it resolved may have changed since.
"""

from django.db import models
from django.db.models import Q


class Epoch(models.Model):
    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=1)

    class Meta:
        db_table = "directory_epoch"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="directory_epoch_single")]

    def __str__(self) -> str:
        return str(self.value)
