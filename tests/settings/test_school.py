"""The school says who it is."""

import sqlalchemy as sa

from crm.database import db
from crm.settings import overlay, queries
from tests.conftest import make_app


def test_name_and_clock_are_saved_and_shown(as_ada):
    data = {"school_name": " Schule Süd ", "timezone": "Europe/Berlin"}
    assert [as_ada.post("/settings", data=data).status_code for _ in range(2)] == [303, 303]
    assert "Schule Süd" in as_ada.get("/people").text
    assert queries.school_timezone() == "Europe/Berlin"


def test_another_process_follows(app, as_ada, tmp_path):
    other = make_app(app.config["INSTANCE_PATH"])
    with other.app_context():
        assert queries.school_name() == "Cohort"
    as_ada.post("/settings", data={"school_name": "Schule Süd", "timezone": "Europe/Berlin"})
    other.extensions["settings_looked_at"] -= overlay.EVERY
    with other.app_context():
        assert (queries.school_name(), queries.school_timezone()) == ("Schule Süd", "Europe/Berlin")
        db.engine.dispose()


def test_a_database_that_cannot_be_read_leaves_the_configuration(app, as_ada):
    db.session.execute(sa.text("DROP TABLE settings"))
    db.session.commit()
    app.extensions["settings_looked_at"] -= overlay.EVERY
    assert "Cohort" in as_ada.get("/people").text


def test_before_that_the_configuration_holds(app, ada):
    assert (queries.school_name(), queries.school_timezone()) == ("Cohort", "UTC")


def test_a_nameless_school_is_refused(as_ada):
    reply = as_ada.post("/settings", data={"school_name": " ", "timezone": "Mars"})
    assert reply.status_code == 422
    assert "The school needs a name." in reply.text
    assert queries.school_name() == "Cohort"
