"""compose.yml, roles.sql and the secrets name the roles of the service table; limits sum to less than 4 GiB."""

from __future__ import annotations

import re

import pytest

from mailplatform.settings.site import CODE, load
from mailplatform.supervisor.services import table

DOCKER = CODE / "docker"
COMPOSE = (DOCKER / "compose.yml").read_text("utf-8")
SITE = load(CODE / "var", DOCKER / "site.toml", environ={})
ROLES = [service.name for service in table(SITE)]


def services() -> dict[str, str]:
    """Name → its lines."""
    body = COMPOSE.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0]
    parts = re.split(r"^  (\w+):\n", body, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_one_service_a_role() -> None:
    assert sorted(services()) == sorted([*ROLES, "postgres", "valkey", "prepare", "manage"])
    for role in ROLES:
        lines = services()[role]
        assert f"command: [serve, {role}]" in lines and "<<: *role" in lines
        assert f"secrets: [dsn-{role}]" in lines
        assert f"  dsn-{role}: {{file: ./secrets/dsn-{role}}}" in COMPOSE


def test_memory_fits_into_four_gib() -> None:
    limits = {name: int(re.search(r"mem_limit: (\d+)m", lines)[1]) for name, lines in services().items() if name != "manage"}  # type: ignore[index]
    assert sum(limits.values()) < 4096, limits


def test_every_container_is_confined() -> None:
    shared = COMPOSE.partition("x-role: &role")[2].partition("\nservices:")[0]
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "init: true"):
        assert line in shared
    assert "privileged" not in COMPOSE and "network_mode" not in COMPOSE
    dockerfile = (DOCKER / "Dockerfile").read_text("utf-8")
    final = dockerfile.rpartition("\nFROM ")[2]
    assert "USER 10025:10025" in final and "HEALTHCHECK" in final
    assert not re.search(r"apt-get|gcc|build-essential", dockerfile)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "beat"])
def test_every_role_has_a_user_of_its_own(role: str) -> None:
    """The beat asks no database."""
    rights = (DOCKER / "postgres" / "roles.sql").read_text("utf-8")
    named = re.search(r"string_to_array\('([^']+)', ' '\) LOOP", rights)
    assert named and role in named[1].split()
    assert f" {role} " in (DOCKER / "make-secrets.sh").read_text("utf-8").replace(";", " ")


def test_published_ports_lead_to_listeners() -> None:
    listening = {way.port for ways in SITE.listeners().values() for way in ways if not way.is_unix}
    lines = "\n".join(line for line in COMPOSE.splitlines() if line.strip().startswith("ports:"))
    published = {int(port) for port in re.findall(r'"(?:127\.0\.0\.1:)?\d+:(\d+)"', lines)}
    assert published and published <= listening
