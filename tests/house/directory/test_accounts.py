"""Accounts: made, changed, closed and opened again; many at once; what the database refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from mailplatform.audit.models import AuditRow
from mailplatform.directory import accounts, domains, resolve
from mailplatform.directory.accounts import NewAccount
from mailplatform.directory.constraints import violated
from mailplatform.directory.models import Account, LocalAddress, User
from mailplatform.runtime.errors import AlreadyExists, Conflict, Malformed, NotFound
from tests.support.directory import TESTER, a_domain, an_account

rollback = pytest.mark.usefixtures("rollback")


@rollback
def test_a_personal_account_has_its_user():
    info = an_account("Anna@A.test", name="Anna Rossi", quota_bytes=50 << 30)
    user = User.objects.get(pk=info.user_id)
    assert (info.address, info.kind, info.state, info.quota_bytes) == ("anna@a.test", "personal", "active", 50 << 30)
    assert (user.login, user.name, user.role) == ("anna@a.test", "Anna Rossi", "employee")
    assert accounts.find_account(info.id) == accounts.get_account("ANNA@a.test") == info


@rollback
def test_shared_and_resource_have_none():
    shared = an_account("sales@a.test", kind="shared")
    resource = an_account("room@a.test", kind="resource")
    assert shared.user_id is None and resource.user_id is None
    assert not User.objects.exists()
    with pytest.raises(Conflict) as refused:
        accounts.set_account("sales@a.test", role="administrator", actor=TESTER)
    assert refused.value.subject == "role"


@rollback
def test_a_taken_address_is_named_whatever_takes_it():
    an_account("anna@a.test")
    domains.add_domain("b.test", alias_of="a.test", actor=TESTER)
    for again in ("anna@a.test", "ANNA@b.test"):
        with pytest.raises(AlreadyExists) as refused:
            accounts.add_account(NewAccount(again), actor=TESTER)
        assert (refused.value.subject, "anna@a.test" in refused.value.public) == ("address", True)
    assert Account.objects.count() == 1


@rollback
@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("kind", "robot", "kind"),
        ("role", "king", "role"),
        ("quota_bytes", -1, "quota_bytes"),
        ("quota_messages", 2**63, "quota_messages"),
        ("max_message_size", 0, "max_message_size"),
    ],
)
def test_bad_columns_name_the_field(column, value, field):
    a_domain()
    with pytest.raises(Malformed) as refused:
        accounts.add_account(NewAccount("anna@a.test", **{column: value}), actor=TESTER)
    assert refused.value.subject == field


@rollback
@pytest.mark.parametrize(
    "address", ["anna", "@a.test", "an na@a.test", "a..b@a.test", ".a@a.test", f"{'x' * 65}@a.test", '""@a.test', "a\x00b@a.test"]
)
def test_bad_addresses_are_malformed(address):
    a_domain()
    with pytest.raises(Malformed) as refused:
        accounts.add_account(NewAccount(address), actor=TESTER)
    assert refused.value.subject == "address"


@rollback
def test_a_domain_must_be_there():
    with pytest.raises(NotFound) as refused:
        accounts.add_account(NewAccount("anna@a.test"), actor=TESTER)
    assert refused.value.subject == "domain"


@rollback
def test_closing_undoes_itself():
    an_account()
    closed = accounts.close_account("anna@a.test", actor=TESTER)
    assert closed.state == "closed" and closed.closed_at is not None
    assert accounts.list_accounts(domain="a.test", closed=False) == []
    with pytest.raises(AlreadyExists):
        accounts.add_account(NewAccount("anna@a.test"), actor=TESTER)
    opened = accounts.set_account("anna@a.test", state="active", actor=TESTER)
    assert opened.state == "active" and opened.closed_at is None


@rollback
def test_changes_reach_the_user_and_the_audit():
    info = an_account()
    changed = accounts.set_account("anna@a.test", name="Anna B.", role="administrator", quota_bytes=None, actor=TESTER)
    assert (changed.name, changed.role) == ("Anna B.", "administrator")
    assert User.objects.get(pk=info.user_id).name == "Anna B."
    row = AuditRow.objects.order_by("-id")[0]
    assert (row.code, row.actor_id, row.actor_name, row.subject_kind, row.subject_id, row.subject_name) == (
        *("account.changed", TESTER.id, TESTER.name),
        *("account", info.id, "anna@a.test"),
    )
    assert row.params == {"name": "Anna B.", "role": "administrator"}


@rollback
def test_nothing_changed_is_no_action():
    an_account(name="Anna")
    before = (AuditRow.objects.count(), resolve.epoch())
    accounts.set_account("anna@a.test", name="Anna", state="active", role="employee", actor=TESTER)
    assert (AuditRow.objects.count(), resolve.epoch()) == before


@rollback
def test_unknown_columns_and_words_are_refused():
    an_account()
    for change, field in (({"colour": "red"}, "colour"), ({"state": "asleep"}, "state"), ({"role": "king"}, "role")):
        with pytest.raises(Malformed) as refused:
            accounts.set_account("anna@a.test", actor=TESTER, **change)
        assert refused.value.subject == field
    with pytest.raises(NotFound):
        accounts.set_account("ben@a.test", name="x", actor=TESTER)
    with pytest.raises(NotFound):
        accounts.find_account(0)


@rollback
def test_many_at_once_are_a_few_statements(django_assert_max_num_queries):
    a_domain()
    before = resolve.epoch()
    rows = [NewAccount(f"u{n}@a.test") for n in range(500)]
    with django_assert_max_num_queries(12):
        made = accounts.add_accounts(rows, actor=TESTER)
    assert [info.address for info in made] == [row.address for row in rows]
    assert resolve.epoch() == before + 1
    assert AuditRow.objects.filter(code="account.added").count() == 500


@rollback
def test_a_batch_is_all_or_none():
    an_account("u3@a.test")
    with pytest.raises(AlreadyExists) as refused:
        accounts.add_accounts([NewAccount(f"u{n}@a.test") for n in range(5)], actor=TESTER)
    assert "u3@a.test" in refused.value.public
    with pytest.raises(AlreadyExists) as refused:
        accounts.add_accounts([NewAccount("x@a.test"), NewAccount("X@a.test")], actor=TESTER)
    assert "twice" in refused.value.public
    with pytest.raises(Malformed):
        accounts.add_accounts([NewAccount(f"u{n}@a.test") for n in range(501)], actor=TESTER)
    assert LocalAddress.objects.count() == 1


@rollback
@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE directory_account SET owner_id = NULL", "account_personal_has_owner"),
        ("UPDATE directory_account SET state = 'gone'", "account_state_known"),
        ("UPDATE directory_account SET state = 'closed'", "account_closed_has_date"),
        ("UPDATE directory_account SET kind = 'robot'", "account_kind_known"),
        ("UPDATE directory_account SET quota_bytes = -1", "account_quotas_positive"),
        ("UPDATE directory_localaddress SET localpart = 'Anna'", "local_address_canonical"),
        ("UPDATE directory_localaddress SET localpart = ''", "local_address_catch_all_is_empty"),
        ("UPDATE directory_localaddress SET kind = 'alias'", "local_address_account_by_kind"),
        ("UPDATE directory_localaddress SET posting = 'members'", "local_address_posting_known"),
        ("UPDATE directory_user SET login = 'Anna@a.test'", "user_login_canonical"),
        ("UPDATE directory_user SET role = 'king'", "user_role_known"),
        ("UPDATE directory_domain SET name = 'A.test'", "domain_name_canonical"),
        ("UPDATE directory_domain SET alias_of_id = id", "domain_not_alias_of_itself"),
        ("UPDATE directory_domain SET max_recipients = 0", "domain_limits_positive"),
        ("UPDATE directory_domain SET quota_messages = -1", "domain_quotas_positive"),
        ("INSERT INTO directory_epoch (id, value) VALUES (2, 1)", "directory_epoch_single"),
    ],
)
def test_the_database_refuses_by_name(statement, constraint):
    an_account()
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert violated(refused.value) == constraint


def test_of_two_at_once_one_is_told_no(real):
    a_domain()
    start = threading.Barrier(6)

    def add(n: int) -> str:
        start.wait()
        try:
            accounts.add_account(NewAccount("anna@a.test", name=str(n)), actor=TESTER)
            return "made"
        except AlreadyExists as error:
            return error.subject
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        told = sorted(pool.map(add, range(6)))
    assert told == ["address"] * 5 + ["made"]
    assert (Account.objects.count(), User.objects.count(), LocalAddress.objects.count()) == (1, 1, 1)
