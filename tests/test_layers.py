"""Imports point down: the floors of the house, against the syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CRM = Path(__file__).parent.parent / "crm"
FLOORS = (
    ("lib", "config", "database", "queue", "errors", "security", "schema", "processes"),
    ("activity", "providers", "audit"),
    ("conditions", "blocks"),
    ("users",),
    ("settings", "recovery", "health"),
    ("custom_fields", "views", "backup"),
    ("contacts", "notifications", "home", "style"),
    ("timeline", "tags", "notes", "commerce", "classes", "visits", "delivery", "setup"),
    ("preferences",),
    ("audiences", "tasks", "email", "sms", "whatsapp"),
    ("imports", "exports", "bulk"),
    ("broadcasts", "scoring", "webforms", "ownership", "bounces"),
    ("automation",),
    ("landing", "analytics", "duplicates", "audit_log", "departures"),
    ("reports", "api", "demo", "search"),
    ("privacy",),
    ("wiring", "schedule", "audited"),
    ("cli", "__init__"),
)
"""From the ground up. `__init__` is `create_app`."""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
OWN_AFFAIR = {"routes", "forms", "jobs", "listeners"}
"""Modules of a feature that no other feature may use; the map, the clock and create_app list them."""
OFFERED = {"conditions.forms"}
"""But for these, which their feature's docstring offers to all above it."""
TOGETHER = {"wiring", "schedule", "audited", "__init__", "cli"}
INSIDE_FUNCTIONS = {"crm/__init__.py:_wire", "crm/database.py:_dialect_insert"}
"""Functions that may import: create_app's, and one that would pull in a driver nobody uses."""

MODULES = sorted(CRM.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """The file's syntax tree, read once for all tests."""
    return ast.parse(path.read_text())


def place_of(path: Path) -> str:
    """The name of the feature or top-level module a file belongs to."""
    return path.relative_to(CRM).parts[0].removesuffix(".py")


@cache
def ours(path: Path) -> frozenset[tuple[str, str]]:
    """What a file imports from the product: the place and the module within it, "" for the place itself."""
    parts = [name.split(".") for name in imported(tree(path))]
    return frozenset(
        (each[1], each[2] if len(each) > 2 else "") for each in parts if each[0] == "crm" and len(each) > 1
    )


def imported(syntax: ast.AST) -> Iterator[str]:
    """Every name that is imported, as dotted paths: of `from crm.a import b` it is `crm.a.b`."""
    for node in ast.walk(syntax):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def shown(path: Path) -> str:
    return str(path.relative_to(CRM.parent))


def test_every_place_has_a_floor():
    assert {place_of(each) for each in MODULES} - FLOOR.keys() == set()


def test_every_module_imports_from_below():
    wrong = {
        (shown(path), there)
        for path in MODULES
        for there, _ in ours(path)
        if there in FLOOR and there != place_of(path) and not is_below(there, place_of(path))
    }
    assert wrong == set()


def is_below(there: str, here: str) -> bool:
    """Whether `here` may import from `there`: from a lower floor, and on the ground floor from one another."""
    return FLOOR[there] < FLOOR[here] or FLOOR[there] == FLOOR[here] == 0


def test_every_module_leaves_other_features_own_affairs_alone():
    taken = {
        (shown(path), f"{there}.{module}")
        for path in MODULES
        if place_of(path) not in TOGETHER
        for there, module in ours(path)
        if there != place_of(path) and module in OWN_AFFAIR
    }
    assert {each for each in taken if each[1] not in OFFERED} == set()


def test_every_module_imports_at_the_top():
    inside = {
        f"{shown(path)}:{function.name}"
        for path in MODULES
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    }
    assert inside - INSIDE_FUNCTIONS == set()


def test_no_module_uses_relative_imports():
    relative = {
        (shown(path), node.module)
        for path in MODULES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert relative == set()
