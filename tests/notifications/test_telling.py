"""People are told once, see it under the bell, and get by email what they chose."""

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.email import preview
from crm.email.jobs import mail_notifications
from crm.email.models import EmailMessage
from crm.notifications import operations, queries
from crm.notifications.kinds import KINDS, MENTION, TASK_REMINDER
from crm.notifications.models import Notification
from tests.email.mailroom import deliver

PIECE = {"HX-Request": "true"}


def tell(*users, title="Ada mentioned you", url="/contacts/1"):
    told = operations.notify([each.id for each in users], MENTION, title, "Call <b>back</b>", url)
    commit()
    return told


def test_each_is_told_once_and_who_left_is_not(ada, mo, agnes):
    agnes.is_enabled = False
    assert tell(mo, mo, agnes) == 1
    assert (queries.unread_count(mo), queries.unread_count(agnes)) == (1, 0)


def test_a_link_leads_nowhere_else(mo):
    tell(mo, url="//evil.example/x")
    assert db.session.scalar(sa.select(Notification.action_url)) is None


def test_the_bell_counts_and_answers_nothing_when_nothing_changed(as_mo, mo):
    tell(mo)
    assert "1 new notification" in as_mo.get("/notifications").text
    assert as_mo.get("/notifications/bell?shown=1", headers=PIECE).status_code == 204
    assert 'id="bell"' in as_mo.get("/notifications/bell?shown=0", headers=PIECE).text


def test_opening_one_marks_it_read_and_goes_there(as_mo, mo, as_ada):
    tell(mo)
    assert as_mo.get("/notifications/1/reading").status_code == 405
    assert as_ada.post("/notifications/1/reading").status_code == 404
    assert queries.unread_count(mo) == 1
    assert as_mo.post("/notifications/1/reading").location == "/contacts/1"
    assert as_mo.post("/notifications/1/reading", data={"stay": "1"}).location == "/notifications"
    assert queries.unread_count(mo) == 0


def test_all_are_marked_read_but_not_those_of_others(as_mo, mo, ada):
    tell(mo, ada)
    as_mo.post("/notifications/reading")
    assert (queries.unread_count(mo), queries.unread_count(ada)) == (0, 1)
    assert "Nothing new" in as_mo.get("/notifications?show=unread").text


def test_the_list_goes_on_and_shows_text_as_text(as_mo, mo):
    for number in range(40):
        operations.notify([mo.id], MENTION, f"News {number}", "<i>x</i>")
    commit()
    page = as_mo.get("/notifications").text
    assert ("News 39" in page, "News 0" in page, "&lt;i&gt;" in page, "Show older" in page) == (True, False, True, True)
    at = queries.notification_page(mo).next
    assert "News 0" in as_mo.get(f"/notifications?at={at}", headers=PIECE).text


def test_it_is_mailed_once_to_who_wants_it(mo, ada):
    operations.choose_emails(ada, {MENTION.key: False})
    tell(mo, ada)
    mail_notifications()
    mail_notifications()
    assert db.session.scalars(sa.select(EmailMessage.to_address)).all() == [mo.email]
    deliver()
    message = db.session.scalar(sa.select(EmailMessage))
    assert (message.status, message.subject, message.is_marketing) == ("sent", "Ada mentioned you", False)


def test_the_mail_names_the_page_and_no_way_to_unsubscribe(app, mo):

    tell(mo)
    mail_notifications()
    shown = preview.as_received(db.session.scalar(sa.select(EmailMessage)))
    assert "/contacts/1" in shown.html
    assert "&lt;b&gt;" in shown.html
    assert "nsubscribe" not in shown.html


def test_what_was_read_before_is_not_mailed(mo):
    tell(mo)
    operations.mark_all_read(mo)
    commit()
    mail_notifications()
    assert db.session.scalar(sa.select(EmailMessage)) is None


def test_what_comes_by_email_is_chosen_on_the_account_page(as_mo, mo):
    assert "/account/notifications" in as_mo.get("/account").text
    assert as_mo.get("/account/notifications", headers=PIECE).text.count("checked") == sum(
        each.is_emailed for each in KINDS
    )
    as_mo.post("/account/notifications", data={"kinds": [TASK_REMINDER.key, "nonsense"]})
    assert queries.emailed_kinds(mo) == {TASK_REMINDER.key}


@pytest.mark.parametrize("client", ["as_vic", "as_agnes"])
def test_everybody_has_a_bell(request, client):
    assert request.getfixturevalue(client).get("/notifications").status_code == 200
