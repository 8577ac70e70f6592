"""The kill drill: mail keeps coming while every process is killed in turn, and no promise may be broken.

    python -m tests.drill.kill [--messages 2000] [--seed N] [--home DIR] [--keep]

Senders deliver each message once, over SMTP (to one account, to several, to a group that goes through the local queue)
and by APPEND. Meanwhile one process after the other is killed by its pid in endpoints.json: each role, the nursery, the
supervisor, Postgres, Valkey, and at last all of them with the keeper, after which `manage.py up` is typed again. After
each kill the time until the product serves again is measured. At the end what is there is compared with what was
acknowledged, and `store verify` must be clean.
"""

import argparse
import os
import random
import re
import signal
import smtplib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.instance import Instance, free_port_base, make_users
from tests.drill.ledger import Ledger, broken_promises, refused_for_good
from tests.drill.senders import AppendSender, Errand, Sender, SmtpSender
from tests.support.clients.imap import Imap

DOMAIN, PASSWORD = "drill.test", "drill-password"
USERS, GROUP_MEMBERS = 24, 20
GROUP = f"everyone@{DOMAIN}"
SERVICE_SECONDS = 120.0
SETTLE_SECONDS = 180.0
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Drill:
    """One run over one instance."""

    def __init__(self, instance: Instance, messages: int, chance: random.Random) -> None:
        self.instance, self.messages, self.chance = instance, messages, chance
        self.ledger = Ledger()
        self.outages: list[tuple[str, float]] = []

    def prepare(self) -> None:
        """Start, make the users and the group."""
        print(f"up in {self.instance.up():.1f} s")
        make_users(self.instance.home, DOMAIN, USERS, PASSWORD)
        members = [word for n in range(1, GROUP_MEMBERS + 1) for word in ("--member", f"u{n}@{DOMAIN}")]
        self.instance.manage("group", "add", GROUP, *members, check=False)

    def run(self) -> None:
        """Send and kill until both are done."""
        roles = self._roles()
        spacing = (len(roles) + 1) * 5.0 / self.messages
        senders = self._senders(time.monotonic() + 1.0, spacing)
        for sender in senders:
            sender.start()
        for role in roles:
            time.sleep(self.chance.uniform(0.5, 2.0))
            self._kill_one(role)
        time.sleep(1.0)
        self._kill_all()
        for sender in senders:
            sender.join()

    def verdict(self) -> list[str]:
        """What was broken, in sentences; empty when every promise was kept."""
        there = self._settled()
        broken = broken_promises(self.ledger.attempts, there) + refused_for_good(self.ledger.attempts)
        if len(self.ledger.attempts) != self.messages:
            broken.append(f"{len(self.ledger.attempts)} of {self.messages} messages were tried: a sender has died")
        verified = self.instance.manage("store", "verify", check=False, capture_output=True)
        if verified.returncode:
            broken.append(f"store verify: {verified.stdout}{verified.stderr}")
        return broken

    # -- killing

    def _roles(self) -> list[str]:
        roles = sorted(role for role in self.instance.endpoints()["pids"] if role != "keeper")
        self.chance.shuffle(roles)
        return roles

    def _kill_one(self, role: str) -> None:
        pids = self.instance.endpoints().get("pids", {}).get(role, [])
        if not pids:
            print(f"  {role}: no pid in endpoints.json")
            return
        victim = self.chance.choice(pids)
        self._kill(role, [victim])
        self._serves_again(role, time.monotonic())
        self._is_back(role, victim)

    def _kill_all(self) -> None:
        pids = self.instance.endpoints().get("pids", {})
        first = ["keeper", "supervisor", "nursery"]
        ordered = [pid for role in [*first, *sorted(set(pids) - set(first))] for pid in pids.get(role, [])]
        self._kill("all", ordered)
        began = time.monotonic()
        self.instance.up()
        self._serves_again("all, then up", began)

    def _kill(self, what: str, pids: list[int]) -> None:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                print(f"  {what}: {pid} was gone")

    def _serves_again(self, what: str, began: float) -> None:
        while not self._serves():
            if time.monotonic() - began > SERVICE_SECONDS:
                raise AssertionError(f"after killing {what} nothing serves for {SERVICE_SECONDS:.0f} s")
            time.sleep(0.02)
        outage = time.monotonic() - began
        self.outages.append((what, outage))
        print(f"  killed {what}: serves again after {outage:.2f} s; {dict(self.ledger.counts())}", flush=True)

    def _is_back(self, role: str, victim: int) -> None:
        """Wait until the role runs whole again, so that the next kill finds a healthy house."""
        until = time.monotonic() + SERVICE_SECONDS
        while True:
            pids = self.instance.endpoints().get("pids", {}).get(role, [])
            if pids and victim not in pids and all(Path(f"/proc/{pid}").exists() for pid in pids):
                return
            if time.monotonic() > until:
                raise AssertionError(f"{role} ({victim}) does not come back: {pids}")
            time.sleep(0.05)

    def _serves(self) -> bool:
        """Both doors greet, a recipient is known, a user logs in and reads."""
        try:
            with smtplib.SMTP(*self._smtp(), local_hostname="probe.test", timeout=5) as smtp:
                smtp.ehlo()
                if smtp.mail("")[0] != 250 or smtp.rcpt(f"u1@{DOMAIN}")[0] != 250:
                    return False
            with Imap.connect(*self._imap(), timeout=5) as imap:
                imap.login(f"u1@{DOMAIN}", PASSWORD)
                imap.select()
        except Exception:
            return False
        return True

    def _smtp(self) -> tuple[str, int]:
        return self._door("smtp")

    def _imap(self) -> tuple[str, int]:
        return self._door("imap")

    def _door(self, role: str) -> tuple[str, int]:
        try:
            return self.instance.address(role)
        except LookupError as error:  # all are down: endpoints.json comes back when all doors answer
            raise ConnectionRefusedError(f"{role} is not there") from error

    # -- sending

    def _senders(self, begin: float, spacing: float) -> list[Sender]:
        smtp: list[list[Errand]] = [[] for _ in range(8)]
        append: list[list[Errand]] = [[] for _ in range(3)]
        users = [f"u{n}@{DOMAIN}" for n in range(1, USERS + 1)]
        for n in range(self.messages):
            due = begin + n * spacing
            message_id = f"<drill-{n}@outside.example>"
            recipients: tuple[str, ...]
            size = self.chance.choice([0, 0, 0, 3_000, 5_000, 40_000, 300_000])
            if n % 5 == 4:
                account = users[n % USERS]
                append[(n // 5) % len(append)].append(Errand(due, message_id, (account,), (account,), size))
                continue
            if n % 50 == 7:
                accounts = tuple(users[:GROUP_MEMBERS])
                recipients = (GROUP,)
            else:
                accounts = tuple(self.chance.sample(users, self.chance.choice([1, 1, 1, 2, 5])))
                recipients = accounts
            smtp[n % len(smtp)].append(Errand(due, message_id, recipients, accounts, size))
        senders: list[Sender] = [SmtpSender(errands, self._smtp, self.ledger) for errands in smtp]
        for errands in append:
            sender = AppendSender(errands, self._imap, self.ledger)
            sender.password = PASSWORD
            senders.append(sender)
        return senders

    # -- comparing

    def _settled(self) -> dict[str, Counter[str]]:
        """What is there when nothing has moved for five seconds (the local queue may still be placing)."""
        until = time.monotonic() + SETTLE_SECONDS
        before: dict[str, Counter[str]] = {}
        while True:
            there = {f"u{n}@{DOMAIN}": self._inbox(f"u{n}@{DOMAIN}") for n in range(1, USERS + 1)}
            missing = [line for line in broken_promises(self.ledger.attempts, there) if " is 0 times" in line]
            if (there == before and not missing) or time.monotonic() > until:
                return there
            before = there
            time.sleep(5.0)

    def _inbox(self, account: str) -> Counter[str]:
        found: Counter[str] = Counter()
        with Imap.connect(*self._imap()) as imap:
            imap.login(account, PASSWORD)
            if imap.select().one("EXISTS").number:
                for fetched in imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"):
                    header = fetched["BODY[HEADER.FIELDS (MESSAGE-ID)]"]
                    match = MESSAGE_ID.search(header)
                    found[match[1].decode() if match else repr(header)] += 1
        return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill processes while mail comes in, then compare promises with what is there.")
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    parser.add_argument("--home", type=Path)
    parser.add_argument("--port-base", type=int, default=free_port_base())
    parser.add_argument("--keep", action="store_true", help="leave the instance running")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="mailplatform-drill-"))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    print(f"seed {options.seed}, home {home}")
    drill = Drill(Instance(home, options.port_base), options.messages, random.Random(options.seed))
    try:
        drill.prepare()
        drill.run()
        broken = drill.verdict()
    finally:
        if not options.keep:
            drill.instance.down()
    print("\n| killed | serves again after |\n|---|---:|")
    for what, seconds in drill.outages:
        print(f"| {what} | {seconds:.2f} s |")
    print(f"\n{len(drill.ledger.attempts)} attempts: {dict(drill.ledger.counts())}")
    for line in broken:
        print(f"BROKEN: {line}")
    print("every promise was kept" if not broken else f"{len(broken)} promises were broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
