"""How workflows are written and read: the document, with what the product adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import INCLUDE, fields
from marshmallow.validate import Length, OneOf

from crm.api.shapes import MOST, ListArgs, Shape, an_id, moment
from crm.automation import queries
from crm.automation.documents import export_document
from crm.automation.models import STATUSES, Version, Workflow
from crm.automation.queries import Place
from crm.automation.refusals import Refused
from crm.lib.problems import Problem

FACTS = ("id", "status", "paused_reason", "created_at", "updated_at", "activated_at")
TOTALS = ("total_enrolled", "total_completed", "total_converted")
ADDED = {*FACTS, *TOTALS, "has_draft", "version"}
"""What an answer has beyond the document; sent back, it is ignored."""
EXAMPLE = {
    "name": "Welcome",
    "trigger": {"type": "tag_added", "conditions": {"tag_id": "interested"}},
    "entry": {"reentry": "never"},
    "steps": [
        {"type": "send_email", "config": {"subject": "Hello {{ contact.first_name }}", "content": "…"}},
        {"type": "wait_duration", "config": {"duration": 3, "unit": "days"}},
    ],
}


class WorkflowListArgs(ListArgs):
    """Which workflows."""

    status = fields.String(validate=OneOf(list(STATUSES)))


class Document(Shape):
    """A workflow as a document. The configurations of triggers and steps are described by /workflows/types."""

    name = fields.String(required=True, validate=Length(1, 255))
    description = fields.String(allow_none=True)
    trigger = fields.Dict(metadata={"description": "`type` and `conditions`."}, allow_none=True)
    entry = fields.Dict(metadata={"description": "`reentry`, and `days` with it."}, allow_none=True)
    goal = fields.Dict(metadata={"description": "`event`: reaching it ends the run as converted."}, allow_none=True)
    steps = fields.List(
        fields.Dict(), metadata={"description": "`type`, `config`, perhaps `id`, and branches by their names."}
    )

    class Meta:
        unknown = INCLUDE


class WorkflowOut(Document):
    """A workflow: its document, and what became of it."""

    id = an_id(required=True)
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    paused_reason = fields.String(required=True, allow_none=True)
    has_draft = fields.Boolean(required=True, metadata={"description": "Whether changes wait for activation."})
    version = fields.Integer(required=True, metadata={"description": "The number of the version shown."})
    total_enrolled = fields.Integer(required=True)
    total_completed = fields.Integer(required=True)
    total_converted = fields.Integer(required=True)
    created_at = moment(required=True)
    updated_at = moment(required=True)
    activated_at = moment(required=True, allow_none=True)


class ActivationIn(Shape):
    """How a workflow begins."""

    take_in = fields.Boolean(load_default=False, metadata={"description": "Also enroll those who match already."})


class EnrollIn(Shape):
    """Who is to come in."""

    contact_ids = fields.List(an_id(), required=True, validate=Length(1, MOST))


class EnrollOut(Shape):
    """Who came in, and who did not."""

    enrolled = fields.List(fields.Integer(), required=True)
    refused = fields.List(fields.Integer(), required=True, metadata={"description": "Those the entry rules kept out."})
    strangers = fields.List(
        fields.Integer(), required=True, data_key="unknown", metadata={"description": "Those who are no contacts."}
    )


class TypesOut(Shape):
    """Everything a document can be made of, each with its key, label and the JSON schema of its configuration."""

    triggers = fields.List(fields.Dict(), required=True)
    steps = fields.List(fields.Dict(), required=True)
    operators = fields.List(fields.Dict(), required=True)
    fields_ = fields.List(fields.Dict(), required=True, data_key="fields")


def shown(workflow: Workflow) -> dict[str, Any]:
    """A workflow as it is answered: its draft, if there is one, else what runs."""
    draft = queries.draft_of(workflow)
    version = draft or queries.published_of(workflow)
    assert version is not None
    document = {"goal": None, "trigger": None, "description": None, **export_document(version)}
    about = {key: getattr(workflow, key) for key in (*FACTS, *TOTALS)}
    return {**document, **about, "has_draft": draft is not None, "version": version.number}


def refusal(refused: Refused, version: Version | None = None) -> Problem:
    """What stood against it, each finding by JSON pointer into the document."""
    pointers = dict(_pointers(queries.step_places(version), "/steps")) if version and refused.findings else {}
    found = [
        {"pointer": pointers.get(each.step_id, ""), "detail": each.text, "level": each.level, "step_id": each.step_id}
        for each in refused.findings
    ]
    return Problem(422 if found else 409, str(refused), found)


def _pointers(places: list[Place], pointer: str) -> Iterator[tuple[int | None, str]]:
    for number, place in enumerate(places):
        here = f"{pointer}/{number}"
        yield place.step.id, here
        for branch in place.branches:
            yield from _pointers(branch.places, f"{here}/{branch.outcome.name}")
