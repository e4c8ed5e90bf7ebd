"""Imports point down: the floors of the house, against the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CRM = Path(__file__).parent.parent / "crm"
FLOORS = (
    ("lib", "config", "database", "queue", "errors", "security", "schema", "processes"),
    ("activity", "providers"),
    ("conditions", "blocks"),
    ("users",),
    ("settings", "recovery"),
    ("custom_fields", "views"),
    ("contacts", "notifications", "health", "home", "style"),
    ("timeline", "tags", "notes", "preferences", "commerce", "classes", "visits", "delivery", "setup"),
    ("audiences", "tasks", "email", "sms", "whatsapp"),
    ("imports", "exports", "bulk"),
    ("broadcasts", "scoring", "webforms", "ownership"),
    ("automation",),
    ("landing", "analytics", "duplicates"),
    ("reports", "api", "demo", "search"),
    ("privacy",),
    ("wiring", "schedule"),
    ("cli", "__init__"),
)
"""From the ground up. `__init__` is `create_app`."""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
OWN_AFFAIR = {"routes", "forms", "jobs", "listeners"}
"""Modules of a feature that no other feature may use; the map, the clock and create_app list them."""
OFFERED = {"conditions.forms"}
"""But for these, which their feature's docstring offers to all above it."""
TOGETHER = {"wiring", "schedule", "__init__", "cli"}
INSIDE_FUNCTIONS = {"crm/__init__.py:_wire", "crm/database.py:_dialect_insert"}
"""Functions that may import: create_app's, and one that would pull in a driver nobody uses."""

MODULES = sorted(CRM.rglob("*.py"))


def place_of(path: Path) -> str:
    """The name of the feature or top-level module a file belongs to."""
    return path.relative_to(CRM).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> Iterator[str]:
    """Every name under `crm` that is imported, as dotted paths: of `from crm.a import b` both `crm.a` and `crm.a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def ours(path: Path) -> Iterator[tuple[str, str]]:
    """What a file imports from the product: the place and the module within it, "" for the place itself."""
    for name in imported(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "crm" and len(parts) > 1:
            yield parts[1], parts[2] if len(parts) > 2 else ""


def shown(path: Path) -> str:
    return str(path.relative_to(CRM.parent))


def test_every_place_has_a_floor():
    assert {place_of(each) for each in MODULES} - FLOOR.keys() == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_it_imports_from_below(path):
    here = place_of(path)
    above = {
        there
        for there, _ in ours(path)
        if there in FLOOR and there != here and FLOOR[there] >= FLOOR[here] and FLOOR[here] > 0
    }
    ground = {there for there, _ in ours(path) if FLOOR.get(there, 0) > 0} if FLOOR[here] == 0 else set()
    assert above | ground == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_it_leaves_other_features_own_affairs_alone(path):
    here = place_of(path)
    if here in TOGETHER:
        return
    taken = {f"{there}.{module}" for there, module in ours(path) if there != here and module in OWN_AFFAIR}
    assert taken - OFFERED == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_it_imports_at_the_top(path):
    inside = {
        f"{shown(path)}:{function.name}"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    }
    assert inside - INSIDE_FUNCTIONS == set()


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_it_uses_no_relative_imports(path):
    nodes = ast.walk(ast.parse(path.read_text()))
    assert [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.level] == []
