"""RFC 4314: the owner has all rights, nobody else any yet."""

import pytest

from mailplatform.runtime.errors import NotFound
from mailplatform.store import rights
from tests.house.store.building import a_store, inbox


def test_the_owner_has_all_and_others_none(rollback) -> None:
    account, other = a_store(), a_store("bert@a.test")
    folder = inbox(account)
    assert "".join(sorted(rights.of(folder, account))) == "aeiklprstwx"
    rights.need(folder, account, *rights.Right)
    assert rights.of(folder, other) == rights.NONE
    with pytest.raises(NotFound):
        rights.need(folder, other, rights.Right.READ)
