"""The list of contacts."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.contacts.indexing import reindex
from crm.contacts.models import Contact
from crm.contacts.orders import SORTS
from crm.database import db, table_of
from crm.lib import clock
from crm.tags.operations import tag_contacts
from crm.users.models import Team
from tests import factories


@pytest.fixture
def people(app, ada, mo):
    """Two pages and a bit."""
    return crowd(120, ada, mo)


def crowd(size, ada, mo):
    """Contacts with gaps in every column that may be empty; their ids."""
    now = clock.now()
    rows = [
        {
            "first_name": f"N{number * 7 % 120:03}",
            "sort_name": f"n{number * 7 % 120:03}",
            "email": f"p{number:03}@example.com" if number % 3 else None,
            "phone": f"+49151{number:08}" if number % 4 else None,
            "owner_id": (None, ada.id, mo.id)[number % 3],
            "lifecycle_stage": ("lead", "active")[number % 2],
            "last_activity_at": now - timedelta(hours=number // 5) if number % 5 else None,
            "created_at": now - timedelta(days=number),
        }
        for number in range(size)
    ]
    db.session.execute(sa.insert(table_of(Contact)), rows)
    ids = db.session.scalars(sa.select(Contact.id).order_by(Contact.id)).all()
    reindex(ids)
    db.session.commit()
    return ids


def turn_to(client, url):
    """A page as the list itself asks for the next one: what is around it is not drawn again."""
    return client.get(url, headers={"HX-Request": "true"})


def ids_in(reply):
    return [int(each) for each in re.findall(r'href="/contacts/(\d+)"', reply.text)]


def link(reply, rel):
    found = re.search(rf'href="([^"]+)" rel="{rel}"', reply.text)
    return found and found[1].replace("&amp;", "&")


@pytest.mark.parametrize("sort", [f"{sign}{key}" for key in SORTS for sign in ("", "-")])
def test_every_order_reaches_everybody_once_forward_and_back(as_ada, ada, mo, monkeypatch, sort):
    monkeypatch.setattr("crm.contacts.paging.PAGE", 10)
    people = crowd(24, ada, mo)
    guardians = {each: people[each % 8] for each in people if each % 3 and each % 8}
    for each, guardian in guardians.items():
        db.session.execute(
            sa.update(Contact).where(Contact.id == each).values(guardian_id=guardian, referrer_id=guardian)
        )
    db.session.commit()
    pages, url = [], f"/contacts?sort={sort}"
    while url and len(pages) < 5:
        reply = turn_to(as_ada, url)
        pages.append(ids_in(reply))
        url = link(reply, "next")
    assert [len(each) for each in pages] == [10, 10, 4]
    assert sorted(sum(pages, [])) == sorted(people)
    back = turn_to(as_ada, link(reply, "prev"))
    first = turn_to(as_ada, link(back, "prev"))
    assert (ids_in(back), ids_in(first), link(first, "prev")) == (pages[1], pages[0], None)


def test_those_without_a_value_come_last_either_way(as_ada, people):
    for sort in ("email", "-email"):
        last = as_ada.get(link(as_ada.get(link(as_ada.get(f"/contacts?sort={sort}"), "next")), "next"))
        assert "@example.com" not in last.text


def test_it_is_found_by_any_part_of_its_name_address_or_number(as_ada, people):
    assert len(ids_in(as_ada.get("/contacts?q=p001"))) == 1
    assert len(ids_in(as_ada.get("/contacts?q=N00"))) == 10
    assert "No contact matches" in as_ada.get("/contacts?q=nobody").text
    assert "No contact matches" in as_ada.get("/contacts?q=%22*").text


def test_filters_narrow_each_other(as_ada, people, mo):
    hot, cold = factories.tag("Hot"), factories.tag("Cold")
    tag_contacts(hot, people[:10], mo.actor)
    tag_contacts(cold, people[5:20], mo.actor)
    assert len(ids_in(as_ada.get("/contacts?tag=hot&tag=cold"))) == 20
    assert len(ids_in(as_ada.get("/contacts?tag=hot&stage=active"))) == 5
    assert len(ids_in(as_ada.get(f"/contacts?tag=hot&owner={mo.id}&owner=none"))) == 7
    assert len(ids_in(as_ada.get("/contacts?tag=gone"))) == 0


def test_what_cannot_be_asked_is_as_good_as_not_asked(as_ada, people):
    for query in (
        "sort=password_hash",
        "sort=name&at=%00",
        "at=W10",
        "at=WyJ4IiwxLDBd&sort=created",
        "at=" + "9" * 5000,
    ):
        assert len(ids_in(as_ada.get(f"/contacts?{query}"))) == 50
    assert as_ada.get("/contacts?q=%00&owner=99999999999999999999").status_code == 200


def test_it_counts_up_to_a_limit(as_ada, people, monkeypatch):
    assert "120 contacts" in as_ada.get("/contacts/count").text
    assert "1 contact<" in as_ada.get("/contacts/count?q=p001").text
    monkeypatch.setattr("crm.contacts.listing.COUNTED", 100)
    assert "100+ contacts" in as_ada.get("/contacts/count").text


def test_an_agent_sees_and_counts_her_own_only(as_agnes, agnes, people):
    mine = factories.contact(owner_id=agnes.id)
    assert ids_in(as_agnes.get("/contacts")) == [mine.id]
    assert ids_in(as_agnes.get("/contacts?q=n0")) == []
    assert ids_in(as_agnes.get("/contacts?owner=none")) == [mine.id]
    assert "1 contact<" in as_agnes.get("/contacts/count").text


def test_a_viewer_is_refused(as_vic):
    assert as_vic.get("/contacts").status_code == as_vic.get("/contacts/count").status_code == 403


def test_an_empty_list_says_what_to_do(as_ada):
    assert "Add the first contact" in as_ada.get("/contacts").text


def test_markup_in_a_name_is_text(as_ada):
    factories.contact(first_name="<script>alert(1)</script>")
    assert "<script>alert" not in as_ada.get("/contacts").text


@pytest.mark.parametrize("few", [5_000, 3])
def test_few_and_many_give_the_same(as_ada, people, monkeypatch, few, mo):
    monkeypatch.setattr("crm.contacts.listing.FEW", few)
    monkeypatch.setattr("crm.contacts.paging.FEW", few)
    monkeypatch.setattr("crm.tags.queries.FEW", few)
    hot = factories.tag("Hot")
    tag_contacts(hot, people[:60], mo.actor)
    found = ids_in(as_ada.get("/contacts?tag=hot&q=n&sort=-name&stage=lead"))
    names = dict(db.session.execute(sa.select(Contact.id, Contact.sort_name)).all())
    assert len(found) == 30
    assert [names[each] for each in found] == sorted((names[each] for each in found), reverse=True)
    assert len(ids_in(as_ada.get("/contacts?tag=hot&q=n"))) == 50


@pytest.mark.parametrize("query", ["q=n", "q=n&sort=name", "q=n&sort=-email", "q=n&stage=lead", "q=example&tag=hot"])
def test_words_that_many_share_give_the_same_however_they_are_found(as_ada, people, monkeypatch, query, mo):
    tag_contacts(factories.tag("Hot"), people[:100], mo.actor)
    wanted = all_pages(as_ada, query)
    for module in ("listing", "paging"):
        monkeypatch.setattr(f"crm.contacts.{module}.FEW", 3)
    for strides in ((2, 3), (30, 60), (50, 110)):
        monkeypatch.setattr("crm.contacts.paging.STRIDES", strides)
        monkeypatch.setattr("crm.contacts.paging.LOOKED_AT", strides[1])
        assert all_pages(as_ada, query) == wanted, strides


@pytest.mark.parametrize("looked_at", [20, 60, 10_000])
@pytest.mark.parametrize("query", ["q=n", "q=n&stage=lead", "q=exa&tag=hot", "q=example"])
def test_what_is_searched_for_comes_newest_first_forward_and_back(as_ada, people, monkeypatch, looked_at, query, mo):
    tag_contacts(factories.tag("Hot"), people[:100], mo.actor)
    monkeypatch.setattr("crm.contacts.paging.LOOKED_AT", looked_at)
    found = all_pages(as_ada, query)
    assert found == sorted(found, reverse=True)
    assert len(found) == len(set(found)) > 50
    last = as_ada.get(link(as_ada.get(f"/contacts?{query}"), "next"))
    assert ids_in(as_ada.get(link(last, "prev"))) == found[:50]


@pytest.mark.parametrize("query", ["stage=lead", "stage=lead&sort=-name", "owner=none", "country=DE&sort=city"])
def test_where_many_are_left_the_order_is_walked_and_nothing_sorted(as_ada, people, monkeypatch, query):
    for module in ("listing", "paging"):
        monkeypatch.setattr(f"crm.contacts.{module}.FEW", 3)
    asked = []

    def note(*given):
        asked.append(given[2:4])

    sa.event.listen(db.engine, "before_cursor_execute", note)
    as_ada.get(f"/contacts?{query}")
    sa.event.remove(db.engine, "before_cursor_execute", note)
    plans = [
        str(db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all())
        for text, values in asked
        if "keyset_value" in text
    ]
    assert plans
    assert not [each for each in plans if "TEMP B-TREE" in each]


def all_pages(client, query):
    found, url = [], f"/contacts?{query}"
    while url and len(found) < 200:
        reply = turn_to(client, url)
        found += ids_in(reply)
        url = link(reply, "next")
    return found


@pytest.mark.parametrize("few", [5_000, 3])
def test_guardians_and_referrers_are_sorted_by_name_collected_or_walked(as_ada, people, monkeypatch, few):
    monkeypatch.setattr("crm.contacts.orders.FEW", few)
    for each in range(10):
        guardian = people[each * 11 % 40]
        db.session.execute(sa.update(Contact).where(Contact.id == people[each]).values(guardian_id=guardian))
    db.session.commit()
    names = dict(db.session.execute(sa.select(Contact.id, Contact.sort_name)).all())
    wanted = sorted(people[:10], key=lambda each: (names[people[people.index(each) * 11 % 40]], each))
    assert ids_in(as_ada.get("/contacts?sort=guardian"))[:10] == wanted
    assert ids_in(as_ada.get("/contacts?sort=guardian&stage=lead"))[:5] == [each for each in wanted if each % 2]
    assert set(ids_in(as_ada.get("/contacts?sort=-guardian"))[:10]) == set(wanted)


def test_owners_and_teams_are_sorted_by_their_names(as_ada, ada, mo, monkeypatch):
    """Ada was made before Mo and Bea, the teams the other way round; also where so many are left that the indexes are walked."""
    bea = factories.user("bea", "crm_manager")
    teams = [Team(name=name) for name in ("Zebras", "apes")]
    db.session.add_all(teams)
    db.session.flush()
    made = {
        name: factories.contact(first_name=name, email=None, owner_id=owner, team_id=team)
        for name, owner, team in (
            ("M", mo.id, teams[1].id),
            ("N", None, None),
            ("A", ada.id, teams[0].id),
            ("B", bea.id, None),
        )
    }

    def order(sort, more=""):
        found = ids_in(as_ada.get(f"/contacts?sort={sort}{more}"))
        return "".join(name for each in found for name, contact in made.items() if contact.id == each)

    for few, more in ((5_000, ""), (5_000, "&stage=lead"), (1, "&stage=lead")):
        monkeypatch.setattr("crm.contacts.paging.FEW", few)
        assert (order("owner", more), order("-owner", more)) == ("ABMN", "MBAN")
        assert (order("team", more), order("-team", more)) == ("MANB", "AMBN")


def test_an_agent_cannot_sort_by_what_she_does_not_see(as_agnes, agnes, mo):
    first, second = (factories.contact(first_name=each, email=None, owner_id=agnes.id) for each in "AB")
    first.guardian_id = factories.contact(first_name="Zoë", email="zoe@example.com", owner_id=mo.id).id
    second.guardian_id = factories.contact(first_name="Åsa", email="asa@example.com", owner_id=mo.id).id
    db.session.commit()
    usual = ids_in(as_agnes.get("/contacts"))
    for sort in ("guardian", "-guardian", "owner", "team", "referrer"):
        assert ids_in(as_agnes.get(f"/contacts?sort={sort}")) == usual


def test_the_list_has_its_own_search_box_and_says_how_many_all_are(as_mo):
    factories.contact()
    page = as_mo.get("/contacts?q=carla&stage=lead").text
    assert 'type="search" name="q" value="carla"' in page
    assert 'id="matching-count">All matching' in page
    assert "All 1 matching…" in as_mo.get("/contacts/count?q=carla", headers={"HX-Request": "true"}).text
    assert "matching" not in as_mo.get("/contacts/count?q=carla").text


def test_a_cell_without_a_value_is_empty(as_mo):
    """So that a phone shows no label without its value."""
    factories.contact()
    assert 'data-label="Owner"></td>' in as_mo.get("/contacts").text
