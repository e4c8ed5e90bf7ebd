"""People are told apart by email, phone or external ID; rows point at teams, guardians and referrers; a mapping is remembered."""

import pytest
import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import commit, db
from crm.imports import operations, queries, runs
from crm.users.models import Team
from tests import factories
from tests.imports.files import received


def run(user, text, is_dry_run=False, **options):
    found = received(text, user)
    operations.describe(found, found.mapping, country="DE", **options)
    (operations.check if is_dry_run else operations.start)(found)
    commit()
    runs.run(found.id, is_gentle=False)
    db.session.expire_all()
    return found


def reasons(found):
    return [(row.line, queries.reasons(row.problems)) for row in queries.rows_of(found, "refused", 100)]


def test_by_external_id(ada):
    carla = factories.contact(external_id="S1", city=None)
    text = "Student ID,Email,City\nS1,other@example.com,Ulm\nS2,carla@example.com,Bonn\nS3,zoe@example.com,\nS4,zoe@example.com,\nS5,,\nS3,x@example.com,\n"
    found = run(ada, text, dedupe="external_id")
    assert (carla.city, carla.email) == ("Ulm", "carla@example.com")
    assert (found.created, found.updated, found.refused, found.skipped) == (1, 1, 3, 1)
    assert [line for line, _ in reasons(found)] == [3, 5, 6]
    assert run(ada, text, dedupe="external_id").created == 0


def test_somebody_known_by_address_gets_the_external_id(ada):
    carla = factories.contact()
    assert run(ada, "Student ID,Email\nS1,carla@example.com\n", dedupe="external_id").updated == 1
    assert carla.external_id == "S1"


def test_by_phone(ada):
    carla = factories.contact(phone="+4930123456", city=None)
    found = run(ada, "Phone,Name,City\n030 123456,C. Diaz,Ulm\n030 654321,Zoë,\n", dedupe="phone")
    assert (carla.city, found.created, found.updated) == ("Ulm", 1, 1)


def test_an_external_id_that_is_taken_is_refused(ada):
    factories.contact(external_id="S1")
    found = run(ada, "Student ID,Email\nS1,zoe@example.com\nS2,asa@example.com\nS2,bea@example.com\n")
    assert (found.created, found.refused) == (1, 2)
    assert "external ID" in reasons(found)[0][1]


def test_the_column_that_tells_them_apart_has_to_be_there(ada):
    found = received("Email\nzoe@example.com\n", ada)
    with pytest.raises(operations.Refused, match="external id"):
        operations.describe(found, found.mapping, dedupe="external_id")


def test_team_guardian_and_referrer(ada):
    team = Team(name="North")
    db.session.add(team)
    carla = factories.contact(external_id="P7")
    text = (
        "Email,Name,Team,Guardian,Referrer\n"
        "kid@example.com,Kid,north,mum@example.com,P7\nmum@example.com,Mum Ek,,,Carla Diaz\nlost@example.com,L,,nobody@example.com,\n"
    )
    dry = run(ada, text, is_dry_run=True)
    assert [(each.line, each.text) for each in queries.unlinked(dry, 9)] == [(4, "nobody@example.com")]
    found = run(ada, text)
    people = {each.email: each for each in db.session.scalars(sa.select(Contact))}
    kid, mum = people["kid@example.com"], people["mum@example.com"]
    assert (kid.team_id, kid.guardian_id, kid.referrer_id, mum.referrer_id) == (team.id, mum.id, carla.id, carla.id)
    assert [each.text for each in queries.unlinked(found, 9)] == ["nobody@example.com"]
    operations.undo(found)
    commit()
    runs.run(found.id, is_gentle=False)
    assert (found.removed, found.kept) == (3, 0)


def test_an_agent_fills_none_of_these(agnes):
    factories.contact(external_id="P7")
    run(agnes, "Email,Guardian,Team\nzoe@example.com,P7,North\n")
    zoe = db.session.scalar(sa.select(Contact).where(Contact.email == "zoe@example.com"))
    assert (zoe.guardian_id, zoe.team_id) == (None, None)


def test_a_mapping_is_remembered_for_the_same_headings(ada, agnes, as_ada):
    first = received("Foo,E-Mail,Bar\nUlm,zoe@example.com,x\n", ada)
    operations.describe(first, {"0": "city", "1": "email"}, country="AT", existing="overwrite")
    commit()
    again = operations.receive(__import__("io").BytesIO(b"Bar,foo,E-mail\nx,Bonn,asa@example.com\n"), "b.csv", ada)
    commit()
    assert (again.mapping, again.existing, again.country) == ({"1": "city", "2": "email"}, "overwrite", "AT")
    assert "Filled in as last time" in as_ada.get(f"/imports/{again.id}/mapping").text
    hers = operations.receive(__import__("io").BytesIO(b"Bar,foo,E-mail\nx,Bonn,asa@example.com\n"), "c.csv", agnes)
    assert hers.mapping == {"2": "email"}
