"""The description of the API is right, and the API keeps to it."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_core import Config, OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest, WerkzeugOpenAPIResponse
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import content_type_conformance, not_a_server_error, response_schema_conformance
from werkzeug.test import EnvironBuilder

from crm.api.catalogue import RESOURCES
from crm.database import db
from crm.users.operations import add_token
from tests import factories
from tests.conftest import make_app

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture
def spec(anonymous):
    return anonymous.get("/api/v1/openapi.json").json


def test_it_is_valid_openapi_and_open_to_all(spec):
    assert spec["openapi"] == "3.1.0"
    validate(spec)


def test_it_names_every_address(app, spec):
    rules = [each for each in app.url_map.iter_rules() if each.rule.startswith("/api/v1/")]
    paths = {each.rule.replace("<int:", "{").replace("<", "{").replace(">", "}") for each in rules}
    assert paths - {"/api/v1/openapi.json"} == set(spec["paths"])


def test_every_operation_says_what_it_does(spec):
    operations = [each for path in spec["paths"].values() for each in path.values() if isinstance(each, dict)]
    assert [each for each in operations if not each.get("summary")] == []
    assert {each["tags"][0] for each in operations} == {each.title for each in RESOURCES}


def test_the_page_shows_every_address_without_signing_in(anonymous, spec):
    page = anonymous.get("/api/docs")
    assert page.status_code == 200
    assert [path for path in spec["paths"] if path not in page.text] == []


def test_the_page_is_in_the_frame_for_staff(as_ada):
    assert "/account/tokens" in as_ada.get("/api/docs").text


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/contacts", {"email": "dan@example.com", "tags": ["vip"]}),
        ("POST", "/contacts", [{"email": "dan@example.com"}, {}]),
        ("GET", "/contacts", None),
        ("GET", "/contacts/1/activities", None),
        ("POST", "/events", {"contact": {"id": 1}, "type": "seen"}),
        ("POST", "/tasks", {"contact_id": 1, "title": "Call"}),
        ("POST", "/workflows", {"name": "Flow"}),
        ("GET", "/workflows/types", None),
        ("GET", "/contacts/99", None),
    ],
)
def test_answers_are_as_described(api, spec, carla, method, path, sent):
    builder = EnvironBuilder(path=f"/api/v1{path}", method=method, headers=api.headers, json=sent)
    reply = api.open(method, path, sent)
    request = WerkzeugOpenAPIRequest(builder.get_request())
    # That the description itself is valid is asked above, once.
    config = Config(spec_validator_cls=None, extra_media_type_deserializers={"application/problem+json": json.loads})
    OpenAPI.from_dict(spec, config=config).validate_response(request, WerkzeugOpenAPIResponse(reply))


def test_nothing_a_program_sends_breaks_it(app, ada):
    """Generated requests, good and bad, to every operation."""
    factories.contact()
    fast = make_app(app.config["INSTANCE_PATH"], API_RATE="100000 per minute")
    headers = {"Authorization": f"Bearer {add_token(ada, 'trial')}"}
    db.session.commit()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", fast)
    for operation in schema.get_all_operations():
        for mode in GenerationMode:
            _try(operation.ok().as_strategy(generation_mode=mode), headers)


def _try(cases, headers):
    @settings(max_examples=3, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=HealthCheck)
    @given(case=cases)
    def run(case):
        case.call_and_validate(headers=headers, checks=CHECKS)

    run()
