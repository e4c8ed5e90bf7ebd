"""An import brings in each row once, whatever stops it, and says what it left out."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact
from crm.contacts.search import found_by
from crm.database import commit, db
from crm.imports import operations, queries, runs
from crm.imports.jobs import run_imports
from crm.tags.queries import tags_of
from tests import factories
from tests.imports.files import received

PEOPLE = "First name,Last name,Email,Phone,Country\nZoë,Ek,ZOE@example.com,030 123456,Germany\nÅsa,Berg,asa@example.com,,SE\n"


def emails():
    return list(db.session.scalars(sa.select(Contact.email).order_by(Contact.id)))


def kinds():
    return list(db.session.scalars(sa.select(ContactActivity.activity_type).order_by(ContactActivity.id)))


def run(found, **options):
    operations.start(found)
    commit()
    runs.run(found.id, is_gentle=False, **options)
    return found


def test_new_contacts_are_clean_searchable_and_announced(ada):
    found = run(received(PEOPLE, ada))
    assert (found.status, found.created, found.rows_total) == ("done", 2, 2)
    zoe = db.session.scalar(sa.select(Contact).where(found_by("zoe ek")))
    assert (zoe.email, zoe.phone, zoe.country, zoe.sort_name) == ("zoe@example.com", "+4930123456", "DE", "zoe ek")
    assert kinds() == ["contact_created", "contact_created"]


def test_a_second_import_of_the_same_file_changes_nothing(ada):
    run(received(PEOPLE, ada))
    again = run(received(PEOPLE, ada))
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert len(kinds()) == 2


def test_people_without_email_are_known_by_name_and_phone(ada):
    text = "Name,Phone,Email\nZoë Ek,,\nZoë Ek,+4930123456,\nÅsa Ek,+4930123456,\nZoe  Ek,,\n"
    found = run(received(text, ada))
    assert (found.created, found.skipped) == (3, 1)
    assert run(received(text, ada)).created == 0


def test_existing_contacts_are_filled_in(ada):
    carla = factories.contact(city=None, country="ES")
    found = run(received("Email,First name,City,Country\ncarla@example.com,Clara,Bilbao,PT\n", ada))
    db.session.refresh(carla)
    assert (found.updated, carla.first_name, carla.city, carla.country) == (1, "Carla", "Bilbao", "ES")
    activity = db.session.scalar(sa.select(ContactActivity))
    assert activity.metadata_["changes"] == {"city": ["", "Bilbao"]}
    assert activity.actor == "Import of people.csv by Ada"


def test_existing_contacts_are_overwritten_but_never_emptied(ada):
    carla = factories.contact(city="Madrid", country="ES")
    found = received("Email,First name,City,Country\ncarla@example.com,Clara,,PT\n", ada)
    run(found_with(found, existing="overwrite"))
    db.session.refresh(carla)
    assert (carla.first_name, carla.city, carla.country, carla.sort_name) == ("Clara", "Madrid", "PT", "clara diaz")
    assert db.session.scalar(sa.select(Contact.id).where(found_by("clara"))) == carla.id


def test_existing_contacts_are_left_alone(ada):
    factories.contact()
    found = run(found_with(received("Email,City\ncarla@example.com,Bilbao\n", ada), existing="skip"))
    assert (found.skipped, found.updated) == (1, 0)
    assert reasons(found, "skipped") == [(2, "Already a contact.")]


def found_with(found, **options):
    operations.describe(found, found.mapping, country=found.country, **options)
    return found


def reasons(found, outcome="refused"):
    return [(row.line, queries.reasons(row.problems)) for row in queries.rows_of(found, outcome, 100)]


def test_bad_rows_are_listed_with_line_column_and_reason(ada):
    text = 'Email,Country,Name\nno address,DE,A\n\nb@example.com,Atlantis,B\n"c@example.com"x,DE,C\nd@example.com,DE,D,extra\n,,\n,FR,\nB@example.com,,B\nb@example.com,,B\n'
    found = run(received(text, ada))
    assert (found.refused, found.created, found.skipped) == (5, 1, 1)
    assert reasons(found) == [
        (2, "Email: This is no email address."),
        (4, "Country: This is no country we know; write its name or its two letters."),
        (5, "A quotation mark stands where none can be."),
        (6, "It has 4 cells, but there are 3 columns."),
        (8, "Give at least a name, an email address or a phone number."),
    ]
    assert reasons(found, "skipped") == [(10, "The same person as on line 9.")]
    rows = list(queries.left_out(found))
    assert rows[0] == ["Email", "Country", "Name", "Line", "Reason"]
    assert rows[1] == ["no address", "DE", "A", 2, "Email: This is no email address."]


def test_a_dry_run_counts_and_writes_nothing(ada):
    factories.contact(city=None)
    found = received("Email,City\ncarla@example.com,Bilbao\nzoe@example.com,Ulm\nbad,x\nzoe@example.com,Ulm\n", ada)
    operations.check(found)
    commit()
    run_imports()
    assert (found.status, found.created, found.updated, found.refused, found.skipped) == ("checked", 1, 1, 1, 1)
    assert emails() == ["carla@example.com"]
    assert kinds() == []
    changed = queries.rows_of(found, "updated", 5)[0]
    assert changed.problems == [{"column": "City", "value": "", "reason": "Bilbao"}]
    operations.start(found)
    commit()
    run_imports()
    assert (found.status, found.created, found.refused) == ("done", 1, 1)


def test_tags_are_given_to_all_and_by_column(ada):
    new = factories.tag("New")
    found = received("Email,Tags\nzoe@example.com,Hot; Piano\nasa@example.com,\n", ada)
    run(found_with(found, tag_ids=[new.id]))
    worn = tags_of([1, 2])
    assert [[tag.name for tag in worn[each]] for each in (1, 2)] == [["Hot", "New", "Piano"], ["New"]]
    assert kinds().count("tag_added") == 4


def test_an_agents_import_stays_within_her_contacts(agnes, ada):
    factories.contact()
    found = run(received("Email,City,Owner\ncarla@example.com,X,\nzoe@example.com,Ulm,ada@school.example\n", agnes))
    assert (found.created, found.refused) == (1, 1)
    zoe = db.session.scalar(sa.select(Contact).where(Contact.email == "zoe@example.com"))
    assert zoe.owner_id == agnes.id
    assert db.session.scalar(sa.select(Contact.city).where(Contact.email == "carla@example.com")) is None


def test_an_agent_makes_no_tags(agnes):
    found = run(received("Email,Tags\nzoe@example.com,Hot\n", agnes))
    assert reasons(found) == [(2, "Tags: There is no such tag.")]


def test_owners_are_found_by_their_address(ada, mo):
    found = run(
        received("Email,Owner\nzoe@example.com,MO@school.example\nasa@example.com,nobody@school.example\n", ada)
    )
    assert reasons(found) == [(3, "Owner: Nobody at the school has this account.")]
    assert db.session.scalar(sa.select(Contact.owner_id)) == mo.id


class Killed(BaseException):
    """As if the process ended here."""


def test_what_was_killed_goes_on_without_doubling(ada, monkeypatch):
    lines = [f"p{each % 90}@example.com,P{each % 90}" for each in range(100)]
    found = received("Email,First name\n" + "\n".join(lines) + "\n", ada)
    operations.start(found)
    commit()
    import_id = found.id

    def die(done, _total):
        if done == 40:
            raise Killed

    with pytest.raises(Killed):
        runs.run(import_id, batch=20, is_gentle=False, progress=die)
    db.session.rollback()
    assert len(emails()) == 40
    assert runs.due() == []
    commit()
    lapse(import_id)
    assert runs.due() == [import_id]
    commit()
    runs.run(import_id, batch=20, is_gentle=False)
    found = db.session.get(operations.ContactImport, import_id, populate_existing=True)
    assert (found.status, found.created, found.skipped) == ("done", 90, 10)
    assert len(emails()) == 90
    assert len(kinds()) == 90


def lapse(import_id):
    """Time passes until nobody holds the import."""
    db.session.execute(sa.update(operations.ContactImport).values(lease_until=None))
    commit()


def test_a_batch_that_fails_is_undone_whole_and_given_up_after_a_few_attempts(ada, monkeypatch):
    found = received("Email\n" + "".join(f"p{each}@example.com\n" for each in range(30)), ada)
    operations.start(found)
    commit()

    def fail(*_):
        raise RuntimeError("no")

    monkeypatch.setattr(runs, "_keep_rows", fail)
    for _ in range(runs.ATTEMPTS):
        with pytest.raises(RuntimeError):
            runs.run(found.id, is_gentle=False)
        db.session.rollback()
        lapse(found.id)
    assert emails() == []
    commit()
    runs.run(found.id)
    assert found.status == "failed"
    assert "stopped 5 times" in found.error


def test_it_stops_when_told(ada):
    found = received("Email\n" + "".join(f"p{each}@example.com\n" for each in range(30)), ada)
    operations.start(found)
    commit()

    def stop(done, _total):
        operations.stop(found)
        commit()

    assert runs.run(found.id, batch=10, is_gentle=False, progress=stop) is False
    db.session.refresh(found)
    assert (found.status, len(emails())) == ("stopped", 10)


def test_two_runners_do_not_meet(ada):
    found = received(PEOPLE, ada)
    operations.start(found)
    commit()
    runs._take(found.id)
    assert runs._take(found.id) is None


def test_a_lost_file_is_said(ada):
    found = received(PEOPLE, ada)
    operations.start(found)
    commit()
    operations.path_of(found).unlink()
    run_imports()
    assert (found.status, "no longer there" in found.error) == ("failed", True)


def test_the_file_is_gone_after_the_import(ada):
    found = run(received(PEOPLE, ada))
    assert not operations.path_of(found).exists()


def test_nobody_gets_the_number_of_somebody_who_was_deleted(ada):
    run(received(PEOPLE, ada))
    newest = max(db.session.scalars(sa.select(Contact.id)))
    delete_contact(db.session.get_one(Contact, newest))
    commit()
    run(received("Email\ndora@example.com\n", ada))
    assert db.session.scalar(sa.select(Contact.id).where(found_by("dora"))) > newest
