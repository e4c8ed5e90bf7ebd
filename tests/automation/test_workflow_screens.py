"""A workflow as a whole: making, naming, copying, looking at, pausing."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.automation import queries
from crm.automation.lint import lint
from crm.automation.models import Workflow
from crm.automation.operations import set_entry
from crm.automation.recipes import RECIPES
from crm.database import db
from tests.automation.paths import draft, run, running
from tests.factories import contact

WAIT = ("wait_duration", {"duration": 1, "unit": "days"})


def newest() -> Workflow:
    db.session.rollback()
    return db.session.scalars(sa.select(Workflow).order_by(Workflow.id.desc())).first()


def test_a_name_makes_one_and_opens_the_editor(as_mo: FlaskClient) -> None:
    reply = as_mo.post("/workflows", data={"name": "  Win   back "})
    assert reply.location == f"/workflows/{newest().id}"
    assert newest().name == "Win back"


def test_without_a_name_it_asks_for_one(as_mo: FlaskClient) -> None:
    reply = as_mo.post("/workflows", data={"name": " "})
    assert reply.status_code == 422
    assert "name" in reply.text
    assert newest() is None


def test_every_recipe_becomes_a_draft_without_a_fault(as_mo: FlaskClient) -> None:
    for recipe in RECIPES:
        assert as_mo.post(f"/workflows/recipes/{recipe.key}").status_code == 303
        assert not [each for each in lint(queries.draft_of(newest())) if each.is_error], recipe.key


def test_an_unknown_recipe_is_not_found(as_mo: FlaskClient) -> None:
    assert as_mo.post("/workflows/recipes/nonsense").status_code == 404


def test_it_can_be_renamed(as_mo: FlaskClient) -> None:
    workflow = draft().workflow
    assert 'value="Welcome"' in as_mo.get(f"/workflows/{workflow.id}/name").text
    as_mo.post(f"/workflows/{workflow.id}/name", data={"name": "Hello"})
    assert newest().name == "Hello"


def test_it_cannot_lose_its_name(as_mo: FlaskClient) -> None:
    workflow = draft().workflow
    assert as_mo.post(f"/workflows/{workflow.id}/name", data={"name": "x" * 300}).status_code == 422
    assert newest().name == "Welcome"


def test_a_copy_is_a_draft_of_its_own(as_mo: FlaskClient) -> None:
    workflow = running(WAIT)
    as_mo.post(f"/workflows/{workflow.id}/copy")
    assert (newest().name, newest().status) == ("Copy of Welcome", "draft")


def test_what_is_exported_can_be_imported(as_mo: FlaskClient) -> None:
    workflow = running(WAIT)
    reply = as_mo.get(f"/workflows/{workflow.id}/document")
    assert "attachment" in reply.headers["Content-Disposition"]
    upload(as_mo, reply.data)
    assert (newest().name, newest().status) == ("Welcome", "draft")


def upload(client: FlaskClient, data: bytes) -> Any:
    return client.post("/workflows/documents", data={"file": (BytesIO(data), "workflow.json")})


def test_a_file_that_is_none_or_wrong_makes_nothing_and_says_where(as_mo: FlaskClient) -> None:
    for data in (b"", b"name,email", b"[" * 100_000, b"\xff\xfe"):
        assert "This is not a workflow file" in upload(as_mo, data).text
    document = {"name": "Bad", "steps": [{"type": "send_pigeon", "config": {}}]}
    reply = upload(as_mo, json.dumps(document).encode())
    assert reply.status_code == 422
    assert "/steps/0" in reply.text
    assert newest() is None


def test_pausing_and_resuming(as_mo: FlaskClient) -> None:
    workflow = running(WAIT)
    as_mo.post(f"/workflows/{workflow.id}/status", data={"status": "paused"})
    assert newest().status == "paused"
    as_mo.post(f"/workflows/{workflow.id}/status", data={"status": "active"})
    assert newest().status == "active"


def test_a_status_that_does_not_exist_is_refused(as_mo: FlaskClient) -> None:
    workflow = running(WAIT)
    assert as_mo.post(f"/workflows/{workflow.id}/status", data={"status": "gone"}).status_code == 400


def test_a_running_one_is_shown_as_it_runs(as_mo: FlaskClient) -> None:
    page = as_mo.get(f"/workflows/{running(WAIT).id}").text
    assert "Wait 1 day" in page
    assert "data-sortable" not in page


def test_the_preview_says_nothing_until_something_changes(as_mo: FlaskClient, mo: object) -> None:
    workflow = running(WAIT)
    poll = _poll(as_mo.get(f"/workflows/{workflow.id}").text)
    assert as_mo.get(poll).status_code == 204
    as_mo.post(f"/workflows/{workflow.id}/enrollments", data={"contact_id": contact().id})
    run()
    reply = as_mo.get(poll)
    assert reply.status_code == 200
    assert "1 on the way" in reply.text


def test_the_preview_tells_of_changes_by_others_until_they_are_looked_at(as_mo: FlaskClient) -> None:
    version = draft(WAIT)
    poll = _poll(as_mo.get(f"/workflows/{version.workflow_id}").text)
    set_entry(version, "after_finish")
    told = as_mo.get(poll)
    assert "was changed elsewhere" in told.text
    assert as_mo.get(_poll(told.text)).status_code == 204
    assert "was changed elsewhere" not in as_mo.get(f"/workflows/{version.workflow_id}").text


def _poll(page: str) -> str:
    return page.split('data-poll="15" hx-get="')[1].split('"')[0].replace("&amp;", "&")


def test_what_does_not_exist_is_not_found(as_mo: FlaskClient) -> None:
    workflow = draft().workflow
    assert as_mo.get("/workflows/999").status_code == 404
    assert as_mo.get(f"/workflows/{workflow.id}?version=7").status_code == 404
