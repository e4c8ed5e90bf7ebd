"""/workflows: documents in and out, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_login import current_user

from crm.api.bodies import body, load
from crm.api.config_schema import describe_fact, describe_operator, describe_type
from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.shapes import page_of
from crm.api.workflow_shapes import (
    ADDED,
    EXAMPLE,
    ActivationIn,
    Document,
    EnrollIn,
    EnrollOut,
    TypesOut,
    WorkflowListArgs,
    WorkflowOut,
    refusal,
    shown,
)
from crm.automation import operations, queries
from crm.automation.documents import BadDocument, import_document, replace_document
from crm.automation.models import Workflow
from crm.automation.refusals import Refused
from crm.automation.types import STEP_TYPES, TRIGGER_TYPES
from crm.conditions.fields import registered_fields
from crm.conditions.operators import OPERATORS
from crm.contacts.queries import visible_ids
from crm.database import db
from crm.lib.problems import Problem
from crm.users.access import requires

Made = TypeVar("Made")
bp = Resource("workflows", "What happens by itself: a trigger, and the steps that follow.")


@bp.get("")
@requires("crm.workflows.view")
@bp.arguments(WorkflowListArgs, location="query")
@bp.response(200, page_of(WorkflowOut))
def index(args: dict[str, Any]) -> Any:
    """Workflows, newest first, each as its document."""
    found = sa.select(Workflow)
    page = paged(found.where(Workflow.status == args["status"]) if "status" in args else found, Workflow, args)
    return {**page, "data": [shown(each) for each in page["data"]]}


@bp.post("")
@requires("crm.workflows.create")
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": Document, "example": EXAMPLE}}})
@bp.response(201, WorkflowOut)
def create() -> Any:
    """Make a workflow, as a draft, from a document. Tags that are missing are made."""
    workflow = _read(lambda document: import_document(document, actor()))
    return shown(workflow), 201, {"Location": url_for(".show", workflow_id=workflow.id)}


@bp.get("/types")
@requires("crm.workflows.view")
@bp.response(200, TypesOut)
def types() -> Any:
    """Everything a document can be made of."""
    facts = dict(registered_fields())
    return {
        "triggers": [describe_type(each, facts) for each in TRIGGER_TYPES],
        "steps": [_step(describe_type(each, facts), each) for each in STEP_TYPES],
        "operators": [describe_operator(each) for each in OPERATORS.values()],
        "fields_": [describe_fact(each) for each in facts.values()],
    }


def _step(described: dict[str, Any], step_type: Any) -> dict[str, Any]:
    return {**described, "branches": [{"key": each.name, "label": each.label} for each in step_type.branches]}


@bp.get("/<int:workflow_id>")
@requires("crm.workflows.view")
@bp.response(200, WorkflowOut)
def show(workflow_id: int) -> Any:
    """One workflow: its draft, if there is one, else what runs."""
    return shown(_workflow(workflow_id))


@bp.put("/<int:workflow_id>")
@requires("crm.workflows.create")
@bp.doc(requestBody={"required": True, "content": {"application/json": {"schema": Document, "example": EXAMPLE}}})
@bp.response(200, WorkflowOut)
def replace(workflow_id: int) -> Any:
    """Make the draft say what the document says. What runs goes on as it is until `activate`."""
    workflow = _workflow(workflow_id)
    _read(lambda document: replace_document(workflow, document, actor()))
    return shown(workflow)


@bp.post("/<int:workflow_id>/activate")
@requires("crm.workflows.activate")
@bp.doc(requestBody={"required": False, "content": {"application/json": {"schema": ActivationIn}}})
@bp.response(200, WorkflowOut)
def activate(workflow_id: int) -> Any:
    """Publish the draft and let the workflow run. What forbids it is said, step by step (422)."""
    workflow = _workflow(workflow_id)
    take_in = _activation()["take_in"]
    version = queries.draft_of(workflow)
    try:
        operations.activate(workflow, actor(), take_in=take_in)
    except Refused as refused:
        raise refusal(refused, version) from None
    return shown(workflow)


@bp.post("/<int:workflow_id>/pause")
@requires("crm.workflows.activate")
@bp.response(200, WorkflowOut)
def pause(workflow_id: int) -> Any:
    """Hold everyone where they are. `activate` lets them go on."""
    workflow = _workflow(workflow_id)
    operations.pause(workflow)
    return shown(workflow)


@bp.post("/<int:workflow_id>/archive")
@requires("crm.workflows.activate")
@bp.response(200, WorkflowOut)
def archive(workflow_id: int) -> Any:
    """Put the workflow away: those under way end here."""
    workflow = _workflow(workflow_id)
    operations.archive(workflow)
    return shown(workflow)


@bp.post("/<int:workflow_id>/enroll")
@requires("crm.workflows.activate")
@bp.arguments(EnrollIn, example={"contact_ids": [1, 2]})
@bp.response(200, EnrollOut)
def enroll(sent: dict[str, Any], workflow_id: int) -> Any:
    """Let contacts in, as far as the entry rules allow. Harmless to repeat."""
    workflow = _workflow(workflow_id)
    wanted = sorted(set(sent["contact_ids"]))
    known = visible_ids(current_user, wanted)
    try:
        came = operations.enroll(workflow, known, actor())
    except Refused as refused:
        raise refusal(refused) from None
    return {
        "enrolled": sorted(came),
        "refused": sorted(set(known) - set(came)),
        "strangers": sorted(set(wanted) - set(known)),
    }


def _read(use: Callable[[Any], Made]) -> Made:
    """What is made of the document that was sent. Raises Problem with all that is wrong with it."""
    sent = body()
    document = {key: value for key, value in sent.items() if key not in ADDED} if isinstance(sent, dict) else sent
    try:
        return use(document)
    except BadDocument as bad:
        raise Problem(422, errors=[{"pointer": each.path, "detail": each.text} for each in bad.problems]) from None


def _activation() -> dict[str, Any]:
    return load(ActivationIn(), body() if request.get_data() else {})


def _workflow(workflow_id: int) -> Workflow:
    return db.session.get(Workflow, workflow_id) or abort(404)
