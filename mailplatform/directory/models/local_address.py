"""The one table that answers RCPT, and what its rows lead to.

Localparts are canonical: NFC, lower case (ours to decide, RFC 5321 §2.4), without subaddress. The catch-all of a
domain is the row with an empty localpart, which no address can have. Targets inside the house are keys, never text,
so a rename breaks nothing.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from mailplatform.directory.models.account import Account
from mailplatform.directory.models.domain import Domain
from mailplatform.directory.values import AddressKind, Posting


class LocalAddress(models.Model):
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="addresses")
    localpart = models.TextField(blank=True)
    kind = models.TextField()
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="addresses")
    enabled = models.BooleanField(default=True, db_default=True)
    name = models.TextField(default="", db_default="", blank=True)
    posting = models.TextField(default=Posting.ANYONE, db_default=Posting.ANYONE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "localpart"], name="local_address_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(kind=AddressKind.ACCOUNT), name="local_address_of_account_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=[str(k) for k in AddressKind]), name="local_address_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=AddressKind.ACCOUNT, account__isnull=False)
                | (~Q(kind=AddressKind.ACCOUNT) & Q(account__isnull=True)),
                name="local_address_account_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind=AddressKind.CATCH_ALL, localpart="") | (~Q(kind=AddressKind.CATCH_ALL) & ~Q(localpart="")),
                name="local_address_catch_all_is_empty",
            ),
            models.CheckConstraint(condition=Q(localpart=Lower("localpart")), name="local_address_canonical"),
            models.CheckConstraint(
                condition=Q(posting__in=[str(p) for p in Posting]) & (Q(posting=Posting.ANYONE) | Q(kind=AddressKind.GROUP)),
                name="local_address_posting_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.localpart or '*'}@{self.domain_id}"


class Target(models.Model):
    """One target of an alias, forward or catch-all, or one member of a group; inside (`address`, with `detail`) or `outside`."""

    source = models.ForeignKey(LocalAddress, models.CASCADE, related_name="targets")
    address = models.ForeignKey(LocalAddress, models.PROTECT, null=True, blank=True, related_name="sources")
    detail = models.TextField(default="", db_default="", blank=True)
    outside = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "address"], name="target_inside_once"),
            models.UniqueConstraint(fields=["source", "outside"], condition=~Q(outside=""), name="target_outside_once"),
            models.CheckConstraint(
                condition=Q(address__isnull=False, outside="") | (Q(address__isnull=True, detail="") & ~Q(outside="")),
                name="target_inside_or_outside",
            ),
            models.CheckConstraint(condition=Q(address__isnull=True) | ~Q(address=F("source")), name="target_not_itself"),
        ]

    def __str__(self) -> str:
        return self.outside or f"{self.address_id}"
