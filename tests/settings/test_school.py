"""The school says who it is."""

from crm.settings import queries


def test_name_and_clock_are_saved_and_shown(as_ada):
    data = {"school_name": " Schule Süd ", "timezone": "Europe/Berlin"}
    assert [as_ada.post("/settings", data=data).status_code for _ in range(2)] == [303, 303]
    assert "Schule Süd" in as_ada.get("/people").text
    assert queries.school_timezone() == "Europe/Berlin"


def test_before_that_the_configuration_holds(app, ada):
    assert (queries.school_name(), queries.school_timezone()) == ("Cohort", "UTC")


def test_a_nameless_school_is_refused(as_ada):
    reply = as_ada.post("/settings", data={"school_name": " ", "timezone": "Mars"})
    assert reply.status_code == 422
    assert "The school needs a name." in reply.text
    assert queries.school_name() == "Cohort"
