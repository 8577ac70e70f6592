"""Two organisations of people in one house: what is ours, and what nobody but its own people may see."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from mailplatform.access import credentials, networks, sending, web_sessions
from mailplatform.access.values import Identity
from mailplatform.directory import accounts, addresses, administrators
from mailplatform.directory.models import Organisation
from mailplatform.directory.values import AddressKind, Role
from mailplatform.mailflow import arrivals
from mailplatform.mailflow.units import Unit
from mailplatform.runtime import clock
from mailplatform.store import append, folders
from mailplatform.trace import record
from mailplatform.trace.events import Code, Direction, VerdictCode
from mailplatform.trace.record import EventRow, MessageRow
from mailplatform.transport.values import SMTP, Outbound, OutboundItem
from tests.support.directory import TESTER, a_domain, a_group, an_alias
from tests.support.messages import a_message
from tests.support.web import somebody

HIDDEN = "xanadu"  # in every foreign name


@dataclass(frozen=True, slots=True)
class Scene:
    """Ids by noun, ours and theirs."""

    ours: dict[str, Any]
    theirs: dict[str, Any]


def build() -> Scene:
    """Ours: a.test, looked after by dora@a.test. Theirs: xanadu.test, of the same organisation, with people and addresses, an
    alias that leads to us and somebody in a group of ours. other-xanadu.test belongs to another organisation."""
    somebody("admin@a.test", role=Role.ADMINISTRATOR)
    somebody("anna@a.test", name="Anna")
    somebody("dora@a.test")
    administrators.appoint("dora@a.test", "a.test", actor=TESTER)
    somebody("emil@a.test")
    a_domain(f"{HIDDEN}.test", description=f"{HIDDEN} description")
    a_domain(f"again-{HIDDEN}.test", alias_of=f"{HIDDEN}.test")
    somebody(f"{HIDDEN}-boss@{HIDDEN}.test", name=f"{HIDDEN} boss")
    for place in ("a.test", f"{HIDDEN}.test"):
        mark = HIDDEN if place != "a.test" else "our"
        whom = f"{HIDDEN}-boss@{HIDDEN}.test" if place != "a.test" else "anna@a.test"
        an_alias(f"{mark}-alias@{place}", whom)
        a_group(f"{mark}-group@{place}", whom, name=f"{mark} group")
        _forward(f"{mark}-forward@{place}", f"{mark}-friend@outside.test")
        _catch_all(place, whom)
    # Theirs reaches into ours, by an administrator's hand.
    an_alias(f"{HIDDEN}-to-us@{HIDDEN}.test", "anna@a.test")
    a_group("mixed@a.test", "anna@a.test", f"{HIDDEN}-boss@{HIDDEN}.test")
    boss = accounts.get_account(f"{HIDDEN}-boss@{HIDDEN}.test")
    anna = accounts.get_account("anna@a.test")
    sending.grant(anna.user_id, f"{HIDDEN}-boss@{HIDDEN}.test", actor=TESTER)
    folders.ensure_default(anna.id)
    other = Organisation.objects.create(name=f"{HIDDEN} organisation")
    a_domain(f"other-{HIDDEN}.test", organisation_id=other.pk)
    _mail("our-friend@outside.test", "anna@a.test", "00000000000000000abc")
    _mail(f"{HIDDEN}-friend@outside.test", boss.address, "00000000000000000abd")
    return Scene(
        {**_ids(anna, "a.test", "our"), "trace_id": "00000000000000000abc"},
        {**_ids(boss, f"{HIDDEN}.test", HIDDEN), "trace_id": "00000000000000000abd"},
    )


def _mail(reverse_path: str, forward_path: str, trace_id: str) -> None:
    """A message that was sent by the second and waits for the first."""
    words = {"direction": Direction.SUBMITTED, "verdict": VerdictCode.ACCEPTED, "subject": f"from {forward_path}"}
    record.write(
        MessageRow(trace_id=trace_id, at=clock.now(), reverse_path=forward_path, forward_path=reverse_path, **words),
        EventRow(trace_id, Code.DISCARDED, {"recipient": reverse_path, "reason": "a test"}),
    )
    outbound = Outbound(append.prepare_message(a_message()), (OutboundItem(SMTP, "", reverse_path),), forward_path)
    arrivals.put(Unit(uuid4(), trace_id, outbound=(outbound,))).result(5)


def _ids(account: Any, domain: str, mark: str) -> dict[str, Any]:
    found = {one.address: one.id for one in addresses.list_addresses(domain=domain, kinds=tuple(AddressKind))}
    credentials.add_app_password(account.user_id, f"{mark} phone", actor=TESTER)
    (drawn,) = credentials.list_app_passwords(account.user_id)
    login = Identity(account.user_id, account.id, account.organisation_id, account.address, "", "employee", drawn.id, 0)
    web_sessions.begin(login, client_address="192.0.2.77", client=f"{mark} browser")
    (session,) = web_sessions.list_web_sessions(account.user_id)
    return {
        "account_id": account.id,
        "name": domain,
        "password_id": drawn.id,
        "session_id": session.id,
        "alias": found[f"{mark}-alias@{domain}"],
        "group": found[f"{mark}-group@{domain}"],
        "forward": found[f"{mark}-forward@{domain}"],
        "catch-all": found[f"*@{domain}"],
        "network": networks.add_network(f"{mark} office", ["192.0.2.0/24"], actor=TESTER).id,
    }


def _forward(address: str, target: str) -> None:
    addresses.add_forward(address, [target], actor=TESTER)


def _catch_all(domain: str, target: str) -> None:
    addresses.add_catch_all(domain, [target], actor=TESTER)
