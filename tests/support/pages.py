"""What the pages of a running platform are about: one of each noun, made where there is none."""

import json
from typing import Any, Protocol

from django.urls import URLPattern


class Managed(Protocol):
    def manage(self, *arguments: str) -> str: ...


MAKE = (
    ("mailbox", "add", "carla@example.test", "--name", "Carla Neri", "--quota", "500M"),
    ("mailbox", "add", "desk@example.test", "--kind", "shared", "--name", "Desk"),
    ("alias", "add", "press@example.test", "carla@example.test"),
    ("alias", "add", "away@example.test", "--to", "someone@outside.test"),
    ("alias", "add", "*@example.test", "carla@example.test"),
    ("group", "add", "crew@example.test", "carla@example.test", "--name", "The crew"),
    ("network", "add", "desk", "192.0.2.0/24"),
    ("mailbox", "app-password", "add", "carla@example.test", "--label", "phone"),
)


def names_of(platform: Managed) -> dict[str, Any]:
    """Parameter or noun → the value that URLs take."""
    for arguments in MAKE:
        try:
            platform.manage(*arguments)
        except Exception:  # made by an earlier run, or by the demonstration
            continue
    listed = {one["address"]: one["id"] for one in json.loads(platform.manage("alias", "list", "--json"))}
    groups = {one["address"]: one["id"] for one in json.loads(platform.manage("group", "list", "--json"))}
    account = json.loads(platform.manage("mailbox", "show", "carla@example.test", "--json"))
    drawn = json.loads(platform.manage("mailbox", "app-password", "list", "carla@example.test", "--json"))
    trace = json.loads(platform.manage("trace", "--json", "--to", "anna@example.test"))
    return {
        "network": json.loads(platform.manage("network", "show", "desk", "--json"))["id"],
        "trace_id": trace[0]["trace_id"] if trace else "0",
        "password_id": drawn[0]["id"],
        "name": "example.test",
        "account_id": account["id"],
        "alias": listed["press@example.test"],
        "forward": listed["away@example.test"],
        "catch-all": listed["*@example.test"],
        "group": groups["crew@example.test"],
    }


def parameters(pattern: URLPattern, known: dict[str, Any]) -> dict[str, Any]:
    """What a URL pattern takes. KeyError names the parameter that `names_of` has to learn."""
    noun = str(pattern.name).removesuffix("-remove")
    return {name: known[noun] if name == "pk" else known.get(name, 0) for name in pattern.pattern.converters}
