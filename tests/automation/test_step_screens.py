"""The steps of a draft on screen: adding, changing, moving, copying, deleting."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from crm.automation import queries
from crm.automation.models import Version
from crm.database import db
from tests.automation.paths import draft
from tests.factories import tag

DAY, HOUR = {"duration": 1, "unit": "days"}, {"duration": 1, "unit": "hours"}
NOW_SAVED = 303


def tree(version: Version) -> list[Any]:
    """The draft's steps as nested lists of what they do."""
    db.session.expire_all()
    return [_words(each) for each in queries.step_places(version)]


def _words(place: queries.Place) -> Any:
    word = place.step.step_config.get("unit", place.step.step_type)
    below = [[_words(child) for child in branch.places] for branch in place.branches]
    return [word, *below] if below else word


def steps(version: Version) -> list[int]:
    return [each.step.id for top in queries.step_places(version) for each in queries.flat(top)]


def at(version: Version, path: str) -> str:
    return f"/workflows/{version.workflow_id}/steps/{path}"


def test_the_palette_offers_every_kind_at_the_place(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY))
    page = as_mo.get(at(version, "palette?position=2")).text
    assert "steps/new/send_email?branch=main&amp;position=2" in page


def test_a_step_goes_in_where_it_was_asked_for(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY))
    reply = as_mo.post(at(version, "new/wait_duration"), data={**HOUR, "branch": "main", "position": "1"})
    assert reply.status_code == NOW_SAVED
    assert tree(version) == ["hours", "days"]


def test_a_step_goes_into_a_branch(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}))
    place = {"parent": str(steps(version)[0]), "branch": "no"}
    as_mo.post(at(version, "new/wait_duration"), data={**HOUR, **place})
    assert tree(version) == [["condition", [], ["hours"]]]


def test_an_empty_step_is_not_saved_and_says_why(as_mo: FlaskClient) -> None:
    version = draft()
    reply = as_mo.post(at(version, "new/send_email"), data={"subject": "", "content": ""})
    assert reply.status_code == 422
    assert "Choose a template, or write a subject and content." in reply.text
    assert tree(version) == []


def test_an_unknown_merge_tag_is_named_and_what_was_written_stays(as_mo: FlaskClient) -> None:
    version = draft()
    data = {"subject": "Hello {{ contact.frist_name }}", "content": "Well <met>"}
    reply = as_mo.post(at(version, "new/send_email"), data=data)
    assert reply.status_code == 422
    assert "frist_name" in reply.text
    assert "Well &lt;met&gt;" in reply.text


def test_a_branch_that_does_not_exist_is_refused(as_mo: FlaskClient) -> None:
    version = draft()
    reply = as_mo.post(at(version, "new/wait_duration"), data={**HOUR, "branch": "maybe"})
    assert reply.status_code == 422
    assert "There is no such branch." in reply.text


def test_a_step_is_changed_with_its_own_form(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY))
    step_id = steps(version)[0]
    assert 'value="1"' in as_mo.get(at(version, str(step_id))).text
    assert as_mo.post(at(version, str(step_id)), data=HOUR).status_code == NOW_SAVED
    assert tree(version) == ["hours"]


def test_conditions_are_built_without_javascript(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}))
    path = at(version, str(steps(version)[0]))
    more = as_mo.post(path, data={"condition-match": "all", "condition-edit": "clause:"})
    assert more.status_code == 422
    assert 'name="condition-0-field"' in more.text
    clause = {"field": "city", "operator": "equals", "value": "Paris"}
    data = {"condition-match": "all", **{f"condition-0-{key}": value for key, value in clause.items()}}
    assert as_mo.post(path, data=data).status_code == NOW_SAVED
    assert queries.steps_of(version)[0].step_config["conditions"] == [clause]


def test_somebody_elses_change_is_told_and_nothing_is_lost(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY))
    path = at(version, str(steps(version)[0]))
    seen = version.revision
    as_mo.post(path, data={**HOUR, "revision": seen})
    reply = as_mo.post(path, data={"duration": 30, "unit": "minutes", "revision": seen})
    assert reply.status_code == 409
    assert "Somebody else changed this workflow meanwhile" in reply.text
    assert 'value="30"' in reply.text
    assert tree(version) == ["hours"]


def test_up_and_down(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY), ("wait_duration", HOUR))
    as_mo.post(at(version, f"{steps(version)[0]}/place"), data={"go": "down"})
    assert tree(version) == ["hours", "days"]
    as_mo.post(at(version, f"{steps(version)[1]}/place"), data={"go": "up"})
    assert tree(version) == ["days", "hours"]
    as_mo.post(at(version, f"{steps(version)[0]}/place"), data={"go": "up"})
    assert tree(version) == ["days", "hours"]


def test_into_a_branch_and_out_again_from_the_list_of_places(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}), ("wait_duration", DAY))
    split, wait = steps(version)
    page = as_mo.get(at(version, f"{wait}/place")).text
    assert f'value="{split}:yes:1"' in page
    as_mo.post(at(version, f"{wait}/place"), data={"to": f"{split}:yes:1"})
    assert tree(version) == [["condition", ["days"], []]]
    as_mo.post(at(version, f"{wait}/place"), data={"to": ":main:1"})
    assert tree(version) == ["days", ["condition", [], []]]


def test_a_step_does_not_go_into_its_own_branch(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}))
    split = steps(version)[0]
    assert f"{split}:yes" not in as_mo.get(at(version, f"{split}/place")).text
    reply = as_mo.post(at(version, f"{split}/place"), data={"to": f"{split}:yes:1"})
    assert reply.status_code == 422
    assert "own branches" in reply.text


def test_a_place_that_makes_no_sense_is_asked_for_again(as_mo: FlaskClient) -> None:
    version = draft(("wait_duration", DAY))
    for place in ("junk", ":main:²", "::", "²:main:1", ":maybe:1"):
        assert as_mo.post(at(version, f"{steps(version)[0]}/place"), data={"to": place}).status_code == 422, place


def test_dragging_moves_it(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}), ("wait_duration", DAY))
    split, wait = steps(version)
    data = {"step": wait, "parent": split, "branch": "no", "position": 1, "revision": version.revision}
    assert as_mo.post(at(version, "move"), data=data).status_code == NOW_SAVED
    assert tree(version) == [["condition", [], ["days"]]]


def test_a_copy_takes_its_branches_along(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}, {"yes": [("wait_duration", DAY)]}))
    as_mo.post(at(version, f"{steps(version)[0]}/copy"))
    assert tree(version) == [["condition", ["days"], []]] * 2


def test_deleting_names_what_goes_with_it(as_mo: FlaskClient) -> None:
    version = draft(("condition", {}, {"yes": [("wait_duration", DAY)]}), ("wait_duration", HOUR))
    page = as_mo.get(at(version, f"{steps(version)[0]}/deletion")).text
    assert "Step 2, Wait: Wait 1 day" in page
    as_mo.post(at(version, f"{steps(version)[0]}/deletion"))
    assert tree(version) == ["hours"]


def test_steps_of_another_workflow_are_not_found(as_mo: FlaskClient) -> None:
    mine, other = draft(), draft(("wait_duration", DAY))
    path = at(mine, f"{steps(other)[0]}")
    assert as_mo.get(path).status_code == 404
    assert as_mo.post(f"{path}/deletion").status_code == 404
    assert tree(other) == ["days"]


def test_a_card_says_what_is_wrong_with_its_step(as_mo: FlaskClient) -> None:
    made = tag("Gone")
    version = draft(("add_tag", {"tag_id": made.id}))
    db.session.delete(made)
    page = as_mo.get(f"/workflows/{version.workflow_id}").text
    card = page.split('aria-label="Step 1"')[1].split("</article>")[0]
    assert 'class="finding" data-tone="bad"' in card
