"""The suppression list: found, added to by hand and by file, exported, and let go of with a reason."""

from io import BytesIO

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.database import commit, db
from crm.delivery.models import Suppression, SuppressionRelease
from crm.delivery.operations import Suppress as New
from crm.delivery.operations import suppress, suppress_all, suppress_secretly
from tests import factories


def kept() -> dict[str, str]:
    return dict(db.session.execute(sa.select(Suppression.address, Suppression.kind)).all())


@pytest.fixture
def some(app):
    suppress("dead@example.com", "550 5.1.1 <b>nobody</b>", source="ses")
    suppress("angry@example.com", "Reported as spam.", kind="complaint", source="ses")
    suppress_secretly("gone@example.com", "Erased on request")
    commit()
    return {each.address: each for each in db.session.scalars(sa.select(Suppression))}


def test_it_shows_who_and_why_and_counts_the_erased(as_mo, some):
    page = as_mo.get("/suppressions").get_data(as_text=True)
    assert "dead@example.com" in page
    assert "&lt;b&gt;nobody" in page
    assert "hmac:" not in page
    assert "1 address of erased people" in page


def test_it_is_searched_and_narrowed(as_mo, some):
    by_part = as_mo.get("/suppressions?q=ANGRY").get_data(as_text=True)
    by_kind = as_mo.get("/suppressions?kind=hard").get_data(as_text=True)
    assert ("angry@" in by_part, "dead@" in by_part) == (True, False)
    assert ("angry@" in by_kind, "dead@" in by_kind) == (False, True)
    assert "No such address" in as_mo.get("/suppressions?q=%25").get_data(as_text=True)


def test_it_has_pages(as_mo, app):
    suppress_all([New(f"p{n:03}@example.com", "x") for n in range(60)])
    commit()
    first = as_mo.get("/suppressions").get_data(as_text=True)
    older = first.split('href="/suppressions?at=')[1].split('"')[0]
    second = as_mo.get(f"/suppressions?at={older}").get_data(as_text=True)
    assert ("p059@" in first, "p009@" in first, "p009@" in second) == (True, False, True)


def test_an_agent_has_no_business_there(as_agnes, some):
    assert as_agnes.get("/suppressions").status_code == 403


def test_an_address_is_added_once(as_mo, app):
    assert as_mo.post("/suppressions/new", data={"address": " New@Example.com "}).status_code == 303
    assert as_mo.post("/suppressions/new", data={"address": "new@example.com", "reason": "again"}).status_code == 303
    assert kept() == {"new@example.com": "manual"}
    bad = as_mo.post("/suppressions/new", data={"address": "nobody"})
    assert (bad.status_code, "Write an email address" in bad.get_data(as_text=True)) == (422, True)


def test_a_file_is_taken_in(as_mo, some):
    text = "Name;Mail;Reason\nA;a@example.com;old list\nB;nothing;\nC;DEAD@example.com;x\nD;a@example.com;twice\n"
    reply = as_mo.post(
        "/suppressions/import", data={"file": (BytesIO(text.encode()), "old.csv")}, follow_redirects=True
    )
    assert "1 added, 2 were on the list already, 1 lines held no address" in reply.get_data(as_text=True)
    added = db.session.scalar(sa.select(Suppression).where(Suppression.address == "a@example.com"))
    assert (added.kind, added.reason, added.source) == ("import", "old list", "Mo")


def test_a_file_without_addresses_is_refused(as_mo, app):
    for text in (b"Name\nA\n", b"", b"PK\x03\x04"):
        reply = as_mo.post("/suppressions/import", data={"file": (BytesIO(text), "x.csv")})
        assert reply.status_code == 422
    assert as_mo.post("/suppressions/import").status_code == 422


def test_it_is_exported_safely(as_mo, some):
    suppress("=cmd@example.com", "x")
    commit()
    text = as_mo.get("/suppressions/suppressions.csv").get_data(as_text=True)
    assert "'=cmd@example.com" in text
    assert "hmac" not in text
    assert text.count("\n") == 4


def test_it_is_let_go_with_a_reason_that_is_kept(as_mo, some):
    contact = factories.contact(email="dead@example.com")
    where = f"/suppressions/{some['dead@example.com'].id}/release"
    assert "nobody is there" in as_mo.get(where).get_data(as_text=True)
    assert as_mo.post(where, data={}).status_code == 422
    assert as_mo.post(where, data={"why": "A typing error at their server"}).status_code == 303
    assert as_mo.post(where, data={"why": "twice"}).status_code == 404
    assert "dead@example.com" not in kept()
    note = db.session.scalar(sa.select(SuppressionRelease))
    assert (note.kind, note.why) == ("hard", "A typing error at their server")
    told = db.session.scalar(sa.select(ContactActivity).where(ContactActivity.contact_id == contact.id))
    assert told.activity_type == "address_released"


def test_a_complaint_needs_somebody_who_vouches(as_mo, some):
    where = f"/suppressions/{some['angry@example.com'].id}/release"
    refused = as_mo.post(where, data={"why": "They wrote"})
    assert (refused.status_code, "reported your email as spam" in refused.get_data(as_text=True)) == (422, True)
    assert as_mo.post(where, data={"why": "They wrote", "is_sure": "y"}).status_code == 303


def test_an_erased_one_cannot_be_let_go(as_mo, some):
    hashed = next(each for address, each in some.items() if address.startswith("hmac:"))
    assert as_mo.post(f"/suppressions/{hashed.id}/release", data={"why": "x"}).status_code == 404


def test_the_profile_says_so_and_shows_the_way_out(as_mo, as_agnes, agnes, some):
    contact = factories.contact(email="dead@example.com", owner_id=agnes.id)
    panel = as_mo.get(f"/contacts/{contact.id}/emails").get_data(as_text=True)
    assert "Suppressed" in panel
    assert f"/suppressions/{some['dead@example.com'].id}/release" in panel
    assert "/release" not in as_agnes.get(f"/contacts/{contact.id}/emails").get_data(as_text=True)


def test_a_stronger_reason_takes_the_place_of_a_weaker_one(app):
    suppress("a@example.com", "three", kind="soft")
    suppress("a@example.com", "spam", kind="complaint")
    suppress("a@example.com", "dead", kind="hard")
    assert kept() == {"a@example.com": "complaint"}
