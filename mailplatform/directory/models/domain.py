"""A domain we receive for. Its name is the A-label form in lower case, so comparing is comparing bytes (RFC 5890
§2.3.2.1).

An alias domain has no addresses of its own: every address in it is the same localpart in the canonical domain. Limits
that are null fall back to the site's.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower, Now
from django.db.models.lookups import LessThanOrEqual

from mailplatform.directory.models.organisation import Organisation


class Domain(models.Model):
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="domains")
    name = models.TextField()
    alias_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="alias_domains")
    enabled = models.BooleanField(default=True, db_default=True)
    description = models.TextField(default="", db_default="", blank=True)
    subaddress_separator = models.CharField(max_length=1, default="+", db_default="+", blank=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True)
    quota_messages = models.BigIntegerField(null=True, blank=True)
    account_quota_bytes = models.BigIntegerField(null=True, blank=True)
    account_quota_messages = models.BigIntegerField(null=True, blank=True)
    max_message_size = models.BigIntegerField(null=True, blank=True)
    max_recipients = models.IntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], name="domain_name_once"),
            models.CheckConstraint(
                condition=Q(name=Lower("name")) & ~Q(name="") & Q(LessThanOrEqual(Length("name"), 253)),
                name="domain_name_canonical",
            ),
            models.CheckConstraint(condition=Q(alias_of__isnull=True) | ~Q(alias_of=F("id")), name="domain_not_alias_of_itself"),
            models.CheckConstraint(
                condition=(Q(quota_bytes__isnull=True) | Q(quota_bytes__gte=0))
                & (Q(quota_messages__isnull=True) | Q(quota_messages__gte=0))
                & (Q(account_quota_bytes__isnull=True) | Q(account_quota_bytes__gte=0))
                & (Q(account_quota_messages__isnull=True) | Q(account_quota_messages__gte=0)),
                name="domain_quotas_positive",
            ),
            models.CheckConstraint(
                condition=(Q(max_message_size__isnull=True) | Q(max_message_size__gt=0))
                & (Q(max_recipients__isnull=True) | Q(max_recipients__gt=0)),
                name="domain_limits_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name
