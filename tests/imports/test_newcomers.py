"""Strangers are written without a look at each, many in one transaction; who is known is met as ever."""

import pickle

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.contacts.search import by_beginnings, found_by
from crm.database import commit, db
from crm.imports import operations, runs
from crm.imports.newcomers import batch_of
from crm.imports.rows import Known, RowReader
from crm.lib.bulk import STAGED
from tests import factories
from tests.imports.files import received

STRANGERS = "First name,Email,Phone,Country,Source\n" + "".join(
    f"P{each},{f'p{each}@example.com' if each % 5 else ''},{f'+49301000{each:02}' if each % 2 else ''},{'DE' if each % 3 else ''},fair\n"
    for each in range(30)
)


@pytest.fixture
def told(monkeypatch):
    """The batches of which each row was looked at."""
    found = []
    sort_out = runs.sort_out
    monkeypatch.setattr(runs, "sort_out", lambda rows, *rest: (found.append(rows[0].line), sort_out(rows, *rest)))
    return found


def run(text, ada, **options):
    found = received(text, ada)
    operations.start(found)
    commit()
    done = []
    options = {"batch": 5, "together": 12, **options}
    runs.run(found.id, is_gentle=False, progress=lambda count, _: done.append(count), **options)
    return found, done


def counted():
    words = sa.text("SELECT count(*) FROM contacts_search")
    activities = sa.select(sa.func.count()).select_from(ContactActivity)
    return (
        db.session.scalar(sa.select(sa.func.count(Contact.id))),
        db.session.scalar(words),
        db.session.scalar(activities),
    )


def test_strangers_are_written_together(ada, told):
    found, done = run(STRANGERS, ada)
    assert (found.status, found.created, done, told) == ("done", 30, [15, 30], [])
    assert counted() == (30, 30, 30)
    seven = db.session.scalar(sa.select(Contact).where(found_by("p7 30100007")))
    assert (seven.first_name, seven.email, seven.country, seven.source) == ("P7", "p7@example.com", "DE", "fair")
    by_country = sa.select(ContactActivity.metadata_).order_by(ContactActivity.contact_id)
    assert [each["country"] for each in db.session.scalars(by_country)][:4] == ["", "DE", "DE", ""]


@pytest.mark.parametrize(
    "known", [{"email": "p7@example.com"}, {"first_name": "P5", "last_name": "", "phone": "+4930100005", "email": None}]
)
def test_a_batch_with_somebody_known_is_met_row_by_row(ada, told, known):
    factories.contact(**known)
    found, done = run(STRANGERS, ada)
    assert (found.status, found.created, found.updated, found.unchanged) == ("done", 29, 1, 0)
    assert (done, told) == ([10, 25, 30], [7])
    assert counted()[:2] == (30, 30)
    assert len(db.session.scalars(by_beginnings("p").rowids()).all()) == 30


def test_of_many_at_once_nobody_stays_if_one_is_known(ada, told):
    people = "Email\n" + "".join(f"q{each}@example.com\n" for each in range(2 * STAGED))
    factories.contact(email=f"q{STAGED + 50}@example.com")
    found, _ = run(people, ada, batch=STAGED, together=3 * STAGED)
    assert (found.created, found.unchanged, told) == (2 * STAGED - 1, 1, [STAGED + 2])
    assert counted()[:2] == (2 * STAGED, 2 * STAGED)


def test_the_same_file_again_brings_in_nobody(ada, told):
    run(STRANGERS, ada)
    found, _ = run(STRANGERS, ada)
    assert (found.created, found.unchanged, len(told)) == (0, 30, 6)
    assert counted() == (30, 30, 30)


def test_rows_arrive_in_another_process_as_they_were_read():
    reader = RowReader(["Email", "Birthday"], {"0": "email", "1": "birthday"}, Known())
    rows = [
        reader.read((line, cells, None))
        for line, cells in ((2, ["a@example.com", "2001-02-03"]), (3, ["no", ""]), (4, ["b@example.com", ""]))
    ]
    rows[2].skip("The same person as on line 1.")
    batch = batch_of(rows, reader.fills, {})
    arrived = pickle.loads(pickle.dumps(batch))
    assert arrived.rows(reader) == batch.rows(reader) == rows
    assert (arrived.new, arrived.left_out) == (batch.new, rows[1:])
    assert arrived.new.columns == {"email": ["a@example.com"], "birthday": [rows[0].values["birthday"]]}


def test_a_row_that_says_more_than_who_somebody_is_makes_its_batch_an_ordinary_one():
    reader = RowReader(["Email", "Tags"], {"0": "email", "1": "tags"}, Known())
    assert batch_of([reader.read((2, ["a@example.com", "vip"], None))], reader.fills, {}).new is None
    assert len(batch_of([reader.read((2, ["a@example.com", ""], None))], reader.fills, {}).new) == 1
