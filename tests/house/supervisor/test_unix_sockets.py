"""Unix sockets of a role: mode, a leftover, another program's."""

import stat

import pytest

from mailplatform.settings.service import Listener
from mailplatform.settings.site import SiteError
from mailplatform.supervisor.up import open_socket


def test_a_leftover_is_replaced_and_a_living_one_is_not(tmp_path):
    path = tmp_path / "x.sock"
    way = Listener("x.sock", str(path), 0, mode=0o620)
    with open_socket(way):
        assert stat.S_IMODE(path.stat().st_mode) == 0o620
        with pytest.raises(SiteError, match="another program listens there"):
            open_socket(way)
    open_socket(way).close()


def test_what_is_no_socket_stays(tmp_path):
    path = tmp_path / "x.sock"
    path.write_text("somebody's file")
    with pytest.raises(SiteError, match="cannot be opened"):
        open_socket(Listener("x.sock", str(path), 0))
    assert path.read_text() == "somebody's file"
    with pytest.raises(SiteError, match="there is no group nobody-has-this"):
        open_socket(Listener("y.sock", str(tmp_path / "y.sock"), 0, group="nobody-has-this"))
