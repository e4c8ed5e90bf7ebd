"""Opens and clicks: people's count and cause, programs' are marked, forged ones are nothing."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.addresses import click_url, open_url, tokens
from crm.email.links import in_ascii
from crm.email.losses import lost_since
from crm.email.models import EmailLinkClick, EmailMessage, EmailOpen, LostHits
from crm.email.operations import NewEmail, ensure_content, queue_emails
from crm.lib import clock
from tests import factories
from tests.email.mailroom import BROWSER, deliver, sent

APPLE = {"User-Agent": "Mozilla/5.0"}
SCANNER = {"User-Agent": "Mozilla/5.0 (compatible; BarracudaCentral)"}


@pytest.fixture
def carla(app) -> Contact:
    return factories.contact()


@pytest.fixture
def message(carla) -> EmailMessage:
    return sent(carla)


def path(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:8000")


def kinds() -> list[str]:
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))[1:]


def anew(row):
    db.session.expire_all()
    return row


def test_an_open_is_noted_and_answered_with_a_picture(anonymous, message, carla):
    for _ in range(2):
        reply = anonymous.get(path(open_url(message.id)), headers=BROWSER)
        assert (reply.status_code, reply.mimetype, reply.data[:3]) == (200, "image/gif", b"GIF")
    assert anew(message).opened_count == 2
    assert message.opened_at
    rows = db.session.scalars(sa.select(EmailOpen)).all()
    assert {(row.contact_id, row.visitor, row.device, row.client, row.system) for row in rows} == {
        (carla.id, "person", "desktop", "Chrome", "Windows")
    }
    assert carla.last_email_opened_at
    assert kinds() == ["email_opened"]


def test_a_click_is_noted_and_leads_on(anonymous, message, carla):
    reply = anonymous.get(path(click_url(message.id)(0)), headers=BROWSER)
    assert (reply.status_code, reply.location) == (302, "https://school.example/book?c=Carla")
    click = db.session.scalars(sa.select(EmailLinkClick)).one()
    assert (click.url, click.contact_id, click.machine_reason) == (reply.location, carla.id, None)
    assert anew(message).clicked_count == 1
    assert carla.last_email_clicked_at
    assert kinds() == ["email_opened", "email_clicked"]


def test_a_double_click_is_one(anonymous, message):
    for _ in range(2):
        anonymous.get(path(click_url(message.id)(1)), headers=BROWSER)
    assert anew(message).clicked_count == 1
    assert kinds() == ["email_opened", "email_clicked"]


@pytest.mark.parametrize("agent", [APPLE, SCANNER, {"User-Agent": ""}, {"User-Agent": "curl/8.0"}])
def test_a_program_is_kept_apart(anonymous, message, carla, agent):
    anonymous.get(path(open_url(message.id)), headers=agent)
    reply = anonymous.get(path(click_url(message.id)(1)), headers=agent)
    assert reply.location == "https://school.example/read"
    assert (anew(message).opened_count, message.clicked_count) == (0, 0)
    assert (message.machine_opened_count, message.machine_clicked_count) == (1, 1)
    assert message.machine_reason
    assert db.session.scalars(sa.select(EmailLinkClick.machine_reason)).one() == message.machine_reason
    assert carla.last_email_opened_at is None
    assert kinds() == []


def test_asking_for_headers_only_is_a_programs_click_and_no_open(anonymous, message):
    assert anonymous.head(path(open_url(message.id)), headers=BROWSER).status_code == 200
    assert anonymous.head(path(click_url(message.id)(0)), headers=BROWSER).status_code == 302
    assert anew(message).machine_opened_count == message.opened_count == message.clicked_count == 0
    assert (message.machine_clicked_count, message.machine_reason) == (1, "asked for no content")
    assert kinds() == []


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: "1", lambda t: t * 50, lambda t: "%00"]
)
def test_a_forged_id_is_a_picture_and_no_link(anonymous, message, forge):
    reply = anonymous.get(f"/api/track/email/open/{forge(tokens().sign('open', message.id))}", headers=BROWSER)
    assert (reply.status_code, reply.mimetype) == (200, "image/gif")
    reply = anonymous.get(f"/api/track/email/click/{forge(tokens().sign('click', message.id, 0))}", headers=BROWSER)
    assert reply.status_code == 404
    assert b"This link leads nowhere" in reply.data
    assert anew(message).opened_count == 0
    assert kinds() == []


def test_a_token_of_another_kind_or_an_unknown_link_leads_nowhere(anonymous, message):
    wrong = [
        tokens().sign("open", message.id, 0),
        tokens().sign("click", message.id, 9),
        tokens().sign("click", 999, 0),
    ]
    for token in [*wrong, tokens().sign("click", message.id)]:
        assert anonymous.get(f"/api/track/email/click/{token}", headers=BROWSER).status_code == 404


def test_the_reader_notices_nothing_of_a_full_database(app, anonymous, message, monkeypatch):
    def full(*_):
        raise sa.exc.OperationalError("UPDATE", {}, Exception("database or disk is full"))

    monkeypatch.setattr("crm.email.tracking.execute_many", full)
    assert anonymous.get(path(open_url(message.id)), headers=BROWSER).mimetype == "image/gif"
    assert anonymous.get(path(click_url(message.id)(1)), headers=BROWSER).location == "https://school.example/read"
    assert lost() == {}
    monkeypatch.undo()
    anonymous.get(path(open_url(message.id)), headers=BROWSER)
    assert lost() == {"open": 1, "click": 1}
    assert lost_since(clock.now().date()) == 2
    assert anew(message).opened_count == 1


def lost() -> dict[str, int]:
    return {row.kind: row.count for row in db.session.scalars(sa.select(LostHits))}


def test_an_open_tells_that_an_unknown_message_arrived(anonymous, message):
    message.status = "unknown"
    commit()
    anonymous.get(path(open_url(message.id)), headers=APPLE)
    assert anew(message).status == "sent"


def test_what_a_browser_calls_itself_is_only_text(anonymous, message):
    anonymous.get(
        path(click_url(message.id)(0)), headers={"User-Agent": "<script>alert(1)</script> Firefox" + "x" * 500}
    )
    assert len(db.session.scalars(sa.select(EmailLinkClick.user_agent)).one()) == 255


def test_a_link_with_letters_beyond_ascii_leads_on_as_headers_can_say_it(carla, anonymous):
    """MJML keeps an address as it was written; a header that is not ASCII would break the answer."""
    place = "https://bücher.example/ä–b?y=„z“&b=%20"
    mail = f'<mjml><mj-body><mj-section><mj-column><mj-button href="{place}">Go</mj-button></mj-column></mj-section></mj-body></mjml>'
    content = ensure_content("Hi", mail, format="mjml")
    (number,) = queue_emails([NewEmail(contact_id=carla.id, content_id=content.id)])
    deliver()
    reply = anonymous.get(path(click_url(number)(0)), headers=BROWSER)
    location = dict(reply.headers)["Location"]
    assert location == "https://xn--bcher-kva.example/%C3%A4%E2%80%93b?y=%E2%80%9Ez%E2%80%9C&b=%20"


@pytest.mark.parametrize(
    "place", ["https://bü..cher.example/ä", "https://" + "ü" * 80 + ".example/", "https://ü.example:port/"]
)
def test_an_address_that_is_none_is_ascii_all_the_same(place):
    assert in_ascii(place).isascii()
