"""Send the contact an email."""

import sqlalchemy as sa

from crm.automation.decisions import SendEmail
from crm.automation.operations import enroll
from crm.automation.types import STEPS
from crm.database import commit, db
from crm.delivery.senders import delete_sender, save_sender
from crm.email.models import EmailContent, EmailMessage, EmailTemplate
from crm.email.operations import ensure_content
from crm.preferences.models import Topic
from tests import factories
from tests.automation import paths
from tests.automation.kit import decide, problems

OWN = {"subject": "Hello {{ contact.first_name }}", "content": "Welcome!"}


def template() -> EmailTemplate:
    content = ensure_content("Hello", "Welcome to the school")
    made = EmailTemplate(name="Welcome", slug="welcome", content_id=content.id)
    db.session.add(made)
    commit()
    return made


def test_it_sends_a_template_or_its_own_words(app):
    assert decide("send_email", {"template_id": 3}).effects == (SendEmail(3),)
    own = SendEmail(None, "Hello {{ contact.first_name }}", "Welcome!", is_marketing=False)
    assert decide("send_email", {**OWN, "transactional": True}).effects == (own,)


def test_it_needs_a_template_or_words(app):
    welcome = template()
    assert problems("send_email", {}).keys() == {"subject", "content"}
    assert problems("send_email", {"subject": "Hello"}).keys() == {"content"}
    assert problems("send_email", OWN) == problems("send_email", {"template_id": "welcome"}) == {}
    assert STEPS["send_email"].cleaned({"template_id": "welcome"}) == {"template_id": welcome.id}


def test_unknown_templates_and_merge_tags_are_refused(app):
    assert problems("send_email", {"template_id": 99}).keys() == {"template_id"}
    assert problems("send_email", {**OWN, "content": "Hi {{ contact.shoe_size }}"}).keys() == {"content"}
    assert problems("send_email", {**OWN, "content": "Hi {{ contact.first_name"}).keys() == {"content"}


def test_each_contact_gets_one_message_row(app):
    ids = paths.contacts(3)
    enroll(paths.running(("send_email", OWN), ("send_email", {"template_id": template().id})), ids)
    commit()
    paths.run()
    rows = db.session.scalars(sa.select(EmailMessage).order_by(EmailMessage.contact_id, EmailMessage.visit_no)).all()
    assert [(each.contact_id, each.visit_no, each.purpose) for each in rows] == [
        (number, visit, "workflow") for number in ids for visit in (1, 2)
    ]
    assert {each.parent_id for each in rows} == {paths.enrollment(contact_id=number).id for number in ids}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(EmailContent)) == 2


def test_a_deleted_template_fails_with_words(app):
    carla, welcome = factories.contact(), template()
    workflow = paths.running(("send_email", {"template_id": welcome.id}))
    db.session.delete(welcome)
    enroll(workflow, [carla.id])
    commit()
    paths.run()
    assert paths.enrollment().exit_reason == "The template was deleted."


def test_a_topic_and_a_kind_go_with_the_message(app):
    topic = Topic(name="News", slug="news")
    db.session.add(topic)
    welcome = template()
    welcome.kind, welcome.sender_id = (
        "class_reminder",
        save_sender(None, "Anna", "a@school.example", "", is_default=True).id,
    )
    commit()
    assert decide("send_email", {**OWN, "topic_id": topic.id}).effects[0].topic_id == topic.id
    workflow = paths.running(("send_email", {"template_id": welcome.id, "topic_id": topic.id}))
    enroll(workflow, [factories.contact().id])
    commit()
    paths.run()
    message = db.session.scalars(sa.select(EmailMessage)).one()
    assert (message.kind, message.topic_id, message.is_marketing) == ("class_reminder", topic.id, False)
    assert message.sender_id == welcome.sender_id


def test_it_comes_from_the_chosen_sender_and_from_the_default_one_when_that_is_gone(app):
    anna = save_sender(None, "Anna", "anna@school.example", "", is_default=False)
    commit()
    assert problems("send_email", {**OWN, "sender_id": "anna@school.example"}) == {}
    assert problems("send_email", {**OWN, "sender_id": 99}).keys() == {"sender_id"}
    ids = paths.contacts(2)
    workflow = paths.running(("send_email", {**OWN, "sender_id": anna.id}))
    enroll(workflow, ids[:1])
    commit()
    paths.run()
    assert db.session.scalar(sa.select(EmailMessage.sender_id)) == anna.id
    delete_sender(anna)
    enroll(workflow, ids[1:])
    commit()
    paths.run()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(EmailMessage)) == 2
