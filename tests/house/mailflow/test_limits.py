"""How much one user may send: windows, recipients, own limits before the site's, and nothing counted that was refused."""

import dataclasses

import pytest
from django.conf import settings

from mailplatform.access.sending import SendingLimits
from mailplatform.directory.names import OwnNames
from mailplatform.mailflow import limits
from mailplatform.mailflow.identities import Sender
from mailplatform.runtime.errors import SendingLimitReached
from mailplatform.runtime.ratelimit import LocalCounter


class World:
    """A counter with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counter = LocalCounter(lambda: self.now)

    def send(self, recipients: int = 1, user: int = 1, **own: int) -> bool:
        sender = Sender("u1@a.test", OwnNames(), frozenset(), SendingLimits(**own))
        try:
            limits.take(user, sender, recipients, self.counter)
        except SendingLimitReached:
            return False
        return True


def test_an_hour_and_a_day() -> None:
    world = World()
    own = {"messages_per_hour": 2, "messages_per_day": 3}
    assert [world.send(**own) for _ in range(3)] == [True, True, False]
    assert world.send(user=2, **own)  # another's
    world.now += 3601
    assert [world.send(**own) for _ in range(3)] == [True, False, False]
    world.now += 86400
    assert world.send(**own)


def test_a_refused_message_is_not_counted() -> None:
    world = World()
    own = {"recipients_per_hour": 10, "messages_per_hour": 3}
    assert [world.send(count, **own) for count in (8, 5, 3, 2, 1)] == [True, False, False, True, False]


def test_zero_is_nothing_and_none_the_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not World().send(messages_per_day=0)
    site = settings.SITE
    none = dict.fromkeys(SendingLimits.__slots__, 0)
    monkeypatch.setattr(settings, "SITE", dataclasses.replace(site, submission=dataclasses.replace(site.submission, **none)))
    assert limits.in_force(SendingLimits()) == SendingLimits()  # 0 of the site: no limit
    assert all(World().send(1000) for _ in range(3))
    assert limits.in_force(SendingLimits(recipients_per_day=7)) == SendingLimits(recipients_per_day=7)


def test_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    counter = LocalCounter()
    sender = Sender("u1@a.test", OwnNames(), frozenset(), SendingLimits(recipients_per_day=5))
    limits.take(1, sender, 4, counter)
    with pytest.raises(SendingLimitReached, match="5 recipients in a day, 4 are used and this message has 2; try again later"):
        limits.take(1, sender, 2, counter)
