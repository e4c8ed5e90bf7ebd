"""The first start: from nobody to an administrator, once."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.settings import queries as settings
from crm.setup import operations
from crm.users.models import User
from tests import factories

GOOD = {
    "name": "Ada",
    "email": "ada@school.example",
    "password": "seven purple umbrellas",
    "again": "seven purple umbrellas",
    "school_name": "École Montréal",
    "timezone": "America/Toronto",
}


@pytest.fixture
def visitor(app):
    """A browser at a school nobody has set up."""
    return app.test_client()


@pytest.fixture
def code(app):
    return operations.code()


def set_up(client, code, **changes):
    return client.post("/setup", data=GOOD | {"code": code} | changes)


@pytest.mark.parametrize("path", ["/", "/people", "/sign-in", "/nowhere", "/account?x=1"])
def test_every_page_leads_to_setup(visitor, path):
    assert visitor.get(path).location == "/setup"
    assert visitor.get(path, headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/setup"
    assert visitor.post(path).location == "/setup"


def test_the_probes_and_the_style_answer_as_ever(visitor):
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/static/app.css").status_code == 200


def test_it_makes_the_administrator_names_the_school_and_signs_in(visitor, code):
    assert set_up(visitor, code).location == "/setup/start"
    ada = db.session.scalars(sa.select(User)).one()
    assert (ada.role, ada.email, ada.timezone) == ("crm_admin", "ada@school.example", "America/Toronto")
    page = visitor.get("/setup/start")
    assert "École Montréal is ready" in page.text
    assert settings.school_timezone() == "America/Toronto"


@pytest.mark.own_app
def test_it_offers_the_demo_and_the_import_where_they_are(visitor, code, app):
    words = {"demo.load": "Load the demo school", "imports.new": "Import a CSV file"}
    for endpoint in words.keys() - app.view_functions.keys():
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "", methods=["POST"])
    set_up(visitor, code)
    page = visitor.get("/setup/start").text
    assert all(each in page for each in ("Start empty", *words.values()))


@pytest.mark.own_app
def test_it_offers_nothing_that_is_not_there(visitor, code, app):
    for endpoint in ("demo.load", "imports.new"):
        app.view_functions.pop(endpoint, None)
    set_up(visitor, code)
    page = visitor.get("/setup/start").text
    assert "Start empty" in page
    assert "Load the demo school" not in page
    assert "Import a CSV file" not in page


def test_the_code_may_be_written_as_one_likes(visitor, code):
    assert set_up(visitor, f" {code.lower().replace('-', ' ')} ").status_code == 303


def test_a_wrong_code_is_told_and_makes_nobody(visitor, code):
    reply = set_up(visitor, "AAAA-BBBB-CCCC")
    assert reply.status_code == 422
    assert "This is not the setup code" in reply.text
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0


def test_guessing_the_code_is_slowed_down(visitor, code):
    assert [set_up(visitor, "AAAA").status_code for _ in range(21)] == [422] * 20 + [429]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "A name is needed."),
        ({"email": "ada"}, "is no email address"),
        ({"password": "short", "again": "short"}, "at least 8 characters"),
        ({"password": "password1", "again": "password1"}, "Too many people use this password"),
        ({"again": "another"}, "The two passwords differ."),
        ({"school_name": " "}, "The school needs a name."),
        ({"timezone": "Mars"}, "Not a valid choice"),
    ],
)
def test_bad_input_is_told_and_makes_nobody(visitor, code, wrong, words):
    reply = set_up(visitor, code, **wrong)
    assert reply.status_code == 422
    assert words in reply.text
    assert GOOD["password"] not in reply.text
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 0


def test_the_code_is_kept_privately_and_gone_afterwards(visitor, code, app):
    file = app.config["INSTANCE_PATH"] / "setup-code"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert operations.code() == code
    set_up(visitor, code)
    assert not file.exists()
    assert operations.code() is None


def test_once_set_up_it_leads_away_whoever_asks(visitor, app, ada):
    assert visitor.get("/setup").location == "/"
    assert set_up(visitor, "whatever").location == "/sign-in"
    assert "has been set up already" in visitor.get("/sign-in").text
    assert visitor.get("/people").location.startswith("/sign-in")


def test_of_two_at_once_one_wins(app, code):
    db.session.commit()
    clients = [app.test_client() for _ in range(4)]

    def one(number):
        with app.app_context():
            return set_up(clients[number], code, email=f"ada{number}@school.example").location

    with ThreadPoolExecutor(4) as pool:
        landed = sorted(pool.map(one, range(4)))
    assert landed == ["/setup/start", "/sign-in", "/sign-in", "/sign-in"]
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1


def test_an_account_made_on_the_command_line_ends_the_first_start(visitor, code):
    assert visitor.get("/").location == "/setup"
    factories.user("ada")
    assert visitor.get("/").location.startswith("/sign-in")
    with pytest.raises(operations.AlreadySetUp):
        operations.set_up("eve@school.example", "Eve", "another good one", "School", "UTC")
    commit()
