"""The four roles, and those a school makes itself."""

import pytest
import sqlalchemy as sa

from crm.contacts.queries import visible_contacts, who_sees
from crm.database import commit, db
from crm.users import making_roles, operations, queries
from crm.users.models import Role, Team
from crm.users.roles import ALL
from tests import factories

DESK = {"name": "Front desk", "reach": "own", "permissions": ["crm.contacts.view", "crm.tags.manage"]}


def made():
    return db.session.scalars(sa.select(Role).where(Role.key.startswith("role_"))).one()


def names(viewer):
    return sorted(each.first_name for each in db.session.scalars(visible_contacts(viewer)))


def test_the_matrix_shows_every_role(as_ada):
    as_ada.post("/roles/new", data=DESK)
    page = as_ada.get("/roles").text
    assert all(word in page for word in ("Administrator", "Viewer", "Front desk", "Build workflows"))


def test_somebody_with_a_role_of_ones_own_may_do_what_it_grants(as_ada, sign_in, mo):
    assert as_ada.post("/roles/new", data=DESK).location == "/roles"
    as_ada.post(f"/people/{mo.id}/role", data={"role": made().key})
    as_mo = sign_in(mo)
    assert [as_mo.get(each).status_code for each in ("/contacts", "/tags", "/people", "/messages")] == [
        200,
        200,
        403,
        403,
    ]
    assert mo.role_label == "Front desk"
    as_ada.post(f"/roles/{made().key}", data=DESK | {"permissions": ["crm.contacts.view"]})
    assert [as_mo.get(each).status_code for each in ("/contacts", "/tags")] == [200, 403]


def test_bad_input_makes_none_and_says_why(as_ada):
    as_ada.post("/roles/new", data=DESK)
    for wrong in ({"name": ""}, {"name": "Viewer"}, {"name": "FRONT DESK"}, {"permissions": ["crm.x"]}, {"reach": "x"}):
        assert as_ada.post("/roles/new", data=DESK | wrong).status_code == 422
    assert made().name == "Front desk"


def test_a_copy_begins_with_what_the_other_may(as_ada):
    page = as_ada.get("/roles/new?from=crm_agent").text
    assert "Agent (copy)" in page
    assert page.count("checked") == 3


def test_the_four_are_fixed_but_for_two_factor_and_the_reach_of_agents(as_ada, agnes):
    assert (
        as_ada.post("/roles/crm_agent", data={"reach": "team", "permissions": ["crm.settings.manage"]}).status_code
        == 303
    )
    db.session.refresh(agnes)
    assert (agnes.reach, len(agnes.permissions)) == ("team", 2)
    assert as_ada.post("/roles/crm_agent", data={"reach": "all"}).status_code == 422
    as_ada.post("/roles/crm_manager", data={"reach": "own"})
    assert queries.role("crm_manager").reach == "all"
    assert as_ada.post("/roles/crm_agent/deletion").status_code == 404


def test_one_in_use_stays(as_ada, mo):
    as_ada.post("/roles/new", data=DESK)
    key = made().key
    operations.change_role(mo, key)
    as_ada.post(f"/roles/{key}/deletion")
    assert queries.role(key)
    operations.change_role(mo, "crm_agent")
    commit()
    as_ada.post(f"/roles/{key}/deletion")
    assert queries.role(key) is None


@pytest.fixture
def clerk(ada):
    """Somebody who manages people and little else."""
    role = making_roles.save_role(None, "Clerk", {"crm.settings.manage", "crm.contacts.view"}, "own", False, ada)
    user = factories.user("cleo", role.key)
    commit()
    return user


def test_nobody_grants_what_they_lack(clerk, sign_in, ada, vic):
    as_clerk = sign_in(clerk)
    assert as_clerk.post(f"/people/{vic.id}/role", data={"role": "crm_admin"}).status_code == 422
    assert (
        as_clerk.post("/people", data={"email": "z@x.example", "role": "crm_admin", "timezone": "UTC"}).status_code
        == 422
    )
    assert as_clerk.post("/roles/new", data=DESK).status_code == 422
    assert (
        as_clerk.post("/roles/new", data=DESK | {"permissions": ["crm.contacts.view"], "reach": "all"}).status_code
        == 422
    )
    assert as_clerk.post("/roles/new", data=DESK | {"permissions": ["crm.contacts.view"]}).status_code == 303
    before = ada.password_hash
    as_clerk.post(f"/people/{ada.id}/password")
    as_clerk.post(f"/people/{ada.id}/access", data={"is_enabled": "no"})
    as_clerk.post(f"/people/{ada.id}/role", data={"role": "crm_agent"})
    assert (ada.password_hash, ada.is_enabled, ada.role) == (before, True, "crm_admin")


def test_an_invitation_to_more_than_one_holds_is_not_handed_over(clerk, sign_in, as_ada):
    as_ada.post("/people", data={"email": "z@x.example", "role": "crm_admin", "timezone": "UTC"})
    (invitation,) = queries.open_invitations()
    nonce = invitation.nonce
    reply = sign_in(clerk).post(f"/people/invitations/{invitation.id}/again")
    assert (reply.status_code, reply.location) == (303, "/people")
    assert invitation.nonce == nonce


def test_backups_are_for_those_from_whom_nothing_is_kept(clerk, sign_in, as_ada, ada):
    wide = making_roles.save_role(None, "Nearly all", ALL, "team", False, ada)
    for user in (clerk, factories.user("nina", wide.key)):
        client = sign_in(user)
        assert client.get("/settings/backups").status_code == 403
        assert "/settings/backups" not in client.get("/settings").text
    assert "/settings/backups" in as_ada.get("/settings").text


def test_nobody_locks_themselves_out_of_their_own_role(clerk, sign_in):
    as_clerk = sign_in(clerk)
    reply = as_clerk.post(
        f"/roles/{clerk.role}", data={"name": "Clerk", "reach": "own", "permissions": ["crm.contacts.view"]}
    )
    assert reply.status_code == 422
    assert clerk.can("crm.settings.manage")


def test_a_role_that_is_gone_grants_nothing(agnes):
    agnes.role = "role_gone"
    assert not agnes.permissions
    assert agnes.sees_assigned_only


@pytest.fixture
def team(agnes, mo):
    """Agnes and Jo are the evening team; Mo is not."""
    jo = factories.user("jo", "crm_agent")
    made = Team(name="Evening", members=[agnes, jo])
    db.session.add(made)
    db.session.flush()
    for name, values in {
        "Own": {"owner_id": agnes.id},
        "Jos": {"owner_id": jo.id},
        "Mos": {"owner_id": mo.id},
        "Teams": {"team_id": made.id},
        "Nobodys": {},
    }.items():
        factories.contact(first_name=name, email=f"{name}@x.example", **values)
    return made


def test_an_agent_sees_own_contacts_and_where_the_role_says_so_the_teams(team, agnes, mo, ada):
    assert names(agnes) == ["Own"]
    making_roles.choose("crm_agent", "team", False, ada)
    db.session.expire_all()
    assert names(agnes) == ["Jos", "Own", "Teams"]
    assert len(names(mo)) == 5


def test_what_the_team_sees_is_shown_everywhere_alike(team, agnes, ada, sign_in):
    making_roles.choose("crm_agent", "team", False, ada)
    commit()
    as_agnes = sign_in(agnes)
    ids = {each.first_name: each.id for each in db.session.scalars(visible_contacts(ada))}
    assert [as_agnes.get(f"/contacts/{ids[each]}").status_code for each in ("Jos", "Teams", "Mos", "Nobodys")] == [
        200,
        200,
        404,
        404,
    ]
    assert "Mos" not in as_agnes.get("/contacts").text


def test_who_sees_a_contact_agrees_with_what_each_sees(team, agnes, mo, ada, vic):
    making_roles.choose("crm_agent", "team", False, ada)
    db.session.expire_all()
    everyone = queries.users_by_name()
    for contact in db.session.scalars(visible_contacts(ada)):
        expected = [each for each in everyone if contact.first_name in names(each)]
        assert who_sees(contact, everyone) == expected
