"""Editing a workflow: drafts, steps, their order and branches."""

from __future__ import annotations

import pytest

from crm.automation import operations as o
from crm.automation import queries
from crm.automation.models import Step, Version
from crm.database import commit, db
from tests import factories
from tests.automation import paths

TASK = ("create_task", {"title": "Call"})
IF = {"match": "all", "conditions": [{"field": "email", "operator": "is_set"}]}


def shape(version: Version) -> list[str]:
    """The steps as “number path kind”, in reading order; the path tells order and branch."""

    def walk(places: list[queries.Place], path: str) -> list[str]:
        found = []
        for place in places:
            here = f"{path}{place.step.step_order}"
            found.append(f"{here} {place.step.step_config.get('title', place.step.step_type)}")
            for branch in place.branches:
                found += walk(branch.places, f"{here}{branch.outcome.name[0]}")
        return found

    return walk(queries.step_places(version), "")


def tasks(version: Version, *titles: str, parent: Step | None = None, branch: str = "main") -> list[Step]:
    return [o.add_step(version, "create_task", {"title": each}, parent=parent, branch=branch) for each in titles]


def test_steps_are_inserted_where_asked_and_numbered_without_a_gap(app):
    version = paths.draft()
    tasks(version, "a", "c")
    o.add_step(version, "create_task", {"title": "b"}, position=2)
    o.add_step(version, "create_task", {"title": "z"}, position=99)
    o.add_step(version, "create_task", {"title": "first"}, position=1)
    assert shape(version) == ["1 first", "2 a", "3 b", "4 c", "5 z"]


def test_a_step_moves_with_what_hangs_below_it(app):
    version = paths.draft()
    a, split, z = *tasks(version, "a"), o.add_step(version, "condition", IF), *tasks(version, "z")
    [yes] = tasks(version, "yes", parent=split, branch="yes")
    o.move_step(split, position=1)
    assert shape(version) == ["1 condition", "1y1 yes", "2 a", "3 z"]
    o.move_step(z, parent=split, branch="yes", position=1)
    o.move_step(a, parent=split, branch="no")
    assert shape(version) == ["1 condition", "1y1 z", "1y2 yes", "1n1 a"]
    o.move_step(yes, position=2)
    assert shape(version) == ["1 condition", "1y1 z", "1n1 a", "2 yes"]
    o.move_step(yes, position=1)
    assert shape(version) == ["1 yes", "2 condition", "2y1 z", "2n1 a"]


def test_a_step_cannot_move_into_itself_or_into_a_branch_that_is_not_there(app):
    version = paths.draft()
    split = o.add_step(version, "condition", IF)
    inner = o.add_step(version, "condition", IF, parent=split, branch="no")
    for parent, branch in ((inner, "yes"), (split, "yes"), (inner, "main"), (inner, "happened")):
        with pytest.raises(o.Refused):
            o.move_step(split, parent=parent, branch=branch)
    [task] = tasks(version, "a")
    with pytest.raises(o.Refused, match="no such branch"):
        o.add_step(version, "create_task", parent=task, branch="yes")
    with pytest.raises(o.Refused, match="no such step"):
        o.add_step(version, "levitate")


def test_deleting_says_what_goes_with_it(app):
    version = paths.draft()
    tasks(version, "a")
    split = o.add_step(version, "condition", IF)
    tasks(version, "yes", "also", parent=split, branch="yes")
    tasks(version, "z")
    with pytest.raises(o.Refused, match="2 steps in its branches"):
        o.delete_step(split)
    assert o.delete_step(split, with_below=True) == 3
    assert shape(version) == ["1 a", "2 z"]


def test_a_copy_stands_right_after_with_all_below_it(app):
    version = paths.draft()
    split = o.add_step(version, "condition", IF)
    tasks(version, "yes", parent=split, branch="yes")
    tasks(version, "z")
    o.duplicate_step(split)
    assert shape(version) == ["1 condition", "1y1 yes", "2 condition", "2y1 yes", "3 z"]


def test_two_people_editing_are_told(app):
    version = paths.draft(TASK)
    seen = version.revision
    o.expect(version, seen)
    tasks(version, "b")
    with pytest.raises(o.Stale, match="Someone else"):
        o.expect(version, seen)


def test_what_is_published_does_not_change(app):
    workflow = paths.running(TASK)
    published = queries.published_of(workflow)
    [step] = queries.steps_of(published)
    for attempt in (
        lambda: o.add_step(published, "create_task"),
        lambda: o.update_step(step, {"title": "Other"}),
        lambda: o.delete_step(step),
        lambda: o.set_trigger(published, "tag_added"),
    ):
        with pytest.raises(o.Refused, match="does not change any more"):
            attempt()


def test_editing_a_running_workflow_makes_the_next_version(app):
    early, late = factories.contact(), factories.contact(email="late@example.com")
    workflow = paths.running(("wait_duration", {"duration": 1, "unit": "days"}), ("create_task", {"title": "Old"}))
    o.enroll(workflow, [early.id])
    commit()
    paths.run()
    draft = o.edit(workflow)
    assert o.edit(workflow) is draft
    assert (draft.number, draft.trigger_type, len(queries.steps_of(draft))) == (2, "manual", 2)
    o.update_step(queries.siblings(draft.id, None, "main")[1], {"title": "New"})
    commit()
    o.activate(workflow)
    o.enroll(workflow, [late.id])
    commit()
    paths.run()
    from datetime import timedelta

    from crm.lib import clock

    paths.run(clock.now() + timedelta(days=2))
    titles = {each.contact_id: paths.visits(each)[1].result["why"] for each in db.session.query(o.Enrollment)}
    assert titles == {early.id: "Task created: Old", late.id: "Task created: New"}


def test_a_draft_can_be_thrown_away_unless_it_is_all_there_is(app):
    workflow = paths.running(TASK)
    o.edit(workflow)
    o.discard_draft(workflow)
    o.discard_draft(workflow)
    assert queries.draft_of(workflow) is None
    with pytest.raises(o.Refused, match="all there is"):
        o.discard_draft(o.create_workflow("New"))


def test_a_workflow_needs_a_name(app):
    for name in ("", "   ", "x" * 256):
        with pytest.raises(o.Refused, match="name"):
            o.create_workflow(name)
