"""The owner of one store and its calendars (in the UI: a mailbox). Its address is the one LocalAddress of kind
`account`."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailplatform.directory.models.domain import Domain
from mailplatform.directory.models.organisation import Organisation
from mailplatform.directory.models.user import User
from mailplatform.directory.values import AccountKind, AccountState, Pop3Delete


class Account(models.Model):
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="accounts")
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="accounts")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="accounts")
    kind = models.TextField(default=AccountKind.PERSONAL, db_default=AccountKind.PERSONAL)
    name = models.TextField(default="", db_default="", blank=True)
    state = models.TextField(default=AccountState.ACTIVE, db_default=AccountState.ACTIVE)
    quota_bytes = models.BigIntegerField(null=True, blank=True)
    quota_messages = models.BigIntegerField(null=True, blank=True)
    max_message_size = models.BigIntegerField(null=True, blank=True)
    pop3_delete = models.TextField(default=Pop3Delete.DELETE, db_default=Pop3Delete.DELETE)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[str(k) for k in AccountKind]), name="account_kind_known"),
            models.CheckConstraint(condition=Q(pop3_delete__in=[str(p) for p in Pop3Delete]), name="account_pop3_delete_known"),
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in AccountState]), name="account_state_known"),
            models.CheckConstraint(
                condition=Q(kind=AccountKind.PERSONAL, owner__isnull=False)
                | (~Q(kind=AccountKind.PERSONAL) & Q(owner__isnull=True)),
                name="account_personal_has_owner",
            ),
            models.CheckConstraint(
                condition=Q(state=AccountState.CLOSED, closed_at__isnull=False)
                | (~Q(state=AccountState.CLOSED) & Q(closed_at__isnull=True)),
                name="account_closed_has_date",
            ),
            models.UniqueConstraint(fields=["owner"], condition=Q(kind=AccountKind.PERSONAL), name="account_personal_once"),
            models.CheckConstraint(
                condition=(Q(quota_bytes__isnull=True) | Q(quota_bytes__gte=0))
                & (Q(quota_messages__isnull=True) | Q(quota_messages__gte=0)),
                name="account_quotas_positive",
            ),
            models.CheckConstraint(
                condition=Q(max_message_size__isnull=True) | Q(max_message_size__gt=0), name="account_max_message_size_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"account {self.pk}"
