"""Addresses are written as werkzeug writes them, and what writes them is made when it is needed."""

from flask import Flask, url_for

from crm.lib import routing

RULES = {
    "plain": "/tags",
    "one": "/contacts/<int:contact_id>/notes",
    "deep": "/files/<path:name>",
    "defaulted": "/page/<int:number>",
    "named_alike": "/rules/<rule>",
}


def app_with_rules(prepare=lambda app: None):
    app = Flask(__name__)
    prepare(app)
    for endpoint, rule in RULES.items():
        defaults = {"number": 1} if endpoint == "defaulted" else None
        app.add_url_rule(rule, endpoint, lambda **_: "", defaults=defaults)
    return app


def addresses(app):
    with app.test_request_context():
        return [
            url_for("plain"),
            url_for("plain", q="two words"),
            url_for("one", contact_id=7, _external=True),
            url_for("deep", name="a/b c"),
            url_for("defaulted"),
            url_for("named_alike", rule="é", self="x"),
        ]


def test_addresses_are_the_usual_ones():
    app = app_with_rules(routing.init_app)
    assert addresses(app) == addresses(app) == addresses(app_with_rules())


def test_addresses_are_found_as_usual():
    found = app_with_rules(routing.init_app).url_map.bind("")
    assert found.match("/contacts/7/notes") == ("one", {"contact_id": 7})
    assert not found.test("/contacts/x/notes")
