"""Nothing of a contact out of sight is in any answer, and nothing of it changes: every address, generated from the URL map.

Two people try: an agent with whole pages, and somebody with every permission but the settings, whose role ends at their own
contacts, with the pieces htmx asks for.
"""

import sqlite3

import pytest
import sqlalchemy as sa

from crm.database import db
from crm.users import making_roles, operations
from crm.users.access import access_of
from crm.users.roles import ALL
from tests import canaries, factories

API = "/api/v1/"
WORDS = {"kind": "delete", "key": "crm_agent"}
LEFT_OUT = {"users.sign_out", "static"}
"""Addresses that would end the try itself."""
PROBE = {
    "q": "kanar", "contact_id": canaries.ID, "contact": canaries.ID, "ids": canaries.ID, "id": canaries.ID, "card": canaries.ID,
    "message": canaries.ID, "task": canaries.ID, "members": canaries.ID, "guardian": canaries.ID, "referrer": canaries.ID,
    "name": "hello", "title": "hello", "content": "hello", "type": "hello", "first_name": "Hello",
}  # fmt: skip
NOTES_OF_USE = {"user_sessions", "api_tokens", "api_idempotency_keys", "settings", "heartbeats"}


@pytest.fixture
def released(app, mo):
    return canaries.release(mo.id)


@pytest.fixture
def olga(app, ada):
    """Somebody who may do everything but the settings, with her own contacts."""
    role = making_roles.save_role(None, "Own everything", ALL - {"crm.settings.manage"}, "own", False, ada)
    return factories.user("olga", role.key)


def tries(app):
    """Every address that asks for a sign-in, with each method and the canary's id wherever one is wanted."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        access = access_of(rule.endpoint)
        if access is None or access.is_public or rule.endpoint in LEFT_OUT:
            continue
        values = {name: _sample(name, each) for name, each in rule._converters.items()}
        path = adapter.build(rule.endpoint, values, append_unknown=False)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def _sample(name, converter):
    return canaries.ID if type(converter).__name__ == "IntegerConverter" else WORDS.get(name, str(canaries.ID))


def bearer(user):
    token = operations.add_token(user, "trial")
    db.session.commit()
    return {"Authorization": f"Bearer {token}"}


def answers(app, client, headers, methods=("GET", "POST", "PUT", "PATCH", "DELETE"), asks=None):
    """The answer to every try: pages in a browser (`asks` are its headers), API calls with a token."""
    for rule, method, path in tries(app):
        if method not in methods:
            continue
        if path.startswith(API):
            sent = (
                {"query_string": PROBE}
                if method == "GET"
                else {"json": PROBE | {"contact": {"id": canaries.ID}, "tags": ["x"]}}
            )
            yield rule, method, app.test_client().open(path, method=method, headers=headers, **sent)
        elif method == "GET":
            yield rule, method, client.get(path, query_string=PROBE, headers=asks)
        else:
            yield rule, method, client.open(path, method=method, data=PROBE)


def digest(instance):
    """The contents of every table, but for the moments at which sign-ins and tokens were last used."""
    with sqlite3.connect(instance / "crm.db") as connection:
        return {
            name: hash(tuple(connection.execute(f'SELECT * FROM "{name}"')))  # noqa: S608
            for name in db.metadata.tables
            if name not in NOTES_OF_USE
        }


def marked_rows():
    """Every marked row as it stands, but for runs of workflows: these are everybody's, and who deletes one ends its runs."""
    found = {}
    for table in db.metadata.sorted_tables:
        if table.name not in {*NOTES_OF_USE, "automation_enrollments"} and "id" in table.c:
            row = db.session.execute(sa.select(table).where(table.c.id == canaries.ID)).one_or_none()
            if row is not None and canaries.MARK in str(row).lower():
                found[table.name] = tuple(row)
    return found


@pytest.mark.parametrize(("who", "asks"), [("agnes", {}), ("olga", {"HX-Request": "true"})])
def test_nothing_of_it_is_told_or_changed(app, request, sign_in, released, who, asks):
    user = request.getfixturevalue(who)
    factories.contact(owner_id=user.id)
    client, headers, before = sign_in(user), bearer(user), marked_rows()
    instance = app.config["INSTANCE_PATH"]
    watch = sqlite3.connect(instance / "crm.db")
    version, state = watch.execute("PRAGMA data_version").fetchone(), digest(instance)
    told, changed, broken = set(), set(), set()
    for rule, method, reply in answers(app, client, headers, asks=asks):
        where = f"{method} {rule.rule}"
        if canaries.MARK in reply.get_data(as_text=True).lower() + str(reply.headers).lower():
            told.add(where)
        if reply.status_code >= 500:
            broken.add(where)
        now = watch.execute("PRAGMA data_version").fetchone()
        if now != version:
            after = digest(instance)
            if reply.status_code in {403, 404} and after != state:
                changed.add(where)
            version, state = now, after
    assert (told, changed, broken) == (set(), set(), set())
    db.session.expire_all()
    after = marked_rows()
    assert {name: (row, after.get(name)) for name, row in before.items() if after.get(name) != row} == {}


def test_whoever_sees_all_contacts_is_told(app, ada, sign_in, released):
    """The canary sings: the same tries by an administrator find it where it is."""
    found = {
        rule.endpoint
        for rule, _, reply in answers(app, sign_in(ada), bearer(ada), methods=("GET",))
        if canaries.MARK in reply.get_data(as_text=True).lower()
    }
    assert {"contacts.show", "contacts.index", "notes.panel", "timeline.panel", "messages.show", "tasks.edit"} <= found
    assert len(found) > 30
