"""The page of every part."""


def test_an_administrator_sees_every_part(as_ada):
    assert "Please check these 2 things" in as_ada.get("/style").text


def test_nobody_else_does(as_agnes):
    assert as_agnes.get("/style").status_code == 403


def test_without_a_permission_the_error_says_what_to_do(as_agnes):
    assert "ask an administrator" in as_agnes.get("/style").text
