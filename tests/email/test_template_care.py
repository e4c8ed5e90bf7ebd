"""Templates beyond writing: versions, copies, archive, deletion, previews as anybody, tests to several."""

import pytest
import sqlalchemy as sa

from crm.activity.vocabulary import SYSTEM
from crm.automation.models import Step, Version, Workflow
from crm.broadcasts.drafting import create_broadcast
from crm.database import commit, db
from crm.delivery.senders import delete_sender, save_sender
from crm.email.models import EmailMessage, EmailTemplate
from crm.email.templates import create_template, update_template, versions_of
from crm.preferences.models import Topic
from tests import factories
from tests.email.mailroom import deliver, queue, read
from tests.providers.mail_server import MailServer

WORDS = {
    "name": "Welcome",
    "subject": "Hi",
    "preheader": "",
    "format": "markdown",
    "body": "Hello {{ contact.first_name }}",
}


@pytest.fixture
def template(app) -> EmailTemplate:
    made = create_template("Welcome", "Hi", "", "Hello", "markdown", SYSTEM)
    update_template(made, 1, "Welcome", "Hi", "", "Hello again", "markdown")
    commit()
    return made


@pytest.fixture
def used(template) -> Workflow:
    """A workflow whose draft sends the template."""
    workflow = Workflow(name="Onboarding")
    db.session.add(workflow)
    db.session.flush()
    version = Version(workflow_id=workflow.id, number=1)
    db.session.add(version)
    db.session.flush()
    step = Step(version_id=version.id, step_type="send_email", step_order=1, step_config={"template_id": template.id})
    db.session.add(step)
    db.session.commit()
    return workflow


def page(template, rest="") -> str:
    return f"/templates/{template.id}{rest}"


def test_every_version_is_listed_compared_and_brought_back(as_mo, template):
    assert "Version 1" in as_mo.get(page(template, "/versions")).text
    compared = as_mo.get(page(template, "/versions/1")).text
    assert ("<del>Hello</del>" in compared, "<ins>Hello again</ins>" in compared) == (True, True)
    assert "Hello" in as_mo.get(page(template, "/versions/1/preview")).text
    as_mo.post(page(template, "/versions/1/restoration"), data={"version": 2})
    assert (template.version, template.content.body) == (3, "Hello")
    assert [each.actor for each in versions_of(template)] == ["Mo", "", ""]


def test_restoring_what_somebody_else_has_changed_meanwhile_is_told(as_mo, template):
    reply = as_mo.post(page(template, "/versions/1/restoration"), data={"version": 1}, follow_redirects=True)
    assert "Somebody else saved this template" in reply.text
    assert template.version == 2


def test_a_copy_says_the_same_under_its_own_slug(as_mo, template):
    as_mo.post(page(template, "/copies"))
    copy = db.session.scalars(sa.select(EmailTemplate).order_by(EmailTemplate.id.desc())).first()
    assert (copy.name, copy.slug, copy.content_id) == ("Copy of Welcome", "copy-of-welcome", template.content_id)


def test_what_is_archived_is_on_a_page_of_its_own(as_mo, template):
    as_mo.post(page(template, "/archive"), data={"is_archived": "yes"})
    assert (">Welcome<" in as_mo.get("/templates").text, ">Welcome<" in as_mo.get("/templates?archived=1").text) == (
        False,
        True,
    )
    as_mo.post(page(template, "/archive"), data={"is_archived": "no"})
    assert template.archived_at is None


def test_what_is_in_use_is_neither_archived_nor_deleted(as_mo, template, used):
    assert "Workflow “Onboarding”" in as_mo.get(page(template, "/deletion")).text
    assert as_mo.post(page(template, "/deletion")).status_code == 409
    reply = as_mo.post(page(template, "/archive"), data={"is_archived": "yes"}, follow_redirects=True)
    assert "Take it out of these first" in reply.text
    assert db.session.get(EmailTemplate, template.id).archived_at is None


def test_deleting_what_nothing_sends(as_mo, template):
    as_mo.post(page(template, "/deletion"))
    assert db.session.scalar(sa.select(EmailTemplate.id)) is None


def test_a_preview_as_any_contact_in_sight_light_dark_and_plain(as_mo):
    factories.contact(first_name="Zoë", email="zoe@example.com")
    as_zoe = {**WORDS, "who": "zoe@example.com"}
    assert "Hello Zoë" in as_mo.post("/templates/preview", data=as_zoe).text
    assert "@media all" in as_mo.post("/templates/preview", data={**as_zoe, "scheme": "dark"}).text
    text = as_mo.post("/templates/preview", data={**as_zoe, "way": "text"}).text
    assert ("<pre" in text, "Hello Zoë" in text, "unsubscribe" in text.lower()) == (True, True, True)
    assert "There is no such contact." in as_mo.post("/templates/preview", data={**WORDS, "who": "nobody"}).text
    assert "zoe@example.com" in as_mo.get("/templates/readers?who=zo").text


def test_a_test_goes_to_several_as_one_contact_reads_it(as_mo, template):
    update_template(template, 2, "Welcome", "For {{ contact.first_name }}", "", "x", "markdown")
    factories.contact(first_name="Zoë", email="zoe@example.com")
    to = "mo@school.example, ada@school.example"
    as_mo.post(page(template, "/test"), data={"to": to, "who": "zoe@example.com"})
    deliver()
    sent = db.session.scalars(sa.select(EmailMessage).order_by(EmailMessage.id)).all()
    assert [(each.to_address, each.subject, each.contact_id) for each in sent] == [
        ("mo@school.example", "For Zoë", None),
        ("ada@school.example", "For Zoë", None),
    ]


@pytest.mark.parametrize("bad", [{"to": "nobody"}, {"to": " "}, {"to": "a@b.example", "who": "nobody"}])
def test_a_test_to_nowhere_is_told_beside_the_field(as_mo, template, bad):
    reply = as_mo.post(page(template, "/test"), data=bad)
    assert (reply.status_code, 'class="error"' in reply.text) == (422, True)
    assert db.session.scalar(sa.select(EmailMessage.id)) is None


def test_kind_and_topic_go_with_what_a_workflow_sends(as_mo, template):
    topic = Topic(name="News", slug="news")
    db.session.add(topic)
    db.session.commit()
    as_mo.post(page(template), data={**WORDS, "version": 2, "kind": "class_reminder", "topic": topic.id})
    assert (template.kind, template.topic_id, template.version) == ("class_reminder", topic.id, 3)


def test_the_picker_gives_a_default_where_one_is_needed(as_mo):
    assert "{{ contact.first_name | default: &#34;there&#34; }}" in as_mo.get("/templates/new").text


def test_what_a_contact_is_called_is_never_evaluated(app):
    name = "{{7*7}} {% if 1 %}x{% endif %} ${7*7}"
    carla = factories.contact(first_name=name)
    queue([carla], body="Dear {{ contact.first_name }}", subject="Hi {{ contact.first_name }}")
    with MailServer() as server:
        deliver(server)
    mail = read(server.messages[0][2])
    bodies = [mail["Subject"], *(mail.get_body((kind,)).get_content() for kind in ("plain", "html"))]
    assert all(
        "{{7*7}}" in each and "49" not in each.split("Unsubscribe")[0].partition("Dear")[2][:60] for each in bodies
    )
    assert mail["Subject"] == f"Hi {name}"


def test_nor_in_the_preview_line(as_mo):
    factories.contact(first_name="{{7*7}}", email="z@example.com")
    data = {**WORDS, "preheader": "For {{ contact.first_name }}", "who": "z@example.com"}
    assert "For {{7*7}}" in as_mo.post("/templates/preview", data=data).text


@pytest.mark.parametrize("act", ["/copies", "/archive", "/deletion", "/versions/1/restoration"])
def test_who_may_not_write_may_not(as_vic, template, act):
    assert as_vic.post(page(template, act)).status_code == 403
    assert db.session.get(EmailTemplate, template.id).version == 2


def test_a_template_chooses_its_sender_for_tests_and_broadcasts_until_that_is_gone(as_mo, template, mo):
    anna = save_sender(None, "Anna", "anna@school.example", "", is_default=False)
    commit()
    as_mo.post(page(template), data={**WORDS, "version": 2, "sender": str(anna.id)})
    assert template.sender_id == anna.id
    as_mo.post(page(template, "/test"), data={"to": "mo@school.example"})
    assert db.session.scalar(sa.select(EmailMessage.sender_id)) == anna.id
    assert create_broadcast("Fair", mo.actor, template).sender_id == anna.id
    delete_sender(anna)
    commit()
    db.session.expire_all()
    assert template.sender_id is None
