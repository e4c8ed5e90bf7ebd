"""Workflows as documents: JSON that reads as sentences, for the API, for export and import, and for recipes.

    {"name": …, "trigger": {"type": …, "conditions": {…}}, "entry": {"reentry": …}, "goal": {"event": …},
     "steps": [{"type": …, "config": {…}, "id": …, "<branch>": [steps …]}, …]}

What a configuration points at is written by slug, or by id where there is none. Importing makes the tags that are missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import SYSTEM, Actor
from crm.automation import operations, queries
from crm.automation.declared import Declared
from crm.automation.document_shape import DocumentProblem, Shaped, ShapedStep, shape
from crm.automation.models import Step, Version, Workflow
from crm.automation.refusals import Refused
from crm.automation.types import STEPS, TRIGGERS
from crm.conditions.fields import registered_fields
from crm.conditions.reading import DEEPEST
from crm.database import db
from crm.tags.models import Tag
from crm.tags.operations import Refused as TagRefused
from crm.tags.operations import ensure_tag


class BadDocument(Refused):
    """A document that cannot be imported; `problems` says what is wrong, and where."""

    def __init__(self, problems: list[DocumentProblem]):
        super().__init__("; ".join(f"{each.path or '/'}: {each.text}" for each in problems[:3]))
        self.problems = problems


def import_document(document: Any, by: Actor = SYSTEM) -> Workflow:
    """A new workflow, as a draft, from any JSON. Raises BadDocument with all its problems, and then nothing was made."""
    with _readable(document, by) as shaped:
        return _build(shaped, by)


def replace_document(workflow: Workflow, document: Any, by: Actor = SYSTEM) -> Version:
    """Make the draft of this workflow say what the document says; those under way stay on the version they are on.

    Raises BadDocument with all its problems, and then nothing was changed.
    """
    with _readable(document, by) as shaped:
        operations.rename_workflow(workflow, shaped.name, shaped.description)
        version = operations.edit(workflow)
        db.session.execute(sa.delete(Step).where(Step.version_id == version.id))
        _write(version, shaped)
        return version


@contextmanager
def _readable(document: Any, by: Actor) -> Iterator[Shaped]:
    """The document read and its tags made; what is done within is done whole or not at all. Raises BadDocument."""
    shaped, problems = shape(document)
    if problems:
        raise BadDocument(problems)
    with db.session.begin_nested():
        problems = list(_make_references(shaped, by)) or list(_problems(shaped))
        if problems:
            raise BadDocument(problems)
        yield shaped


def export_document(version: Version) -> dict[str, Any]:
    """The version as a document. Importing it again gives the same workflow."""
    workflow = db.session.get_one(Workflow, version.workflow_id)
    document: dict[str, Any] = {"name": workflow.name}
    if workflow.description:
        document["description"] = workflow.description
    trigger = TRIGGERS.get(version.trigger_type or "")
    if trigger:
        document["trigger"] = {"type": trigger.kind, "conditions": _by_slug(trigger, version.trigger_conditions)}
    document["entry"] = dict(version.entry_settings) or {"reentry": "never"}
    if version.goal:
        document["goal"] = dict(version.goal)
    document["steps"] = [_exported(place) for place in queries.step_places(version)]
    return document


def _exported(place: queries.Place) -> dict[str, Any]:
    step, step_type = place.step, STEPS.get(place.step.step_type)
    written: dict[str, Any] = {"id": step.key} if step.key else {}
    config = _by_slug(step_type, step.step_config) if step_type else dict(step.step_config)
    written |= {"type": step.step_type, "config": config}
    written |= {
        each.outcome.name: [_exported(child) for child in each.places] for each in place.branches if each.places
    }
    return written


def _by_slug(declared: Declared, config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with ids replaced by slugs."""
    slugs = {key: reference.slug_of(config[key]) for key, reference in declared.references.items() if config.get(key)}
    return {**config, **slugs}


def _declarations(shaped: Shaped) -> Iterator[tuple[str, Declared, dict[str, Any]]]:
    """The trigger and each step, with the path and the configuration of each."""
    if shaped.trigger:
        yield "/trigger/conditions", TRIGGERS[shaped.trigger], shaped.trigger_conditions
    for step in shaped.all_steps():
        yield f"{step.path}/config", STEPS[step.type], step.config


def _make_references(shaped: Shaped, by: Actor) -> Iterator[DocumentProblem]:
    """Make the tags that are missing, those named in conditions too."""
    for path, declared, config in _declarations(shaped):
        wanted = [config.get(key) for key, reference in declared.references.items() if reference.make]
        for ref in [*wanted, *_tags_in(config)]:
            if isinstance(ref, str) and ref.strip() and not ref.isdigit():
                try:
                    ensure_tag(ref, by)
                except TagRefused as refused:
                    yield DocumentProblem(path, str(refused))


def _tags_in(condition: Any, depth: int = 0) -> Iterator[Any]:
    """The tags a condition names."""
    clauses = condition.get("conditions") if isinstance(condition, dict) and depth <= DEEPEST else None
    for clause in clauses if isinstance(clauses, list) else ():
        if not isinstance(clause, dict):
            continue
        yield from _tags_in(clause, depth + 1)
        field = registered_fields().get(clause["field"]) if isinstance(clause.get("field"), str) else None
        if field is not None and field.relation is not None and field.relation.model is Tag:
            value = clause.get("value")
            yield from value if isinstance(value, list) else [value]


def _problems(shaped: Shaped) -> Iterator[DocumentProblem]:
    for path, declared, config in _declarations(shaped):
        for problem in declared.problems(config):
            yield DocumentProblem(f"{path}/{problem.key}".rstrip("/"), problem.text)


def _build(shaped: Shaped, by: Actor) -> Workflow:
    workflow = operations.create_workflow(shaped.name, by, shaped.description)
    version = queries.draft_of(workflow)
    assert version
    _write(version, shaped)
    return workflow


def _write(version: Version, shaped: Shaped) -> None:
    """Fill a draft without steps."""
    trigger = TRIGGERS.get(shaped.trigger or "")
    config = trigger.cleaned(shaped.trigger_conditions) if trigger else None
    operations.set_trigger(version, shaped.trigger, config)
    operations.set_entry(version, **shaped.entry)
    operations.set_goal(version, shaped.goal)
    _add(version, shaped.steps, None, "main")


def _add(version: Version, steps: list[ShapedStep], parent: Step | None, branch: str) -> None:
    for each in steps:
        config = STEPS[each.type].cleaned(each.config)
        step = operations.add_step(version, each.type, config, parent=parent, branch=branch, key=each.key)
        for name, below in each.branches.items():
            _add(version, below, step, name)
