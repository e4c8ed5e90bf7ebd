"""Who changed what, narrowed by person, kind, record, day and words, and taken along."""

import io
import zipfile

import pytest

from crm.audit import operations
from crm.database import commit
from crm.users import making_roles
from tests import factories

PAGE = "/settings/audit"


@pytest.fixture
def log(as_ada, ada):
    as_ada.post("/settings/locale", data={"timezone": "UTC", "currency": "CHF", "date_style": "iso"})
    carla = factories.contact(first_name="Søren")
    operations.record("downloaded", "backups", "=1+1")
    commit()
    return carla


def test_it_says_who_did_what_from_where(as_ada, log):
    page = as_ada.get(PAGE).text
    assert "CURRENCY" in page
    assert "<ins>CHF</ins>" in page
    assert "127.0.0.1" in page
    assert "Downloaded: backups" in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("kind=backups", "=1+1", "CURRENCY"),
        ("text=s%C3%B8ren", "Søren", "CURRENCY"),
        ("action=downloaded", "=1+1", "Søren"),
        ("user=1", "CURRENCY", "=1+1"),
        ("contact=1", "Søren", "CURRENCY"),
        ("since=2000-01-01&until=2999-01-01", "CURRENCY", "Nothing of that kind"),
        ("until=2000-01-01", "Nothing of that kind", "CURRENCY"),
        (
            "user=x&kind=%00&since=0001-01-01&until=9999-12-31&cursor=junk&record=99999999999999999999",
            "Nothing of",
            "=1+1",
        ),
    ],
)
def test_it_is_narrowed(as_ada, log, query, shown, hidden):
    reply = as_ada.get(f"{PAGE}?{query}")
    assert reply.status_code == 200
    assert shown in reply.text
    body = reply.text.split("<tbody>")[-1] if "<tbody>" in reply.text else reply.text
    assert hidden not in body


def test_pages_follow_each_other(as_ada, log):
    for number in range(60):
        operations.record("downloaded", "backups", f"file {number:02}")
    commit()
    first = as_ada.get(f"{PAGE}?kind=backups").text
    assert ("file 59" in first, "file 05" in first) == (True, False)
    link = first.split('rel="next"')[0].rsplit('href="', 1)[-1] if 'rel="next"' in first else first
    assert "cursor=" in link


def test_it_is_taken_along_safe_for_spreadsheets(as_ada, log):
    reply = as_ada.post(f"{PAGE}/export", data={"format": "csv", "kind": "backups"})
    text = reply.data.decode("utf-8-sig")
    assert "'=1+1" in text
    assert "CURRENCY" not in text
    book = as_ada.post(f"{PAGE}/export", data={"format": "xlsx"})
    assert zipfile.ZipFile(io.BytesIO(book.data)).testzip() is None
    assert as_ada.post(f"{PAGE}/export", data={"format": "exe"}).status_code == 400
    assert "audit log" in as_ada.get(f"{PAGE}?kind=audit_entries").text


def test_it_is_for_those_who_manage_settings(as_mo):
    assert as_mo.get(PAGE).status_code == 403


def test_about_contacts_it_says_nothing_to_who_does_not_see_them(log, sign_in, ada):
    role = making_roles.save_role(None, "Clerk", {"crm.settings.manage"}, "own", False, ada)
    as_clerk = sign_in(factories.user("cleo", role.key))
    page = as_clerk.get(PAGE).text
    assert ("CURRENCY" in page, "Søren" in page) == (True, False)
    assert "Søren" not in as_clerk.post(f"{PAGE}/export").get_data(as_text=True)
