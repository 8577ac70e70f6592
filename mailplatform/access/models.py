"""What lets somebody in. Secrets stand here and nowhere else; only `authenticate` and `credentials` read them.

A password is kept as argon2id; an app password is random, so a keyed hash of it serves (the key is a file of the
home, not a row). SCRAM verifiers (RFC 5802) stand beside the hash where they are kept at all; a user's share salt and
count, because a SCRAM client gets one salt before it has shown which secret it holds.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from mailplatform.access.values import CredentialKind
from mailplatform.directory.models import Domain, LocalAddress, Organisation, User


class Credential(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="credentials")
    kind = models.TextField()
    label = models.TextField(default="", db_default="", blank=True)
    scopes = ArrayField(models.TextField(), default=list, blank=True)  # protocols; empty means all
    secret = models.TextField()
    scram_stored = models.BinaryField(null=True, blank=True)
    scram_server = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.TextField(default="", db_default="", blank=True)
    last_used_protocol = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[str(k) for k in CredentialKind]), name="credential_kind_known"),
            models.UniqueConstraint(fields=["user"], condition=Q(kind=CredentialKind.PASSWORD), name="credential_password_once"),
            models.UniqueConstraint(
                fields=["user", "label"], condition=Q(kind=CredentialKind.APP_PASSWORD), name="credential_label_once"
            ),
            models.CheckConstraint(
                condition=Q(scram_stored__isnull=True, scram_server__isnull=True)
                | Q(scram_stored__isnull=False, scram_server__isnull=False),
                name="credential_scram_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}".strip()


class ScramParameters(models.Model):
    """The salt and count all SCRAM verifiers of one user were made with (RFC 5802 §3)."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="scram_parameters")
    salt = models.BinaryField()
    iterations = models.IntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(iterations__gte=4096), name="scram_iterations_floor")]

    def __str__(self) -> str:
        return f"{self.iterations} iterations"


class SendAs(models.Model):
    """An address somebody may send as beside their own; `*@domain` is all of a domain."""

    user = models.ForeignKey(User, models.CASCADE, related_name="send_as")
    address = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "address"], name="send_as_once")]

    def __str__(self) -> str:
        return self.address


class SendingLimit(models.Model):
    """Limits of one user in place of the site's; null follows the site."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="sending_limit")
    messages_per_hour = models.IntegerField(null=True, blank=True)
    messages_per_day = models.IntegerField(null=True, blank=True)
    recipients_per_hour = models.IntegerField(null=True, blank=True)
    recipients_per_day = models.IntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"limits of {self.pk}"


class WebSession(models.Model):
    """Somebody signed in with a browser. The cookie's key is kept as its hash; the row ends with its credential."""

    key_hash = models.TextField()
    user = models.ForeignKey(User, models.CASCADE, related_name="web_sessions")
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="web_sessions")
    client_address = models.TextField(default="", db_default="", blank=True)
    client = models.TextField(default="", db_default="", blank=True)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key_hash"], name="web_session_key_once")]
        indexes = [models.Index(fields=["seen_at"], name="web_session_seen")]

    def __str__(self) -> str:
        return f"web session {self.pk}"


class Epoch(models.Model):
    """Counted up by every change that may end a living session or a cached answer."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    value = models.BigIntegerField(default=1)

    class Meta:
        db_table = "access_epoch"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="access_epoch_single")]

    def __str__(self) -> str:
        return str(self.value)


class LivingProcess(models.Model):
    """A process that holds connections; without a sign of life its sessions are over, whatever their rows say. Unlogged."""

    id = models.BigIntegerField(primary_key=True)  # drawn by the process
    role = models.TextField()
    host = models.TextField()
    pid = models.IntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "access_living_process"

    def __str__(self) -> str:
        return f"{self.role} {self.host} {self.pid}"


class LivingSession(models.Model):
    """One open connection, written behind. Unlogged: a crash of the database ends them all, and who is there writes again.

    User and organisation are values, not keys: an unlogged row must not hold up the change of a logged one.
    """

    process_id = models.BigIntegerField()
    number = models.IntegerField()  # of the process's own counting
    protocol = models.TextField()
    state = models.TextField()
    user_id = models.BigIntegerField(null=True, blank=True)
    organisation_id = models.BigIntegerField(null=True, blank=True)
    login = models.TextField(blank=True)
    folder = models.TextField(blank=True)
    client = models.TextField(blank=True)  # IMAP ID, the name of EHLO
    tls = models.TextField(blank=True)
    address = models.TextField()
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    octets_in = models.BigIntegerField()
    octets_out = models.BigIntegerField()
    ending_at = models.DateTimeField(null=True, blank=True)  # somebody asked for its end

    class Meta:
        db_table = "access_living_session"
        constraints = [models.UniqueConstraint(fields=["process_id", "number"], name="living_session_once")]
        indexes = [models.Index(fields=["user_id"], name="living_session_user")]

    def __str__(self) -> str:
        return f"{self.protocol} {self.login or self.address}"


class Network(models.Model):
    """A named set of addresses. `anywhere` and `nowhere` are made on first use and stay what their names say."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="networks")
    name = models.TextField()
    description = models.TextField(default="", db_default="", blank=True)
    cidrs = ArrayField(models.TextField(), default=list, blank=True)  # canonical: 192.0.2.0/24, 2001:db8::/32
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "access_network"
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="network_name_once"),
            models.CheckConstraint(condition=Q(name=Lower("name")) & ~Q(name=""), name="network_name_canonical"),
        ]

    def __str__(self) -> str:
        return self.name


class NetworkRule(models.Model):
    """One network from where a user, the members of a group, the users of a domain, or all of an organisation may come in."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="network_rules")
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="network_rules")
    group = models.ForeignKey(LocalAddress, models.CASCADE, null=True, blank=True, related_name="network_rules")
    domain = models.ForeignKey(Domain, models.CASCADE, null=True, blank=True, related_name="network_rules")
    protocol = models.TextField(default="", db_default="", blank=True)  # "" is all that no rule of the same subject names
    network = models.ForeignKey(Network, models.PROTECT, related_name="rules")

    class Meta:
        db_table = "access_network_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user", "group", "domain", "protocol", "network"],
                nulls_distinct=False,
                name="network_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, group__isnull=True)
                | Q(user__isnull=True, domain__isnull=True)
                | Q(group__isnull=True, domain__isnull=True),
                name="network_rule_one_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol or 'all'} from {self.network_id}"


class Failure(models.Model):
    """Wrong passwords of late, by login (everywhere, or at a network of their own) and by network. Unlogged: a crash forgives."""

    key = models.TextField(primary_key=True)
    login = models.TextField(blank=True)  # "" in the row of a network
    network = models.TextField(blank=True)  # "" in the row of a login, wherever it is tried
    failures = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_address = models.TextField()
    last_protocol = models.TextField()
    shut_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "access_failure"
        indexes = [models.Index(fields=["shut_until"], condition=Q(shut_until__isnull=False), name="failure_shut")]

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
