"""Backups from the page: each dangerous step asks who it is."""

import io

import pytest
import sqlalchemy as sa

from crm.audit.models import AuditEntry
from crm.backup import nightly, shelf
from crm.backup.archive import BackupError
from crm.contacts.models import Contact
from crm.database import db
from crm.health import hold
from crm.lib import clock
from crm.settings.queries import fact
from tests import factories
from tests.factories import PASSWORD

PAGE = "/settings/backups"


@pytest.fixture
def found(as_ada):
    assert as_ada.post(PAGE).status_code == 303
    return shelf.kept()[0]


def actions():
    return list(
        db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.kind == "backups").order_by(AuditEntry.id))
    )


def test_one_is_made_and_listed(as_ada, found):
    page = as_ada.get(PAGE).text
    assert found.name in page
    assert "Asked for" in page
    assert actions() == ["backed_up"]


def test_it_is_handed_over_for_the_password_alone(as_ada, found):
    url = f"{PAGE}/{found.name}/download"
    assert as_ada.post(url, data={"password": "wrong"}).status_code == 422
    reply = as_ada.post(url, data={"password": PASSWORD})
    assert (reply.status_code, len(reply.data)) == (200, found.size)
    assert actions() == ["backed_up", "downloaded"]


def test_restoring_says_what_is_lost_and_wants_it_written(app, as_ada, found):
    factories.contact()
    assert "1 contact added" in as_ada.get(f"{PAGE}/{found.name}").text
    url = f"{PAGE}/{found.name}/restoration"
    assert as_ada.post(url, data={"word": "yes", "password": PASSWORD}).status_code == 422
    assert as_ada.post(url, data={"word": "restore", "password": "wrong"}).status_code == 422
    assert as_ada.post(url, data={"word": "Restore", "password": PASSWORD}).status_code == 200
    assert db.session.scalar(sa.select(sa.func.count(Contact.id))) == 0
    assert as_ada.get("/people").status_code == 302
    assert hold.current().begun_by == "Ada"


def test_one_from_elsewhere_is_taken_in_and_not_yet_restored(as_ada, found):
    data = found.path.read_bytes()
    reply = as_ada.post(f"{PAGE}/upload", data={"file": (io.BytesIO(data), "x.tar")})
    assert reply.status_code == 303
    assert "uploaded" in reply.location
    assert not hold.current()
    junk = as_ada.post(f"{PAGE}/upload", data={"file": (io.BytesIO(b"junk"), "x.tar")})
    assert junk.status_code == 422
    assert "cannot be read as a backup" in junk.text
    assert len(shelf.kept()) == 2


def test_it_can_be_deleted_and_others_names_are_nothing(as_ada, found):
    assert as_ada.post(f"{PAGE}/{found.name}/deletion").status_code == 303
    assert shelf.kept() == []
    assert as_ada.get(f"{PAGE}/{found.name}").status_code == 404
    assert as_ada.get(f"{PAGE}/..%2fsecret").status_code == 404


def test_guessing_the_password_ends(as_ada, found):
    url = f"{PAGE}/{found.name}/download"
    codes = [as_ada.post(url, data={"password": f"wrong {number}"}).status_code for number in range(11)]
    assert codes[-1] == 429


def test_every_night_one_is_made_and_the_oldest_goes(app, found):
    app.config["BACKUP_KEEP"] = 2
    now = clock.now().replace(hour=3)
    nights = [now + clock.timedelta(days=number) for number in range(4)]
    assert [nightly.run(each) for night in nights for each in (night, night.replace(hour=5))] == [True, False] * 4
    assert [each.made_at for each in shelf.kept() if each.reason == "nightly"] == [nights[3], nights[2]]
    app.config["BACKUP_KEEP"] = 0
    assert not nightly.run(now + clock.timedelta(days=9))


def test_a_night_without_one_is_noted(app, found, monkeypatch):
    monkeypatch.setattr(nightly.operations.shutil, "disk_usage", lambda _path: shelf_full())
    with pytest.raises(BackupError):
        nightly.run()
    assert "not enough room" in fact(nightly.FAILED)


def shelf_full():
    return type("Usage", (), {"free": 1})()
