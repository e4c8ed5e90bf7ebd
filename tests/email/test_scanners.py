"""Programs that call themselves browsers: told by the time, at once or with second thoughts; what they caused is put right."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.addresses import click_url, open_url
from crm.email.judging import settle_clicks
from crm.email.machines import EVERYTHING, by_name
from crm.email.models import EmailLinkClick, EmailMessage
from crm.lib import clock
from tests import factories
from tests.email.mailroom import BROWSER, sent

PUBLIC = {"REMOTE_ADDR": "8.8.8.8"}
LINKS = " ".join(f"[{number}](https://school.example/{number})" for number in range(5))


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


def delivered(carla, seconds: float) -> EmailMessage:
    """A message that a mail server took so many seconds ago."""
    message = sent(carla, body=LINKS)
    message.provider, message.sent_at = "smtp", clock.now() - timedelta(seconds=seconds)
    commit()
    return message


def click(client, message, *positions: int, environ=PUBLIC) -> None:
    for position in positions:
        path = click_url(message.id)(position).removeprefix("http://127.0.0.1:8000")
        assert client.get(path, headers=BROWSER, environ_overrides=environ).status_code == 302


def move_back(seconds: float) -> None:
    """Let the clicks have happened earlier."""
    for row in db.session.scalars(sa.select(EmailLinkClick)):
        row.clicked_at -= timedelta(seconds=seconds)
    for row in db.session.scalars(sa.select(ContactActivity)):
        row.created_at -= timedelta(seconds=seconds)
    commit()


def settle(at: datetime | None = None) -> None:
    while settle_clicks(at or clock.now() + timedelta(seconds=30)):
        commit()
    db.session.rollback()
    db.session.expire_all()


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))[1:]


def visitors() -> list[str]:
    return list(db.session.scalars(sa.select(EmailLinkClick.visitor).order_by(EmailLinkClick.id)))


def test_a_click_before_the_mail_can_have_been_read_is_a_programs(anonymous, carla):
    message = delivered(carla, 1)
    click(anonymous, message, 0)
    assert (message.clicked_count, message.machine_clicked_count) == (0, 1)
    assert message.machine_reason == "before it could be read"
    assert kinds() == []


def test_so_is_an_open(anonymous, carla):
    message = delivered(carla, 1)
    path = open_url(message.id).removeprefix("http://127.0.0.1:8000")
    anonymous.get(path, headers=BROWSER, environ_overrides=PUBLIC)
    assert (message.opened_count, message.machine_opened_count) == (0, 1)


def test_an_early_click_counts_once_it_stayed_alone(anonymous, carla):
    message = delivered(carla, 40)
    click(anonymous, message, 1)
    assert (visitors(), message.clicked_count, kinds()) == (["waiting"], 0, [])
    settle()
    assert (visitors(), message.clicked_count, message.opened_count) == (["person"], 1, 1)
    assert kinds() == ["email_opened", "email_clicked"]
    assert carla.last_email_clicked_at
    settle()
    assert kinds() == ["email_opened", "email_clicked"]


def test_nothing_is_decided_before_its_time(anonymous, carla):
    click(anonymous, delivered(carla, 40), 1)
    settle(clock.now() + timedelta(seconds=2))
    assert visitors() == ["waiting"]


def test_who_follows_link_after_link_is_a_program_and_causes_nothing(anonymous, carla):
    message = delivered(carla, 40)
    click(anonymous, message, 0, 1, 2, 3, 4)
    settle()
    assert set(visitors()) == {"machine"}
    assert (message.clicked_count, message.machine_clicked_count, message.machine_reason) == (0, 5, EVERYTHING)
    assert kinds() == []
    assert carla.last_email_clicked_at is None


def test_the_person_after_the_scanner_counts(anonymous, carla):
    message = delivered(carla, 60)
    click(anonymous, message, 0, 1, 2)
    move_back(30)
    click(anonymous, message, 1, environ={"REMOTE_ADDR": "9.9.9.9"})
    settle()
    assert visitors() == ["machine"] * 3 + ["person"]
    assert message.clicked_count == 1


def test_a_slow_scanner_is_recognised_late_and_put_right(anonymous, carla):
    message = delivered(carla, 300)
    for position in range(4):
        click(anonymous, message, position)
        settle()
        move_back(10)
    assert (message.clicked_count, kinds()) == (4, ["email_opened", *["email_clicked"] * 4])
    click(anonymous, message, 4)
    settle()
    assert set(visitors()) == {"machine"}
    assert (message.clicked_count, message.opened_count, message.opened_at, message.clicked_at) == (0, 0, None, None)
    assert message.machine_clicked_count == 5
    assert carla.last_email_opened_at is carla.last_email_clicked_at is None
    rows = db.session.scalars(sa.select(ContactActivity).where(ContactActivity.activity_type.like("email_%"))).all()
    marked = [row for row in rows if row.activity_type in {"email_opened", "email_clicked"}]
    assert {row.metadata_["machine"] for row in marked} == {EVERYTHING}
    assert all("not counted" in row.description for row in marked)


def test_the_schools_own_network_is_not_suspected(anonymous, carla):
    message = delivered(carla, 0)
    click(anonymous, message, 0, 1, 2, 3, 4, environ={"REMOTE_ADDR": "192.168.1.20"})
    assert (message.clicked_count, message.machine_clicked_count) == (5, 0)


def test_a_click_of_a_later_day_counts_at_once(anonymous, carla):
    message = delivered(carla, 3600)
    click(anonymous, message, 0, 1, 2, 3, 4)
    assert message.clicked_count == 5


@pytest.mark.parametrize(
    ("agent", "visitor"),
    [
        ("", "unknown"),
        ("Mozilla/5.0", "machine"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0",
            "machine",
        ),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "person"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b", "machine"),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "person"),
        ("Mozilla/5.0 (compatible; Proofpoint URL Defense)", "machine"),
        ("python-requests/2.32", "machine"),
        (BROWSER["User-Agent"], "person"),
    ],
)
def test_some_say_what_they_are(agent, visitor):
    assert by_name(agent).visitor == visitor
