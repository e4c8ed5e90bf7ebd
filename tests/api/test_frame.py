"""What holds for every address: problems, strict JSON, pages, rates."""

import pytest

from crm.users.operations import add_token
from tests import factories
from tests.api.conftest import Program, pointers
from tests.conftest import make_app


def is_problem(reply, status):
    return (
        reply.status_code == reply.json["status"] == status
        and reply.mimetype == "application/problem+json"
        and bool(reply.json["title"] and reply.json["detail"])
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "", 404),
        ("GET", "/contacts/999", 404),
        ("GET", f"/contacts/{2**70}", 404),
        ("PUT", "/contacts", 405),
        ("GET", "/contacts?limit=201", 422),
        ("GET", "/contacts?limti=1", 422),
        ("GET", "/contacts?cursor=guess", 422),
    ],
)
def test_every_error_is_a_problem(api, method, path, status):
    assert is_problem(api.open(method, path), status)


def test_a_stranger_gets_401_as_a_problem(anonymous):
    reply = anonymous.get("/api/v1/contacts")
    assert is_problem(reply, 401)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_what_the_owner_may_not_do_is_403(program, vic):
    assert is_problem(program(vic).get("/contacts"), 403)


DAMAGED = {
    "no JSON": b"{",
    "nothing": b"",
    "NaN": b'{"email": NaN}',
    "infinity": b'{"a": 1e999}',
    "deep": b"[" * 200_000,
    "nested": b"[" * 60 + b"]" * 60,
    "a huge number": b'{"a": 123456789012345678901234567890}',
    "a longer number than Python reads": b'{"a": ' + b"9" * 5000 + b"}",
    "half a surrogate pair": b'{"email": "\\ud800"}',
    "half a pair as key": b'{"\\udfff": 1}',
    "NUL": b'{"email": "a\\u0000b"}',
    "no UTF-8": b'{"email": "\xff"}',
}


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("path", ["/contacts", "/events", "/workflows", "/tasks"])
def test_damaged_json_is_400(api, damage, path):
    assert is_problem(api.post(path, data=DAMAGED[damage], content_type="application/json"), 400)


def test_what_is_no_json_is_415(api):
    assert is_problem(api.post("/contacts", data="email=a@b.c", content_type="text/plain"), 415)


@pytest.mark.parametrize("key", ["", "a"])
def test_a_body_that_is_too_large_is_413(api, key):
    assert is_problem(api.post("/contacts", key=key, data=b" " * 6_000_000, content_type="application/json"), 413)


@pytest.mark.parametrize("sent", [3, "x", None, [[]], {"email": {"a": 1}}])
def test_json_of_another_shape_is_refused(api, sent):
    reply = api.post("/tasks", data=__import__("json").dumps(sent), content_type="application/json")
    assert is_problem(reply, 422)


def test_pages_hold_every_item_once_newest_first(api):
    made = [factories.contact(email=f"c{number}@example.com").id for number in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/contacts?limit=3{f'&cursor={cursor}' if cursor else ''}").json
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]


def test_a_cursor_of_another_list_is_refused(api):
    for number in range(2):
        factories.contact(email=f"c{number}@example.com")
    cursor = api.get("/contacts?limit=1").json["next_cursor"]
    assert pointers(api.get(f"/tags?cursor={cursor}")) == ["cursor"]


def test_an_owner_may_ask_so_often_and_is_told_how_often(app, ada):
    slow = make_app(app.config["INSTANCE_PATH"], API_RATE="2 per minute")
    program = Program(slow, add_token(ada, "trial"))
    first, _, third = (program.get("/tags") for _ in range(3))
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert is_problem(third, 429)
    assert 0 < int(third.headers["Retry-After"]) <= 61
