"""Keys and migrations point down, along the arrows that ARCHITECTURE.md draws and along no others."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from tests.architecture.source import table

OURS = "mailplatform."
# From the ground up; an arrow may point to a lower floor only.
FLOORS = ("trace", "audit", "directory", "access", "store", "transport", "delivery", "mailflow")


def _ours(label: str) -> bool:
    return apps.get_app_config(label).name.startswith(OURS)


def _keys() -> Iterator[tuple[str, str]]:
    for model in apps.get_models(include_auto_created=True):
        if not model.__module__.startswith(OURS):
            continue
        for field in model._meta.get_fields():
            if field.concrete and field.is_relation and field.related_model:
                target = field.related_model._meta
                if target.app_label != model._meta.app_label:
                    yield model._meta.label, target.label


def test_keys_between_rooms_are_those_of_the_table() -> None:
    drawn = {(row[0], row[1]) for row in table("ARCHITECTURE.md", "Foreign keys between rooms")}
    assert sorted(set(_keys())) == sorted(drawn)


def test_keys_point_down() -> None:
    up = [
        f"{source} -> {target}"
        for source, target in _keys()
        if FLOORS.index(source.split(".")[0]) <= FLOORS.index(target.split(".")[0])
    ]
    assert up == []


def test_migrations_depend_downwards() -> None:
    loader = MigrationLoader(None)
    arrows = {
        (label, needed)
        for (label, _), migration in loader.disk_migrations.items()
        if label in FLOORS
        for needed, _ in migration.dependencies
        if needed != label and needed in FLOORS
    }
    assert [f"{a} -> {b}" for a, b in sorted(arrows) if FLOORS.index(a) <= FLOORS.index(b)] == []
    along = {(source.split(".")[0], target.split(".")[0]) for source, target in _keys()}
    assert sorted(arrows - along) == []


@pytest.mark.parametrize("label", ["trace", "audit"])
def test_what_outlives_people_has_no_keys(label: str) -> None:
    assert [source for source, _ in _keys() if source.startswith(f"{label}.")] == []
