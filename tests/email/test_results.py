"""What came back, on the pages of a template, of a workflow's step and of one message."""

import pytest
import sqlalchemy as sa

from crm.automation.models import Step, Version
from crm.database import commit, db
from crm.email.models import EmailMessage
from crm.email.templates import create_template
from tests import factories
from tests.automation import paths
from tests.email.mailroom import BODY, BROWSER, deliver, links_in, queue, read
from tests.providers.mail_server import MailServer


@pytest.fixture
def template(ada):
    made = create_template("Summer", form="markdown", subject="Hi", preheader="", body=BODY, by=ada.actor)
    commit()
    return made


def sent_and_read(client, **more) -> EmailMessage:
    (message,) = queue([factories.contact()], **more)
    with MailServer() as server:
        deliver(server)
    raw = server.messages[0][2]
    for url in (*links_in(raw, "email/open"), links_in(raw, "email/click")[0]):
        for agent in (BROWSER, {"User-Agent": "Mozilla/5.0"}):
            client.get(url, headers=agent)
    return message


def test_a_templates_results_tell_people_and_programs_apart(as_ada, anonymous, template):
    page = f"/templates/{template.id}/results"
    assert "Nothing was sent yet" in as_ada.get(page).text
    sent_and_read(anonymous, template_id=template.id)
    text = as_ada.get(page).text
    assert "1 people; 0 by programs alone" in text
    assert "https://school.example/book" in text
    assert "example.com" in text


def test_a_steps_results(as_ada, anonymous, app):
    workflow = paths.running(
        ("send_email", {"subject": "Hi", "content": "Hello"}), ("add_tag", {"tag_id": factories.tag().id})
    )
    send, tag = steps_of(workflow)
    sent_and_read(anonymous, step_id=send.id)
    page = as_ada.get(f"/workflows/{workflow.id}/steps/{send.id}/emails")
    assert "1 people; 0 by programs alone" in page.text
    assert as_ada.get(f"/workflows/{workflow.id}/steps/{tag.id}/emails").status_code == 404
    assert "What came back" in as_ada.get(f"/workflows/{workflow.id}").text


def steps_of(workflow):
    mine = sa.select(Step).join(Version, Version.id == Step.version_id).where(Version.workflow_id == workflow.id)
    return db.session.scalars(mine.order_by(Step.step_order)).all()


def test_a_message_tells_both_numbers_and_what_it_was_read_with(as_ada, anonymous):
    message = sent_and_read(anonymous)
    text = as_ada.get(f"/messages/{message.id}").text
    assert "1 × by people, 1 × by programs" in text
    assert "Computer, Chrome, Windows" in text
    assert "Apple Mail privacy; not counted" in text


def test_who_may_not_see_emails_sees_no_results(as_agnes, template):
    assert as_agnes.get(f"/templates/{template.id}/results").status_code == 403
    assert as_agnes.get("/templates/99/results").status_code == 403


def test_the_reader_can_read_it_in_the_browser(anonymous, app):
    queue([factories.contact()])
    with MailServer() as server:
        deliver(server)
    raw = server.messages[0][2]
    (url,) = [each for each in links_in(raw, "unsubscribe") if each.endswith("/message")]
    reply = anonymous.get(url, headers=BROWSER)
    assert "Hello Carla" in reply.text
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert "noindex" in reply.headers["X-Robots-Tag"]
    assert "/api/track/email/open/" not in reply.text
    assert "/api/track/email/click/" in reply.text
    assert "Read in your browser" in read(raw).get_body(("html",)).get_content()
    message = db.session.scalars(sa.select(EmailMessage)).one()
    assert (message.opened_count, message.machine_opened_count) == (0, 0)
    assert anonymous.get(url.replace("/message", "x/message")).status_code == 404
    db.session.delete(message)
    commit()
    assert anonymous.get(url).status_code == 410
