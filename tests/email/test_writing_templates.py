"""Writing email templates: kept as versions, checked beside the field, shown in a frame that can do nothing."""

import pytest
import sqlalchemy as sa

from crm.activity.vocabulary import SYSTEM
from crm.database import commit, db
from crm.email.models import EmailContent, EmailLink, EmailMessage, EmailTemplate
from crm.email.templates import create_template
from tests.email.mailroom import deliver

WORDS = {
    "name": "Welcome",
    "subject": "Hi {{ contact.first_name }}",
    "preheader": "",
    "format": "markdown",
    "body": "Hello [x](https://a.example)",
}


@pytest.fixture
def template(app) -> EmailTemplate:
    made = create_template("Welcome", "Hi", "", "Hello", "markdown", SYSTEM)
    commit()
    return made


def only() -> EmailTemplate:
    db.session.expire_all()
    return db.session.scalars(sa.select(EmailTemplate)).one()


def test_an_empty_list_offers_the_first_step(as_mo):
    assert b"Write the first" in as_mo.get("/templates").data


def test_a_new_template_is_kept_with_its_links(as_mo):
    reply = as_mo.post("/templates", data=WORDS, follow_redirects=True)
    assert "“Welcome” was saved." in reply.text
    assert (only().slug, only().version, only().content.subject) == ("welcome", 1, "Hi {{ contact.first_name }}")
    assert db.session.scalars(sa.select(EmailLink.url)).all() == ["https://a.example"]
    assert "Welcome" in as_mo.get("/templates").text


def test_two_of_one_name_have_two_slugs(as_mo):
    as_mo.post("/templates", data=WORDS)
    as_mo.post("/templates", data=WORDS)
    assert db.session.scalars(sa.select(EmailTemplate.slug).order_by(EmailTemplate.id)).all() == [
        "welcome",
        "welcome-2",
    ]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(EmailContent)) == 1


def test_new_words_are_a_new_version_and_leave_the_old(as_mo, template):
    old = template.content_id
    as_mo.post(f"/templates/{template.id}", data={**WORDS, "version": 1})
    assert (only().version, only().content_id) == (2, old + 1)
    assert db.session.get_one(EmailContent, old).body == "Hello"
    as_mo.post(f"/templates/{template.id}", data={**WORDS, "version": 2})
    assert only().version == 2


def test_two_who_write_at_once_are_told(as_mo, template):
    as_mo.post(f"/templates/{template.id}", data={**WORDS, "version": 1})
    reply = as_mo.post(f"/templates/{template.id}", data={**WORDS, "body": "Mine", "version": 1})
    assert reply.status_code == 409
    assert "Somebody else saved this template" in reply.text
    assert "Mine" in reply.text
    assert only().content.body == WORDS["body"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": ""}, "Write a subject."),
        ({"name": ""}, "Give the template a name."),
        (
            {"body": "Hello\n{{ contact.first_nam }}"},
            "Line 2: There is no merge tag {{ contact.first_nam }}. Did you mean",
        ),
        ({"body": "[x](www.a.example)"}, "must begin with https://"),
        ({"body": "<mj-text>", "format": "mjml"}, "An MJML email begins with &lt;mjml&gt;."),
        ({"format": "exe"}, "Not a valid choice."),
    ],
)
def test_a_mistake_is_told_and_nothing_lost(as_mo, change, words):
    reply = as_mo.post("/templates", data={**WORDS, **change})
    assert reply.status_code == 422
    assert words in reply.text
    assert "Hi {{ contact.first_name }}" in reply.text or "subject" in change
    assert db.session.scalar(sa.select(EmailTemplate.id)) is None


def test_the_preview_is_framed_and_keeps_nothing(as_mo):
    reply = as_mo.post(
        "/templates/preview", data={**WORDS, "body": "<script>alert(1)</script> {{ contact.first_name }}"}
    )
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert "script-src" not in reply.headers["Content-Security-Policy"]
    assert "Carla" in reply.text
    assert "<script" not in reply.text
    assert db.session.scalar(sa.select(EmailContent.id)) is None


def test_the_preview_says_what_is_missing(as_mo):
    reply = as_mo.post("/templates/preview", data={**WORDS, "body": "{{ contact.<b> }}"})
    assert "Not ready to be shown" in reply.text
    assert "<b>" not in reply.text


def test_a_test_goes_to_oneself_and_counts_nowhere(as_mo, template):
    reply = as_mo.post(f"/templates/{template.id}/test", follow_redirects=True)
    assert "A test is on its way to mo@school.example." in reply.text
    deliver()
    message = db.session.scalars(sa.select(EmailMessage)).one()
    assert (message.status, message.to_address, message.contact_id) == ("sent", "mo@school.example", None)


def test_who_may_not_write_may_not(as_agnes, as_vic, template):
    for client in (as_agnes, as_vic):
        assert client.get("/templates").status_code == 403
        assert client.post("/templates", data=WORDS).status_code == 403
        assert client.post(f"/templates/{template.id}", data=WORDS).status_code == 403
        assert client.post(f"/templates/{template.id}/test").status_code == 403
    assert only().version == 1


def test_what_is_not_there_is_not_found(as_mo):
    assert as_mo.get("/templates/99").status_code == 404
    assert as_mo.post("/templates/99", data=WORDS).status_code == 404
