"""What CAPA answers: RFC 2449 §6, RFC 2595 §4, RFC 3206, RFC 5034, RFC 6856.

One line a capability; it stands here only when it works.
"""

from __future__ import annotations

from collections.abc import Sequence

IMPLEMENTATION = "mailplatform"


def capabilities(
    *, mechanisms: Sequence[str], user: bool, stls: bool, login_delay: int = 0, expire: str = "NEVER"
) -> tuple[str, ...]:
    """The lines of this moment.

    mechanisms: of SASL, the best first. user: USER and PASS are taken here. stls: TLS can still begin. login_delay: seconds
    between two sign-ins of one user, 0 for any. expire: "NEVER", or days for which the server keeps messages (RFC 2449 §6.7).
    """
    lines = ["TOP", "UIDL"]
    if mechanisms:
        lines.append("SASL " + " ".join(mechanisms))
    if user:
        lines.append("USER")
    if stls:
        lines.append("STLS")
    lines += ["RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", f"EXPIRE {expire}"]
    if login_delay:
        lines.append(f"LOGIN-DELAY {login_delay}")
    lines += ["UTF8 USER", "LANG", f"IMPLEMENTATION {IMPLEMENTATION}"]
    return tuple(lines)
