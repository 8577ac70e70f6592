"""One spelling of an address, and what proxies may say of their clients."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailplatform.runtime.addresses import canonical, client_address, network, read

TRUSTED = (network("10.0.0.0/8"), network("2001:db8:99::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "192.0.2.1", "203.0.113.9"),  # forged: the peer is no proxy of ours
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7, 192.0.2.1", "192.0.2.1"),  # what the client wrote itself stands left of what our proxy wrote
        ("10.0.0.1", "198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:99::1", "[2001:db8::5]:4711", "2001:db8::5"),
        ("10.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_hop_that_is_no_proxy_of_ours(peer, forwarded, client):
    assert client_address(peer, forwarded, TRUSTED) == client


@given(st.text(max_size=80), st.sampled_from(["203.0.113.9", "10.0.0.1", ""]))
def test_no_header_breaks_it_and_nobody_else_is_believed(forwarded, peer):
    found = client_address(peer, forwarded, TRUSTED)
    assert read(found) == found
    if peer != "10.0.0.1":
        assert found == canonical(peer)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
    ],
)
def test_networks(written, means):
    assert str(network(written)) == means
