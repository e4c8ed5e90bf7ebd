"""The whole product on PostgreSQL: the migrations make the models' schema there too, and every page answers."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from crm import schema
from crm.database import db
from crm.demo.school import load_school
from crm.users.operations import open_session
from tests import factories
from tests.conftest import make_app
from tests.postgresql import postgresql


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    with postgresql() as url:
        app = make_app(tmp_path_factory.mktemp("school"), DATABASE_URL=url)
        schema.upgrade(app)
        with app.app_context():
            load_school(12)
            db.session.commit()
            yield app
            db.session.remove()
            db.engine.dispose()


def test_migrations_and_models_agree(school):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert [each for each in compare_metadata(context, db.metadata) if "search" not in str(each)] == []


def test_every_page_answers(school):
    client = school.test_client()
    token = open_session(factories.user("ada"))
    db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
    paths = {
        re.sub(r"<[^>]+>", "x", re.sub(r"<int:[^>]+>", "1", rule.rule))
        for rule in school.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint != "static"
    }
    codes = {path: client.get(path).status_code for path in sorted(paths)}
    assert {path: code for path, code in codes.items() if code >= 500} == {"/readyz": 503}
