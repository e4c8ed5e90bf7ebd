"""What became of a broadcast on screen: live while it is under way, then its results and each recipient."""

import io
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.broadcasts import exporting, progress, queries, reckoning, results
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.duplicates.operations import merge_contacts
from crm.email.models import EmailLinkClick, EmailOpen
from crm.lib import clock
from crm.preferences import operations
from tests import factories
from tests.broadcasts import kit

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sent(ada):
    """A broadcast to three: one opened and clicked, one bounced, one did nothing."""
    kit.people(3)
    broadcast = kit.launched()
    kit.send()
    first, second, _ = sorted(kit.messages(broadcast), key=lambda each: each.contact_id)
    now = clock.now()
    first.opened_at, first.opened_count, first.clicked_at, first.clicked_count = now, 1, now, 1
    db.session.add(EmailOpen(email_message_id=first.id, contact_id=first.contact_id, device="phone", visitor="person"))
    url = "https://school.example/open-day"
    db.session.add(EmailLinkClick(email_message_id=first.id, contact_id=first.contact_id, url=url, visitor="person"))
    second.status, second.reason, second.bounced_at, second.bounce_type = "failed", "=550 No such user", now, "hard"
    commit()
    kit.run()
    return broadcast


def test_the_page_shows_what_came_back(as_mo, sent):
    page = as_mo.get(f"/broadcasts/{sent.id}/results").text
    for words in (
        "Opens and clicks over time",
        "https://school.example/open-day",
        "Phone",
        "example.com",
        "550 No such user",
    ):
        assert words in page


def test_the_figures_add_up(sent, ada):
    found = results.result_of(sent, ada, clock.now())
    assert (found.figures.opened, found.figures.clicked) == (1, 1)
    assert [bar.name for bar in found.links.bars] == ["https://school.example/open-day"]
    assert {each.label: each.value for each in found.stats}["Bounced"] == "1"


def test_who_sees_assigned_contacts_only_reads_and_writes_to_those(sent, agnes):
    kit.messages(sent)[0].contact.owner_id = agnes.id
    commit()
    assert results.result_of(sent, agnes, clock.now()).figures.total == 1
    mine = kit.draft("Mine", created_by=agnes.id)
    assert reckoning.reckon(mine).total == 1


def test_nothing_is_sent_to_the_page_while_nothing_changed(as_mo, ada):
    kit.people(2)
    broadcast = kit.launched()
    here = f"/broadcasts/{broadcast.id}/state"
    piece = as_mo.get(here, headers=HTMX)
    assert "data-poll" in piece.text
    seen = piece.text.split("seen=")[1].split('"')[0]
    assert as_mo.get(f"{here}?seen={seen}", headers=HTMX).status_code == 204
    kit.messages(broadcast)[0].status = "sent"
    commit()
    assert as_mo.get(f"{here}?seen={seen}", headers=HTMX).status_code == 200
    kit.send()
    kit.run()
    assert (
        as_mo.get(f"{here}?seen={seen}", headers=HTMX).headers["HX-Refresh"] == "true"
    )  # finished: all of the page has changed
    assert as_mo.get(here).status_code == 302


def test_pause_go_on_and_cancel_from_the_page(as_mo, ada):
    kit.people(2)
    broadcast = kit.launched()
    here = f"/broadcasts/{broadcast.id}"
    for act, state in (("pause", "paused"), ("resumption", "sending"), ("cancellation", "cancelled")):
        assert as_mo.post(f"{here}/{act}").status_code == 303
        assert broadcast.status == state
    assert as_mo.post(f"{here}/throttle", data={"per_minute": "many"}).status_code == 303
    assert broadcast.per_minute is None


def test_the_winner_is_chosen_on_the_page(as_mo, ada):
    kit.people(4)
    broadcast = kit.launched("Fair", ("One", "Two"), winner_by="hand")
    assert "Send B to the rest" in as_mo.get(f"/broadcasts/{broadcast.id}/results").text
    as_mo.post(f"/broadcasts/{broadcast.id}/winner", data={"letter": "B"})
    assert broadcast.winner.letter == "B"
    assert as_mo.post(f"/broadcasts/{broadcast.id}/winner", data={"letter": "Z"}).status_code == 404


def test_recipients_are_narrowed_and_searched(as_mo, sent):
    here = f"/broadcasts/{sent.id}/recipients"
    assert [name in as_mo.get(f"{here}?status=failed").text for name in ("pat0@", "pat1@")] == [False, True]
    assert [name in as_mo.get(f"{here}?answer=not_opened").text for name in ("pat0@", "pat2@")] == [False, True]
    assert [name in as_mo.get(f"{here}?q=PAT2").text for name in ("pat0@", "pat2@")] == [False, True]
    assert "Nobody here" in as_mo.get(f"{here}?status=unknown&at=nonsense").text


def test_recipients_are_taken_away_as_files_without_formulas(as_mo, sent):
    text = as_mo.get(f"/broadcasts/{sent.id}/recipients.csv").text
    assert text.count("@example.com") == 3
    assert "'=550 No such user" in text
    book = zipfile.ZipFile(io.BytesIO(as_mo.get(f"/broadcasts/{sent.id}/recipients.xlsx").data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 4
    assert "=550 No such user" in sheet
    assert "<f>" not in sheet


def test_each_message_is_on_one_page_and_once_in_the_file_also_of_a_contact_who_has_two(as_mo, ada, monkeypatch):
    """After a merge the one who stays has the message of the other besides; pages and pieces of a file may end between the two."""
    kit.people(3)
    broadcast = kit.launched()
    kit.send()
    one, two, _ = db.session.scalars(sa.select(Contact).order_by(Contact.id))
    merge_contacts(one, two, (), kit.BY)
    factories.contact(first_name="Unrelated", email="unrelated@example.com")
    commit()
    monkeypatch.setattr(exporting, "CHUNK", 1)
    monkeypatch.setattr(queries, "PAGE", 1)
    lines = as_mo.get(f"/broadcasts/{broadcast.id}/recipients.csv").text.splitlines()
    assert sorted(line.split(",")[1] for line in lines[1:]) == [f"pat{n}@example.com" for n in range(3)]
    found, at = [], None
    for _ in range(4):
        page = queries.recipient_page(queries.recipients(broadcast, ada), at)
        found += [each.to_address for each in page.rows]
        at = page.next
        if at is None:
            break
    assert sorted(found) == [f"pat{n}@example.com" for n in range(3)]


def test_recipients_beyond_one_page_are_walked_by_keyset(as_mo, ada, monkeypatch):
    monkeypatch.setattr("crm.broadcasts.queries.PAGE", 2)
    kit.people(3)
    broadcast = kit.launched()
    page = as_mo.get(f"/broadcasts/{broadcast.id}/recipients").text
    onward = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert "pat2@" in as_mo.get(onward.replace("&amp;", "&")).text


def test_how_long_it_will_take_is_told_from_the_speed(ada):
    kit.people(4)
    broadcast = kit.launched()
    kit.messages(broadcast)[0].status = "sent"
    commit()
    found = progress.progress_of(broadcast, broadcast.sending_since + timedelta(minutes=10))
    assert progress.in_words(found.remaining) == "about 30 minutes"
    soon = progress.progress_of(broadcast, broadcast.sending_since + timedelta(seconds=10))
    assert progress.in_words(soon.remaining) == "less than a minute"
    broadcast.per_minute = 1
    slow = progress.progress_of(broadcast, broadcast.sending_since + timedelta(seconds=1))
    assert progress.in_words(slow.remaining) == "about 3 minutes"


def test_who_may_only_look_is_offered_no_acts(sign_in, sent):
    reader = factories.user("rita", "crm_agent")
    assert sign_in(reader).get(f"/broadcasts/{sent.id}/results").status_code == 403


def test_the_page_says_that_the_day_is_used_up(app, as_mo, ada):
    app.config["MAIL_PER_DAY"] = 2
    kit.people(3)
    broadcast = kit.launched()
    kit.send()
    page = as_mo.get(f"/broadcasts/{broadcast.id}/results").text
    assert "The day&#39;s number of 2 emails is used up" in page


def test_what_people_wrote_when_they_left_is_read_beside_the_reasons(as_mo, sent):
    message = kit.messages(sent)[0]
    operations.unsubscribe(
        message.contact, "pat0@example.com", kit.BY, reason="too_many", feedback="Less, please", message_id=message.id
    )
    message.unsubscribed_at = clock.now()
    commit()
    page = as_mo.get(f"/broadcasts/{sent.id}/results").text
    assert "Too many emails" in page
    assert "“Less, please”" in page


def test_a_reason_that_another_program_gave_is_shown_as_it_stands(as_mo, sent):
    for message, reason in zip(kit.messages(sent)[:2], ("Moved away", ""), strict=True):
        operations.unsubscribe(
            message.contact, message.to_address, kit.BY, reason=reason, feedback="", message_id=message.id
        )
        message.unsubscribed_at = clock.now()
    commit()
    page = as_mo.get(f"/broadcasts/{sent.id}/results").text
    assert "Moved away" in page
    assert "No reason given" in page
