"""The school says who it is."""

import re

import pytest
import sqlalchemy as sa

from crm.activity.vocabulary import SYSTEM
from crm.contacts.operations import delete_contact
from crm.database import commit, db
from crm.email.preview import example
from crm.email.values import example_values
from crm.lib import clock
from crm.lib.setting_values import contrast
from crm.settings import overlay, queries
from tests import factories
from tests.conftest import make_app

SCHOOL = {
    "school_name": " Schule Süd ",
    "website": "https://sued.example",
    "mail_address": "Am Markt 1, 79098 Freiburg",
    "accent_colour": "#2257C5",
}
PLACE = {"timezone": "Europe/Berlin", "currency": "chf", "date_style": "iso"}
KEPT = dict.fromkeys(
    ("traces_kept_days", "sign_ins_kept_days", "audit_kept_days", "deleted_kept_days", "exports_kept_days"), "10"
) | {"backup_keep": "0"}


def test_what_the_school_says_of_itself_is_saved_and_shown(app, as_ada):
    assert [as_ada.post("/settings", data=SCHOOL).status_code for _ in range(2)] == [303, 303]
    assert "Schule Süd" in as_ada.get("/people").text
    assert app.config["WEBSITE"] == "https://sued.example"
    assert "79098 Freiburg" in as_ada.get("/settings").text


def test_its_clock_and_money_are_saved(app, as_ada):
    assert as_ada.post("/settings/locale", data=PLACE).status_code == 303
    assert queries.school_timezone() == "Europe/Berlin"
    assert (app.config["CURRENCY"], app.config["DATE_STYLE"]) == ("CHF", "iso")


def test_how_long_things_are_kept_is_saved(app, as_ada):
    assert as_ada.post("/settings/retention", data=KEPT).status_code == 303
    assert (app.config["AUDIT_KEPT_DAYS"], app.config["BACKUP_KEEP"]) == (10, 0)


@pytest.mark.parametrize(
    ("path", "data", "words"),
    [
        ("/settings", SCHOOL | {"accent_colour": "#ffee00"}, "hard to read"),
        ("/settings", SCHOOL | {"accent_colour": "red; }"}, "is no colour"),
        ("/settings", SCHOOL | {"website": "javascript:alert(1)"}, "is no web address"),
        ("/settings/locale", PLACE | {"currency": "BTC"}, "is no currency"),
        ("/settings/locale", PLACE | {"timezone": "Mars"}, "Not a valid choice"),
        ("/settings/retention", KEPT | {"audit_kept_days": "-1"}, "whole number from 0"),
        ("/settings/retention", KEPT | {"audit_kept_days": "x"}, "whole number"),
    ],
)
def test_what_cannot_be_is_told_beside_the_field(app, as_ada, path, data, words):
    before = dict(app.config)
    reply = as_ada.post(path, data=data)
    assert reply.status_code == 422
    assert words in reply.text
    assert dict(app.config) == before


def test_what_was_set_can_be_taken_back(app, as_ada):
    as_ada.post("/settings", data=SCHOOL)
    as_ada.post("/settings", data=SCHOOL | {"website": "", "accent_colour": ""})
    assert (app.config["WEBSITE"], app.config["ACCENT_COLOUR"]) == ("", "")


def test_the_colour_is_on_public_pages_and_readable_in_both_themes(app, as_ada):
    as_ada.post("/settings", data=SCHOOL)
    style = app.test_client().get("/school.css")
    assert "light-dark(#2257c5," in style.text
    light = re.search(r"light-dark\(#2257c5,(#\w{6})\)", style.text)[1]
    assert contrast(light, "#17181c") >= 4.5
    assert "/school.css" in app.test_client().get("/sign-in").text


def test_another_process_follows(app, as_ada, tmp_path):
    other = make_app(app.config["INSTANCE_PATH"])
    with other.app_context():
        assert queries.school_name() == "Cohort"
    as_ada.post("/settings", data=SCHOOL)
    as_ada.post("/settings/locale", data=PLACE)
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
    reply = as_ada.post("/settings", data=SCHOOL | {"school_name": " "})
    assert reply.status_code == 422
    assert "The school needs a name." in reply.text
    assert queries.school_name() == "Cohort"


def test_the_logo_and_the_website_are_in_every_email(app, as_ada):
    app.config.update(LOGO="logo-0123456789abcdef.png", PUBLIC_URL="https://crm.sued.example")
    as_ada.post("/settings", data=SCHOOL)
    email = example("markdown", "Hi", "", "Hello", example_values()).html
    assert 'src="https://crm.sued.example/logo/logo-0123456789abcdef.png" alt="Schule Süd"' in email
    assert '<a href="https://sued.example"' in email
    assert 'href="https://sued.example"' in app.test_client().get("/sign-in").text


def test_a_school_without_them_has_an_email_without_them(app):
    email = example("markdown", "Hi", "", "Hello", example_values()).html
    assert "<img" not in email.partition("</style>")[2].partition("Hello")[0]


def test_days_are_written_as_the_school_does_for_those_who_chose_nothing(app, as_ada):
    carla = factories.contact()
    delete_contact(carla, SYSTEM)
    commit()
    as_ada.post("/settings/locale", data=PLACE)
    assert f'title="{clock.now():%Y-%m-%d} ' in as_ada.get("/contacts/deleted").text
    assert "As the school: 2026-03-05 14:30" in as_ada.get("/account").text


def test_how_long_the_deleted_can_come_back_is_told_as_set(app, as_ada):
    path = f"/contacts/{factories.contact().id}/deletion"
    as_ada.post("/settings/retention", data=KEPT)
    assert "brought back for 10 days" in as_ada.get(path).text
    as_ada.post("/settings/retention", data=KEPT | {"deleted_kept_days": "0"})
    assert "brought back at any time" in as_ada.get(path).text
