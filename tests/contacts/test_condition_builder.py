"""The builder's two questions: its rows after a change, and how many of the viewer's contacts match."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy import event

from crm.database import db
from crm.users.models import User
from tests.factories import contact

PARIS = {
    "c-match": "all",
    "c-0-field": "city",
    "c-0-operator": "equals",
    "c-0-value": "paris",
    "c-0-shape": "city:text",
}


@pytest.fixture
def three(agnes: User) -> None:
    contact(email="a@example.com", city="Paris", owner_id=agnes.id)
    contact(email="b@example.com", city="PARIS")
    contact(email="c@example.com", city=None)


def count(client: FlaskClient, form: dict) -> str:
    answer = client.post("/contacts/conditions/c/count", data=form)
    assert answer.status_code == 200
    return answer.text


def test_it_counts_those_who_match(three: None, as_mo: FlaskClient) -> None:
    assert "<strong>2</strong> of 3 contacts match" in count(as_mo, PARIS)


def test_an_agent_counts_her_own(three: None, as_agnes: FlaskClient) -> None:
    assert "<strong>The one contact</strong> you can see matches" in count(as_agnes, PARIS)


def test_no_condition_means_everyone(three: None, as_mo: FlaskClient) -> None:
    assert "Every contact" in count(as_mo, {"c-match": "all"})


def test_where_it_only_narrows_an_empty_one_says_nothing(three: None, as_mo: FlaskClient) -> None:
    assert as_mo.post("/contacts/conditions/c/count?narrows=1", data={"c-match": "all"}).text == ""
    rows = as_mo.post("/contacts/conditions/c/rows?narrows=1", data={"c-match": "all"}).text
    assert ("every contact" in rows, "narrows=1" in rows) == (False, True)


def test_it_waits_for_what_is_unfinished(three: None, as_mo: FlaskClient) -> None:
    assert "Complete the conditions" in count(as_mo, {**PARIS, "c-0-value": ""})


def test_it_counts_no_further_than_the_cap(three: None, as_mo: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"first_name": "n", "last_name": "", "sort_name": "n", "city": "Paris"} for _ in range(10_001)]
    from crm.contacts.models import Contact

    db.session.execute(sa.insert(Contact), rows)
    assert "<strong>10,000+</strong> of 10,000+ contacts match" in count(as_mo, PARIS)


def test_asking_takes_no_write_lock(three: None, as_mo: FlaskClient) -> None:
    began: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: began.append(given[2]))
    count(as_mo, PARIS)
    assert "BEGIN" in began
    assert "BEGIN IMMEDIATE" not in began[began.index("BEGIN") :]


def test_the_rows_come_back_with_what_fits_the_field(three: None, as_mo: FlaskClient) -> None:
    answer = as_mo.post("/contacts/conditions/c/rows", data={**PARIS, "c-0-field": "lifecycle_stage"})
    assert '<option value="lead"' in answer.text
    assert '"paris"' not in answer.text


def test_the_rows_come_back_with_the_edit_made(three: None, as_mo: FlaskClient) -> None:
    answer = as_mo.post("/contacts/conditions/c/rows", data={**PARIS, "c-edit": "group:"})
    assert 'name="c-1-match"' in answer.text
    assert 'name="c-1-0-field"' in answer.text


def test_what_was_typed_is_escaped(three: None, as_mo: FlaskClient) -> None:
    answer = as_mo.post("/contacts/conditions/c/rows", data={**PARIS, "c-0-value": '"><script>alert(1)</script>'})
    assert "<script>" not in answer.text


@pytest.mark.parametrize("name", ["<b>", "1", "a b", "x" * 61, "é"])
@pytest.mark.parametrize("question", ["rows", "count"])
def test_a_name_that_is_no_name_is_not_found(as_mo: FlaskClient, name: str, question: str) -> None:
    assert as_mo.post(f"/contacts/conditions/{name}/{question}").status_code == 404


@pytest.mark.parametrize("question", ["rows", "count"])
def test_it_answers_nobody_who_is_not_signed_in(anonymous: FlaskClient, question: str) -> None:
    assert anonymous.post(f"/contacts/conditions/c/{question}", data=PARIS).status_code == 303


@pytest.mark.parametrize("question", ["rows", "count"])
def test_it_does_not_answer_a_get(as_mo: FlaskClient, question: str) -> None:
    assert as_mo.get(f"/contacts/conditions/c/{question}").status_code == 405


@pytest.mark.parametrize("question", ["rows", "count"])
def test_it_is_refused_to_who_may_see_no_contacts(as_vic: FlaskClient, question: str) -> None:
    assert as_vic.post(f"/contacts/conditions/c/{question}", data=PARIS).status_code == 403
