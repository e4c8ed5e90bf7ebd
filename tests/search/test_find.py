"""The one search box."""

import re

import pytest
import sqlalchemy as sa

from crm.audiences.operations import create_audience
from crm.contacts.finding import contacts_like
from crm.contacts.indexing import reindex
from crm.contacts.jobs import sweep_names
from crm.contacts.models import Contact
from crm.contacts.operations import delete_contact, update_contact
from crm.contacts.search import by_beginnings
from crm.contacts.spelling import WORDS, distance
from crm.database import db, table_of
from crm.email.models import EmailTemplate
from crm.email.operations import ensure_content
from crm.tasks.operations import NewTask, create_task
from tests import factories

PEOPLE = (
    ("José", "González", "j.gonzalez77@example.com", "+34600123456"),
    ("Marianne", "Weiß", "marianne@school.example", "+493012345678"),
    ("John", "Smith", "john@example.com", None),
    ("Joan", "Smithers", None, "+442079460123"),
)


@pytest.fixture
def people(app):
    keys = ("first_name", "last_name", "email", "phone")
    return [factories.contact(**dict(zip(keys, each, strict=True))) for each in PEOPLE]


def names(viewer, text, **options):
    return [each.first_name for each in contacts_like(viewer, text, **options)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gonz", "José"),
        ("josé gonzález", "José"),
        ("gonzalez jose", "José"),
        ("nzal", "José"),
        ("gonzalez77@exam", "José"),
        ("lez77", "José"),
        ("0600 123 456", "José"),
        ("+34 600-123", "José"),
        ("12345678", "Marianne"),
        ("030 1234", "Marianne"),
        ("weiss", "Marianne"),
        ("Mariane", "Marianne"),
        ("Gonzales", "José"),
        ("Gnozalez", "José"),
        ("mithe", "Joan"),
        ("7946", "Joan"),
    ],
)
def test_a_contact_is_found_by_any_part_and_however_it_is_spelt(ada, people, text, found):
    assert names(ada, text) == [found]


def test_what_fits_comes_before_what_almost_fits(ada, people):
    assert names(ada, "smith") == ["Joan", "John"]
    assert names(ada, "smiht") == ["John"]
    assert names(ada, "jonh smit") == ["John"]
    assert names(ada, "smith", limit=1) == ["Joan"]


def test_the_beginnings_of_words_come_before_their_parts(ada, people):
    assert names(ada, "example") == ["John", "Marianne", "José"]
    assert names(ada, "example", limit=1) == ["John"]
    assert names(ada, "schoo example") == ["Marianne"]
    assert names(ada, "smithers") == ["Joan"]
    assert names(ada, "mithers") == ["Joan"]
    assert names(ada, "j") == ["Joan", "John", "José"]
    assert names(ada, "an") == names(ada, "n j") == []


def test_the_letters_of_a_word_strewn_over_others_are_not_the_word(ada, app):
    factories.contact(first_name="Mathias", last_name="Kumar", email=None)
    factories.contact(first_name="Selma", last_name="Martin", email=None)
    texts = ("mar", "ma", "k m", "kum mat", "mathi kumar")
    found = [len(db.session.scalars(by_beginnings(each).rowids()).all()) for each in texts]
    assert found == [1, 2, 1, 1, 1]
    assert names(ada, "mar") == ["Selma", "Mathias"]
    assert names(ada, "mathikumar") == []


@pytest.mark.parametrize("text", ["", " ", "%", "_", '"', "'", "* OR *", "x" * 300, "zz", "🙂", "\\", "(", "-", "+"])
def test_what_finds_nobody_finds_nobody(ada, people, text):
    assert names(ada, text) == []


@pytest.mark.parametrize("few", [5_000, 0])
def test_an_agent_finds_her_own_contacts_only(agnes, people, monkeypatch, few):
    monkeypatch.setattr("crm.contacts.finding.FEW", few)
    monkeypatch.setattr("crm.contacts.finding.STRIDE", 1)
    people[2].owner_id = agnes.id
    db.session.commit()
    assert [names(agnes, text) for text in ("smith", "mit", "gonzalez", "Smiht", "600123")] == [
        ["John"],
        ["John"],
        [],
        ["John"],
        [],
    ]


def test_a_changed_name_is_found_and_the_old_one_forgotten(ada, people):
    update_contact(people[0], {"last_name": "Rodríguez"}, ada.actor)
    assert (names(ada, "Rodrigeuz"), names(ada, "odrig")) == (["José"], ["José"])
    update_contact(people[0], {"email": "jr@example.com"}, ada.actor)
    assert names(ada, "nzal") == names(ada, "Gonzalze") == []
    assert "gonzalez" not in known()


def known():
    return set(db.session.scalars(sa.select(WORDS.c.word).distinct()))


def test_nothing_of_a_deleted_contact_stays_in_the_index(ada, people):
    delete_contact(people[0])
    assert names(ada, "nzal") == names(ada, "gonz") == names(ada, "600123") == []
    assert known() == {"marianne", "weiss", "john", "smith", "joan", "smithers"}


def test_names_left_over_are_swept_out(ada, people):
    db.session.execute(sa.delete(table_of(Contact)).where(table_of(Contact).c.first_name == "Joan"))
    sweep_names()
    assert known() & {"joan", "smithers", "john"} == {"john"}


def test_indexing_twice_changes_nothing(ada, people):
    reindex([each.id for each in people])
    reindex([each.id for each in people])
    assert names(ada, "ohn") == ["John"]
    assert db.session.scalar(sa.text("SELECT count(*) FROM contacts_search")) == 4
    db.session.execute(sa.text("INSERT INTO contacts_search (contacts_search) VALUES ('integrity-check')"))


def test_slips_are_counted():
    pairs = [("john", "jonh"), ("john", "jon"), ("john", "johan"), ("john", "jihn"), ("john", "john"), ("ab", "cd")]
    assert [distance(*each) for each in pairs] == [1, 1, 1, 1, 0, 2]


def test_everything_with_a_name_is_found(as_ada, ada, people):
    create_task(NewTask(people[0].id, "Ring about the spring course", by=ada.actor, assigned_to=ada.id))
    factories.tag("Spring fair")
    create_audience("Spring leavers")
    db.session.add(EmailTemplate(name="Spring news", slug="spring-news", content_id=ensure_content("Hi", "x").id))
    db.session.commit()
    found = as_ada.get("/search/results?q=spring").text
    assert re.findall(r"<h3[^>]*>([^<]+)", found) == ["Tasks", "Templates", "Tags", "Audiences"]
    assert [text in as_ada.get("/search?q=" + text).text for text in ("import", "ada", "workflows")] == [True] * 3
    assert 'href="/contacts/new"' in as_ada.get("/search/results?q=add").text


def test_without_a_text_it_offers_what_can_be_done(as_ada, as_vic):
    assert re.findall(r"<h3[^>]*>([^<]+)", as_ada.get("/search/results").text) == ["Do", "Go to"]
    assert "Add contact" not in as_vic.get("/search/results").text


def test_a_viewer_finds_neither_contacts_nor_tasks(as_vic, people):
    assert "González" not in as_vic.get("/search?q=gonzalez").text


def test_an_agent_finds_no_task_of_others_and_no_settings(as_agnes, agnes, ada, people):
    create_task(NewTask(people[0].id, "Secret plan", by=ada.actor, assigned_to=ada.id))
    create_task(NewTask(people[1].id, "Open plan", by=ada.actor, assigned_to=agnes.id))
    db.session.commit()
    found = as_agnes.get("/search/results?q=plan").text
    assert ("Secret" in found, "Open plan" in found, "Marianne" in found) == (False, True, False)
    assert "School" not in as_agnes.get("/search/results?q=school").text


def test_markup_is_text(as_ada):
    factories.contact(first_name="<b>Bea</b>")
    assert "<b>Bea" not in as_ada.get("/search/results?q=bea").text
    assert "<i>" not in as_ada.get("/search?q=<i>zzz").text


def test_the_list_knows_parts_of_words_too(as_ada, people):
    assert "González" in as_ada.get("/contacts?q=nzal").text
    assert "González" in as_ada.get("/contacts?q=0600+123").text
