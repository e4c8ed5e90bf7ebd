"""A condition in plain words, for lists, step summaries and explanations. Plain text: escape it like any other."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crm.conditions.fields import Field
from crm.conditions.reading import Clause, Group, read_condition

JOINED = {"all": " and ", "any": " or "}


def sentence(condition: Any, now: datetime | None = None, fields: Mapping[str, Field] | None = None) -> str:
    """“Tag is interested and lead score is more than 50”."""
    tree = read_condition(condition, now, fields).tree
    words = say(tree) if tree.children else "every contact"
    return words[:1].upper() + words[1:]


def say(node: Clause | Group) -> str:
    if isinstance(node, Clause):
        return say_clause(node)
    parts = [say(child) for child in node.children]
    several = [isinstance(child, Group) and len(child.children) > 1 for child in node.children]
    return JOINED[node.match].join(f"({part})" if group else part for part, group in zip(parts, several, strict=True))


def say_clause(clause: Clause) -> str:
    """One clause, beginning with a small letter; a broken one says what is missing."""
    if clause.field is None:
        return "an unknown field"
    subject = _small(clause.field.label)
    if clause.operator is None:
        return f"{subject} …"
    label = clause.field.type.labels.get(clause.operator.key, clause.operator.label)
    if clause.problem:
        return f"{subject} {label} …"
    return f"{subject} {clause.operator.arity.phrase(label, clause.field, clause.raw.get('value'))}"


def _small(label: str) -> str:
    """The label inside a sentence; SMS and UTM stay as they are."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
