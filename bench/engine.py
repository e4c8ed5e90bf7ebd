"""The engine: contacts through a condition and a tag to the end, step log and timeline written, in transactions of 500."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure, fresh_app, per_second
from crm.automation import engine
from crm.automation.enrolling import enroll
from crm.automation.models import Enrollment, StepLog, Workflow
from crm.automation.operations import activate, add_step, create_workflow, set_trigger
from crm.automation.queries import draft_of
from crm.database import commit, db
from crm.demo.people import add_contacts
from crm.tags.models import Tag

CONTACTS = 20_000
BATCH = 500
STEPS = 2
WRITES = (
    "INSERT INTO automation_step_logs (enrollment_id, step_id, visit_no, status, executed_at, result, created_at)"
    " VALUES (?, 1, 1, 'completed', '2026-01-01', '{\"why\": \"The condition holds\"}', '2026-01-01')",
    "INSERT INTO automation_step_logs (enrollment_id, step_id, visit_no, status, executed_at, result, created_at)"
    " VALUES (?, 2, 2, 'completed', '2026-01-01', '{\"why\": \"Tag added\"}', '2026-01-01')",
    "INSERT INTO contact_taggings (tag_id, contact_id, tagged_at)"
    " SELECT 1, contact_id, '2026-01-01' FROM automation_enrollments WHERE id = ?",
    "INSERT INTO contact_activities (contact_id, activity_type, title, metadata, actor, depth, created_at, dispatch_attempts)"
    " SELECT contact_id, 'tag_added', 'Tag added', '{}', '', 1, '2026-01-01', 0 FROM automation_enrollments WHERE id = ?",
    "INSERT INTO contact_activities (contact_id, activity_type, title, metadata, actor, depth, created_at, dispatch_attempts)"
    " SELECT contact_id, 'sequence_completed', 'Done', '{}', '', 1, '2026-01-01', 0 FROM automation_enrollments WHERE id = ?",
    "UPDATE automation_enrollments SET status = 'completed', current_step_id = NULL, next_action_at = NULL, visit_no = 2,"
    " completed_at = '2026-01-01' WHERE id = ?",
)
"""What the engine writes for each contact, as plain statements."""


def run() -> Iterator[Figure]:
    """Steps a second, beside a bare loop of the same writes on the same tables."""
    with fresh_app() as app:
        _enroll_all()
        engine_rate = per_second(CONTACTS * STEPS, _drain)
        assert db.session.query(Enrollment).filter_by(status="completed").count() == CONTACTS
        assert db.session.query(StepLog).count() == CONTACTS * STEPS
        db.session.remove()
    with fresh_app() as app:
        _enroll_all()
        db.session.remove()
        path = app.config["INSTANCE_PATH"] / "crm.db"
        bare_rate = per_second(CONTACTS * STEPS, lambda: _bare(path))
    yield Figure("engine steps", engine_rate, "steps/s", bare_rate, "bare sqlite3, the same rows written one by one")


def _enroll_all() -> None:
    tag = Tag(name="Lead", slug="lead")
    db.session.add(tag)
    ids = add_contacts(CONTACTS)
    workflow = _workflow(tag)
    for start in range(0, CONTACTS, BATCH):
        enroll(workflow, ids[start : start + BATCH])
        commit()


def _workflow(tag: Tag) -> Workflow:
    workflow = create_workflow("Bench")
    draft = draft_of(workflow)
    assert draft
    set_trigger(draft, "manual")
    has_email = {"match": "all", "conditions": [{"field": "email", "operator": "is_set"}]}
    split = add_step(draft, "condition", has_email)
    add_step(draft, "add_tag", {"tag_id": tag.id}, parent=split, branch="yes")
    add_step(draft, "add_tag", {"tag_id": tag.id}, parent=split, branch="no")
    activate(workflow)
    commit()
    return workflow


def _drain() -> None:
    while engine.process_due(limit=BATCH):
        pass


def _bare(path: Path) -> None:
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA synchronous = NORMAL")
    bare.execute("PRAGMA foreign_keys = ON")
    ids = [number for (number,) in bare.execute("SELECT id FROM automation_enrollments ORDER BY id")]
    for start in range(0, len(ids), BATCH):
        bare.execute("BEGIN IMMEDIATE")
        for number in ids[start : start + BATCH]:
            for statement in WRITES:
                bare.execute(statement, (number,))
        bare.execute("COMMIT")
    bare.close()
