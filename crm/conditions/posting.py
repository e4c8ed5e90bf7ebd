"""The builder's form: a posted form becomes a condition again, and its buttons add and remove clauses without a script.

The inputs of the clause at path 0, 2 of the builder "c" are c-0-2-field, c-0-2-operator and c-0-2-value…; a group has
c-0-match. The buttons are called c-edit: `clause:0` and `group:0` add to group 0, `remove:0-2` removes.
"""

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from crm.conditions.builder import control_of, field_and_operator, shape_of
from crm.conditions.fields import Field, registered_fields

BLANK = {"field": "", "operator": "", "value": None}
OTHER = {"all": "any", "any": "all"}
DEEPEST_POSTED = 12


def read_posted(posted: MultiDict, name: str, fields: Mapping[str, Field] | None = None) -> dict:
    """The condition in the form, complete or not, with the pressed button's edit made."""
    condition = _group(posted, name, _paths(posted, name), (), registered_fields() if fields is None else fields)
    edit, _, key = posted.get(f"{name}-edit", "").partition(":")
    return EDITS[edit](condition, _path(key)) if edit in EDITS else condition


def is_edited(posted: MultiDict, name: str) -> bool:
    """Whether a button of the builder sent the form, rather than the form's own."""
    return f"{name}-edit" in posted


def _paths(posted: MultiDict, name: str) -> dict[tuple[int, ...], set[int]]:
    """For each group the positions of its children."""
    found: dict[tuple[int, ...], set[int]] = {}
    pattern = re.compile(rf"{re.escape(name)}((?:-[0-9]{{1,4}}){{1,{DEEPEST_POSTED}}})-(?:field|match)")
    for key in posted:
        if matched := pattern.fullmatch(key):
            path = _path(matched[1][1:])
            found.setdefault(path[:-1], set()).add(path[-1])
    return found


def _group(posted: MultiDict, name: str, paths: dict, path: tuple[int, ...], fields: Mapping[str, Field]) -> dict:
    children = []
    for index in sorted(paths.get(path, ())):
        child = f"{name}-{index}"
        is_group = f"{child}-match" in posted
        children.append(
            _group(posted, child, paths, (*path, index), fields) if is_group else _clause(posted, child, fields)
        )
    return {"match": "any" if posted.get(f"{name}-match") == "any" else "all", "conditions": children}


def _clause(posted: MultiDict, name: str, fields: Mapping[str, Field]) -> dict:
    raw = {"field": posted.get(f"{name}-field", ""), "operator": posted.get(f"{name}-operator", "")}
    field, operator = field_and_operator(raw, fields)
    if field is None:
        return {**BLANK, **raw}
    control = control_of(field, operator)
    is_same = posted.get(f"{name}-shape", shape_of(field, operator)) == shape_of(field, operator)
    clause = {"field": field.key, "operator": operator.key}
    return clause | ({"value": control.read(posted, f"{name}-value") if is_same else None} if control else {})


def add_clause(condition: dict, path: tuple[int, ...]) -> dict:
    return _changed(condition, path, lambda group: group["conditions"].append(dict(BLANK)))


def add_group(condition: dict, path: tuple[int, ...]) -> dict:
    """A group of the other kind, with a clause to begin with."""

    def add(group: dict) -> None:
        group["conditions"].append({"match": OTHER[group["match"]], "conditions": [dict(BLANK)]})

    return _changed(condition, path, add)


def remove(condition: dict, path: tuple[int, ...]) -> dict:
    """Without this clause or group, and without the groups left empty by it."""
    if not path:
        return condition
    made = _changed(condition, path[:-1], lambda group: group["conditions"].pop(path[-1]))
    parent = _at(made, path[:-1])
    return remove(made, path[:-1]) if parent is not None and not parent["conditions"] and path[:-1] else made


def _changed(condition: dict, path: tuple[int, ...], change: Callable[[dict], Any]) -> dict:
    """A copy with the group at this path changed; the same if there is no such place."""
    made = copy.deepcopy(condition)
    group = _at(made, path)
    try:
        if group is not None:
            change(group)
    except IndexError:
        return condition
    return made


def _at(condition: dict, path: tuple[int, ...]) -> dict | None:
    for index in path:
        children = condition.get("conditions", [])
        if index >= len(children):
            return None
        condition = children[index]
    return condition if "conditions" in condition else None


def _path(key: str) -> tuple[int, ...]:
    return tuple(int(part) for part in key.split("-") if part.isascii() and part.isdigit() and len(part) <= 4)


EDITS = {"clause": add_clause, "group": add_group, "remove": remove}
