import pytest

from tests.house.cli.support import Terminal


@pytest.fixture
def terminal(rollback, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal(monkeypatch)
