"""One file holds everything, made while everything runs; putting it back asks before anything goes out."""

import hashlib
import io
import json
import stat
import tarfile

import pytest
import sqlalchemy as sa

from crm import schema
from crm.backup import archive, operations, shelf
from crm.backup.archive import BackupError
from crm.contacts.models import Contact
from crm.database import commit, db
from crm.email.models import EmailMessage
from crm.health import hold
from crm.users.models import UserSession
from crm.users.operations import open_session
from tests import factories
from tests.email.mailroom import deliver, queue


@pytest.fixture
def backup(app, tmp_path):
    operations.back_up(tmp_path / "school.tar", "asked")
    return tmp_path / "school.tar"


def names():
    return list(db.session.scalars(sa.select(Contact.first_name).order_by(Contact.id)))


def rewritten(path, change):
    """The archive with its members changed: a dict of name → bytes goes through `change`."""
    with tarfile.open(path) as tar:
        members = {each.name: tar.extractfile(each).read() for each in tar}
    change(members)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def test_it_holds_data_secret_and_files_for_its_owner_alone(app, tmp_path):
    factories.contact()
    (app.config["INSTANCE_PATH"] / "files").mkdir()
    (app.config["INSTANCE_PATH"] / "files" / "logo.png").write_bytes(b"picture")
    manifest = operations.back_up(tmp_path / "school.tar", "asked")
    assert {"crm.db", "secret", "files/logo.png"} <= manifest.files.keys()
    assert not {each for each in manifest.files if "queue" in each or "wal" in each}
    assert manifest.counts["contacts"] == 1
    assert stat.S_IMODE((tmp_path / "school.tar").stat().st_mode) == 0o600


def test_it_comes_back_with_what_it_replaces_kept(app, backup):
    factories.contact()
    operations.restore(backup, "Ada")
    assert names() == []
    (replaced,) = shelf.kept()
    assert (replaced.reason, replaced.manifest.counts["contacts"]) == ("replaced", 1)
    operations.restore(replaced.path, "Ada")
    assert names() == ["Carla"]


def test_files_and_secret_come_back(app, tmp_path):
    instance = app.config["INSTANCE_PATH"]
    (instance / "files").mkdir()
    (instance / "files" / "logo.png").write_bytes(b"picture")
    operations.back_up(tmp_path / "school.tar", "asked")
    before = app.config["SECRET_KEY"]
    (instance / "secret").write_text("other" * 10)
    (instance / "files" / "logo.png").unlink()
    operations.restore(tmp_path / "school.tar", "Ada")
    assert (instance / "files" / "logo.png").read_bytes() == b"picture"
    assert (instance / "secret").read_text() == before == app.config["SECRET_KEY"]


def test_everybody_is_signed_out_and_nothing_goes_out(app, ada, tmp_path):
    (message,) = queue([factories.contact()])
    open_session(ada)
    commit()
    operations.back_up(tmp_path / "school.tar", "asked")
    deliver()
    operations.restore(tmp_path / "school.tar", "Ada")
    assert db.session.scalar(sa.select(sa.func.count(UserSession.id))) == 0
    assert (hold.current().cause, hold.current().begun_by) == ("restored", "Ada")
    deliver()
    assert db.session.scalar(sa.select(EmailMessage.status)) == "pending"
    hold.go_on(hold.current(), factories.user("mo").actor)
    commit()
    deliver()
    assert db.session.scalar(sa.select(EmailMessage.status)) == "sent"


def damage(members):
    members["crm.db"] = members["crm.db"][:-10] + b"0123456789"


def cut(members):
    members.pop("crm.db")


def sneak(members):
    members["../elsewhere"] = b"x"


def grow_up(members):
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps({**manifest, "schema": "9999"}).encode()


def lie(members):
    manifest = json.loads(members["manifest.json"])
    members["manifest.json"] = json.dumps({**manifest, "counts": {"contacts": "many"}}).encode()


def plant(*names):
    """Files beside the data, properly named in the manifest."""

    def change(members):
        manifest = json.loads(members["manifest.json"])
        for name in names:
            members[name] = b"planted"
            manifest["files"][name] = {"size": 7, "sha256": hashlib.sha256(b"planted").hexdigest()}
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (damage, "checksum"),
        (cut, "lacks"),
        (sneak, "does not name"),
        (grow_up, "newer Cohort"),
        (dict.clear, "no backup"),
        (lie, "no backup"),
        (plant("./queue.db"), "does not name"),
    ],
)
def test_what_is_no_sound_backup_is_refused_and_changes_nothing(app, backup, change, words):
    factories.contact()
    rewritten(backup, change)
    with pytest.raises(BackupError, match=words):
        operations.restore(backup, "Ada")
    assert names() == ["Carla"]
    assert not hold.current()
    assert not (backup.parent / "elsewhere").exists()


def test_it_puts_nothing_in_the_place_of_the_queue_or_the_data(app, backup):
    rewritten(backup, plant("queue.db-wal", "crm.db-wal", "config.toml", "files/logo.png"))
    operations.restore(backup, "Ada")
    here = [each for each in app.config["INSTANCE_PATH"].rglob("*") if each.is_file()]
    assert [each.name for each in here if each.read_bytes() == b"planted"] == ["logo.png"]


@pytest.mark.parametrize("junk", [b"", b"junk" * 500, b"\x1f\x8b" + b"0" * 600])
def test_any_other_file_is_refused(app, tmp_path, junk):
    (tmp_path / "x.tar").write_bytes(junk)
    with pytest.raises(BackupError):
        archive.read_manifest(tmp_path / "x.tar")


def test_an_older_schema_is_migrated_on_the_way(app, tmp_path):
    old = tmp_path / "old.db"
    schema.upgrade_file(old, "0001")
    manifest = archive.Manifest("2026-11-20T00:00:00+00:00", "0.1.0", "0001", "sqlite", "asked")
    archive.write(tmp_path / "old.tar", manifest, {"crm.db": old})
    operations.restore(tmp_path / "old.tar", "Ada")
    assert hold.current().since.isoformat() == "2026-11-20T00:00:00+00:00"
    assert names() == []


def test_a_damaged_database_is_set_aside_and_replaced(app, backup):
    live = app.config["INSTANCE_PATH"] / "crm.db"
    db.session.remove()
    db.engine.dispose()
    for each in (live, live.with_name("crm.db-wal")):
        each.write_bytes(b"not a database any more" * 300)
    operations.restore(backup, "Ada")
    assert names() == []
    assert [each.name for each in live.parent.glob("damaged-*crm.db")]


def test_one_at_a_time(app, tmp_path):
    with operations._alone(), pytest.raises(BackupError, match="under way"):
        operations.back_up(tmp_path / "school.tar", "asked")


def test_only_so_many_are_kept(app):
    for _ in range(3):
        operations.back_up(shelf.new_path("nightly", shelf.datetime.now(shelf.UTC)), "nightly")
    assert shelf.thin_out("nightly", 2) == 1
    assert len(shelf.kept()) == 2
