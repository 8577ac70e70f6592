"""Someone who can authenticate: a login, a role, no secret. Secrets are rows of `access`, one floor above.

The login is an address in canonical form (lower case, A-label domain). It need not be an account's: an administrator
may have none.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from mailplatform.directory.models.domain import Domain
from mailplatform.directory.models.organisation import Organisation
from mailplatform.directory.values import Language, Role


class User(models.Model):
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="users")
    login = models.TextField()
    name = models.TextField(default="", db_default="", blank=True)
    role = models.TextField(default=Role.EMPLOYEE, db_default=Role.EMPLOYEE)
    language = models.TextField(default="", db_default="", blank=True)
    administers = models.ManyToManyField(Domain, blank=True, related_name="administrators")
    is_active = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now())

    # What Django asks of AUTH_USER_MODEL; the password field it also knows is absent on purpose.
    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_anonymous = False
    is_authenticated = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["login"], name="user_login_once"),
            models.CheckConstraint(condition=Q(login=Lower("login")) & ~Q(login=""), name="user_login_canonical"),
            models.CheckConstraint(condition=Q(language__in=["", *(str(w) for w in Language)]), name="user_language_known"),
            models.CheckConstraint(condition=Q(role__in=[str(r) for r in Role]), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.login

    def get_username(self) -> str:
        return self.login
