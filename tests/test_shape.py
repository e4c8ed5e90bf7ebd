"""Small enough to read: functions, files and templates have their limits, and every module says what it is for."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FUNCTION_LINES, FILE_LINES, TEMPLATE_LINES = 40, 300, 120
LONG_FUNCTIONS: set[str] = set()
LONG_FILES = {"crm/activity/vocabulary.py", "crm/wiring.py"}
"""The two lists that are read from top to bottom: everything that can happen, and everything there is."""
LONG_TEMPLATES: set[str] = set()
"""Exceptions by name, so that they are seen."""

PYTHON = sorted([ROOT / "app.py", *(each for top in ("crm", "tests", "bench") for each in (ROOT / top).rglob("*.py"))])
TEMPLATES = sorted((ROOT / "templates").rglob("*"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_a_function_fits_on_a_screen():
    long = {
        f"{name_of(path)}:{node.name}"
        for path in PYTHON
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long - LONG_FUNCTIONS == set()


def test_a_file_is_read_in_one_sitting():
    assert {name_of(each) for each in PYTHON if lines(each) > FILE_LINES} - LONG_FILES == set()


def test_a_template_is_seen_whole():
    long = {name_of(each) for each in TEMPLATES if each.is_file() and lines(each) > TEMPLATE_LINES}
    assert long - LONG_TEMPLATES == set()


def test_no_exception_outlives_its_cause():
    known = {name_of(each) for each in (*PYTHON, *TEMPLATES)}
    named = {each.split(":")[0] for each in LONG_FUNCTIONS | LONG_FILES | LONG_TEMPLATES}
    assert named - known == set()


def test_every_module_says_what_it_is_for():
    assert [name_of(each) for each in PYTHON if each.stat().st_size and not ast.get_docstring(tree(each))] == []
